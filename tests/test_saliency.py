"""Laws of gradient attributions."""

import copy

import pytest
import torch
from torch import nn

from course_utils import models, saliency

METHODS = [
    saliency.gradient, saliency.smooth_grad, saliency.integrated_gradients, saliency.grad_cam,
    saliency.hires_cam,
]  # fmt: skip


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
    assert saliency.completeness_error(Squares(), x, found, 0, baseline=1.0).item() < 1e-6
    assert saliency.completeness_error(Squares(), x, found, 0).item() == pytest.approx(4 / 17)


def test_equals_captum(network, images):
    from captum.attr import IntegratedGradients, Saliency

    target = network(images).argmax(1)
    theirs = Saliency(network).attribute(images.clone().requires_grad_(), target, abs=False)
    assert torch.allclose(saliency.gradient(network, images), theirs, atol=1e-6)
    network, images = copy.deepcopy(network).double(), images.double()
    for baseline in (0.0, 0.5):
        theirs = IntegratedGradients(network).attribute(
            images, baselines=baseline, target=target, n_steps=32, method="riemann_middle"
        )
        ours = saliency.integrated_gradients(network, images, steps=32, baseline=baseline)
        assert (ours - theirs).abs().max() < 1e-6


def test_completeness_error_falls_with_steps(network, images):
    target = network(images).argmax(1)

    def logit(x):
        return network(x).gather(1, target[:, None])[:, 0]

    change = (logit(images) - logit(torch.zeros_like(images))).detach()
    medians = []
    for steps in (8, 64):
        found = saliency.integrated_gradients(network, images, steps=steps)
        errors = saliency.completeness_error(network, images, found)
        wanted = ((found.sum((1, 2, 3)) - change) / change).abs()
        assert torch.allclose(errors, wanted, atol=1e-5)
        medians.append(errors.median().item())
    assert medians[1] < 0.01 and medians[1] < medians[0]


def test_smooth_grad_is_the_gradient_without_noise_and_by_hand_with_it(network, images):
    still = saliency.smooth_grad(network, images, noise=0.0, samples=2)
    assert torch.allclose(still, saliency.gradient(network, images), atol=1e-5)
    # the gradient of 3 x0² is 6 x0: its mean is 6 (x0 + the noise's mean), the range is 5 - 2
    x = torch.tensor([2.0, 5.0]).view(1, 1, 1, 2)
    chance = torch.Generator().manual_seed(4)
    drawn = torch.stack([torch.randn(1, 1, 2, generator=chance) for _ in range(7)])
    found = saliency.smooth_grad(Squares(), x, 0, samples=7, noise=0.1, seed=4)
    assert found[0, 0, 0, 0].item() == pytest.approx(6 * (2 + 0.3 * drawn[..., 0].mean().item()))
    other = saliency.smooth_grad(Squares(), x, 0, samples=7, noise=0.1, seed=5)
    assert not torch.equal(found, other)


def test_smooth_grad_explains_the_clean_images_class(network, images):
    predicted = network(images).argmax(1)
    found = saliency.smooth_grad(network, images, samples=3, noise=2.0)
    assert torch.equal(found, saliency.smooth_grad(network, images, predicted, samples=3, noise=2))


def test_one_image_at_a_time_is_the_batch(network, images):
    network, images = copy.deepcopy(network).double(), images.double()  # or rounding flips a ReLU
    for method in METHODS:
        alone = torch.cat([method(network, image[None]) for image in images])
        assert torch.allclose(alone, method(network, images), atol=1e-9)
        assert torch.allclose(alone, method(network, images, batch_size=4), atol=1e-9)


def test_no_more_images_at_a_time_than_the_batch_size(network, images):
    sizes = []
    hook = network.register_forward_hook(lambda m, i, o: sizes.append(len(o)))
    for method in METHODS:
        sizes.clear()
        method(network, images, 3, batch_size=2)
        assert max(sizes[1:]) == 2  # the first call asks which class
    hook.remove()


def test_a_baseline_for_each_image_goes_with_its_batch(network, images):
    baseline = images.flip(0)
    whole = saliency.integrated_gradients(network, images, 2, steps=4, baseline=baseline)
    parts = saliency.integrated_gradients(
        network, images, 2, steps=4, baseline=baseline, batch_size=4
    )
    assert torch.allclose(whole, parts, atol=1e-5)


def test_target_none_is_the_predicted_class_and_one_class_serves_all(network, images):
    predicted = network(images).argmax(1)
    for method in METHODS:
        assert torch.equal(method(network, images), method(network, images, predicted))
        assert torch.equal(method(network, images, 3), method(network, images, torch.full((6,), 3)))
        assert method(network, images).shape == images.shape


def test_an_image_that_is_the_baseline_gets_nothing(network, images):
    assert saliency.integrated_gradients(network, images, baseline=images).abs().max() == 0


class Crashes(nn.Sequential):
    """Runs its convolution, then stops: a hook is on it by then."""

    def __init__(self):
        super().__init__(nn.Conv2d(1, 2, 3))
        self.asked = 0

    def forward(self, x):
        self.asked += 1
        places = super().forward(x)
        if self.asked > 1:
            raise ZeroDivisionError
        return places.mean((2, 3))


@pytest.mark.parametrize("method", METHODS)
def test_courtesy(network, images, method):
    network.train()
    before = images.clone()
    method(network, images)
    assert network.training
    network.eval()
    assert torch.equal(images, before) and not images.requires_grad
    assert all(p.grad is None for p in network.parameters())
    assert not method(network, images).requires_grad
    crashing = Crashes().train()
    with pytest.raises(ZeroDivisionError):
        method(crashing, images)
    assert crashing.training
    for part in (*network.modules(), *crashing.modules()):
        assert not part._forward_hooks and not part._backward_hooks


@pytest.mark.parametrize("method", METHODS)
def test_works_inside_no_grad(network, images, method):
    with torch.no_grad():
        assert method(network, images).abs().sum() > 0


@pytest.mark.parametrize(("target", "words"), [
    (10, "a class from 0 to 9; got 10"), (-1, "from 0 to 9"),
    (torch.tensor([1, 2]), "6 class indices"), (1.5, "one class for all images"),
])  # fmt: skip
def test_bad_targets(network, images, target, words):
    with pytest.raises(ValueError, match=words):
        saliency.gradient(network, images, target)


def test_networks_without_gradients_say_so(images):
    integers = models.load_network("IntegerQuantizedCNN")
    for method in METHODS:
        with pytest.raises(TypeError, match="OnnxNetwork has no gradients.*RISE or LIME"):
            method(integers, images)


@pytest.mark.parametrize(("options", "words"), [
    ({"steps": 0}, "steps must be"), ({"steps": 2.5}, "steps must be"),
    ({"batch_size": 0}, "batch_size must be"),
])  # fmt: skip
def test_bad_options(images, options, words):
    with pytest.raises(ValueError, match=words):
        saliency.integrated_gradients(Squares(), images, **options)
    with pytest.raises(ValueError, match="samples must be"):
        saliency.smooth_grad(Squares(), images, samples=0)
    with pytest.raises(ValueError, match="noise must not be below 0"):
        saliency.smooth_grad(Squares(), images, noise=-1)


@pytest.mark.skipif(not torch.cuda.is_available(), reason="needs a GPU")
def test_the_gpu_agrees(network, images):
    on = copy.deepcopy(network).cuda().double()
    everything = [*METHODS, saliency.occlusion, saliency.rise]
    for method in everything:
        there = method(on, images.cuda().double())
        here = method(copy.deepcopy(network).double(), images.double())
        assert there.is_cuda and torch.allclose(there.cpu(), here, atol=1e-6)
