"""Laws of calibration: groups, the floor of the ECE, one best temperature."""

import pytest
import torch
from scipy.optimize import minimize_scalar
from sklearn.calibration import calibration_curve

from course_utils import diagnose

# Sure 0.9, 0.9, 0.6, 0.6; right, wrong, right, right.
ODDS = torch.tensor([[0.9, 0.1], [0.9, 0.1], [0.4, 0.6], [0.4, 0.6]], dtype=torch.float64)
TRUTH = torch.tensor([0, 1, 1, 1])


def made(count=4000, classes=5, heat=1.0, seed=0):
    """Logits, and labels drawn from them at a temperature."""
    chance = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(count, classes, generator=chance, dtype=torch.float64)
    odds = (logits / heat).softmax(1)
    return logits, torch.multinomial(odds, 1, generator=chance)[:, 0]


def test_ece_by_hand():
    # |0.5 - 0.9| and |1 - 0.6|, half of the images each.
    assert diagnose.ece(ODDS, TRUTH, bins=10) == pytest.approx(0.4)
    assert diagnose.ece(ODDS, TRUTH, bins=1) == pytest.approx(0)
    assert diagnose.ece(ODDS, TRUTH, bins=2, equal="mass") == pytest.approx(0.4)


def test_groups_weigh_by_their_images():
    odds, truth = torch.cat([ODDS, ODDS[:2]]), torch.cat([TRUTH, torch.tensor([0, 1])])
    assert diagnose.ece(odds, truth, bins=4) == pytest.approx(0.4)
    odds, truth = ODDS[:3], torch.tensor([0, 0, 1])
    assert diagnose.ece(odds, truth, bins=4) == pytest.approx(2 / 3 * 0.1 + 1 / 3 * 0.4)


def test_a_group_holds_its_upper_end():
    odds = torch.tensor([[0.75, 0.25], [0.76, 0.24]], dtype=torch.float64)
    found = diagnose.reliability(odds, torch.tensor([0, 0]), bins=4)
    assert found.count.tolist() == [1, 1] and found.confidence.tolist() == [0.75, 0.76]


@pytest.mark.parametrize("bins", [5, 15])
def test_groups_of_equal_width_are_scikit_learns(bins):
    logits, labels = made()
    sure, said = logits.softmax(1).max(1)
    accuracy, confidence = calibration_curve(said == labels, sure, n_bins=bins)
    found = diagnose.reliability(logits.softmax(1), labels, bins=bins)
    assert found.accuracy.tolist() == pytest.approx(accuracy.tolist())
    assert found.confidence.tolist() == pytest.approx(confidence.tolist())


def test_groups_of_equal_mass_differ_by_one_image_at_most():
    logits, labels = made(count=103)
    found = diagnose.reliability(logits.softmax(1), labels, bins=10, equal="mass")
    assert found.count.sum() == 103 and found.count.max() - found.count.min() <= 1
    assert found.confidence.diff().min() >= 0


def test_perfect_calibration_has_a_floor_that_falls_with_images():
    logits, _ = made(10_000)
    few, many = (diagnose.ece_if_calibrated(logits[:n].softmax(1)) for n in (100, 10_000))
    assert few.mean() > 0.03 > 0.015 > many.mean() > 0
    logits, labels = made(10_000)  # labels drawn alike: within the floor
    assert diagnose.ece(logits.softmax(1), labels) < 2 * many.mean()
    hot, labels = made(10_000, heat=2.0)
    assert diagnose.ece(hot.softmax(1), labels) > 5 * many.mean()


def test_overconfidence_has_a_sign_and_its_standard_error():
    gap, error = diagnose.overconfidence(ODDS, torch.tensor([1, 1, 1, 0]))
    assert gap == pytest.approx(0.75 - 0.25)
    gaps = torch.tensor([0.9, 0.9, -0.4, 0.6])
    assert error == pytest.approx((gaps.std() / 2).item())


@pytest.mark.parametrize("heat", [0.5, 1.0, 3.0])
def test_temperature_finds_the_one_labels_were_drawn_at_and_scipys(heat):
    logits, labels = made(heat=heat)
    found = diagnose.fit_temperature(logits, labels)

    def loss(t):
        return diagnose.log_loss(diagnose.at_temperature(logits, t), labels)

    theirs = minimize_scalar(loss, bounds=(0.05, 20), method="bounded", options={"xatol": 1e-8})
    assert found == pytest.approx(theirs.x, rel=1e-4)
    assert found == pytest.approx(heat, rel=0.1)


def test_temperature_is_found_from_far_away():
    logits, labels = made()
    assert diagnose.fit_temperature(50 * logits, labels) == pytest.approx(
        50 * diagnose.fit_temperature(logits, labels), rel=1e-4)  # fmt: skip
    assert diagnose.fit_temperature(logits / 50, labels) == pytest.approx(
        diagnose.fit_temperature(logits, labels) / 50, rel=1e-4)  # fmt: skip


def test_temperature_keeps_answers():
    logits, _ = made()
    for heat in (0.3, 4.0):
        assert torch.equal(diagnose.at_temperature(logits, heat).argmax(1), logits.argmax(1))
    assert torch.allclose(diagnose.at_temperature(logits, 1.0), logits.softmax(1))
    assert diagnose.at_temperature(logits, 4.0).amax(1).mean() < logits.softmax(1).amax(1).mean()


def test_no_temperature_where_every_answer_is_right_or_nothing_is_said():
    logits, _ = made(50)
    for bad, labels in ((logits, logits.argmax(1)), (-logits, logits.argmax(1))):
        with pytest.raises(ValueError, match="no finite temperature"):
            diagnose.fit_temperature(bad, labels)


def test_messages():
    with pytest.raises(ValueError, match=r"Are they logits\? Take .softmax"):
        diagnose.ece(made(10)[0], torch.zeros(10).long())
    with pytest.raises(ValueError, match="'width' or 'mass'; got 'weight'"):
        diagnose.ece(ODDS, TRUTH, equal="weight")
    with pytest.raises(ValueError, match="temperature must be above 0; got 0"):
        diagnose.at_temperature(ODDS, 0)
    with pytest.raises(ValueError, match="whole number"):
        diagnose.ece(ODDS, TRUTH, bins=0)
