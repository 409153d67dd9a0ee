"""The reference network on integers and with rounded activations, on real images."""

import pytest
import torch
from torch import nn

from course_utils import data, models, training
from course_utils.quantize import (
    IntegerNetwork,
    calibration,
    integer_network,
    layer_inputs,
    quantize_weights,
    round_activations,
)


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def sets():
    return data.fashion_mnist("train")[0][:200], data.fashion_mnist("validation")[0][:200]


@pytest.fixture
def small():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(3, 4), hidden=8, size=8)


def agreement(one, other):
    return (one.argmax(1) == other.argmax(1)).float().mean().item()


def test_integers_alone_decide_like_the_float_network(network, sets):
    train, validation = sets
    integers = IntegerNetwork(network, train)
    expected = training.predict(network, validation)
    logits = integers(validation)
    assert agreement(logits, expected) >= 0.98
    assert logits.shape == expected.shape and not logits.requires_grad


def test_integers_agree_with_simulated_rounding(network, sets):
    """Two routes to the same arithmetic: codes throughout, and floats rounded to the grid."""
    train, validation = sets
    integers = IntegerNetwork(network, train)
    simulated = round_activations(quantize_weights(network, bits=8), train)
    logits, expected = integers(validation), training.predict(simulated, validation)
    step = integers.steps[-1][2].scale
    assert (logits - expected).abs().mean() < step, "on average less than one output step"
    assert agreement(logits, expected) >= 0.99


def test_nothing_but_integers_flows_inside(small, monkeypatch):
    images = torch.rand(10, 1, 8, 8)
    integers = IntegerNetwork(small, images)
    seen, original = [], integer_network._run

    def watch(layer, weight, grid, x):
        out = original(layer, weight, grid, x)
        seen.append((x.codes.dtype, out.codes.dtype, int(out.codes.min()), int(out.codes.max())))
        return out

    monkeypatch.setattr(integer_network, "_run", watch)
    integers(images)
    assert len(seen) == 10
    assert all(a == b == torch.int32 and low >= 0 and high <= 255 for a, b, low, high in seen)


def test_relu_is_done_by_the_clamp(small):
    integers = IntegerNetwork(small, torch.rand(10, 1, 8, 8))
    zero_points = {type(s[0]).__name__: int(s[2].zero_point) for s in integers.steps[:1]}
    assert zero_points == {"Conv2d": 0}


def test_integer_network_refuses_what_it_cannot_do(small):
    strange = nn.Sequential(nn.Conv2d(1, 2, 3), nn.Tanh())
    with pytest.raises(TypeError, match="no integer version of Tanh"):
        IntegerNetwork(strange, torch.rand(2, 1, 8, 8))
    grouped = nn.Sequential(nn.Conv2d(2, 2, 3, groups=2))
    with pytest.raises(TypeError, match="no integer version of Conv2d"):
        IntegerNetwork(grouped, torch.rand(2, 2, 8, 8))
    with pytest.raises(TypeError, match="takes a Sequential network; got Linear"):
        IntegerNetwork(nn.Linear(2, 2), torch.rand(2, 2))
    with pytest.raises(TypeError, match="no convolution or linear layer"):
        IntegerNetwork(nn.Sequential(nn.ReLU()), torch.rand(2, 2))
    overlapping = nn.Sequential(nn.Conv2d(1, 2, 3), nn.MaxPool2d(3, stride=1))
    with pytest.raises(TypeError, match="no integer version of MaxPool2d"):
        IntegerNetwork(overlapping, torch.rand(2, 1, 8, 8))


def test_integer_network_leaves_the_model_alone(small):
    before = {k: v.clone() for k, v in small.state_dict().items()}
    IntegerNetwork(small.train(), torch.rand(4, 1, 8, 8))(torch.rand(4, 1, 8, 8))
    assert small.training
    assert all(torch.equal(v, small.state_dict()[k]) for k, v in before.items())


def test_layer_inputs_are_what_the_layers_get(small):
    images = torch.rand(5, 1, 8, 8)
    seen = layer_inputs(small.train(), images)
    assert list(seen) == ["conv1", "conv2", "fc1", "fc2"]
    assert torch.equal(seen["conv1"], small.normalize(images))
    hidden = small.fc1(seen["fc1"]).relu()
    assert torch.equal(seen["fc2"], hidden)
    assert small.training, "the mode is given back"
    assert not any(layer._forward_pre_hooks for layer in small.modules())


def test_hooks_are_gone_after_a_crash(small):
    with pytest.raises(ValueError, match="takes images of shape"):
        layer_inputs(small, torch.rand(5, 3, 8, 8))
    assert not any(layer._forward_pre_hooks for layer in small.modules())
    assert small.training


def test_rounded_activations_lie_on_their_grid(small):
    images = torch.rand(20, 1, 8, 8)
    rounded = round_activations(small, images, bits=3)
    caught = {}
    rounded.fc2.register_forward_pre_hook(lambda _, x: caught.update(x=x[0]))
    rounded(images)
    assert len(caught["x"].unique()) <= 8
    assert not small.fc2._forward_pre_hooks, "the original is left alone"


def test_sixteen_bits_of_activation_change_next_to_nothing(small):
    images = torch.rand(20, 1, 8, 8)
    small.eval()
    exact = small(images)
    rounded = [round_activations(small, images, bits=bits)(images) for bits in (16, 8, 4)]
    errors = [(logits - exact).abs().max() for logits in rounded]
    assert errors[0] < 1e-3 and errors[0] < errors[1] < errors[2]


def test_gradients_pass_through_rounded_activations(small):
    images = torch.rand(4, 1, 8, 8)
    rounded = round_activations(small, images)
    rounded(images).pow(2).mean().backward()
    assert rounded.conv1.weight.grad.abs().sum() > 0


@pytest.mark.parametrize("slip", [
    lambda images: images * 255,  # forgot to divide by 255: ranges much too wide
    lambda images: images * 0.02,  # almost black: ranges much too narrow
])  # fmt: skip
def test_calibrating_on_the_wrong_images_breaks_the_network(network, sets, slip):
    """The deliberate failure of the lesson: ranges from images unlike those to come."""
    train, validation = sets
    expected = training.predict(network, validation)

    def score(images):
        return agreement(training.predict(round_activations(network, images), validation), expected)

    assert score(train) > 0.98 > 0.9 > score(slip(train))


def test_one_odd_pixel_spoils_min_max_but_not_percentile(network, sets):
    train, validation = sets
    odd = train.clone()
    odd[0, 0, 16, 16] = 100.0  # one broken pixel in 200 images
    expected = training.predict(network, validation)

    def score(method):
        rounded = round_activations(network, odd, bits=6, calibrate=method)
        return agreement(training.predict(rounded, validation), expected)

    assert score(calibration.percentile) > score(calibration.min_max) + 0.05
