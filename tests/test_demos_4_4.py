"""Lesson 4.4's students, sets and figures say what the files hold."""

import math

import pytest
import torch

from course_utils import data, training
from course_utils.demos import figures_4_4 as figures
from course_utils.demos import lesson_4_4 as demo


def test_accuracies_are_those_of_the_files_seed_by_seed():
    images, labels = data.fashion_mnist("validation", limit=300)
    found = demo.accuracies("500", images, labels)
    assert list(found) == ["alone", "smoothed", "shuffled", "taught"]
    third = demo.load("taught", "500")[3]
    assert found["taught"][3] == training.evaluate(third, images, labels)
    assert len(set(found["taught"])) > 1  # five networks, not one five times


def test_a_gain_by_hand():
    mean, error = demo.gain([0.5, 0.5, 0.5], [0.6, 0.5, 0.7])
    assert mean == pytest.approx(0.1) and error == pytest.approx(0.1 / math.sqrt(3))
    assert demo.points((0.038, 0.0071)) == "+3.8 ± 0.7 points"
    assert demo.points((-0.009, 0.001)) == "−0.9 ± 0.1 points"
    assert demo.verdict((0.01, 0.004)) == "better" and demo.verdict((-0.01, 0.004)) == "worse"
    assert demo.verdict((-0.01, 0.005)) == "neither, that we see"


def test_repeated_counts_only_where():
    told = torch.tensor([1, 2, 3, 4])
    where = torch.tensor([True, True, False, False])
    others = [torch.tensor([1, 0, 3, 4]), torch.tensor([0, 0, 3, 4])]
    assert demo.repeated(told, others, where) == [0.5, 0.0]


def test_mistakes_are_counted_where_the_teacher_is_wrong():
    images, labels = data.fashion_mnist("validation", limit=100)
    first = training.predict(demo.load("alone", "500")[0], images).argmax(1)
    row, same = demo.mistakes("alone", "500", images, labels, first)
    assert same[0] == 1.0 and len(same) == 5 and min(same) < 1.0  # it repeats all of its own
    assert next(iter(row)) == "students" and row["students"] == "alone, 500 images"
    wrong = first != labels
    others = [training.predict(one, images).argmax(1) for one in demo.load("alone", "500")]
    right = sum(((one == labels) & wrong).sum().item() for one in others) / 5 / wrong.sum().item()
    assert row["right"] == f"{right:.1%}"
    whole = sum((one == labels).sum().item() for one in others) / 500
    assert row["accuracy (all images)"] == f"{whole:.1%}"


@pytest.fixture(scope="module")
def real():
    return data.fashion_mnist("train", limit=2000)


def test_sets_stand_class_by_class_and_draws_differ(real):
    found = demo.sets(real, per_class=10)
    assert list(found) == ["random", "herded", "learned"]
    for pairs in found.values():
        assert len(pairs) == 3
        for images, targets in pairs:
            assert images.shape == (100, 1, 32, 32) and targets.shape == (100, 10)
    assert not torch.equal(found["random"][0][0], found["random"][1][0])
    assert torch.equal(found["herded"][0][0], found["herded"][1][0])
    assert "learned" not in demo.sets(real, per_class=3)


def test_the_counter_reads_sets_as_the_protocol_does_and_more_is_better(real):
    from course_utils import condense

    held = data.fashion_mnist("validation", limit=300)
    counter = demo.Counter(real, held)
    rows = counter.rows("random", 5, 1)
    assert real[1][rows].bincount().tolist() == [5] * 10
    images, targets = real[0][rows], condense.centred(real[1][rows])
    (found,) = condense.score(images, targets, held, fresh=condense.untrained_cnn, seeds=[100],
                              networks=1, protocol="ridge", ridge=1e-2)  # fmt: skip
    assert counter.reads(images, targets) == pytest.approx(found, abs=0.004)
    assert counter.learned["Fashion-100"] > counter.learned["Fashion-10"] > 0.5
    words = counter.words(way="herded", per_class=5, sample=0)
    assert words.startswith("50 real images, herded: ") and "Fashion-100" in words
    assert counter.found("herded", 5, 3) is counter.found("herded", 5, 0)  # sample is not used
    assert counter.found("random", 5, 1)[1] == counter.reads(images, targets)
    assert counter.found("random", 5, 0)[1] != counter.found("random", 5, 1)[1]
    assert counter.draw(way="random", per_class=5, sample=1) is not None


def test_rows_name_mean_and_range():
    (row,) = demo.score_rows({10: {"random": [0.4, 0.5, 0.6]}})
    assert row == {"set": "random", "10 images": "50.0% (40.0% to 60.0%)"}
    (row,) = demo.score_rows({"narrow": {"random": [0.4, 0.6]}, "small": {"random": [0.3, 0.3]}})
    assert list(row) == ["set", "narrow", "small"] and row["small"] == "30.0% (30.0% to 30.0%)"


def test_figures_in_words():
    values = {"alone": [0.8, 0.82], "taught": [0.83, 0.86]}
    assert "taught: 83.0% to 86.0%" in figures.words_for_arms(values)
    assert figures.ahead(values) == "The taught student is ahead from 2 of 2 starts"
    turned = {"alone": [0.8, 0.82], "taught": [0.79, 0.86]}
    assert figures.ahead(turned) == "The taught student is ahead from 1 of 2 starts"
    drawn = figures.arms(values, title="x").axes[0]
    assert [label.get_text() for label in drawn.get_yticklabels()] == ["alone", "taught"]
    found = {500: (0.038, 0.007), 55_000: (-0.009, 0.001)}
    assert "55,000 images: -0.9 ± 0.1" in figures.words_for_gains(found)
    bars = figures.gains(found, title="x").axes[0].containers[0]
    ends = bars[2][0].get_segments()[0][:, 1]
    assert ends.tolist() == pytest.approx([3.8 - 1.4, 3.8 + 1.4])  # two standard errors
