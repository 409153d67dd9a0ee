"""Lesson 3.4's workbench measures what it draws, and its pictures show what its words say."""

import math

import pytest
import torch

from course_utils import condense, data, widgets
from course_utils.demos import figures_3_4 as figures
from course_utils.demos import lesson_3_4 as demo


@pytest.fixture(scope="module")
def dial():
    generator = torch.Generator().manual_seed(0)
    labels = torch.arange(20) % 10
    return demo.Thermometer(
        torch.rand(20, 1, 32, 32, generator=generator),
        5 * torch.randn(20, 10, generator=generator),
        labels,
    )


def make():
    return condense.random_convnet(channels=(8, 8))


@pytest.fixture(scope="module")
def tens():
    images, labels = data.mnist("train", limit=500)
    rows = condense.herding(images, labels, per_class=1)
    ten = images[rows], condense.centred(labels[rows])
    held = data.mnist("validation", limit=200)
    return demo.TenImages({"real": ten, "dark": (ten[0] * 0.5, ten[1])}, held, make)


def test_the_dial_shows_the_softmax_of_the_first_image_of_a_class(dial):
    warm = dial.probabilities(3, 8)
    assert torch.allclose(warm, torch.softmax(dial.logits[3] / 8, 0))
    bars = [bar.get_width() for bar in dial.draw(3, 8).axes[1].patches]
    assert bars == pytest.approx(warm.tolist(), abs=1e-6)
    entropy = torch.distributions.Categorical(probs=warm).entropy().item()
    assert f"entropy {entropy:.2f} of {math.log(10):.2f}" in dial.words(3, 8)
    best = data.FASHION_CLASSES[int(warm.argmax())]
    assert f"The three highest: {best} {warm.max():.1%}" in dial.words(3, 8)


def test_nine_images_are_read_as_nine_images_are(tens):
    images, targets = tens.sets["real"]
    keep = [k for k in range(10) if k != 4]
    held = data.mnist("validation", limit=200)
    total = 0
    for seed in range(3):
        network = condense.seeded(make, seed)
        mine, seen = (condense.features(network, x) for x in (images[keep], held[0]))
        total = total + condense.ridge_predict(mine, targets[keep], seen)
    assert torch.equal(tens.answers("real", 4), total.argmax(1))
    assert tens.recalls("real", 4)[4] == 0 < tens.recalls("real")[4]


def test_the_bars_are_the_recalls_and_the_title_the_accuracy(tens):
    made = tens.draw("real", 2)
    bars = [bar.get_height() for bar in made.axes[-1].patches]
    assert bars == pytest.approx(tens.recalls("real", 2).tolist())
    share = (tens.answers("real", 2) == tens.labels).float().mean()
    assert f"{share:.1%}" in made.get_suptitle()
    assert f"without the image of the 2: {share:.1%}" in tens.words("real", 2)
    assert made.axes[2].images[0].get_alpha() == 0.15


def test_the_widget_answers(tens):
    live = widgets.live(
        tens.draw, alt=tens.words, which=widgets.choice(["real", "dark"]),
        left_out=widgets.choice({"none": -1, "3": 3}),
    )  # fmt: skip
    live.controls["left_out"].value = 3
    assert live.error is None and "without the image of the 3" in live.picture.value


def test_the_table_counts_bytes_and_points():
    images, hard = torch.zeros(10, 1, 28, 28), condense.centred(torch.arange(10))
    sets = {"hard": (images, hard), "soft": (images, hard + torch.randn(10, 10))}
    rows = demo.table(sets, {"hard": [0.5, 0.7], "soft": [0.9, 0.9]})
    assert [row["bytes"] for row in rows] == [7850, 7940]
    assert [row["points an image"] for row in rows] == pytest.approx([6.0, 9.0])


def test_pictures_show_every_seed():
    before, after = {"a": [0.0, 0.1], "b": [0.5, 0.6]}, {"a": [0.2, 0.3], "b": [0.9, 1.0]}
    made = figures.before_and_after(before, after, title="t")
    dots = [line.get_xdata().tolist() if hasattr(line.get_xdata(), "tolist")
            else list(line.get_xdata()) for axis in made.axes for line in axis.lines]  # fmt: skip
    assert dots == [[0.0, 0.1], [0.5, 0.6], [0.2, 0.3], [0.9, 1.0]]
    assert figures.words(before) == "a: 0% to 10%; b: 50% to 60%"
    made = figures.scores({"one": before, "two": after}, title="t")
    assert list(made.axes[1].lines[0].get_xdata()) == [0.2, 0.3]
    shares = torch.tensor([[0.1, 0.3], [0.5, 0.7]])
    curve = figures.entropy_curve([1, 2], shares).axes[0]
    assert curve.lines[0].get_ydata().tolist() == pytest.approx([0.2, 0.6])
    assert "20% at T = 1" in figures.words_for_entropy([1, 2], shares)
    assert "60% at T = 2" in figures.words_for_entropy([1, 2], shares)
    assert "After the shift: a: 20% to 30%" in figures.words_for_shift(before, after)
    assert "Read by two: a: 20% to 30%" in figures.words_for_scores({"one": before, "two": after})
    rows = figures.sets_of_ten({"x": (torch.rand(10, 1, 8, 8), None)}, title="t")
    assert len(rows.axes) == 10
