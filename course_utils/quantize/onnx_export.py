"""From PyTorch to one ONNX file that ONNX Runtime executes by itself."""

import contextlib
import io
import logging
import warnings
from pathlib import Path

import torch
from torch import nn

from course_utils.models import evaluating, write_atomically


def export_onnx(
    model: nn.Module, path: str | Path, *, input_shape: tuple[int, ...] = (1, 32, 32)
) -> Path:
    """Writes a network, normalisation included, as a float32 ONNX file for any batch size.

    Args:
        input_shape: channel, height, width of one image.
    """
    path = check_onnx_path(path)
    return write_atomically(path, onnx_bytes(model, input_shape=input_shape))


def onnx_bytes(model: nn.Module, *, input_shape: tuple[int, ...] = (1, 32, 32)) -> bytes:
    """Returns what `export_onnx` writes."""
    with evaluating(model), quietly():
        program = torch.onnx.export(
            model,
            (torch.zeros(2, *input_shape),),
            dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n")},),
            input_names=["images"],
            output_names=["logits"],
            verbose=False,
        )
    return strip(program.model_proto).SerializeToString()


def check_onnx_path(path: str | Path) -> Path:
    """Accepts a path that ends in .onnx."""
    if Path(path).suffix != ".onnx":
        raise ValueError(f"an ONNX file's name ends in .onnx; got {Path(path).name!r}")
    return Path(path)


def strip(proto):
    """Removes notes that no runtime reads: where each node came from, shapes in between."""
    for holder in (proto, proto.graph, *proto.graph.node, *proto.graph.initializer):
        holder.ClearField("doc_string")
        holder.ClearField("metadata_props")
    for values in (proto.graph.input, proto.graph.output):
        for value in values:
            value.ClearField("metadata_props")
    proto.graph.ClearField("value_info")
    return proto


@contextlib.contextmanager
def quietly():
    """Keeps the progress notes of exporters and quantizers out of the lesson."""
    disabled = logging.root.manager.disable
    with (
        warnings.catch_warnings(),
        contextlib.redirect_stdout(io.StringIO()),
        contextlib.redirect_stderr(io.StringIO()),
    ):
        warnings.simplefilter("ignore")
        logging.disable(logging.WARNING)
        try:
            yield
        finally:
            logging.disable(disabled)
