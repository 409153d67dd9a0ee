"""Rounding a whole network: the right layers, the right channels, nothing else."""

import pytest
import torch
from torch import nn

from course_utils import models, quantize
from course_utils.quantize import quantize_weights, round_weight, weight_codes

LAYERS = ["conv1", "conv2", "fc1", "fc2"]
ALL_BITS = [8, 7, 6, 5, 4, 3, 2, "ternary", "binary"]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=12, size=8)


@pytest.fixture
def images():
    return torch.rand(20, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def states_equal(one, other):
    return all(torch.equal(a, b) for a, b in zip(one.values(), other.values(), strict=True))


@pytest.mark.parametrize("axis", [0, None])
@pytest.mark.parametrize("bits", ALL_BITS)
def test_only_weights_change_and_lie_on_their_grid(network, bits, axis):
    rounded = quantize_weights(network, bits=bits, axis=axis)
    levels = {"ternary": 3, "binary": 2}.get(bits) or 2**bits - 1
    for name, before in network.state_dict().items():
        after = rounded.state_dict()[name]
        if name.removesuffix(".weight") in LAYERS:
            rows = after.flatten(1) if axis == 0 else after.flatten()[None]
            assert max(len(row.unique()) for row in rows) <= levels
            assert torch.equal(after, round_weight(before, bits=bits, axis=axis).dequantize())
        else:
            assert torch.equal(after, before), f"{name} is not a weight and must not change"


def test_one_weight_is_rounded_by_the_rule_its_bits_name(network):
    w = network.conv2.weight
    for axis in (0, None):
        for bits, q in [
            ("ternary", quantize.ternary(w, axis=axis)),
            ("binary", quantize.binary(w, axis=axis)),
            (4, quantize.symmetric(w, bits=4, axis=axis)),
        ]:
            rounded = round_weight(w, bits=bits, axis=axis)
            assert torch.equal(rounded.codes, q.codes) and torch.equal(rounded.scale, q.scale)
            assert (rounded.bits, rounded.axis) == (bits, axis)
    q = round_weight(w, bits=4, clip=torch.full((6,), 0.07))
    assert torch.allclose(q.scale, torch.full((6,), 0.01))


def test_the_original_and_its_mode_stay(network):
    before = {k: v.clone() for k, v in network.state_dict().items()}
    for mode in (True, False):
        rounded = quantize_weights(network.train(mode), bits=4)
        assert rounded.training is network.training is mode
    assert states_equal(before, network.state_dict())
    assert not hasattr(network.fc1, "rounded")


def test_sixteen_levels_are_worse_than_two_hundred(network, images):
    exact = network(images)
    errors = [(quantize_weights(network, bits=b)(images) - exact).abs().mean() for b in (8, 4, 2)]
    assert errors[0] < errors[1] < errors[2]


def test_bits_per_layer_leave_the_others_alone(network):
    rounded = quantize_weights(network, bits={"fc1": 3, "conv1": "binary"})
    assert torch.equal(rounded.conv2.weight, network.conv2.weight)
    assert torch.equal(rounded.fc2.weight, network.fc2.weight)
    assert len(rounded.conv1.weight[0].unique()) == 2
    assert len(rounded.fc1.weight[0].unique()) <= 7
    assert torch.equal(quantize_weights(network, bits={}).fc1.weight, network.fc1.weight)


def test_an_outlier_ruins_the_one_grid_but_only_its_own_channel():
    torch.manual_seed(0)
    layer = nn.Sequential(nn.Linear(50, 10))
    with torch.no_grad():
        layer[0].weight[0, 0] = 100.0
    one = quantize_weights(layer, bits=8, axis=None)[0].weight
    each = quantize_weights(layer, bits=8, axis=0)[0].weight
    assert (one[1:] == 0).all(), "a step of 0.8 rounds every ordinary weight to 0"
    assert (each[1:] - layer[0].weight[1:]).abs().max() < 1e-3


def test_mse_clipping_loses_less_in_squares_than_covering_the_largest(network):
    weight = network.fc1.weight.detach()
    for axis in (0, None):
        errors = [
            (round_weight(weight, bits=3, axis=axis, clip=clip).dequantize() - weight).pow(2).sum()
            for clip in ("max", "mse")
        ]
        assert errors[1] < errors[0]


def test_codes_say_what_the_rounded_network_holds(network):
    codes = weight_codes(network, bits=4)
    assert list(codes) == [f"{name}.weight" for name in LAYERS]
    rounded = quantize_weights(network, bits=4)
    for name, q in codes.items():
        assert torch.equal(q.dequantize(), rounded.state_dict()[name])


@pytest.mark.parametrize("clip", ["max", "mse"])
@pytest.mark.parametrize("bits", ALL_BITS)
def test_nothing_is_rounded_twice(network, bits, clip):
    rounded = quantize_weights(network, bits=bits, clip=clip)
    for name, q in weight_codes(rounded, bits=bits).items():
        assert torch.equal(q.dequantize(), rounded.state_dict()[name])


def test_codes_are_found_again_after_the_weights_changed(network):
    rounded = quantize_weights(network, bits=4)
    with torch.no_grad():
        rounded.fc1.weight.mul_(0.37)
    fresh = weight_codes(rounded, bits=4)["fc1.weight"]
    assert (fresh.dequantize() - rounded.fc1.weight).abs().max() <= fresh.scale.max() / 2
    other_bits = weight_codes(rounded, bits=6)["conv1.weight"]
    assert other_bits.bits == 6


def test_embeddings_are_weights_too():
    model = nn.Sequential(nn.EmbeddingBag(20, 4), nn.Linear(4, 2))
    assert list(weight_codes(model, bits=8)) == ["0.weight", "1.weight"]


@pytest.mark.parametrize(
    ("bits", "words"),
    [
        (1, "For one bit, use binary"),
        (9, "from 2 to 8; got 9"),
        (256, "number of levels"),
        ("int8", 'must be 2 to 8, "ternary" or "binary"; got \'int8\''),
        (0.5, "got 0.5"),
        ({"fc9": 4}, "no layer named 'fc9'; there are conv1, conv2, fc1, fc2"),
        ({"fc1.weight": 4}, "Did you mean 'fc1'"),
        ({"fc1": 99}, "got 99"),
    ],
)
def test_bad_bits_are_named(network, bits, words):
    with pytest.raises(ValueError, match=words):
        quantize_weights(network, bits=bits)
    with pytest.raises(ValueError, match=words):
        quantize.train_through(network, bits=bits)


def test_bad_clip_and_broken_weights_are_named(network):
    with pytest.raises(ValueError, match='clip must be "max" or "mse"; got \'kl\''):
        quantize_weights(network, bits=4, clip="kl")
    with torch.no_grad():
        network.fc1.weight[0, 0] = float("nan")
    with pytest.raises(ValueError, match="NaN or infinite"):
        quantize_weights(network, bits=4)
