"""The recipes of lesson 4.5 build and write what they say, training left out."""

import pytest
import torch

from course_utils import measure, models, prune, shared, structure, training
from course_utils.quantize.weights import weighted_layers
from course_utils.recipes import digits


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder, patch, runs = tmp_path_factory.mktemp("networks"), pytest.MonkeyPatch(), []

    def train(network, *sets, after_step=None, **options):
        if isinstance(after_step, prune.Gradual):
            after_step(network, 1.0)  # the end of the schedule
        runs.append(options)

    patch.setattr(training, "train", train)
    patch.setattr(digits, "_sets", lambda: ((), ()))
    patch.setattr(digits, "_taught", lambda copies: ())
    try:
        files = {name: make(folder) for name, (make, *_) in digits.RECIPES.items()}
    finally:
        patch.undo()
    return {models.bare_name(path): path for paths in files.values() for path in paths}, runs


def test_every_file_is_committed_and_built_alike(made):
    files, _ = made
    for name, path in files.items():
        committed = models.load_network(name)
        assert models.network_path(name).name == path.name
        assert type(models.load_network(path)) is type(committed)
        assert committed.input_shape == (1, 28, 28)


def test_dense_networks_are_the_papers(made):
    assert measure.parameters(models.load_network("LeNet300")) == 266_610
    assert measure.parameters(models.load_network("LeNet5")) == 431_080
    assert measure.parameters(models.load_network("Tiny")) < 2_000


@pytest.mark.parametrize("name", list(digits.SQUEEZED))
def test_squeezed_files_hold_few_values(name, made):
    plan = digits.SQUEEZED[name]
    for network in (models.load_network(made[0][name]), models.load_network(name)):
        for values in shared.values(network).values():
            assert len(values) <= plan["clusters"]
        assert structure.remove_idle(network).settings == network.settings
        for layer, stay in plan.get("units", {}).items():
            assert len(network.get_submodule(layer).weight) <= stay


@pytest.mark.parametrize(("bits", "count"), [("ternary", 3), ("binary", 2)])
def test_low_bits_have_few_values_a_layer(bits, count, made):
    name = f"LeNet5-{bits}"
    for network in (models.load_network(made[0][name]), models.load_network(name)):
        for layer in ("conv2", "fc1", "fc2"):
            assert len(network.get_submodule(layer).weight.unique()) == count


def test_the_kilobyte_has_few_values(made):
    network = models.load_network("Tiny-1KiB")
    for name, layer in weighted_layers(network).items():
        assert len(layer.weight.unique()) <= (63 if name == "conv1" else 15)
    assert models.network_path("Tiny-1KiB").stat().st_size <= 1024


def test_the_weakest_units_go():
    torch.manual_seed(0)
    network = models.LeNet5(channels=(4, 6), hidden=9)
    with torch.no_grad():
        network.conv1.weight[[0, 2]] *= 0.01
    lean = digits._lean(network, {"conv1": 2})
    assert torch.equal(lean.conv1.weight, network.conv1.weight[[1, 3]])
    assert lean.settings["channels"] == [2, 6]


def test_a_student_that_equals_its_teacher_has_no_loss():
    torch.manual_seed(0)
    network, images = models.Net().eval(), torch.rand(4, 1, 28, 28)
    wisdom = network(images).detach()
    assert digits._as_taught(network, images, wisdom).item() == pytest.approx(0, abs=1e-6)
    assert digits._as_taught(network, images, wisdom.roll(1, 0)) > 0.001
