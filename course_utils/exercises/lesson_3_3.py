"""Exercises of lesson 3.3: which weights can go?"""

import copy
import math

import numpy as np
import torch
from torch import nn

from course_utils.exercises import exercise, expect

# ---- 3.3.1


def exact_mask(scores, share):
    flat = scores.flatten()
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[flat.argsort()[: round(share * len(flat))]] = False
    return mask.view_as(scores)


def _limit(scores, share):
    return scores.flatten().sort().values[max(0, round(share * scores.numel()) - 1)]


def _floored(scores, share):
    return exact_mask(scores, int(share * scores.numel()) / scores.numel())


def _raised(scores, share):
    return exact_mask(scores, math.ceil(share * scores.numel()) / scores.numel())


def _backwards(scores, share):
    flat, count = scores.flatten(), round(share * scores.numel())
    mask = torch.zeros(len(flat), dtype=torch.bool)
    mask[flat.argsort()[len(flat) - count :]] = True
    return mask.view_as(scores)


def _from_the_end(scores, share):
    flat, count = scores.flatten(), round(share * scores.numel())
    mask = torch.ones(len(flat), dtype=torch.bool)
    mask[flat.argsort(descending=True)[-count:]] = False
    return mask.view_as(scores)


def _places_for_ranks(scores, share):
    return (scores.flatten().argsort() >= round(share * scores.numel())).view_as(scores)


def _each_row(scores, share):
    if scores.dim() < 2:
        return exact_mask(scores, share)
    return torch.stack([_each_row(row, share) for row in scores])


EXACT = (
    (_from_the_end, "Nothing was to go and everything went: `x[-n:]` is all of x at n = 0. Count "
     "from the front."),
    (_floored, "`int` cuts off: 3.6 weights become 3. `round` them."),
    (_raised, "`ceil` goes up: 1.2 weights become 2. `round` them."),
    (lambda s, share: s > _limit(s, share),
     "Too many went, for `>` drops *every* score equal to the threshold. Rank the places instead "
     "(`argsort`), and drop the first of them."),
    (lambda s, share: s >= _limit(s, share),
     "Too few went, for `>=` keeps *every* score equal to the threshold. Rank the places instead "
     "(`argsort`), and drop the first of them."),
    (_places_for_ranks, "`argsort` lists *places*, the lowest score's first. It is no list of "
     "ranks: use it as an index, or sort twice."),
    (lambda s, share: ~exact_mask(s, share),
     "Turned round: True is wanted for the weights that *stay*."),
    (lambda s, share: exact_mask(-s, share),
     "The *largest* scores went; the smallest must go."),
    (_backwards, "You keep as many as should go. n − count stay."),
    (_each_row, "You take the share of each row. All scores of the tensor are in one ranking: "
     "flatten first."),
    (lambda s, share: exact_mask(s, share / 100), "The share is a fraction in [0, 1) already; "
     "do not divide it by 100."),
)  # fmt: skip

SCORES = (
    ([0.4, 0.1, 0.5, 0.3, 0.2], 0.4),
    ([0.2, 0.5, 0.2, 0.2, 0.1, 0.2], 0.5),
    ([[0.9, 0.8, 0.7], [0.1, 0.2, 0.3]], 0.6),
    ([[0.0, 0.0, 0.0, 0.0], [0.0, 0.0, 1.0, 1.0]], 0.5),
    ([[[0.3, 0.3], [0.3, 0.3]], [[0.3, 0.3], [0.3, 0.3]]], 0.25),
    ([0.3, 0.1, 0.2], 0.0),
    ([0.3, 0.1, 0.2], 0.4),
)
"""Without ties, with ties, rounded up, mostly ties, all equal, nothing to drop, rounded down."""


@exercise(
    "3.3.1",
    title="exactly so many",
    minutes=8,
    difficulty=1,
    solution=exact_mask,
    hints=(
        "A threshold cannot part equal scores. Their places can: `scores.flatten().argsort()` "
        "lists the places from the lowest score to the highest.",
        "Begin with a flat mask of ones, `dtype=torch.bool`. Set the first `count` places of that "
        "list to False, and give the mask the shape of the scores: `.view_as(scores)`.",
    ),
)
def _(answer):
    for values, share in SCORES:
        scores = torch.tensor(values)
        if remark := _mask_remark(answer, scores, share):
            return remark
    return None


def _plain(scores) -> str:
    """The scores without the digits that float32 adds."""
    return np.array2string(scores.numpy(), separator=", ").replace("\n", "")


def _mask_remark(answer, scores, share) -> str | None:
    given = scores.clone()
    got = answer(scores, share)
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    if not torch.equal(scores, given):
        return "Your function changed its scores; work with new tensors."
    where = f"for scores {_plain(scores)} and a share of {share:g}"
    got = torch.as_tensor(np.asarray(got) if not isinstance(got, torch.Tensor) else got)
    if got.shape != scores.shape:
        return expect(got, exact_mask(scores, share), where)
    if not ((got == 0) | (got == 1)).all():
        return "Those are scores or places; a mask holds True (stays) and False (goes)."
    mask = got.bool()
    if _right(mask, scores, share):
        return None
    for wrong, words in EXACT:
        if torch.equal(mask, wrong(scores, share)):
            return f"{words} ({where[:1].upper()}{where[1:]}.)"
    count = round(share * scores.numel())
    if int((~mask).sum()) != count:
        return expect(int((~mask).sum()), count, f"{where}, dropped")
    return expect(mask, exact_mask(scores, share), where)


def _right(mask, scores, share) -> bool:
    """Exactly so many went, and none of them is larger than one that stays."""
    gone, left = scores[~mask], scores[mask]
    count = round(share * scores.numel())
    return len(gone) == count and (count == 0 or bool(gone.max() <= left.min()))


# ---- 3.3.2


def columns(stay, places):
    return torch.cat([k * places + torch.arange(places) for k in stay])


def _interleaved(stay, places, channels=8):
    return torch.cat([torch.as_tensor(stay) + i * channels for i in range(places)])


FLAT = (
    (lambda stay, places: torch.as_tensor(stay),
     "Those are the channels. Each owns `places` columns behind the flatten layer."),
    (lambda stay, places: torch.as_tensor(stay) * places,
     "That is the *first* column of each channel; `places` neighbours belong to it."),
    (lambda stay, places: torch.cat([torch.as_tensor(stay) * places + i for i in range(places)]),
     "The right columns in the wrong order: first all of one channel, then all of the next."),
    (lambda stay, places: torch.arange(int(stay[0]) * places, (int(stay[-1]) + 1) * places),
     "Those are all columns from the first channel to the last; the channels between that go, "
     "go with theirs."),
    (lambda stay, places: torch.arange(len(stay) * places),
     "Those are the first columns, whichever channels stay. Channel k begins at k · places."),
    (lambda stay, places: torch.cat([k + torch.arange(places) for k in torch.as_tensor(stay)]),
     "Channel k begins at column k · places, not at column k."),
    (lambda stay, places: torch.cat([k * places + 1 + torch.arange(places)
                                     for k in torch.as_tensor(stay)]),
     "Off by one: channel 0 begins at column 0."),
    (lambda stay, places: torch.cat([torch.arange(k * places, (k + 1) * places - 1)
                                     for k in torch.as_tensor(stay)]),
     "The last column of each channel is missing: the end of a range is not in it."),
    (lambda stay, places: columns([k for k in range(max(map(int, stay)) + 1)
                                   if k not in set(map(int, stay))] or [0], places),
     "Those are columns of channels that *go*."),
)  # fmt: skip

STAYS = (([0, 2], 4), ([1, 3, 4], 9), ([5], 3), ([0, 1, 7], 1))
"""Channels that stay, places of each."""


@exercise(
    "3.3.2",
    title="the columns behind a flatten",
    minutes=8,
    difficulty=2,
    solution=columns,
    hints=(
        "In the cell above, channel 0 filled the columns 0 to 3 and channel 1 those from 4 on. "
        "Where does channel k begin?",
        "`k * places + torch.arange(places)` are the columns of one channel; `torch.cat` joins "
        "a list of tensors.",
    ),
)
def _(answer):
    for stay, places in STAYS:
        got = answer(torch.tensor(stay), places)
        if got is None:
            return "Nothing (None) came back. Is the `return` missing?"
        where = f"for channels {stay} of {places} places each"
        got = torch.as_tensor(np.asarray(got)) if not isinstance(got, torch.Tensor) else got
        if got.dtype == torch.bool:
            return "True and false came; the *numbers* of the columns are wanted."
        wanted = columns(stay, places)
        for wrong, words in FLAT:
            slip = wrong(stay, places)
            if slip.tolist() == got.tolist() != wanted.tolist():
                return f"{words} ({where[:1].upper()}{where[1:]}.)"
        if got.tolist() == _interleaved(stay, places).tolist() != wanted.tolist():
            return "You take every n-th column, as if channels took turns. Each lies in one run."
        if remark := expect(got, wanted, where):
            return remark
    return None


# ---- 3.3.3


def keep_zeros(masks):
    @torch.no_grad()
    def after_step(model, share):
        for name, mask in masks.items():
            model.get_parameter(name)[~mask] = 0

    return after_step


def _small_network():
    torch.manual_seed(0)
    network = nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU(), nn.Flatten(), nn.Linear(12, 4))
    generator = torch.Generator().manual_seed(1)
    masks = {f"{place}.weight": torch.rand(network[place].weight.shape, generator=generator) > 0.5
             for place in (0, 3)}  # fmt: skip
    return network, masks


@exercise(
    "3.3.3",
    title="put the zeros back",
    minutes=10,
    difficulty=2,
    solution=keep_zeros,
    hints=(
        "`keep_zeros` returns a function; the training loop calls that function with the model "
        "and the share of the run after every step.",
        "`model.get_parameter(name)` is the weight itself; `weight[~mask] = 0` changes it in "
        "place.",
        (
            "a leaf Variable that requires grad is being used in an in-place operation",
            "Changing a parameter must not be recorded for the gradient: do it under "
            "`with torch.no_grad():`.",
        ),
    ),
)
def _(answer):
    network, masks = _small_network()
    known = {name: mask.clone() for name, mask in masks.items()}
    after_step = answer(masks)
    if after_step is None:
        return "Nothing (None) came back. `keep_zeros` must *return* the function `after_step`."
    if not callable(after_step):
        return f"A function is wanted, to be called as f(model, share); {type(after_step)} came."
    for round_ in range(2):  # the second network: is the model that comes the one that is changed?
        one = copy.deepcopy(network)
        with torch.no_grad():
            for parameter in one.parameters():
                parameter.add_(1.0 + round_)  # a step that made nothing zero
        if remark := _zeros_remark(after_step, one, known):
            return remark
        if not all(torch.equal(masks[name], known[name]) for name in known):
            return "Your function changed the masks; only the weights may change."
    return None


def _zeros_remark(after_step, model, masks) -> str | None:
    before = {name: (p, p.detach().clone()) for name, p in model.named_parameters()}
    after_step(model, 0.5)
    for name, parameter in model.named_parameters():
        old, values = before[name]
        if parameter is not old:
            return (
                f"{name} is a *new* parameter now. The optimizer still holds the old one and "
                "would train that; change the values in place."
            )
        if parameter.requires_grad is False:
            return f"{name} is no longer trained (requires_grad is False); only zeros must stay."
        mask, now = masks.get(name, torch.ones_like(values, dtype=torch.bool)), parameter.detach()
        if name not in masks and not torch.equal(now, values):
            return f"{name} has no mask and must stay as it was."
        if name in masks and torch.equal(now != 0, ~mask):
            return f"Turned round in {name}: True in a mask means that the weight *stays*."
        if (now[~mask] != 0).any():
            return (
                f"After your function {int((now[~mask] != 0).sum())} masked weights of {name} are "
                "not 0 (share 0.5 of the run). The step has moved them: change the *weights* of "
                "the model that comes, not the gradients and not a copy, after *every* step."
            )
        if not torch.equal(now[mask], values[mask]):
            return f"Weights of {name} that stay were changed; only masked ones may."
    return None
