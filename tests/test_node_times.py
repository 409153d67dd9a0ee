"""The profiler's nodes are those that run, in order, and their times add up to the latency."""

import torch

from course_utils import measure, models, quantize
from course_utils.node_times import node_times

IMAGES = torch.rand(32, 1, 32, 32, generator=torch.Generator().manual_seed(0))
LAYERS = ["conv1", "pool1", "conv2", "pool2", "fc1", "fc2"]


def test_the_reference_runs_its_layers_in_floats():
    nodes = node_times("SimplifiedCNN.onnx", IMAGES, runs=3)
    assert [n.layer for n in nodes if n.layer in LAYERS] == LAYERS
    assert {n.takes for n in nodes} == {n.gives for n in nodes} == {"float"}
    assert all(n.seconds > 0 for n in nodes if n.layer.startswith("conv"))


def test_the_integer_network_runs_its_layers_in_integers():
    ran = node_times("IntegerQuantizedCNN-all", IMAGES, runs=3)
    (rounding,) = (n for n in ran if n.operator == "QuantizeLinear")
    assert (rounding.layer, rounding.takes, rounding.gives) == ("", "float", "uint8")
    nodes = {n.layer: n for n in ran}
    for layer in LAYERS:
        assert (nodes[layer].takes, nodes[layer].gives) == ("uint8", "uint8")
    assert nodes["conv1"].operator == "QLinearConv" and nodes["fc1"].operator == "QGemm"


def test_operators_are_those_that_integer_nodes_counts():
    path = models.network_path("IntegerQuantizedCNN")
    ran = [n.operator for n in node_times(path, IMAGES, runs=3)]
    counted = quantize.integer_nodes(path)
    for operator in ("Conv", "QLinearConv", "QGemm", "DequantizeLinear"):
        assert ran.count(operator) == counted[operator]


def test_bytes_will_do_and_the_times_add_up():
    path = models.network_path("SimplifiedCNN.onnx")
    one_thread = models.OnnxNetwork(path, threads=1)
    for _ in range(5):  # a busy machine may disturb one of the two measurements
        inside = sum(n.seconds for n in node_times(path.read_bytes(), IMAGES))
        outside = measure.latency(one_thread, IMAGES).median
        if 0.5 < inside / outside < 1.1:
            return
    raise AssertionError(f"the nodes take {inside:.5f} s, the whole network {outside:.5f} s")


def test_no_file_is_left_behind(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    node_times("SimplifiedCNN.onnx", IMAGES, runs=3)
    assert list(tmp_path.iterdir()) == []
