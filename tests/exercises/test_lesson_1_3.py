"""The checks of lesson 1.3 accept the reference and name each plausible slip."""

import pytest
import torch

from course_utils import optimize
from course_utils.exercises import judge
from course_utils.exercises import lesson_1_3 as lesson


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("1.3.1", lesson._summed, "gradient of the *sum*"),
        ("1.3.1", lesson._per_number, "examples × classes"),
        ("1.3.1", lesson._per_class, "by the number of classes"),
        ("1.3.1", lesson._uphill, "sign is turned"),
        ("1.3.1", lesson._no_softmax, "into probabilities first"),
        ("1.3.1", lesson._log_softmax, "took the logarithm"),
        ("1.3.1", lesson._no_label, "no say yet"),
        ("1.3.1", lesson._wrong_axis, "axis 1"),
        ("1.3.1", lesson._the_loss, "loss itself"),
        ("1.3.2", lesson._upside_down, "Upside down"),
        ("1.3.2", lesson._no_root, "under the root, too"),
        ("1.3.2", lesson._only_mean, "mean square begins at 0"),
        ("1.3.2", lesson._only_square, "mean begins at 0"),
        ("1.3.2", lesson._no_power, "power is missing"),
        ("1.3.2", lesson._one_late, "first step has t = 1"),
        ("1.3.2", lesson._exchanged, "exchanged"),
        ("1.3.2", lesson._both_roots, "not the mean"),
        ("1.3.2", lesson._times, "not a product"),
        ("1.3.2", lambda t, beta1, beta2: 1.0, "0.3162"),
        ("1.3.3", lesson._each_alone, "each tensor by itself"),
        ("1.3.3", lesson._each_to_length, "to that length by itself"),
        ("1.3.3", lesson._always, "only shortens"),
        ("1.3.3", lesson._clamped, "clipping by value"),
        ("1.3.3", lesson._sum_of_lengths, "Lengths do not add up"),
        ("1.3.3", lesson._square, "root is missing"),
        ("1.3.3", lesson._longer, "not `max`"),
        ("1.3.3", lesson._longest, "only the longest"),
        ("1.3.3", lesson._unit, "always clip to length 1"),
        ("1.3.3", lambda gradients, max_norm: gradients, "3"),
    ],
)
def test_slips_get_their_own_words(number, wrong, words):
    result = judge(number, wrong)
    assert result.state == "not yet" and words in result.remark


def test_the_package_and_torch_are_right_answers():
    def by_torch(logits, labels):
        leaf = logits.clone().requires_grad_()
        torch.nn.functional.cross_entropy(leaf, labels).backward()
        return leaf.grad

    assert judge("1.3.1", by_torch).state == "solved"
    ours = judge("1.3.3", lambda gradients, max_norm: optimize.clip(gradients, max_norm=max_norm))
    assert ours.state == "solved"
