"""ONNX Runtime: the same network, then the same network on integers."""

import logging

import numpy as np
import onnx
import pytest
import torch
from torch import nn

from course_utils import data, models, training
from course_utils.quantize import (
    IntegerNetwork,
    export_onnx,
    float_output,
    integer_nodes,
    onnx_int8,
    quantize_static,
)
from course_utils.quantize.onnx_export import quietly


@pytest.fixture(scope="module")
def network():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def calibration_images():
    return data.fashion_mnist("train")[0][:300]


@pytest.fixture(scope="module")
def floats(network, tmp_path_factory):
    return export_onnx(network, tmp_path_factory.mktemp("onnx") / "float.onnx")


@pytest.fixture(scope="module")
def integers(floats, calibration_images, tmp_path_factory):
    path = tmp_path_factory.mktemp("onnx") / "int8.onnx"
    return quantize_static(floats, path, calibration_images)


@pytest.fixture(scope="module")
def validation():
    images, labels = data.fashion_mnist("validation")
    return images[:2000], labels[:2000]


def test_the_export_computes_the_same(network, floats):
    exported = models.OnnxNetwork(floats)
    for n in (1, 7):
        images = torch.rand(n, 1, 32, 32)
        assert torch.allclose(exported(images), network(images), atol=1e-4)


def test_the_export_holds_little_but_the_weights(network, floats):
    weights = 4 * sum(p.numel() for p in network.parameters())
    assert weights < floats.stat().st_size < weights + 3000


def test_integers_are_really_executed(integers, floats):
    nodes = integer_nodes(integers)
    assert nodes["QLinearConv"] == 2 and nodes["QGemm"] == 2
    assert not {"Conv", "Gemm", "FusedConv", "FusedGemm", "MatMul"} & set(nodes)
    assert not any(name.startswith(("QLinear", "QGemm")) for name in integer_nodes(floats))


def test_the_integer_file_is_small_and_as_accurate(network, integers, validation):
    assert models.network_path("SimplifiedCNN").stat().st_size >= 3.7 * integers.stat().st_size
    before = training.evaluate(network, *validation)
    after = training.evaluate(models.OnnxNetwork(integers), *validation)
    assert abs(before - after) <= 0.004  # 8 of 2,000 images


def test_our_own_integers_agree_with_onnx_runtimes(
    network, integers, calibration_images, validation
):
    images = validation[0][:200]
    ours = IntegerNetwork(network, calibration_images)(images)
    theirs = models.OnnxNetwork(integers)(images)
    assert (ours.argmax(1) == theirs.argmax(1)).float().mean() >= 0.98
    assert (ours - theirs).abs().mean() < 0.15, "logits span about 30"


def grids(path):
    """Sizes and types of every scale's zero point, by name."""
    tensors = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    return {name: t for name, t in tensors.items() if name.endswith(("_scale", "_zero_point"))}


def test_options_reach_the_file(floats, integers, calibration_images, tmp_path):
    def made(**options):
        return grids(quantize_static(floats, tmp_path / "q.onnx", calibration_images, **options))

    usual, tensor = grids(integers), made(per_channel=False)
    assert usual["conv2.weight_scale"].shape == (32,)
    assert tensor["conv2.weight_scale"].size == 1
    assert usual["logits_zero_point"].dtype == np.uint8
    assert made(activations="int8")["logits_zero_point"].dtype == np.int8
    assert made(calibrate="percentile")["logits_scale"] < usual["logits_scale"]


@pytest.mark.parametrize("options", [
    {"per_channel": False}, {"activations": "int8"}, {"calibrate": "percentile"},
])  # fmt: skip
def test_every_option_gives_a_working_network(
    options, floats, calibration_images, network, tmp_path
):
    path = quantize_static(floats, tmp_path / "q.onnx", calibration_images[:100], **options)
    images = calibration_images[100:300]
    same = models.OnnxNetwork(path)(images).argmax(1) == network(images).argmax(1)
    assert same.float().mean() > 0.95
    assert integer_nodes(path)["QLinearConv"] == 2


def test_a_module_is_exported_on_the_way_and_left_alone(calibration_images, tmp_path, capfd):
    torch.manual_seed(0)
    small = models.SimplifiedCNN(channels=(2, 3), hidden=4, size=8).train()
    before = {k: v.clone() for k, v in small.state_dict().items()}
    images = torch.rand(30, 1, 8, 8)
    kept = images.clone()
    path = quantize_static(small, tmp_path / "deep" / "q.onnx", images)
    assert models.OnnxNetwork(path)(images).shape == (30, 10)
    assert small.training and torch.equal(images, kept)
    assert all(torch.equal(v, small.state_dict()[k]) for k, v in before.items())
    assert [p.name for p in path.parent.iterdir()] == ["q.onnx"], "nothing else is left behind"
    assert capfd.readouterr() == ("", ""), "nothing is printed"


def test_a_network_in_training_is_exported_as_it_will_be_used(tmp_path):
    torch.manual_seed(0)
    layers = nn.Conv2d(1, 2, 3), nn.BatchNorm2d(2), nn.Dropout(0.5), nn.Flatten(), nn.Linear(72, 3)
    model = nn.Sequential(*layers).train()
    exported = models.OnnxNetwork(export_onnx(model, tmp_path / "m.onnx", input_shape=(1, 8, 8)))
    assert model.training
    images = torch.rand(5, 1, 8, 8)
    assert torch.allclose(exported(images), model.eval()(images), atol=1e-5)


def test_silence_ends_with_the_block_even_after_a_crash(capsys):
    with pytest.raises(RuntimeError), quietly():
        print("unheard")
        raise RuntimeError
    print("heard")
    assert capsys.readouterr().out == "heard\n"
    assert logging.root.manager.disable == 0


def test_an_answer_in_floats_is_no_longer_cut_off(network, floats, tmp_path, validation):
    images = validation[0][:300]
    logits = network(images).detach()
    dull = images[logits.amax(1).argsort()[:20]]  # whatever the network is least sure of
    eights = quantize_static(floats, tmp_path / "eights.onnx", dull)
    mended = float_output(eights, tmp_path / "mended.onnx")
    cut, free = (models.OnnxNetwork(path)(images) for path in (eights, mended))
    assert cut.max() < logits.max() - 3 < free.max()
    assert (free - logits).abs().mean() < (cut - logits).abs().mean()
    assert integer_nodes(mended)["QGemm"] == integer_nodes(eights)["QGemm"] == 2
    assert mended.stat().st_size <= eights.stat().st_size
    with pytest.raises(ValueError, match="the answer comes from Gemm, in floats"):
        float_output(floats, tmp_path / "no.onnx")


@pytest.mark.parametrize(
    ("side", "channels", "batch"), [(32, 1, 100), (28, 1, 100), (224, 3, 1), (64, 3, 16)]
)
def test_large_images_are_handed_over_a_few_at_a_time(side, channels, batch):
    images = torch.rand(5, channels, side, side).repeat(24, 1, 1, 1)
    reader, came = onnx_int8._Reader(images), []
    while (part := reader.get_next()) is not None:
        came.append(part["images"])
    assert len(came[0]) == batch and np.array_equal(np.concatenate(came), images.numpy())


def test_a_failed_run_leaves_the_old_file(tmp_path, calibration_images):
    path = tmp_path / "net.onnx"
    path.write_bytes(b"old")
    with pytest.raises(Exception):  # noqa: B017  (whatever the exporter raises)
        quantize_static(nn.Linear(3, 3), path, calibration_images[:2])
    assert path.read_bytes() == b"old"


def test_bad_options_are_named(network, tmp_path, calibration_images):
    path = tmp_path / "q.onnx"
    with pytest.raises(ValueError, match="calibration_images must be float32"):
        quantize_static(network, path, calibration_images[0])
    with pytest.raises(ValueError, match="at least one; got torch.float32"):
        quantize_static(network, path, calibration_images[:0])
    with pytest.raises(ValueError, match='activations must be "uint8" or "int8"; got \'float\''):
        quantize_static(network, path, calibration_images, activations="float")
    with pytest.raises(ValueError, match="calibrate must be one of min_max, percentile; got"):
        quantize_static(network, path, calibration_images, calibrate="mse")
    with pytest.raises(FileNotFoundError):
        quantize_static(tmp_path / "none.onnx", path, calibration_images)
    with pytest.raises(ValueError, match=r"ends in .onnx; got 'net.pt'"):
        export_onnx(network, tmp_path / "net.pt")
    assert list(tmp_path.iterdir()) == []
