"""Lesson 4.3's recipes: what goes, what is asked of the teacher, and what is written."""

import pytest
import torch

from course_utils import data, models, prune, structure, training
from course_utils.recipes import pruned


@pytest.fixture
def few(monkeypatch):
    """A hundred images, and training left out: what remains is what the recipes build."""
    sets = tuple(data.fashion_mnist(split, limit=100) for split in ("train", "validation"))
    runs = []

    def train(network, *sets, **options):
        weight = network.conv2.weight
        assert weight.is_contiguous(memory_format=torch.channels_last)
        runs.append((network.settings["channels"], options))

    monkeypatch.setattr(pruned, "_sets", lambda: sets)
    monkeypatch.setattr(training, "train", train)
    return sets, runs


def test_structured_removes_the_least_norms_stage_by_stage(few, tmp_path):
    (path,) = pruned.structured(tmp_path)
    assert [channels for channels, _ in few[1]] == [[10, 24], [6, 16]]
    assert sum(options["epochs"] for _, options in few[1]) == pruned.EPOCHS + 1
    network, whole = models.load_network(path), models.load_network("SimplifiedCNN")
    kept = structure.filter_norms(whole.conv1).argsort()[10:].sort().values
    assert torch.equal(network.conv1.weight, whole.conv1.weight[kept])
    assert network.settings == models.SimplifiedCNN(**pruned.NARROW).settings


def test_the_control_differs_in_its_start_alone(few, tmp_path):
    (path,) = pruned.structured_fresh(tmp_path)
    ((_, options),) = few[1]
    pruned.structured(tmp_path)
    last = few[1][-1][1]
    assert options.pop("epochs") == last.pop("epochs") + 1  # the stage between counts too
    assert options == last
    assert models.load_network(path).settings == models.load_network(
        tmp_path / "PrunedCNN-structured.safetensors").settings  # fmt: skip


def test_activation_pruning_removes_the_idlest(few, tmp_path):
    (path,) = pruned.activation_pruned_cnn(tmp_path)
    network, whole = models.load_network(path), models.load_network("SimplifiedCNN")
    assert network.settings["channels"] == [12, 24] and network.settings["hidden"] == 64
    zeros = prune.apoz(whole, few[0][0][0])["conv2"]
    kept = zeros.argsort(descending=True, stable=True)[8:].sort().values
    assert torch.equal(network.conv2.bias, whole.conv2.bias[kept])


def test_the_teacher_is_asked_about_image_and_mirror_image(few):
    whole = models.load_network("SimplifiedCNN")
    images, targets = pruned._taught(whole)
    both = [whole(x).log_softmax(1) for x in (images, images.flip(3))]
    assert torch.allclose(targets[:, :10], (both[0] + both[1]) / 2, atol=1e-4)
    assert torch.equal(targets[:, 10].long(), few[0][0][1])
    assert whole.conv2.weight.is_contiguous()
    student = pruned._as_taught(whole, images, targets)
    assert student.requires_grad and 0 < student.item() < 1


@pytest.mark.parametrize("name", [n for n in pruned.RECIPES if n != "PrunedCNN"])
def test_committed_files_have_the_widths_of_their_recipes(name):
    settings = models.load_network(name).settings
    wanted = {"channels": [12, 24], "hidden": 64} if "Activation" in name else {
        "channels": [6, 16], "hidden": 81}  # fmt: skip
    assert {key: settings[key] for key in wanted} == wanted
