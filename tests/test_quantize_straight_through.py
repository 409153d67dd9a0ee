"""Training through the rounding: exact forward, honest gradients, a network that recovers."""

import copy

import pytest
import torch
from torch import nn

from course_utils import models
from course_utils.quantize import (
    bake,
    quantize_weights,
    round_weight,
    straight_through,
    train_through,
    weight_codes,
)

ALL_BITS = [8, 4, 2, "ternary", "binary"]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=12, size=8)


@pytest.fixture
def images():
    return torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def step(model, images, rate=0.1):
    """One step of plain gradient descent on the logits' squares."""
    parameters = list(model.parameters())
    grads = torch.autograd.grad(model(images).pow(2).mean(), parameters)
    with torch.no_grad():
        for p, g in zip(parameters, grads, strict=True):
            p -= rate * g
    return grads


def test_value_of_one_gradient_of_the_other():
    x = torch.tensor([0.3, -1.7], requires_grad=True)
    y = straight_through(x, torch.round(x))
    assert y.tolist() == [0, -2]
    (y * torch.tensor([3.0, 5.0])).sum().backward()
    assert x.grad.tolist() == [3, 5]


def test_rounding_by_itself_has_no_gradient():
    x = torch.tensor([0.3, -1.7], requires_grad=True)
    torch.round(x).sum().backward()
    assert x.grad.tolist() == [0, 0]


def test_the_value_is_exact_to_the_last_bit():
    x = torch.randn(100_000, generator=torch.Generator().manual_seed(0)) * 1e3
    rounded = round_weight(x[None], bits="ternary").dequantize()[0]
    assert torch.equal(straight_through(x, rounded), rounded)


@pytest.mark.parametrize("bits", ALL_BITS)
def test_before_training_it_computes_what_rounding_alone_computes(network, images, bits):
    assert torch.equal(
        train_through(network, bits=bits)(images),
        quantize_weights(network, bits=bits, clip="mse")(images),
    )


def test_gradients_are_those_of_the_rounded_network(network, images):
    student = train_through(network, bits=4, clip="max")
    rounded = quantize_weights(network, bits=4)
    for model in (student, rounded):
        model(images).pow(2).mean().backward()
    original = student.fc1.parametrizations.weight.original
    assert torch.allclose(original.grad, rounded.fc1.weight.grad)
    assert original.grad.abs().sum() > 0


@pytest.mark.parametrize("axis", [0, None])
@pytest.mark.parametrize("bits", ALL_BITS)
def test_baking_changes_nothing_but_the_form(network, images, bits, axis):
    student = train_through(network, bits=bits, axis=axis)
    step(student, images)
    plain = bake(student)
    assert torch.equal(plain(images), student(images))
    assert list(plain.state_dict()) == list(network.state_dict())
    assert not any("parametrizations" in name for name, _ in plain.named_modules())
    for name, q in weight_codes(plain, bits=bits).items():
        assert torch.equal(q.dequantize(), plain.state_dict()[name])


def test_the_float_weights_behind_move_by_less_than_a_step(network, images):
    student = train_through(network, bits=2)
    before = student.fc1.parametrizations.weight.original.detach().clone()
    step(student, images, rate=1e-3)
    after = student.fc1.parametrizations.weight.original.detach()
    assert not torch.equal(before, after)
    assert torch.allclose(before, after, atol=1e-2)


def test_original_student_and_mode_are_left_alone(network, images):
    before = copy.deepcopy(network.state_dict())
    student = train_through(network.eval(), bits=4)
    assert not student.training and network.training is False
    step(student, images)
    state = copy.deepcopy(student.state_dict())
    bake(student)
    assert all(torch.equal(a, network.state_dict()[k]) for k, a in before.items())
    assert all(torch.equal(a, student.state_dict()[k]) for k, a in state.items())
    assert "parametrizations" in dict(student.fc1.named_modules())


def test_the_grid_follows_the_largest_weight_or_stays(network):
    following, fixed = (train_through(network, bits=4, clip=clip) for clip in ("max", "mse"))
    before = [weight_codes(bake(m), bits=4)["fc1.weight"].scale for m in (following, fixed)]
    for model in (following, fixed):
        with torch.no_grad():
            model.fc1.parametrizations.weight.original.mul_(2)
    after = [weight_codes(bake(m), bits=4)["fc1.weight"].scale for m in (following, fixed)]
    assert torch.allclose(after[0], 2 * before[0]) and torch.equal(after[1], before[1])


def test_bits_per_layer(network):
    student = train_through(network, bits={"fc1": "ternary"})
    assert len(student.fc1.weight[0].unique()) <= 3
    assert torch.equal(student.fc2.weight, network.fc2.weight)
    assert torch.equal(bake(student).fc1.weight, student.fc1.weight)


def test_other_bits_may_follow(network, images):
    four = train_through(network, bits=4)
    step(four, images)
    two = train_through(four, bits=2)
    expected = round_weight(bake(four).fc1.weight, bits=2, clip="mse")
    assert torch.equal(two.fc1.weight, expected.dequantize())
    assert len(two.fc1.parametrizations.weight) == 1, "the new rounding replaces the old"


def test_baking_a_plain_network_copies_it(network, images):
    plain = bake(network)
    assert plain is not network and torch.equal(plain(images), network(images))


class Mask(nn.Module):
    def forward(self, weight):
        return weight * (torch.arange(weight.numel()).view(weight.shape) % 2)


def test_rounding_comes_after_a_mask_and_keeps_its_zeros(network, images):
    nn.utils.parametrize.register_parametrization(network.fc1, "weight", Mask())
    student = train_through(network, bits="ternary")
    step(student, images)
    plain = bake(student)
    assert (plain.fc1.weight.flatten()[::2] == 0).all()
    assert torch.equal(plain(images), student(images))
    assert torch.equal(weight_codes(plain, bits="ternary")["fc1.weight"].dequantize(),
                       plain.fc1.weight)  # fmt: skip


def test_other_parametrizations_survive_baking(network):
    nn.utils.parametrizations.weight_norm(network.fc2)
    plain = bake(network)
    assert nn.utils.parametrize.is_parametrized(plain.fc2, "weight")


def test_training_through_beats_training_then_rounding():
    """An exclusive or of two inputs among ten; both arms get the same number of steps."""
    from course_utils import training

    generator = torch.Generator().manual_seed(0)
    x = torch.randn(600, 10, generator=generator)
    y = ((x[:, 0] > 0) ^ (x[:, 1] > 0)).long()
    sets = (x[:500], y[:500]), (x[500:], y[500:])
    options = {"batch_size": 50, "learning_rate": 2e-2, "progress": False}
    through, control = [], []
    for seed in range(3):
        torch.manual_seed(seed)
        model = nn.Sequential(nn.Linear(10, 8), nn.ReLU(), nn.Linear(8, 2))
        training.train(model, *sets, epochs=20, **options)
        student = train_through(model, bits="ternary")
        training.train(student, *sets, epochs=10, **options)
        through.append(training.evaluate(bake(student), *sets[1]))
        training.train(model, *sets, epochs=10, **options)
        rounded = quantize_weights(model, bits="ternary")
        control.append(training.evaluate(rounded, *sets[1]))
    assert sum(through) / 3 > 0.9
    assert sum(through) / 3 > sum(control) / 3 + 0.03, (through, control)
