"""The checks of lesson 1.1 accept the reference and name each plausible slip."""

import pytest

from course_utils.exercises import judge
from course_utils.exercises import lesson_1_1 as lesson


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._no_biases, "left out the biases"),
        (lesson._once, "as a linear layer does"),
        (lesson._biases_multiplied, "multiplied the biases"),
        (lesson._kernel_once, "high and `kernel` wide"),
        (lesson._one_input, "all input channels"),
        (lesson._flops, "FLOPs"),
        (lesson._exchanged, "parameters come first"),
        (lesson._bias_per_input, "belong to the outputs"),
        (lambda *conv: (4640, 1_179_648), "at 'parameters', 4640 came, 160"),  # always conv2's
        (lambda k, i, o, h, w: 4640, "Return two numbers"),
        (lesson._bias_per_kernel, "one bias in all"),
        (lesson._one_output, "a single output channel"),
        (lesson._no_border, "take nothing off"),
    ],
)
def test_conv_cost_slips(wrong, words):
    result = judge("1.1.1", wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._cut_off, "rounded down"),
        (lesson._fraction, "whole bytes: round up"),
        (lesson._in_bits, "added bits to bytes"),
        (lesson._whole_bytes, "weights share them"),
        (lesson._no_header, "header is missing"),
        (lesson._small_biases, "biases keep 4 bytes each"),
        (lesson._bias_one_byte, "not one"),
        (lesson._forgotten_biases, "biases are missing"),
        (lesson._one_too_many, "One byte too many"),
        (lesson._bias_in_bits, "32 bits, which are 4 bytes"),
        (lesson._whole_weights, "bits of each byte unused"),
    ],
)
def test_file_bytes_slips(wrong, words):
    result = judge("1.1.2", wrong)
    assert result.state == "not yet" and words in result.remark


SLOW_LINE = dict(channels=(16, 32), hidden=10)
SLOW_PROCESSOR = dict(channels=(4, 8), hidden=512)


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        ([SLOW_LINE, ...], "`slow_line` is right. `slow_processor` is still to be filled in"),
        ([{}, ...], "`slow_line`: the file has"),
        ([None, SLOW_PROCESSOR], "`slow_line` is still to be filled in"),
        (SLOW_LINE, "Hand in both"),
        ([(16, 32), SLOW_PROCESSOR], "should look like"),
        ([dict(channels=16), SLOW_PROCESSOR], "two numbers"),
        ([dict(channels=(16, 0.5)), SLOW_PROCESSOR], "whole numbers"),
        ([dict(channels=(4096, 4096)), SLOW_PROCESSOR], "50 million"),
        ([{}, SLOW_PROCESSOR], "are in fc1"),
        ([dict(channels=(4, 8), hidden=40), SLOW_PROCESSOR], "You cut the convolutions"),
        ([SLOW_LINE, {}], "conv2 does 74% of them"),
        ([SLOW_LINE, dict(channels=(4, 8), hidden=128)], "stores the most"),
        ([SLOW_PROCESSOR, SLOW_LINE], "`slow_line`: the file has"),
    ],
)
def test_customers_slips(answer, words):
    result = judge("1.1.3", answer)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize(
    ("line", "processor"),
    [
        (dict(channels=[18, 28], hidden=12), dict(channels=(2, 26), hidden=128)),
        (dict(channels=(20, 26), hidden=12), dict(channels=(1, 40), hidden=100)),
    ],
)
def test_other_right_answers_are_accepted(line, processor):
    assert judge("1.1.3", [line, processor]) == ("solved", None)
