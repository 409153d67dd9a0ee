"""Exercises of lesson 5.6: why was this recommended?"""

import math

import torch

from course_utils.exercises import agree, exercise, formed

# ---- 5.6.1


def ndcg(films, wanted, k):
    gained = sum(1 / math.log2(place + 2) for place, film in enumerate(films[:k]) if film in wanted)
    best = sum(1 / math.log2(place + 2) for place in range(min(k, len(wanted))))
    return gained / best


def _gain(films, wanted, k, worth=lambda place: 1 / math.log2(place + 2)):
    return sum(worth(place) for place, film in enumerate(films[:k]) if film in wanted)


def _best(count, worth=lambda place: 1 / math.log2(place + 2)):
    return sum(worth(place) for place in range(count))


def _worth(worth):
    """NDCG by another worth of a place, from 0 on."""

    def wrong(films, wanted, k):
        return _gain(films, wanted, k, worth) / _best(min(k, len(wanted)), worth)

    return wrong


NDCG_SLIPS = (
    (_gain, "You return what was gained. Divide it by what the best list of that length gains."),
    (lambda films, wanted, k: _gain(films, wanted, k) / _best(len(wanted)), "Your best list holds "
     "all wanted films. A list of k films cannot hold more than k: take `min(k, len(wanted))`."),
    (lambda films, wanted, k: _gain(films, wanted, k) / _best(k), "Your best list has k wanted "
     "films. Where fewer are wanted, nobody can gain that much: take `min(k, len(wanted))`."),
    (lambda films, wanted, k: ndcg(films, wanted, len(films)), "You read the list to its end; "
     "only the first k films count."),
    (lambda films, wanted, k: _gain(films, wanted, len(films)) / _best(min(k, len(wanted))),
     "You add gains beyond place k; only the first k films count."),
    (lambda films, wanted, k: len(set(films[:k]) & set(wanted)) / len(wanted), "That is recall: "
     "the places do not matter to it. A film at place p gains 1 / log₂(p + 1)."),
    (lambda films, wanted, k: len(set(films[:k]) & set(wanted)) / min(k, len(wanted)), "Every hit "
     "gains the same, at whatever place. A film at place p gains 1 / log₂(p + 1)."),
    (lambda films, wanted, k: len(set(films[:k]) & set(wanted)) / k, "That is the share of hits: "
     "the places do not matter to it. A film at place p gains 1 / log₂(p + 1)."),
    (lambda films, wanted, k: _gain(films, wanted, k) /
     _best(len(set(films[:k]) & set(wanted))) if set(films[:k]) & set(wanted) else 0.0,
     "Your best list has the same hits, sorted to the front. The best list has *all* that can be "
     "wanted, also those that this list missed."),
    (_worth(lambda place: 1 / (place + 1)), "You divide by the place itself. A film at place p "
     "gains 1 / log₂(p + 1)."),
    (_worth(lambda place: 1 / math.log2(place + 3)), "Your first place gains 1 / log₂ 3; "
     "it is place 1 and gains 1 / log₂ 2, which is 1."),
    (_worth(lambda place: 1 / (math.log2(place + 1) + 1)), "You take the logarithm of the place "
     "and add 1 to it. Add first: a film at place p gains 1 / log₂(p + 1)."),
    (lambda films, wanted, k: _gain(films, wanted, k) / len(wanted), "You divide by how many films "
     "are wanted. Divide by what the best list gains, place by place."),
    (lambda films, wanted, k: _gain(films, wanted, k) / max(1, len(set(films[:k]) & set(wanted))),
     "You divide by the number of hits. Divide by what the best list gains, place by place."),
    (lambda films, wanted, k: _gain(films, wanted, k) / k, "You divide by k. Divide by what the "
     "best list gains, place by place."),
    (lambda films, wanted, k: ndcg(films, wanted, k - 1) if k > 1 else 0.0, "Your list ends one "
     "place early: the film at place k counts. `range(k)` has k places, from 0 to k − 1."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

LISTS = (
    ([7, 3, 9, 1, 4], {7, 3, 9, 1, 4, 5}, 2),
    ([7, 3, 9, 1], {3, 1}, 3),
    ([9, 8, 7, 3], {3, 1, 5}, 4),
    ([5, 6, 7], {8}, 3),
    ([2, 4, 6, 8, 10], {10}, 10),
    ([1, 2, 3, 4, 5, 6], {6, 1, 3, 99}, 5),
    ([4, 5], {4, 5}, 2),
)


def _number(found):
    """A result in an array or a tensor of one number as a float."""
    return float(found) if isinstance(found, torch.Tensor) and found.numel() == 1 else found


@exercise(
    "5.6.1",
    title="score a list of ten",
    minutes=8,
    difficulty=2,
    solution=ndcg,
    hints=(
        "`enumerate(films[:k])` counts places from 0. Place 1 of the formula is 0 there: the gain "
        "is 1 / log₂(place + 2).",
        "The best list has a wanted film at each of its first `min(k, len(wanted))` places.",
        ("My result is above 1", "Then the list gained more than your best list: both must stop "
         "at k."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _number), ndcg, *LISTS, tolerance=1e-5, slips=NDCG_SLIPS)


# ---- 5.6.2


def falls(film, liked, recommended, fit):
    whole = fit(film, liked) @ film[recommended]
    found = []
    for place in range(len(liked)):
        others = torch.cat([liked[:place], liked[place + 1 :]])
        found.append(whole - fit(film, others) @ film[recommended])
    return torch.stack(found)


def _each(rule):
    """A loop over the liked films with another rule for each."""

    def wrong(film, liked, recommended, fit):
        found = [rule(film, liked, recommended, fit, k) for k in range(len(liked))]
        return torch.stack(found)

    return wrong


def _but(liked, place):
    return torch.cat([liked[:place], liked[place + 1 :]])


def _fall(film, liked, others, rec, fit):
    return (fit(film, liked) - fit(film, others)) @ film[rec]


def _zeroed(film, place):
    return film * (torch.arange(len(film)) != place)[:, None]


FALL_SLIPS = (
    (lambda film, liked, recommended, fit: -falls(film, liked, recommended, fit), "The sign is "
     "turned round: a film that carries the recommendation has a positive fall, before − after."),
    (_each(lambda film, liked, rec, fit, k: fit(film, _but(liked, k)) @ film[rec]), "These are the "
     "scores *without* each film. Return how far they fall: the score before, minus these."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked[k : k + 1]) @ film[rec]), "You fit the "
     "user to one film alone. Leave that one out and keep all the others."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked) @ film[rec]
           - fit(film, liked[k : k + 1]) @ film[rec]), "You keep one film and remove the others. "
     "Leave that one out and keep all the others."),
    (_each(lambda film, liked, rec, fit, k: (fit(film, liked) @ film[rec]
           - fit(film, _but(liked, k)) @ film[rec]) / (fit(film, liked) @ film[rec])), "You "
     "return shares of the score; the fall itself is asked for."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked) @ film[rec]
           - fit(film, liked[k + 1 :]) @ film[rec]), "You remove the films one after another and "
     "never put one back. Leave out one at a time."),
    (_each(lambda film, liked, rec, fit, k: film[liked[k]] @ film[rec]), "You compare two films. "
     "Nothing was removed: fit the user without the film, and score again."),
    (lambda film, liked, rec, fit: torch.cosine_similarity(film[liked], film[rec][None]), "You "
     "compare two films. Nothing was removed: fit the user without the film, and score again."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked) @ film[liked[k]]
           - fit(film, _but(liked, k)) @ film[liked[k]]), "You watch the score of the film that "
     "leaves. Watch the *recommended* film's."),
    (_each(lambda film, liked, rec, fit, k: (fit(film, liked)
           - fit(film, _but(liked, k))).norm()), "You measure how far the user's vector moves. "
     "What counts is what that does to the recommended film's score."),
    (_each(lambda film, liked, rec, fit, k: _fall(film, liked, liked[liked != k], rec, fit)),
     "You compare the films in `liked` with a place in it. Leave out the film at that place: "
     "`liked[liked != liked[place]]`."),
    (_each(lambda film, liked, rec, fit, k: _fall(film, liked, liked[:k], rec, fit)), "You cut the "
     "list off at the film, and those behind it are gone too. Leave out one at a time."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked) @ film[rec]
           - fit(_zeroed(film, liked[k]), liked) @ film[rec]), "You set the film's vector to zero, "
     "for everybody. The film stays; only the like goes: fit to the other likes."),
    (_each(lambda film, liked, rec, fit, k: fit(film, liked) @ film[rec]
           - fit(_zeroed(film, liked[k]), _but(liked, k)) @ film[rec]), "You set the film's vector "
     "to zero, for everybody. The film stays; only the like goes: fit to the other likes."),
    (lambda film, liked, rec, fit: falls(film, liked, rec, fit).sort(descending=True).values,
     "You sorted the falls. Keep the order of `liked`, or nobody knows whose they are."),
    (lambda film, liked, rec, fit: falls(film, liked.sort().values, rec, fit), "You sorted the "
     "films. Keep the order of `liked`."),
    (lambda film, liked, rec, fit: falls(film, liked, rec, fit).abs(), "Without some films the "
     "score *rises*. Its fall is then negative: keep the sign."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def ridge_fit(film, liked):
    """A small stand-in for the package's fit."""
    own = film[liked]
    matrix = film.T @ film + 5 * own.T @ own + 2 * torch.eye(film.shape[1])
    return torch.linalg.solve(matrix, 6 * own.sum(0))


def mean_fit(film, liked):
    """Another fit: a user is half the sum of his films, and a constant."""
    return film[liked].sum(0) / 2 + 0.3


def _films(seed, count, size):
    return torch.randn(count, size, generator=torch.Generator().manual_seed(seed))


USERS = (
    (_films(0, 8, 3), torch.tensor([1, 4, 6]), 2, ridge_fit),
    (_films(1, 12, 4), torch.tensor([11, 0, 5, 7, 3]), 9, ridge_fit),
    (_films(2, 5, 2), torch.tensor([3, 1]), 0, mean_fit),
)


def _vector(found):
    """A list of numbers, or an array, as a tensor."""
    if isinstance(found, list | tuple) and found:
        return torch.tensor([float(x) for x in found])
    return torch.as_tensor(found) if type(found).__module__ == "numpy" else found


@exercise(
    "5.6.2",
    title="leave one film out",
    minutes=10,
    difficulty=2,
    solution=falls,
    hints=(
        "The score is `fit(film, liked) @ film[recommended]`. Compute it once with all likes, and "
        "once for each film without it.",
        ("How do I leave out one?", "`torch.cat([liked[:place], liked[place + 1:]])`, or "
         "`liked[liked != one]`."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _vector), falls, *USERS, tolerance=1e-4, slips=FALL_SLIPS)
