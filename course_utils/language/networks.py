"""Two classifiers of sentences: a bag of word vectors, and a small transformer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from course_utils.language.attention import Attention, Reweigh
from course_utils.language.tokens import PAD, PLACES


class Bag(nn.Module):
    """Adds up one vector for each word, and weighs the sum: blind to the order of words.

    Its forward is `nn.EmbeddingBag` in mode "sum", written so that ONNX knows it.
    """

    def __init__(self, words: int, size: int = 32) -> None:
        super().__init__()
        self.settings = {"words": words, "size": size}
        self.word = _vectors(words, size)
        self.out = nn.Linear(size, 1)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return log-odds of "liked", n, from n x place."""
        return self.out(self.word(numbers).sum(1))[:, 0]


class Block(nn.Module):
    """One layer: places look at each other, then each place thinks for itself."""

    def __init__(self, size: int, heads: int, dropout: float) -> None:
        super().__init__()
        self.before, self.between = nn.LayerNorm(size), nn.LayerNorm(size)
        self.attention = Attention(size, heads)
        self.think = nn.Sequential(nn.Linear(size, 2 * size), nn.ReLU(), nn.Linear(2 * size, size))
        self.drop = nn.Dropout(dropout)

    def forward(
        self, x: Tensor, there: Tensor, reweigh: Reweigh | None = None
    ) -> tuple[Tensor, Tensor]:
        """Return n x place x size, and the attention weights."""
        taken, weights = self.attention(self.before(x), there, reweigh)
        x = x + self.drop(taken)
        return x + self.drop(self.think(self.between(x))), weights


class Transformer(nn.Module):
    """Reads words and their places; a first place, with no word, collects the answer."""

    def __init__(
        self, words: int, size: int = 32, heads: int = 2, layers: int = 2, dropout: float = 0.3
    ) -> None:
        super().__init__()
        self.settings = {"words": words, "size": size, "heads": heads, "layers": layers}
        self.word = _vectors(words, size)
        self.place = nn.Parameter(0.02 * torch.randn(PLACES + 1, size))
        self.blocks = nn.ModuleList(Block(size, heads, dropout) for _ in range(layers))
        self.last, self.out = nn.LayerNorm(size), nn.Linear(size, 1)
        self.drop = nn.Dropout(dropout)

    def forward(self, numbers: Tensor) -> Tensor:
        """Return log-odds of "liked", n, from n x place."""
        return self.looking(numbers)[0]

    def looking(self, numbers: Tensor, reweigh: Reweigh | None = None) -> tuple[Tensor, Tensor]:
        """Return log-odds, n, and attention, n x layer x head x query x key.

        Place 0 of queries and keys is the collecting one; the words follow.

        Args:
            reweigh: changes the attention weights of every layer.
        """
        there = torch.cat([torch.ones_like(numbers[:, :1]), numbers], 1) != PAD
        word = self.word(numbers)
        x = torch.cat([torch.zeros_like(word[:, :1]), word], 1) + self.place[: there.shape[1]]
        x, seen = self.drop(x), []
        for block in self.blocks:
            x, weights = block(x, there, reweigh)
            seen.append(weights)
        return self.out(self.drop(self.last(x[:, 0])))[:, 0], torch.stack(seen, 1)


def _vectors(words: int, size: int) -> nn.Embedding:
    """Small random vectors; padding's stays zero."""
    made = nn.Embedding(words, size, padding_idx=PAD)
    nn.init.normal_(made.weight, std=0.1)
    with torch.no_grad():
        made.weight[PAD] = 0
    return made


KINDS = {"bag": Bag, "transformer": Transformer}
