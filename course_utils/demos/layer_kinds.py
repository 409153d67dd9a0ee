"""The kinds of layers in a network of depthwise blocks: what they hold, and what they cost."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from torch import Tensor, nn

from course_utils import measure
from course_utils.node_times import node_times
from course_utils.quantize.weights import weighted_layers


def depthwise(layer: nn.Module) -> bool:
    """Whether each channel of a layer has a kernel of its own."""
    return isinstance(layer, nn.Conv2d) and layer.groups == layer.in_channels > 1


def depthwise_share(network: nn.Module) -> float:
    """Which share of the parameters are weights of depthwise layers."""
    layers = weighted_layers(network).values()
    return sum(x.weight.numel() for x in layers if depthwise(x)) / measure.parameters(network)


def kinds(network: nn.Module) -> list[tuple[str, str]]:
    """The name and the kind of each convolution, in the order in which they run."""
    layers = [(n, m) for n, m in network.named_modules() if isinstance(m, nn.Conv2d)]
    return [
        (name, "depthwise" if depthwise(m) else "1 × 1" if m.kernel_size == (1, 1) else "first")
        for name, m in layers
    ]


def time_rows(
    files: Mapping[str, str | Path], network: nn.Module, image: Tensor
) -> list[dict[str, float | str]]:
    """Rows for `lesson.table`: products in a sum, share of the work, milliseconds in each file.

    Args:
        files: ONNX files of the network by name; one thread each, the fastest of 20 runs.
    """
    order, work = kinds(network), measure.macs_by_layer(network)
    share = {name: count / sum(work.values()) for name, count in work.items()}
    rows = {
        kind: {"layers": kind, "products in a sum": _terms(network, order, kind),
               "share of the work": sum(share[name] for name, k in order if k == kind)}
        for kind in ("first", "depthwise", "1 × 1")
    }  # fmt: skip
    rows["else"] = {"layers": "else", "products in a sum": "", "share of the work": None}
    for name, file in files.items():
        spent = dict.fromkeys(rows, 0.0)
        for node in node_times(file, image):
            conv = node.layer.startswith("conv")
            kind = order[int(node.layer.removeprefix("conv")) - 1][1] if conv else "else"
            spent[kind] += 1e3 * node.fastest
        for kind, value in spent.items():
            rows[kind][name] = value
    rest = 1 - sum(rows[kind]["share of the work"] for kind in rows if kind != "else")
    rows["else"]["share of the work"] = rest
    return list(rows.values())


def _terms(network: nn.Module, order: list[tuple[str, str]], kind: str) -> str:
    """How many products one output number sums, from the fewest to the most."""
    counts = [network.get_submodule(n).weight[0].numel() for n, k in order if k == kind]
    low, high = min(counts), max(counts)
    return str(low) if low == high else f"{low} to {high:,}"
