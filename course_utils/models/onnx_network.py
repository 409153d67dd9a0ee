"""A network that ONNX Runtime executes, callable like any other."""

from __future__ import annotations

import math
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import torch

from course_utils.models.architectures import shape_message


def open_session(content: bytes, *, name: str, threads: int | None = None) -> Any:
    """Return ONNX Runtime's session for a file's bytes, on the processor.

    Args:
        name: what the message calls the file.
        threads: bounds the cores used; None: torch's number.

    Raises:
        NetworkFileError: the bytes are no ONNX network.
    """
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads or torch.get_num_threads()
    options.log_severity_level = 3
    try:
        return onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    except Exception as error:  # ONNX Runtime raises classes of its own for a damaged file
        from course_utils.models.files import NetworkFileError

        raise NetworkFileError(f"{name} is not an ONNX network: {error}") from None


class OnnxNetwork:
    """Runs an ONNX file: images, n x channel x height x width in [0, 1], to logits, n x class.

    It has no gradients: only methods that treat a network as a black box can explain it.
    `bytes` holds the file's content, `input_shape` is (channels, height, width).
    """

    def __init__(self, source: str | Path | bytes, *, threads: int | None = None) -> None:
        """Open a file or its bytes; `threads` bounds the cores used (None: torch's number)."""
        self.name = Path(source).name if isinstance(source, str | Path) else "network"
        self.bytes = source if isinstance(source, bytes) else Path(source).read_bytes()
        self.session = open_session(self.bytes, name=self.name, threads=threads)
        (self._input,) = self.session.get_inputs()
        self.input_shape = tuple(self._input.shape[1:])

    def __call__(self, images: torch.Tensor) -> torch.Tensor:
        """Return logits, n x class, float32, detached from any graph."""
        if images.dim() != 4 or tuple(images.shape[1:]) != self.input_shape:
            raise ValueError(shape_message(self.name, self.input_shape, images))
        feed = {self._input.name: images.detach().cpu().numpy()}
        return torch.from_numpy(self.session.run(None, feed)[0])

    def weights(self) -> list[tuple[int, ...]]:
        """Return the shapes of all weights and biases that its layers multiply and add."""
        return [shape for _, shapes, _ in self._layers() for shape in shapes]

    def macs(self) -> int:
        """Count the multiply-accumulates that one image costs."""
        total = 0
        for operator, (weight, *_), output in self._layers():
            per_output = math.prod(weight[1:]) if operator == "Conv" else math.prod(weight)
            total += per_output * (math.prod(output[1:]) if operator == "Conv" else 1)
        return total

    def _layers(self) -> Iterator[tuple[str, list[tuple[int, ...]], list[int]]]:
        """Yield (operator, shapes of weight and bias, output shape) of each layer in the graph."""
        import onnx

        model = onnx.load_from_string(self.bytes)
        model.graph.input[0].type.tensor_type.shape.dim[0].dim_value = 1
        graph = onnx.shape_inference.infer_shapes(model).graph
        shapes = {t.name: tuple(t.dims) for t in graph.initializer}
        for node in graph.node:  # an integer weight reaches its layer through DequantizeLinear
            if node.op_type == "DequantizeLinear" and node.input[0] in shapes:
                shapes[node.output[0]] = shapes[node.input[0]]
        outputs = {
            v.name: [d.dim_value for d in v.type.tensor_type.shape.dim]
            for v in [*graph.value_info, *graph.output]
        }
        for node in graph.node:
            if node.op_type in ("Conv", "Gemm", "MatMul"):
                stored = [shapes[name] for name in node.input[1:] if name in shapes]
                yield node.op_type, stored, outputs[node.output[0]]
