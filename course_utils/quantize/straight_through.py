"""Training through the rounding: the straight-through estimator (Bengio 2013, 1308.3432).

Rounding is flat almost everywhere, so its true gradient is 0 and teaches nothing. The forward
pass uses the rounded weights; the backward pass pretends that nothing was rounded, and
changes the float weights behind them.
"""

import copy

from torch import Tensor, nn
from torch.nn.utils import parametrize

from course_utils.quantize.calibration import mse_limit
from course_utils.quantize.checks import check_clip
from course_utils.quantize.grid import Quantized
from course_utils.quantize.weights import Bits, bits_per_layer, place, round_weight, weighted_layers


def straight_through(x: Tensor, rounded: Tensor) -> Tensor:
    """Returns rounded, to the last bit, with the gradient of x."""
    return rounded.detach() + (x - x.detach())


class RoundThrough(nn.Module):
    """Stands between a layer and its float weight: the layer sees the rounded one.

    With clip "mse" the grid is chosen once, for the weight given here, and stays.
    """

    def __init__(
        self, weight: Tensor, *, bits: int | str, axis: int | None = 0, clip: str = "mse"
    ) -> None:
        super().__init__()
        check_clip(clip)
        self.bits, self.axis = bits, axis
        fixed = clip == "mse" and isinstance(bits, int)
        self.register_buffer("limit", mse_limit(weight, bits=bits, axis=axis) if fixed else None)

    def codes(self, weight: Tensor) -> Quantized:
        """The codes of the weight as it is now."""
        clip = "max" if self.limit is None else self.limit
        return round_weight(weight, bits=self.bits, axis=self.axis, clip=clip)

    def forward(self, weight: Tensor) -> Tensor:
        """Rounds on the way forward, lets gradients pass on the way back."""
        return straight_through(weight, self.codes(weight).dequantize())


def train_through(
    model: nn.Module, *, bits: Bits, axis: int | None = 0, clip: str = "mse"
) -> nn.Module:
    """Returns a copy to be trained further: its layers see rounded weights from now on.

    Train it as any network, then `bake` it.

    Args:
        bits: 2 to 8, "ternary" or "binary" for every layer, or {layer name: bits}.
        axis: 0 gives every output channel its own scale, None all of them one.
        clip: "max" lets the grid follow the largest weight at every step; "mse" chooses it
            once, for the least squared error, and keeps it.
    """
    student = bake(model)
    for name, layer_bits in bits_per_layer(student, bits).items():
        layer = student.get_submodule(name)
        rounding = RoundThrough(layer.weight, bits=layer_bits, axis=axis, clip=clip)
        parametrize.register_parametrization(layer, "weight", rounding)
    return student


def bake(model: nn.Module) -> nn.Module:
    """Returns a plain copy whose weights are the rounded ones; it computes exactly the same."""
    plain = copy.deepcopy(model)
    for layer in weighted_layers(plain).values():
        if not parametrize.is_parametrized(layer, "weight"):
            continue
        *before, last = layer.parametrizations.weight
        if not isinstance(last, RoundThrough):
            continue
        weight = layer.parametrizations.weight.original
        for stage in before:  # a pruning mask, say
            weight = stage(weight)
        codes = last.codes(weight)
        # The copy shares its class with the original, and removing edits the class.
        kind = type(layer)
        layer.__class__ = type(kind.__name__, kind.__bases__, dict(kind.__dict__))
        parametrize.remove_parametrizations(layer, "weight", leave_parametrized=True)
        for name in [name for name in layer._parameters if name != "weight"]:
            layer._parameters[name] = layer._parameters.pop(name)  # weight first, as it was
        place(layer, codes)
    return plain
