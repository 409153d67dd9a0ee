"""Because you liked …: which of a user's films stand behind a recommendation.

`removed` asks the model: without this film, refitted, by how much would the score fall? `similar`
only compares two films, and knows nothing of the user.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.recommend.ridge import PENALTY, WEIGHT, user_vector, without_each


@dataclass(frozen=True, eq=False)
class Case:
    """One recommendation: the films' vectors, what a user liked, and what is recommended.

    Attributes:
        film: film x dimension.
        liked: places of the films that the user liked.
        recommended: the place of the recommended film.
        weight, penalty: as in `factors.on_likes`.
    """

    film: Tensor
    liked: Tensor
    recommended: int
    weight: float = WEIGHT
    penalty: float = PENALTY

    def vector(self, liked: Tensor | None = None) -> Tensor:
        """Return the user's vector for these likes, or for others."""
        liked = self.liked if liked is None else liked
        return user_vector(self.film, liked, weight=self.weight, penalty=self.penalty)

    def score(self, liked: Tensor | None = None) -> float:
        """Return the recommended film's score."""
        return float(self.vector(liked) @ self.film[self.recommended])


def removed(case: Case) -> Tensor:
    """Return for each liked film how far the score falls when it is left out, refitted: exact."""
    vectors = without_each(case.film, case.liked, weight=case.weight, penalty=case.penalty)
    return case.score() - vectors @ case.film[case.recommended]


def similar(case: Case) -> Tensor:
    """Return the cosine of each liked film's vector with that of the recommended one."""
    return torch.cosine_similarity(case.film[case.liked], case.film[[case.recommended]])


def place(case: Case, seen: Tensor, liked: Tensor | None = None) -> int:
    """Return the recommended film's place in the list of unseen films, 1 for the first.

    Args:
        seen: places of films that are not candidates; the recommended one is not among them.
        liked: the likes that the user's vector is fitted to; the case's own if None.
    """
    scores = case.film @ case.vector(liked)
    ahead = scores > scores[case.recommended]
    ahead[seen] = False
    return 1 + int(ahead.sum())


def left(case: Case, reasons: Tensor, count: int) -> Tensor:
    """Return the liked films without the `count` of strongest reasons."""
    if count > len(case.liked):
        raise ValueError(f"{count} films cannot be left out of {len(case.liked)}")
    stays = torch.ones(len(case.liked), dtype=torch.bool)
    stays[reasons.topk(count).indices] = False
    return case.liked[stays]
