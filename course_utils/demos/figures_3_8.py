"""Lesson 3.8's pictures: a sentence tried before the learner's eyes, and a desk to do so."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch

from course_utils import page, plots, words
from course_utils.data import FASHION_CLASSES
from course_utils.words import Claim
from course_utils.words.reviews import VERDICTS


def trials(network: Any, claim: Claim, *, title: str = "") -> Any:
    """Draw what an image claim is tried on, and what the network answers to each."""
    return plots.image_row(
        torch.stack([trial.shown for trial in claim.trials]),
        [f"{_broken(trial.name[0])}\n{FASHION_CLASSES[answer]} {_mark(trial.met(answer))}"
         for trial, answer in zip(claim.trials, claim.answers(network), strict=True)],
        title=title,
    )  # fmt: skip


def words_for_trials(network: Any, claim: Claim) -> str:
    """The trials in words."""
    told = (
        f"{trial.name[0]}: {_name(claim, answer)} {_mark(trial.met(answer))}"
        for trial, answer in zip(claim.trials, claim.answers(network), strict=True)
    )
    return f"{claim.english} Tried: {'; '.join(told)}."  # fmt: skip


class Desk:
    """A desk where sentences are tried: choose a case, press verify.

    Args:
        kinds: by kind of sentence, what it is tried on, sentences that were found, and the same
            said at random.
        cases: how many of each kind lie on the desk, half of them found, in random order.
    """

    def __init__(
        self,
        kinds: Mapping[str, tuple[Any, Sequence[Claim | None], Sequence[Claim | None]]],
        *,
        cases: int = 6,
        seed: int = 0,
    ):
        self.models = {kind: model for kind, (model, _, _) in kinds.items()}
        self._kinds: dict[str, list[tuple[Claim, str]]] = {}
        chance = torch.Generator().manual_seed(seed)
        for kind, (_, spoken, dice) in kinds.items():
            true = [(claim, "found") for claim in _first(spoken, cases // 2)]
            lies = [(claim, "made by dice") for claim in _first(dice, cases - cases // 2)]
            order = torch.randperm(len(true + lies), generator=chance).tolist()
            self._kinds[kind] = [(true + lies)[k] for k in order]

    def draw(self, kind: str, case: int, verify: bool) -> str:
        """Show a sentence and what it is about; when verified, its trials and where it is from."""
        claim, origin = self._kinds[kind][case - 1]
        said = f"<p>{page.escape(claim.english)}<br>{page.escape(claim.chinese)}</p>"
        if isinstance(claim.subject, str):
            said = f"<blockquote>{page.escape(claim.subject)}</blockquote>{said}"
        if not verify:
            return self._subject(claim) + said
        model = self.models[kind]
        answers = claim.answers(model)
        good = sum(t.met(a) for t, a in zip(claim.trials, answers, strict=True))
        verdict = "It holds" if good == len(answers) else "It does not hold"
        return (f"{self._tried(model, claim, answers)}{said}<p><b>{_mark(good == len(answers))} "
                f"{verdict}:</b> {good} of {len(answers)} answers as foretold. "
                f"The sentence was {origin}.</p>")  # fmt: skip

    def words(self, kind: str, case: int, verify: bool) -> str:
        """The same in words."""
        claim, _ = self._kinds[kind][case - 1]
        return words_for_trials(self.models[kind], claim) if verify else claim.english

    def _subject(self, claim: Claim) -> str:
        if isinstance(claim.subject, str):
            return ""
        return page.image(plots.image_row(claim.subject[None]), "the image it speaks about")

    def _tried(self, model: Any, claim: Claim, answers: Sequence[int]) -> str:
        if not isinstance(claim.subject, str):
            return page.image(trials(model, claim), words_for_trials(model, claim))
        lines = [f"<li>{page.escape(trial.shown)} → <b>{VERDICTS[answer][0]}</b> "
                 f"{_mark(trial.met(answer))}</li>"
                 for trial, answer in zip(claim.trials, answers, strict=True)]  # fmt: skip
        return f"<ul>{''.join(lines)}</ul>"


def verify_button() -> Any:
    """A button that stays pressed until a case is chosen; pressed at first, for still pages."""
    from course_utils import controls

    if not controls.available():
        return controls.switch(True, label="verify")
    import ipywidgets

    return ipywidgets.ToggleButton(value=True, description="verify", icon="check")


def releases(live: Any) -> None:
    """Let the verify button go now, and whenever another case is chosen."""

    def release(_change: Any = None) -> None:
        live.controls["verify"].value = False

    for name in ("kind", "case"):
        live.controls[name].observe(release, "value")
    release()


def _first(claims: Sequence[Claim | None], count: int) -> list[Claim]:
    """The first claims that say different things; repeated where there are too few."""
    there = [claim for claim in claims if claim is not None]
    unlike = list({claim.english: claim for claim in reversed(there)}.values())[::-1]
    return (unlike + there)[:count]


def _broken(name: str) -> str:
    """A trial's name in two lines, so that names stand side by side."""
    return name.replace(", ", ",\n") if ", " in name else f"\n{name}"


def _name(claim: Claim, answer: int) -> str:
    return VERDICTS[answer][0] if isinstance(claim.subject, str) else FASHION_CLASSES[answer]


def _mark(met: bool) -> str:
    return "✓" if met else "✗"


def surest_failure(network: Any, claims: Sequence[Claim | None]) -> Claim:
    """Return the claim whose finder was surest among those that do not hold."""
    there = [claim for claim in claims if claim is not None]
    held = words.verdicts(network, there).tolist()
    return max((c for c, h in zip(there, held, strict=True) if not h), key=lambda c: c.sure)
