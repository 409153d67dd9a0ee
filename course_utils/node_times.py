"""Where ONNX Runtime spends its time, node by node, by its own profiler."""

from __future__ import annotations

import json
import statistics
import tempfile
from collections import Counter, defaultdict
from dataclasses import dataclass
from pathlib import Path

import torch

from course_utils.models import network_path

_KINDS = {
    "conv": ("Conv", "FusedConv", "QLinearConv", "ConvInteger"),
    "pool": ("MaxPool", "NhwcMaxPool"),
    "fc": ("Gemm", "FusedGemm", "QGemm", "MatMul", "QLinearMatMul", "MatMulInteger"),
}
"""The layers of the course's networks, by the operators that run them."""


@dataclass(frozen=True)
class NodeTime:
    """One node that ONNX Runtime ran.

    Attributes:
        layer: "conv1", "pool1", "fc2" in the order of the run; "" for all other nodes.
        operator: what ran, such as "QLinearConv".
        takes: type of its first input, such as "uint8" or "float".
        gives: type of its output.
        seconds: median over the runs.
        fastest: the shortest of the runs, in seconds. Other programs can only add time: on a
            busy machine this comes nearest to what the node itself takes.
    """

    layer: str
    operator: str
    takes: str
    gives: str
    seconds: float
    fastest: float


def node_times(
    source: str | Path | bytes,
    images: torch.Tensor,
    *,
    runs: int = 20,
    warmup: int = 3,
    threads: int = 1,
) -> list[NodeTime]:
    """Run an ONNX file several times and return the time of every node, in the order of a run.

    The nodes are those left after ONNX Runtime's own optimisation: what it really runs.

    Args:
        source: a file, a committed network's name with its ending, or a file's bytes.
        images: one batch, of the type and shape that the file's input has.
    """
    events = _events(source, images, runs + warmup, threads)
    series: dict[str, list[dict]] = defaultdict(list)
    for event in events:
        series[event["name"]].append(event)
    layers, found = Counter(), []
    for same in series.values():
        told, times = same[0]["args"], [event["dur"] / 1e6 for event in same[warmup:]]
        found.append(
            NodeTime(
                layer=_layer(told["op_name"], layers),
                operator=told["op_name"],
                takes=_type(told["input_type_shape"]),
                gives=_type(told["output_type_shape"]),
                seconds=statistics.median(times),
                fastest=min(times),
            )
        )
    return found


def _events(
    source: str | Path | bytes, images: torch.Tensor, runs: int, threads: int
) -> list[dict]:
    """One entry for each node and run, as the profiler wrote it; `dur` is microseconds."""
    import onnxruntime

    options = onnxruntime.SessionOptions()
    options.enable_profiling = True
    options.intra_op_num_threads = threads
    options.log_severity_level = 3
    content = source if isinstance(source, bytes) else network_path(source).read_bytes()
    with tempfile.TemporaryDirectory() as folder:
        options.profile_file_prefix = str(Path(folder) / "profile")
        session = onnxruntime.InferenceSession(content, options, ["CPUExecutionProvider"])
        feed = {session.get_inputs()[0].name: images.numpy()}
        for _ in range(runs):
            session.run(None, feed)
        written = json.loads(Path(session.end_profiling()).read_text(encoding="utf-8"))
    return [e for e in written if e.get("cat") == "Node" and e["name"].endswith("_kernel_time")]


def _layer(operator: str, seen: Counter) -> str:
    for kind, operators in _KINDS.items():
        if operator in operators:
            seen[kind] += 1
            return f"{kind}{seen[kind]}"
    return ""


def _type(shapes: list[dict]) -> str:
    return next(iter(shapes[0])) if shapes else "–"
