"""Laws of occlusion and RISE: predictions only."""

import copy

import pytest
import torch
from torch import nn

from course_utils import fusion, models, saliency
from course_utils.saliency.occlusion import squares

METHODS = [saliency.occlusion, lambda *a, **o: saliency.rise(*a, **({"samples": 60} | o))]


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def images():
    from course_utils import data

    return data.fashion_mnist("validation")[0][:4]


def line(weights):
    """A linear network: logits (w · x + 1, -w · x), for images of the weights' shape."""
    weights = torch.tensor(weights)

    def network(images):
        sums = (images * weights).sum((1, 2, 3))
        return torch.stack([sums + 1, -sums], 1)

    return network


def test_occlusion_by_hand():
    network, image = line([[1.0, -2, 3, 0]]), torch.tensor([[[[1.0, 2, 3, 4]]]])
    single = saliency.occlusion(network, image, 0, size=1, stride=1)
    assert single.flatten().tolist() == pytest.approx([1, -4, 9, 0])  # weight times pixel
    grey = saliency.occlusion(network, image, 0, size=1, stride=1, background=2.0)
    assert grey.flatten().tolist() == pytest.approx([-1, 0, 3, 0])


def test_overlapping_squares_are_averaged():
    """Pairs of pixels on 2 rows: 1 x 3 columns; the middle is covered twice."""
    network = line([[1.0, 2, 4], [0, 0, 0]])
    found = saliency.occlusion(network, torch.ones(1, 1, 2, 3), 0, size=2, stride=1)
    assert found[0, 0].tolist() == [[3, 4.5, 6], [3, 4.5, 6]]


def test_occlusion_equals_captum(network, images):
    from captum.attr import Occlusion

    target = network(images).argmax(1)
    for size, stride, background in ((4, 2, 0.0), (8, 8, 0.5), (4, 1, 0.0)):
        theirs = Occlusion(network).attribute(
            images, (1, size, size), (1, stride, stride), baselines=background, target=target
        )
        ours = saliency.occlusion(
            network, images, size=size, stride=stride, background=background
        )  # fmt: skip
        assert torch.allclose(ours, theirs, atol=1e-4)


@pytest.mark.parametrize(("height", "width", "size", "stride"), [
    (32, 32, 4, 2), (7, 5, 3, 2), (10, 4, 4, 3), (5, 5, 5, 5), (6, 6, 1, 1),
])  # fmt: skip
def test_squares_cover_every_pixel_and_stay_inside(height, width, size, stride):
    found = squares(height, width, size=size, stride=stride)
    assert (found.flatten(1).sum(1) == size**2).all() and found.any(0).all()
    assert len(found.unique(dim=0)) == len(found)


def test_rise_by_hand(network, images):
    chance = torch.Generator().manual_seed(3)
    masks = saliency.rise_masks(80, 32, 32, grid=5, keep=0.3, generator=chance)
    with torch.no_grad():
        scores = network(0.4 + masks * (images[0] - 0.4))[:, 7].double()
    wanted = ((scores - scores.mean())[:, None, None, None] * masks).mean(0) / 0.3
    found = saliency.rise(
        network, images, 7, samples=80, grid=5, keep=0.3, background=0.4, seed=3
    )  # fmt: skip
    assert torch.allclose(found[0], wanted.float(), atol=1e-5)


def test_rise_in_portions_is_rise_at_once(network, images):
    """More samples than one portion holds: nothing is forgotten between them."""
    found = saliency.rise(network, images[:1], 1, samples=700)
    chance = torch.Generator().manual_seed(0)
    masks = torch.cat([
        saliency.rise_masks(n, 32, 32, grid=8, keep=0.5, generator=chance) for n in (500, 200)
    ])  # fmt: skip
    with torch.no_grad():
        scores = network(masks * images[0])[:, 1].double()
    wanted = ((scores - scores.mean())[:, None, None, None] * masks).mean(0) / 0.5
    assert torch.allclose(found[0], wanted.float(), atol=1e-5)


def test_rise_finds_the_one_pixel_that_counts():
    weights = torch.zeros(1, 16, 16)
    weights[0, 5, 11] = 3.0
    found = saliency.rise(line(weights.tolist()), torch.ones(1, 1, 16, 16), 0, samples=2000)
    row, column = divmod(found[0, 0].argmax().item(), 16)
    assert abs(row - 5) <= 1 and abs(column - 11) <= 1
    against = saliency.rise(line(weights.tolist()), torch.ones(1, 1, 16, 16), 1, samples=2000)
    assert torch.allclose(found, -against, atol=1e-4)
    flat = saliency.rise(line((0 * weights).tolist()), torch.rand(1, 1, 16, 16), 0, samples=50)
    assert flat.abs().max() < 1e-6  # no difference: 0, not the mean score


@pytest.mark.parametrize(("height", "width", "grid"), [(32, 32, 8), (28, 20, 7), (9, 13, 4)])
def test_masks_show_the_share_that_is_kept(height, width, grid):
    chance = torch.Generator().manual_seed(0)
    masks = saliency.rise_masks(600, height, width, grid=grid, keep=0.3, generator=chance)
    assert masks.shape == (600, 1, height, width) and masks.min() >= 0 and masks.max() <= 1
    assert (masks.mean(0) - 0.3).abs().max() < 0.1
    assert masks.mean().item() == pytest.approx(0.3, abs=0.02)
    assert ((masks > 0.02) & (masks < 0.98)).float().mean() > 0.2  # soft edges


def test_one_image_at_a_time_is_the_batch(network, images):
    network, images = copy.deepcopy(network).double(), images.double()
    for method in METHODS:
        alone = torch.cat([method(network, image[None]) for image in images])
        assert torch.allclose(alone, method(network, images), atol=1e-5)
        assert torch.allclose(alone, method(network, images, batch_size=7), atol=1e-5)


def test_no_more_pictures_at_a_time_than_the_batch_size(images):
    sizes = []

    def network(pictures):
        sizes.append(len(pictures))
        return pictures.flatten(1)[:, :3]

    for method in METHODS:
        sizes.clear()
        method(network, images, 0, batch_size=9)
        assert max(sizes) == 9


def test_any_network_that_predicts_is_explained(network, images):
    integers = models.load_network("IntegerQuantizedCNN")
    for method in METHODS:
        assert fusion.agreement(method(integers, images), method(network, images)).min() > 0.8
    for name in ("LeNet300", "ResNet", "ShallowCNN"):
        one = models.load_network(name)
        pictures = torch.rand(2, *one.input_shape)
        for method in METHODS:
            assert method(one, pictures).shape == pictures.shape


def test_colour_images_get_one_number_a_place():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 6 * 8, 4))
    images = torch.rand(2, 3, 6, 8)
    for found in (saliency.occlusion(network, images, size=3),
                  saliency.rise(network, images, samples=20, grid=3)):  # fmt: skip
        assert found.shape == images.shape and torch.equal(found[:, 0], found[:, 2])


@pytest.mark.parametrize("method", METHODS)
def test_courtesy(network, images, method):
    network.train()
    before = images.clone()
    predicted = network.eval()(images).argmax(1)
    network.train()
    assert torch.equal(method(network, images), method(network, images, predicted))
    assert network.training and torch.equal(images, before)
    assert not method(network.eval(), images).requires_grad


@pytest.mark.parametrize(("call", "words"), [
    (lambda n, x: saliency.occlusion(n, x, size=40), "size must be from 1 to 32"),
    (lambda n, x: saliency.occlusion(n, x, size=2, stride=3), "stride must be from 1 to size, 2"),
    (lambda n, x: saliency.rise(n, x, keep=50), "keep must be in .0, 1.; got 50. Did you mean 0.5"),
    (lambda n, x: saliency.rise(n, x, grid=0), "grid must be from 1 to 32"),
    (lambda n, x: saliency.rise(n, x, samples=1), "samples must be"),
    (lambda n, x: saliency.occlusion(n, x, 10), "a class from 0 to 9"),
])  # fmt: skip
def test_messages(network, images, call, words):
    with pytest.raises(ValueError, match=words):
        call(network, images)
