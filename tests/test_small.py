"""`.small` files: exact, short, and safe to open."""

import lzma
import random
import time
from binascii import crc_hqx

import pytest
import torch

from course_utils import data, entropy, fresh_process, models, prune, quantize, shared, training
from course_utils.models import small, small_header, small_parts


@pytest.fixture
def network():
    torch.manual_seed(0)
    return prune.magnitude(models.SimplifiedCNN(channels=(2, 3), hidden=7, size=8), 0.6)


def equal(one, other):
    ours, theirs = one.state_dict(), other.state_dict()
    return list(ours) == list(theirs) and all(torch.equal(ours[n], theirs[n]) for n in ours)


def again(network, path, **options):
    return models.load_network(models.save_network(network, path, **options))


@pytest.mark.parametrize("make", [
    lambda n: n, shared.share_weights, lambda n: shared.share_weights(n, bias_bits=8),
    lambda n: quantize.quantize_weights(n, bits=4), lambda n: quantize.quantize_weights(n, bits=8),
    lambda n: quantize.quantize_weights(n, bits="binary", axis=None),
    lambda n: prune.magnitude(n, 0.99),
])  # fmt: skip
def test_the_file_gives_back_every_number(make, network, tmp_path):
    made = make(network).train()
    chance = torch.get_rng_state()
    loaded = again(made, tmp_path / "net.small")
    assert equal(loaded, made) and not loaded.training and made.training
    assert loaded.settings == made.settings and torch.equal(torch.get_rng_state(), chance)
    assert equal(again(loaded, tmp_path / "net.small"), made)


@pytest.mark.parametrize("bits", [2, 4, 8, "ternary", "binary", {"fc1": 3}])
def test_bits_round_as_in_the_other_form(bits, network, tmp_path):
    plain = again(network, tmp_path / "net.safetensors", bits=bits)
    assert equal(again(network, tmp_path / "net.small", bits=bits), plain)


def test_a_student_trained_through_rounding_is_baked(network, tmp_path):
    student = quantize.train_through(network, bits=3)
    assert equal(again(student, tmp_path / "net.small"), quantize.bake(student))


@pytest.mark.parametrize("make", [
    models.Net, models.LeNet5, models.ShallowCNN,
    lambda: models.ResNet(channels=(2, 3), size=8, mean=0.5, std=1 / 3),
    lambda: models.Net(hidden=(300, 4), bias=False, size=5, classes=3, mean=1e-7, std=2.0),
])  # fmt: skip
def test_every_architecture_and_setting_comes_back(make, tmp_path):
    made = prune.magnitude(make(), 0.98)
    for name, buffer in made.named_buffers():
        if name.endswith(("running_mean", "num_batches_tracked")):
            buffer.add_(3)
    loaded = again(made, tmp_path / "net.small")
    assert type(loaded) is type(made) and loaded.settings == made.settings and equal(loaded, made)


def test_a_changed_normalisation_is_stored(network, tmp_path):
    network.normalize.mean.fill_(0.125)
    assert again(network, tmp_path / "net.small").normalize.mean.item() == 0.125


def test_extreme_numbers_come_back_and_impossible_ones_are_refused(network, tmp_path):
    with torch.no_grad():
        network.fc1.weight.zero_()
        network.fc2.weight.fill_(3e38)
        network.fc2.bias.copy_(torch.tensor([1e-45, -1e-45, 65504, 1e-8, 0, 1, 2, 3, 4, -3e38]))
    assert equal(again(network, tmp_path / "net.small"), network)
    network.fc2.bias.data[0] = torch.nan
    with pytest.raises(ValueError, match="1 values that are NaN"):
        models.network_bytes(network, small=True)
    with pytest.raises(ValueError, match=r"at most are 4,194,304"):
        models.network_bytes(models.Net(hidden=(4096, 1000)), small=True)
    with pytest.raises(ValueError, match="choose one"):
        models.network_bytes(network, small=True, coded=True)
    network.fc2 = torch.nn.Linear(7, 11)
    with pytest.raises(ValueError, match="not those that its settings build"):
        models.network_bytes(network, small=True)


GOLDEN = "010204e7020201e10202000302003401010038030200340100010100380302003477771529eccaca"


def test_files_of_today_will_be_read_tomorrow(tmp_path):
    """These bytes were written by version 1; if this test fails, old files cannot be read."""
    network = models.Net(hidden=(2, 1), size=2, classes=2)
    with torch.no_grad():
        for place, tensor in enumerate(network.parameters()):
            tensor.copy_((torch.arange(tensor.numel()).view_as(tensor) - place) % 3 / 4)
    assert models.network_bytes(network, small=True).hex() == GOLDEN
    (tmp_path / "old.small").write_bytes(bytes.fromhex(GOLDEN))
    assert equal(models.load_network(tmp_path / "old.small"), network)


def test_a_network_of_a_thousand_weights_fits_in_a_kilobyte(tmp_path):
    """The header, all scales, tables and biases together stay below 230 bytes."""
    torch.manual_seed(0)
    network = models.SimplifiedCNN(channels=(6, 10), hidden=6, size=16, mean=0.1306, std=0.3081)
    small = shared.share_weights(prune.magnitude(network, 0.2), clusters=15, bias_bits=8)
    assert sum(p.numel() for p in small.parameters()) > 1_600
    path = models.save_network(small, tmp_path / "net.small")
    paid = sum(entropy.bits(codes, alphabet=16) for codes in layer_codes(small).values()) / 8
    assert paid < path.stat().st_size < min(1024, paid + 230)


def layer_codes(small):
    """Each layer's weights as places in its table, 0 for zero: output x weight."""
    codes = {}
    for name, values in shared.values(small).items():
        weight = small.get_submodule(name).weight.detach().flatten(1)
        codes[name] = (torch.searchsorted(values, weight) + 1) * (weight != 0)
    return codes


@pytest.fixture(scope="module")
def pruned():
    """The committed PrunedCNN, 90 % zeros, and the same with 16 values in each layer."""
    network = models.load_network("PrunedCNN")
    return network, shared.share_weights(network, clusters=16)


def test_a_real_pruned_network_is_smaller_than_lzma_makes_it(pruned, tmp_path):
    network, small = pruned
    path = models.save_network(small, tmp_path / "net.small")
    codes = layer_codes(small)
    ideal = sum(entropy.bits(code, alphabet=17) for code in codes.values()) / 8
    plain = b"".join(code.to(torch.uint8).numpy().tobytes() for code in codes.values())
    tables = sum(2 * len(values) + 2 for values in shared.values(small).values())
    biases = sum(2 * len(code) + 2 for code in codes.values())
    size = path.stat().st_size
    assert ideal - 8 < size <= ideal + tables + biases + 8
    assert size < 0.85 * len(lzma.compress(plain))
    assert size < 0.7 * len(models.network_bytes(small, coded=True))
    assert size * 40 < models.network_path("SimplifiedCNN").stat().st_size
    images, labels = (part[:1000] for part in data.fashion_mnist("validation"))
    before = training.evaluate(network, images, labels)
    assert training.evaluate(models.load_network(path), images, labels) > before - 0.005


def test_a_fresh_process_computes_the_same(pruned, tmp_path):
    images = torch.rand(4, 1, 32, 32)
    path = models.save_network(pruned[1], tmp_path / "net.small")
    answer = fresh_process.run(path, images)
    with torch.no_grad():
        assert torch.allclose(answer.logits, pruned[1](images), atol=1e-5)


def test_the_estimate_is_what_the_coder_pays():
    """For symbols without zeros; where there are some, their places may make them cheaper."""
    generator = torch.Generator().manual_seed(0)
    values = torch.randn(37, generator=generator).abs() + 0.1
    part = small_parts.shortest(values[torch.randint(37, (40, 50), generator=generator) ** 2 % 37])
    assert part.kind == small_parts.TABLE
    paid = 8 * len(part.head()) + entropy.bits(part.symbols, alphabet=part.alphabet)
    assert part.estimate() == pytest.approx(paid, abs=12)


@pytest.mark.parametrize(("tensor", "kind"), [
    (torch.tensor([0.1, 0.37, -2**0.5]), small_parts.VALUES),
    (torch.zeros(50, 50), small_parts.SPARSE),
    (torch.linspace(-1, 1, 400)[:, None] * torch.eye(400), small_parts.SPARSE),
    (torch.tensor([1.0, 2.0, -3.0, 0.0] * 50), small_parts.GRID),
    (torch.tensor([1.0, 2.5, 0.377, 0.0] * 50), small_parts.TABLE),
])  # fmt: skip
def test_the_way_to_write_a_tensor_suits_it(tensor, kind):
    assert small_parts.shortest(tensor).kind == kind


# Files that lie


def opened(content, path):
    """Load bytes as a file: the network, or None if they are refused; nothing else may happen."""
    path.write_bytes(content)
    try:
        return models.load_network(path)
    except models.NetworkFileError:
        return None


def sealed(content):
    """Give bytes the right checksum, so that they are read at all."""
    return bytes(content) + crc_hqx(bytes(content), 0).to_bytes(2, "big")


@pytest.fixture
def content(network):
    return models.network_bytes(shared.share_weights(network, clusters=5), small=True)


def test_a_file_taken_apart_shows_each_tensor_as_it_stands_there(network):
    content = models.network_bytes(shared.share_weights(network, clusters=8), small=True)
    named, parts = small.take_apart(content)
    assert named.settings == network.settings
    assert list(parts) == [name for name, _ in network.named_parameters()]
    assert all(part.head() in content for part in parts.values())  # to the byte
    for name, part in parts.items():
        assert part.symbols is None or part.symbols.shape == network.get_parameter(name).shape


def test_every_cut_and_every_flipped_bit_is_noticed(content, tmp_path):
    for length in range(len(content)):
        assert opened(content[:length], tmp_path / "n.small") is None
    for place in range(8 * len(content)):
        flipped = bytearray(content)
        flipped[place // 8] ^= 1 << place % 8
        assert opened(flipped, tmp_path / "n.small") is None


def test_lies_under_a_right_checksum_are_refused_or_give_a_network(content, tmp_path):
    chance, networks, start = random.Random(1), 0, time.perf_counter()
    for length in range(len(content) - 2):
        opened(sealed(content[:length]), tmp_path / "n.small")
    for _ in range(500):
        lie = bytearray(content[:-2])
        for _ in range(chance.randint(1, 4)):
            lie[chance.randrange(len(lie))] = chance.randrange(256)
        networks += opened(sealed(lie), tmp_path / "n.small") is not None
    for _ in range(300):
        junk = bytes([1, chance.randrange(7)]) + chance.randbytes(chance.randint(0, 80))
        opened(sealed(junk), tmp_path / "n.small")
    assert networks > 0, "no lie got past the checksum: the test looks at nothing"
    assert torch.is_grad_enabled() and time.perf_counter() - start < 120


TOP = small_header._value_bytes(4096)


@pytest.mark.parametrize(("architecture", "settings", "words"), [
    (1, small_header._value_bytes([4096, 4096]) + TOP, "at most are"),
    (5, small_header._value_bytes([1] * 5) + TOP, "too many layers"),
    (2, bytes([231]) + b"\xff" * 8 + b"\x7f" + bytes([1]), "lies in 0..4096"),
    (2, bytes([231]) + b"\xff" * 20 + bytes([1]), "number in it is too long"),
    (2, bytes([231, 1]) * 5000 + bytes([1]), "recursion"),
    (2, bytes([230]) + b"\xff\xff\x7f" + bytes([1]), "too early"),
    (9, bytes(2), "class number 9 is unknown"),
    (2, bytes([255, 0]), "no setting begins with 255"),
])  # fmt: skip
def test_lying_headers_build_no_giant(architecture, settings, words, tmp_path):
    (tmp_path / "n.small").write_bytes(sealed(bytes([1, architecture, 2]) + settings + bytes(60)))
    start = time.perf_counter()
    with pytest.raises(models.NetworkFileError, match=words):
        models.load_network(tmp_path / "n.small")
    assert time.perf_counter() - start < 30 and torch.is_grad_enabled()


def test_a_name_the_course_does_not_know_is_refused(tmp_path):
    (tmp_path / "n.small").write_bytes(sealed(b"\1\0\x09os.system\0\0"))
    with pytest.raises(models.NetworkFileError, match="unknown architecture 'os.system'"):
        models.load_network(tmp_path / "n.small")
    (tmp_path / "n.small").write_bytes(sealed(b"\2\2\0\0"))
    with pytest.raises(models.NetworkFileError, match="its version is 2, this course reads 1"):
        models.load_network(tmp_path / "n.small")
    (tmp_path / "n.small").write_bytes(b"")
    with pytest.raises(models.NetworkFileError, match=r"n\.small does not hold"):
        models.load_network(tmp_path / "n.small")


def test_classes_keep_their_numbers():
    """Files name classes by number: the tuple may grow at its end and never change before."""
    known = ("", "SimplifiedCNN", "Net", "LeNet5", "ShallowCNN", "ResNet", "TinyCNN")
    assert small_header.NUMBERED[: len(known)] == known
    assert set(small_header.NUMBERED[1:]) <= set(models.ARCHITECTURES)
