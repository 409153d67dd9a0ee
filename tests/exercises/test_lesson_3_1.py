"""The checks of lesson 3.1 accept the reference and name each plausible slip."""

import copy

import pytest
import torch
from remarks import remark

from course_utils.exercises import judge
from course_utils.exercises import lesson_3_1 as lesson


def test_other_right_ways_are_accepted():
    def by_svd(weight):
        values = torch.linalg.svdvals(weight.transpose(0, 1).flatten(2))
        return (values > 1e-4).sum(1).max()

    assert judge("3.1.1", by_svd).state == "solved"

    def by_init(deep):
        begun = copy.deepcopy(deep)
        for layer in begun.body:
            torch.nn.init.zeros_(layer.weight)
            torch.nn.init.zeros_(layer.bias)
        return begun

    assert judge("3.1.2", by_init).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.TERMS)
def test_3_1_1_names_the_slip(wrong, words):
    assert words in remark("3.1.1", wrong)


def changed(change):
    """A wrong answer: a copy, changed so."""

    def answer(deep):
        begun = copy.deepcopy(deep)
        with torch.no_grad():
            change(begun)
        return begun

    return answer


def silence(deep, *parts):
    for layer in deep.body:
        for part in parts:
            getattr(layer, part).zero_()


def frozen(deep):
    silence(deep, "weight", "bias")
    for layer in deep.body:
        layer.requires_grad_(False)


def emptied(deep):
    deep.body, deep.norms = deep.body[:0], deep.norms[:0]


def replaced(deep):
    deep.body = torch.nn.ModuleList(torch.nn.Identity() for _ in deep.body)


def everything(deep):
    for parameter in deep.parameters():
        parameter.zero_()


def unskipped(deep):
    silence(deep, "weight", "bias")
    deep.skip = False


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (changed(lambda deep: None), "still add something to h"),
        (changed(lambda deep: silence(deep, "weight")), "but the biases still add"),
        (changed(lambda deep: silence(deep, "bias")), "but the weights still add"),
        (changed(frozen), "frozen layers learn nothing"),
        (changed(emptied), "now has 0"),
        (changed(replaced), "linear layers any more"),
        (changed(everything), "`first` was changed, too"),
        (changed(unskipped), "The skips are gone"),
        (changed(lambda deep: setattr(deep, "share", 0.0)), "silent for ever"),
        (changed(lambda deep: setattr(deep, "share", 0.1)), "still add something to h"),
        (lambda deep: silence(deep.requires_grad_(False), "weight"), "Make a copy first"),
        (lambda deep: [], "list came"),
        (lambda deep: None if deep else 0, "return"),
    ],
)
def test_3_1_2_names_the_slip(wrong, words):
    assert words in remark("3.1.2", wrong)


def test_a_quiet_network_learns():
    from course_utils.demos.stacks import Deep

    torch.manual_seed(0)
    begun = lesson.quiet(Deep(50, skip=True, start="He"))
    optimizer = torch.optim.Adam(begun.parameters(), 3e-3)
    images, labels = torch.rand(20, 1, 32, 32), torch.arange(20) % 10
    losses = []
    for _ in range(30):
        loss = torch.nn.functional.cross_entropy(begun(images), labels)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        losses.append(loss.item())
    assert losses[-1] < losses[0] / 2
