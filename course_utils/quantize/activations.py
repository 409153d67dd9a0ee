"""Rounding what flows between the layers, with ranges chosen beforehand from a few images."""

import copy
from collections.abc import Callable
from contextlib import ExitStack

import torch
from torch import Tensor, nn

from course_utils.quantize.calibration import min_max
from course_utils.quantize.grid import affine
from course_utils.quantize.straight_through import straight_through
from course_utils.quantize.weights import weighted_layers


class RoundInput:
    """A hook before a layer: rounds its input to a fixed affine grid, gradients pass."""

    def __init__(self, low: float, high: float, bits: int) -> None:
        self.low, self.high, self.bits = low, high, bits

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor]) -> tuple[Tensor]:
        """Returns the rounded input."""
        (x,) = inputs
        grid = affine(x, bits=self.bits, low=self.low, high=self.high)
        return (straight_through(x, grid.dequantize()),)


def layer_inputs(model: nn.Module, images: Tensor) -> dict[str, Tensor]:
    """Runs the network once, in eval mode, and returns what each weighted layer was given."""
    seen, was_training = {}, model.training
    with ExitStack() as stack, torch.no_grad():
        stack.callback(model.train, was_training)
        for name, layer in weighted_layers(model).items():

            def keep(_, inputs, name=name):
                seen[name] = inputs[0].detach()

            stack.callback(layer.register_forward_pre_hook(keep).remove)
        model.eval()(images)
    return seen


def round_activations(
    model: nn.Module,
    images: Tensor,
    *,
    bits: int = 8,
    calibrate: Callable[[Tensor], tuple[float, float]] = min_max,
) -> nn.Module:
    """Returns a copy that rounds the input of every convolution and linear layer.

    Args:
        images: the few images from which the ranges are chosen; never the test set.
        bits: 2 to 16.
        calibrate: chooses (low, high) from the values seen; see `calibration`.
    """
    rounded = copy.deepcopy(model)
    for name, x in layer_inputs(rounded, images).items():
        hook = RoundInput(*calibrate(x), bits)
        rounded.get_submodule(name).register_forward_pre_hook(hook)
    return rounded
