"""How good a ranking is: NDCG and recall of the first ten, over all films a user has not seen."""

from __future__ import annotations

from dataclasses import replace

import torch
from torch import Tensor

from course_utils.recommend.factors import Factors
from course_utils.recommend.ratings import LIKED, Ratings


def rmse(factors: Factors, ratings: Ratings) -> float:
    """Return the root mean squared error of the stars, foretold stars held to 0.5 to 5."""
    told = factors.pairs(ratings.user, ratings.film).clamp(0.5, 5.0)
    return (told - ratings.stars).square().mean().sqrt().item()


def top(scores: Tensor, seen: Tensor, k: int = 10) -> Tensor:
    """Return user x k: the unseen films of highest score, best first.

    Args:
        scores, seen: user x film; seen films (True) are never returned.
    """
    return scores.masked_fill(seen, -torch.inf).topk(k, 1).indices


def ndcg(lists: Tensor, wanted: Tensor) -> Tensor:
    """Return each user's NDCG: 1 when all that can be wanted stands first, 0 when nothing does.

    A wanted film at place p (from 1 on) gains 1 / log₂(p + 1); the sum is divided by that of the
    best list of the same length. Users who want nothing get nan.

    Args:
        lists: user x k, places of films, best first.
        wanted: user x film, bool.
    """
    k = lists.shape[1]
    worth = 1 / torch.log2(torch.arange(k) + 2.0)
    gained = (wanted.gather(1, lists) * worth).sum(1)
    best = torch.cat([torch.zeros(1), worth.cumsum(0)])[wanted.sum(1).clamp(max=k)]
    return gained / best


def recall(lists: Tensor, wanted: Tensor) -> Tensor:
    """Return each user's share of wanted films that stand in the list; nan who wants nothing."""
    return wanted.gather(1, lists).sum(1) / wanted.sum(1)


def ranked(
    factors: Factors, seen: Ratings | Tensor, held: Ratings | Tensor, *, k: int = 10
) -> tuple[Tensor, Tensor]:
    """Return NDCG and recall for each user with a liked film among the held-out ones.

    Args:
        seen: ratings that the user gave before; these films are not candidates.
        held: ratings held out; the liked ones are wanted.
    """
    seen = seen if isinstance(seen, Tensor) else seen.table()
    wanted = held if isinstance(held, Tensor) else held.liked.table()
    some = wanted.any(1)
    theirs = replace(factors, user=factors.user[some], user_bias=factors.user_bias[some])
    lists = top(theirs.scores(), seen[some], k)
    return ndcg(lists, wanted[some]), recall(lists, wanted[some])


def right_pairs(factors: Factors, held: Ratings) -> Tensor:
    """Return for each user how often a liked film scores above one that was rated and not liked.

    All pairs of the user's held-out films count, ties half; nan who has no such pair.
    """
    scores = factors.pairs(held.user, held.film)
    good = held.stars >= LIKED
    found = torch.full((held.users,), torch.nan)
    for user in held.user.unique():
        mine = held.user == user
        gap = scores[mine & good][:, None] - scores[mine & ~good]
        if gap.numel():
            found[user] = ((gap > 0).float() + (gap == 0).float() / 2).mean()
    return found
