"""Laws of gradient attributions."""

import copy

import pytest
import torch
from torch import nn

from course_utils import models, saliency

METHODS = [saliency.gradient, saliency.integrated_gradients]


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def images():
    from course_utils import data

    return data.fashion_mnist("validation")[0][:6]


class Squares(nn.Module):
    """Logits (3 x0² + x1, -x0): attributions that a pencil finds."""

    def forward(self, x):
        x = x.flatten(1)
        return torch.stack([3 * x[:, 0] ** 2 + x[:, 1], -x[:, 0]], 1)


def test_hand_answers():
    x = torch.tensor([2.0, 5.0]).view(1, 1, 1, 2)
    assert saliency.gradient(Squares(), x, 0).flatten().tolist() == [12, 1]
    assert saliency.gradient(Squares(), x, 1).flatten().tolist() == [-1, 0]
    # 3 x0² from 1 to 2 is 9, x1 from 1 to 5 is 4; the midpoint rule is exact on squares
    found = saliency.integrated_gradients(Squares(), x, 0, steps=3, baseline=1.0)
    assert found.flatten().tolist() == pytest.approx([9, 4])


def test_equals_captum(network, images):
    from captum.attr import IntegratedGradients, Saliency

    target = network(images).argmax(1)
    theirs = Saliency(network).attribute(images.clone().requires_grad_(), target, abs=False)
    assert torch.allclose(saliency.gradient(network, images), theirs, atol=1e-6)
    theirs = IntegratedGradients(network).attribute(
        images, target=target, n_steps=32, method="riemann_middle"
    )
    ours = saliency.integrated_gradients(network, images, steps=32)
    assert torch.allclose(ours, theirs, atol=1e-6)


def test_completeness_error_falls_with_steps(network, images):
    target = network(images).argmax(1)
    def logit(x):
        return network(x).gather(1, target[:, None])[:, 0]
    change = (logit(images) - logit(torch.zeros_like(images))).detach()
    errors = []
    for steps in (8, 256):
        found = saliency.integrated_gradients(network, images, steps=steps)
        errors.append(((found.sum((1, 2, 3)) - change) / change).abs().median().item())
    assert errors[1] < 0.01 and errors[1] < errors[0]


def test_one_image_at_a_time_is_the_batch(network, images):
    network, images = copy.deepcopy(network).double(), images.double()  # or rounding flips a ReLU
    for method in METHODS:
        alone = torch.cat([method(network, image[None]) for image in images])
        assert torch.allclose(alone, method(network, images), atol=1e-9)


def test_target_none_is_the_predicted_class_and_one_class_serves_all(network, images):
    predicted = network(images).argmax(1)
    for method in METHODS:
        assert torch.equal(method(network, images), method(network, images, predicted))
        assert torch.equal(method(network, images, 3), method(network, images, torch.full((6,), 3)))
        assert method(network, images).shape == images.shape


def test_an_image_that_is_the_baseline_gets_nothing(network, images):
    assert saliency.integrated_gradients(network, images, baseline=images).abs().max() == 0


class Crashes(nn.Module):
    def forward(self, x):
        raise ZeroDivisionError


def test_courtesy(network, images):
    network.train()
    before = images.clone()
    for method in METHODS:
        method(network, images)
        assert network.training
    network.eval()
    assert torch.equal(images, before) and not images.requires_grad
    assert all(p.grad is None for p in network.parameters())
    crashing = Crashes().train()
    with pytest.raises(ZeroDivisionError):
        saliency.gradient(crashing, images)
    assert crashing.training


def test_works_inside_no_grad(network, images):
    with torch.no_grad():
        assert saliency.gradient(network, images).abs().sum() > 0


@pytest.mark.parametrize(("target", "words"), [
    (10, "a class from 0 to 9; got 10"), (-1, "from 0 to 9"),
    (torch.tensor([1, 2]), "6 class indices"), (1.5, "one class for all images"),
])  # fmt: skip
def test_bad_targets(network, images, target, words):
    with pytest.raises(ValueError, match=words):
        saliency.gradient(network, images, target)


def test_networks_without_gradients_say_so(images):
    with pytest.raises(TypeError, match="OnnxNetwork has no gradients.*LIME"):
        saliency.gradient(models.load_network("IntegerQuantizedCNN"), images)
    with pytest.raises(ValueError, match="steps must be"):
        saliency.integrated_gradients(Squares(), images, steps=0)
