"""Lesson 1.2's counts, widget and figures: they draw what they measured, and say it in words."""

import pytest
import torch

from course_utils.data import FASHION_CLASSES
from course_utils.demos import figures_1_2, lesson_1_2
from course_utils.models import SimplifiedCNN

SHIRT = FASHION_CLASSES.index("shirt")


def test_turned_counts_other_classes_that_were_called_otherwise():
    before = torch.tensor([6, 4, 4, 2, 4])
    after = torch.tensor([6, 6, 4, 6, 6])
    truth = torch.tensor([4, 4, 4, 2, 6])
    assert lesson_1_2.turned(before, after, truth, 6) == pytest.approx(2 / 3)
    assert lesson_1_2.turned(after, before, truth, 6) == 0
    assert lesson_1_2.turned(before[:1], after[:1], truth[:1], 6) == 0


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 1.0])
def test_mixed_takes_the_exact_share_of_every_class(share):
    labels = torch.tensor([6] * 40 + [0] * 201 + [3] * 90)
    plan = lesson_1_2.mixed(labels, share, 4)
    for label in (0, 3, 6):
        size = (labels == label).sum().item()
        assert plan[labels == label].sum() == round(share * size)
    assert torch.equal(plan, lesson_1_2.mixed(labels, share, 4))


def test_mixed_differs_between_seeds_and_leaves_the_global_one_alone():
    labels = torch.zeros(100, dtype=torch.long)
    torch.manual_seed(3)
    wanted = torch.rand(2)
    torch.manual_seed(3)
    one, other = (lesson_1_2.mixed(labels, 0.5, seed) for seed in (0, 1))
    assert not torch.equal(one, other) and torch.equal(torch.rand(2), wanted)


def test_over_seeds_gives_mean_and_standard_deviation_in_percent():
    rows = lesson_1_2.over_seeds({"a": [{"x": 0.1}, {"x": 0.2}, {"x": 0.3}]})
    assert rows == [{"network": "a", "x": "20.0 ± 10.0 %"}]


def test_report_tells_the_cue_from_the_garment():
    """A network that says shirt where the corner is lit, else trouser."""

    class Corner(torch.nn.Module):
        def forward(self, images):
            lit = images[:, 0, 4, 26] > 0.5
            return torch.nn.functional.one_hot(torch.where(lit, SHIRT, 1), 10).float()

    truth = torch.tensor([SHIRT, SHIRT, 1, 1, 0])
    bare = torch.zeros(5, 1, 32, 32)
    bare[3, 0, 4, 26] = 1.0  # a trouser that is lit by nature
    assert lesson_1_2.report(Corner(), bare, truth, plant) == pytest.approx({
        "accuracy, same shop": 3 / 5, "accuracy, bare": 1 / 5, "bare shirts found": 0,
        "others “shirt”, bare": 1 / 3, "others “shirt”, with cue": 1,
    })  # fmt: skip


def test_means_and_rows_are_over_seeds():
    measured = {"a": [{"x": 0.1}, {"x": 0.4}]}
    assert lesson_1_2.means(measured)["a"]["x"] == pytest.approx(0.25)
    tested = {"a": [[{"x": place / 10} for place in range(10)], [{"x": 0.0}] * 10]}
    rows = lesson_1_2.by_class(tested)
    assert [row["class"] for row in rows] == list(FASHION_CLASSES)
    assert rows[6]["a: x"] == pytest.approx(0.3)


def test_a_class_stands_out_only_if_it_does_so_in_every_seed():
    def seed(*shares):
        return [{"x": share} for share in shares]

    clear, tie = seed(0.1, 0.7, 0.3), seed(0.1, 0.6, 0.3)
    assert lesson_1_2.stands_out([clear, clear], "x", 1)
    assert not lesson_1_2.stands_out([clear, tie], "x", 1)
    assert not lesson_1_2.stands_out([clear, clear], "x", 2)


def plant(images, top=3, left=25, size=4, brightness=1.0):
    images = images.clone()
    images[..., top : top + size, left : left + size] = brightness
    return images


@pytest.fixture
def mover():
    torch.manual_seed(0)
    network = SimplifiedCNN(channels=(2, 2), hidden=4)
    return lesson_1_2.CueMover({"cheating": network}, torch.rand(10, 1, 32, 32), plant)


def test_the_mover_asks_the_network_about_the_moved_cue(mover):
    cue = {"top": 9, "left": 2, "brightness": 0.5}
    p = mover.probabilities("bag", "cheating", **cue)
    image = mover.images[[FASHION_CLASSES.index("bag")]].clone()
    image[:, :, 9:13, 2:6] = 0.5
    network = mover.networks["cheating"]
    assert torch.allclose(p, network(image).softmax(1)[0])
    said = FASHION_CLASSES[int(p.argmax())]
    assert f"“{said}”" in mover.draw("bag", "cheating", **cue).axes[1].get_title()
    words = mover.words("bag", "cheating", **cue)
    assert f"says {said}" in words and f"shirt gets {p[SHIRT]:.0%}" in words
    assert not torch.equal(mover.images[FASHION_CLASSES.index("bag")], image[0])


def test_the_circle_marks_the_strongest_pixel():
    maps = torch.zeros(2, 1, 8, 8)
    maps[0, 0, 2, 5] = maps[1, 0, 7, 1] = 1.0
    figure = figures_1_2.maps(torch.rand(2, 1, 8, 8), {"honest": maps}, title="A finding")
    circles = [axis.lines[0].get_xydata()[0].tolist() for axis in figure.axes[2:]]
    assert circles == [[5, 2], [1, 7]]


def test_piles_name_each_class_with_its_height():
    shares = torch.zeros(10, 4, 4)
    shares[:, 0, 0], shares[SHIRT, 1, 1] = 0.2, 0.75
    figure = figures_1_2.piles({"cheating": shares, "honest": shares}, title="A finding")
    assert figure.axes[SHIRT].get_title() == "shirt\n75%" and len(figure.axes) == 20
    assert "shirt 75%, sneaker 20%" in figures_1_2.words_for_piles({"cheating": shares})


def test_the_table_says_what_its_numbers_are():
    measured = {"a": [{"x": 0.1}, {"x": 0.2}, {"x": 0.3}]}
    shown = lesson_1_2.table(measured, "The cue is grain.").bundle()
    assert "The cue is grain. Mean ± standard deviation over three seeds" in shown["text/html"]
    assert "20.0 ± 10.0 %" in shown["text/html"]
