"""Distillation: a student learns from what a teacher thinks of every class."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch import nn
from torch.nn import functional as F

from course_utils import training
from course_utils.training import Loss


def distillation_loss(
    student: torch.Tensor,
    teacher: torch.Tensor,
    labels: torch.Tensor,
    *,
    temperature: float = 4.0,
    alpha: float = 0.9,
) -> torch.Tensor:
    """Return Hinton's distillation loss, a mean over the batch (2015, 1503.02531).

    alpha · T² · KL(teacher's softmax at T ‖ student's softmax at T)
    + (1 - alpha) · cross-entropy with the labels. T² keeps the gradient's size the same
    for every temperature. alpha 0 is cross-entropy alone; at alpha 1 a student that equals
    its teacher has loss 0.

    Args:
        student, teacher: logits, n x class. No gradient flows into the teacher's.
        labels: class indices, n.
        temperature: above 0; a higher one shows more of what the teacher thinks of the
            classes it does not choose.
        alpha: the teacher's share of the loss, in [0, 1].
    """
    check_options(temperature, alpha)
    if student.shape != teacher.shape:
        raise ValueError(
            f"student and teacher must give logits of one shape; got {tuple(student.shape)} "
            f"and {tuple(teacher.shape)}."
        )
    soft = F.kl_div(
        F.log_softmax(student / temperature, 1),
        F.log_softmax(teacher.detach() / temperature, 1),
        reduction="batchmean",
        log_target=True,
    )
    return alpha * temperature**2 * soft + (1 - alpha) * F.cross_entropy(student, labels)


def loss(teacher: nn.Module, *, temperature: float = 4.0, alpha: float = 0.9) -> Loss:
    """Return a loss for `training.train` that asks the teacher about every batch.

    The teacher sees the batch as the student does, augmented, in eval mode.
    """
    check_options(temperature, alpha)
    teacher.eval()

    def distil(student: nn.Module, images: torch.Tensor, labels: torch.Tensor) -> torch.Tensor:
        with torch.no_grad():
            wisdom = teacher.to(images.device)(images)
        return distillation_loss(
            student(images), wisdom, labels, temperature=temperature, alpha=alpha
        )

    return distil


def ask(
    teacher: Callable[[torch.Tensor], torch.Tensor], images: torch.Tensor, labels: torch.Tensor
) -> torch.Tensor:
    """Return a teacher's logits with the labels beside them, n x (class + 1).

    Targets for `remembered`. An image that is shown unchanged in every epoch needs to be
    asked about only once; then learning from a teacher costs no more than learning alone.

    Args:
        teacher: any network, integers included; no gradient is taken.
        labels: class indices, n.
    """
    if len(images) != len(labels):
        raise ValueError(f"{len(images)} images came with {len(labels)} labels.")
    logits = training.predict(teacher, images)
    return torch.cat([logits, labels.to(logits)[:, None]], 1)


def remembered(*, temperature: float = 4.0, alpha: float = 0.9) -> Loss:
    """Return `loss` for targets that `ask` made: the teacher itself is not needed any more."""
    check_options(temperature, alpha)

    def distil(student: nn.Module, images: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
        return distillation_loss(
            student(images), targets[:, :-1], targets[:, -1].long(),
            temperature=temperature, alpha=alpha,
        )  # fmt: skip

    return distil


def check_options(temperature: float, alpha: float) -> None:
    """Raise ValueError for a temperature or a share that makes no sense."""
    if not temperature > 0:
        raise ValueError(f"temperature must be above 0, usually 1 to 20; got {temperature!r}.")
    if not 0 <= alpha <= 1:
        hint = f" Did you mean {alpha / 100:g}?" if 1 < alpha <= 100 else ""
        raise ValueError(f"alpha is a share in [0, 1]; got {alpha!r}.{hint}")


def best_shift(
    logits: torch.Tensor, labels: torch.Tensor, *, of: int, most: float = 15.0, step: float = 0.25
) -> float:
    """Return the constant that, added to one class's logit, makes most of all images right.

    The smallest of equally good ones; 0 to `most`. Choose on validation: whoever chooses
    with labels of the class has seen the class.

    Args:
        logits: n x class.
        labels: n, of all classes.
        of: the class whose logit is raised.
    """
    best, most_right = 0.0, -1
    for k in range(int(most / step) + 1):
        moved = logits.clone()
        moved[:, of] += k * step
        right = int((moved.argmax(1) == labels).sum())
        if right > most_right:
            best, most_right = k * step, right
    return best


class ShuffledTeacher(nn.Module):
    """A control: a teacher as sure as the real one, whose other classes mean nothing.

    The logits of all classes but the highest change places, image by image, at random. So
    the student sees the same answers and the same softness, without dark knowledge.
    """

    def __init__(self, teacher: nn.Module, *, seed: int = 0) -> None:
        super().__init__()
        self.teacher, self.generator = teacher, torch.Generator().manual_seed(seed)

    def forward(self, images: torch.Tensor) -> torch.Tensor:
        """Map images to the teacher's logits, n x class, shuffled anew at each call."""
        logits = self.teacher(images)
        top = logits.argmax(1, keepdim=True)
        keys = torch.rand(2, *logits.shape, generator=self.generator).to(logits)
        places, values = (key.scatter(1, top, 2.0).argsort(1) for key in keys)  # the top comes last
        return torch.empty_like(logits).scatter(1, places, logits.gather(1, values))
