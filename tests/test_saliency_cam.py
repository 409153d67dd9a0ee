"""Laws of class activation maps, and of reading a layer."""

import pytest
import torch
from torch import nn

from course_utils import models, saliency
from course_utils.saliency import cam

WITH_CONVOLUTIONS = {
    "SimplifiedCNN": "conv2", "ShallowCNN": "conv1", "ResNet": "block3_1", "ResNet-plain":
    "block3_1", "PrunedCNN": "conv2", "SubIntegerQuantizedCNN": "conv2", "LeNet5": "conv2",
    "Tiny": "conv4",
}  # fmt: skip


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def images():
    from course_utils import data

    return data.fashion_mnist("validation")[0][:6]


def tiny(head):
    """Two 1 x 1 filters on 2 x 2 pixels: channel 0 is x, channel 1 is 2 x + 1; then a head."""
    network = nn.Sequential(nn.Conv2d(1, 2, 1), *head)
    network[0].weight.data = torch.tensor([1.0, 2.0]).view(2, 1, 1, 1)
    network[0].bias.data = torch.tensor([0.0, 1.0])
    return network


def flat_head():
    """One class; channel 0's places weigh 1, 2, 3, 6, channel 1's 1, -1, 0, 0."""
    linear = nn.Linear(8, 1, bias=False)
    linear.weight.data = torch.tensor([[1.0, 2, 3, 6, 1, -1, 0, 0]])
    return [nn.Flatten(), linear]


def mean_head():
    linear = nn.Linear(2, 1, bias=False)
    linear.weight.data = torch.tensor([[4.0, -8.0]])
    return [nn.AdaptiveAvgPool2d(1), nn.Flatten(), linear]


PIXELS = torch.tensor([[1.0, 2.0], [0.0, -1.0]])[None, None]


def test_hand_answers_on_a_flatten_head():
    """Channel 0's mean slope is 3, channel 1's is 0; the places' own are the weights."""
    network = tiny(flat_head())
    assert saliency.grad_cam(network, PIXELS).flatten().tolist() == [3, 6, 0, -3]
    # x · its weight, + (2 x + 1) · its weight: 1 + 3, 4 - 5, 0, -6
    assert saliency.hires_cam(network, PIXELS).flatten().tolist() == [4, -1, 0, -6]


def test_hand_answers_on_a_mean_head():
    """Slopes are 1 and -2 everywhere: x - 2 (2 x + 1), in both rules."""
    network, wanted = tiny(mean_head()), [-5, -8, -2, 1]
    assert saliency.grad_cam(network, PIXELS).flatten().tolist() == wanted
    assert saliency.hires_cam(network, PIXELS).flatten().tolist() == wanted


def test_hires_cam_on_a_flatten_head_sums_to_the_logit():
    network = tiny(flat_head())
    assert saliency.hires_cam(network, PIXELS).sum().item() == pytest.approx(-3)
    assert network(PIXELS).item() == pytest.approx(-3)


def test_equals_captum_signed_and_bilinear(network, images):
    from captum.attr import LayerGradCam
    from torch.nn.functional import interpolate

    target = network(images).argmax(1)
    for layer in ("conv2", "pool1", "relu2"):
        theirs = LayerGradCam(network, getattr(network, layer)).attribute(images, target)
        theirs = interpolate(theirs, size=32, mode="bilinear", align_corners=False)
        ours = saliency.grad_cam(network, images, layer=layer)
        assert torch.allclose(ours, theirs, atol=1e-5)
    assert (saliency.grad_cam(network, images) < 0).any()


@pytest.mark.parametrize(("name", "layer"), WITH_CONVOLUTIONS.items())
def test_the_last_convolution_of_every_kind_of_network(name, layer):
    network = models.load_network(name)
    assert saliency.last_convolution(network) == layer
    images = torch.rand(2, *network.input_shape)
    for method in (saliency.grad_cam, saliency.hires_cam):
        assert method(network, images).shape == images.shape
        assert torch.equal(method(network, images), method(network, images, layer=layer))


def test_rules_agree_behind_a_mean_and_nowhere_else(network, images):
    resnet = models.load_network("ResNet")
    one, other = saliency.grad_cam(resnet, images), saliency.hires_cam(resnet, images)
    assert torch.allclose(one, other, atol=1e-5) and one.abs().max() > 0.1
    one, other = saliency.grad_cam(network, images), saliency.hires_cam(network, images)
    assert not torch.allclose(one, other, atol=0.1)


def test_a_chain_in_a_chain_and_channels_of_colour():
    network = nn.Sequential(nn.Sequential(nn.Conv2d(3, 2, 3), nn.ReLU(inplace=True)), *mean_head())
    images = torch.rand(4, 3, 6, 8)
    assert saliency.last_convolution(network) == "0.0"
    found = saliency.hires_cam(network, images)
    assert found.shape == images.shape and torch.equal(found[:, 0], found[:, 2])
    plain = nn.Sequential(nn.Sequential(network[0][0], nn.ReLU()), *list(network)[1:])
    assert torch.equal(found, saliency.hires_cam(plain, images))


def test_networks_and_layers_without_places_say_so(network, images):
    net = models.load_network("LeNet300")
    for method in (saliency.grad_cam, saliency.hires_cam):
        with pytest.raises(ValueError, match="Net has no convolution.*or occlusion"):
            method(net, torch.rand(2, 1, 28, 28))
        with pytest.raises(ValueError, match="'fc1' puts out .6, 128.*no places"):
            method(network, images, layer="fc1")
        with pytest.raises(ValueError, match="no layer is named 'conv3'; the layers are normalize"):
            method(network, images, layer="conv3")
    assert not network.conv2._forward_hooks


def test_activations_are_what_the_layer_puts_out(network, images):
    found = saliency.activations(network, images, "conv2", batch_size=4)
    assert torch.allclose(found, network[:5](images), atol=1e-6) and not found.requires_grad
    assert saliency.activations(network, images, "fc1").shape == (6, 128)
    block = saliency.activations(models.load_network("ResNet"), images, "block2_1.conv2")
    assert block.shape[0] == 6 and block.shape[2:] == (8, 8)
    with pytest.raises(TypeError, match="no gradients|no layers"):
        saliency.activations(models.load_network("IntegerQuantizedCNN"), images, "conv1")


class Idle(nn.Module):
    """Has a convolution that it never runs."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(1, 1, 1)

    def forward(self, x):
        return x.flatten(1)[:, :2]


def test_a_layer_that_is_not_run_is_named(images):
    for read in (saliency.grad_cam, lambda n, x: saliency.activations(n, x, "conv")):
        with pytest.raises(ValueError, match="did not run its layer 'conv'"):
            read(Idle(), images)


def test_a_watched_layer_does_not_change_the_answer(network, images):
    with saliency.watching(network, "conv2") as seen, torch.no_grad():
        assert torch.equal(network(images), network(images)) and len(seen) == 2
    assert not network.conv2._forward_hooks
    assert cam.grad_cam_rule(seen[0], torch.ones_like(seen[0])).shape == (6, 1, 16, 16)
