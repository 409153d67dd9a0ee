"""Exercises of lesson 2.2: how do three ways explain one network?"""

from __future__ import annotations

import numpy as np
import torch

from course_utils.exercises import agree, exercise, expect

# ---- 2.2.1


def enough(network, image, bands):
    said = network(image).argmax().item()
    kept = []
    for top, bottom in bands:
        alone = torch.zeros_like(image)
        alone[..., top:bottom, :] = image[..., top:bottom, :]
        if network(alone).argmax().item() == said:
            kept.append((top, bottom))
    return kept


def _with(change, holds):
    """A variant of `enough`: `change(image, top, bottom)`, then `holds(before, after)`."""

    def wrong(network, image, bands):
        before = network(image)
        return [(t, b) for t, b in bands if holds(before, network(change(image, t, b)))]

    return wrong


def _alone(image, top, bottom):
    new = torch.zeros_like(image)
    new[..., top:bottom, :] = image[..., top:bottom, :]
    return new


def _without(image, top, bottom):
    new = image.clone()
    new[..., top:bottom, :] = 0
    return new


def _columns(image, top, bottom):
    return _alone(image.mT, top, bottom).mT


def _same(before, after):
    return before.argmax().item() == after.argmax().item()


def _probability(share):
    def holds(before, after):
        said = before.argmax()
        return (after.softmax(1)[0, said] >= share * before.softmax(1)[0, said]).item()

    return holds


def _spoken(network, image, bands):
    return list(bands)


def _brightest(network, image, bands):
    return [max(bands, key=lambda band: image[..., band[0] : band[1], :].sum().item())]


def _first_only(network, image, bands):
    return enough(network, image, bands)[:1]


_needed = _with(_without, lambda before, after: not _same(before, after))
_not_needed = _with(_without, _same)
_changed = _with(_alone, lambda before, after: not _same(before, after))
_as_likely = _with(_alone, _probability(1.0))
_half_as_likely = _with(_alone, _probability(0.5))
_over_half = _with(_alone, lambda before, after: _likely(before, after) > 0.5)
_one_more = _with(lambda image, t, b: _alone(image, t, b + 1), _same)
_one_less = _with(lambda image, t, b: _alone(image, t, b - 1), _same)
_by_columns = _with(_columns, _same)


def _likely(before, after):
    return after.softmax(1)[0, before.argmax()].item()


class _Toy:
    """Scores of three classes from the mean light of four bands of two rows: weights @ light."""

    def __init__(self, weights, bias=(0.0, 0.0, 0.0)):
        self.weights, self.bias = torch.tensor(weights), torch.tensor(bias)

    def __call__(self, images):
        assert images.dim() == 4, "a network takes n x channel x height x width"
        light = images[:, 0].reshape(len(images), 4, 2, -1).mean((2, 3))
        return light @ self.weights.T + self.bias


def _picture(rows):
    return torch.tensor(rows)[None, None, :, None].expand(1, 1, 8, 8).clone()


_BANDS = [(0, 2), (2, 4), (4, 6), (6, 8)]


def _enough_cases():
    ones = _picture([1.0] * 8)
    slanted = ones * torch.linspace(0.2, 1.0, 8)
    split = _Toy([[3.0, 0.0, 1.0, 0.5], [0.0, 2.0, 0.0, 0.4], [0.0, 0.0, 0.6, 0.6]])
    shy = _Toy([[1.2, 0.4, 0.0, 4.0], [0.3, 0.0, 1.0, 0.0], [0.2, 0.3, 1.0, 3.0]])
    edge = _Toy([[1.0, 5.0, 0.0, 1.0], [0.0, 0.0, 2.0, 0.0], [0.0, 0.0, 0.0, 0.0]],
                (0.0, 1.5, 0.0))  # fmt: skip
    return [
        (split, ones, _BANDS),
        (shy, slanted, _BANDS),
        (edge, _picture([0.1, 0.9, 1.0, 0.2, 1.0, 1.0, 0.3, 0.5]), [*_BANDS, (1, 3), (0, 3)]),
        (_Toy([[1.0, 1.0, 1.0, 1.0], [0.9, 0.9, 0.9, 0.9], [0.0, 0.0, 0.0, 1.2]]), slanted, _BANDS),
        (_Toy([[9.0, 0.0, 0.0, 0.0], [0.0, 1.0, 1.0, 1.0], [0.0, 0.0, 0.0, 0.0]]), ones,
         [(2, 4), (4, 8)]),
    ]  # fmt: skip


@exercise(
    "2.2.1",
    title="which rows are enough?",
    minutes=10,
    difficulty=2,
    solution=enough,
    hints=(
        "First ask the network about the whole image: `said = network(image).argmax().item()`.",
        "For each band begin with a black image, `torch.zeros_like(image)`, and copy the band "
        "into it. Ask again; keep the band if the answer is `said`.",
        (
            "I get the bands that change the answer",
            "Blackening a band tells whether it is *needed*. Here all *else* is black.",
        ),
    ),
)
def _(answer):
    slips = [
        (_spoken, "You speak without executing: every band came back. Ask the network about "
                  "each."),
        (_needed, "You blackened the band itself: that tells which band is *needed*. Blacken "
                  "everything else."),
        (_not_needed, "You blackened the band itself: that tells which band can be spared. "
                      "Blacken everything else."),
        (_changed, "These are the bands that are *not* enough: the answer changed."),
        (_as_likely, "You compare probabilities. The sentence is about the *answer*: it may be "
                     "less sure and still be the same class."),
        (_half_as_likely, "You compare probabilities. The sentence is about the *answer*: it may "
                          "be less sure and still be the same class."),
        (_over_half, "You ask for a probability above one half. With three classes the largest "
                     "may be smaller: compare the classes."),
        (_one_more, "Your band has a row too many: `bottom` is not included."),
        (_one_less, "Your band has a row too few: `top:bottom` ends just before `bottom`."),
        (_by_columns, "You kept columns. Rows are the axis before the last: "
                      "`image[..., top:bottom, :]`."),
        (_brightest, "You chose the brightest band without asking the network."),
        (_first_only, "You stop at the first band that is enough; return all of them."),
    ]  # fmt: skip
    if not callable(answer):
        return "Hand in the function itself, without brackets: `enough`."
    return _enough_remark(answer, slips)


def _enough_remark(answer, slips):
    for network, image, bands in _enough_cases():
        given = image.clone()
        got = answer(network, given, list(bands))
        if not torch.equal(given, image):
            return "Your function changed `image` itself, so bands pile up. Work on a new tensor."
        if not isinstance(got, (list, tuple)):
            return expect(got, enough(network, image, bands), f"for the bands {bands}")
        got = [tuple(band) for band in got]
        remark = expect(got, enough(network, image, bands), f"for the bands {bands}")
        if remark:
            return _named(answer, slips) or remark
    return None


def _named(answer, slips):
    """The words of the slip that gives what the answer gives, in every case."""
    cases = _enough_cases()
    gave = [[tuple(b) for b in answer(n, i.clone(), list(bands))] for n, i, bands in cases]
    for wrong, words in slips:
        if gave == [wrong(*case) for case in cases]:
            return words
    return None


# ---- 2.2.2


def change_needed(coef, intercept, mean, scale, row):
    log_odds = intercept + (coef * (row - mean) / scale).sum()
    return -log_odds / (coef / scale)


def _log_odds(coef, intercept, mean, scale, row):
    return intercept + (coef * (row - mean) / scale).sum()


def _in_deviations(coef, intercept, mean, scale, row):
    return -_log_odds(coef, intercept, mean, scale, row) / coef


def _upwards(coef, intercept, mean, scale, row):
    return -change_needed(coef, intercept, mean, scale, row)


def _no_intercept(coef, intercept, mean, scale, row):
    return change_needed(coef, 0.0, mean, scale, row)


def _no_mean(coef, intercept, mean, scale, row):
    return change_needed(coef, intercept, 0.0 * mean, scale, row)


def _unscaled(coef, intercept, mean, scale, row):
    return change_needed(coef, intercept, mean, np.ones_like(scale), row)


def _scale_below(coef, intercept, mean, scale, row):
    return -_log_odds(coef, intercept, mean, scale, row) / (coef * scale)


def _new_value(coef, intercept, mean, scale, row):
    return row + change_needed(coef, intercept, mean, scale, row)


def _shares(coef, intercept, mean, scale, row):
    return coef * (row - mean) / scale


def _own_share(coef, intercept, mean, scale, row):
    return mean - row


def _to_half(coef, intercept, mean, scale, row):
    return (0.5 - _log_odds(coef, intercept, mean, scale, row)) / (coef / scale)


def _size(coef, intercept, mean, scale, row):
    return abs(change_needed(coef, intercept, mean, scale, row))


def _all_at_once(coef, intercept, mean, scale, row):
    return change_needed(coef, intercept, mean, scale, row) / len(coef)


@exercise(
    "2.2.2",
    title="what would have to change?",
    minutes=10,
    difficulty=2,
    solution=change_needed,
    hints=(
        "Compute the log-odds of the row first, with the line as it is given above.",
        "If column i moves by d, in its own unit, the log-odds move by `coef[i] / scale[i] * d`. "
        "Which d brings them to 0?",
        ("My signs are all wrong", "The change must *undo* the log-odds: −log-odds / slope."),
    ),
)
def _(answer):
    cases = [
        ([2.0], 1.0, [10.0], [4.0], [12.0]),
        ([1.5, -0.5, 2.0], -0.7, [14.0, 20.0, 0.1], [3.5, 4.0, 0.02], [18.0, 10.4, 0.12]),
        ([-1.0, 0.25], 0.4, [5.0, 100.0], [2.0, 25.0], [9.0, 60.0]),
    ]
    cases = [tuple(np.array(x) if isinstance(x, list) else x for x in case) for case in cases]
    return agree(
        answer, change_needed, *cases,
        slips=[
            (_in_deviations, "Your changes are in standard deviations. In the column's own unit "
                             "the slope is `coef / scale`."),
            (_upwards, "The sign is turned: such a change would double the log-odds instead of "
                       "undoing them."),
            (_no_intercept, "The intercept is missing from the log-odds."),
            (_no_mean, "The mean is not subtracted: the line takes (row − mean) / scale."),
            (_unscaled, "The scale is missing: the line takes (row − mean) / scale."),
            (_scale_below, "One unit moves the log-odds by `coef / scale`; you divide by "
                           "`coef * scale`."),
            (_new_value, "These are the new *values*. The question is how much each must change."),
            (_shares, "These are the contributions to the log-odds, not the changes that would "
                      "bring them to 0."),
            (_own_share, "That moves each column to its mean: it takes away its own contribution, "
                         "not the whole log-odds."),
            (_to_half, "A probability of one half is a log-odds of 0, not of 0.5."),
            (_size, "The direction is lost: without `abs`, a minus says that it must fall."),
            (_all_at_once, "Each measurement changes *alone*, so each must undo the whole."),
        ],
    )  # fmt: skip


# ---- 2.2.3


def merge(questions):
    tightest = {}
    for name, sign, bound in questions:
        tighter = min if sign == "<=" else max
        tightest[name, sign] = tighter(bound, tightest.get((name, sign), bound))
    return [(name, sign, bound) for (name, sign), bound in tightest.items()]


def _merging(choose):
    """A variant of `merge`: `choose(sign, bounds)` of those that share name and sign."""

    def wrong(questions):
        bounds = {}
        for name, sign, bound in questions:
            bounds.setdefault((name, sign), []).append(bound)
        return [(*key, choose(key[1], found)) for key, found in bounds.items()]

    return wrong


_looser = _merging(lambda sign, bounds: max(bounds) if sign == "<=" else min(bounds))
_last = _merging(lambda sign, bounds: bounds[-1])
_first = _merging(lambda sign, bounds: bounds[0])
_smallest = _merging(lambda sign, bounds: min(bounds))
_largest = _merging(lambda sign, bounds: max(bounds))
_mean = _merging(lambda sign, bounds: sum(bounds) / len(bounds))


def _one_a_column(questions):
    return list({name: (name, sign, bound) for name, sign, bound in questions}.values())


def _as_they_are(questions):
    return list(questions)


def _sorted(questions):
    return sorted(merge(questions))


def _order_of_last(questions):
    wanted = {(name, sign): bound for name, sign, bound in merge(questions)}
    found = []
    for name, sign, _ in reversed(questions):
        if (name, sign, wanted[name, sign]) not in found:
            found.append((name, sign, wanted[name, sign]))
    return found[::-1]


def _per_column(questions):
    names = dict.fromkeys(name for name, _, _ in questions)
    return [triple for name in names for triple in merge(questions) if triple[0] == name]


def _neighbours(questions):
    """Merges only questions that follow each other."""
    found = []
    for name, sign, bound in questions:
        if found and found[-1][:2] == (name, sign):
            found[-1] = merge([found[-1], (name, sign, bound)])[0]
        else:
            found.append((name, sign, bound))
    return found


@exercise(
    "2.2.3",
    title="merge a path",
    minutes=10,
    difficulty=2,
    solution=merge,
    hints=(
        "Collect in a dictionary whose key is `(name, sign)`. Python's dictionaries keep the "
        "order in which keys came first.",
        "All conditions hold together. Of `radius <= 20` and `radius <= 16`, which one says "
        "more? And of `> 3` and `> 7`?",
        ("My radius has lost its lower bound", "The key is the name *and* the sign."),
    ),
)
def _(answer):
    cases = [
        [("a", "<=", 20.0), ("b", ">", 3.0), ("a", "<=", 16.0), ("b", ">", 7.0)],
        [("a", "<=", 5.0), ("a", ">", 1.0), ("a", "<=", 9.0), ("a", ">", -2.0), ("a", "<=", 4.0)],
        [("z", ">", -3.0), ("y", "<=", 0.0), ("z", ">", -1.0), ("z", "<=", 8.0),
         ("y", "<=", -2.5), ("z", ">", -2.0)],
        [("r", "<=", 9.0), ("r", "<=", 7.0), ("t", ">", 1.0), ("r", "<=", 8.0)],
        [("radius", "<=", 16.8)],
        [],
    ]  # fmt: skip
    return agree(
        answer, merge, *((case,) for case in cases),
        slips=[
            (_looser, "You keep the looser bound. All conditions hold: `<= 20` adds nothing to "
                      "`<= 16`."),
            (_smallest, "The smallest bound is the tightest for `<=`. For `>` it is the loosest."),
            (_largest, "The largest bound is the tightest for `>`. For `<=` it is the loosest."),
            (_last, "You keep the bound asked last. In a real tree it is the tightest, but your "
                    "function should not rely on the order."),
            (_first, "You keep the bound asked first, which is the loosest in a real tree."),
            (_mean, "The mean of two bounds is no condition that the tree asked."),
            (_one_a_column, "You keep one condition a column. A column may have a lower *and* an "
                            "upper bound: key by name and sign."),
            (_as_they_are, "Nothing is merged yet: some (name, sign) stand there twice."),
            (_sorted, "The conditions are sorted; keep the order of asking."),
            (_order_of_last, "Each condition stands where it was asked *last*; put it where it "
                             "was asked first."),
            (_per_column, "You group by column; keep the order of asking of each (name, sign)."),
            (_neighbours, "You merge only questions that follow each other."),
        ],
    )  # fmt: skip
