"""Laws of the optimisers; torch.optim is the outside witness."""

import math
from functools import partial

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import optimize

TORCH = {
    "gradient descent": (optimize.gradient_descent, torch.optim.SGD),
    "momentum": (optimize.momentum, partial(torch.optim.SGD, momentum=0.9)),
    "momentum, other beta": (
        partial(optimize.momentum, beta=0.5), partial(torch.optim.SGD, momentum=0.5)),
    "Adam": (optimize.adam, torch.optim.Adam),
    "Adam, other betas": (
        partial(optimize.adam, beta1=0.5, beta2=0.9, epsilon=1e-2),
        partial(torch.optim.Adam, betas=(0.5, 0.9), eps=1e-2)),
}  # fmt: skip
RULES = (optimize.gradient_descent, optimize.momentum, optimize.adam)


def valley(place):
    return (place[0] ** 2 + 10 * place[1] ** 2) / 2


def wavy(place):
    return (place**4).sum() / 4 - place[0] * place[1] + place[1].sin()


@pytest.fixture
def task():
    generator = torch.Generator().manual_seed(0)
    images = torch.randn(30, 6, generator=generator)
    labels = torch.randint(0, 3, (30,), generator=generator)
    torch.manual_seed(1)
    return nn.Sequential(nn.Linear(6, 5), nn.ReLU(), nn.Linear(5, 3)), images, labels


@pytest.mark.parametrize("name", TORCH)
def test_a_walk_is_torchs_step_by_step(name):
    rule, torchs = TORCH[name]
    walk = optimize.path(wavy, [1.5, -0.7], rule=rule, learning_rate=0.03, steps=60)
    place = torch.tensor([1.5, -0.7], dtype=torch.float64, requires_grad=True)
    witness = torchs([place], lr=0.03)
    for step in range(61):
        assert torch.allclose(walk[step], place.detach(), atol=1e-12), step
        witness.zero_grad()
        wavy(place).backward()
        witness.step()


@pytest.mark.parametrize("name", TORCH)
def test_a_trained_network_is_torchs(name, task):
    rule, torchs = TORCH[name]
    network, images, labels = task
    run = optimize.train(
        network, images, labels, rule=rule, learning_rate=0.02, epochs=3, batch_size=8, seed=4
    )
    witness, order, losses = torchs(network.parameters(), lr=0.02), None, []
    generator = torch.Generator().manual_seed(4)
    for _ in range(3):
        order = torch.randperm(30, generator=generator)
        for rows in order.split(8):
            witness.zero_grad()
            loss = F.cross_entropy(network(images[rows]), labels[rows])
            loss.backward()
            witness.step()
            losses.append(loss.item())
    assert run.losses == pytest.approx(losses, abs=1e-6) and len(losses) == 12
    for ours, theirs in zip(run.network.parameters(), network.parameters()):
        assert torch.allclose(ours, theirs, atol=1e-6)


def test_two_steps_by_hand():
    """f = w²/2 at w = 4, so that g = w; α = 1/2."""
    walks = {rule: optimize.path(lambda p: (p**2).sum() / 2, [4.0], rule=rule, learning_rate=0.5,
                                 steps=2).flatten().tolist() for rule in RULES}  # fmt: skip
    assert walks[optimize.gradient_descent] == [4, 2, 1]
    assert walks[optimize.momentum] == pytest.approx([4, 2, 2 - 0.5 * (0.9 * 4 + 2)])
    mean = (0.9 * 0.1 * 4 + 0.1 * 3.5) / (1 - 0.9**2)
    square = (0.999 * 0.001 * 16 + 0.001 * 3.5**2) / (1 - 0.999**2)
    assert walks[optimize.adam] == pytest.approx([4, 3.5, 3.5 - 0.5 * mean / math.sqrt(square)])


@pytest.mark.parametrize("size", [1e-3, 1.0, 1e3])
def test_adams_first_step_is_the_learning_rate_whatever_the_gradient(size):
    new, _ = optimize.adam(torch.zeros(2), torch.tensor([size, -size]), learning_rate=0.01)
    assert torch.allclose(new, torch.tensor([-0.01, 0.01]), atol=1e-6)


def test_a_weight_without_gradient_stays():
    for rule in RULES:
        new, _ = rule(torch.ones(2), torch.zeros(2), learning_rate=0.1)
        assert torch.equal(new, torch.ones(2))


def test_beta_0_is_gradient_descent_and_a_constant_gradient_is_multiplied_by_ten():
    plain, limit = optimize.gradient_descent, partial(optimize.momentum, beta=0)
    walks = [
        optimize.path(valley, [1, 1], rule=rule, learning_rate=0.1, steps=9)
        for rule in (plain, limit)
    ]
    assert torch.equal(*walks)
    slope = optimize.path(
        lambda p: p.sum(), [0.0], rule=optimize.momentum, learning_rate=0.1, steps=200
    )
    assert (slope[-2] - slope[-1]).item() == pytest.approx(0.1 / (1 - 0.9))


@pytest.mark.parametrize(("rate", "arrives"), [(0.199, True), (0.201, False)])
def test_gradient_descent_arrives_below_two_over_the_largest_curvature(rate, arrives):
    walk = optimize.path(
        valley, [1.0, 1.0], rule=optimize.gradient_descent, learning_rate=rate, steps=2000
    )
    assert (valley(walk[-1]) < 1e-6).item() is arrives


def test_rules_and_training_leave_their_input_alone(task):
    network, images, labels = task
    before = {name: t.clone() for name, t in network.state_dict().items()}
    for rule in RULES:
        weights, gradient = torch.ones(3), torch.ones(3)
        _, memory = rule(weights, gradient, learning_rate=0.1)
        kept = repr(memory)
        rule(weights, gradient, memory, learning_rate=0.1)
        assert torch.equal(weights, torch.ones(3)) and torch.equal(gradient, torch.ones(3))
        assert repr(memory) == kept
        optimize.train(network, images, labels, rule=rule, learning_rate=0.1, epochs=1)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert all(p.grad is None for p in network.parameters())


def test_one_batch_is_one_update_an_epoch_and_frozen_layers_stay(task):
    network, images, labels = task
    network[0].requires_grad_(False)
    run = optimize.train(network, images, labels, rule=optimize.adam, learning_rate=0.1, epochs=4)
    assert len(run.losses) == 4 and run.losses[-1] < run.losses[0]
    assert torch.equal(run.network[0].weight, network[0].weight)
    assert not torch.equal(run.network[2].weight, network[2].weight)


def test_the_seed_orders_the_examples(task):
    runs = [
        optimize.train(*task, rule=optimize.gradient_descent, learning_rate=0.1, epochs=1,
                       batch_size=5, seed=seed).losses
        for seed in (0, 0, 1)
    ]  # fmt: skip
    assert runs[0] == runs[1] != runs[2]


@pytest.mark.parametrize("limit", [0.1, 2.0, 100.0])
def test_clip_is_torchs_and_keeps_the_direction(limit):
    generator = torch.Generator().manual_seed(0)
    gradients = [torch.randn(4, 3, generator=generator), torch.randn(5, generator=generator)]
    leaves = [nn.Parameter(torch.zeros_like(g)) for g in gradients]
    for leaf, gradient in zip(leaves, gradients):
        leaf.grad = gradient.clone()
    before = [g.clone() for g in gradients]
    length = nn.utils.clip_grad_norm_(leaves, limit)
    ours = optimize.clip(gradients, max_norm=limit)
    for clipped, leaf, gradient, old in zip(ours, leaves, gradients, before):
        assert torch.allclose(clipped, leaf.grad, rtol=1e-5)
        assert torch.allclose(clipped * max(1, length / limit), gradient, rtol=1e-5)
        assert torch.equal(gradient, old)


def test_clip_leaves_nothing_as_nothing():
    assert torch.equal(optimize.clip([torch.zeros(3)], max_norm=1.0)[0], torch.zeros(3))


def test_training_clips_each_gradient(task):
    network, images, labels = task
    run = optimize.train(
        network, images, labels, rule=optimize.gradient_descent, learning_rate=1.0, epochs=1,
        max_norm=1e-3,
    )  # fmt: skip
    moves = [a - b for a, b in zip(run.network.parameters(), network.parameters())]
    assert torch.cat([m.flatten() for m in moves]).norm().item() == pytest.approx(1e-3, rel=1e-2)


@pytest.mark.parametrize(("change", "error", "words"), [
    ({"rule": "adam"}, TypeError, "optimize.adam, without brackets; got 'adam'"),
    ({"learning_rate": 0}, ValueError, "above 0; got 0"),
    ({"learning_rate": -0.1}, ValueError, "no sign is needed"),
    ({"learning_rate": math.nan}, ValueError, "finite"),
    ({"epochs": 2.5}, ValueError, "epochs must be a whole number, 1 or more; got 2.5"),
    ({"batch_size": 0}, ValueError, "batch_size must be a whole number"),
    ({"max_norm": 0}, ValueError, "above 0; got 0"),
    ({"labels": torch.zeros(3, dtype=torch.long)}, ValueError, "30 images came with 3 labels"),
    ({"images": torch.zeros(0, 6), "labels": torch.zeros(0)}, ValueError, "at least one"),
    ({"rule": partial(optimize.momentum, beta=90)}, ValueError, r"beta must be in \[0, 1\)"),
    ({"rule": partial(optimize.adam, beta2=1)}, ValueError, r"beta2 must be in .* got 1"),
])  # fmt: skip
def test_bad_settings_are_explained(change, error, words, task):
    settings = dict(zip(("network", "images", "labels"), task))
    settings |= {"rule": optimize.adam, "learning_rate": 0.1, "epochs": 1} | change
    with pytest.raises(error, match=words):
        optimize.train(**settings)


def test_a_walk_checks_its_settings():
    with pytest.raises(ValueError, match="steps must be a whole number"):
        optimize.path(valley, [1, 1], rule=optimize.adam, learning_rate=0.1, steps=0)
