"""A network together with its vocabulary: from texts to log-odds. Either alone is useless."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from course_utils.language.tokens import PAD, PLACES, Vocabulary
from course_utils.models import evaluating


@dataclass(frozen=True)
class Reader:
    """Reads sentences.

    Attributes:
        vocabulary: the words it knows.
        network: from numbers, n x place, to log-odds of "liked", n.
    """

    vocabulary: Vocabulary
    network: Callable[[Tensor], Tensor]

    def __call__(self, texts: Sequence[str]) -> Tensor:
        """Return log-odds of "liked", n, float32."""
        if isinstance(texts, str):
            raise TypeError(f"a list of texts is needed; got one text. Did you mean [{texts!r}]?")
        return self.read(self.vocabulary.rows(texts))

    @torch.no_grad()
    def read(self, numbers: Tensor, *, batch_size: int = 500) -> Tensor:
        """Return log-odds for rows of numbers, 64 words each at most.

        Sentences of like length are read together.
        """
        numbers = numbers[:, :PLACES]
        if not len(numbers):
            return torch.zeros(0)
        lengths = (numbers != PAD).sum(1)
        found = torch.zeros(len(numbers))
        with evaluating(self.network):
            for rows in lengths.argsort().split(batch_size):
                part = numbers[rows][:, : max(1, int(lengths[rows].max()))]
                found[rows] = self.network(part)
        return found


def accuracy(log_odds: Tensor, liked: Tensor) -> float:
    """Return the share of sentences on the right side of 0."""
    return ((log_odds > 0) == liked).double().mean().item()
