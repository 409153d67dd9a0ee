"""Rewriting an ONNX graph before it is quantized, without changing what it computes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import onnx


def leave_in_float(
    model: onnx.ModelProto, layers: Sequence[str]
) -> tuple[onnx.ModelProto, list[str]]:
    """Return the model prepared for layers that stay float, and the nodes not to quantize.

    Such a layer's ReLU and max pooling change places: the two give the same numbers in
    either order, but what follows is then rounded after pooling, a quarter of the numbers.
    (ONNX Runtime moves a rounding up through a pooling, not through a ReLU.)

    Args:
        layers: names of weighted layers, such as "conv1".

    Raises:
        ValueError: the graph has no such layer.
    """
    import onnx

    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    floats: list[str] = []
    for name in layers:
        layer = _layer(changed.graph, name)
        relu = _next(changed.graph, layer, "Relu")
        pool = _next(changed.graph, relu, "MaxPool") if relu else None
        if pool:
            _swap(changed.graph, relu, pool)
        floats += [node.name for node in (layer, relu, pool) if node]
    if layers:
        del changed.graph.value_info[:]  # shapes between the swapped nodes are no longer true
        changed = onnx.shape_inference.infer_shapes(changed)
    return changed, floats


def output_in_float(model: onnx.ModelProto) -> onnx.ModelProto:
    """Return an integer network whose last layer gives floats: its answer is not rounded.

    A rounded answer cannot rise above the largest one seen in calibration.

    Raises:
        ValueError: the answer is not rounded.
    """
    import onnx

    changed = onnx.ModelProto()
    changed.CopyFrom(model)
    graph = changed.graph
    makers = {node.output[0]: node for node in graph.node}
    last = makers[graph.output[0].name]
    code = makers.get(last.input[0])
    if last.op_type != "DequantizeLinear" or code is None or code.op_type != "QuantizeLinear":
        raise ValueError(f"the answer comes from {last.op_type}, in floats: nothing to change")
    makers[code.input[0]].output[0] = graph.output[0].name
    for node in (last, code):
        graph.node.remove(node)
    return changed


def _layer(graph: onnx.GraphProto, name: str) -> onnx.NodeProto:
    known = {f"{name}.weight"}
    for node in graph.node:
        if known & set(node.input):
            return node
    weights = [t.name.removesuffix(".weight") for t in graph.initializer if ".weight" in t.name]
    raise ValueError(f"the network has no layer {name!r}; its layers are {', '.join(weights)}")


def _next(graph: onnx.GraphProto, node: onnx.NodeProto, operator: str) -> onnx.NodeProto | None:
    """Return the node that alone uses the given one's output, if it is of that type."""
    users = [n for n in graph.node if node.output[0] in n.input]
    return users[0] if len(users) == 1 and users[0].op_type == operator else None


def _swap(graph: onnx.GraphProto, first: onnx.NodeProto, second: onnx.NodeProto) -> None:
    """Let two nodes in a chain change places."""
    before, between, after = first.input[0], first.output[0], second.output[0]
    second.input[0], second.output[0] = before, between
    first.input[0], first.output[0] = between, after
    nodes = list(graph.node)
    i, j = nodes.index(first), nodes.index(second)
    nodes[i], nodes[j] = nodes[j], nodes[i]
    del graph.node[:]
    graph.node.extend(nodes)
