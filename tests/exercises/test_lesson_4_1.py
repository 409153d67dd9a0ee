"""The checks of lesson 4.1 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark
from torch import nn
from torchvision.models.resnet import BasicBlock

from course_utils import measure, models
from course_utils.exercises import judge
from course_utils.exercises import lesson_4_1 as lesson


@pytest.mark.parametrize(("first", "second", "budget"), lesson.BUDGETS + lesson.TOO_SMALL)
def test_the_width_fits_a_real_file_and_one_more_does_not(first, second, budget, tmp_path):
    def size(hidden):
        network = models.SimplifiedCNN(channels=(first, second), hidden=hidden)
        path = models.save_network(network, tmp_path / "n.safetensors")
        rest = measure.file_bytes(path) - 4 * measure.parameters(network)
        assert 800 < rest <= 1000
        return measure.file_bytes(path) + 1000 - rest

    width = lesson.largest_hidden(first, second, budget)
    assert size(width + 1) > budget
    assert width == 0 or size(width) <= budget


@pytest.mark.parametrize(("inputs", "outputs", "stride"), [(8, 8, 1), (8, 16, 2), (16, 16, 2)])
def test_a_block_counts_as_the_packages_and_as_torchvisions(inputs, outputs, stride):
    ours = lesson.block_parameters(inputs, outputs, stride)
    assert ours == measure.parameters(models.resnet.Block(inputs, outputs, stride=stride))
    fits = stride != 1 or inputs != outputs
    down = nn.Conv2d(inputs, outputs, 1, stride, bias=False) if fits else None
    assert ours == measure.parameters(BasicBlock(inputs, outputs, stride, down))


def test_other_right_ways_are_accepted():
    def by_trying(first, second, budget):
        hidden = 0
        while lesson._filling(first, second, hidden + 1) <= budget:
            hidden += 1
        return hidden

    assert judge("4.1.1", by_trying).state == "solved"
    floored = lambda a, b, n: np.floor(by_trying(a, b, n))  # noqa: E731
    assert judge("4.1.1", floored).state == "solved"
    built = lambda i, o, s: measure.parameters(models.resnet.Block(i, o, stride=s))  # noqa: E731
    assert judge("4.1.2", built).state == "solved"
    as_tensor = lambda i, o, s: torch.tensor(lesson.block_parameters(i, o, s))  # noqa: E731
    assert judge("4.1.2", as_tensor).state == "solved"
    as_float = lambda i, o, s: float(lesson.block_parameters(i, o, s))  # noqa: E731
    assert judge("4.1.2", as_float).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), (*lesson.WIDTHS, lesson.NEGATIVE))
def test_4_1_1_names_the_slip(wrong, words):
    assert words.replace("*", "") in remark("4.1.1", wrong).replace("*", "")


@pytest.mark.parametrize(("wrong", "words"), lesson.BLOCKS)
def test_4_1_2_names_the_slip(wrong, words):
    assert words in remark("4.1.2", wrong)


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("4.1.1", lambda first, second, budget: 30, "expected"),
        ("4.1.1", lambda first, second, budget: print(first), "return"),
        ("4.1.1", 30, "function was expected"),
        ("4.1.2", lambda inputs, outputs, stride: 1_184, "expected"),
        ("4.1.2", lambda inputs, outputs, stride: print(inputs), "return"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
