"""Laws of removing filters."""

import copy

import pytest
import torch

from course_utils import measure, models, structure


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=8, classes=5).eval()


@pytest.fixture
def images():
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0))


GONE = {"conv1": torch.tensor([2]), "conv2": torch.tensor([0, 5]), "fc1": torch.tensor([1, 3, 7])}


def silenced(network):
    """The same network with the outputs of GONE held at zero instead of removed."""
    network = copy.deepcopy(network)
    for name, rows in GONE.items():
        layer = getattr(network, name)
        layer.weight.data[rows], layer.bias.data[rows] = 0, 0
    return network


def test_removing_computes_what_silencing_computes(network, images):
    smaller = structure.remove_filters(network, GONE)
    assert torch.allclose(smaller(images), silenced(network)(images), atol=1e-6)
    assert smaller.settings["channels"] == [3, 4] and smaller.settings["hidden"] == 5


def test_removing_what_is_always_zero_changes_nothing(network, images):
    quiet = silenced(network)
    assert torch.allclose(structure.remove_filters(quiet, GONE)(images), quiet(images), atol=1e-6)


def test_is_really_smaller_and_saves_as_any_network(network, images, tmp_path):
    smaller = structure.remove_filters(network, {"conv1": 0.5, "conv2": 0.5, "fc1": 0.5})
    assert measure.parameters(smaller) == measure.parameters(
        models.SimplifiedCNN(channels=(2, 3), hidden=4, classes=5)
    )
    assert measure.macs(smaller) < measure.macs(network) / 2
    path = models.save_network(smaller, tmp_path / "small.safetensors")
    assert torch.equal(models.load_network(path)(images), smaller(images))


def test_a_share_removes_the_filters_of_least_norm(network):
    norms = network.conv2.weight.detach().abs().sum((1, 2, 3))
    assert torch.allclose(structure.filter_norms(network.conv2), norms)
    smaller = structure.remove_filters(network, {"conv2": 0.5})
    kept = norms.argsort()[3:].sort().values
    assert torch.equal(smaller.conv2.weight, network.conv2.weight[kept])


def test_equals_torch_pruning(network, images):
    import torch_pruning

    theirs = copy.deepcopy(network)
    graph = torch_pruning.DependencyGraph().build_dependency(theirs, images[:1])
    for name, rows in GONE.items():
        layer = getattr(theirs, name)
        kind = torch_pruning.prune_linear_out_channels if name == "fc1" \
            else torch_pruning.prune_conv_out_channels  # fmt: skip
        graph.get_pruning_group(layer, kind, rows.tolist()).prune()
    ours = structure.remove_filters(network, GONE)
    assert torch.allclose(ours(images), theirs(images), atol=1e-6)


def test_nothing_removed_changes_nothing_and_the_input_is_untouched(network, images):
    before = copy.deepcopy(network.state_dict())
    assert torch.equal(structure.remove_filters(network, {})(images), network(images))
    structure.remove_filters(network, GONE)
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert structure.remove_filters(network.train(), GONE).training


@pytest.mark.parametrize(("remove", "words"), [
    ({"conv1": 50}, "got 50. Did you mean 0.5"),
    ({"fc2": 0.5}, "outputs of fc2 cannot be removed; name some of conv1, conv2, fc1"),
    ({"conv1": torch.tensor([4])}, "conv1 has outputs 0 to 3"),
    ({"conv1": torch.arange(4)}, "all 4 outputs of conv1"),
])  # fmt: skip
def test_messages(network, remove, words):
    with pytest.raises(ValueError, match=words):
        structure.remove_filters(network, remove)
