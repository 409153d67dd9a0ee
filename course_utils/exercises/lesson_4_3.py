"""Exercises of lesson 4.3: is a pruned network smaller, or faster?"""

import math
from typing import Any

import torch

from course_utils.exercises import agree, exercise, expect

# ---- 4.3.1


def time_left(shares, factors):
    return sum(share / factors.get(layer, 1) for layer, share in shares.items())


def _only_the_faster(shares, factors):
    return sum(shares[layer] / factor for layer, factor in factors.items())


def _rest_lost(shares, factors):
    return 1 - sum(shares[layer] / factor for layer, factor in factors.items())


def _mean_factor(shares, factors):
    return 1 / (sum(factors.values()) / len(factors)) if factors else 1


def _all_by_product(shares, factors):
    return 1 / math.prod(factors.values())


def _times(shares, factors):
    return sum(share * factors.get(layer, 1) for layer, share in shares.items())


def _weighted_factor(shares, factors):
    return 1 / sum(share * factors.get(layer, 1) for layer, share in shares.items())


def _gone(shares, factors):
    return 1 - sum(shares[layer] for layer in factors)


TIMES = (
    (lambda shares, factors: 1 / time_left(shares, factors),
     "That is how many times *faster* the network gets. Its time is asked for, as a share of the "
     "old."),
    (lambda shares, factors: 1 - time_left(shares, factors),
     "That is the share of the time that is *saved*; what is left is asked for."),
    (_only_the_faster, "The layers that stay as they are still take their time: their factor is "
     "1."),
    (_rest_lost, "You subtract the faster layers' *new* times from 1. What is saved is the "
     "difference of old and new."),
    (_gone, "You let the faster layers take no time at all. They still take share / factor."),
    (_mean_factor, "You average the factors. A layer counts by its share of the time, and the "
     "layers that are not named count too."),
    (_all_by_product, "You divide the whole time by the factors. A factor shortens its own layer "
     "only."),
    (lambda shares, factors: time_left(shares, factors) / len(shares),
     "You take the mean over the layers. They run one after another: their times add up."),
    (_times, "You multiply by the factor: 4 times faster is a quarter of the time."),
    (_weighted_factor, "You average the factors by share and divide by that. Each layer's time is "
     "divided by its own factor first; then comes the sum."),
    (lambda shares, factors: 100 * time_left(shares, factors),
     "That is in percent; a share is asked for: 0.8, not 80."),
)  # fmt: skip

NETWORKS = (
    ({"conv1": 0.5, "conv2": 0.25, "fc1": 0.25}, {"conv2": 2, "fc1": 5}),
    ({"conv": 0.75, "pool": 0.25}, {"conv": 4}),
    ({"conv1": 0.2, "pool1": 0.5, "conv2": 0.3}, {}),
    ({"conv1": 0.2, "pool1": 0.5, "conv2": 0.3}, {"pool1": math.inf}),
    ({"conv1": 0.2, "pool1": 0.5, "conv2": 0.3}, {"conv1": 0.5, "pool1": 3}),
)
"""Several layers, one, none, one for nothing, and one that gets slower."""


@exercise(
    "4.3.1",
    title="what a faster layer is worth",
    minutes=8,
    difficulty=1,
    solution=time_left,
    hints=(
        "A layer that takes 0.5 of the time and gets 4 times faster takes 0.5 / 4 = 0.125 from "
        "then on. The other half of the time stays.",
        "Go through all of `shares`. `factors.get(layer, 1)` is 1 for a layer without a factor.",
        ("KeyError", "Not every layer of `shares` stands in `factors`: `factors.get(layer, 1)`."),
    ),
)
def _(answer):
    return agree(answer, time_left, *NETWORKS, tolerance=1e-6, slips=TIMES)


# ---- 4.3.2


def hidden_loss(before, after, labels):
    classes = labels.unique()
    of = [labels == one for one in classes]
    change = torch.stack([
        (after[one] == labels[one]).float().mean() - (before[one] == labels[one]).float().mean()
        for one in of
    ])  # fmt: skip
    worst = change.argmin()
    return classes[worst].item(), change[worst].item()


def _by(change, pick=torch.argmin):
    """Another number for each class, or another class chosen."""

    def wrong(before, after, labels):
        classes = labels.unique()
        values = torch.stack([torch.as_tensor(change(before, after, labels, one)).float()
                              for one in classes])  # fmt: skip
        place = pick(values)
        return classes[place].item(), values[place].item()

    return wrong


def _recall(answers, labels, one):
    return (answers[labels == one] == one).float().mean()


def _change(before, after, labels, one):
    return _recall(after, labels, one) - _recall(before, labels, one)


def _precision(answers, labels, one):
    said = answers == one
    return (labels[said] == one).float().sum() / max(int(said.sum()), 1)


LOSSES = (
    (_by(lambda b, a, y, one: -_change(b, a, y, one), torch.argmax),
     "The sign is turned round: the change is after − before, negative for a loss."),
    (_by(_change, torch.argmax), "That is the class that *won* the most."),
    (_by(lambda b, a, y, one: ((a == y) & (y == one)).float().mean()
         - ((b == y) & (y == one)).float().mean()),
     "You divide by *all* images. Divide by the images of the class: it is the class's accuracy "
     "that changes."),
    (_by(lambda b, a, y, one: ((a == y) & (y == one)).sum() - ((b == y) & (y == one)).sum()),
     "That is a number of images. The change in the class's accuracy is asked for: divide by how "
     "many images the class has."),
    (_by(lambda b, a, y, one: _recall(a, y, one)),
     "That is the class of lowest accuracy *after*. It may have been the lowest before: compare "
     "the two."),
    (_by(lambda b, a, y, one: _precision(a, y, one) - _precision(b, y, one)),
     "You look at the images that were *called* the class. Take those whose label it is."),
    (_by(lambda b, a, y, one: _change(b, a, y, one) / _recall(b, y, one)),
     "You divide the change by the accuracy before. The difference alone is asked for."),
    (lambda b, a, y: (hidden_loss(b, a, y)[0], float((a == y).sum() - (b == y).sum()) / len(y)),
     "The class is right; but the change is that of *all* images. Take the class's own."),
    (_by(lambda b, a, y, one: (a[y == one] == b[y == one]).float().mean()),
     "You count changed answers. An answer may change from wrong to right."),
    (_by(lambda b, a, y, one: (a == one).float().mean() - (b == one).float().mean()),
     "You count how often the class is answered, right or wrong."),
    (lambda b, a, y: hidden_loss(b, a, y)[::-1], "Class and change are exchanged: the class comes "
     "first."),
    (lambda b, a, y: (hidden_loss(b, a, y)[0], 100 * hidden_loss(b, a, y)[1]),
     "The change is in points; a share is asked for: −0.05, not −5."),
)  # fmt: skip


def _answers(seed: int, sizes: tuple[int, ...]) -> tuple[torch.Tensor, ...]:
    """Answers before and after, and labels: classes of unequal size, made so that slips differ."""
    generator = torch.Generator().manual_seed(seed)
    labels = torch.cat([torch.full((count,), one) for one, count in enumerate(sizes)])
    labels = labels[torch.randperm(len(labels), generator=generator)]
    kept = 0.3 + 0.65 * torch.rand(2, len(sizes), generator=generator)
    draws = torch.rand(2, len(labels), generator=generator)
    steps = torch.randint(1, len(sizes), (len(labels),), generator=generator)
    other = (labels + steps) % len(sizes)
    before, after = (torch.where(d < k[labels], labels, other)
                     for d, k in zip(draws, kept, strict=True))  # fmt: skip
    return before, after, labels


CASES = ((1, (60, 20, 90, 35, 47)), (1, (40, 40, 40)), (0, (25, 0, 60, 40, 19)))
"""Seed and images of each class; in the last, one class has none."""


@exercise(
    "4.3.2",
    title="the class that pays",
    minutes=10,
    difficulty=2,
    solution=hidden_loss,
    hints=(
        "For one class c: `of = labels == c` marks its images; `(after[of] == c).float().mean()` "
        "is the share of them that is right.",
        "Do that for every class in `labels.unique()`, before and after, and subtract.",
        "`change.argmin()` is the place of the most negative change.",
        ("nan", "A class without images has no accuracy. `labels.unique()` lists only classes "
         "that occur."),
    ),
)  # fmt: skip
def _(answer):
    for seed, sizes in CASES:
        if remark := _loss_remark(answer, *_answers(seed, sizes)):
            return remark
    return None


def _loss_remark(answer, before, after, labels) -> str | None:
    given = before.clone(), after.clone(), labels.clone()
    got = _pair(answer(*given))
    if not all(map(torch.equal, given, (before, after, labels))):
        return "Your function changed its input; work with new tensors."
    if isinstance(got, str):
        return got
    wanted = hidden_loss(before, after, labels)
    where = f"for {len(labels)} images of {len(labels.unique())} classes"
    if math.isnan(got[1]):
        return "The change is nan: a class without images has no accuracy. Leave it out."
    for wrong, words in LOSSES:
        if _near(got, wrong(before, after, labels)) and not _near(got, wanted):
            return words
    if got[0] not in labels.tolist():
        return f"No label is {got[0]:g}: leave classes without images out."
    if _near(got, (labels.unique().tolist().index(wanted[0]), wanted[1])) and got[0] != wanted[0]:
        return "You return a place in the list of classes that occur. Return the class there."
    named = expect(got[0], wanted[0], f"as the class, {where}")
    return named or expect(got[1], wanted[1], f"as the change, {where}", tolerance=1e-4)


def _pair(got: Any) -> tuple[float, float] | str:
    """The class and the change as numbers, or the remark on something else."""
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    got = got.tolist() if hasattr(got, "tolist") else got
    if not isinstance(got, (tuple, list)) or len(got) != 2:
        return "Two things are asked for: `return the_class, the_change`."
    try:
        return tuple(float(torch.as_tensor(one)) for one in got)
    except (TypeError, ValueError, RuntimeError):
        return "Both must be single numbers: the class, and the change of its accuracy."


def _near(got, other) -> bool:
    return all(abs(a - float(b)) < 1e-4 for a, b in zip(got, other, strict=True))
