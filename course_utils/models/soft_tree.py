"""A soft decision tree: questions of all pixels, answered by degrees."""

from __future__ import annotations

from collections import OrderedDict

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models.architectures import FASHION_MEAN, FASHION_STD, Network, Normalize


class Paths(nn.Module):
    """From each question's score to the log-probability of each leaf, n x leaf.

    Questions are numbered from the root, level by level: question k goes left to 2k + 1, with
    probability sigmoid(−score), and right to 2k + 2. Leaves are numbered from left to right.
    """

    def __init__(self, depth: int) -> None:
        super().__init__()
        self.depth = depth

    def forward(self, scores: torch.Tensor) -> torch.Tensor:
        reached = scores.new_zeros(len(scores), 1)
        for level in range(self.depth):
            here = scores[:, 2**level - 1 : 2 ** (level + 1) - 1]
            both = torch.stack([F.logsigmoid(-here), F.logsigmoid(here)], 2)
            reached = (reached[:, :, None] + both).flatten(1)
        return reached


class Leaves(nn.Module):
    """Each leaf's fixed distribution over the classes, mixed by how probable the leaf is."""

    def __init__(self, leaves: int, classes: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(leaves, classes))

    def forward(self, reached: torch.Tensor) -> torch.Tensor:
        """Map log-probabilities of leaves, n x leaf, to those of classes, n x class."""
        return torch.logsumexp(reached[:, :, None] + F.log_softmax(self.weight, 1), 1)


class SoftTree(Network):
    """A tree whose questions are linear in the pixels (Frosst & Hinton 2017, 1711.09784).

    Each of 2^depth − 1 questions weighs all pixels and says how strongly to go right. The
    leaves are distributions; what is returned is the log of their mixture, so it can be
    trained, saved and compared like any network. Takes images n x 1 x size x size in [0, 1].
    """

    def __init__(
        self,
        *,
        depth: int = 5,
        size: int = 32,
        classes: int = 10,
        mean: float = FASHION_MEAN,
        std: float = FASHION_STD,
    ) -> None:
        if not 1 <= depth <= 12 or min(size, classes) < 1:
            raise ValueError(
                f"depth must be 1 to 12, size and classes at least 1; got depth={depth}, "
                f"size={size}, classes={classes}."
            )
        super().__init__(
            OrderedDict(
                normalize=Normalize(mean, std),
                flatten=nn.Flatten(),
                questions=nn.Linear(size * size, 2**depth - 1),
                paths=Paths(depth),
                leaves=Leaves(2**depth, classes),
            )
        )
        nn.init.normal_(self.leaves.weight)  # equal leaves would never part
        self.input_shape = (1, size, size)
        self.settings = {
            "depth": int(depth), "size": int(size), "classes": int(classes),
            "mean": float(mean), "std": float(std),
        }  # fmt: skip

    @property
    def depth(self) -> int:
        """How many questions an image is asked."""
        return self.settings["depth"]

    def distributions(self) -> torch.Tensor:
        """Return each leaf's distribution over the classes, leaf x class."""
        return self.leaves.weight.detach().softmax(1)

    @torch.no_grad()
    def visited(self, images: torch.Tensor) -> torch.Tensor:
        """Return which nodes an image's most likely way visits, n x (depth + 1), root first.

        The last one is a leaf: node number minus (2^depth − 1) is its place among the leaves.
        """
        scores = self.questions(self.flatten(self.normalize(images)))
        node = torch.zeros(len(images), dtype=torch.int64, device=images.device)
        way = [node]
        for _ in range(self.depth):
            right = scores.gather(1, node[:, None])[:, 0] > 0
            node = 2 * node + 1 + right.long()
            way.append(node)
        return torch.stack(way, 1)

    @torch.no_grad()
    def outlook(self, images: torch.Tensor) -> torch.Tensor:
        """Return each node's mean distribution over some images, node x class, leaves too.

        A node's is the mean of the leaves below it, weighted by how probable each leaf is.
        """
        before = self.flatten(self.normalize(images))
        use = self.paths(self.questions(before)).exp().mean(0).clamp(min=1e-12)
        below = use[:, None] * self.distributions()
        levels = [below / use[:, None]]
        while len(below) > 1:
            below, use = below.unflatten(0, (-1, 2)).sum(1), use.unflatten(0, (-1, 2)).sum(1)
            levels.insert(0, below / use[:, None])
        return torch.cat(levels)


def uneven(tree: SoftTree, images: torch.Tensor) -> torch.Tensor:
    """Return how unevenly a batch parts at the questions: the paper's penalty, 0 when halved.

    For each question, weighted by 1/2 each level down: the cross-entropy of (½, ½) with the
    shares of its images that go left and right, less its least value, ln 2.
    """
    scores = tree.questions(tree.flatten(tree.normalize(images)))
    reached, total = scores.new_zeros(len(scores), 1), scores.new_zeros(())
    for level in range(tree.depth):
        here = scores[:, 2**level - 1 : 2 ** (level + 1) - 1]
        arrived = reached.exp()
        right = (arrived * here.sigmoid()).sum(0) / arrived.sum(0).clamp(min=1e-12)
        right = right.clamp(1e-6, 1 - 1e-6)
        cost = -0.5 * (right.log() + (1 - right).log()) - torch.log(right.new_tensor(2.0))
        total = total + cost.sum() / 2**level
        both = torch.stack([F.logsigmoid(-here), F.logsigmoid(here)], 2)
        reached = (reached[:, :, None] + both).flatten(1)
    return total
