"""EfficientNet-Lite0: the published network, its weights, its maps."""

import pytest
import torch

from course_utils import measure, models, photos, saliency
from course_utils.models import lite0


@pytest.fixture(scope="module")
def trained():
    return lite0.pretrained()


@pytest.fixture(scope="module")
def folded(trained):
    return lite0.fold_norms(trained)


@pytest.fixture(scope="module")
def images():
    return photos.batch(["coffee", "cameraman", "motorcycle"])


def test_it_has_the_published_size(trained):
    # Google's table of the Lite variants: 4.7 million parameters, 407 million operations (a
    # multiplication and the addition after it being one); without the depth of batch
    # normalisation, pooling and ReLUs ours are the convolutions and the last layer.
    assert measure.parameters(trained) == 4_652_008
    assert measure.macs(trained) == pytest.approx(0.4e9, rel=0.05)
    assert len([m for m in trained.modules() if isinstance(m, torch.nn.Conv2d)]) == 49


def test_it_knows_what_the_photographs_show(folded, images):
    with torch.no_grad():
        first = [best[0][0] for best in photos.top(folded(images), 1)]
    assert first == ["espresso", "tripod", "moped"]


def test_folding_changes_nothing_but_the_layers(trained, folded, images):
    before = {name: value.clone() for name, value in trained.state_dict().items()}
    again = lite0.fold_norms(trained)
    with torch.no_grad():
        assert torch.allclose(trained(images[:1]), again(images[:1]), atol=1e-4)
    assert not [m for m in folded.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert all(torch.equal(before[name], value) for name, value in trained.state_dict().items())
    assert not trained.training and not folded.training


def test_folding_keeps_the_mode_it_finds():
    network = lite0.EfficientNetLite0(size=32, classes=3).train()
    assert lite0.fold_norms(network).training
    assert all(part.training for part in network.modules())


def test_padding_is_tensorflows():
    # An image of one bright pixel at the upper left: with one row more below than above, the
    # first output of a 3 x 3 kernel with stride 2 sees it at the kernel's own upper left.
    layers = torch.nn.Sequential(*lite0._convolution(1, 1, 3, stride=2)[:2])
    torch.nn.init.zeros_(layers[1].weight)
    layers[1].weight.data[0, 0, 0, 0] = 1
    image = torch.zeros(1, 1, 6, 6)
    image[..., 0, 0] = 1
    assert layers(image)[0, 0].tolist() == [[1, 0, 0], [0, 0, 0], [0, 0, 0]]


@pytest.mark.parametrize(("kernel", "stride"), [(1, 1), (3, 1), (5, 1), (3, 2), (5, 2)])
def test_sizes_are_kept_or_halved(kernel, stride):
    layers = torch.nn.Sequential(*lite0._convolution(2, 2, kernel, stride=stride))
    assert layers(torch.rand(1, 2, 8, 8)).shape[-2:] == (8 // stride, 8 // stride)


def test_a_block_adds_its_input_only_where_the_shape_stays():
    kept = lite0.Block(4, 4, 3, stride=1, wider=6).eval()
    torch.nn.init.zeros_(kept.narrow[1].weight)
    x = torch.rand(2, 4, 8, 8)
    assert torch.allclose(kept(x), x)
    assert not lite0.Block(4, 6, 3, stride=1, wider=6).skips
    assert not lite0.Block(4, 4, 3, stride=2, wider=6).skips


def test_pixels_reach_it_as_in_its_training(folded):
    # Google's Lite models take (pixel - 127) / 128 for pixels 0 ... 255.
    pixels = torch.tensor([0.0, 127, 255]).view(1, 1, 3, 1).expand(1, 3, 3, 1)
    assert torch.allclose(folded.normalize(pixels / 255), (pixels - 127) / 128, atol=1e-6)
    assert folded.normalize(torch.tensor(lite0.GREY)).abs() < 1e-6


def test_its_bends_end_at_6_and_its_norms_are_tensorflows(trained, folded):
    norms = [m for m in trained.modules() if isinstance(m, torch.nn.BatchNorm2d)]
    assert len(norms) == 49 and {m.eps for m in norms} == {1e-3}
    with torch.no_grad():
        loud = saliency.activations(folded, 50 * torch.randn(1, 3, 224, 224), "stem")
    assert loud.min() == 0 and loud.max() == 6


def test_one_file_rebuilds_it(tmp_path):
    network = lite0.fold_norms(lite0.EfficientNetLite0(size=64, classes=5).eval())
    path = models.save_network(network, tmp_path / "small.safetensors")
    again = models.load_network(path)
    images = torch.rand(1, 3, 64, 64)
    assert again.settings == {"size": 64, "classes": 5, "norm": False}
    with torch.no_grad():
        assert torch.equal(network(images), again(images))


def test_a_mean_makes_three_maps_one(folded, images):
    places = saliency.activations(folded, images[:1], "head")
    with torch.no_grad():
        logits = folded(images[:1])
    label = logits.argmax(1)
    weights = folded.fc.weight[label].detach()
    cam = (weights[:, :, None, None] * places).sum(1, keepdim=True) / 49
    logit = cam.sum() + folded.fc.bias[label]
    assert logit.item() == pytest.approx(logits[0, label].item(), abs=1e-4)
    big = torch.nn.functional.interpolate(cam, size=224, mode="bilinear")
    for method in (saliency.grad_cam, saliency.hires_cam):
        assert torch.allclose(method(folded, images[:1], layer="head")[:, :1], big, atol=1e-5)


def test_wrong_sizes_files_and_pictures_are_told(tmp_path, folded):
    with pytest.raises(ValueError, match="multiple of 32"):
        lite0.EfficientNetLite0(size=100)
    with pytest.raises(ValueError, match=r"\(n, 3, 224, 224\); got \(1, 1, 32, 32\)"):
        folded(torch.zeros(1, 1, 32, 32))
    torch.save({"weight": torch.zeros(3)}, tmp_path / "other.pth")
    with pytest.raises(ValueError, match=r"other\.pth does not hold EfficientNet-Lite0"):
        lite0.pretrained(path=tmp_path / "other.pth")
