"""Lesson 5.6: models of ratings, and what shrinking one costs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from course_utils import prune, recommend
from course_utils.demos.film_reasons import bar
from course_utils.recommend import Factors, Ratings, Split, compress, quality
from course_utils.spread import mean_and_error

Found = dict[str, Factors]
MODELS = {"stars": recommend.on_stars, "pairs": recommend.on_pairs, "likes": recommend.on_likes}


@dataclass
class Curves:
    """Validation RMSE and NDCG while models train, by model: step, RMSE, NDCG."""

    part: Split
    every: int = 20
    rows: dict[str, list[tuple[int, float, float]]] = field(default_factory=dict)

    def note(self, name: str, step: int, now: Factors) -> None:
        """Measure factors after so many steps."""
        found = quality.ranked(now, self.part.train, self.part.validation)[0].mean().item()
        row = (step, quality.rmse(now, self.part.validation), found)
        self.rows.setdefault(name, []).append(row)

    def watch(self, name: str) -> Any:
        """Return what a training calls at each step."""
        return lambda step, now: None if step % self.every else self.note(name, step, now)


def train_all(
    parts: Sequence[Split], *, curves: Curves | None = None, progress: bool = True
) -> list[Found]:
    """Train all models on each split, and put the two baselines before them.

    Args:
        curves: filled while the models of the first split train.
    """
    found: list[Found] = [
        {"biases": recommend.biases(one.train), "popularity": recommend.popularity(one.train)}
        for one in parts
    ]
    jobs = [(seed, name) for seed in range(len(parts)) for name in MODELS]
    for seed, name in bar(jobs, unit="model", progress=progress):
        watch = curves.watch(name) if curves and seed == 0 else None
        found[seed][name] = MODELS[name](parts[seed].train, seed=seed, watch=watch)
        if watch:
            curves.note(name, len(found[seed][name].loss), found[seed][name])
    return found


def ndcgs(found: Iterable[Factors], parts: Iterable[Split]) -> list[float]:
    """Return the mean validation NDCG of one model a split."""
    return [quality.ranked(one, part.train, part.validation)[0].mean().item()
            for one, part in zip(found, parts, strict=True)]  # fmt: skip


def score(found: Sequence[Found], parts: Sequence[Split]) -> dict[str, list[Tensor]]:
    """Return by model the validation NDCG of each user, a tensor a split."""
    pairs = list(zip(found, parts, strict=True))
    return {name: [quality.ranked(one[name], part.train, part.validation)[0]
                   for one, part in pairs] for name in found[0]}  # fmt: skip


def rows(
    found: Sequence[Found], parts: Sequence[Split], scored: dict[str, list[Tensor]]
) -> list[dict[str, str]]:
    """Return a table of the models: stars' error, pairs in order, NDCG; mean and spread."""
    table = []
    for name, lists in scored.items():
        models = [(one[name], part.validation) for one, part in zip(found, parts, strict=True)]
        stars = [quality.rmse(*pair) for pair in models]
        pairs = [quality.right_pairs(*pair).nanmean().item() for pair in models]
        told = name in ("biases", "stars")
        table.append({"model": name, "RMSE, stars": spread(stars) if told else "–",
                      "pairs in order": spread(pairs, percent=True),
                      "NDCG@10": spread([one.mean().item() for one in lists])})  # fmt: skip
    return table


def spread(values: Sequence[float], *, percent: bool = False) -> str:
    """The mean of a few seeds, and the standard deviation between them, in words."""
    numbers = torch.tensor(values)
    style = "{:.1%} ± {:.1%}" if percent else "{:.3f} ± {:.3f}"
    return style.format(numbers.mean().item(), numbers.std().item())


def against(scored: dict[str, list[Tensor]], one: str, other: str) -> list[tuple]:
    """Return for each split the mean difference in NDCG and its error, user by user."""
    return [mean_and_error(a - b) for a, b in zip(scored[one], scored[other], strict=True)]


# ---- smaller


def file_bytes(factors: Factors, *, bits: int | None = None) -> int:
    """Return the bytes of the file that holds factors."""
    with tempfile.TemporaryDirectory() as folder:
        return compress.save(factors, Path(folder) / "factors.safetensors", bits=bits)


def smaller(found: Sequence[Factors], parts: Sequence[Split]) -> list[dict[str, Any]]:
    """Return bytes and NDCG, one a split, of one model made smaller in many ways."""
    table = [_small("float32", "whole", found, parts)]
    for bits in (8, 4, 2):
        made = [compress.rounded(one, bits=bits) for one in found]
        table.append(_small("fewer bits", f"{bits} bits", made, parts, bits=bits))
    for share in (0.5, 0.2, 0.05, 0.02):
        for way in ("rare films out", "films out by lot"):
            made = [compress.with_rows(one, kept(part.train, share, way))
                    for one, part in zip(found, parts, strict=True)]  # fmt: skip
            table.append(_small(way, f"{share:.0%} of the films", made, parts))
    for size in (8, 4):
        made = [compress.truncated(one, dimensions=size) for one in found]
        table.append(_small("fewer dimensions", f"{size} dimensions", made, parts))
    return table


def kept(train: Ratings, share: float, way: str = "rare films out") -> Tensor:
    """Return a bool for each film: does its vector stay?"""
    likes = train.liked.counts().float()
    if way == "films out by lot":
        likes = torch.rand(len(likes), generator=torch.Generator().manual_seed(0))
    return prune.highest(likes, share=share)


def _small(
    way: str,
    what: str,
    found: Sequence[Factors],
    parts: Sequence[Split],
    *,
    bits: int | None = None,
) -> dict[str, Any]:
    return {"way": way, "what": what, "bytes": file_bytes(found[0], bits=bits),
            "NDCG": ndcgs(found, parts)}  # fmt: skip


def tail_rows(named: dict[str, Sequence[Factors]], parts: Sequence[Split]) -> list[dict[str, str]]:
    """Return how much of the liked is found, head (5 % of the films) and tail apart."""
    table = []
    for name, models in named.items():
        found = {"head": [], "tail": [], "films": []}
        for one, part in zip(models, parts, strict=True):
            wanted, head = part.validation.liked.table(), kept(part.train, 0.05)
            lists = quality.top(one.scores(), part.train.table())
            found["head"].append(quality.recall(lists, wanted & head).nanmean().item())
            found["tail"].append(quality.recall(lists, wanted & ~head).nanmean().item())
            found["films"].append(len(lists.unique()))
        table.append({"model": name, "recall, head": spread(found["head"], percent=True),
                      "recall, tail": spread(found["tail"], percent=True),
                      "films in all lists": round(sum(found["films"]) / len(parts))})  # fmt: skip
    return table


def in_tail(parts: Iterable[Split]) -> list[float]:
    """Return for each split the share of the held-out likes that are not in the head."""
    return [(~kept(part.train, 0.05)[part.validation.liked.film]).float().mean().item()
            for part in parts]  # fmt: skip


def test_rows(
    found: Sequence[Found], parts: Sequence[Split], small: Sequence[Factors]
) -> list[dict[str, str]]:
    """Return a table of NDCG on the test ratings, read once; training and validation are seen."""
    named = {name: [one[name] for one in found] for name in found[0] if name != "biases"}
    table = []
    for name, models in (named | {"likes, small": small}).items():
        read = [quality.ranked(one, part.train.table() | part.validation.table(), part.test)[0]
                for one, part in zip(models, parts, strict=True)]  # fmt: skip
        table.append({"model": name, "NDCG@10, test": spread([x.mean().item() for x in read])})
    return table
