"""ONNX files taken apart and written anew: what they store, and what is computed inside."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from course_utils import models, quantize

if TYPE_CHECKING:
    import onnx


def stored(path: str | Path) -> dict[str, Tensor]:
    """Return the tensors that a network file holds, by name, in the types they are stored in."""
    path = models.network_path(path)
    if path.suffix != ".onnx":
        from safetensors.torch import load_file

        return load_file(path)
    import onnx

    arrays = ((t.name, onnx.numpy_helper.to_array(t)) for t in onnx.load(path).graph.initializer)
    return {name: torch.from_numpy(array.copy()) for name, array in arrays}


def bytes_by_type(path: str | Path) -> dict[str, int | str]:
    """Count a file's bytes, in all and by the type of its tensors: one row of a table.

    "rest" is what is no such tensor: names, and how the layers hang together.
    """
    path = models.network_path(path)
    sums = dict.fromkeys(("float32", "int32", "int8"), 0)
    for tensor in stored(path).values():
        kind = str(tensor.dtype).removeprefix("torch.")
        if kind in sums:
            sums[kind] += tensor.nbytes
    whole = path.stat().st_size
    return {"file": path.stem, "bytes": whole} | sums | {"rest": whole - sum(sums.values())}


def inside(path: str | Path, name: str, images: Tensor) -> Tensor:
    """Run an ONNX file and return a tensor from its inside, as the runtime computes it there."""
    import onnx

    model = onnx.load(models.network_path(path))
    kinds = {node.output[0]: node.op_type for node in model.graph.node}
    if name not in kinds:
        raise ValueError(f"no node gives {name!r}; there are {', '.join(kinds)}.")
    kind = onnx.TensorProto.UINT8 if kinds[name] == "QuantizeLinear" else onnx.TensorProto.FLOAT
    model.graph.ClearField("output")
    model.graph.output.append(onnx.helper.make_tensor_value_info(name, kind, None))
    return models.OnnxNetwork(model.SerializeToString())(images)


def four_files(folder: Path) -> dict[str, Path]:
    """Write the network in four ways, named a to d: exercise 4.2.1 asks which is which.

    Every one of them holds the weights of SimplifiedCNN, rounded to 8 bits or not.
    """
    import onnx

    floats, integers = (
        onnx.load(models.network_path(name))
        for name in ("SimplifiedCNN.onnx", "IntegerQuantizedCNN-all")
    )
    made = {"a": _codes_for_floats(floats), "b": integers,
            "c": _rounded_floats(floats), "d": _floats_for_codes(integers)}  # fmt: skip
    for letter, model in made.items():
        models.write_atomically(folder / f"{letter}.onnx", model.SerializeToString())
    return {letter: folder / f"{letter}.onnx" for letter in made}


def evidence(path: Path) -> dict[str, str]:
    """Say how a file stores its weights and what ONNX Runtime runs: one row of a table."""
    kinds = {str(t.dtype).removeprefix("torch.") for t in stored(path).values() if t.dim() > 1}
    nodes = quantize.integer_nodes(path)
    runs = ", ".join(name if n == 1 else f"{n} × {name}" for name, n in sorted(nodes.items()))
    return {"file": path.stem, "weights stored as": ", ".join(sorted(kinds)), "nodes run": runs}


def _reference_codes() -> dict[str, quantize.Quantized]:
    return quantize.weight_codes(models.load_network("SimplifiedCNN"), bits=8)


def _codes_for_floats(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store int8 codes instead of the float weights, and turn them back before each layer."""
    import numpy
    from onnx import helper, numpy_helper

    codes, nodes = _reference_codes(), []
    kept = [t for t in model.graph.initializer if t.name not in codes]
    for name, q in codes.items():
        kept.append(numpy_helper.from_array(q.codes.numpy().astype(numpy.int8), f"{name}.codes"))
        kept.append(numpy_helper.from_array(q.scale.numpy(), f"{name}.scale"))
        inputs = [f"{name}.codes", f"{name}.scale"]
        nodes.append(helper.make_node("DequantizeLinear", inputs, [name], axis=0))
    return _changed(model, kept, nodes)


def _rounded_floats(model: onnx.ModelProto) -> onnx.ModelProto:
    """Round the weights to 8 bits and store them as floats again."""
    from onnx import numpy_helper

    rounded = {name: q.dequantize().numpy() for name, q in _reference_codes().items()}
    kept = [
        numpy_helper.from_array(rounded[t.name], t.name) if t.name in rounded else t
        for t in model.graph.initializer
    ]
    return _changed(model, kept, [])


def _floats_for_codes(model: onnx.ModelProto) -> onnx.ModelProto:
    """Store float weights in an integer network, and round them when the file is opened."""
    from onnx import helper, numpy_helper

    state = models.load_network("SimplifiedCNN").state_dict()
    kept, nodes = [], []
    for t in model.graph.initializer:
        name = t.name.removesuffix("_quantized")
        if name == t.name or name not in state or not name.endswith(".weight"):
            kept.append(t)
            continue
        kept.append(numpy_helper.from_array(state[name].numpy(), f"{name}_float"))
        inputs = [f"{name}_float", f"{name}_scale", f"{name}_zero_point"]
        nodes.append(helper.make_node("QuantizeLinear", inputs, [t.name], axis=0))
    return _changed(model, kept, nodes)


def _changed(model: onnx.ModelProto, tensors: Sequence, nodes: Sequence) -> onnx.ModelProto:
    """A copy with these stored tensors, and with these nodes before all others."""
    changed = copy.deepcopy(model)
    after = [*nodes, *changed.graph.node]
    changed.graph.ClearField("node")
    changed.graph.ClearField("initializer")
    changed.graph.node.extend(after)
    changed.graph.initializer.extend(tensors)
    return changed


def one_convolution(channels: int, *, integers: bool, outputs: int = 16) -> bytes:
    """Build an ONNX file of one 3 x 3 convolution with random weights: only its time matters.

    It takes n x channels x height x width, float32, or uint8 for the integer one.
    """
    import numpy
    from onnx import TensorProto, helper, numpy_helper

    random = numpy.random.default_rng(0)
    shape = (outputs, channels, 3, 3)
    if integers:
        tensors = {
            "step": numpy.float32(0.02), "zero": numpy.uint8(0),
            "weight": random.integers(-127, 128, shape).astype(numpy.int8),
            "steps": numpy.full(outputs, 0.01, numpy.float32),
            "zeros": numpy.zeros(outputs, numpy.int8), "bias": numpy.zeros(outputs, numpy.int32),
        }  # fmt: skip
        inputs = ["x", "step", "zero", "weight", "steps", "zeros", "step", "zero", "bias"]
    else:
        tensors = {"weight": random.normal(size=shape).astype(numpy.float32)}
        inputs = ["x", "weight"]
    operator, kind = ("QLinearConv", "UINT8") if integers else ("Conv", "FLOAT")
    kind = getattr(TensorProto, kind)
    graph = helper.make_graph(
        [helper.make_node(operator, inputs, ["y"], pads=[1] * 4)],
        "one convolution",
        [helper.make_tensor_value_info("x", kind, ["n", channels, "height", "width"])],
        [helper.make_tensor_value_info("y", kind, ["n", outputs, "height", "width"])],
        [numpy_helper.from_array(array, name) for name, array in tensors.items()],
    )
    opset = [helper.make_opsetid("", 18)]
    return helper.make_model(graph, opset_imports=opset, ir_version=9).SerializeToString()
