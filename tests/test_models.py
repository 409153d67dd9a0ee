"""Laws of the networks and of their files."""

import json
import lzma
import os
import subprocess
import sys

import pytest
import torch
from safetensors.torch import load_file, save_file

from course_utils import models


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN().eval()


@pytest.fixture
def images():
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(1))


def test_the_documents_network_has_their_number_of_parameters(network, images):
    assert sum(p.numel() for p in network.parameters()) == 268_362
    assert network(images).shape == (3, 10)


def test_computes_what_the_document_writes_down(network, images):
    """The same layers called by hand, in document A's order."""
    from torch.nn import functional as F

    x = (images - models.architectures.FASHION_MEAN) / models.architectures.FASHION_STD
    for conv in (network.conv1, network.conv2):
        x = F.max_pool2d(F.relu(F.conv2d(x, conv.weight, conv.bias, padding=1)), 2)
    x = F.relu(F.linear(x.flatten(1), network.fc1.weight, network.fc1.bias))
    x = F.linear(x, network.fc2.weight, network.fc2.bias)
    assert torch.allclose(network(images), x, atol=1e-6)


def test_net_has_the_documents_parameters_and_computes_what_it_writes_down():
    """Document B's layers called by hand, in its order."""
    from torch.nn import functional as F

    torch.manual_seed(0)
    net = models.Net()
    assert sum(p.numel() for p in net.parameters()) == 109_386
    images = torch.rand(3, 1, 28, 28)
    x = (images.flatten(1) - models.architectures.MNIST_MEAN) / models.architectures.MNIST_STD
    for layer in (net.fc1, net.fc2):
        x = F.relu(F.linear(x, layer.weight, layer.bias))
    assert torch.allclose(net(images), F.linear(x, net.fc3.weight, net.fc3.bias), atol=1e-6)


@pytest.mark.parametrize("settings", [
    {}, {"hidden": (300, 100)}, {"bias": False}, {"size": 8, "classes": 3, "mean": 0.5, "std": 2.0},
])  # fmt: skip
def test_a_file_alone_rebuilds_net(settings, tmp_path):
    made = models.Net(**settings)
    loaded = models.load_network(models.save_network(made, tmp_path / "net.safetensors"))
    images = torch.rand(2, *made.input_shape)
    assert torch.equal(loaded(images), made(images)) and loaded.settings == made.settings
    biases = [name for name, _ in loaded.named_parameters() if name.endswith("bias")]
    assert len(biases) == (3 if settings.get("bias", True) else 0)


def test_net_explains_wrong_shapes_and_settings():
    with pytest.raises(ValueError, match="without padding"):
        models.Net()(torch.zeros(2, 1, 32, 32))
    with pytest.raises(ValueError, match="at least 1; got hidden=.0, 64."):
        models.Net(hidden=(0, 64))


def test_normalisation_of_net_is_mnists():
    from course_utils import data

    pixels, _ = data.mnist("train")
    assert pixels.mean().item() == pytest.approx(models.architectures.MNIST_MEAN, abs=1e-4)
    assert pixels.std().item() == pytest.approx(models.architectures.MNIST_STD, abs=1e-4)


def test_normalisation_is_the_training_sets():
    from course_utils import data

    pixels, _ = data.fashion_mnist("train")
    assert pixels.mean().item() == pytest.approx(models.architectures.FASHION_MEAN, abs=1e-4)
    assert pixels.std().item() == pytest.approx(models.architectures.FASHION_STD, abs=1e-4)


def test_every_relu_is_a_module_of_its_own(network):
    """Attribution libraries trip over shared ones."""
    relus = [m for m in network.modules() if isinstance(m, torch.nn.ReLU)]
    assert len(relus) == len(set(map(id, relus))) == 3


@pytest.mark.parametrize("settings", [
    {}, {"channels": (3, 5), "hidden": 7}, {"size": 28}, {"classes": 2, "mean": 0.5, "std": 0.25},
])  # fmt: skip
def test_a_file_alone_rebuilds_the_network(settings, tmp_path):
    torch.manual_seed(1)
    made = models.SimplifiedCNN(**settings)
    path = models.save_network(made, tmp_path / "net.safetensors")
    loaded = models.load_network(path)
    images = torch.rand(2, *made.input_shape)
    assert torch.equal(loaded(images), made.eval()(images))
    assert loaded.settings == made.settings and not loaded.training


@pytest.mark.parametrize("bits", [None, 4, "ternary"])
def test_a_coded_file_holds_the_same_and_zeros_cost_little(bits, network, images, tmp_path):
    plain = models.save_network(network, tmp_path / "net.safetensors", bits=bits)
    coded = models.save_network(network, tmp_path / "net.safetensors.xz", bits=bits)
    loaded = models.load_network(coded)
    assert torch.equal(loaded(images), models.load_network(plain)(images))
    assert coded.read_bytes() == models.network_bytes(network, bits=bits, coded=True)
    with torch.no_grad():
        network.fc1.weight[:, 100:] = 0
    sparse = models.save_network(network, tmp_path / "sparse.safetensors.xz", bits=bits)
    assert sparse.stat().st_size < coded.stat().st_size / 4


def test_a_small_file_is_found_loaded_and_named(network, images, tmp_path):
    path = models.save_network(network, tmp_path / "net.small", bits=4)
    assert path.read_bytes() == models.network_bytes(network, bits=4, small=True)
    assert models.network_path(path) == path and models.bare_name(path) == "net"
    plain = models.save_network(network, tmp_path / "net.safetensors", bits=4)
    assert torch.equal(models.load_network(path)(images), models.load_network(plain)(images))
    path.write_bytes(b"no network")
    with pytest.raises(models.NetworkFileError, match=r"net\.small does not hold"):
        models.load_network(path)


def test_a_fresh_process_computes_the_same(network, images, tmp_path):
    path = models.save_network(network, tmp_path / "net.safetensors")
    save_file({"images": images}, tmp_path / "images.safetensors")
    program = (
        "import sys; from safetensors.torch import load_file; from course_utils import models\n"
        "logits = models.load_network(sys.argv[1])(load_file(sys.argv[2])['images'])\n"
        "print(logits.tolist())"
    )
    out = subprocess.run(
        [sys.executable, "-c", program, path, tmp_path / "images.safetensors"],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert torch.allclose(torch.tensor(json.loads(out.stdout)), network(images), atol=1e-6)


def test_saving_leaves_the_network_alone(network, tmp_path):
    before = {name: t.clone() for name, t in network.state_dict().items()}
    models.save_network(network.train(), tmp_path / "net.safetensors")
    assert network.training
    assert all(torch.equal(t, before[name]) for name, t in network.state_dict().items())


def test_an_interrupted_write_leaves_the_old_file(network, tmp_path, monkeypatch):
    path = models.save_network(network, tmp_path / "net.safetensors")
    old = path.read_bytes()

    def fail(*_):
        raise OSError("disk full")

    monkeypatch.setattr(os, "replace", fail)
    with pytest.raises(OSError, match="disk full"):
        models.save_network(models.SimplifiedCNN(), path)
    assert path.read_bytes() == old and len(list(tmp_path.iterdir())) == 1


def test_damaged_foreign_and_unknown_files_are_named(network, tmp_path):
    path = models.save_network(network, tmp_path / "net.safetensors")
    path.write_bytes(path.read_bytes()[:5_000])
    with pytest.raises(models.NetworkFileError, match=r"net\.safetensors.*damaged"):
        models.load_network(path)
    save_file({"weight": torch.zeros(3)}, tmp_path / "foreign.safetensors")
    with pytest.raises(models.NetworkFileError, match="does not hold a network of this course"):
        models.load_network(tmp_path / "foreign.safetensors")
    (tmp_path / "bad.onnx").write_bytes(b"no network")
    with pytest.raises(models.NetworkFileError, match="not an ONNX network"):
        models.load_network(tmp_path / "bad.onnx")
    (tmp_path / "bad.safetensors.xz").write_bytes(b"no network")
    with pytest.raises(models.NetworkFileError, match="bad.safetensors.xz does not hold"):
        models.load_network(tmp_path / "bad.safetensors.xz")
    with pytest.raises(FileNotFoundError, match="Committed are: .*SimplifiedCNN"):
        models.load_network("SimplifiedCMM")


@pytest.mark.parametrize(("change", "words"), [
    ({"architecture": "os.system"}, "unknown architecture 'os.system'"),
    ({"format": "small-and-clear/9"}, "reads 'small-and-clear/1'"),
    ({"settings": {"depth": 3}}, "unexpected keyword"),
    ({"settings": {"channels": [8, 8]}}, "size mismatch"),
])  # fmt: skip
def test_a_header_cannot_name_what_the_course_does_not_know(change, words, network, tmp_path):
    header = {"format": "small-and-clear/1", "architecture": "SimplifiedCNN",
              "settings": network.settings} | change  # fmt: skip
    save_file(network.state_dict(), tmp_path / "n.safetensors", {"course": json.dumps(header)})
    with pytest.raises(models.NetworkFileError, match=words):
        models.load_network(tmp_path / "n.safetensors")


@pytest.mark.parametrize(("shape", "words"), [
    ((1, 32, 32), r"batch axis missing"),
    ((2, 1, 28, 28), r"Pad 28 x 28"),
    ((2, 3, 32, 32), r"takes images of shape \(n, 1, 32, 32\); got \(2, 3, 32, 32\)"),
])  # fmt: skip
def test_wrong_shapes_are_explained(network, shape, words):
    with pytest.raises(ValueError, match=words):
        network(torch.zeros(shape))


def test_bad_settings_and_endings_are_explained(network, tmp_path):
    with pytest.raises(ValueError, match="at least 1"):
        models.SimplifiedCNN(channels=(0, 4))
    with pytest.raises(ValueError, match=r"ends in \.safetensors.*; got 'net\.pt'"):
        models.save_network(network, tmp_path / "net.pt")
    with pytest.raises(ValueError, match="takes a Network of this course.*got Linear"):
        models.save_network(torch.nn.Linear(2, 2), tmp_path / "net.safetensors")
    with pytest.raises(ValueError, match="export_onnx"):
        models.save_network(network, tmp_path / "net.onnx")


def test_the_reference_network_is_committed_and_named():
    assert models.network_path("SimplifiedCNN").name == "SimplifiedCNN.safetensors"
    tensors = load_file(models.network_path("SimplifiedCNN"))
    assert sum(t.numel() for n, t in tensors.items() if not n.startswith("normalize")) == 268_362


def test_a_slice_is_a_plain_sequence_of_the_same_layers():
    network = models.SimplifiedCNN().eval()
    images = torch.rand(2, 1, 32, 32)
    front, back = network[:8], network[8:]
    assert list(dict(front.named_children())) == list(dict(network.named_children()))[:8]
    assert torch.equal(back(front(images)), network(images))
    assert front[1] is network.conv1 and network[-1] is network.fc2


@pytest.mark.parametrize(
    "file, name",
    [("PrunedCNN.safetensors.xz", "PrunedCNN"), ("a/b/Net.safetensors", "Net"),
     ("x.onnx", "x"), ("x.small", "x"), ("SimplifiedCNN", "SimplifiedCNN")],
)  # fmt: skip
def test_a_bare_name_has_no_ending(file, name):
    assert models.bare_name(file) == name


def test_seeded_weights_begin_alike_and_leave_the_global_generator_alone():
    torch.manual_seed(7)
    state = torch.get_rng_state()
    one, again, other = (models.seeded(models.Net, seed, hidden=(5, 3)) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    same = [torch.equal(a, b) for a, b in zip(one.parameters(), again.parameters(), strict=True)]
    assert all(same)
    assert not torch.equal(next(one.parameters()), next(other.parameters()))
    assert len(next(one.parameters())) == 5


@pytest.mark.parametrize("count", [0, 1, 4096, 4097, 300_000])
def test_xz_bytes_are_as_few_as_lzmas_own_and_decode(count):
    generator = torch.Generator().manual_seed(count)
    raw = bytes(torch.randint(8, (count,), generator=generator).tolist())
    raw += raw[:2000]  # a repetition as far back as there are bytes
    coded = models.xz_bytes(raw)
    assert lzma.decompress(coded) == raw and len(coded) <= len(lzma.compress(raw))
