"""Lesson 3.8: thresholds from validation, tables of truth, networks that disagree, a button."""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import training, words
from course_utils.spread import mean_and_error as with_error
from course_utils.words import Claim, Truth
from course_utils.words.rules import RuleBook

LITTLE = frozenset(
    "a an the i me my we us our you your he him his she her they them their it its this that "
    "these those and or of to in on at by for from with as is are was were be been there".split()
)
"""Articles, pronouns, small prepositions: words that no person would name as a reason."""

Claims = Sequence[Claim | None]
Check = Callable[[Any, Claim], bool]


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


def little_words(claims: Claims) -> list[str]:
    """Return the words of LITTLE that sentences about words name as deciding, each once."""
    named = {word for claim in claims if claim for word in re.findall("“(.+?)”", claim.english)}
    return sorted(named & LITTLE)


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
    chance = torch.Generator().manual_seed(0)
    other = answer[speak][torch.randperm(int(speak.sum()), generator=chance)]
    control = int((other == said["test"][speak]).sum())
    truth = Truth(len(speak), int(speak.sum()), int((speak & held).sum()))
    told = row(name, truth, Truth(truth.cases, truth.spoken, control))
    return {**told, "fidelity": f"{held.double().mean():.0%}"}, truth, least


def sides(ours: Tensor, twins: Tensor, foretold: Tensor) -> dict[str, Any]:
    """Where other networks disagree with ours: with whom do the sentences side?

    An image on which several twins disagree counts once, by their mean.

    Args:
        ours: our network's answers, n; twins: the others' answers, twin x n.
        foretold: what the sentences foretell, n; -1 for silence.

    Returns:
        "disagree" and "spoken", how many images; and of each image that was spoken of, whether
        the sentence sided with "ours", the share of the twins it sided with, and their "lead".
    """
    apart = twins != ours
    spoken = apart.any(0) & (foretold >= 0)
    weight = apart[:, spoken].double()
    one = (foretold == ours)[spoken].double()
    other = ((foretold == twins)[:, spoken] * weight).sum(0) / weight.sum(0)
    return {"disagree": int(apart.any(0).sum()), "spoken": int(spoken.sum()), "ours": one,
            "theirs": other, "lead": one - other}  # fmt: skip


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


def costs(cases: int, speakers: Mapping[str, Callable[[], Claims]]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: how long it takes to speak about a case, the better of two runs.

    Args:
        cases: about how many cases each speaker speaks.
    """
    rows = []
    for name, speak in speakers.items():
        times = []
        for _ in range(2):
            start = time.perf_counter()
            speak()
            times.append(time.perf_counter() - start)
        rows.append({"sentences": name, "ms a case": f"{1000 * min(times) / cases:.1f}"})
    return rows


def passes(checks: Sequence[Check], claims: Claims, networks: Mapping[str, Any]) -> list[dict]:
    """Rows for `lesson.table`: to what share of sentences each check says yes, by network."""
    there = [claim for claim in claims if claim]
    return [
        {"check": check.__name__}
        | {name: sum(bool(check(network, claim)) for claim in there) / len(there)
           for name, network in networks.items()}
        for check in checks
    ]  # fmt: skip
