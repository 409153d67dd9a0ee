"""Rounding the weights of a trained network, without training it again."""

import copy

import torch
from torch import Tensor, nn

from course_utils.quantize.calibration import mse_limit
from course_utils.quantize.checks import check_bits_or_word, check_clip
from course_utils.quantize.grid import Quantized, symmetric
from course_utils.quantize.lowbit import binary, ternary

Bits = int | str | dict[str, int | str]


def round_weight(
    weight: Tensor, *, bits: int | str, axis: int | None = 0, clip: str | Tensor = "max"
) -> Quantized:
    """Rounds one weight tensor to a grid with 0 on it (but for "binary").

    Args:
        weight: output channel x ..., as Conv2d and Linear keep it.
        bits: 2 to 8 (symmetric), "ternary" or "binary".
        axis: 0 gives every output channel its own scale, None all of them one.
        clip: "max" covers the largest weight; "mse" the limit with the least squared error;
            or that limit itself. Ternary and binary weights have their own rule.
    """
    check_bits_or_word(bits)
    check_clip(clip)
    if bits == "ternary":
        return ternary(weight, axis=axis)
    if bits == "binary":
        return binary(weight, axis=axis)
    if isinstance(clip, str):
        clip = mse_limit(weight, bits=bits, axis=axis) if clip == "mse" else None
    return symmetric(weight, bits=bits, axis=axis, limit=clip)


def quantize_weights(
    model: nn.Module, *, bits: Bits, axis: int | None = 0, clip: str = "max"
) -> nn.Module:
    """Returns a copy whose weights lie on the grid; biases and everything else are kept.

    The copy still computes with floats, and is as large as before: `pack_weights` makes the
    file small.

    Args:
        bits: 2 to 8, "ternary" or "binary" for every layer, or {layer name: bits}; layers
            that are not named stay as they are.
        axis: see `round_weight`; so is clip.
    """
    rounded = copy.deepcopy(model)
    for name, layer_bits in bits_per_layer(rounded, bits).items():
        layer = rounded.get_submodule(name)
        place(layer, round_weight(layer.weight, bits=layer_bits, axis=axis, clip=clip))
    return rounded


def weight_codes(
    model: nn.Module, *, bits: Bits, axis: int | None = 0, clip: str = "max"
) -> dict[str, Quantized]:
    """Returns the codes of every weight: {"conv1.weight": Quantized, ...}.

    A weight that this package rounded to the same bits before keeps the codes it was made
    of, so that nothing is rounded twice.
    """
    codes = {}
    for name, layer_bits in bits_per_layer(model, bits).items():
        layer = model.get_submodule(name)
        known = placed(layer)
        if known is None or known.bits != layer_bits:
            known = round_weight(layer.weight, bits=layer_bits, axis=axis, clip=clip)
        codes[f"{name}.weight"] = known
    return codes


def weighted_layers(model: nn.Module) -> dict[str, nn.Module]:
    """Returns the layers that have a weight worth rounding, by name."""
    kinds = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Embedding, nn.EmbeddingBag)
    return {name: layer for name, layer in model.named_modules() if isinstance(layer, kinds)}


def bits_per_layer(model: nn.Module, bits: Bits) -> dict[str, int | str]:
    """Says for every layer to be rounded how many bits it gets."""
    layers = weighted_layers(model)
    if not isinstance(bits, dict):
        bits = dict.fromkeys(layers, bits)
    for name, layer_bits in bits.items():
        check_bits_or_word(layer_bits)
        if name not in layers:
            slip = name.removesuffix(".weight")
            hint = f" Did you mean {slip!r}?" if slip in layers and slip != name else ""
            raise ValueError(f"no layer named {name!r}; there are {', '.join(layers)}.{hint}")
    return bits


def place(layer: nn.Module, rounded: Quantized) -> None:
    """Puts rounded values into a layer, and remembers the codes they were made of."""
    with torch.no_grad():
        layer.weight.copy_(rounded.dequantize())
    layer.rounded = rounded


def placed(layer: nn.Module) -> Quantized | None:
    """The codes a layer's weight was made of; None if there are none, or it changed since."""
    rounded = getattr(layer, "rounded", None)
    if rounded is None or not torch.equal(rounded.dequantize().cpu(), layer.weight.detach().cpu()):
        return None
    return rounded
