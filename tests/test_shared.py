"""Shared weights: few values, and trained together."""

import pytest
import torch
from torch.nn import functional as F

from course_utils import models, prune, quantize, shared, training


@pytest.fixture
def network():
    torch.manual_seed(0)
    return prune.magnitude(models.SimplifiedCNN(channels=(2, 3), hidden=7, size=8), 0.6)


def equal(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(torch.equal(ours[n], theirs[n]) for n in ours)


def test_a_hand_answer():
    network = models.Net(hidden=(1, 1), size=2, classes=2)
    with torch.no_grad():
        network.fc1.weight.copy_(torch.tensor([[0.0, 1.0, 3.0, -8.0]]))
    small = shared.share_weights(network, clusters={"fc1": 2})
    assert small.fc1.weight.tolist() == [[0.0, 2.0, 2.0, -8.0]]
    assert shared.values(small)["fc1"].tolist() == [-8.0, 2.0]
    assert torch.equal(small.fc2.weight, network.fc2.weight)


@pytest.mark.parametrize("clusters", [2, 16, {"conv1": 3, "fc1": 5}])
def test_values_are_few_float16_and_zeros_stay(clusters, network):
    before = {name: t.clone() for name, t in network.state_dict().items()}
    small = shared.share_weights(network, clusters=clusters)
    found = shared.values(small)
    for name in clusters if isinstance(clusters, dict) else found:
        count = clusters[name] if isinstance(clusters, dict) else clusters
        assert len(found[name]) <= count
        assert torch.equal(found[name].half().float(), found[name])
        zeros = network.get_submodule(name).weight == 0
        assert torch.equal(small.get_submodule(name).weight == 0, zeros)
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())
    assert torch.equal(small.fc1.bias, network.fc1.bias.half().float())


def test_sharing_twice_changes_nothing_and_the_same_seed_gives_the_same(network):
    once = shared.share_weights(network, clusters=8, seed=1)
    assert equal(once, shared.share_weights(once, clusters=8, seed=2))
    assert equal(once, shared.share_weights(network, clusters=8, seed=1))


def test_biases_of_8_bits_lie_on_255_steps(network):
    bias = shared.share_weights(network, bias_bits=8).fc1.bias
    step = (network.fc1.bias.abs().max() / 127).half().float()
    assert torch.allclose(bias / step, torch.round(bias / step), atol=1e-4)
    assert (bias - network.fc1.bias).abs().max() <= step / 2 * 1.1
    assert torch.equal(shared.share_weights(network, bias_bits=32).fc1.bias, network.fc1.bias)


def test_wrong_requests_are_explained(network):
    with pytest.raises(ValueError, match="256 values include zero"):
        shared.share_weights(network, clusters=256)
    with pytest.raises(ValueError, match="2 to 255; got 1"):
        shared.share_weights(network, clusters=1)
    with pytest.raises(ValueError, match="no layer named 'fc9'; there are conv1"):
        shared.share_weights(network, clusters={"fc9": 4})
    with pytest.raises(ValueError, match="bias_bits must be 8, 16 or 32"):
        shared.share_weights(network, bias_bits=4)
    with pytest.raises(ValueError, match=r"fc1's weight is computed.*quantize\.bake"):
        shared.share_weights(quantize.train_through(network, bits={"fc1": 4}))
    with pytest.raises(ValueError, match="share_weights first"), shared.tied(models.Net()):
        pass


def tied_gradients(network, images, labels):
    network.zero_grad()
    F.cross_entropy(network(images), labels).backward()
    return network.fc1.weight.grad.clone()


def test_a_centroids_gradient_is_the_sum_of_its_weights(network):
    """Oracle: autograd through a table in which the weights are looked up."""
    small = shared.share_weights(network, clusters=4).requires_grad_()
    images, labels = torch.rand(9, 1, 8, 8), torch.arange(9)
    with shared.tied(small):
        ours = tied_gradients(small, images, labels)
    weight = small.fc1.weight.detach()
    table, codes = weight.unique(return_inverse=True)
    table.requires_grad_()
    logits = torch.func.functional_call(small, {"fc1.weight": table[codes]}, images)
    F.cross_entropy(logits, labels).backward()
    expected = torch.where(weight == 0, 0, table.grad[codes])
    assert torch.allclose(ours, expected, atol=1e-6)
    assert expected.abs().max() > 1e-4, "the comparison would mean nothing"


def test_after_the_block_the_hooks_are_gone_even_after_a_crash(network):
    small = shared.share_weights(network, clusters=4)
    images, labels = torch.rand(9, 1, 8, 8), torch.arange(9)
    plain = tied_gradients(small, images, labels)
    with pytest.raises(RuntimeError, match="stop"), shared.tied(small):
        assert not torch.allclose(tied_gradients(small, images, labels), plain)
        raise RuntimeError("stop")
    assert torch.allclose(tied_gradients(small, images, labels), plain)


def test_training_moves_the_values_and_keeps_the_sharing(network):
    small = shared.share_weights(network, clusters=4)
    before = {name: layer.clone() for name, layer in shared.values(small).items()}
    zeros, codes = small.fc1.weight == 0, small.fc1.weight.detach().unique(return_inverse=True)[1]
    images, labels = torch.rand(60, 1, 8, 8), torch.arange(60) % 10
    with shared.tied(small) as keep:
        training.train(small, (images, labels), (images, labels), epochs=5, batch_size=10,
                       learning_rate=0.01, weight_decay=0.01, after_step=keep, keep="last",
                       progress=False, on="cpu")  # fmt: skip
    after = shared.values(small)
    assert all(len(after[name]) <= 4 for name in after)
    assert not torch.equal(after["fc1"], before["fc1"])
    assert torch.equal(small.fc1.weight == 0, zeros)
    for code in codes.unique():
        assert len(small.fc1.weight.detach()[codes == code].unique()) == 1
    free = shared.share_weights(network, clusters=4)
    training.train(free, (images, labels), (images, labels), epochs=1, progress=False, on="cpu")
    assert len(shared.values(free)["fc1"]) > 4, "without the tie the values would part"
    stored = shared.share_weights(small, clusters=4)
    moved = (stored.fc1.weight - small.fc1.weight).abs() / small.fc1.weight.abs().clamp(min=1e-4)
    assert moved.max() <= 2**-11
