"""A network's weights as packed codes, and back: what the small files hold.

Each rounded weight becomes two tensors, NAME.codes (packed bytes) and NAME.scale (float32).
Everything else, biases and normalisation, stays float32: it is 0.3 % of SimplifiedCNN's
numbers, and rounding it would cost accuracy for next to no bytes.
"""

from math import prod

import torch
from torch import Tensor, nn

from course_utils import codec
from course_utils.quantize.checks import check_bits_or_word
from course_utils.quantize.grid import Quantized
from course_utils.quantize.straight_through import bake
from course_utils.quantize.weights import Bits, weight_codes


def pack_weights(
    model: nn.Module, *, bits: Bits, axis: int | None = 0, clip: str = "max"
) -> tuple[dict[str, Tensor], dict]:
    """Turns a network's state into packed tensors and a layout that JSON can hold.

    Weights already rounded to these bits, by `quantize_weights` or `train_through`, are
    stored as they are: `unpack_weights` gives them back bit for bit. Others are rounded.

    Returns:
        tensors: name to tensor; layout: {name: [bits, axis, shape]} of the packed ones.
    """
    plain = bake(model)
    tensors, layout = dict(plain.state_dict()), {}
    for name, codes in weight_codes(plain, bits=bits, axis=axis, clip=clip).items():
        del tensors[name]
        tensors[f"{name}.codes"] = _pack(codes)
        tensors[f"{name}.scale"] = codes.scale
        layout[name] = [codes.bits, codes.axis, list(codes.codes.shape)]
    return tensors, layout


def unpack_weights(tensors: dict[str, Tensor], layout: dict) -> dict[str, Tensor]:
    """Turns what `pack_weights` made back into a state dict of floats.

    Raises:
        ValueError: the layout and the tensors do not belong together.
    """
    state = dict(tensors)
    for name, entry in layout.items():
        bits, axis, shape = _entry(name, entry)
        try:
            packed, scale = state.pop(f"{name}.codes"), state.pop(f"{name}.scale")
        except KeyError as missing:
            raise ValueError(f"the layout names {name}, but {missing} is not in the file") from None
        if tuple(scale.shape) != (() if axis is None else (shape[axis],)):
            raise ValueError(f"{name} of shape {shape} has scales of shape {tuple(scale.shape)}")
        codes = _unpack(packed, bits, prod(shape)).view(shape).to(torch.int32)
        zero = torch.zeros_like(scale, dtype=torch.int32)
        state[name] = Quantized(codes, scale, zero, bits, axis).dequantize()
    return state


def _pack(rounded: Quantized) -> Tensor:
    """Shifts signed codes to start at 0, and packs them."""
    if rounded.bits == "ternary":
        return codec.pack_trits(rounded.codes + 1)
    if rounded.bits == "binary":
        return codec.pack((rounded.codes + 1) // 2, bits=1)
    return codec.pack(rounded.codes + _offset(rounded.bits), bits=rounded.bits)


def _unpack(packed: Tensor, bits: int | str, count: int) -> Tensor:
    if bits == "ternary":
        return codec.unpack_trits(packed, count=count) - 1
    if bits == "binary":
        return codec.unpack(packed, bits=1, count=count) * 2 - 1
    return codec.unpack(packed, bits=bits, count=count) - _offset(bits)


def _offset(bits: int) -> int:
    return 2 ** (bits - 1) - 1


def _entry(name: str, entry: list) -> tuple[int | str, int | None, list[int]]:
    """Reads one line of the layout with suspicion: it came from a file."""
    try:
        bits, axis, shape = entry
        check_bits_or_word(bits)
        whole = all(isinstance(n, int) and n > 0 for n in shape) and len(shape) > 0
        if not whole or not (axis is None or (isinstance(axis, int) and 0 <= axis < len(shape))):
            raise ValueError(f"axis {axis!r}, shape {shape!r}")
    except (TypeError, ValueError) as error:
        raise ValueError(f"the layout of {name} makes no sense: {error}") from None
    return bits, axis, shape
