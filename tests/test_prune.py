"""Laws of pruning."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from course_utils import models, prune, training


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=16, size=8, classes=3)


def zeros(model):
    return sum(int((w == 0).sum()) for w in prune.prunable(model).values())


def count(model):
    return sum(w.numel() for w in prune.prunable(model).values())


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.5, 0.999])
def test_the_share_is_exact(network, share):
    pruned = prune.magnitude(network, share)
    assert zeros(pruned) == round(share * count(network))
    assert prune.sparsity(pruned) == pytest.approx(share, abs=1 / count(network))


def test_the_share_is_exact_even_when_all_weights_are_equal(network):
    for weight in prune.prunable(network).values():
        nn.init.constant_(weight, 0.25)
    assert zeros(prune.magnitude(network, 0.5)) == round(0.5 * count(network))


def test_global_scope_is_torchs(network):
    twin = copy.deepcopy(network)
    layers = [(m, "weight") for m in twin.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=0.6)
    ours = prune.prunable(prune.magnitude(network, 0.6))
    for weight, (layer, _) in zip(ours.values(), layers, strict=True):
        assert torch.equal(weight, layer.weight)


def test_layer_scope_is_torchs(network):
    twin = copy.deepcopy(network)
    ours = prune.prunable(prune.magnitude(network, 0.6, scope="layer"))
    layers = [m for m in twin.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for weight, layer in zip(ours.values(), layers, strict=True):
        torch_prune.l1_unstructured(layer, "weight", amount=0.6)
        assert torch.equal(weight, layer.weight)


def test_a_hand_answer():
    layer = nn.Sequential(nn.Linear(4, 1))
    layer[0].weight.data = torch.tensor([[0.5, -0.1, 0.3, -2.0]])
    layer[0].bias.data = torch.tensor([0.001])
    pruned = prune.magnitude(layer, 0.5)
    assert torch.equal(pruned[0].weight.data, torch.tensor([[0.5, 0.0, 0.0, -2.0]]))
    assert pruned[0].bias.item() == pytest.approx(0.001)  # biases stay


def test_no_sparsity_changes_nothing_and_the_input_is_untouched(network):
    before = copy.deepcopy(network.state_dict())
    same = prune.magnitude(network, 0)
    prune.magnitude(network, 0.9)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert torch.equal(same.state_dict()[name], before[name])


def test_zeros_stay_zero_through_training(network):
    images = torch.rand(32, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(32) % 3
    masks = prune.magnitude_masks(network, 0.7)
    pruned = prune.apply(network, masks)
    kept = pruned.fc1.weight.detach().clone()
    training.train(pruned, (images, labels), (images, labels), epochs=2, learning_rate=0.01,
                   after_step=prune.keep_zeros(masks), progress=False)  # fmt: skip
    assert zeros(pruned) >= round(0.7 * count(network))
    assert not torch.equal(pruned.fc1.weight, kept)  # and the others have moved


@pytest.mark.parametrize(("call", "words"), [
    (lambda m: prune.magnitude(m, 50), r"sparsity must be in \[0, 1\); got 50. Did you mean 0.5"),
    (lambda m: prune.magnitude(m, 1.0), r"sparsity must be in \[0, 1\); got 1.0"),
    (lambda m: prune.magnitude(m, -0.1), r"got -0.1"),
    (lambda m: prune.magnitude(m, 0.5, scope="all"), "scope must be 'global' or 'layer'"),
    (lambda m: prune.magnitude(nn.ReLU(), 0.5), "no convolution and no linear layer"),
    (lambda m: prune.apply(m, {"fc9.weight": torch.ones(1)}), "fc9.weight"),
])  # fmt: skip
def test_messages(network, call, words):
    with pytest.raises(ValueError, match=words):
        call(network)
