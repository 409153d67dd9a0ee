"""What each word of a sentence adds to the answer, asked in four ways; "off" is left out.

A word that stands twice is one player, on or off everywhere. The score is the log-odds of
"liked": a positive value speaks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from course_utils import shapley as games
from course_utils import surrogate
from course_utils.language.attention import Reweigh
from course_utils.language.reader import Reader
from course_utils.language.tokens import PLACES, words
from course_utils.models import evaluating

EXACT = 10
"""Up to so many different words, Shapley values ask all coalitions."""

Explainer = Callable[[Reader, str], Tensor]


def players(text: str) -> list[str]:
    """Return a text's different words, in the order of their first places."""
    found = list(dict.fromkeys(words(text)))
    if not found:
        raise ValueError(f"there is no word in {text!r}.")
    return found


def game(reader: Reader, text: str) -> Callable[[Tensor], Tensor]:
    """Return the game of a text's words: from rows x players, on or off, to log-odds, rows."""
    names, spoken = players(text), words(text)
    owner = torch.tensor([names.index(word) for word in spoken])
    numbers = reader.vocabulary.rows([text])[0]

    def value(rows: Tensor) -> Tensor:
        on = rows.bool()[:, owner]
        order = (~on).long().argsort(dim=1, stable=True)  # what is on moves to the left
        return reader.read((numbers * on).gather(1, order)).double()

    return value


def leave_one_out(reader: Reader, text: str) -> Tensor:
    """Return by how much the log-odds are higher with each word than without it, players."""
    count = len(players(text))
    rows = torch.cat([torch.ones(1, count), 1 - torch.eye(count)])
    whole, *without = game(reader, text)(rows)
    return whole - torch.stack(without)


def lime(reader: Reader, text: str, *, samples: int = 300, seed: int = 0) -> Tensor:
    """Return LIME's weights for the log-odds, players (Ribeiro 2016, 1602.04938)."""
    count = len(players(text))
    return surrogate.fit_line(game(reader, text), count, samples=samples, seed=seed).weights


def shapley(reader: Reader, text: str, *, orders: int = 100, seed: int = 0) -> Tensor:
    """Return Shapley values, players: exact up to ten words, else from paired random orders.

    They sum to the log-odds of the text minus those of no word at all.
    """
    value, count = game(reader, text), len(players(text))
    if count <= EXACT:
        return games.exact(value, count)
    return games.sampled(value, count, orders=orders, paired=True, seed=seed).values


@torch.no_grad()
def attention(reader: Reader, text: str) -> Tensor:
    """Return how much the collecting place looks at each word, players.

    Mean over layers and heads; a word that stands twice gets both weights. Never negative, and
    with the collecting place's look at itself they sum to 1.
    """
    if not hasattr(reader.network, "looking"):
        raise TypeError(f"{type(reader.network).__name__} has no attention to show; a "
                        "Transformer has.")  # fmt: skip
    with evaluating(reader.network):
        _, weights = reader.network.looking(reader.vocabulary.rows([text])[:, :PLACES])
    seen, names, spoken = weights[0, :, :, 0, 1:].mean((0, 1)), players(text), words(text)
    found = torch.zeros(len(names), dtype=torch.float64)
    spoken = spoken[: len(seen)]
    return found.index_add(0, torch.tensor([names.index(w) for w in spoken]), seen.double())


def by_lot(reader: Reader, text: str, *, seed: int = 0) -> Tensor:
    """Return random numbers, players: the control."""
    return torch.randn(len(players(text)), generator=torch.Generator().manual_seed(seed)).double()


def uniform(weights: Tensor) -> Tensor:
    """Let the collecting place look at all words alike; its look at itself stays."""
    changed = weights.clone()
    row = weights[:, :, 0, 1:]
    there = (row > 0).to(row)
    changed[:, :, 0, 1:] = there / there.sum(-1, keepdim=True).clamp(min=1) * row.sum(-1, True)
    return changed


def blind(weights: Tensor) -> Tensor:
    """Let the collecting place look at itself only: no word reaches it."""
    changed = weights.clone()
    changed[:, :, 0] = 0
    changed[:, :, 0, 0] = 1
    return changed


def shuffled(seed: int) -> Reweigh:
    """Return what deals each sentence's word weights out anew, the same way in all heads."""

    def deal(weights: Tensor) -> Tensor:
        generator = torch.Generator().manual_seed(seed)
        changed, row = weights.clone(), weights[:, :, 0, 1:]
        there = row[:, 0] > 0
        # among the words: a random order of the places that are there, then the others
        dice = torch.rand(there.shape, generator=generator).masked_fill(~there, 2)
        changed[:, :, 0, 1:] = row.gather(2, dice.argsort(1)[:, None].expand_as(row))
        return changed

    return deal


def rank_correlation(one: Tensor, other: Tensor) -> float:
    """Return Spearman's correlation of two words' values; 0 where one is constant."""
    from course_utils.fusion import agreement

    return agreement(one[None], other[None]).item()


@torch.no_grad()
def reweighed(reader: Reader, texts: Sequence[str], reweigh: Reweigh) -> Tensor:
    """Return a transformer's log-odds with the collecting place's attention changed, n."""
    numbers = reader.vocabulary.rows(texts)[:, :PLACES]
    with evaluating(reader.network):
        parts = [reader.network.looking(part, reweigh)[0] for part in numbers.split(500)]
    return torch.cat(parts)
