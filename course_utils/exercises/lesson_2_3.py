"""Exercises of lesson 2.3: is a smaller network a clearer one?"""

import torch

from course_utils.exercises import agree, exercise, expect

# ---- 2.3.1


def spearman(a, b):
    def ranks(x):
        smaller = (x[:, None] > x).sum(1)
        equal = (x[:, None] == x).sum(1) - 1  # besides itself
        return smaller + equal / 2

    a, b = (ranks(x) - ranks(x).mean() for x in (a, b))
    scale = a.norm() * b.norm()
    return ((a * b).sum() / scale).item() if scale > 0 else 0.0


def _correlate(a, b):
    a, b = (x.double() - x.double().mean() for x in (a, b))
    scale = a.norm() * b.norm()
    return ((a * b).sum() / scale).item() if scale > 0 else 0.0


def _by(rank):
    """The correlation of two maps whose ranks are made so."""
    return lambda a, b: _correlate(rank(a), rank(b))


def _places(x):
    return x.argsort(stable=True).argsort(stable=True)


def _lowest(x):
    return (x[:, None] > x).sum(1)


def _highest(x):
    return (x[:, None] >= x).sum(1)


def _dense(x):
    return x.unique(return_inverse=True)[1]


def _shortcut(a, b):
    """The formula of the school books, for ranks without ties."""
    one, other = (_lowest(x) + (_highest(x) - _lowest(x) - 1) / 2 for x in (a, b))
    n = len(a)
    return 1 - 6 * ((one - other) ** 2).sum().item() / (n * (n**2 - 1))


def _no_zero(a, b):
    one, other = (_lowest(x) + (_highest(x) - _lowest(x) - 1) / 2 for x in (a, b))
    one, other = one - one.mean(), other - other.mean()
    return ((one * other).sum() / (one.norm() * other.norm())).item()


def _uncentred(a, b):
    one, other = ((_lowest(x) + _highest(x) - 1) / 2 for x in (a, b))
    scale = one.norm() * other.norm()
    return (one * other).sum().item() / scale.item() if scale > 0 else 0.0


def _covariance(a, b):
    one, other = ((_lowest(x) + _highest(x) - 1) / 2 for x in (a, b))
    return ((one - one.mean()) * (other - other.mean())).mean().item()


def _absolute(a, b):
    return spearman(a.abs(), b.abs())


RANKS = (
    (_correlate, "That correlates the values themselves (Pearson). Replace them by ranks first: "
     "one very bright pixel must not decide alone."),
    (_by(lambda x: x.argsort(stable=True)), "`argsort` once gives *where* the lowest value stands, "
     "not the rank of each value. Sort that order once more, or count smaller values."),
    (_by(_places), "Ties are ignored: equal values get different ranks, by where they stand. They "
     "must share the mean of their places."),
    (_by(_lowest), "Equal values share the *lowest* of their places; the mean is wanted: add half "
     "of how many others are equal."),
    (_by(_highest), "Equal values share the *highest* of their places; the mean is wanted."),
    (_by(_dense), "You number the different values: a value that stands ten times takes up one "
     "place. It takes ten; equal values share the mean of them."),
    (_shortcut, "The formula with 6 Σ d² holds only without ties. Correlate the ranks instead."),
    (_no_zero, "A constant map has no order: the scale is 0, and 0 / 0 is not a number. Return 0."),
    (_covariance, "That is not divided by the size of both rank vectors; it must end between −1 "
     "and 1."),
    (_uncentred, "The mean is still in the ranks. Subtract it from both before you multiply."),
    (_absolute, "The signs are lost. A pixel that speaks against the class is the *lowest*."),
    (lambda a, b: -spearman(a, b), "The sign is turned round: the same order must give 1."),
)  # fmt: skip


MAPS = (
    ([0.1, 0.5, 0.2, 9.0], [2.0, -3.0, 1.0, 4.0]),
    ([0.3, 0.3, -1.0, 2.0, 0.3, -0.2], [1.0, 0.5, 0.5, 0.7, -2.0, -2.0]),
    ([4.0, 4.0, 1.0, 0.0, -3.0, 4.0, 1.0], [1.0, 0.0, 5.0, 2.0, -5.0, 3.0, 3.0]),
    ([0.0, 0.0, 0.0, 0.5, 0.0, -0.5], [-0.1, 0.2, 0.0, 0.0, 0.0, 0.0]),
    ([2.0, 2.0, 2.0], [1.0, 2.0, 3.0]),
    ([1.0, 2.0, 5.0], [0.0, 0.0, 0.0]),
)
"""Without ties, with ties in one and in both, mostly ties, constant; the orders differ."""


@exercise(
    "2.3.1",
    title="ranks with ties",
    minutes=10,
    difficulty=2,
    solution=spearman,
    hints=(
        "First ranks. How many values are smaller than this one? `(x[:, None] > x).sum(1)` counts "
        "that for all at once.",
        "If three equal values take the places 4, 5 and 6, each gets 5. That is the count of "
        "smaller values, 4, plus half of the count of *other* equal values, 2 / 2.",
        "Then subtract the mean from both rank vectors, multiply, sum, and divide by the product "
        "of their norms; if that product is 0, return 0.",
        (
            "mean(): could not infer output dtype",
            "Counts are whole numbers. `.double()` or `/ 2` turns them into floats.",
        ),
    ),
)
def _(answer):
    cases = [tuple(torch.tensor(x) for x in pair) for pair in MAPS]
    return agree(answer, spearman, *cases, tolerance=1e-4, slips=RANKS)


# ---- 2.3.2


def least_useful(activations, gradients, count):
    scores = (activations * gradients).sum((2, 3)).abs().mean(0)
    return scores.argsort()[:count]


def _lowest_by(score):
    """The filters that another score would name."""
    return lambda a, g, count: score(a, g).argsort()[:count]


FILTERS = (
    (_lowest_by(lambda a, g: (a * g).mean((0, 2, 3))),
     "The sign is kept: a filter whose silence would *move* the loss far down looks useless. Take "
     "the absolute value of each image's sum."),
    (_lowest_by(lambda a, g: (a * g).sum((2, 3)).mean(0).abs()),
     "The absolute value comes too late. Over the images, a filter that helps one class and harms "
     "another cancels itself; take `abs` before the mean over images."),
    (_lowest_by(lambda a, g: (a * g).abs().mean((0, 2, 3))),
     "The absolute value comes too early: silence one filter and all its places go together, so "
     "sum over the places first."),
    (_lowest_by(lambda a, g: a.abs().sum((2, 3)).mean(0)),
     "Those are the filters of smallest activation. A loud filter may not matter: the gradient is "
     "missing."),
    (_lowest_by(lambda a, g: g.abs().sum((2, 3)).mean(0)),
     "Only the gradient counts there. A filter that is hardly ever active can go, however steep "
     "the loss: multiply by the activation."),
    (_lowest_by(lambda a, g: g.sum((2, 3)).abs().mean(0)),
     "Only the gradient counts there; multiply by the activation."),
    (_lowest_by(lambda a, g: (a.sum((2, 3)) * g.sum((2, 3))).abs().mean(0)),
     "You sum over the places before multiplying; multiply place by place, then sum."),
    (_lowest_by(lambda a, g: ((a * g).sum((2, 3)) ** 2).mean(0)),
     "You square; the formula takes absolute values, so that no single image weighs most."),
    (_lowest_by(lambda a, g: (a.mean(0) * g.mean(0)).sum((1, 2)).abs()),
     "You average over the images before multiplying; each image has its own product and its own "
     "absolute value, and the mean comes last."),
    (lambda a, g, count: (a * g).sum((2, 3)).abs().mean(0).argsort(descending=True)[:count],
     "Those are the filters with the *highest* scores: they would be missed most."),
    (lambda a, g, count: (a * g).sum((2, 3)).abs().mean(0).argsort()[count:],
     "Those are the filters that stay. Return the ones that may go."),
    (lambda a, g, count: (a * g).sum((2, 3)).abs().mean(0).sort().values[:count],
     "Those are scores; their *indices* are wanted: `argsort`."),
    (lambda a, g, count: (a * g).sum((2, 3)).abs().mean(0),
     "Those are the scores of all filters. Which `count` of them are the lowest?"),
)  # fmt: skip


def _tensors(seed, images, filters, side):
    """Activations after a ReLU and gradients, made so that the slips choose other filters."""
    generator = torch.Generator().manual_seed(seed)
    loud = torch.rand(1, filters, 1, 1, generator=generator) * 2
    a = torch.randn(images, filters, side, side, generator=generator).relu() * loud
    tilt = torch.randn(images, filters, 1, 1, generator=generator)
    g = torch.randn(images, filters, side, side, generator=generator) / 2 + tilt
    return a, g / (loud + 0.2)


CASES = ((32, 6, 12, 3, 5), (1, 9, 13, 4, 5), (2, 5, 6, 2, 1))
"""Seed, images, filters, side, count; in the first, no two slips choose the same filters."""


@exercise(
    "2.3.2",
    title="which filters may go?",
    minutes=8,
    difficulty=2,
    solution=least_useful,
    hints=(
        "Follow the formula from inside: multiply, sum over the places (the last two axes), "
        "absolute value, mean over the images (the first axis).",
        "`.sum((2, 3))` sums over two axes at once. The scores that remain are one a filter.",
        "`scores.argsort()` lists the filters from the lowest score to the highest; take the "
        "first `count`.",
    ),
)
def _(answer):
    for seed, images, filters, side, count in CASES:
        a, g = _tensors(seed, images, filters, side)
        if remark := _filters_remark(answer, a, g, count):
            return remark
    return None


def _filters_remark(answer, a, g, count) -> str | None:
    kept = a.clone(), g.clone()
    got = answer(a, g, count)
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    if not (torch.equal(a, kept[0]) and torch.equal(g, kept[1])):
        return "Your function changed its input; work with new tensors."
    got = torch.as_tensor(sorted(got) if isinstance(got, set) else got)
    wanted = least_useful(a, g, count)
    where = f"for {len(a)} images, {a.shape[1]} filters and a count of {count}"
    if got.dtype == torch.bool:
        return f"True and false came; the indices of the {count} filters are wanted."
    if got.dim() == 1 and not got.is_floating_point() and set(got.tolist()) == set(wanted.tolist()):
        return expect(got.sort().values, wanted.sort().values, where)
    for wrong, words in FILTERS:
        if _same(got, wrong(a, g, count)):
            return words
    return expect(got, wanted, where)


def _same(got, wrong) -> bool:
    """Equal values, or for indices the same set in any order."""
    if got.shape != wrong.shape:
        return False
    if got.is_floating_point() or wrong.is_floating_point():
        return torch.allclose(got.double(), wrong.double(), atol=1e-6)
    return sorted(got.tolist()) == sorted(wrong.tolist())
