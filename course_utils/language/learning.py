"""Training on what people thought: the share of them that liked a sentence."""

from __future__ import annotations

import copy
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from course_utils.language.networks import KINDS
from course_utils.language.reader import Reader, accuracy
from course_utils.language.sentences import Sentences
from course_utils.language.tokens import UNKNOWN, Vocabulary
from course_utils.models import evaluating

EPOCHS = {"bag": 4, "transformer": 6}
RATE = {"bag": 5e-3, "transformer": 2e-3}
BATCH = 64
FORGET = 0.2
"""The share of words that a batch hides: they are read as unknown, so that this is learned."""


@dataclass(frozen=True)
class Trained:
    """A reader, and after each epoch its loss and accuracy on the validation sentences."""

    reader: Reader
    loss: list[float]
    accuracy: list[float]


def train(
    kind: str, vocabulary: Vocabulary, sentences: Sentences, validation: Sentences, *,
    seed: int = 0, epochs: int | None = None, target: Tensor | None = None,
) -> Trained:  # fmt: skip
    """Train a "bag" or a "transformer", ending on the weights best on validation.

    The loss is cross-entropy with the share of people that liked a sentence: where people
    disagree, the network shall not be sure.

    Args:
        target: other shares to learn from, one a training sentence: a teacher's.
    """
    if kind not in KINDS:
        raise ValueError(f"kind must be one of {', '.join(KINDS)}; got {kind!r}.")
    wanted = sentences.share if target is None else target
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        network = KINDS[kind](len(vocabulary))
        found = _fit(network, vocabulary.rows(sentences.texts), wanted,
                     vocabulary.rows(validation.texts), validation,
                     epochs or EPOCHS[kind], RATE[kind])  # fmt: skip
    return Trained(Reader(vocabulary, network), *found)


def _fit(
    network: nn.Module, rows: Tensor, wanted: Tensor, held: Tensor, validation: Sentences,
    epochs: int, rate: float,
) -> tuple[list[float], list[float]]:  # fmt: skip
    steps = epochs * len(_batches(rows))
    optimizer = torch.optim.AdamW(network.parameters(), lr=rate)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, rate, total_steps=steps)
    losses, accuracies, best = [], [], None
    for _ in range(epochs):
        network.train()
        for batch in _batches(rows):
            seen = hidden(rows[batch][:, : int((rows[batch] != 0).sum(1).max())])
            loss = F.binary_cross_entropy_with_logits(network(seen), wanted[batch])
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            schedule.step()
        with evaluating(network):
            said = Reader(Vocabulary(()), network).read(held)
        losses.append(F.binary_cross_entropy_with_logits(said, validation.share).item())
        accuracies.append(accuracy(said, validation.liked))
        if accuracies[-1] == max(accuracies):
            best = copy.deepcopy(network.state_dict())
    network.load_state_dict(best)
    network.eval()
    return losses, accuracies


def _batches(rows: Tensor) -> list[Tensor]:
    """Batches of sentences of like length, in random order."""
    lengths = (rows != 0).sum(1) + 4 * torch.rand(len(rows))
    batches = lengths.argsort().split(BATCH)
    return [batches[k] for k in torch.randperm(len(batches)).tolist()]


def hidden(numbers: Tensor, *, share: float = FORGET) -> Tensor:
    """Return the rows with a share of the words replaced by "unknown", at random."""
    forget = (torch.rand(numbers.shape) < share) & (numbers != 0)
    return numbers.masked_fill(forget, UNKNOWN)
