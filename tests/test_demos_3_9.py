"""What lesson 3.9 shows: shared errors, gaps, slices tried twice, a browser, a blind test."""

import pytest
import torch

from course_utils import data, diagnose, models, training, widgets
from course_utils.demos import calibrated, figures_3_9, wrong_labels
from course_utils.demos import lesson_3_9 as demo

pytest_plugins = ["stand_ins"]


@pytest.fixture(scope="module")
def shown():
    images, labels = data.fashion_mnist("validation", limit=400)
    network = models.load_network("SimplifiedCNN")
    return network, images, labels, training.predict(network, images)


def logits_of(*answers, classes=3):
    return 5.0 * torch.nn.functional.one_hot(torch.tensor(answers), classes)


def test_errors_side_by_side_by_hand():
    labels = torch.tensor([0, 0, 1, 1])
    first, same, other = logits_of(1, 2, 1, 0), logits_of(1, 2, 1, 1), logits_of(2, 0, 0, 0)
    row, far = demo.same_rows({"first": first, "same": same, "other": other}, labels)
    assert row["also wrong where first is"] == row["with the same answer"] == pytest.approx(2 / 3)
    assert far["also wrong where first is"] == pytest.approx(2 / 3)
    assert far["with the same answer"] == pytest.approx(1 / 3)
    # by class: 2 images, rates 1 and 1/2; 2 images, 1/2 and 1: two of three errors
    assert far["if errors were independent"] == pytest.approx(2 / 3)
    mean, error = demo.closer({"first": first, "same": same, "other": other}, labels,
                              one="same", others=["other"])["other"]  # fmt: skip
    assert mean == pytest.approx(1 / 3) and error > 0


def test_browser_finds_the_cell_the_surest_first_and_draws_a_control(shown):
    network, images, labels, logits = shown
    browser = demo.ErrorBrowser(network, images, labels, logits)
    places = browser.places("shirt", "T-shirt")
    said, shirt = logits.argmax(1), data.FASHION_CLASSES.index("shirt")
    assert len(places) == ((labels == shirt) & (said == 0)).sum()
    assert browser.sure[places].diff().max() <= 0
    maps = browser.maps(network, images[places], "shirt", "T-shirt")
    back = browser.maps(network, images[places], "T-shirt", "shirt")
    assert torch.allclose(maps, -back, atol=1e-5)  # for the answer, against the label
    live = widgets.live(browser.draw, alt=browser.words, is_a=["shirt", "sandal"],
                        called=["T-shirt", "trouser", "shirt"])  # fmt: skip
    assert live.error is None and f"{len(places)} images of class shirt" in live.html
    live.controls["called"].value = "shirt"
    assert live.error is None
    live.controls["is_a"].value, live.controls["called"].value = "sandal", "trouser"
    assert live.error is None and "No image of class sandal" in live.html


def test_gaps_and_drawn_labels(shown):
    logits = shown[3]
    odds = logits.softmax(1)
    drawn = calibrated.drawn(odds)
    assert torch.equal(drawn, calibrated.drawn(odds)) and len(drawn) == 400
    gap, error = diagnose.overconfidence(odds, drawn)
    assert abs(gap) < 4 * error
    assert calibrated.worst({"a": (0.1, 0.1), "b": (-0.2, 0.05)}) == (
        "b, -20.0%, 4.0 standard errors")  # fmt: skip


def test_means_of_runs_by_hand():
    one, two = (diagnose.Corrupted("noise", 3, a, a, a / 2) for a in (0.2, 0.4))
    (mean,) = calibrated.mean_of([[one], [two]])
    assert (mean.kind, mean.strength) == ("noise", 3)
    assert (mean.accuracy, mean.confidence, mean.ece) == pytest.approx((0.3, 0.3, 0.15))


def test_temperature_slide(shown):
    slide = calibrated.TemperatureSlide(shown[3], shown[2])
    live = widgets.live(slide.draw, alt=slide.words, temperature=(0.5, 3.0, 0.5))
    assert live.error is None and "expected calibration error" in live.html
    live.controls["temperature"].value = 3.0
    assert live.error is None and "T = 3.00" in live.html


def test_hardness_groups_the_hardest_first(shown):
    _, _, labels, logits = shown
    group = demo.hardness(logits, labels, group=100)
    assert group.bincount().tolist() == [100] * 4
    own = diagnose.self_confidence(logits.softmax(1), labels)
    assert own[group == 0].max() <= own[group == 1].min()


def test_controls_of_suspects_have_the_label_and_the_sureness():
    odds = torch.tensor([[0.9, 0.1], [0.2, 0.8], [0.85, 0.15], [0.3, 0.7], [0.5, 0.5]])
    labels = torch.tensor([1, 1, 1, 1, 0])
    found = wrong_labels.equally_sure(odds, labels, torch.tensor([0, 2]))
    assert found.tolist() == [1, 3]  # none twice, no suspect, no other label


def test_blind_counts_hits_and_tells_only_after_a_guess(shown):
    _, images, labels, _ = shown
    blind = wrong_labels.Blind(images, labels, torch.arange(4), torch.arange(4, 8))
    suspects = [k for k, one in enumerate(blind.suspected, 1) if one]
    assert sorted(blind.places[blind.suspected].tolist()) == [0, 1, 2, 3]
    assert "suspects and" not in blind.verdict("")
    text = f"{suspects[0]}, {suspects[1]} {suspects[1]}"
    assert blind.verdict(text) == "You doubt 2 of 4 suspects and 0 of 4 controls"
    live = widgets.live(blind.draw, alt=blind.words, wrong=widgets.text("", label="wrong"))
    live.controls["wrong"].value = "99"
    assert "numbered 1 to 8; got [99]" in live.error
    live.controls["wrong"].value = "the bag"
    assert "numbers, such as 3, 7; got 'the bag'" in live.error


def test_small_network_learns_and_memorises():
    images, labels = data.fashion_mnist("train", limit=300)
    some = wrong_labels.shrunk(images)
    given, planted = diagnose.plant(labels, 0.1)
    wide = wrong_labels.train_small(some, given, epochs=60, hidden=256, batch_size=64)
    score, repeated = wrong_labels.recall_of(wide, some, given, planted)
    assert repeated > 0.8 and score < 0.95


def test_pictures_and_words(shown):
    _, images, labels, logits = shown
    matrix = diagnose.count(logits.argmax(1), labels, classes=10)
    assert figures_3_9.errors(matrix, title="x").axes
    assert "called" in figures_3_9.words_for_errors(diagnose.most_confused(matrix))
    halves = [slice(0, 200), slice(200, 400)]
    values = [diagnose.properties(images[half]) for half in halves]
    truth = [labels[half] for half in halves]
    wrong = [(logits.argmax(1) != labels)[half] for half in halves]
    pairs = demo.tried(values, truth, wrong)
    assert pairs and pairs[0][0].z >= pairs[-1][0].z
    assert figures_3_9.twice({"named": pairs}, title="x").axes
    found = demo.confirmed(pairs, values, truth, wrong)
    assert demo.any_holds(pairs, values, truth, wrong) == any(one.holds for one in found)
    rows = demo.slice_rows(found, values[1], truth[1], {"SimplifiedCNN-twin": wrong[1]})
    assert [row["z again"] for row in rows] == [row["z of twin"] for row in rows]
