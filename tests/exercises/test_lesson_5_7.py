"""The checks of lesson 5.7 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark
from torch import nn
from torch.nn.functional import pad

from course_utils import data, models, training
from course_utils.exercises import judge
from course_utils.exercises import lesson_5_7 as lesson


def test_solutions_on_the_real_network():
    whole = models.load_network("SimplifiedCNN")
    images, _ = data.fashion_mnist("validation", limit=30)
    raw = (images[:, 0, 2:-2, 2:-2] * 255).round().to(torch.uint8)
    found = lesson.shipped(whole)(raw)
    assert torch.allclose(found, training.predict(whole, images), atol=1e-4)
    assert lesson.same(found, found)


def relative(ours, theirs, tolerance=1e-5):
    if tuple(ours.shape) != tuple(theirs.shape):
        raise ValueError("other shapes")
    ours, theirs = np.asarray(ours), np.asarray(theirs)
    return np.max(np.abs(ours - theirs)) / np.max(np.abs(ours)) <= tolerance


def close(ours, theirs, tolerance=1e-5):
    return ours.shape == theirs.shape and torch.allclose(
        ours, theirs, rtol=0, atol=float(tolerance * ours.abs().max())
    )


def as_tensor(ours, theirs, tolerance=1e-5):
    if ours.shape != theirs.shape:
        return False
    return ((ours - theirs).abs() <= tolerance * ours.abs().max()).all()


def by_lists(ours, theirs, tolerance=1e-5):
    if ours.shape != theirs.shape:
        return False
    limit = tolerance * ours.abs().max().item()
    return all(abs(gap) < limit for gap in (ours.double() - theirs.double()).flatten().tolist())


@pytest.mark.parametrize("right", [relative, close, as_tensor, by_lists])
def test_other_right_checks_are_accepted(right):
    assert judge("5.7.1", right).state == "solved"


def scaled(difference, wanted=lambda worst, limit: worst <= limit):
    """A check with one thing wrong, and right about shapes."""

    def check(ours, theirs, tolerance=1e-5):
        if ours.shape != theirs.shape:
            return False
        return bool(wanted(difference(ours, theirs), tolerance * ours.abs().max()))

    return check


@pytest.mark.parametrize(("wrong", "words"), [
    (scaled(lambda a, b: (b - a).max()), "may be negative"),
    (scaled(lambda a, b: (a - b).abs().mean()), "a mean hides it"),
    (scaled(lambda a, b: (a - b).mean().abs()), "a mean hides it"),
    (scaled(lambda a, b: (a - b).sum().abs()), "in a sum they cancel"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool(
        (a - b).norm() <= tolerance * a.norm()), "a norm compares sums"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and torch.allclose(
        a, b, atol=float(tolerance * a.abs().max())), "`rtol=0`"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool(
        (a - b).abs().max() <= tolerance * b.abs().max()), "largest of *theirs*"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool(
        (a - b).abs().max() <= tolerance * a.max()), "`ours.abs().max()`"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool(
        ((a - b) / a).abs().max() <= tolerance), "0 / 0 is NaN"),
    (lambda a, b, tolerance=1e-5: bool(
        ((a - b).abs() <= tolerance * a.abs().max()).all()), "one row for fifty"),
    (scaled(lambda a, b: (a - b).abs().max(), lambda worst, limit: not worst > limit), "is NaN"),
    (scaled(lambda a, b: (a - b).abs().nan_to_num().max()), "is NaN"),
    (lambda a, b, tolerance=1e-5: bool((a.argmax(1) == b.argmax(1)).all()), "so do the classes"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool((a - b).abs().max() <= tolerance),
     "of about a thousandth"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and np.allclose(a, b, rtol=tolerance, atol=0),
     "not to each"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool((a == b).all()), "hundred thousand"),
    (lambda a, b, tolerance=1e-5: True, "is off"),
    (lambda a, b, tolerance=1e-5: False, "equal arrays"),
    (lambda a, b, tolerance=1e-5: (a - b).abs().max(), "True or False"),
    (lambda a, b, tolerance=1e-5: 1, "True or False"),
    (lambda a, b, tolerance=1e-5: a.shape == b.shape and bool(
        (a - b).abs().max() <= 1e-5 * a.abs().max()), "use `tolerance`"),
])  # fmt: skip
def test_a_check_that_lets_something_pass_is_told_what(wrong, words):
    found = judge("5.7.1", wrong)
    assert found.state == "not yet"
    assert words in found.remark


def test_a_single_row_is_named():
    def stretched(ours, theirs, tolerance=1e-5):
        first = theirs[:1]
        return bool((ours[:1] - first).abs().max() <= tolerance) if len(theirs) == 1 else (
            lesson.same(ours, theirs, tolerance))  # fmt: skip

    assert "one row for fifty" in judge("5.7.1", stretched).remark


def test_an_assert_is_no_answer():
    def asserted(ours, theirs, tolerance=1e-5):
        assert lesson.same(ours, theirs, tolerance)
        return True

    assert "Return False" in remark("5.7.1", asserted)

    def too_strict(ours, theirs, tolerance=1e-5):
        assert torch.equal(ours, theirs)
        return True

    assert "Return False" in remark("5.7.1", too_strict)


def test_modules_and_other_ways_of_shipping_are_accepted():
    class Shipped(nn.Module):
        def __init__(self, network):
            super().__init__()
            self.frame, self.network = nn.ZeroPad2d(2), network

        def forward(self, pictures):
            return self.network(self.frame(pictures.unsqueeze(1).double().div(255).float()))

    def by_hand(network):
        def of_bytes(pictures):
            floats = torch.zeros(len(pictures), 1, 32, 32)
            floats[:, 0, 2:30, 2:30] = pictures / 255
            return network(floats)

        return of_bytes

    def to_array(network):
        return lambda pictures: lesson.shipped(network)(pictures).numpy()

    def in_double(network):
        network.double()  # what an answer does to its network is not kept
        return lambda pictures: network(pad(pictures.double() / 255, (2, 2, 2, 2))[:, None])

    for right in (in_double, Shipped, by_hand, to_array):
        assert judge("5.7.2", right).state == "solved"


def test_each_slip_of_shipping_gets_its_remark():
    for wrong, words in lesson.SHIPPED:
        assert remark("5.7.2", wrong) == words or words in remark("5.7.2", wrong)


@pytest.mark.parametrize(("wrong", "words"), [
    (lambda network: network(lesson.shipped(lambda x: x)(lesson.pictures(2, 0))), "a *function*"),
    (lambda network: lambda x: network(pad(x.float() / 255, (2, 2, 2, 2))), "got (5, 32, 32)"),
    (lambda network: lambda x: network(x[:, None].float() / 255), "got (5, 1, 28, 28)"),
    (lambda network: lambda x: lesson.shipped(network)(x).argmax(1), "(5, 10) was expected"),
])  # fmt: skip
def test_what_cannot_run_is_told(wrong, words):
    found = judge("5.7.2", wrong)
    assert found.state == "not yet" and words in found.remark
