"""Laws of low rank: nearest, exact at full rank, data-aware, and a file that loads alone."""

import copy
import math

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import measure, models, structure


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=8, classes=5).eval()


@pytest.fixture
def images():
    return torch.rand(40, 1, 32, 32, generator=torch.Generator().manual_seed(0))


@pytest.mark.parametrize("shape", [(6, 9), (9, 6), (5, 5)])
@pytest.mark.parametrize("rank", [1, 3, 5])
def test_factors_are_the_nearest_of_their_rank(shape, rank):
    matrix = torch.randn(shape, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    up, down = structure.factors(matrix, rank)
    assert up.shape == (shape[0], rank) and down.shape == (rank, shape[1])
    u, s, v = np.linalg.svd(matrix.numpy())
    theirs = (u[:, :rank] * s[:rank]) @ v[:rank]
    assert np.allclose((up @ down).numpy(), theirs)
    error = (matrix - up @ down).square().sum().item()
    assert error == pytest.approx((s[rank:] ** 2).sum())
    assert up.norm(dim=0).tolist() == pytest.approx(down.norm(dim=1).tolist())  # of one size
    for seed in range(20):
        basis = torch.linalg.qr(torch.randn(shape[1], rank, dtype=torch.float64,
                                generator=torch.Generator().manual_seed(seed)))[0]  # fmt: skip
        assert (matrix - matrix @ basis @ basis.T).square().sum().item() >= error - 1e-9


def test_factors_by_hand():
    up, down = structure.factors(torch.tensor([[3.0, 0.0], [0.0, 2.0]]), 1)
    assert torch.allclose(up @ down, torch.tensor([[3.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize("rows", range(1, 25))
def test_break_even_is_the_last_rank_that_saves(rows):
    for columns in range(1, 25):
        rank = structure.break_even(rows, columns)
        assert rank * (rows + columns) < rows * columns
        assert (rank + 1) * (rows + columns) >= rows * columns
    assert structure.break_even(128, 2048) == 120


@pytest.mark.parametrize("name", ["conv1", "conv2", "fc1", "fc2"])
def test_full_rank_changes_nothing_but_the_layers(network, images, name):
    weight = getattr(network, name).weight.flatten(1)
    copied = structure.low_rank(network, {name: min(weight.shape)})
    assert torch.allclose(copied(images), network(images), atol=1e-5)
    assert list(dict(copied.named_children())) == list(dict(network.named_children()))
    assert list(dict(getattr(copied, name).named_children())) == ["down", "up"]


@pytest.mark.parametrize("name", ["conv2", "fc1"])
def test_the_pair_holds_the_factors_and_the_bias(network, name):
    copied = structure.low_rank(network, {name: 2})
    old, new = getattr(network, name), getattr(copied, name)
    up, down = structure.factors(old.weight.flatten(1), 2)
    assert torch.allclose(new.up.weight.flatten(1) @ new.down.weight.flatten(1), up @ down,
                          atol=1e-6)  # fmt: skip
    assert torch.equal(new.up.bias, old.bias) and new.down.bias is None
    rows, columns = old.weight.flatten(1).shape
    saved = rows * columns - 2 * (rows + columns)
    assert measure.parameters(network) - measure.parameters(copied) == saved


def test_a_strided_convolution_keeps_its_places(images):
    torch.manual_seed(0)
    layers = nn.Sequential(nn.Conv2d(1, 5, 3, stride=2, padding=1))
    copied = structure.low_rank(layers, {"0": 5})
    assert torch.allclose(copied(images), layers(images), atol=1e-5)


def hidden(network, images, name):
    return network[: list(dict(network.named_children())).index(name) + 1](images)


@pytest.mark.parametrize("name", ["conv2", "fc1"])
def test_data_aware_is_the_nearest_for_the_outputs(network, images, name):
    whole = hidden(network, images, name)
    errors, means = [], []
    for some in (images, None):
        other = hidden(structure.low_rank(network, {name: 2}, images=some), images, name)
        errors.append((whole - other).square().sum().item())
        away = (whole - other).movedim(1, -1).flatten(0, -2).mean(0)
        means.append(away.abs().max().item())
    assert errors[0] < 0.9 * errors[1] and means[0] < 1e-5 < means[1]


def test_data_aware_is_a_principal_component_analysis(network, images):
    from sklearn.decomposition import PCA

    whole = hidden(network, images, "fc1").detach().numpy()
    ours = hidden(structure.low_rank(network, {"fc1": 3}, images=images), images, "fc1")
    witness = PCA(3, svd_solver="full").fit(whole)
    theirs = witness.inverse_transform(witness.transform(whole))
    assert np.allclose(ours.detach().numpy(), theirs, atol=1e-5)


def test_data_aware_without_a_bias_runs():
    torch.manual_seed(0)
    layers, x = nn.Sequential(nn.Linear(6, 4, bias=False)), torch.rand(30, 6)
    copied = structure.low_rank(layers, {"0": 4}, images=x)
    assert torch.allclose(copied(x), layers(x), atol=1e-5)


def test_the_file_alone_rebuilds_it(network, images, tmp_path):
    small = structure.separable(structure.low_rank(network, {"fc1": 2}), {"conv2": 1})
    path = models.save_network(small, tmp_path / "it.safetensors")
    again = models.load_network(path)
    assert torch.equal(again(images), small(images))
    assert again.settings["replaced"] == {"fc1": ["low_rank", 2], "conv2": ["separable", 1]}
    coded = models.save_network(small, tmp_path / "it.safetensors.xz", bits=8)
    assert measure.macs(models.load_network(coded)) == measure.macs(small)
    assert path.stat().st_size < len(models.network_bytes(network)) * 0.7


def test_a_block_of_a_resnet_can_be_replaced_and_loaded(images, tmp_path):
    torch.manual_seed(0)
    network = models.ResNet(channels=(4, 6)).eval()
    small = structure.low_rank(network, {"block1_1.conv2": 3, "fc": 2})
    path = models.save_network(small, tmp_path / "it.safetensors")
    assert torch.equal(models.load_network(path)(images), small(images))


def test_a_damaged_replacement_is_refused(network, tmp_path):
    for bad in ({"fc1": ["low_rank", 9]}, {"fc1": ["magic", 2]}, {"fc9": ["low_rank", 2]},
                {"fc1": 2}, {"fc1": ["low_rank", 0]}, {"fc1": ["low_rank", True]}):  # fmt: skip
        small = structure.low_rank(network, {"fc1": 2})
        small.settings = small.settings | {"replaced": bad}
        path = models.save_network(small, tmp_path / "it.safetensors")
        with pytest.raises(models.NetworkFileError):
            models.load_network(path)


def test_the_small_form_and_the_scissors_refuse_it(network, tmp_path):
    small = structure.low_rank(network, {"fc1": 2})
    with pytest.raises(ValueError, match="no room for replaced; save it as .safetensors"):
        models.save_network(small, tmp_path / "it.small")
    with pytest.raises(ValueError, match="fc1 of this network stands replaced; remove filters"):
        structure.remove_filters(small, {"conv1": 0.5})


@pytest.mark.parametrize("training", [True, False])
def test_the_network_is_untouched_and_its_mode_kept(network, images, training):
    network.train(training)
    before, settings = copy.deepcopy(network.state_dict()), copy.deepcopy(network.settings)
    for some in (None, images):
        copied = structure.low_rank(network, {"fc1": 2}, images=some)
        assert {m.training for m in copied.modules()} == {training}
        assert copied.fc1.up.weight.requires_grad
    assert network.training == training and network.settings == settings
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    assert not network.fc1._forward_hooks


@pytest.mark.parametrize(("act", "words"), [
    (lambda n: structure.low_rank(n, {"fc1": 0.5}), "1 to 8; got 0.5. A share"),
    (lambda n: structure.low_rank(n, {"fc1": 9}), "rank of this Linear .* 1 to 8; got 9"),
    (lambda n: structure.low_rank(n, {"fc3": 2}), "'fc3'; there are conv1, conv2"),
    (lambda n: structure.low_rank(structure.low_rank(n, {"fc1": 2}), {"fc1": 2}), "fc1.down"),
    (lambda n: structure.low_rank(n, {"fc1": 8}, images=torch.rand(3, 1, 32, 32)),
     "3 outputs do not show 8 directions; give more images"),
    (lambda n: structure.factors(torch.zeros(2, 3, 3), 1), "takes a matrix"),
    (lambda n: structure.factors(torch.zeros(2, 3), 3), "rank 3"),
    (lambda n: structure.break_even(0, 3), "got 0 x 3"),
    (lambda n: models.replace(n, {"fc1": ("tucker", 2)}), "known are low_rank, separable"),
])  # fmt: skip
def test_messages(network, act, words):
    with pytest.raises(ValueError, match=words):
        act(network)


def test_shares_of_the_formula_hold():
    rank, rows, columns = 16, 128, 2048
    network = structure.low_rank(models.SimplifiedCNN(), {"fc1": rank})
    assert measure.macs_by_layer(network)["fc1.down"] == rank * columns
    assert measure.macs_by_layer(network)["fc1.up"] == rank * rows
    assert math.isclose(rank * (rows + columns) / (rows * columns), 0.1328125)
