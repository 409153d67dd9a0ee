"""Static int8 quantization with ONNX Runtime: integers that are really executed."""

import tempfile
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils.quantize.onnx_export import check_onnx_path, onnx_bytes, quietly, strip
from course_utils.quantize.onnx_graph import leave_in_float, output_in_float

# Its "entropy" is left out: with the settings it can be given here, the only range that it
# considers is the whole one, and the file equals min_max's.
METHODS = {"min_max": "MinMax", "percentile": "Percentile"}


def quantize_static(
    model: nn.Module | str | Path,
    path: str | Path,
    calibration_images: Tensor,
    *,
    per_channel: bool = True,
    activations: str = "uint8",
    calibrate: str = "min_max",
    keep_float: Sequence[str] = (),
) -> Path:
    """Writes an ONNX file with int8 weights and 8-bit activations, and returns its path.

    "Static": the ranges of the activations are chosen now, from the images given, and
    stand in the file.

    Args:
        model: a network, or a float ONNX file of one.
        calibration_images: a few hundred training images, n x channel x height x width.
        per_channel: one weight scale per output channel instead of one per tensor.
        activations: "uint8" or "int8".
        calibrate: "min_max", or "percentile" (ONNX Runtime's 99.999).
        keep_float: layers to leave in floats, such as ("conv1",). A first layer with one
            input channel is slow in integers: its kernel spends its time gathering pixels.
    """
    from course_utils.models import write_atomically

    path = check_onnx_path(path)
    _check(calibration_images, activations, calibrate)
    if isinstance(model, nn.Module):
        floats = onnx_bytes(model, input_shape=tuple(calibration_images.shape[1:]))
    else:
        floats = Path(model).read_bytes()
    with tempfile.TemporaryDirectory() as folder, quietly():
        source, folded, target = (Path(folder) / f"{n}.onnx" for n in ("float", "folded", "int8"))
        source.write_bytes(floats)
        _fold(source, folded)
        floats = _prepare(folded, keep_float)
        _quantize(folded, target, calibration_images, per_channel, activations, calibrate, floats)
        content = _stripped(target)
    return write_atomically(path, content)


def float_output(source: str | Path, path: str | Path) -> Path:
    """Writes a copy of an int8 file that gives its logits as floats, and returns its path.

    Static quantization cuts logits off above the largest one seen in calibration. With few
    calibration images sure answers lose their confidence, and explanations their meaning. All
    layers still multiply integers; the file loses a few bytes.
    """
    import onnx

    from course_utils.models import write_atomically

    changed = output_in_float(onnx.load(source))
    return write_atomically(check_onnx_path(path), changed.SerializeToString())


def integer_nodes(path: str | Path) -> dict[str, int]:
    """Counts the nodes that ONNX Runtime runs after its own optimisation, by type.

    Names that begin with QLinear, and QGemm, are kernels that compute on integers. `Conv`
    or `Gemm` beside them would mean that the layer still runs in floats.
    """
    import onnx
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.log_severity_level = 3
    with tempfile.TemporaryDirectory() as folder:
        options.optimized_model_filepath = str(Path(folder) / "optimized.onnx")
        onnxruntime.InferenceSession(str(path), options, providers=["CPUExecutionProvider"])
        optimized = onnx.load(options.optimized_model_filepath)
    return dict(Counter(node.op_type for node in optimized.graph.node))


def _fold(source: Path, folded: Path) -> None:
    from onnxruntime.quantization.shape_inference import quant_pre_process

    quant_pre_process(str(source), str(folded), skip_symbolic_shape=True)


def _prepare(path: Path, keep_float: Sequence[str]) -> list[str]:
    import onnx

    prepared, floats = leave_in_float(onnx.load(path), keep_float)
    onnx.save(prepared, path)
    return floats


def _quantize(source, target, images, per_channel, activations, calibrate, floats) -> None:
    from onnxruntime import quantization as q

    kinds = {"uint8": q.QuantType.QUInt8, "int8": q.QuantType.QInt8}
    q.quantize_static(
        str(source),
        str(target),
        _Reader(images),
        quant_format=q.QuantFormat.QDQ,
        per_channel=per_channel,
        weight_type=q.QuantType.QInt8,
        activation_type=kinds[activations],
        calibrate_method=getattr(q.CalibrationMethod, METHODS[calibrate]),
        nodes_to_exclude=floats,
    )


class _Reader:
    """Hands the images to the calibrator, batch by batch, as ONNX Runtime asks for them.

    It keeps every layer's output of a batch: large images come a few at a time.
    """

    def __init__(self, images: Tensor, numbers: int = 204_800) -> None:
        batch_size = min(100, max(1, numbers // images[0].numel()))
        self.batches = iter(images.detach().cpu().split(batch_size))

    def get_next(self) -> dict | None:
        batch = next(self.batches, None)
        return None if batch is None else {"images": batch.numpy()}


def _stripped(path: Path) -> bytes:
    import onnx

    return strip(onnx.load(path)).SerializeToString()


def _check(images: Tensor, activations: str, calibrate: str) -> None:
    if images.ndim != 4 or len(images) == 0 or images.dtype != torch.float32:
        raise ValueError(
            "calibration_images must be float32, n x channel x height x width, at least one; "
            f"got {images.dtype} of shape {tuple(images.shape)}"
        )
    if activations not in ("uint8", "int8"):
        raise ValueError(f'activations must be "uint8" or "int8"; got {activations!r}')
    if calibrate not in METHODS:
        raise ValueError(f"calibrate must be one of {', '.join(METHODS)}; got {calibrate!r}")
