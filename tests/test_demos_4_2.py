"""Lesson 4.2's files, sweeps and mixtures: hand-counted answers, and a widget that moves."""

import pytest
import torch

from course_utils import data, models, quantize, training, widgets
from course_utils.demos import figures_4_2 as figures
from course_utils.demos import lesson_4_2 as demo
from course_utils.demos import onnx_files
from course_utils.node_times import NodeTime, node_times


@pytest.fixture(scope="module")
def images():
    return data.fashion_mnist("validation")[0][:50]


@pytest.fixture(scope="module")
def mixer():
    pixels, labels = data.fashion_mnist("validation")
    return demo.Mixer(models.load_network("SimplifiedCNN"), pixels[:200], labels[:200])


def test_bytes_by_type_add_up_to_the_file():
    for name in ("SimplifiedCNN.onnx", "IntegerQuantizedCNN-all"):
        row = onnx_files.bytes_by_type(name)
        assert row["bytes"] == models.network_path(name).stat().st_size
        assert row["bytes"] == sum(row[kind] for kind in ("float32", "int32", "int8", "rest"))
    assert onnx_files.bytes_by_type("IntegerQuantizedCNN-all")["int8"] >= 144 + 4608 + 263_424


def test_stored_reads_both_kinds_of_file():
    reference = models.load_network("SimplifiedCNN")
    for name in ("SimplifiedCNN.onnx", "SimplifiedCNN.safetensors"):
        assert torch.equal(onnx_files.stored(name)["fc1.weight"], reference.fc1.weight)
    packed = onnx_files.stored("SubIntegerQuantizedCNN")
    assert packed["fc1.weight.codes"].dtype == torch.uint8


def test_inside_shows_what_the_float_network_computes(images):
    reference = models.load_network("SimplifiedCNN")
    with torch.no_grad():
        expected = torch.nn.Sequential(*list(reference)[:4])(images)
    seen = onnx_files.inside("SimplifiedCNN.onnx", "max_pool2d", images)
    assert torch.allclose(seen, expected, atol=1e-5)
    with pytest.raises(ValueError, match="no node gives 'conv9'; there are"):
        onnx_files.inside("SimplifiedCNN.onnx", "conv9", images)


def test_the_four_files_compute_what_they_should(tmp_path, images):
    files = {k: models.OnnxNetwork(p) for k, p in onnx_files.four_files(tmp_path).items()}
    rounded = quantize.quantize_weights(models.load_network("SimplifiedCNN"), bits=8)
    for letter in "ac":
        assert torch.allclose(files[letter](images), training.predict(rounded, images), atol=1e-4)
    assert torch.equal(files["b"](images), files["d"](images))


@pytest.mark.parametrize("channels", [1, 3, 8])
def test_one_convolution_has_the_same_work_in_both_types(channels):
    pixels = torch.randint(256, (2, channels, 8, 8), dtype=torch.uint8)
    for integers, operator, kind in ((False, "Conv", "float"), (True, "QLinearConv", "uint8")):
        file = onnx_files.one_convolution(channels, integers=integers)
        given = pixels if integers else pixels.float()
        (node,) = (n for n in node_times(file, given, runs=3) if n.layer == "conv1")
        assert (node.operator, node.takes, node.gives) == (operator, kind, kind)


def test_the_sweep_gives_a_row_for_each_count():
    rows = demo.channel_sweep((1, 4), images=2, side=8)
    assert [row["channels"] for row in rows] == [1, 4]
    assert all(row["float"] > 0 and row["integer"] > 0 for row in rows)
    assert figures.words_for_sweep(rows).startswith("4 times the channels")


def test_a_mixture_weighs_what_its_file_weighs(mixer, tmp_path):
    bits = {"conv1": 8, "conv2": 3, "fc1": "ternary", "fc2": "binary"}
    path = models.save_network(mixer.mixed(bits), tmp_path / "mix.safetensors", bits=bits)
    assert mixer.measured(*bits.values()) == mixer.file(path)


def test_equal_bits_are_the_packages_rounding(mixer):
    size, accuracy = mixer.uniform(3)
    rounded = quantize.quantize_weights(mixer.network, bits=3, clip="mse")
    assert accuracy == training.evaluate(rounded, mixer.images, mixer.labels)
    assert size == len(models.network_bytes(rounded, bits=3))


def test_layer_bytes_by_hand(mixer):
    assert mixer.layer_bytes("fc1", 4) == 128 * 2048 // 2 + 4 * 128
    assert mixer.layer_bytes("conv1", "ternary") == 29 + 4 * 16  # 144 codes, five to a byte


def test_one_layer_alone(mixer):
    row = mixer.alone("conv1", 2)
    assert (row["weights"], row["terms in a sum"]) == (144, 9)
    assert row["bytes saved"] == 4 * 144 - (36 + 64)
    others = mixer.mixed({"conv1": 2})
    assert torch.equal(others.fc1.weight, mixer.network.fc1.weight)
    assert row["points lost"] == pytest.approx(
        100 * (mixer.accuracy - training.evaluate(others, mixer.images, mixer.labels))
    )


def test_the_first_images_only(mixer):
    quicker = mixer.first(50)
    assert len(quicker.labels) == 50
    assert quicker.uniform(4)[0] == mixer.uniform(4)[0]


def nodes(**milliseconds):
    return [
        NodeTime(layer=name if name[-1].isdigit() else "", operator=name, takes="?", gives="?",
                 seconds=9, fastest=ms / 1e3)
        for name, ms in milliseconds.items()
    ]  # fmt: skip


def test_parts_are_added_up_and_the_slower_layer_is_found():
    floats = figures.by_part(nodes(Sub=1, conv1=2, conv2=6, Div=2))
    integers = figures.by_part(nodes(conv1=12, conv2=3, QuantizeLinear=1))
    assert (floats["all else"], floats["conv1"], floats["fc2"]) == pytest.approx((3, 2, 0))
    assert figures.slower({"floats": floats, "integers": integers}) == "conv1"
    assert figures.slower({"floats": integers, "integers": integers}) == "none"
    times = {"floats": floats, "integers": integers, "conv1 in floats": floats}
    assert figures.layer_times(times).axes[0].get_title() == (
        "conv1 takes 75% of the integer network's time"
    )
    assert "integers: conv1 12.0" in figures.words_for_times(times)


def test_the_widget_follows_its_controls(mixer):
    paths = {4: models.network_path("SubIntegerQuantizedCNN")}
    picture = figures.MixerFigure(mixer.first(50), paths)
    live = widgets.live(picture.draw, alt=picture.words, **{
        layer: widgets.choice(demo.LEVELS, start=4) for layer in demo.LAYERS})  # fmt: skip
    before = live.picture.value
    live.controls["fc1"].value = "ternary"
    assert live.error is None and live.picture.value != before
    size, accuracy = picture.mixer.measured(4, 4, "ternary", 4)
    assert f"{size:,} bytes, and {accuracy:.1%}" in live.picture.value
