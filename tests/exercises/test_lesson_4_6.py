"""The checks of lesson 4.6 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import quantize
from course_utils.exercises import judge
from course_utils.exercises import lesson_4_6 as lesson


@pytest.mark.parametrize("case", lesson.CODE_CASES)
def test_codes_are_the_quantizers(case):
    codes = quantize.round_weight(case[0], bits=8, axis=None).codes
    assert torch.equal(lesson.codes_left(*case).int(), codes.flatten(1).abs().amax(1))


@pytest.mark.parametrize("case", lesson.MAP_CASES)
def test_the_map_sums_to_the_logit(case):
    places, weights = case
    logit = weights @ places.mean((1, 2))
    assert lesson.class_map(*case).sum().item() == pytest.approx(logit.item(), abs=1e-6)


def test_other_right_ways_are_accepted():
    def by_codes(weight):
        codes = torch.round(weight / (weight.abs().max() / 127)).int()
        return [int(channel.abs().max()) for channel in codes]

    def in_numpy(weight):
        w = np.abs(weight.numpy()).reshape(len(weight), -1).max(1)
        return np.rint(127 * w / w.max()).astype(int)

    def by_einsum(places, weights):
        return torch.einsum("c,chw->hw", weights, places) / places[0].numel()

    def by_numpy(places, weights):
        return np.tensordot(weights.numpy(), places.numpy(), 1) / places[0].numel()

    def by_gradient(places, weights):
        places = places.clone().requires_grad_()
        (weights @ places.mean((1, 2))).backward()
        return (places.grad * places).sum(0).detach()

    for number, answers in (
        ("4.6.1", (by_codes, in_numpy)),
        ("4.6.2", (by_einsum, by_numpy, by_gradient)),
    ):
        for answer in answers:
            assert judge(number, answer).state == "solved", judge(number, answer).remark


@pytest.mark.parametrize(("wrong", "words"), lesson.CODES)
def test_4_6_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("4.6.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.MAPS)
def test_4_6_2_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("4.6.2", wrong).replace("*", "")


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("4.6.1", lambda weight: torch.zeros(len(weight)), "expected"),
        ("4.6.1", lambda weight: print(), "return"),
        ("4.6.1", [127, 32, 3], "function was expected"),
        ("4.6.2", lambda places, weights: places[0], "expected"),
        ("4.6.2", 0.5, "function was expected"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
