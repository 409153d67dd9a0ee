"""Laws of distillation."""

import math

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import distill


@pytest.fixture
def logits():
    generator = torch.Generator().manual_seed(0)
    return torch.randn(5, 4, generator=generator), torch.randn(5, 4, generator=generator)


LABELS = torch.tensor([0, 1, 2, 3, 0])


def test_alpha_0_is_cross_entropy(logits):
    student, teacher = logits
    found = distill.distillation_loss(student, teacher, LABELS, alpha=0, temperature=7)
    assert found.item() == pytest.approx(F.cross_entropy(student, LABELS).item())


@pytest.mark.parametrize("temperature", [1, 4, 20])
def test_a_student_like_its_teacher_has_nothing_to_learn(logits, temperature):
    student, _ = logits
    found = distill.distillation_loss(student, student, LABELS, alpha=1, temperature=temperature)
    assert found.item() == pytest.approx(0, abs=1e-6)


def test_two_classes_by_hand_and_in_this_direction():
    """KL(teacher ‖ student) with p = (3/4, 1/4) and q = (1/2, 1/2), T = 1."""
    teacher = torch.tensor([[math.log(3), 0.0]])
    student = torch.zeros(1, 2)
    label = torch.tensor([0])
    by_hand = 0.75 * math.log(0.75 / 0.5) + 0.25 * math.log(0.25 / 0.5)
    reverse = 0.5 * math.log(0.5 / 0.75) + 0.5 * math.log(0.5 / 0.25)
    found = distill.distillation_loss(student, teacher, label, alpha=1, temperature=1).item()
    assert found == pytest.approx(by_hand) and abs(found - reverse) > 0.01
    mixed = distill.distillation_loss(student, teacher, label, alpha=0.25, temperature=1).item()
    assert mixed == pytest.approx(0.25 * by_hand + 0.75 * math.log(2))


def test_t_squared_keeps_the_gradient_alike_and_high_temperatures_match_logits(logits):
    """For T → ∞ the loss is half the squared distance of the centred logits / classes."""
    student, teacher = (x - x.mean(1, keepdim=True) for x in logits)
    found = distill.distillation_loss(student, teacher, LABELS, alpha=1, temperature=1e3).item()
    limit = ((student - teacher) ** 2).sum(1).mean().item() / (2 * 4)
    assert found == pytest.approx(limit, rel=1e-2)


def test_the_mean_is_over_images(logits):
    student, teacher = logits
    one = [distill.distillation_loss(s[None], t[None], y[None]).item()
           for s, t, y in zip(student, teacher, LABELS)]  # fmt: skip
    whole = distill.distillation_loss(student, teacher, LABELS).item()
    assert whole == pytest.approx(sum(one) / 5)


def test_no_gradient_reaches_the_teacher(logits):
    student, teacher = (x.clone().requires_grad_() for x in logits)
    distill.distillation_loss(student, teacher, LABELS).backward()
    assert teacher.grad is None and student.grad.abs().sum() > 0


def test_the_training_loss_asks_the_teacher_in_eval_mode(logits):
    teacher = nn.Sequential(nn.Dropout(0.9), nn.Linear(3, 4)).train()
    student = nn.Linear(3, 4)
    images = torch.randn(5, 3, generator=torch.Generator().manual_seed(1))
    criterion = distill.loss(teacher, temperature=2.0, alpha=0.5)
    wanted = distill.distillation_loss(student(images), teacher[1](images), LABELS,
                                       temperature=2.0, alpha=0.5)  # fmt: skip
    assert criterion(student, images, LABELS).item() == pytest.approx(wanted.item())
    criterion(student, images, LABELS).backward()
    assert teacher[1].weight.grad is None


@pytest.mark.parametrize(("options", "words"), [
    ({"alpha": 90}, r"share in \[0, 1\]; got 90. Did you mean 0.9"),
    ({"alpha": -0.1}, r"got -0.1"),
    ({"temperature": 0}, "temperature must be above 0"),
])  # fmt: skip
def test_messages(logits, options, words):
    with pytest.raises(ValueError, match=words):
        distill.distillation_loss(*logits, LABELS, **options)
    with pytest.raises(ValueError, match=words):
        distill.loss(nn.Linear(1, 1), **options)
    with pytest.raises(ValueError, match="one shape"):
        distill.distillation_loss(logits[0], logits[1][:, :3], LABELS)


def test_a_shuffled_teacher_is_as_sure_and_knows_no_more():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(2000, 5, generator=generator)
    images[:, 3] += 2  # class 3 is the second best more often than not
    images[:, 1] += 8
    shuffled = distill.ShuffledTeacher(nn.Identity(), seed=1)
    found = shuffled(images)
    assert torch.equal(found.argmax(1), images.argmax(1))
    assert torch.equal(found.sort(1).values, images.sort(1).values)
    means = found.mean(0)[[0, 2, 3, 4]]
    assert means.max() - means.min() < 0.2 < images[:, 3].mean() - images[:, 0].mean()
    assert not torch.equal(shuffled(images), found)  # another order at each call
    again = distill.ShuffledTeacher(nn.Identity(), seed=1)
    assert torch.equal(again(images), found)


def test_the_best_shift_by_hand():
    """Class 1 lacks 1 on one image and 3 on another; raising it by more than 2 costs two."""
    logits = torch.tensor([[1.0, 0.1], [3.0, 0.1], [2.0, 0.0], [2.1, 0.0]])
    labels = torch.tensor([1, 1, 0, 0])
    kept = logits.clone()
    assert distill.best_shift(logits, labels, of=1) == 1.0  # three right; the smallest that does
    assert distill.best_shift(logits, labels, of=1, step=0.5) == 1.0
    assert distill.best_shift(logits, torch.zeros(4, dtype=torch.long), of=1) == 0.0
    assert distill.best_shift(logits, torch.ones(4, dtype=torch.long), of=1, most=5.0) == 3.0
    assert torch.equal(logits, kept)


def test_remembered_answers_teach_what_the_teacher_itself_does(logits):
    torch.manual_seed(0)
    teacher, student = nn.Linear(6, 4), nn.Linear(6, 4)
    images = torch.randn(5, 6)
    targets = distill.ask(teacher, images, LABELS)
    assert targets.shape == (5, 5) and not targets.requires_grad
    assert torch.equal(targets[:, -1].long(), LABELS)
    live = distill.loss(teacher, temperature=3, alpha=0.4)(student, images, LABELS)
    kept = distill.remembered(temperature=3, alpha=0.4)(student, images, targets)
    assert kept.item() == pytest.approx(live.item())
    with pytest.raises(ValueError, match="5 images came with 4 labels"):
        distill.ask(teacher, images, LABELS[:4])
    with pytest.raises(ValueError, match="Did you mean 0.9"):
        distill.remembered(alpha=90)
