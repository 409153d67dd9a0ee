"""Packed files: small, and back to the last bit."""

import copy
import json

import pytest
import torch

from course_utils import models
from course_utils.quantize import (
    bake,
    pack_weights,
    quantize_weights,
    train_through,
    unpack_weights,
)

ALL_BITS = [8, 7, 6, 5, 4, 3, 2, "ternary", "binary"]


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=12, size=8)


def assert_same(state, expected):
    assert set(state) == set(expected)
    for name, tensor in expected.items():
        assert torch.equal(state[name], tensor), f"{name} did not come back"
        assert state[name].dtype == tensor.dtype


@pytest.mark.parametrize(
    ("bits", "expected"),
    [
        (4, [0x70, 0x0E]),  # -7, 0, 7 become 0, 7, 14
        (2, [0b10_01_00]),  # -1, 0, 1 become 0, 1, 2
        ("ternary", [0 + 1 * 3 + 2 * 9]),
        ("binary", [0b110]),  # zero counts as positive
    ],
)
def test_bytes_worked_out_by_hand(bits, expected):
    """They stand in committed files: another order would still come back, but not from those."""
    model = torch.nn.Sequential(torch.nn.Linear(3, 1))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[-7.0, 0.0, 7.0]]))
    tensors, layout = pack_weights(model, bits=bits)
    assert tensors["0.weight.codes"].tolist() == expected
    assert layout == {"0.weight": [bits, 0, [1, 3]]}


@pytest.mark.parametrize("axis", [0, None])
@pytest.mark.parametrize("bits", ALL_BITS)
def test_rounded_weights_come_back_bit_for_bit(network, bits, axis):
    tensors, layout = pack_weights(network, bits=bits, axis=axis)
    layout = json.loads(json.dumps(layout))
    rounded = quantize_weights(network, bits=bits, axis=axis)
    assert_same(unpack_weights(tensors, layout), rounded.state_dict())


@pytest.mark.parametrize("clip", ["max", "mse"])
@pytest.mark.parametrize("bits", ALL_BITS)
def test_a_student_comes_back_bit_for_bit_baked_or_not(network, bits, clip):
    student = train_through(network, bits=bits, clip=clip)
    with torch.no_grad():
        for p in student.parameters():
            p += 0.01 * torch.randn(p.shape, generator=torch.Generator().manual_seed(1))
    plain = bake(student)
    for model in (student, plain, copy.deepcopy(plain)):
        state = unpack_weights(*pack_weights(model, bits=bits))
        assert_same(state, plain.state_dict())


def test_bytes_are_what_the_bits_promise(network):
    count = network.fc1.weight.numel()
    for bits, expected in [(8, count), (4, count / 2), (3, count * 3 / 8), ("binary", count / 8)]:
        tensors, _ = pack_weights(network, bits=bits)
        assert tensors["fc1.weight.codes"].numel() == -(-expected // 1)
    assert pack_weights(network, bits="ternary")[0]["fc1.weight.codes"].numel() == -(-count // 5)
    assert "fc1.weight" not in tensors


def test_biases_and_normalisation_stay_float32(network):
    tensors, layout = pack_weights(network, bits=2)
    for name in ("normalize.mean", "conv1.bias", "fc2.bias"):
        assert torch.equal(tensors[name], network.state_dict()[name])
        assert tensors[name].dtype == torch.float32
    assert list(layout) == [f"{n}.weight" for n in ("conv1", "conv2", "fc1", "fc2")]


def test_bits_per_layer(network):
    bits = {"conv1": 8, "fc1": "ternary"}
    tensors, layout = pack_weights(network, bits=bits)
    assert {name: entry[0] for name, entry in layout.items()} == {
        "conv1.weight": 8, "fc1.weight": "ternary",
    }  # fmt: skip
    assert_same(unpack_weights(tensors, layout), quantize_weights(network, bits=bits).state_dict())


def test_the_network_stays_as_it_was(network):
    before = copy.deepcopy(network.state_dict())
    pack_weights(network, bits=2)
    assert_same(network.state_dict(), before)


@pytest.mark.parametrize(
    ("bits", "times_smaller"),
    [(8, 3.9), (4, 7.5), (3, 10), (2, 15), ("ternary", 18), ("binary", 28)],
)
def test_whole_files_are_smaller_and_load_by_themselves(bits, times_smaller, tmp_path):
    torch.manual_seed(0)
    network = models.SimplifiedCNN().eval()
    full = models.save_network(network, tmp_path / "full.safetensors")
    small = models.save_network(network, tmp_path / "small.safetensors", bits=bits)
    assert full.stat().st_size >= times_smaller * small.stat().st_size
    images = torch.rand(4, 1, 32, 32)
    expected = quantize_weights(network, bits=bits)(images)
    assert torch.equal(models.load_network(small)(images), expected)


def damage(network, change):
    tensors, layout = pack_weights(network, bits=4)
    change(tensors, layout)
    return tensors, json.loads(json.dumps(layout))


def cut(tensors, layout):
    tensors["fc1.weight.codes"] = tensors["fc1.weight.codes"][:-1]


def lose_scale(tensors, layout):
    del tensors["fc1.weight.scale"]


def wrong_scale(tensors, layout):
    tensors["fc1.weight.scale"] = torch.ones(3)


def set_entry(place, value):
    def change(tensors, layout):
        layout["fc1.weight"][place] = value

    return change


def short_entry(tensors, layout):
    layout["fc1.weight"] = [4]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (cut, "bytes; got"),
        (lose_scale, "fc1.weight.scale.* is not in the file"),
        (wrong_scale, r"scales of shape \(3,\)"),
        (set_entry(0, 3), "codes take"),
        (set_entry(0, 99), "layout of fc1.weight makes no sense"),
        (set_entry(0, "float"), "layout of fc1.weight makes no sense"),
        (set_entry(0, None), "layout of fc1.weight makes no sense"),
        (set_entry(1, 7), "layout of fc1.weight makes no sense"),
        (set_entry(2, [-12, -24]), "layout of fc1.weight makes no sense"),
        (set_entry(2, [10**9, 10**9]), "scales of shape|codes take"),
        (set_entry(2, "12"), "layout of fc1.weight makes no sense"),
        (short_entry, "layout of fc1.weight makes no sense"),
    ],
)
def test_damaged_files_are_refused_in_words(network, change, words):
    with pytest.raises(ValueError, match=words):
        unpack_weights(*damage(network, change))


def test_unpacking_leaves_what_it_was_given(network):
    tensors, layout = pack_weights(network, bits=4)
    names = set(tensors)
    unpack_weights(tensors, layout)
    assert set(tensors) == names
