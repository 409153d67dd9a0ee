"""Laws of gradual pruning."""

import copy
from itertools import pairwise

import pytest
import torch
from torch import nn

from course_utils import models, prune, training


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=16, size=8, classes=3)


@pytest.fixture
def sets():
    images = torch.rand(64, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    pair = images, torch.arange(64) % 3
    return pair, pair


def zeros(model):
    return sum(int((w == 0).sum()) for w in prune.prunable(model).values())


def count(model):
    return sum(w.numel() for w in prune.prunable(model).values())


def spied(step, seen):
    """The same step; `seen` collects its masks after every update."""

    def spy(model, share):
        step(model, share)
        seen.append({name: mask.clone() for name, mask in step.masks.items()})

    return spy


def train(network, sets, step, **options):
    options = {"epochs": 5, "batch_size": 8, "learning_rate": 0.01} | options
    return training.train(network, *sets, after_step=step, progress=False, on="cpu", **options)


# ---- the cubic schedule


def test_the_schedule_by_hand():
    assert prune.cubic(0.0, final=0.9) == 0.0
    assert prune.cubic(0.5, final=0.8) == pytest.approx(0.8 - 0.8 / 8)
    assert prune.cubic(0.5, final=0.9, start=0.5) == pytest.approx(0.9 - 0.4 / 8)
    assert prune.cubic(1.0, final=0.95) == 0.95


def test_the_schedule_rises_fast_then_slowly():
    values = [prune.cubic(step / 20, final=0.9, start=0.1) for step in range(21)]
    steps = [b - a for a, b in pairwise(values)]
    assert min(steps) > 0 and steps == sorted(steps, reverse=True)


# ---- in a training run


@pytest.mark.parametrize("scope", ["global", "layer", "lamp"])
@pytest.mark.parametrize("until", [0.3, 1])
def test_ends_at_exactly_the_final_sparsity(network, sets, scope, until):
    step = prune.gradual(network, 0.95, scope=scope, until=until, every=3)
    train(network, sets, step)
    wanted = round(0.95 * count(network))
    if scope == "layer":
        wanted = sum(round(0.95 * w.numel()) for w in prune.prunable(network).values())
    assert zeros(network) == wanted
    assert step.settled and sum(int((~mask).sum()) for mask in step.masks.values()) == wanted


@pytest.mark.parametrize("scope", ["global", "layer", "lamp"])
def test_masks_are_nested_and_what_went_never_returns(network, sets, scope):
    seen, step = [], prune.gradual(network, 0.9, scope=scope, every=2)
    train(network, sets, spied(step, seen), keep="last")
    for before, after in pairwise(seen):
        for name in before:
            assert not (after[name] & ~before[name]).any(), name
    assert all((w[~seen[-1][n]] == 0).all() for n, w in prune.prunable(network).items())


@pytest.mark.parametrize("scope", ["global", "layer", "lamp"])
def test_masks_are_nested_even_when_all_weights_are_zero(network, scope):
    """Scores alone cannot tell which of equal zeros have gone."""
    step = prune.gradual(network, 0.5, until=0.5, every=1, scope=scope)
    network.fc2.weight.data[2] = 0
    step(network, 0.1)
    before = step.masks
    for weight in prune.prunable(network).values():
        weight.data.zero_()
    step(network, 0.11)
    assert any((before[name] & ~step.masks[name]).any() for name in before)
    assert not any((step.masks[name] & ~before[name]).any() for name in before)


def test_masks_change_every_few_updates_until_they_hold(network, sets):
    seen, step = [], prune.gradual(network, 0.9, until=0.5, every=5)
    train(network, sets, spied(step, seen))  # 40 updates
    gone = [sum(int((~m).sum()) for m in masks.values()) for masks in seen]
    changes = [n for n in range(1, 40) if gone[n] != gone[n - 1]]
    assert changes == [4, 9, 14, 19], "updates counted from 0: after each fifth, up to the half"
    for update in changes:
        goal = prune.cubic((update + 1) / 40 / 0.5, final=0.9)
        assert gone[update] == round(goal * count(network))
    assert all(torch.equal(seen[19][n], seen[-1][n]) for n in seen[0])


def test_the_choice_is_made_among_the_trained_weights(network, sets):
    """A weight that is large now stays, though it was small when the run began."""
    step = prune.gradual(network, 0.5, until=0.5, every=1)
    network.fc1.weight.data[0] = 0
    step(network, 0.01)  # a few go; row 0 is zero, and its first weights are among them
    gone = ~step.masks["fc1.weight"][0]
    assert gone.any() and not gone.all()
    network.fc1.weight.data[0] = 9  # an update that makes all of them large
    step(network, 0.5)
    assert torch.equal(~step.masks["fc1.weight"][0], gone)
    assert (network.fc1.weight[0][gone] == 0).all() and (network.fc1.weight[0][~gone] == 9).all()


def test_the_best_epoch_is_sought_among_the_pruned_ones(network, sets):
    """Epochs before the end of the schedule are denser, and would often win."""
    accuracies = iter([0.9, 0.8, 0.5, 0.4, 0.6])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(training, "evaluate", lambda *_: next(accuracies))
        history = train(network, sets, prune.gradual(network, 0.9, until=0.6))
    assert history.kept_epoch == 4
    assert zeros(network) == round(0.9 * count(network))


def test_goes_on_from_an_earlier_pruning(network, sets):
    pruned = prune.magnitude(network, 0.7)
    held = {n: w != 0 for n, w in prune.prunable(pruned).items()}
    step = prune.gradual(pruned, 0.9, start=0.7)
    assert all(torch.equal(step.masks[n], held[n]) for n in held)
    train(pruned, sets, step)
    assert zeros(pruned) == round(0.9 * count(network))
    assert all((w[~held[n]] == 0).all() for n, w in prune.prunable(pruned).items())


def test_a_settled_one_only_holds(network, sets):
    step = prune.gradual(network, 0.8)
    train(network, sets, step)
    masks = step.masks
    train(network, sets, step)
    assert step.masks is masks and zeros(network) == round(0.8 * count(network))


def test_nothing_to_prune_is_plain_training(network, sets):
    twin = copy.deepcopy(network)
    train(network, sets, prune.gradual(network, 0.0))
    train(twin, sets, None)
    assert all(torch.equal(t, twin.state_dict()[n]) for n, t in network.state_dict().items())


def test_making_one_leaves_the_network_alone(network):
    before = copy.deepcopy(network.state_dict())
    prune.gradual(network, 0.9, start=0.5)
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())


@pytest.mark.parametrize(("call", "words"), [
    (lambda m: prune.gradual(m, 95), r"final must be in \[0, 1\); got 95. Did you mean 0.95"),
    (lambda m: prune.gradual(m, 0.9, start=50), "start must be in .* Did you mean 0.5"),
    (lambda m: prune.gradual(m, 0.5, start=0.9), "start=0.9, final=0.5. Swapped"),
    (lambda m: prune.gradual(m, 0.9, until=60), "until must be in .* Did you mean 0.6"),
    (lambda m: prune.gradual(m, 0.9, until=0), "until must be in"),
    (lambda m: prune.gradual(m, 0.9, every=0.5), "every must be a whole number of updates"),
    (lambda m: prune.gradual(m, 0.9, scope="all"), "scope must be"),
    (lambda m: prune.gradual(nn.ReLU(), 0.9), "no convolution and no linear layer"),
    (lambda m: prune.gradual(nn.Linear(2, 2), 0.9)(m, 0.5), "which this model does not have"),
    (lambda m: prune.cubic(50, final=0.9), r"share must be in \[0, 1\]; got 50"),
])  # fmt: skip
def test_messages(network, call, words):
    with pytest.raises(ValueError, match=words):
        call(network)
