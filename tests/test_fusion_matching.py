"""Laws of matching: what a student pays for other reasons, and what it learns by paying."""

import copy

import pytest
import torch
from torch import nn

from course_utils import distill, fusion, models, saliency, training
from course_utils.fusion import matching as room


@pytest.fixture
def images():
    lit = torch.arange(32)[:, None] > 9
    return torch.rand(4, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * lit


@pytest.fixture
def networks():
    """A teacher and a student."""
    torch.manual_seed(0)
    return [models.SimplifiedCNN(channels=(3, 4), hidden=6).eval() for _ in range(2)]


LABELS = torch.tensor([0, 3, 3, 9])
BOTH = {"HiResCAM": 2.0, "gradient": 3.0}


def slopes(loss, student, images):
    student.zero_grad()
    loss(student, images, LABELS).backward()
    return torch.cat([p.grad.flatten() for p in student.parameters()])


def test_maps_are_those_of_the_saliency_room(networks, images):
    logits, found = room.maps(networks[0], images, LABELS)
    assert torch.equal(logits, networks[0](images).detach())
    for kind, method in (("HiResCAM", saliency.hires_cam), ("gradient", saliency.gradient)):
        assert torch.allclose(found[kind], method(networks[0], images, LABELS), atol=1e-6)
        assert not found[kind].requires_grad


def test_none_explains_the_answer(networks, images):
    answers = networks[0](images).argmax(1)
    _, ours = room.maps(networks[0], images, None)
    _, theirs = room.maps(networks[0], images, answers)
    assert all(torch.equal(ours[kind], theirs[kind]) for kind in room.KINDS)


def test_a_student_equal_to_its_teacher_pays_nothing(networks, images):
    loss = fusion.matching_loss(networks[0], BOTH, alpha=1.0)
    same = copy.deepcopy(networks[0])
    assert loss(same, images, LABELS).item() == pytest.approx(0, abs=1e-5)
    assert loss(networks[1], images, LABELS) > 0.1


def test_the_sum_by_hand(networks, images):
    teacher, student = networks
    found = fusion.matching_loss(teacher, BOTH, temperature=2.0, alpha=0.7)(student, images, LABELS)
    wanted, given = teacher(images), student(images)
    total = distill.distillation_loss(given, wanted, LABELS, temperature=2.0, alpha=0.7)
    answers = wanted.argmax(1)
    methods = {"HiResCAM": saliency.hires_cam, "gradient": saliency.gradient}
    for kind, weight in BOTH.items():
        pairs = zip(*(methods[kind](n, images, answers) for n in networks), images, strict=True)
        alike = [torch.corrcoef(torch.stack([a[x > 0], b[x > 0]]))[0, 1] for a, b, x in pairs]
        total = total + weight * (1 - torch.stack(alike).mean())
    assert found.item() == pytest.approx(total.item(), rel=1e-4)


def test_without_maps_it_is_distillation(networks, images):
    plain = distill.loss(networks[0], temperature=4.0, alpha=0.9)(networks[1], images, LABELS)
    assert fusion.matching_loss(networks[0], {})(networks[1], images, LABELS).item() == plain.item()


@pytest.mark.parametrize("kind", room.KINDS)
def test_slopes_agree_with_finite_differences(kind, images):
    """The derivative of the loss by the student's weights, through the derivative by its input.

    In double precision, along a random direction; tanh bends where ReLU would break.
    """
    torch.manual_seed(1)
    teacher, student = (
        nn.Sequential(nn.Conv2d(1, 2, 3, padding=1), nn.Tanh(), nn.Flatten(), nn.Linear(128, 10),
                      nn.Tanh(), nn.Linear(10, 10)).double() for _ in range(2)
    )  # fmt: skip
    small = images[:, :, 8:16, 8:16].double()
    loss = fusion.matching_loss(teacher, {kind: 2.0})
    found = slopes(loss, student, small)
    start = nn.utils.parameters_to_vector(student.parameters()).detach()
    way = torch.randn(start.shape, dtype=torch.float64)
    ends = []
    for step in (1e-5, -1e-5):
        nn.utils.vector_to_parameters(start + step * way, student.parameters())
        ends.append(loss(student, small, LABELS).item())
    measured = (ends[0] - ends[1]) / 2e-5
    assert (found @ way).item() == pytest.approx(measured, rel=1e-4, abs=1e-7)


@pytest.mark.parametrize("kind", room.KINDS)
def test_learning_brings_the_maps_together(kind, networks, images):
    teacher, student = networks
    method = {"HiResCAM": saliency.hires_cam, "gradient": saliency.gradient}[kind]
    answers = teacher(images).argmax(1)

    def agreed():
        pair = (method(one, images, answers) for one in networks)
        return fusion.agreement(*pair, where=images > 0).mean().item()

    before = agreed()
    training.train(student, (images, answers), (images, answers), epochs=40, keep="last",
                   learning_rate=0.01, loss=fusion.matching_loss(teacher, {kind: 10.0}),
                   progress=False)  # fmt: skip
    assert agreed() > max(before, 0) + 0.15


def test_the_teacher_and_the_images_are_untouched(networks, images):
    teacher, student = networks
    kept, picture = copy.deepcopy(teacher.state_dict()), images.clone()
    slopes(fusion.matching_loss(teacher, BOTH), student, images)
    assert all(torch.equal(a, b) for a, b in zip(kept.values(), teacher.state_dict().values(),
                                                 strict=True))  # fmt: skip
    assert all(p.grad is None for p in teacher.parameters())
    assert torch.equal(picture, images) and not images.requires_grad and images.grad is None


def test_hooks_are_gone_after_a_crash(networks, images):
    teacher, student = networks
    with pytest.raises(ValueError, match="takes images of shape"):
        fusion.matching_loss(teacher, BOTH)(student, images[:, :, :28], LABELS)
    for network in networks:
        assert not any(module._forward_hooks for module in network.modules())


def test_shuffled_matches_other_images_maps(networks, images):
    teacher = networks[0]
    same = copy.deepcopy(teacher)
    loss = fusion.matching_loss(teacher, {"gradient": 1.0}, alpha=1.0, shuffled=True)
    _, found = room.maps(teacher, images, None)
    other = room.correlation(found["gradient"], found["gradient"].roll(1, 0), where=images > 0)
    assert loss(same, images, LABELS).item() == pytest.approx((1 - other.mean()).item(), abs=1e-5)


# ---- the correlation


def test_correlation_is_pearsons_over_the_pixels_that_count():
    a, b = torch.randn(2, 3, 1, 5, 5, generator=torch.Generator().manual_seed(2))
    seen = torch.ones_like(a, dtype=torch.bool)
    seen[:, :, 0] = False
    wanted = [torch.corrcoef(torch.stack([x[w], y[w]]))[0, 1]
              for x, y, w in zip(a, b, seen, strict=True)]  # fmt: skip
    assert torch.allclose(room.correlation(a, b, where=seen), torch.stack(wanted), atol=1e-5)
    b[:, :, 0] = 1e3
    assert torch.allclose(room.correlation(a, b, where=seen), torch.stack(wanted), atol=1e-5)


def test_a_constant_map_correlates_with_nothing_and_has_a_slope():
    flat = torch.full((2, 1, 4, 4), 0.3, requires_grad=True)
    other = torch.rand(2, 1, 4, 4)
    found = room.correlation(flat, other, where=torch.ones_like(other, dtype=torch.bool))
    assert found.tolist() == pytest.approx([0, 0], abs=1e-3)
    found.sum().backward()
    assert flat.grad.isfinite().all()


def test_messages(networks):
    with pytest.raises(ValueError, match="no map is named CAM; use HiResCAM, gradient"):
        fusion.matching_loss(networks[0], {"CAM": 1.0})
    with pytest.raises(ValueError, match="gradient is not"):
        fusion.matching_loss(networks[0], {"gradient": -1.0})
    with pytest.raises(ValueError, match="Did you mean 0.9"):
        fusion.matching_loss(networks[0], {}, alpha=90)
