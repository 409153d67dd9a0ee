"""A layer left in floats: the same function, and rounding where it is cheap."""

import numpy as np
import onnx
import pytest
import torch

from course_utils import data, measure, models, quantize
from course_utils.quantize.onnx_graph import leave_in_float


@pytest.fixture(scope="module")
def images():
    return data.fashion_mnist("validation")[0][:200]


@pytest.fixture(scope="module")
def graph():
    return onnx.load(models.network_path("SimplifiedCNN.onnx"))


def test_swapping_relu_and_pooling_changes_no_number(graph, images):
    changed, floats = leave_in_float(graph, ["conv1", "conv2"])
    before = models.OnnxNetwork(graph.SerializeToString())(images)
    after = models.OnnxNetwork(changed.SerializeToString())(images)
    assert torch.allclose(before, after, atol=1e-5)
    kinds = [node.op_type for node in changed.graph.node]
    assert kinds[2:5] == ["Conv", "MaxPool", "Relu"] and len(floats) == 6
    assert [n.op_type for n in graph.graph.node][2:5] == ["Conv", "Relu", "MaxPool"]  # untouched


def test_a_layer_without_pooling_keeps_its_order(graph):
    changed, floats = leave_in_float(graph, ["fc1"])
    assert len(floats) == 2
    assert [n.op_type for n in changed.graph.node] == [n.op_type for n in graph.graph.node]


def test_no_layers_changes_nothing(graph):
    changed, floats = leave_in_float(graph, [])
    assert changed == graph and floats == []


def test_an_unknown_layer_is_named(graph):
    with pytest.raises(ValueError, match="no layer 'conv9'; its layers are conv1, conv2, fc1, fc2"):
        leave_in_float(graph, ["conv9"])


def test_only_the_kept_layer_runs_in_floats(tmp_path, images):
    network = models.load_network("SimplifiedCNN")
    mixed = quantize.quantize_static(network, tmp_path / "m.onnx", images, keep_float=["conv1"])
    nodes = quantize.integer_nodes(mixed)
    assert nodes["Conv"] == 1 and nodes["QLinearConv"] == 1 and nodes["QGemm"] == 2
    assert "Gemm" not in nodes
    # the rounding comes after pooling: a quarter of the numbers
    after = onnx.load(mixed).graph
    first = next(n for n in after.node if n.op_type == "QuantizeLinear")
    maker = next(n for n in after.node if first.input[0] in n.output)
    assert maker.op_type == "Relu"


def test_the_committed_integer_network_is_what_its_name_says(images):
    nodes = quantize.integer_nodes(models.network_path("IntegerQuantizedCNN-all"))
    assert nodes["QLinearConv"] == 2 and nodes["QGemm"] == 2
    assert not {"Conv", "Gemm"} & set(nodes)
    path = models.network_path("IntegerQuantizedCNN")
    kinds = {t.name: onnx.numpy_helper.to_array(t) for t in onnx.load(path).graph.initializer}
    for layer in ("conv2", "fc1", "fc2"):
        assert kinds[f"{layer}.weight_quantized"].dtype == np.int8
    assert measure.file_bytes("SimplifiedCNN") / measure.file_bytes(path) >= 3.7
