"""Lesson 3.8: thresholds from validation, tables of truth, networks that disagree, a button."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import training, words
from course_utils.spread import mean_and_error as with_error
from course_utils.words import Claim, Truth
from course_utils.words.rules import RuleBook

Claims = Sequence[Claim | None]


def threshold(network: Any, claims: Claims, goal: float) -> float:
    """Return how sure a sentence must be so that the share of true ones reaches the goal."""
    spoken = [claim for claim in claims if claim]
    sure = torch.tensor([claim.sure for claim in spoken], dtype=torch.float64)
    return words.threshold(sure, words.verdicts(network, spoken), goal=goal)


def row(name: str, found: Truth, control: Truth | None = None) -> dict[str, str]:
    """A row for `lesson.table`: how often was spoken, and how often truly."""
    told = {"sentences": name, "cases": f"{found.cases:,}", "spoken": f"{found.coverage:.0%}",
            "true": _with_error(found)}  # fmt: skip
    if control is not None:
        told["control, true"] = _with_error(control)
    return told


def _with_error(found: Truth) -> str:
    if not found.spoken:
        return "nothing said"
    return f"{found.share:.1%} ± {found.error:.1%}"


def shown(claims: Claims, count: int, *, text: bool = False) -> list[dict[str, str]]:
    """Rows for `lesson.table`: the first sentences that differ, in both languages.

    Args:
        text: show what the sentences are about, too.
    """
    first = {claim.english: claim for claim in reversed(claims) if claim}
    return [({"about": claim.subject} if text else {})
            | {"English": claim.english, "中文": claim.chinese}
            for claim in list(reversed(first.values()))[:count]]  # fmt: skip


def foretold(claims: Claims) -> Tensor:
    """Return the answer that each claim foretells for its subject, n; -1 for silence."""
    return torch.tensor([claim.trials[0].answer if claim else -1 for claim in claims])


def rules_row(name: str, book: RuleBook, said: Mapping[str, Tensor], images: Mapping[str, Tensor],
              *, goal: float) -> tuple[dict[str, str], Truth, float]:  # fmt: skip
    """A row for `lesson.table` about a rule book, its figures, the threshold from validation.

    Args:
        said, images: by split, "validation" and "test", the network's answers and the images.
    """
    found, sure = book.foretold(images["validation"])
    least = words.threshold(sure, found == said["validation"], goal=goal)
    answer, sure = book.foretold(images["test"])
    speak, held = sure >= least, answer == said["test"]
    other = answer[speak][torch.randperm(int(speak.sum()), generator=_seeded(0))]
    control = int((other == said["test"][speak]).sum())
    truth = Truth(len(speak), int(speak.sum()), int((speak & held).sum()))
    told = row(name, truth, Truth(truth.cases, truth.spoken, control))
    return {**told, "fidelity": f"{held.double().mean():.0%}"}, truth, least


def sides(ours: Tensor, theirs: Tensor, foretold: Tensor) -> dict[str, Any]:
    """Where two networks disagree: with which of them do the sentences side?

    Args:
        ours, theirs: the two networks' answers, n.
        foretold: what the sentences foretell, n; -1 for silence.
    """
    apart = ours != theirs
    spoken = apart & (foretold >= 0)
    one, other = ((foretold == said)[spoken].double() for said in (ours, theirs))
    return {"disagree": int(apart.sum()), "spoken": int(spoken.sum()), "ours": one,
            "theirs": other, "lead": one - other}  # fmt: skip


def joined(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    """Put what `sides` found with two twins together."""
    return {key: torch.cat([one[key], other[key]]) if torch.is_tensor(one[key])
            else one[key] + other[key] for key in one}  # fmt: skip


def side_row(name: str, found: Mapping[str, Any]) -> dict[str, str]:
    """A row for `lesson.table` from what `sides` found."""
    lead, error = with_error(found["lead"])
    return {
        "sentences": name, "disagreements": str(found["disagree"]),
        "spoken": str(found["spoken"]), "with ours": f"{found['ours'].mean():.0%}",
        "with the twin": f"{found['theirs'].mean():.0%}",
        "ours − twin": f"{100 * lead:+.0f} ± {100 * error:.0f} points",
    }  # fmt: skip


def answers(network: Any, images: Tensor) -> Tensor:
    """Return the class that a network gives each image, n."""
    return training.predict(network, images).argmax(1)


def halved(images: Tensor) -> Tensor:
    """Return images, n x 1 x 32 x 32, at half their size in the middle of a black ground."""
    small = torch.nn.functional.interpolate(images, scale_factor=0.5, mode="area")
    return torch.nn.functional.pad(small, [images.shape[-1] // 4] * 4)


def milliseconds(speak: Callable[[], Claims], cases: int) -> float:
    """Return how long it takes to speak about one case, in milliseconds: the best of two."""
    times = []
    for _ in range(2):
        start = time.perf_counter()
        speak()
        times.append(time.perf_counter() - start)
    return 1000 * min(times) / cases


def accepted(check: Callable[[Any, Claim], bool], network: Any, claims: Claims) -> float:
    """Return the share of sentences to which a check says yes."""
    said = [bool(check(network, claim)) for claim in claims if claim]
    return sum(said) / len(said)


def _seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)
