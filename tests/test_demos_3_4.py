"""Lesson 3.4's workbench measures what it draws, and its pictures show what its words say."""

import math

import pytest
import torch

from course_utils import condense, data, models, training, widgets
from course_utils.demos import bench_3_4 as bench_of
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


HELD = data.mnist("validation", limit=200)
REAL = data.mnist("train", limit=500)


@pytest.fixture(scope="module")
def bench():
    return bench_of.Bench(HELD)


@pytest.fixture(scope="module")
def tens(bench):
    ten = bench_of.chosen(REAL, per_class=1)["herded"]
    return demo.TenImages({"real": ten, "dark": (ten[0] * 0.5, ten[1])}, bench)


def test_the_dial_shows_the_softmax_of_the_first_image_of_a_class(dial):
    warm = dial.probabilities(3, 8)
    assert torch.allclose(warm, torch.softmax(dial.logits[3] / 8, 0))
    bars = [bar.get_width() for bar in dial.draw(3, 8).axes[1].patches]
    assert bars == pytest.approx(warm.tolist(), abs=1e-6)
    entropy = torch.distributions.Categorical(probs=warm).entropy().item()
    assert f"entropy {entropy:.2f} of {math.log(10):.2f}" in dial.words(3, 8)
    best = data.FASHION_CLASSES[int(warm.argmax())]
    assert f"The three highest: {best} {warm.max():.1%}" in dial.words(3, 8)


def one_by_one(some, **how):
    """`condense.score`, seed by seed, each with its own draw."""
    return [condense.score(*pair, HELD, seeds=[seed], **how)[0]
            for seed, pair in enumerate(bench_of.by_seed(some))]  # fmt: skip


def test_the_bench_reads_as_the_package_scores(bench):
    ways = bench_of.chosen(REAL, per_class=1)
    for way in ("random", "herded"):
        assert bench.ridge(ways[way]) == pytest.approx(one_by_one(
            ways[way], protocol="ridge", fresh=condense.random_convnet, networks=3))  # fmt: skip
    assert bench.mlp(ways["random"]) == pytest.approx(one_by_one(
        ways["random"], protocol="train", fresh=models.Net, steps=50, learning_rate=2e-3
    ))  # fmt: skip
    read = bench.read({"some": ways["herded"]})
    assert list(read) == ["ridge", "trained CNN", "trained MLP"]
    assert read["ridge"]["some"] == bench.ridge(ways["herded"])
    assert read["trained CNN"]["some"] == bench.cnn(ways["herded"])


def test_choices_are_real_images_with_their_labels():
    ways = bench_of.chosen(REAL, per_class=2)
    assert list(ways) == ["random", "herded", "k-centre"]
    pairs = bench_of.by_seed(ways["random"])
    assert len(pairs) == 3 and not torch.equal(pairs[0][0], pairs[1][0])
    rows = condense.herding(bench_of.shrunk(REAL[0]), REAL[1], per_class=2)
    assert torch.equal(ways["herded"][0], REAL[0][rows])
    assert torch.equal(ways["herded"][1].argmax(1), REAL[1][rows])
    assert bench_of.shrunk(torch.ones(2, 1, 28, 28)).shape == (2, 196)


def test_new_labels_leave_the_images(bench):
    ways = bench_of.chosen(REAL, per_class=1)
    images, targets = bench_of.relabelled(ways["herded"], REAL)
    assert torch.equal(images, ways["herded"][0])
    solved = condense.solve_targets(
        images, (REAL[0], condense.centred(REAL[1])), fresh=condense.random_convnet, networks=4
    )
    assert torch.allclose(targets, solved)
    several = bench_of.relabelled(ways["random"], REAL)
    assert len(several) == 3 and not torch.equal(several[0][1], several[1][1])


def test_recall_counts_one_digit_and_shifts_it_alone():
    logits = torch.tensor([[1.0, 0.0], [2.0, 0.0], [0.0, 1.0], [0.0, 1.0]])
    labels = torch.tensor([1, 1, 1, 0])
    assert bench_of.recall(logits, labels, digit=1) == pytest.approx(1 / 3)
    assert bench_of.recall(logits, labels, digit=1, shift=1.5) == pytest.approx(2 / 3)
    assert bench_of.recall(logits, labels, digit=0) == 0
    assert logits[0, 1] == 0


def test_a_small_network_is_seeded_and_learns():
    one, same = (bench_of.small_network(REAL, seed=1) for _ in range(2))
    assert all(torch.equal(a, b) for a, b in zip(one.parameters(), same.parameters(), strict=True))
    assert training.evaluate(one, *REAL) > 0.5


def test_nine_images_are_read_as_nine_images_are(tens, bench):
    images, targets = tens.sets["real"]
    keep = [k for k in range(10) if k != 4]
    nine = bench.ridge((images[keep], targets[keep]))
    assert tens.right("real", 4).mean(1).tolist() == pytest.approx(nine)
    assert tens.accuracy("real") == pytest.approx(bench_of.mean(bench.ridge(tens.sets["real"])))
    assert tens.recalls("real", 4)[4] == 0 < tens.recalls("real")[4]


def test_the_bars_are_the_recalls_and_the_title_the_accuracy(tens):
    made = tens.draw("real", 2)
    bars = [bar.get_height() for bar in made.axes[-1].patches]
    assert bars == pytest.approx(tens.recalls("real", 2).tolist())
    share = tens.right("real", 2).mean()
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


def test_the_table_counts_images_bytes_and_points():
    images, hard = torch.zeros(10, 1, 28, 28), condense.centred(torch.arange(10))
    sets = {"hard": [(images, hard)] * 3, "soft": (images, hard + torch.randn(10, 10))}
    first = {"hard": [0.5, 0.7], "soft": [0.9, 0.9]}
    rows = bench_of.table(sets, {"a": first, "b": {"hard": [0.1], "soft": [0.3]}})
    assert [row["images"] for row in rows] == [10, 10]
    assert [row["bytes"] for row in rows] == [7850, 7940]
    assert [row["points an image"] for row in rows] == pytest.approx([6.0, 9.0])
    assert [(row["a"], row["b"]) for row in rows] == [
        (pytest.approx(0.6), 0.1), (pytest.approx(0.9), 0.3)]  # fmt: skip


def test_pictures_show_every_seed():
    before, after = {"a": [0.0, 0.1], "b": [0.5, 0.6]}, {"a": [0.2, 0.3], "b": [0.9, 1.0]}
    made = figures.before_and_after(before, after, title="t")
    dots = [line.get_xdata().tolist() if hasattr(line.get_xdata(), "tolist")
            else list(line.get_xdata()) for axis in made.axes for line in axis.lines]  # fmt: skip
    assert dots == [[0.0, 0.1], [0.5, 0.6], [0.2, 0.3], [0.9, 1.0]]
    assert figures.words(before) == "a: 0% to 10%; b: 50% to 60%"
    made = figures.scores({"one": before, "two": after}, title="t")
    assert list(made.axes[1].lines[0].get_xdata()) == [0.2, 0.3]
    assert "After the shift: a: 20% to 30%" in figures.words_for_shift(before, after)
    assert "Read by two: a: 20% to 30%" in figures.words_for_scores({"one": before, "two": after})
