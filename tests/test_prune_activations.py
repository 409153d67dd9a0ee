"""Laws of idle units and activation thresholds."""

import copy

import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.nn.utils import prune as torch_prune

from course_utils import measure, models, prune, structure


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=16, size=8, classes=3).eval()


@pytest.fixture
def images():
    return torch.rand(7, 1, 8, 8, generator=torch.Generator().manual_seed(0))


def hooks(model):
    return sum(len(m._forward_hooks) + len(m._forward_pre_hooks) for m in model.modules())


def tiny():
    """Two units that give x and x − 1, then one sum."""
    model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 1))
    model[0].weight.data = torch.ones(2, 1)
    model[0].bias.data = torch.tensor([0.0, -1.0])
    return model


# ---- APoZ


def test_a_hand_answer():
    """Of −1, 0, 1, 2 the first unit passes 1 and 2 on, the second only 2."""
    zeros = prune.apoz(tiny(), torch.tensor([[-1.0], [0.0], [1.0], [2.0]]))
    assert list(zeros) == ["0"] and zeros["0"].tolist() == [0.5, 0.75]


def test_channels_are_counted_over_images_and_places(network, images):
    zeros = prune.apoz(network, images)
    assert {layer: len(share) for layer, share in zeros.items()} == {
        "conv1": 4, "conv2": 6, "fc1": 16,
    }  # fmt: skip
    with torch.no_grad():
        first = F.relu(network.conv1(network.normalize(images)))
        wanted = (first == 0).double().mean((0, 2, 3))
    assert torch.equal(zeros["conv1"], wanted)


def test_uneven_batches_weigh_by_their_images(network):
    images = torch.rand(260, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    images[250:] = 0  # a second batch, of ten
    with torch.no_grad():
        hidden = network[:-1](images)
    assert torch.equal(prune.apoz(network, images)["fc1"], (hidden == 0).double().mean(0))


def test_net_is_measured_too():
    network = models.Net(hidden=(5, 4), size=8)
    zeros = prune.apoz(network, torch.rand(3, 1, 8, 8))
    assert [len(share) for share in zeros.values()] == [5, 4] and list(zeros) == ["fc1", "fc2"]


def test_removing_dead_units_changes_nothing_on_those_images(network, images):
    network.conv1.bias.data[2] = -100
    network.conv2.bias.data[[0, 5]] = -100
    network.fc1.bias.data[[1, 7]] = -100
    dead = prune.dead(prune.apoz(network, images))
    assert dead["conv1"].tolist() == [2] and {0, 5} <= set(dead["conv2"].tolist())
    smaller = structure.remove_filters(network, dead)
    assert torch.allclose(smaller(images), network(images), atol=1e-6)
    assert measure.parameters(smaller) < measure.parameters(network)


def test_selection_by_hand():
    zeros = {"fc1": torch.tensor([0.9, 0.2, 1.0, 0.9], dtype=torch.float64)}
    assert prune.dead(zeros)["fc1"].tolist() == [2]
    assert prune.rarely_active(zeros, at_least=0.9)["fc1"].tolist() == [0, 2, 3]
    assert prune.rarely_active(zeros, at_least=0)["fc1"].tolist() == [0, 1, 2, 3]
    assert prune.idlest(zeros, 0.5)["fc1"].tolist() == [0, 2]
    assert prune.idlest(zeros, 0.75)["fc1"].tolist() == [0, 2, 3]
    assert prune.idlest(zeros, 0)["fc1"].tolist() == []


def test_a_share_of_least_norm_is_torchs_ln_structured(network):
    """The other way to choose filters, for comparison: structure's shares go by L1 norm."""
    twin = copy.deepcopy(network)
    torch_prune.ln_structured(twin.conv2, "weight", amount=0.5, n=1, dim=0)
    kept = twin.conv2.weight_mask.flatten(1).any(1)
    smaller = structure.remove_filters(network, {"conv2": 0.5})
    assert torch.equal(smaller.conv2.weight, network.conv2.weight[kept])
    by_norm = {"conv2": -structure.filter_norms(network.conv2)}
    assert torch.equal(prune.idlest(by_norm, 0.5)["conv2"], (~kept).nonzero().flatten())


# ---- thresholds


def test_threshold_0_changes_nothing(network, images):
    assert torch.equal(prune.thresholded(network, 0)(images), network(images))


def test_what_is_below_is_zero_and_the_rest_unchanged():
    x = torch.tensor([-3.0, -0.5, 0.0, 0.4, 0.5, 2.0])
    assert prune.ThresholdReLU(0.5)(x).tolist() == [0, 0, 0, 0, 0.5, 2.0]


def test_the_share_of_zeros_is_counted_and_rises(network, images):
    shares = [
        prune.activation_sparsity(prune.thresholded(network, t), images) for t in (0, 0.1, 0.5, 99)
    ]
    assert shares == sorted(shares) and shares[0] < shares[2] < shares[3] == 1.0
    assert shares[0] == prune.activation_sparsity(network, images)


def test_the_share_of_zeros_by_hand():
    x = torch.tensor([[-1.0], [0.0], [1.0], [2.0]])
    assert prune.activation_sparsity(tiny(), x) == 5 / 8
    assert prune.activation_sparsity(prune.thresholded(tiny(), 1.5), x) == 7 / 8


def test_one_layer_alone_and_a_new_threshold_replaces_the_old(network, images):
    only = prune.thresholded(network, {"fc1": 99.0})
    assert (only[:-1](images) == 0).all()
    before, after = (prune.apoz(model, images) for model in (network, only))
    assert torch.equal(before["conv2"], after["conv2"])
    again = prune.thresholded(only, {"fc1": 0.0})
    assert torch.equal(again(images), network(images))


# ---- courtesy


def test_inputs_and_modes_are_untouched_and_no_hook_is_left(network, images):
    before, pixels = copy.deepcopy(network.state_dict()), images.clone()
    network.train()
    for call in (prune.apoz, prune.activation_sparsity):
        call(network, images)
    changed = prune.thresholded(network, 0.5)
    assert hooks(network) == hooks(changed) == 0
    assert all(m.training for m in (*network.modules(), *changed.modules()))
    assert not any(isinstance(m, prune.ThresholdReLU) for m in network.modules())
    assert torch.equal(images, pixels)
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())


def test_after_a_crash_no_hook_is_left_and_the_mode_is_back(network):
    network.train()
    for call in (prune.apoz, prune.activation_sparsity):
        with pytest.raises(ValueError, match="takes images of shape"):
            call(network, torch.rand(2, 1, 9, 9))
    assert hooks(network) == 0 and network.training


class Functional(nn.Module):
    def __init__(self):
        super().__init__()
        self.fc = nn.Linear(2, 2)

    def forward(self, x):
        return F.relu(self.fc(x))


def shared():
    relu = nn.ReLU()
    return nn.Sequential(nn.Linear(2, 3), relu, nn.Linear(3, 4), relu)


@pytest.mark.parametrize(("call", "words"), [
    (lambda m, x: prune.apoz(Functional(), x), "called as a function"),
    (lambda m, x: prune.apoz(shared(), torch.ones(1, 2)), "its own ReLU"),
    (lambda m, x: prune.apoz(m, x[:0]), "no images came"),
    (lambda m, x: prune.rarely_active({}, at_least=95), "at_least .* Did you mean 0.95"),
    (lambda m, x: prune.idlest({}, 50), "share must be in .* Did you mean 0.5"),
    (lambda m, x: prune.thresholded(m, -1), "0 or more.*got -1"),
    (lambda m, x: prune.thresholded(m, float("nan")), "got nan"),
    (lambda m, x: prune.thresholded(m, {"fc2": 1}), "no ReLU stands behind fc2.*conv1, conv2, fc1"),
    (lambda m, x: structure.remove_filters(m, prune.rarely_active(prune.apoz(m, x), at_least=0)),
     "that would remove all 4 outputs of conv1"),
])  # fmt: skip
def test_messages(network, images, call, words):
    with pytest.raises(ValueError, match=words):
        call(network, images)
