"""The checks of lesson 3.3 accept the reference and name each plausible slip."""

import copy

import pytest
import torch
from remarks import remark
from torch import nn
from torch.nn import functional as F

from course_utils import prune
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_3 as lesson


def test_solutions_do_what_the_package_does():
    for values, share in lesson.SCORES:
        scores = torch.tensor(values)
        theirs = prune.masks_by_score({"w": scores}, share)["w"]
        assert (lesson.exact_mask(scores, share).sum()) == theirs.sum()
    for stay, places in lesson.STAYS:
        kept = torch.zeros(8, places, dtype=torch.bool)
        kept[stay] = True
        assert lesson.columns(stay, places).tolist() == kept.flatten().nonzero().flatten().tolist()
    network, masks = lesson._small_network()
    ours, theirs = copy.deepcopy(network), copy.deepcopy(network)
    lesson.keep_zeros(masks)(ours, 0.5)
    prune.keep_zeros(masks)(theirs, 0.5)
    pairs = zip(ours.parameters(), theirs.parameters(), strict=True)
    assert all(torch.equal(a, b) for a, b in pairs)


# ---- 3.3.1


def by_topk(scores, share):
    count = scores.numel() - round(share * scores.numel())
    mask = torch.zeros(scores.numel())
    mask[scores.flatten().topk(count).indices] = 1
    return mask.view(scores.shape)


@pytest.mark.parametrize(
    "right",
    [
        by_topk,
        lambda s, share: by_topk(s, share).bool().numpy(),
        lambda s, share: lesson.exact_mask(s.flatten().flip(0), share).flip(0).view(s.shape),
        lambda s, share: prune.masks_by_score({"w": s}, share)["w"].tolist(),
    ],
)
def test_3_3_1_takes_any_choice_among_equals(right):
    assert judge("3.3.1", right).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.EXACT)
def test_3_3_1_names_the_slip(wrong, words):
    assert words in remark("3.3.1", wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lambda s, share: s * lesson.exact_mask(s, share), "a mask holds"),
        (lambda s, share: s.flatten().argsort()[: round(share * s.numel())], "shape"),
        (lambda s, share: lesson.exact_mask(s, share).flatten(), "shape"),
        (lambda s, share: print() if s.dim() > 5 else None, "return"),
        (lambda s, share: lesson.exact_mask(s, share + 2 / s.numel()), "dropped"),
        (lambda s, share: lesson.exact_mask(torch.rand(s.shape), share), "expected"),
        (lambda s, share: lesson.exact_mask(s.neg_().neg_().add_(1), share), "changed its scores"),
    ],
)
def test_3_3_1_names_other_slips(wrong, words):
    torch.manual_seed(0)
    assert words in remark("3.3.1", wrong)


# ---- 3.3.2


@pytest.mark.parametrize(
    "right",
    [
        lambda stay, places: (stay[:, None] * places + torch.arange(places)).flatten(),
        lambda stay, places: [int(k) * places + i for k in stay for i in range(places)],
        lambda stay, places: lesson.columns(stay, places).numpy(),
        lambda stay, places: (
            torch.arange(9 * places).view(9, places)[stay].flatten().to(torch.int32)
        ),
    ],
)
def test_3_3_2_takes_other_right_ways(right):
    assert judge("3.3.2", right).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.FLAT)
def test_3_3_2_names_the_slip(wrong, words):
    assert words in remark("3.3.2", wrong)


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._interleaved, "took turns"),
        (lambda stay, places: torch.zeros(8 * places).bool(), "True and false"),
        (lambda stay, places: lesson.columns(stay, places).flip(0), "expected"),
        (lambda stay, places: lesson.columns(stay, places)[None], "shape"),
        (lambda stay, places: print() if len(stay) > 9 else None, "return"),
    ],
)
def test_3_3_2_names_other_slips(wrong, words):
    assert words in remark("3.3.2", wrong)


# ---- 3.3.3


def stepping(change):
    """A keep_zeros whose step does `change(weight, mask)` to each weight, without gradient."""

    def keep_zeros(masks):
        @torch.no_grad()
        def after_step(model, share):
            for name, mask in masks.items():
                change(model.get_parameter(name), mask)

        return after_step

    return keep_zeros


def grown(weight, mask):
    weight *= mask
    weight *= 2


def through_data(masks):
    def after_step(model, share):
        for name, weight in model.named_parameters():
            if name in masks:
                weight.data = weight.data * masks[name]

    return after_step


def new_parameters(masks):
    def after_step(model, share):
        for name, mask in masks.items():
            place, _, _ = name.partition(".")
            model[int(place)].weight = nn.Parameter(model[int(place)].weight * mask)

    return after_step


def on_a_copy(masks):
    return lambda model, share: lesson.keep_zeros(masks)(copy.deepcopy(model), share)


def at_once(masks):
    for mask in masks.values():
        mask.float().mul(0)


def only_the_first(masks):
    return lesson.keep_zeros(dict(list(masks.items())[:1]))


def everything(masks):
    @torch.no_grad()
    def after_step(model, share):
        for parameter in model.parameters():
            parameter.zero_()

    return after_step


def the_one_seen_first(masks):
    seen = []

    def after_step(model, share):
        seen.append(model)
        lesson.keep_zeros(masks)(seen[0], share)

    return after_step


def gradients(masks):
    def after_step(model, share):
        for name, mask in masks.items():
            gradient = model.get_parameter(name).grad
            if gradient is not None:
                gradient.mul_(mask)

    return after_step


def without_no_grad(masks):
    def after_step(model, share):
        for name, mask in masks.items():
            model.get_parameter(name)[~mask] = 0

    return after_step


def freezing(masks):
    def after_step(model, share):
        lesson.keep_zeros(masks)(model, share)
        for name in masks:
            model.get_parameter(name).requires_grad_(False)

    return after_step


def spoiling(masks):
    def after_step(model, share):
        lesson.keep_zeros(masks)(model, share)
        for mask in masks.values():
            mask.fill_(True)

    return after_step


@pytest.mark.parametrize(
    "right",
    [prune.keep_zeros, through_data, stepping(lambda w, mask: w.mul_(mask)),
     stepping(lambda w, mask: w.copy_(w * mask))],
)  # fmt: skip
def test_3_3_3_takes_other_right_ways(right):
    assert judge("3.3.3", right).state == "solved"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (stepping(lambda w, mask: w.mul_(~mask)), "Turned round in 0.weight"),
        (stepping(grown), "that stay were changed"),
        (stepping(lambda w, mask: None), "not 0"),
        (new_parameters, "*new* parameter"),
        (on_a_copy, "not a copy"),
        (at_once, "must *return*"),
        (only_the_first, "of 3.weight"),
        (everything, "were changed"),
        (the_one_seen_first, "the model that comes"),
        (gradients, "not the gradients"),
        (freezing, "no longer trained"),
        (spoiling, "changed the masks"),
        (lambda masks: 3, "A function is wanted"),
        (without_no_grad, "in-place"),
        (lambda masks: lambda model: None, "argument"),
    ],
)
def test_3_3_3_names_the_slip(wrong, words):
    assert words in remark("3.3.3", wrong)


def test_3_3_3_holds_zeros_through_adam():
    network, masks = lesson._small_network()
    network = prune.apply(network, masks)
    optimizer = torch.optim.Adam(network.parameters(), 0.1)
    step = lesson.keep_zeros(masks)
    for _ in range(3):
        loss = F.cross_entropy(network(torch.randn(8, 1, 4, 4)), torch.arange(8) % 4)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        step(network, 0.5)
    assert all((network.get_parameter(name)[~mask] == 0).all() for name, mask in masks.items())
