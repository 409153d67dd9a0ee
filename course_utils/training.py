"""One plain training loop, and the evaluation that goes with it."""

from __future__ import annotations

import copy
import math
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.models import evaluating, keeping_modes

Pair = tuple[torch.Tensor, torch.Tensor]
Loss = Callable[[nn.Module, torch.Tensor, torch.Tensor], torch.Tensor]
Augment = Callable[[torch.Tensor, torch.Generator], torch.Tensor]
AfterStep = Callable[[nn.Module, float], None]


@dataclass
class History:
    """What happened in a training run, epoch by epoch."""

    loss: list[float] = field(default_factory=list)
    validation_accuracy: list[float] = field(default_factory=list)
    kept_epoch: int = -1
    """The epoch, counted from 0, whose weights the network has now (-1: none was finished)."""
    seconds: float = 0.0
    interrupted: bool = False


def device() -> torch.device:
    """Return the machine's GPU when there is one, else its CPU."""
    if torch.cuda.is_available():
        return torch.device("cuda")
    return torch.device("mps" if torch.backends.mps.is_available() else "cpu")


def cross_entropy(model: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    """Mean cross-entropy of the batch: the loss `train` uses unless told otherwise."""
    return F.cross_entropy(model(images), targets)


def train(
    model: nn.Module,
    train_set: Pair,
    validation_set: Pair,
    *,
    epochs: int,
    learning_rate: float = 1e-3,
    batch_size: int = 128,
    seed: int = 0,
    weight_decay: float = 0.0,
    loss: Loss = cross_entropy,
    augment: Augment | None = None,
    after_step: AfterStep | None = None,
    keep: Literal["best", "last"] = "best",
    on: torch.device | str | None = None,
    progress: bool = True,
) -> History:
    """Train a network in place with Adam and end on the weights best on validation.

    The learning rate falls from its start to 0 along a half cosine (1608.03983).
    Interrupting the run (Ctrl-C, the stop button) keeps the best weights so far.

    Args:
        model: the network; it is changed, and its train/eval mode given back.
        train_set: images and targets; targets may be anything `loss` understands.
        validation_set: images and labels, for the accuracy after each epoch.
        weight_decay: decoupled decay (AdamW, 1711.05101); 0 is plain Adam (1412.6980).
        loss: `loss(model, images, targets)`, a mean over the batch.
        augment: `augment(images, generator)`, applied to every training batch.
        after_step: `after_step(model, share)` after every update; share of the run in (0, 1].
            While its `settled`, if it has one, is False, no epoch counts as the best.
        keep: "best" on validation, or "last" (a schedule must have run to its end).
        on: device; None takes `device()`. The network returns to where it was.
        progress: show a bar.

    Raises:
        ValueError: a setting makes no sense, or a set is empty or of unequal lengths.
    """
    _check(train_set, validation_set, epochs, learning_rate, batch_size, keep)
    home, start = _device_of(model), time.perf_counter()
    on = torch.device(on) if on else device()
    model.to(on)
    batches = _Batches(train_set, epochs, batch_size, seed, augment, on)
    optimizer = torch.optim.AdamW(
        [p for p in model.parameters() if p.requires_grad], learning_rate, weight_decay=weight_decay
    )
    history, kept, best = History(), None, -1.0
    bar = _bar(epochs * batches.steps, progress)
    modes = ExitStack()
    modes.enter_context(keeping_modes(model))
    try:
        for epoch in range(epochs):
            model.train()
            total = torch.zeros((), device=on)
            for images, targets, share in batches.epoch(epoch):
                optimizer.param_groups[0]["lr"] = learning_rate * _half_cosine(share)
                value = loss(model, images, targets)
                optimizer.zero_grad()
                value.backward()
                optimizer.step()
                if after_step:
                    after_step(model, share + 1 / (epochs * batches.steps))
                total += value.detach() * len(images)
                bar.update()
            accuracy = evaluate(model, *validation_set)
            settled = getattr(after_step, "settled", True)
            if keep == "last" or (settled and accuracy > best):
                kept, history.kept_epoch = copy.deepcopy(model.state_dict()), epoch
                best = accuracy
            history.loss.append(total.item() / len(batches.images))
            history.validation_accuracy.append(accuracy)
            bar.set_postfix_str(f"validation {accuracy:.2%}")
    except KeyboardInterrupt:
        history.interrupted = True
    finally:
        bar.close()
        if kept is not None:
            model.load_state_dict(kept)
        model.to(home)
        modes.close()
    history.seconds = time.perf_counter() - start
    return history


def evaluate(
    network: Callable, images: torch.Tensor, labels: torch.Tensor, *, batch_size: int = 250
) -> float:
    """Return the share of images whose largest logit is the label's.

    Takes any callable from images to logits; a module's train/eval mode is given back.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images came with {len(labels)} labels; pair them.")
    right = predict(network, images, batch_size=batch_size).argmax(1) == labels.cpu()
    return right.float().mean().item()


def predict(network: Callable, images: torch.Tensor, *, batch_size: int = 250) -> torch.Tensor:
    """Return the logits, n x class, on the CPU, in eval mode and without gradients."""
    if len(images) == 0:
        raise ValueError("no images came: the accuracy of nothing is not a number.")
    on = _device_of(network) if isinstance(network, nn.Module) else torch.device("cpu")
    with evaluating(network), torch.no_grad():
        return torch.cat([network(part.to(on)).cpu() for part in images.split(batch_size)])


@dataclass
class _Batches:
    """Shuffled batches of a set, the same for the same seed on every device."""

    source: Pair
    epochs: int
    size: int
    seed: int
    augment: Augment | None
    on: torch.device

    def __post_init__(self) -> None:
        self.images, self.targets = (t.to(self.on) for t in self.source)
        self.steps = math.ceil(len(self.images) / self.size)
        self.generator = torch.Generator().manual_seed(self.seed)

    def epoch(self, number: int):
        order = torch.randperm(len(self.images), generator=self.generator).to(self.on)
        for step, rows in enumerate(order.split(self.size)):
            images = self.images[rows]
            if self.augment:
                images = self.augment(images, self.generator)
            share = (number * self.steps + step) / (self.epochs * self.steps)
            yield images, self.targets[rows], share


def mirror_and_shift(images: torch.Tensor, generator: torch.Generator) -> torch.Tensor:
    """Mirror each image with probability 1/2 and move the batch by at most one pixel each way.

    A usual augmentation (数据增强) for clothes; images are n x channel x height x width,
    and what moves in is black.
    """
    mirror = torch.rand(len(images), 1, 1, 1, generator=generator) < 0.5
    images = torch.where(mirror.to(images.device), images.flip(3), images)
    down, right = torch.randint(0, 3, (2,), generator=generator).tolist()
    height, width = images.shape[2:]
    return F.pad(images, [1] * 4)[:, :, down : down + height, right : right + width]


def _half_cosine(share: float) -> float:
    return (1 + math.cos(math.pi * share)) / 2


def _device_of(model: nn.Module) -> torch.device:
    tensor = next(model.parameters(), next(model.buffers(), torch.empty(0)))
    return tensor.device


def _bar(steps: int, progress: bool):
    from tqdm.auto import tqdm

    return tqdm(total=steps, disable=not progress, mininterval=0.5, unit="step", leave=False)


def _check(train_set, validation_set, epochs, learning_rate, batch_size, keep) -> None:
    sets = {"train_set": train_set, "validation_set": validation_set}
    for name, (images, targets) in sets.items():
        if len(images) != len(targets) or len(images) == 0:
            raise ValueError(
                f"{name} has {len(images)} images and {len(targets)} targets; "
                f"give the same number of both, at least one."
            )
    for name, value in {"epochs": epochs, "batch_size": batch_size}.items():
        if not isinstance(value, int) or value < 1:
            raise ValueError(f"{name} must be a whole number, 1 or more; got {value!r}.")
    if not 0 < learning_rate < 10:
        raise ValueError(
            f"learning_rate must lie between 0 and 10, usually near 0.001; got {learning_rate}."
        )
    if keep not in ("best", "last"):
        raise ValueError(f"keep must be 'best' or 'last'; got {keep!r}.")
