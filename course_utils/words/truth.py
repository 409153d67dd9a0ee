"""How often a way of speaking speaks, and how often it speaks the truth."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from course_utils.words.claim import Claim, ask


@dataclass(frozen=True)
class Truth:
    """A count of cases, of sentences spoken about them, and of those that held.

    Attributes:
        cases: how many cases it was asked to speak about.
        spoken: in how many it spoke.
        true: how many of these sentences held.
    """

    cases: int
    spoken: int
    true: int

    @property
    def coverage(self) -> float:
        """The share of cases with a sentence."""
        return self.spoken / self.cases if self.cases else math.nan

    @property
    def share(self) -> float:
        """The share of spoken sentences that held; nan when nothing was said."""
        return self.true / self.spoken if self.spoken else math.nan

    @property
    def error(self) -> float:
        """The standard error of `share` (Agresti and Coull 1998: two more of each kind).

        A plain √(p (1 - p) / n) would be 0 where every sentence held, however few there were.
        """
        n = self.spoken + 4
        p = (self.true + 2) / n
        return math.sqrt(p * (1 - p) / n)

    def __str__(self) -> str:
        if not self.spoken:
            return f"nothing said in {self.cases} cases"
        return (
            f"{self.spoken} sentences in {self.cases} cases ({self.coverage:.0%}), "
            f"{self.share:.1%} ± {self.error:.1%} true"
        )


def verdicts(network: Any, claims: Sequence[Claim]) -> Tensor:
    """Return for each claim whether it holds, n booleans: `Claim.holds` in large batches."""
    trials = [trial for claim in claims for trial in claim.trials]
    answers = iter(ask(network, [trial.shown for trial in trials]))
    return torch.tensor(
        [all([trial.met(next(answers)) for trial in claim.trials]) for claim in claims],
        dtype=torch.bool,
    )


def measure(network: Any, claims: Sequence[Claim | None]) -> Truth:
    """Try every sentence on a model.

    Args:
        claims: one for each case, None where nothing was said.
    """
    spoken = [claim for claim in claims if claim is not None]
    return Truth(len(claims), len(spoken), int(verdicts(network, spoken).sum()))


def surest(claims: Sequence[Claim | None], threshold: float) -> list[Claim | None]:
    """Return the claims whose `sure` reaches the threshold; silence for the others."""
    return [claim if claim and claim.sure >= threshold else None for claim in claims]


def threshold(sure: Tensor, held: Tensor, *, goal: float, fewest: int = 20) -> float:
    """Return the lowest threshold at which the spoken share that held reaches the goal.

    Sentences that are equally sure are spoken together or not at all.

    Args:
        sure: one number for each sentence, n; held: whether it held, n.
        goal: a share in [0, 1].
        fewest: a threshold that leaves fewer sentences than this is not trusted.

    Returns:
        Infinity, that is silence, where no threshold will do.
    """
    if not 0 <= goal <= 1:
        raise ValueError(f"goal must be a share in [0, 1]; got {goal}. Did you mean {goal / 100}?")
    if sure.shape != held.shape or sure.dim() != 1:
        raise ValueError(f"sure and held must be n numbers each; got {tuple(sure.shape)} and "
                         f"{tuple(held.shape)}.")  # fmt: skip
    order = sure.argsort(descending=True)
    values, right = sure[order].double(), held[order].double().cumsum(0)
    count = torch.arange(1, len(order) + 1)
    last = torch.ones(len(order), dtype=torch.bool)
    last[:-1] = values[1:] != values[:-1]  # the last of those that are equally sure
    good = last & (right >= goal * count) & (count >= fewest)
    return values[good.nonzero()[-1, 0]].item() if good.any() else math.inf
