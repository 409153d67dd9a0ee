"""Learning a small set: images and labels that serve fresh networks as well as can be."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import torch
from torch import nn

from course_utils import models, training
from course_utils.condense.networks import Fresh, features
from course_utils.condense.ridge import ridge_predict
from course_utils.condense.students import student

Judge = Callable[[torch.Tensor, torch.Tensor], torch.Tensor]
"""Says how wrong predictions are, given the wanted ones, both n x class: one number."""


def squared(guess: torch.Tensor, wanted: torch.Tensor) -> torch.Tensor:
    """Squared distance of predictions to targets, a mean over images."""
    return (guess - wanted).square().sum(1).mean()


def classified(guess: torch.Tensor, wanted: torch.Tensor, *, scale: float = 10.0) -> torch.Tensor:
    """Cross-entropy of predictions, scaled to logits, with the wanted classes.

    It asks for the right order of the classes only, and spends nothing on the exact value
    ("Platt scaling" in RFAD, 2210.12067).
    """
    return nn.functional.cross_entropy(scale * guess, wanted.argmax(1))


def learn(
    images: torch.Tensor,
    targets: torch.Tensor,
    real: training.Pair,
    *,
    fresh: Fresh,
    steps: int,
    image_rate: float = 0.03,
    target_rate: float = 0.01,
    batch_size: int = 400,
    networks: int = 16,
    renew_every: int = 4,
    ages: int = 0,
    ridge: float = 1e-3,
    judge: Judge = squared,
    augment: training.Augment | None = None,
    seed: int = 0,
    progress: bool = True,
) -> training.Pair:
    """Return new images and targets from which a ridge regression learns to read real images.

    Each step takes one network, regresses its features of the small set onto the small
    set's targets (`ridge_predict`), reads a batch of real images with that, and moves the
    small set's pixels and targets down the gradient of the squared error. The networks are
    random ones (RFAD: Loo 2022, 2210.12067) or, with `ages`, ones that train on the small
    set meanwhile (FRePo: Zhou 2022, 2206.00719).

    Args:
        images: where to begin, n x channel x height x width; not changed.
        targets: n x class; not changed.
        real: real images and their targets, m x class (`centred(labels)`).
        fresh: makes a new network.
        image_rate, target_rate: Adam's rates, falling to 0 along a half cosine.
        networks: how many are in use at a time; each keeps its features of one batch.
        renew_every: steps after which a fresh network replaces the one longest in use.
        ages: a fresh network first trains on the small set, as it then is, for at most so
            many steps, a random number each. 0: networks are never trained.
        augment: `augment(images, generator)`, applied to the small set at every step.

    Returns:
        images in [0, 1] and targets, new tensors.
    """
    _check(images, targets, real, steps, image_rate, target_rate)
    images, targets = images.clone().requires_grad_(), targets.clone().requires_grad_()
    optimizer = torch.optim.Adam(
        [{"params": [images], "lr": image_rate}, {"params": [targets], "lr": target_rate}]
    )
    schedule = torch.optim.lr_scheduler.CosineAnnealingLR(optimizer, steps)
    generator = torch.Generator().manual_seed(seed)
    readers = _Readers(real, fresh, networks, renew_every, ages, batch_size, augment, generator)
    for step in _bar(steps, progress):
        reader = readers.at(step, images.detach(), targets.detach())
        seen = augment(images, generator) if augment else images
        guess = ridge_predict(reader.body(seen).flatten(1), targets, reader.features, ridge=ridge)
        error = judge(guess, reader.targets)
        optimizer.zero_grad()
        error.backward()
        optimizer.step()
        schedule.step()
        with torch.no_grad():
            images.clamp_(0, 1)
    return images.detach(), targets.detach()


@dataclass
class _Reader:
    """A network up to its last layer, and one batch of real images as it sees them."""

    body: nn.Sequential
    features: torch.Tensor
    targets: torch.Tensor


@dataclass
class _Readers:
    """The networks in use. Looking at real images costs most, so each look serves many steps."""

    real: training.Pair
    fresh: Fresh
    count: int
    renew_every: int
    ages: int
    batch_size: int
    augment: training.Augment | None
    generator: torch.Generator

    def __post_init__(self) -> None:
        self.all: list[_Reader] = []

    def at(self, step: int, images: torch.Tensor, targets: torch.Tensor) -> _Reader:
        """Return the network for a step; now and then one is replaced."""
        if len(self.all) < self.count:
            self.all.append(self._new(images, targets))
            return self.all[-1]
        if step % self.renew_every == 0:
            place = step // self.renew_every % self.count
            self.all[place] = self._new(images, targets)
        return self.all[self._draw(self.count)]

    def _new(self, images: torch.Tensor, targets: torch.Tensor) -> _Reader:
        seed, age = self._draw(2**31), self._draw(self.ages + 1)
        if age:
            network = student(
                images, targets, fresh=self.fresh, seed=seed, steps=age, augment=self.augment
            )
        else:
            network = models.seeded(self.fresh, seed)
        network.requires_grad_(False).eval()
        rows = torch.randint(len(self.real[0]), (self.batch_size,), generator=self.generator)
        seen, wanted = (part[rows] for part in self.real)
        return _Reader(network[:-1], features(network, seen), wanted)

    def _draw(self, below: int) -> int:
        return int(torch.randint(below, (1,), generator=self.generator))


def _bar(steps: int, progress: bool) -> Iterator[int]:
    from tqdm.auto import tqdm

    return tqdm(range(steps), disable=not progress, mininterval=0.5, unit="step", leave=False)


def _check(images, targets, real, steps, image_rate, target_rate) -> None:
    if len(images) != len(targets) or targets.dim() != 2:
        raise ValueError(
            f"{len(images)} images came with targets of shape {tuple(targets.shape)}; targets "
            "are n x class: condense.centred(labels) makes them."
        )
    if len(real[0]) != len(real[1]) or real[1].shape[1:] != targets.shape[1:]:
        raise ValueError(
            f"real must be images and targets, m x {targets.shape[1]}; got "
            f"{tuple(real[0].shape)} and {tuple(real[1].shape)}. Class indices? "
            "Use condense.centred(labels)."
        )
    if not isinstance(steps, int) or steps < 1:
        raise ValueError(f"steps must be a whole number, 1 or more; got {steps!r}.")
    if image_rate < 0 or target_rate < 0:
        raise ValueError(
            f"rates must be 0 (that part stays) or more; got image_rate={image_rate}, "
            f"target_rate={target_rate}."
        )
