"""Lesson 5.6's reasons: what each explainer's films carry, newcomers, and the widget's desk."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

import torch
from torch import Tensor

from course_utils import recommend
from course_utils.recommend import Factors, Ratings, Split, compress, explain, quality, ridge
from course_utils.recommend.explain import Case

EXPLAINERS = ("removal", "similarity", "popularity", "lot")
USERS = (122, 36, 89, 178, 292, 368, 442, 541, 575, 611)
"""Some users to choose from in the widget."""


def bar(things: Iterable[Any], *, unit: str, progress: bool = True) -> Iterator[Any]:
    """Go through things with a progress bar that vanishes at the end."""
    from tqdm.auto import tqdm

    return tqdm(list(things), disable=not progress, unit=unit, leave=False)


def cases(factors: Factors, train: Ratings, users: Iterable[int], *, least: int = 10) -> dict:
    """Return by user the first recommendation, for those with enough liked films."""
    firsts = quality.top(factors.scores(), train.table(), 1)[:, 0].tolist()
    liked, found = train.liked, {}
    for user in users:
        own = liked.of(user)
        if len(own) >= least:
            found[user] = Case(factors.film, own, firsts[user])
    return found


def reasons(case: Case, likes: Tensor, lot: torch.Generator) -> dict[str, Tensor]:
    """Return by explainer how strongly each liked film stands behind the recommendation."""
    return {
        "removal": explain.removed(case),
        "similarity": explain.similar(case),
        "popularity": likes[case.liked],
        "lot": torch.rand(len(case.liked), generator=lot),
    }


@dataclass
class Deleted:
    """What three reasons carry: by explainer, one number a user.

    Attributes:
        falls: the share of the score that is lost when the three are left out.
        places: the recommendation's place afterwards.
        agree: rank correlation with the effects of removal.
        gone: the pairs of user and film that were left out, two tensors.
    """

    falls: dict[str, Tensor]
    places: dict[str, Tensor]
    agree: dict[str, Tensor]
    gone: dict[str, tuple[Tensor, Tensor]]


def deleted(found: dict[int, Case], train: Ratings, *, count: int = 3, seed: int = 0) -> Deleted:
    """Leave out each explainer's strongest reasons, refit the user, and look again."""
    from course_utils.fusion import agreement

    likes, lot = train.liked.counts().float(), torch.Generator().manual_seed(seed)
    out: dict[str, dict[str, list]] = {name: {"fall": [], "place": [], "agree": [], "film": []}
                                       for name in EXPLAINERS}  # fmt: skip
    for user, case in found.items():
        whole, seen, strong = case.score(), train.of(user), reasons(case, likes, lot)
        for name, values in strong.items():
            stays = explain.left(case, values, count)
            row = out[name]
            row["fall"].append((whole - case.score(stays)) / whole)
            row["place"].append(explain.place(case, seen, stays))
            row["agree"].append(agreement(values[None], strong["removal"][None]).item())
            row["film"].append(case.liked[~torch.isin(case.liked, stays)])
    users = torch.tensor(list(found)).repeat_interleave(count)

    def pick(key: str) -> dict[str, Tensor]:
        return {name: torch.tensor(row[key], dtype=torch.float64) for name, row in out.items()}

    gone = {name: (users, torch.cat(row["film"])) for name, row in out.items()}
    return Deleted(pick("fall"), pick("place"), pick("agree"), gone)


def reason_rows(gone: Deleted) -> list[dict[str, str]]:
    """Return a table: by explainer, what its three reasons carried and how it ranks films."""
    return [{"reasons by": name, "score lost": f"{gone.falls[name].mean():.1%}",
             "rank correlation with removal": f"{gone.agree[name].mean():.2f}",
             "out of the ten": f"{(gone.places[name] > 10).double().mean():.1%}"}
            for name in EXPLAINERS]  # fmt: skip


def relearned(
    found: dict[int, Case], before: Factors, train: Ratings, gone: dict, *, seed: int = 0,
    progress: bool = True,
) -> dict[str, Tensor]:  # fmt: skip
    """Return the shares of the scores that fall when all is trained again without the reasons."""
    users, films = list(found), [case.recommended for case in found.values()]
    whole, falls = before.scores()[users, films], {}
    for name, (user, film) in bar(gone.items(), unit="training", progress=progress):
        again = recommend.on_likes(train.without(user, film), seed=seed)
        falls[name] = ((whole - again.scores()[users, films]) / whole).double()
    return falls


def newcomers(part: Split, counts: Sequence[int], *, groups: int = 4, seed: int = 0) -> dict:
    """Return by number of known likes the NDCG of the same users, who liked 20 films or more.

    Each group of users is new to a model, and a popularity list, made from all the others.

    Returns:
        By count, and under "popularity", one number a user; users stand in the same order.
    """
    train, lot = part.train, torch.Generator().manual_seed(seed)
    many = torch.bincount(train.liked.user, minlength=train.users) >= max(20, *counts)
    seen, wanted = train.table(), part.validation.liked.table()
    found: dict[int | str, list[Tensor]] = {count: [] for count in (*counts, "popularity")}
    for group in range(groups):
        new = torch.arange(train.users) % groups == group
        others, wish = train[~new[train.user]], wanted & (new & many)[:, None]
        model = recommend.on_likes(others, seed=seed)
        orders = {user: _shuffled(train.liked.of(user), lot)
                  for user in wish.any(1).nonzero().flatten().tolist()}  # fmt: skip
        known = {count: _told(model, orders, count) for count in counts}
        for name, one in (known | {"popularity": recommend.popularity(others)}).items():
            found[name].append(quality.ranked(one, seen, wish)[0])
    return {name: torch.cat(values) for name, values in found.items()}


def _shuffled(films: Tensor, lot: torch.Generator) -> Tensor:
    return films[torch.randperm(len(films), generator=lot)]


def _told(model: Factors, orders: dict[int, Tensor], count: int) -> Factors:
    """The model with the vectors that its films give to users who told so many likes."""
    user = torch.zeros_like(model.user)
    for one, films in orders.items():
        user[one] = ridge.user_vector(model.film, films[:count])
    return replace(model, user=user)


class Desk:
    """Recommendations and their reasons for the widget, at several numbers of bits.

    Args:
        titles: of all films.
    """

    def __init__(self, factors: Factors, train: Ratings, titles: Sequence[str]) -> None:
        self.titles, self.liked, self._seen = titles, train.liked, train.table()
        self.tables = {32: factors.film} | {bits: compress.rounded(factors, bits=bits).film
                                            for bits in (8, 4, 2)}  # fmt: skip
        self.ten, self.because = cache(self._ten), cache(self._because)

    def _ten(self, user: int, bits: int) -> tuple[list[int], Tensor]:
        """Return a user's ten films, best first, and their scores."""
        film = self.tables[bits]
        scores = film @ ridge.user_vector(film, self.liked.of(user))
        best = quality.top(scores[None], self._seen[[user]])[0]
        return best.tolist(), scores[best]

    def _because(self, user: int, film: int, bits: int, *, count: int = 5) -> list[tuple]:
        """Return the liked films whose removal costs most: title, share of the score, cosine."""
        case = Case(self.tables[bits], self.liked.of(user), film)
        falls, alike = explain.removed(case) / case.score(), explain.similar(case)
        best = falls.topk(min(count, len(falls))).indices.tolist()
        return [(self.titles[int(case.liked[k])], falls[k].item(), alike[k].item()) for k in best]
