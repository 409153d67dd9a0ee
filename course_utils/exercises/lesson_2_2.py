"""Exercises of lesson 2.2: how do three ways explain one network?"""

from __future__ import annotations

import contextlib
import io

import numpy as np
import torch

from course_utils.exercises import agree, exercise, expect, formed

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


def _piling_up(network, image, bands):
    said, seen, kept = network(image).argmax().item(), torch.zeros_like(image), []
    for top, bottom in bands:
        seen[..., top:bottom, :] = image[..., top:bottom, :]
        if network(seen).argmax().item() == said:
            kept.append((top, bottom))
    return kept


def _enough_and_needed(network, image, bands):
    needed = _needed(network, image, bands)
    return [band for band in enough(network, image, bands) if band in needed]


def _painting(shade):
    def change(image, top, bottom):
        new = torch.full_like(image, shade(image))
        new[..., top:bottom, :] = image[..., top:bottom, :]
        return new

    return change


_needed = _with(_without, lambda before, after: not _same(before, after))
_not_needed = _with(_without, _same)
_changed = _with(_alone, lambda before, after: not _same(before, after))
_as_likely = _with(_alone, _probability(1.0))
_half_as_likely = _with(_alone, _probability(0.5))
_over_half = _with(_alone, lambda before, after: _likely(before, after) > 0.5)
_one_more = _with(lambda image, t, b: _alone(image, t, b + 1), _same)
_one_less = _with(lambda image, t, b: _alone(image, t, b - 1), _same)
_by_columns = _with(_columns, _same)
_on_white = _with(_painting(lambda image: 1.0), _same)
_on_grey = _with(_painting(lambda image: image.mean().item()), _same)


def _likely(before, after):
    return after.softmax(1)[0, before.argmax()].item()


class _Toy:
    """Scores of three classes from the mean light of four bands of two rows: weights @ light."""

    def __init__(self, weights, bias=(0.0, 0.0, 0.0)):
        self.weights, self.bias = torch.tensor(weights), torch.tensor(bias)

    def __call__(self, images):
        if images.dim() != 4 or images.shape[1:] != (1, 8, 8):
            raise ValueError(
                f"this network takes images of n x 1 x 8 x 8, {tuple(images.shape)} came; keep "
                "the size and leave the rest black"
            )
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
        (_Toy([[2.0, 1.0, 0.0, 0.3], [0.0, 0.0, 3.0, 0.0], [0.0, 0.0, 0.0, 0.2]]),
         _picture([0.9, 0.9, 0.6, 0.6, 0.3, 0.3, 0.5, 0.5]), _BANDS),
        (_Toy([[3.0, 0.0, 0.0, 0.0], [0.0] * 4, [0.0] * 4], (0.0, 1.5, 0.0)),
         _picture([1.0, 1.0, 0.2, 0.2, 0.2, 0.2, 0.2, 0.2]), _BANDS),
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
        (_piling_up, "Your bands pile up: begin each one with a new black image."),
        (_enough_and_needed, "You keep bands that are needed as well. A band can be enough and "
                             "yet be spared, when another is enough, too."),
        (_on_white, "All else is white in your images; it should be black, 0."),
        (_on_grey, "All else is grey in your images; it should be black, 0."),
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
        wanted, where = enough(network, image, bands), f"for the bands {bands}"
        if got is None or got is ... or isinstance(got, (str, float)):
            return expect(got, wanted, where)
        found = _pairs(got)
        if found is None:
            return "Return the bands themselves, pairs like `(0, 8)`: neither their places in the "\
                   "list, nor True and False, nor words."  # fmt: skip
        remark = expect(sorted(found), sorted(wanted), where)
        if remark:
            return _named(answer, slips) or remark
    return None


def _pairs(got):
    """What came back as a list of (top, bottom), or None where it is something else."""
    with contextlib.suppress(TypeError, ValueError):
        return [(int(top), int(bottom)) for top, bottom in got]
    return None


def _named(answer, slips):
    """The words of the slip that gives what the answer gives, in every case."""
    cases = _enough_cases()
    with contextlib.redirect_stdout(io.StringIO()):  # its prints were seen once
        gave = [_pairs(answer(n, i.clone(), list(bands))) for n, i, bands in cases]
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


def _own_term_only(coef, intercept, mean, scale, row):
    return -(intercept + coef * (row - mean) / scale) / (coef / scale)


def _without_own(coef, intercept, mean, scale, row):
    return -(_log_odds(coef, intercept, mean, scale, row) / (coef / scale)) + row - mean


def _times_slope(coef, intercept, mean, scale, row):
    return -_log_odds(coef, intercept, mean, scale, row) * coef / scale


def _probability_undone(coef, intercept, mean, scale, row):
    odds = _log_odds(coef, intercept, mean, scale, row)
    return -1 / (1 + np.exp(-odds)) / (coef / scale)


def _unscaled_row(coef, intercept, mean, scale, row):
    return -(intercept + coef @ row) / (coef / scale)


def _as_array(found):
    """A list or tensor of numbers as an array."""
    return np.asarray(found, dtype=float) if isinstance(found, (list, torch.Tensor)) else found


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
        formed(answer, _as_array), change_needed, *cases,
        slips=[
            (_own_term_only, "Each change undoes only the column's own term. The log-odds are the "
                             "intercept and *all* terms together."),
            (_without_own, "You leave the column's own term out of the log-odds: that gives its "
                           "distance from the mean, not the change from its present value."),
            (_times_slope, "One unit moves the log-odds by the slope: divide by it."),
            (_probability_undone, "You undo the probability. The line gives log-odds; they are to "
                                  "become 0."),
            (_unscaled_row, "The line takes (row − mean) / scale; you gave it the row as it is."),
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
