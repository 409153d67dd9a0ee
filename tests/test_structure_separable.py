"""Laws of depthwise-separable convolutions."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import measure, models, structure


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 12), hidden=8, classes=5).eval()


@pytest.fixture
def images():
    return torch.rand(5, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def kernels(outputs=12, inputs=4, height=3, width=3):
    generator = torch.Generator().manual_seed(2)
    return torch.randn(outputs, inputs, height, width, generator=generator)


def multiplied_out(depthwise, pointwise, terms):
    """By loops: output o reads channel i through the sum of its terms."""
    outputs, inputs = len(pointwise), len(depthwise) // terms
    full = torch.zeros(outputs, inputs, *depthwise.shape[2:])
    for o in range(outputs):
        for i in range(inputs):
            for t in range(terms):
                full[o, i] += pointwise[o, i * terms + t, 0, 0] * depthwise[i * terms + t, 0]
    return full


@pytest.mark.parametrize("terms", [1, 2, 5, 9])
def test_terms_are_the_nearest_channel_by_channel(terms):
    weight = kernels()
    near = multiplied_out(*structure.separable_terms(weight, terms), terms)
    for i in range(weight.shape[1]):
        s = torch.linalg.svdvals(weight[:, i].flatten(1))
        error = (near[:, i] - weight[:, i]).square().sum()
        assert error == pytest.approx(s[terms:].square().sum().item(), abs=1e-3)
        assert torch.linalg.matrix_rank(near[:, i].flatten(1)) == terms


@pytest.mark.parametrize(("shape", "terms"), [((12, 4, 3, 3), 9), ((3, 4, 3, 3), 3),
                                               ((30, 2, 3, 5), 15)])  # fmt: skip
def test_enough_terms_are_exact(shape, terms):
    weight = kernels(*shape)
    assert torch.allclose(multiplied_out(*structure.separable_terms(weight, terms), terms), weight,
                          atol=1e-5)  # fmt: skip


@pytest.mark.parametrize("terms", [1, 3, 9])
def test_the_pair_convolves_as_its_kernels_do(network, images, terms):
    pair = structure.separable(network, {"conv2": terms}).conv2
    full = multiplied_out(pair.depthwise.weight, pair.pointwise.weight, terms)
    x = torch.rand(2, 4, 16, 16)
    assert torch.allclose(pair(x), F.conv2d(x, full, network.conv2.bias, padding=1), atol=1e-5)


def test_nine_terms_change_nothing(network, images):
    copied = structure.separable(network, {"conv2": 9})
    assert torch.allclose(copied(images), network(images), atol=1e-4)


def test_what_is_separable_already_is_met_by_one_term(network):
    depthwise, pointwise = torch.randn(4, 1, 3, 3), torch.randn(12, 4, 1, 1)
    weight = multiplied_out(depthwise, pointwise, 1)
    near = multiplied_out(*structure.separable_terms(weight, 1), 1)
    assert torch.allclose(near, weight, atol=1e-5)


def test_counts_are_the_formula():
    network = models.SimplifiedCNN()
    pair = structure.separable(network, {"conv2": 1})
    counts, whole = measure.macs_by_layer(pair), measure.macs_by_layer(network)["conv2"]
    assert counts["conv2.depthwise"] == 9 * 16 * 256
    assert counts["conv2.pointwise"] == 16 * 32 * 256
    share = (counts["conv2.depthwise"] + counts["conv2.pointwise"]) / whole
    assert share == pytest.approx(1 / 32 + 1 / 9)


def test_a_strided_convolution_without_bias_keeps_both(images):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, 12, 3, stride=2, padding=1, bias=False))
    copied = structure.separable(layers, {"0": 9})
    assert torch.allclose(copied(images), layers(images), atol=1e-5)
    assert copied[0].pointwise.bias is None


def test_the_file_alone_rebuilds_it(network, images, tmp_path):
    small = structure.separable(network, {"conv2": 2})
    path = models.save_network(small, tmp_path / "it.safetensors")
    assert torch.equal(models.load_network(path)(images), small(images))


def test_the_network_is_untouched_and_its_mode_kept(network):
    before = copy.deepcopy(network.state_dict())
    copied = structure.separable(network.train(), {"conv2": 1})
    assert copied.conv2.depthwise.training and copied.conv2.pointwise.weight.requires_grad
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert "replaced" not in network.settings


@pytest.mark.parametrize(("layers", "terms", "words"), [
    ({"fc1": nn.Linear(3, 3)}, {"fc1": 1}, "only a convolution"),
    ({"a": nn.Conv2d(2, 4, 3)}, {"a": 10}, "terms of this Conv2d .* 1 to 4; got 10"),
    ({"a": nn.Conv2d(2, 4, 3)}, {"a": 0}, "1 to 4; got 0"),
    ({"a": nn.Conv2d(2, 4, 3, groups=2)}, {"a": 1}, "groups or dilation"),
    ({"a": nn.Conv2d(2, 4, 3, dilation=2)}, {"a": 1}, "groups or dilation"),
])  # fmt: skip
def test_messages(layers, terms, words):
    network = nn.Sequential()
    for name, layer in layers.items():
        network.add_module(name, layer)
    with pytest.raises(ValueError, match=words):
        structure.separable(network, terms)
