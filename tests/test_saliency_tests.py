"""Laws of deletion, insertion and the randomisation test."""

import pytest
import torch
from torch import nn

from course_utils import models, saliency


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


def counting(images):
    """Two logits whose softmax gives class 0 the share (sum of pixels) / 8."""
    share = (images.sum((1, 2, 3)) / 8).clamp(1e-6, 1 - 1e-6)
    return torch.stack([share, 1 - share], 1).log()


IMAGE = torch.tensor([[[[4.0, 1.0], [0.0, 2.0]]]])
RANKED = torch.tensor([[[[3.0, -1.0], [2.0, 5.0]]]])  # 2 goes first, then 4, then 0, then 1


def test_deletion_and_insertion_by_hand():
    gone = saliency.deletion_curve(counting, IMAGE, RANKED, 0, steps=4)
    assert (8 * gone[0]).tolist() == pytest.approx([7, 5, 1, 1, 0], abs=1e-4)
    come = saliency.insertion_curve(counting, IMAGE, RANKED, 0, steps=4)
    assert (8 * come[0]).tolist() == pytest.approx([0, 2, 6, 6, 7], abs=1e-4)
    halves = saliency.deletion_curve(counting, IMAGE, RANKED, 0, steps=2)
    assert (8 * halves[0]).tolist() == pytest.approx([7, 1, 0], abs=1e-4)


def test_background_takes_the_pixels_place():
    gone = saliency.deletion_curve(counting, IMAGE, RANKED, 0, steps=4, background=0.5)
    assert (8 * gone[0]).tolist() == pytest.approx([7, 5.5, 2, 2.5, 2], abs=1e-4)


def test_area_by_hand():
    curves = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.5, 0.0], [0.0, 1.0, 0.0]])
    assert saliency.area(curves).tolist() == [1, 0.5, 0.5]


def test_ends_do_not_depend_on_the_map(network):
    images, maps = torch.rand(3, 1, 32, 32), torch.randn(3, 1, 32, 32)
    for curve, whole in ((saliency.deletion_curve, 0), (saliency.insertion_curve, -1)):
        found = curve(network, images, maps, steps=5)
        assert found.shape == (3, 6)
        best = network(images).softmax(1).amax(1)
        assert torch.allclose(found[:, whole], best, atol=1e-5)
        assert found.min() >= 0 and found.max() <= 1


def test_integers_and_no_gradients():
    integers, images = models.load_network("IntegerQuantizedCNN"), torch.rand(2, 1, 32, 32)
    assert saliency.deletion_curve(integers, images, images, steps=3).shape == (2, 4)


def test_a_colours_map_is_summed():
    network = nn.Sequential(nn.Flatten(), nn.Linear(3 * 4 * 4, 2)).eval()
    images, maps = torch.rand(1, 3, 4, 4), torch.randn(1, 3, 4, 4)
    same = maps.sum(1, keepdim=True).expand_as(maps)
    one, other = (saliency.deletion_curve(network, images, m, 0, steps=4) for m in (maps, same))
    assert torch.allclose(one, other, atol=1e-6)


def test_messages():
    with pytest.raises(ValueError, match="maps must have the images' shape"):
        saliency.deletion_curve(counting, IMAGE, RANKED[0], 0)
    with pytest.raises(ValueError, match="from 1 to the 4 pixels; got 5"):
        saliency.insertion_curve(counting, IMAGE, RANKED, 0, steps=5)


# ---- randomisation


def test_layers_forget_from_the_last_to_the_first(network):
    before = {name: value.clone() for name, value in network.state_dict().items()}
    copies = list(saliency.cascade(network, seed=0))
    assert [name for name, _ in copies] == ["fc2", "fc1", "conv2", "conv1"]
    for place, (_, copy) in enumerate(copies):
        changed = {name.split(".")[0] for name, value in copy.state_dict().items()
                   if not torch.equal(value, before[name])}  # fmt: skip
        assert changed == {"fc2", "fc1", "conv2", "conv1"} & {n for n, _ in copies[: place + 1]}
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert copies[0][1] is not copies[1][1]


def test_the_seed_decides_and_the_callers_chance_is_untouched(network):
    torch.manual_seed(7)
    wanted = torch.rand(3)
    torch.manual_seed(7)
    one, same, other = (dict(saliency.cascade(network, seed=s)) for s in (1, 1, 2))
    assert torch.equal(torch.rand(3), wanted)
    weight = one["conv1"].conv1.weight
    assert torch.equal(weight, same["conv1"].conv1.weight)
    assert not torch.equal(weight, other["conv1"].conv1.weight)


def test_a_layers_weights_are_a_fresh_layers_and_no_two_layers_share_numbers():
    network = nn.Sequential(nn.Linear(50, 50), nn.Linear(50, 50))
    torch.nn.init.constant_(network[0].weight, 9.0)
    *_, (_, copy) = saliency.cascade(network, seed=0)
    assert copy[0].weight.abs().max() <= 1 / 50**0.5
    assert not torch.equal(copy[0].weight, copy[1].weight)


def test_residual_networks_forget_too_and_others_say_why_not():
    names = [name for name, _ in saliency.cascade(models.load_network("ResNet-small"), seed=0)]
    assert names[0] == "fc" and names[-1] == "conv1" and "block1_1.conv2" in names
    with pytest.raises(ValueError, match="no layer whose weights"):
        list(saliency.cascade(nn.ReLU(), seed=0))
    with pytest.raises(TypeError, match="no gradients"):
        list(saliency.cascade(models.load_network("IntegerQuantizedCNN"), seed=0))
