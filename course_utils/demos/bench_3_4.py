"""Lesson 3.4's bench: small networks, small sets, and three readers for every set alike."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import torch
from torch import Tensor
from torch.nn import functional as F

from course_utils import condense, models, training

Some = training.Pair | Sequence[training.Pair]
"""Images and targets; or three such pairs, another draw for each seed."""

SEEDS = 3


def by_seed(some: Some) -> list[training.Pair]:
    """One pair of images and targets for each seed."""
    return [some] * SEEDS if isinstance(some[0], Tensor) else list(some)


def small_network(
    pair: training.Pair, *, seed: int, loss: training.Loss = training.cross_entropy
) -> models.Net:
    """Return a digit network trained for four epochs; nothing is chosen on held-out images."""
    network = models.seeded(models.Net, seed)
    training.train(
        network, pair, (pair[0][:100], pair[1][:100]), epochs=4, learning_rate=2e-3,
        seed=seed, loss=loss, keep="last", progress=False,
    )  # fmt: skip
    return network


def recall(logits: Tensor, labels: Tensor, *, digit: int, shift: float = 0.0) -> float:
    """The share of a digit's images read right, its logit raised by a constant."""
    moved = logits.clone()
    moved[:, digit] += shift
    right = moved.argmax(1) == labels
    return right[labels == digit].float().mean().item()


def shrunk(images: Tensor) -> Tensor:
    """Images at half their size, as vectors: the space in which images are chosen."""
    return F.avg_pool2d(images, 2).flatten(1)


def picked(real: training.Pair, rows: Tensor) -> training.Pair:
    """Some real images and their hard labels as regression targets."""
    return real[0][rows], condense.centred(real[1][rows])


def chosen(real: training.Pair, *, per_class: int) -> dict[str, Some]:
    """Real images by three ways of choosing; at random, three draws."""
    pixels, labels = shrunk(real[0]), real[1]
    draws = [condense.random_rows(labels, per_class=per_class, seed=s) for s in range(SEEDS)]
    return {
        "random": [picked(real, rows) for rows in draws],
        "herded": picked(real, condense.herding(pixels, labels, per_class=per_class)),
        "k-centre": picked(real, condense.k_centre(pixels, labels, per_class=per_class)),
    }


def relabelled(some: Some, real: training.Pair) -> Some:
    """The same images with the targets that teach best (`condense.solve_targets`).

    Args:
        real: images and class indices to solve for.
    """
    pairs, wanted = by_seed(some), (real[0], condense.centred(real[1]))
    alike = isinstance(some[0], Tensor)
    found = [
        (images, condense.solve_targets(images, wanted, fresh=condense.random_convnet, networks=4))
        for images, _ in (pairs[:1] if alike else pairs)
    ]
    return found[0] if alike else found


class Bench:
    """Three protocols that read any set: a ridge regression, a trained CNN, a trained MLP.

    The held-out images' features are computed once; a ridge regression then costs little.

    Args:
        held_out: images, n x 1 x 28 x 28, and class indices.
    """

    networks = 3
    """Random networks side by side, for each seed, as `condense.score` draws them."""

    def __init__(self, held_out: training.Pair) -> None:
        self.held_out = held_out
        self.readers = [
            [models.seeded(condense.random_convnet, seed * self.networks + k)
             for k in range(self.networks)] for seed in range(SEEDS)
        ]  # fmt: skip
        self.seen = [self.features(held_out[0], seed) for seed in range(SEEDS)]

    def features(self, images: Tensor, seed: int) -> Tensor:
        """What a seed's random networks see, side by side, n x feature."""
        return torch.cat([condense.features(one, images) for one in self.readers[seed]], 1)

    def ridge(self, some: Some) -> list[float]:
        """Accuracies on held-out images, one a seed: random features, read linearly."""
        answers = [
            condense.ridge_predict(self.features(images, seed), targets, self.seen[seed])
            for seed, (images, targets) in enumerate(by_seed(some))
        ]
        return [(a.argmax(1) == self.held_out[1]).float().mean().item() for a in answers]

    def cnn(self, some: Some) -> list[float]:
        """Accuracies of fresh small CNNs trained on the set alone, one a seed."""
        return self._trained(some, _cnn, 4e-3)

    def mlp(self, some: Some) -> list[float]:
        """Accuracies of fresh networks without convolutions trained on the set alone."""
        return self._trained(some, models.Net, 2e-3)

    def read(self, sets: Mapping[str, Some]) -> dict[str, dict[str, list[float]]]:
        """All sets under all protocols: by protocol, by set, one accuracy a seed."""
        ways = {"ridge": self.ridge, "trained CNN": self.cnn, "trained MLP": self.mlp}
        return {by: {name: way(some) for name, some in sets.items()} for by, way in ways.items()}

    def _trained(self, some: Some, fresh: condense.Fresh, rate: float) -> list[float]:
        return [
            condense.score(*pair, self.held_out, protocol="train", fresh=fresh, seeds=[seed],
                           steps=50, learning_rate=rate)[0]
            for seed, pair in enumerate(by_seed(some))
        ]  # fmt: skip


def _cnn() -> models.SimplifiedCNN:
    return models.SimplifiedCNN(channels=(8, 16), hidden=64, size=28)


def mean(values: Sequence[float]) -> float:
    """The mean over seeds."""
    return sum(values) / len(values)


def table(
    sets: Mapping[str, Some], readers: Mapping[str, Mapping[str, Sequence[float]]]
) -> list[dict]:
    """One row a set: images, bytes, mean accuracy by protocol, points of accuracy an image.

    Bytes are a byte a pixel, and a byte a soft target or a byte a hard label. Points an image
    are the first protocol's.
    """
    rows = []
    for name, some in sets.items():
        images, targets = by_seed(some)[0]
        hard = len(targets.unique()) == 2  # 1 − 1/classes and −1/classes, nothing else
        means = {by: mean(of[name]) for by, of in readers.items()}
        rows.append({
            "set": name, "images": len(images),
            "bytes": images.numel() + (len(images) if hard else targets.numel()),
            **means, "points an image": 100 * next(iter(means.values())) / len(images),
        })  # fmt: skip
    return rows
