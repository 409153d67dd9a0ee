"""Exercises of lesson 3.6: can a simple model stand in for a complicated one?"""

import torch

from course_utils import fusion
from course_utils.exercises import agree, exercise

# ---- 3.6.1


def fresh_r2(weights, intercept, masks, scores, nearness):
    error = (nearness * (scores - intercept - masks @ weights) ** 2).sum()
    mean = (nearness * scores).sum() / nearness.sum()
    spread = (nearness * (scores - mean) ** 2).sum()
    return 1 - error / spread


def _r2(*, intercept=1, counted=(True, True), mean="scores", power=2, turned=False, share=False,
        upside=False, before=False):  # fmt: skip
    """R² with one thing wrong."""

    def wrong(weights, a, masks, scores, nearness):
        above, below = (nearness if some else torch.ones_like(nearness) for some in counted)
        line = intercept * a + masks @ weights
        middle = {
            "scores": (below * scores).sum() / below.sum(), "plain": scores.mean(), "none": 0.0,
            "line": (below * line).sum() / below.sum(), "line, plain": line.mean(),
            "not divided": (below * scores).mean(), "both": (nearness * scores).sum()
            / nearness.sum(),
        }[mean]  # fmt: skip
        missed, whole = scores - line, scores - middle
        if before:  # weighted, and then squared
            missed, whole = missed * above, whole * below
            above = below = 1
        ratio = (above * missed.abs() ** power).sum() / (below * whole.abs() ** power).sum()
        if upside:
            return 1 - 1 / ratio
        return 100 * (1 - ratio) if share else ratio if turned else 1 - ratio

    return wrong


def _correlated(weights, intercept, masks, scores, nearness):
    line, share = intercept + masks @ weights, nearness / nearness.sum()
    a, b = line - share @ line, scores - share @ scores
    return (share @ (a * b)) ** 2 / ((share @ a**2) * (share @ b**2))


def _refitted(weights, intercept, masks, scores, nearness):
    x = torch.cat([masks, torch.ones(len(masks), 1, dtype=masks.dtype)], 1)
    root = nearness.sqrt()[:, None]
    line = torch.linalg.lstsq(root * x, root * scores[:, None]).solution[:, 0]
    return fresh_r2(line[:-1], line[-1], masks, scores, nearness)


def _explained(weights, intercept, masks, scores, nearness):
    line, share = intercept + masks @ weights, nearness / nearness.sum()
    a, b = line - share @ line, scores - share @ scores
    return (share @ a**2) / (share @ b**2)


R2S = (
    (_r2(intercept=0), "The line's intercept is missing."),
    (_r2(intercept=-1), "The line is intercept *plus* masks @ weights."),
    (_r2(counted=(False, False)), "All samples count alike here: weight each square by "
     "`nearness`, in the error and in the spread."),
    (_r2(counted=(True, False), mean="both"), "The error is weighted by `nearness`, the spread is "
     "not: weight both."),
    (_r2(counted=(True, False), mean="plain"), "The error is weighted by `nearness`, the spread is "
     "not: weight both."),
    (_r2(counted=(False, True)), "The spread is weighted by `nearness`, the error is not: weight "
     "both."),
    (_r2(before=True), "Square the differences first, then weight the squares; `nearness` itself "
     "is not squared."),
    (_r2(upside=True), "Your fraction is upside down: the error stands above, the spread below."),
    (_r2(mean="not divided"), "A weighted mean is divided by the *sum of the weights*, not by "
     "the number of samples."),
    (_r2(mean="plain"), "The mean of the scores must be weighted by `nearness`, too."),
    (_r2(mean="none"), "The spread is taken around the mean of the scores, not around 0."),
    (_r2(mean="line"), "The spread is taken around the mean of the *scores*, not of the line."),
    (_r2(mean="line, plain"), "The spread is taken around the mean of the *scores*, not of the "
     "line."),
    (_r2(power=1), "Square the differences; absolute values are another measure."),
    (_r2(turned=True), "That is the share that the line misses: take it from 1."),
    (_r2(share=True), "A share is asked for, not percent: 1 for a perfect line."),
    (lambda w, a, m, y, n: torch.corrcoef(torch.stack([a + m @ w, y]))[0, 1] ** 2, "That is a "
     "squared correlation. It forgives a line whose amounts are wrong, and can never be below 0."),
    (_correlated, "That is a squared correlation. It forgives a line whose amounts are wrong, and "
     "can never be below 0."),
    (lambda w, a, m, y, n: (n * (a + m @ w - (n @ y) / n.sum()) ** 2).sum()
     / (n * (y - (n @ y) / n.sum()) ** 2).sum(), "That divides the line's own spread by the "
     "scores'. It rewards a line for moving, right or wrong."),
    (_explained, "That divides the line's own spread by the scores'. It rewards a line for moving, "
     "right or wrong."),
    (_refitted, "You fitted a new line to the fresh masks. Judge the one that was given."),
    (lambda w, a, m, y, n: max(fresh_r2(w, a, m, y, n), torch.tensor(0.0)),
     "R² can be below 0, and that is the point: the line is then worse than a constant."),
    (lambda w, a, m, y, n: fresh_r2(w, a, m, y, n**2), "`nearness` is the weight already: do not "
     "square it."),
    (lambda w, a, m, y, n: fresh_r2(w, a, m, y, n.sqrt()), "`nearness` is the weight already: no "
     "root of it is needed, since nothing is fitted."),
    (lambda w, a, m, y, n: 1 - (n * (y - a - m @ w) ** 2).sum() / n.sum(), "The error must be "
     "divided by the spread of the scores, not by the sum of the weights."),
    (lambda w, a, m, y, n: 1 - (n * (y - a - m @ w) ** 2).mean()
     / ((n * (y - (n @ y) / n.sum()) ** 2).sum() / n.sum()),
     "Error and spread must be summed alike: one of them is divided by a number that the other "
     "is not."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _case(samples, features, *, bend, seed, shift=0.0):
    """A line, fresh masks, and scores that it meets but for a bend and a shift."""
    chance = torch.Generator().manual_seed(seed)
    weights = torch.randn(features, generator=chance, dtype=torch.float64)
    masks = torch.randint(0, 2, (samples, features), generator=chance).double()
    noise = torch.randn(samples, generator=chance, dtype=torch.float64)
    near = torch.rand(samples, generator=chance, dtype=torch.float64) + 0.05
    scores = 1.5 + masks @ weights + shift + bend * noise
    return weights, torch.tensor(1.5, dtype=torch.float64), masks, scores, near


R2_CASES = (
    _case(12, 3, bend=0.5, seed=0),
    _case(30, 4, bend=0.2, seed=1, shift=0.3),
    _case(20, 2, bend=3.0, seed=2, shift=-4.0),  # worse than a constant
)


@exercise(
    "3.6.1",
    title="R² on fresh masks",
    minutes=10,
    difficulty=2,
    solution=fresh_r2,
    hints=(
        "What does the line say? `intercept + masks @ weights`, one number a sample.",
        "Both sums, of the error and of the spread, are of squares, and each square counts "
        "`nearness`.",
        ("my R² is negative", "It may be: a line can be worse than the constant mean."),
    ),
)
def _(answer):
    return agree(answer, fresh_r2, *R2_CASES, slips=R2S)


# ---- 3.6.2


def enough(explain, goal, start=50, most=5000):
    samples = start
    while samples <= most:
        one, other = (torch.as_tensor(explain(samples, seed))[None] for seed in (0, 1))
        if fusion.agreement(one, other).item() >= goal:
            return samples
        samples *= 2
    return None


def _doubled(*, grow=lambda samples, start: 2 * samples, seeds=(0, 1), alike=None, last=None,
             past=False, edge=False, strict=False, late=False):  # fmt: skip
    """The search with one thing wrong."""

    def wrong(explain, goal, start=50, most=5000):
        samples = start
        while samples < most or (samples == most and not edge):
            one, other = (torch.as_tensor(explain(samples, seed)).double() for seed in seeds)
            rho = (alike or _rank)(one, other)
            found = rho > goal or (rho == goal and not strict)
            if found and not late:
                return samples
            samples = grow(samples, start)
            if found:
                return samples
        return samples if past else last(samples, most) if last else None

    return wrong


def _rank(one, other):
    return fusion.agreement(one[None], other[None]).item()


def _pearson(one, other):
    return torch.corrcoef(torch.stack([one, other]))[0, 1].item()


def _kendall(one, other):
    from scipy.stats import kendalltau

    return float(kendalltau(one, other).statistic)


def _sizes(one, other):
    return _rank(one.abs(), other.abs())


def _against_the_last(explain, goal, start=50, most=5000):
    samples = start
    while 2 * samples <= most:
        pair = (torch.as_tensor(explain(n, 0)).double() for n in (samples, 2 * samples))
        if _rank(*pair) >= goal:
            return 2 * samples
        samples *= 2
    return None


def _past_most(explain, goal, start=50, most=5000):
    while start < most and _rank(*(torch.as_tensor(explain(start, s)).double() for s in (0, 1))) < (
        goal
    ):
        start *= 2
    return start


def _doubled_first(explain, goal, start=50, most=5000):
    while start <= most:
        start *= 2
        if _rank(*(torch.as_tensor(explain(start, s)).double() for s in (0, 1))) >= goal:
            return start
    return None


def _half(explain, goal, start=50, most=5000):
    samples, rho = start, -2.0
    while samples <= most and rho < goal:
        rho = _rank(*(torch.as_tensor(explain(samples, s)).double() for s in (0, 1)))
        samples *= 2
    return samples // 2


def _rho_itself(explain, goal, start=50, most=5000):
    samples = enough(explain, goal, start, most)
    if samples is None:
        return None
    return _rank(*(torch.as_tensor(explain(samples, seed)).double() for seed in (0, 1)))


ENOUGH = (
    (_doubled(seeds=(0, 0)), "You compare a seed with itself: that is always 1."),
    (_doubled(seeds=(1, 2)), "The seeds to compare are 0 and 1."),
    (_doubled(seeds=(0, 1), alike=_pearson), "That is the plain correlation. Rank the weights "
     "first, or use `fusion.agreement`."),
    (_doubled(alike=_sizes), "Signs count: rank the weights as they are, not their sizes."),
    (_doubled(alike=lambda a, b: abs(_rank(a, b))), "A ρ of −1 is the opposite order, no "
     "agreement: compare ρ itself, not its size."),
    (_doubled(alike=lambda a, b: _pearson(a.argsort().double(), b.argsort().double())), "`argsort` "
     "gives places, not ranks: take it twice, or use `fusion.agreement`."),
    (_doubled(alike=_kendall), "That is Kendall's τ. The course's ρ is Spearman's: use "
     "`fusion.agreement`."),
    (_doubled(late=True), "You double once more before you return."),
    (_past_most, "When nothing up to `most` is enough, return None: your loop ends there and "
     "returns its last number."),
    (_half, "When nothing up to `most` is enough, return None: your loop ends there and returns "
     "its last number."),
    (_doubled_first, "`start` itself must be tried first."),
    (_doubled(grow=lambda samples, start: samples + start), "You add `start` each time. Double "
     "the samples instead."),
    (_doubled(past=True), "When nothing up to `most` is enough, return None."),
    (_doubled(last=lambda samples, most: most), "When nothing up to `most` is enough, return None, "
     "not `most`."),
    (_doubled(edge=True), "`most` itself may be tried as well."),
    (_doubled(strict=True), "At *least* goal: a ρ equal to the goal is enough."),
    (lambda explain, goal, start=50, most=5000: enough(explain, goal, 2 * start, most),
     "`start` itself must be tried first."),
    (lambda explain, goal, start=50, most=5000: enough(explain, goal, start, 2 * most),
     "No more than `most` samples may be asked for."),
    (lambda explain, goal, start=50, most=5000: enough(explain, goal),
     "Use the `start` and `most` that are given."),
    (lambda explain, goal, start=50, most=5000: enough(explain, goal, start),
     "Use the `most` that is given."),
    (_against_the_last, "You compare a run with the next longer one. Compare two seeds with as "
     "many samples each."),
    (_rho_itself, "That is ρ. How many samples did it take?"),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


class Explainer:
    """A function with a name that a remark can tell."""

    def __init__(self, explain, name):
        self.explain, self.name = explain, name

    def __call__(self, samples, seed):
        if seed not in (0, 1, 2):
            raise ValueError(f"explain(samples, seed): seed is 0 or 1 here; got {seed}")
        return self.explain(samples, seed)

    def __repr__(self):
        return self.name


def noisy(*, ranks=(3.0, 1.0, -2.0, 0.5, -1.0, 2.0), noise=30.0, skew=1):
    """An explainer whose weights are right but for noise that falls with the samples."""

    def explain(samples, seed):
        chance = torch.Generator().manual_seed(1000 * int(samples) + int(seed))
        drawn = torch.randn(len(ranks), generator=chance, dtype=torch.float64)
        return (torch.tensor(ranks, dtype=torch.float64) + noise * drawn / samples**0.5) ** skew

    return Explainer(explain, "a noisy explainer")


def by_table(found):
    """An explainer with a list of weights for each (samples, seed); others are refused."""

    def explain(samples, seed):
        first, second = found.get(int(samples), ((1.0, 2, 3, 4), (1.0, 2, 3, 4)))
        return torch.tensor((first, second, (4.0, 3, 2, 1))[int(seed)], dtype=torch.float64)

    apart = ", ".join(map(str, found)) or "none"
    return Explainer(explain, f"an explainer whose seeds differ at {apart} samples")


STRAIGHT, TURNED = (1.0, 2.0, 3.0, 4.0), (4.0, 3.0, 2.0, 1.0)
SIGNS = (-1.0, 2.0, -3.0, 4.0), (1.0, 2.0, 3.0, 4.0)
MIXED = (2.0, 4.0, 1.0, 3.0)  # ρ to STRAIGHT is exactly 0, in any arithmetic
FAR = (1.0, 2.0, 3.0, 400.0)  # the same order
NO = (STRAIGHT, TURNED)
CASES = (
    (by_table({10: NO, 20: NO}), 0.9, 10, 100),
    (by_table({10: NO, 20: NO, 40: NO, 80: NO}), 0.9, 10, 100),  # 160 would do, and is too many
    (by_table({10: NO, 20: NO, 30: NO}), 0.9, 10, 40),  # the last one that may be tried
    (by_table({10: (STRAIGHT, FAR), 20: NO}), 0.95, 10, 20),
    (by_table({10: SIGNS}), 0.9, 10, 40),
    (by_table({8: (STRAIGHT, MIXED)}), 0.0, 8, 40),
    (by_table({8: (STRAIGHT, (1.0, 2.0, 4.0, 3.0))}), 0.7, 8, 40),  # ρ 0.8, Kendall's τ 0.67
    (by_table({}), 0.9, 10, 40),
    (by_table(dict.fromkeys((10, 20, 40, 80, 160), NO)), 0.9, 10, 80),
    (noisy(), 0.9),
    (noisy(noise=60.0), 0.95, 25, 800),
)  # fmt: skip
"""Explainers, goals, first and largest numbers of samples."""


@exercise(
    "3.6.2",
    title="how many samples are enough?",
    minutes=15,
    difficulty=3,
    solution=enough,
    hints=(
        "A loop: explain with seed 0 and with seed 1, compare, double.",
        "`fusion.agreement(a[None], b[None]).item()` is the rank correlation of two lists of "
        "weights (`from course_utils import fusion`); `scipy.stats.spearmanr` does it, too.",
        ("it never ends", "Stop when the number of samples is larger than `most`: return None."),
    ),
)
def _(answer):
    return agree(answer, enough, *CASES, slips=ENOUGH, tolerance=0)
