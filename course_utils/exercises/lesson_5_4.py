"""Exercises of lesson 5.4: does it work on language?"""

from collections.abc import Generator

import numpy as np
import torch

from course_utils.exercises import agree, exercise, formed
from course_utils.exercises.compare import as_numpy

# ---- 5.4.1


def fold(vectors, weights):
    return vectors @ weights


FOLD_SLIPS = (
    (lambda vectors, weights: vectors.sum(1), "You add up each vector without weighing it. The "
     "last layer weighs each dimension: multiply by `weights` first."),
    (lambda vectors, weights: vectors * weights, "You still have a vector for each word. Add up "
     "its weighed dimensions: `vectors @ weights`."),
    (lambda vectors, weights: (vectors * weights).mean(1), "You take the mean over the dimensions; "
     "the last layer takes the sum."),
    (lambda vectors, weights: (vectors * weights).sum(0), "You add up over the *words*: one "
     "number for each dimension came. Add up over the dimensions."),
    (lambda vectors, weights: vectors.norm(dim=1), "A vector's length says nothing about the "
     "side. Weigh its dimensions by `weights`, and add."),
    (lambda vectors, weights: torch.softmax(vectors @ weights, 0), "The sums are right; leave out "
     "the softmax. What a word adds may be negative."),
    (lambda vectors, weights: torch.sigmoid(vectors @ weights), "The sums are right; leave out "
     "the sigmoid. The bag squeezes the whole sentence's sum, not each word's."),
    (lambda vectors, weights: vectors[:, 0], "You take the first dimension only; all count, "
     "weighed by `weights`."),
    (lambda vectors, weights: vectors + weights, "You add the weights to the vectors. Multiply by "
     "them, and add up over the dimensions."),
    (lambda vectors, weights: (vectors @ weights).sum(), "You add up the words, too: that is a "
     "whole sentence's answer. Return one number for each word."),
    (lambda vectors, weights: (vectors @ weights).abs(), "You drop the sign. A word against "
     "“liked” must have a negative number."),
    (lambda vectors, weights: (vectors @ weights).relu(), "You set negative numbers to 0. A word "
     "may speak against “liked”."),
    (lambda vectors, weights: torch.tanh(vectors @ weights), "The sums are right; leave out the "
     "tanh. The numbers must add up to the bag's sum."),
    (lambda vectors, weights: torch.cosine_similarity(vectors, weights[None], 1), "You compare "
     "directions and lose the lengths. The bag divides by no length: `vectors @ weights`."),
    (lambda vectors, weights: vectors @ weights / weights.norm(), "You divide by the weights' "
     "length. The bag does not."),
    (lambda vectors, weights: vectors.sum(1) * weights.sum(), "You add up each of the two before "
     "you multiply. Weigh dimension by dimension first, then add."),
    (lambda vectors, weights: (vectors * weights).max(1).values, "You take the largest dimension "
     "only; all are added."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _table(seed, words, size):
    chance = torch.Generator().manual_seed(seed)
    return (torch.randn(words, size, generator=chance), torch.randn(size, generator=chance))


BAGS = (_table(0, 5, 3), _table(1, 4, 4), (torch.eye(3), torch.tensor([2.0, -1.0, 0.5])))


def _vector(found):
    """A list, an array, a column or a row, as a vector."""
    if isinstance(found, list | tuple) and found:
        try:
            found = torch.as_tensor(np.array([as_numpy(x) for x in found], dtype=float))
        except (TypeError, ValueError):  # no numbers: told as it is
            return found
    if type(found).__module__ == "numpy":
        found = torch.as_tensor(found)
    if isinstance(found, torch.Tensor) and found.dim() == 2 and 1 in found.shape:
        found = found.flatten()
    return found


@exercise(
    "5.4.1",
    title="fold a bag",
    minutes=5,
    difficulty=1,
    solution=fold,
    hints=(
        "The bag says `(v₁ + v₂ + …) · weights`. That is `v₁ · weights + v₂ · weights + …`.",
        "So a word adds the product of its vector with the weights: `vectors @ weights`.",
    ),
)
def _(answer):
    return agree(formed(answer, _vector), fold, *BAGS, tolerance=1e-4, slips=FOLD_SLIPS)


# ---- 5.4.2


def effects(words, score):
    whole = score(words)
    return [whole - score([w for w in words if w != word]) for word in words]


def _each(rule):
    """A loop over the places with another rule for each."""

    def wrong(words, score):
        return [rule(words, score, k) for k in range(len(words))]

    return wrong


def _once(words, word):
    """A list without the first place of a word."""
    rest = list(words)
    rest.remove(word)
    return rest


def _squeezed(log_odds):
    return 1 / (1 + np.exp(-log_odds))


def _without(words, score, k):
    return score([w for w in words if w != words[k]])


ONE = "A word that stands twice must go from *both* places; you leave out one of them."
EFFECT_SLIPS = (
    (lambda words, score: [-one for one in effects(words, score)], "The sign is turned round: a "
     "word that speaks for “liked” has a positive value, before − after."),
    (_each(_without), "These are the scores *without* each word. Return how far they fall: the "
     "whole sentence's score minus these."),
    (_each(lambda words, score, k: score([words[k]])), "You score each word on its own. Ask for "
     "the sentence without it, and compare with the whole."),
    (_each(lambda words, score, k: score(words) - score([words[k]])), "You keep one word and leave "
     "out the others. Leave out that word, and keep the others."),
    (_each(lambda words, score, k: score(words) - score(words[:k] + words[k + 1 :])), ONE),
    (_each(lambda words, score, k: score(words) - score(_once(words, words[k]))), ONE),
    (lambda words, score: [one / words.count(word) for word, one in zip(words,
     effects(words, score), strict=True)], "You share the fall among a word's places. Each place "
     "gets the whole fall."),
    (_each(lambda words, score, k: score(words) - score(["" if w == words[k] else w for w in
     words])), "You put another word, or an empty one, in its place. Leave it out: the list gets "
     "shorter."),
    (_each(lambda words, score, k: score(words) - score([w for w in words if words[k] not in w])),
     "You leave out every word that *contains* it, such as “bad” with “a”. Compare whole words: "
     "`w != word`."),
    (_each(lambda words, score, k: score(words) - score(" ".join(w for w in words
     if w != words[k]))), "You hand `score` one text; it takes a list of words. Leave out the "
     "`join`."),
    (_each(lambda words, score, k: score([words[k]]) - score([])), "You score each word on its "
     "own. In a sentence it may count for more or less: ask for the sentence without it."),
    (_each(lambda words, score, k: _squeezed(score(words)) - _squeezed(_without(words, score, k))),
     "You compare probabilities. Leave out the sigmoid: `score` gives log-odds, and their fall is "
     "asked for."),
    (lambda words, score: sum(effects(words, score)), "You add up the words' values. Return one "
     "for each place."),
    (lambda words, score: dict(zip(words, effects(words, score))), "A dictionary keeps a word that "
     "stands twice once. Return a list, one number for each place."),
    (lambda words, score: [one / sum(map(abs, effects(words, score)))
                           for one in effects(words, score)], "You scale the values to a sum of "
     "1; the fall itself is asked for."),
    (_each(lambda words, score, k: score(words) - score(words[k + 1 :])), "You take the words away "
     "one after another and never put one back. Leave out one at a time."),
    (_each(lambda words, score, k: score(words[: k + 1]) - score(words[:k])), "You add the words "
     "one after another. Start from the whole sentence, and leave out one word at a time."),
    (_each(lambda words, score, k: abs(score(words) - _without(words, score, k))), "You drop the "
     "sign. A word against “liked” must have a negative value."),
    (_each(lambda words, score, k: (score(words) - _without(words, score, k)) / score(words)),
     "You return shares of the score; the fall itself is asked for."),
    (lambda words, score: [score(words) - score([w for w in words if w != word])
                           for word in dict.fromkeys(words)], "One value came for each *different* "
     "word. Return one for each place: a word that stands twice gets its value twice."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

WEIGHTS = {
    "good": 1.5,
    "dull": -2.0,
    "not": -0.25,
    "very": 0.4,
    "a": 0.1,
    "film": 0.05,
    "bad": -1.2,
}


def score_line(words):
    """A bag: each word adds its weight."""
    return 0.3 + sum(WEIGHTS.get(word, 0.0) for word in words)


def score_turning(words):
    """A reader of order: "not" turns what follows, and long sentences count a little less."""
    total, side = 0.2, 1.0
    for word in words:
        side = -side if word == "not" else side
        total += side * WEIGHTS.get(word, 0.0)
    return total / (1 + 0.1 * len(words))


READINGS = (
    (["a", "very", "good", "film"], score_line),
    (["good", "but", "very", "very", "dull"], score_turning),
    (["not", "good", "not", "a", "dull", "film", "good"], score_turning),
    (["a", "bad", "film"], score_turning),
)


def _list(found):
    """Values in a tensor, an array or what is made one by one, as a list of floats."""
    if isinstance(found, torch.Tensor) or type(found).__module__ == "numpy":
        return [float(x) for x in found.reshape(-1)]
    if isinstance(found, list | tuple | map | Generator):
        found = list(found)
        try:
            return [float(x) for x in found]
        except (TypeError, ValueError):  # no numbers: told as it is
            return found
    return found


@exercise(
    "5.4.2",
    title="leave one word out",
    minutes=8,
    difficulty=2,
    solution=effects,
    hints=(
        "`score(words)` is the whole sentence's. For each word, score the list without it, and "
        "subtract that.",
        ("A word stands twice", "`[w for w in words if w != word]` leaves it out everywhere."),
    ),
)
def _(answer):
    return agree(formed(answer, _list), effects, *READINGS, tolerance=1e-4, slips=EFFECT_SLIPS)
