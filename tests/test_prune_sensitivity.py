"""Laws of the sensitivity of layers."""

import copy

import pytest
import torch

from course_utils import models, prune, training


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=16, size=8, classes=3)


@pytest.fixture
def images():
    return torch.rand(60, 1, 8, 8, generator=torch.Generator().manual_seed(0))


@pytest.fixture
def labels(network, images):
    """What the whole network says: it is right everywhere."""
    return training.predict(network, images).argmax(1)


def test_each_layer_is_pruned_alone(network, images, labels):
    found = prune.sensitivity(network, images, labels, (0, 0.9), progress=False)
    assert list(found) == ["conv1", "conv2", "fc1", "fc2"]
    for name, row in found.items():
        alone = copy.deepcopy(network)
        weight = alone.get_submodule(name).weight.data
        order = weight.abs().flatten().argsort()[: round(0.9 * weight.numel())]
        weight.view(-1)[order] = 0
        assert row == {0: 1.0, 0.9: training.evaluate(alone, images, labels)}


def test_the_control_takes_others_and_follows_its_seed(network, images, labels):
    with pytest.MonkeyPatch.context() as patch:
        seen = []
        patch.setattr(training, "evaluate", lambda model, *_: seen.append(model) or 0.5)
        for seed in (None, 0, 0, 1):
            prune.sensitivity(network, images, labels, (0.5,), seed=seed, progress=False)
    magnitude, one, again, other = (seen[4 * run + 2].fc1.weight for run in range(4))
    assert all((w == 0).float().mean() == 0.5 for w in (magnitude, one, other))
    assert torch.equal(one, again)
    assert not torch.equal(one, magnitude) and not torch.equal(one, other)


def test_the_network_and_its_mode_are_untouched(network, images, labels):
    before = copy.deepcopy(network.state_dict())
    network.train()
    prune.sensitivity(network, images, labels, (0.5,), progress=False)
    assert network.training
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())


@pytest.mark.parametrize(("shares", "words"), [
    ((0.5, 50), "share must be in .* got 50. Did you mean 0.5"),
    (0.5, "shares must be several"),
])  # fmt: skip
def test_messages(network, images, labels, shares, words):
    with pytest.raises(ValueError, match=words):
        prune.sensitivity(network, images, labels, shares, progress=False)
