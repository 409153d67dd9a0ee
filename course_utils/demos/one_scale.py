"""One scale for a whole layer against one for each channel: which layers does it hurt?"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from torch import Tensor, nn

from course_utils import data, models, quantize, training
from course_utils.demos.layer_kinds import depthwise
from course_utils.demos.lesson_4_6 import agreement_rows, logits, told
from course_utils.quantize.weights import weighted_layers

KINDS = ("depthwise", "all other layers")


def codes_left(small: nn.Module, network: nn.Module) -> dict[str, list[float]]:
    """The largest code of the middle channel when a layer has one scale, by kind of layer.

    127 would mean that all channels are alike. `small` has one kind only.
    """
    found: dict[str, list[float]] = {"SimplifiedCNN": []} | {kind: [] for kind in KINDS}
    for net in (small, network):
        for layer in weighted_layers(net).values():
            largest = layer.weight.detach().flatten(1).abs().amax(1)
            kind = "SimplifiedCNN" if net is small else KINDS[not depthwise(layer)]
            found[kind].append((127 * largest.median() / largest.max()).item())
    return found


def rows(
    path: str | Path, network: nn.Module, crops: Tensor, whole: Tensor
) -> tuple[list[dict[str, str]], Tensor, Tensor]:
    """Blame for one scale a layer: it rules depthwise layers only, then all others only.

    Returns:
        Rows for `lesson.table`; how far the logits are off, by photograph, for each of KINDS.
    """
    ways = {"many scales": (), **{f"one scale: {kind}": (kind,) for kind in KINDS}}
    found = {way: logits(rounded(path, network, kinds), crops) for way, kinds in ways.items()}
    off = {way: (answers - whole).abs().mean((1, 2)) for way, answers in found.items()}
    rows = [row | {"logits off by": told(by)} for row, by in
            zip(agreement_rows(found, whole), off.values(), strict=True)]  # fmt: skip
    return rows, *list(off.values())[1:]


def on_clothes(network: nn.Module) -> float:
    """On which share of 1,000 validation images a network's class survives one scale a layer."""
    images, _ = data.fashion_mnist("validation", limit=1000)
    one = quantize.quantize_weights(network, bits=8, axis=None)
    ours, theirs = (training.predict(net, images).argmax(1) for net in (one, network))
    return (ours == theirs).double().mean().item()


def rounded(path: str | Path, network: nn.Module, kinds: Sequence[str]) -> models.OnnxNetwork:
    """Round the weights of a float file to 8 bits: one scale a layer in `kinds`, else many.

    Activations stay floats, so that the weights alone can be to blame.

    Args:
        network: whose weights the file holds, by the same names.
        kinds: of KINDS.
    """
    import onnx

    model, layers = onnx.load(path), weighted_layers(network)
    for tensor in model.graph.initializer:
        layer = layers.get(tensor.name.removesuffix(".weight"))
        if layer is None or not tensor.name.endswith(".weight"):
            continue
        axis = None if KINDS[not depthwise(layer)] in kinds else 0
        rounded = quantize.round_weight(layer.weight, bits=8, axis=axis).dequantize()
        tensor.CopyFrom(onnx.numpy_helper.from_array(rounded.numpy(), tensor.name))
    return models.OnnxNetwork(model.SerializeToString())
