"""Units go with all their traces, and idle ones go without a trace on the answers."""

import pytest
import torch

from course_utils import measure, models, prune, structure
from course_utils.training import predict

NETWORKS = {
    "Net": lambda: models.Net(hidden=(12, 9)),
    "Net without biases": lambda: models.Net(hidden=(12, 9), bias=False),
    "LeNet5": lambda: models.LeNet5(channels=(4, 5), hidden=11),
    "TinyCNN": lambda: models.TinyCNN(channels=(4, 5, 6, 4)),
    "ShallowCNN": lambda: models.ShallowCNN(channels=4),
    "SimplifiedCNN": lambda: models.SimplifiedCNN(channels=(3, 4), hidden=8),
}


@pytest.fixture(params=list(NETWORKS))
def network(request):
    torch.manual_seed(1)
    network = NETWORKS[request.param]()
    with torch.no_grad():
        for name, tensor in network.named_parameters():
            if name.endswith("bias"):
                tensor.uniform_(-1, 1)
    return network.eval()


def images_for(network):
    return torch.rand(8, *network.input_shape, generator=torch.Generator().manual_seed(0))


def layers(network):
    return [n.removesuffix(".weight") for n in prune.prunable(network)]


def test_removing_equals_silencing(network):
    first, second, *_ = layers(network)
    second = None if second == layers(network)[-1] else second
    silenced = models.build(type(network).__name__, network.settings)
    silenced.load_state_dict(network.state_dict())
    gone = {first: torch.tensor([2, 0])} | ({second: torch.tensor([1])} if second else {})
    with torch.no_grad():
        for name, units in gone.items():
            layer = silenced.get_submodule(name)
            layer.weight[units] = 0
            if layer.bias is not None:
                layer.bias[units] = -1  # the ReLU makes it 0
    smaller, images = structure.remove_filters(network, gone), images_for(network)
    assert torch.allclose(predict(smaller, images), predict(silenced, images), atol=1e-5)
    assert measure.parameters(smaller) < measure.parameters(network)
    assert type(smaller) is type(network) and not smaller.training


def test_nothing_to_remove_changes_nothing_and_inputs_stay(network):
    kept = {name: t.clone() for name, t in network.state_dict().items()}
    for same in (structure.remove_filters(network, {}), structure.remove_idle(network)):
        assert same.settings == network.settings
        assert all(torch.equal(kept[n], t) for n, t in same.state_dict().items())
    structure.remove_filters(network, {layers(network)[0]: torch.tensor([1])})
    assert all(torch.equal(kept[n], t) for n, t in network.state_dict().items())


@pytest.mark.parametrize("share", [0.8, 0.95])
def test_removing_the_idle_changes_no_answer(network, share):
    thin, images = prune.magnitude(network, share), images_for(network)
    lean = structure.remove_idle(thin)
    assert torch.allclose(predict(lean, images), predict(thin, images), atol=1e-4)
    assert structure.remove_idle(lean).settings == lean.settings  # none is left


def test_units_that_nothing_reads_or_that_read_nothing_go():
    torch.manual_seed(0)
    network = models.Net(hidden=(6, 5))
    with torch.no_grad():
        network.fc2.weight[:, 3] = 0  # unit 3 of fc1 is not read
        network.fc1.weight[1] = 0  # unit 1 of fc1 says the same for all
        network.fc1.bias[1] = 0.7
        network.fc3.weight[:, 4] = 0  # unit 4 of fc2 is not read
    lean, images = structure.remove_idle(network), images_for(network)
    assert lean.settings["hidden"] == [4, 4]
    assert torch.allclose(predict(lean, images), predict(network, images), atol=1e-5)


def test_idleness_spreads():
    torch.manual_seed(0)
    network = models.Net(hidden=(6, 5))
    with torch.no_grad():
        network.fc3.weight[:, 1:] = 0  # only unit 0 of fc2 is read,
        network.fc2.weight[0, 2:] = 0  # and it reads two units of fc1
    lean, images = structure.remove_idle(network), images_for(network)
    assert lean.settings["hidden"] == [2, 1]
    assert torch.allclose(predict(lean, images), predict(network, images), atol=1e-6)


def test_one_unit_a_layer_stays():
    network = models.Net(hidden=(6, 5))
    with torch.no_grad():
        network.fc3.weight.zero_()
    lean, images = structure.remove_idle(network), images_for(network)
    assert lean.settings["hidden"] == [6, 1]
    assert torch.allclose(predict(lean, images), predict(network, images), atol=1e-6)


def test_a_constant_cannot_pass_padding():
    torch.manual_seed(0)
    network = models.SimplifiedCNN(channels=(3, 4), hidden=8)
    with torch.no_grad():
        network.conv1.weight[1], network.conv1.bias[1] = 0, 0.5
    lean, images = structure.remove_idle(network), images_for(network)
    assert lean.settings["channels"] == [3, 4]
    assert torch.equal(predict(lean, images), predict(network, images))


@pytest.mark.parametrize(
    ("units", "words"),
    [({"fc3": [0]}, "cannot be removed"), ({"fc9": [0]}, "cannot be removed"),
     ({"fc1": [6]}, "outputs 0 to 5"), ({"fc1": [-1]}, "outputs 0 to 5"),
     ({"fc1": list(range(6))}, "leave at least one")],
)  # fmt: skip
def test_wrong_units_are_explained(units, words):
    with pytest.raises(ValueError, match=words):
        structure.remove_filters(models.Net(hidden=(6, 5)), units)


@pytest.mark.parametrize(
    "network", [torch.nn.Linear(3, 2), models.ResNet(), models.TinyCNN(norm=True)]
)
def test_other_networks_are_refused(network):
    with pytest.raises(ValueError, match="no plain chain"):
        structure.remove_filters(network, {})
