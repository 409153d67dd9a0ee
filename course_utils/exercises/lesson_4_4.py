"""Exercises of lesson 4.4: does a teacher help?"""

import math
from statistics import fmean, pstdev, stdev

from course_utils.exercises import agree, exercise, formed

# ---- 4.4.1


def gain(alone, taught):
    gains = [after - before for before, after in zip(alone, taught, strict=True)]
    return fmean(gains), stdev(gains) / math.sqrt(len(gains))


def _from_gains(mean=fmean, error=None):
    """A mean and an error of the seeds' gains, one of them worked out by another rule."""
    error = error or (lambda gains: stdev(gains) / math.sqrt(len(gains)))

    def wrong(alone, taught):
        gains = [after - before for before, after in zip(alone, taught, strict=True)]
        return mean(gains), error(gains)

    return wrong


def _apart(alone, taught):
    """The error of two groups that have nothing to do with each other."""
    of_means = [stdev(one) ** 2 / len(one) for one in (alone, taught)]
    return fmean(taught) - fmean(alone), math.sqrt(sum(of_means))


def _turned(alone, taught):
    mean, error = gain(taught, alone)
    return mean, error


def _percent(alone, taught):
    mean, error = gain(alone, taught)
    return 100 * mean, 100 * error


def _ratio(alone, taught):
    ratios = [after / before - 1 for before, after in zip(alone, taught, strict=True)]
    return fmean(ratios), stdev(ratios) / math.sqrt(len(ratios))


def _median(gains):
    ordered, half = sorted(gains), len(gains) // 2
    return ordered[half] if len(gains) % 2 else (ordered[half - 1] + ordered[half]) / 2


def _taught_alone(alone, taught):
    """The spread of the taught accuracies instead of the gains'."""
    return gain(alone, taught)[0], stdev(taught) / math.sqrt(len(taught))


def _swapped(alone, taught):
    mean, error = gain(alone, taught)
    return error, mean


def _unsigned(alone, taught):
    mean, error = gain(alone, taught)
    return abs(mean), error


GAINS = (
    (_taught_alone, "Your error is that of the taught accuracies. Take the spread of the gains, "
     "start by start."),
    (_swapped, "The two numbers are in the wrong order: first the mean gain, then its error."),
    (_unsigned, "The sign is lost: a teacher that harms has a negative gain."),
    (_from_gains(error=lambda g: stdev(g) * math.sqrt(len(g))), "You multiply by √n; the error of "
     "a mean shrinks with more seeds: divide."),
    (_from_gains(mean=sum), "The first number is the sum of the gains; divide by their number."),
    (_from_gains(error=stdev), "Your error is the spread of single gains. The *mean* of n gains "
     "wavers less: divide by √n."),
    (_from_gains(error=lambda g: pstdev(g) / math.sqrt(len(g))), "The spread divides by n here; "
     "with few seeds that is too small. Divide by n − 1 (`statistics.stdev`, not `pstdev`)."),
    (_from_gains(error=lambda g: pstdev(g)), "Divide by n − 1 in the spread (`statistics.stdev`), "
     "and the spread by √n: it is the error of a mean."),
    (_from_gains(error=lambda g: stdev(g) / len(g)), "You divide by n; the error of a mean falls "
     "with √n."),
    (_from_gains(error=lambda g: stdev(g) ** 2 / len(g)), "That is the square of the error: take "
     "its root."),
    (_from_gains(error=lambda g: stdev(g) / math.sqrt(len(g) - 1)), "n − 1 belongs into the "
     "spread, and `stdev` has it there already; then divide by √n."),
    (_from_gains(error=lambda g: max(g) - min(g)), "That is the range of the gains. It grows with "
     "every seed; the error of the mean shrinks."),
    (_from_gains(error=lambda g: 1.96 * stdev(g) / math.sqrt(len(g))), "That is half of a 95 % "
     "interval. Return one standard error."),
    (_from_gains(error=lambda g: 2 * stdev(g) / math.sqrt(len(g))), "That is two standard errors; "
     "return one."),
    (_apart, "Your error treats the two lists as strangers. Seed by seed the students share their "
     "start: take the difference first, then the spread of the differences."),
    (_turned, "The sign is turned round: a gain is taught minus alone."),
    (_percent, "Shares went in, percentage points came out. Return shares."),
    (_ratio, "You divide by the accuracy alone. A gain in points is a difference."),
    (_from_gains(mean=_median), "The first number is the median; the mean is asked for."),
    (_from_gains(mean=max), "The first number is the best seed's gain. That is choosing the "
     "winner; take the mean."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

ACCURACIES = (
    ([0.80, 0.78, 0.79, 0.81, 0.77], [0.83, 0.82, 0.81, 0.85, 0.80]),
    ([0.871, 0.862, 0.866], [0.870, 0.851, 0.868]),
    ([0.5, 0.7, 0.6, 0.9], [0.55, 0.85, 0.61, 0.92]),
    ([0.25, 0.5], [0.75, 0.625]),
)


def _paired(found):
    """Two numbers in an array or a tensor as a pair."""
    return tuple(found.tolist()) if getattr(found, "shape", None) == (2,) else found


@exercise(
    "4.4.1",
    title="a gain and its error",
    minutes=10,
    difficulty=2,
    solution=gain,
    hints=(
        "Student k alone and student k taught began with the same weights. So the k-th numbers of "
        "the two lists belong together: begin with their differences.",
        "The spread of the differences divides by n − 1 (`statistics.stdev`). The error of their "
        "mean is that spread / √n.",
        ("My error is too large", "Either √n is missing, or the two lists were treated as if they "
         "had nothing in common."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _paired), gain, *ACCURACIES, tolerance=1e-6, slips=GAINS)


# ---- 4.4.2


def worth(sizes, accuracies, score):
    if score > accuracies[-1]:
        return math.inf
    if score <= accuracies[0]:
        return sizes[0]
    k = next(k for k, reached in enumerate(accuracies) if reached >= score)
    share = (score - accuracies[k - 1]) / (accuracies[k] - accuracies[k - 1])
    return sizes[k - 1] * (sizes[k] / sizes[k - 1]) ** share


def _on_curve(between, *, above=lambda sizes, accuracies, score: math.inf, below=None):
    """A reading of the curve by another rule between its points, or beyond its ends."""

    def wrong(sizes, accuracies, score):
        if score > accuracies[-1]:
            return above(sizes, accuracies, score)
        if score <= accuracies[0]:
            return sizes[0] if below is None else below(sizes)
        k = next(k for k, reached in enumerate(accuracies) if reached >= score)
        share = (score - accuracies[k - 1]) / (accuracies[k] - accuracies[k - 1])
        return between(sizes[k - 1], sizes[k], share)

    return wrong


def _by_factor(a, b, share):
    return a * (b / a) ** share


WORTHS = (
    (_on_curve(lambda a, b, s: a + s * (b - a)), "You go in equal *steps* from one size to the "
     "next. Each size is a multiple of the one before: go in equal factors, as on a logarithmic "
     "axis."),
    (_on_curve(lambda a, b, s: b), "You return the next measured size. Read between the points."),
    (_on_curve(lambda a, b, s: a if s < 1 else b), "You return the size below. Read between the "
     "points."),
    (_on_curve(lambda a, b, s: a if s < 0.5 else b), "You return the nearest measured size. Read "
     "between the points."),
    (_on_curve(lambda a, b, s: a * (b / a) ** (1 - s)), "The share is taken from the wrong end: "
     "just above the lower accuracy the answer is just above the lower size."),
    (_on_curve(lambda a, b, s: round(a * (b / a) ** s)), "Your answer is a whole number. Don't "
     "round: the value between two sizes is asked for."),
    (_on_curve(lambda a, b, s: int(a * (b / a) ** s)), "Your answer is a whole number. Don't cut "
     "it off: the value between two sizes is asked for."),
    (_on_curve(lambda a, b, s: b if s == 1 else a + s * (b - a), above=lambda sizes, a, score:
               sizes[-1]), "You go in equal *steps* of the size: go in equal factors. And above "
     "the whole curve return `math.inf`."),
    (lambda sizes, accuracies, score: math.inf if score >= accuracies[-1]
     else worth(sizes, accuracies, score), "A score *at* the last accuracy is worth the last size; "
     "only above it the answer is `math.inf`."),
    (_on_curve(lambda a, b, s: math.log10(a) + s * math.log10(b / a), below=lambda sizes:
               math.log10(sizes[0])), "That is the logarithm of the number of images: turn it "
     "back with 10 ** …"),
    (lambda sizes, accuracies, score: math.inf if score > accuracies[-1] else
     sizes[0] if score <= accuracies[0] else sizes[0] * (sizes[-1] / sizes[0]) ** (
         (score - accuracies[0]) / (accuracies[-1] - accuracies[0])), "You go straight from the "
     "first point to the last. Use the two points around the score."),
    (_on_curve(lambda a, b, s: math.log(a) + s * math.log(b / a)), "That is the logarithm of the "
     "number of images: turn it back with exp."),
    (_on_curve(_by_factor, above=lambda sizes, accuracies, score: sizes[-1]), "A score above the "
     "whole curve is worth more than its last size, nobody knows how much: return `math.inf`."),
    (_on_curve(_by_factor, above=lambda sizes, accuracies, score: math.nan), "Above the curve the "
     "answer is `math.inf`: more than was measured."),
    (_on_curve(_by_factor, above=lambda sizes, a, score: sizes[-2] * (sizes[-1] / sizes[-2]) ** (
        (score - a[-2]) / (a[-1] - a[-2]))), "You carry the curve's last piece on beyond what was "
     "measured. Curves bend: return `math.inf`."),
    (_on_curve(_by_factor, below=lambda sizes: 0), "At or below the first accuracy return the "
     "first size: fewer images were not tried."),
    (_on_curve(_by_factor, below=lambda sizes: math.inf), "At or below the first accuracy return "
     "the first size."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

CURVES = (
    ([50, 100, 200, 400], [0.60, 0.70, 0.76, 0.80], 0.73),
    ([50, 100, 200, 400], [0.60, 0.70, 0.76, 0.80], 0.77),
    ([10, 1000], [0.2, 0.9], 0.55),
    ([10, 30, 90], [0.5, 0.6, 0.8], 0.6),
    ([10, 30, 90], [0.5, 0.6, 0.8], 0.8),
    ([50, 100, 200], [0.60, 0.70, 0.76], 0.9),
    ([50, 100, 200], [0.60, 0.70, 0.76], 0.4),
    ([50, 100, 200], [0.60, 0.70, 0.76], 0.6),
)


@exercise(
    "4.4.2",
    title="worth how many real ones?",
    minutes=10,
    difficulty=2,
    solution=worth,
    hints=(
        "First the two ends: above the last accuracy nobody knows, below the first one you need "
        "no more than the first size.",
        "Then find the two points around the score. Which share of the way up is it? Go the same "
        "share of the way in the *logarithm* of the size: a · (b / a) ** share.",
    ),
)
def _(answer):
    return agree(answer, worth, *CURVES, tolerance=1e-6, slips=WORTHS)
