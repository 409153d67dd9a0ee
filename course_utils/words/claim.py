"""A claim: a sentence, and what a model must answer for the sentence to be true."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import torch

from course_utils.models import evaluating


class Trial(NamedTuple):
    """One thing that a sentence foretells.

    Attributes:
        name: how the input came about, such as "blurred", in English and in Chinese.
        shown: the input: an image, channel x height x width, or a text.
        answer: a class; what the model must answer, or, if `denied`, must not.
    """

    name: tuple[str, str]
    shown: Any
    answer: int
    denied: bool = False

    def met(self, answer: int) -> bool:
        """Whether a model that gives this answer does as foretold."""
        return (answer != self.answer) if self.denied else (answer == self.answer)


@dataclass(frozen=True, eq=False)
class Claim:
    """A sentence with all that is needed to try it on any model.

    It does not know how it was found, so trying it repeats nothing of the finding.

    Attributes:
        kind: "region", "rule", "word" or "neighbours".
        english: the sentence.
        chinese: the same sentence in Chinese.
        trials: all of them must come out as foretold, at least one.
        subject: what the sentence is about: an image or a text.
        sure: how sure its finder was; higher is surer, in the finder's own unit.
    """

    kind: str
    english: str
    chinese: str
    trials: tuple[Trial, ...]
    subject: Any
    sure: float = 0.0

    def __post_init__(self):
        if not self.trials:
            raise ValueError("a claim needs at least one trial: what would make it false?")

    def answers(self, network: Any) -> list[int]:
        """Return what a model answers to each trial, a class each.

        Args:
            network: from images to logits; for texts, a fitted classifier with `predict`.
        """
        return ask(network, [trial.shown for trial in self.trials])

    def holds(self, network: Any) -> bool:
        """Whether a model answers every trial as the sentence foretells."""
        return all(
            trial.met(answer)
            for trial, answer in zip(self.trials, self.answers(network), strict=True)
        )


def ask(network: Any, shown: Sequence[Any]) -> list[int]:
    """Return a model's answer to each image or text, a class each; its mode is kept."""
    if not len(shown):
        return []
    if isinstance(shown[0], str):
        return [int(answer) for answer in network.predict(list(shown))]
    with evaluating(network), torch.no_grad():
        pictures = torch.stack(tuple(shown))
        return torch.cat([network(part) for part in pictures.split(250)]).argmax(1).tolist()
