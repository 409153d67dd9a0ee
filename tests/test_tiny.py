"""TinyCNN counts what it says, and folding the norms changes nothing."""

import pytest
import torch

from course_utils import measure, models
from course_utils.training import predict


@pytest.fixture
def images():
    return torch.rand(6, 1, 28, 28, generator=torch.Generator().manual_seed(0))


def normed(**settings):
    """A network whose norms have seen something, in eval mode."""
    torch.manual_seed(0)
    network = models.TinyCNN(norm=True, **settings)
    with torch.no_grad():
        for name, tensor in network.state_dict().items():
            if "norm" in name and tensor.is_floating_point() and tensor.ndim:
                tensor.copy_(torch.rand_like(tensor) + 0.5)
    return network.eval()


def test_its_parameters_by_hand(images):
    network = models.TinyCNN()
    # 28 → 12 → 10 → 4 → 2 pixels wide
    convolutions = 5 * 25 + 5 + 7 * 5 * 9 + 7 + 8 * 7 * 9 + 8 + 9 * 8 * 9 + 9
    by_hand = convolutions + 10 * 9 * 4 + 10
    assert measure.parameters(network) == by_hand < 2000
    assert network(images).shape == (6, 10)


@pytest.mark.parametrize("settings", [{}, {"channels": (3, 4), "kernels": (4, 2),
                                           "strides": (3, 1), "classes": 7}])  # fmt: skip
@pytest.mark.parametrize("ending", ["safetensors", "small"])
def test_a_file_alone_rebuilds_it(settings, ending, images, tmp_path):
    network = models.TinyCNN(**settings).eval()
    again = models.load_network(models.save_network(network, tmp_path / f"tiny.{ending}"))
    assert again.settings == network.settings
    assert torch.equal(predict(again, images), predict(network, images))


@pytest.mark.parametrize("settings", [{}, {"channels": (4, 5), "kernels": (5, 3),
                                           "strides": (2, 2)}])  # fmt: skip
def test_folding_the_norms_changes_nothing(settings, images):
    network = normed(**settings)
    kept = {name: t.clone() for name, t in network.state_dict().items()}
    folded = models.fold_norms(network)
    assert not any(isinstance(m, torch.nn.BatchNorm2d) for m in folded.modules())
    assert torch.allclose(predict(folded, images), predict(network, images), atol=1e-5)
    assert all(torch.equal(kept[name], t) for name, t in network.state_dict().items())
    assert not torch.allclose(folded.conv1.weight, network.conv1.weight)


def test_folding_without_norms_is_a_copy(images):
    network = models.TinyCNN()
    folded = models.fold_norms(network)
    assert folded.training
    assert torch.equal(predict(folded, images), predict(network, images))
    assert folded.conv1.weight.data_ptr() != network.conv1.weight.data_ptr()


@pytest.mark.parametrize(
    ("settings", "words"),
    [({"channels": (8, 8)}, "one number for each convolution"),
     ({"channels": (8, 0, 7, 4)}, "at least 1"), ({"size": 10}, "no picture left"),
     ({"channels": (), "kernels": (), "strides": ()}, "one number")],
)  # fmt: skip
def test_bad_settings_are_explained(settings, words):
    with pytest.raises(ValueError, match=words):
        models.TinyCNN(**settings)
