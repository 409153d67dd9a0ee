"""A whole network run on integer codes, in plain torch: slow, and easy to look into."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.quantize.calibration import min_max
from course_utils.quantize.grid import Quantized, affine, symmetric
from course_utils.quantize.integer import integer_conv2d, integer_linear

Calibrate = Callable[[Tensor], tuple[float, float]]
_MOVING = (nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Dropout, nn.Identity)


class IntegerNetwork:
    """Runs a Sequential network on 8-bit codes; between input and logits there is no float.

    The layers before the first convolution or linear layer (the normalisation) run in
    float. A ReLU after a layer is free: its output grid starts at 0, so clamping does it.

    Attributes:
        steps: (layer, its weight's codes, its output's grid); the last two None for layers
            that only compare or move codes.
    """

    def __init__(
        self,
        model: nn.Sequential,
        images: Tensor,
        *,
        calibrate: Calibrate = min_max,
        axis: int | None = 0,
    ) -> None:
        """Chooses every grid from a few images: n x channel x height x width in [0, 1].

        Args:
            calibrate: chooses (low, high) from the values seen at one place.
            axis: 0 gives every output channel of a weight its own scale, None all one.
        """
        layers = _layers(model)
        first = next(i for i, layer in enumerate(layers) if _is_weighted(layer))
        self.before, layers = layers[:first], layers[first:]
        self.steps: list[tuple[nn.Module, Quantized | None, Quantized | None]] = []
        with torch.no_grad():
            x = self._prepare(images)
            self.input_grid = _grid(x, calibrate)
            for layer, after in zip(layers, [*layers[1:], None], strict=True):
                _check(layer)
                if not isinstance(layer, nn.Dropout):
                    x = layer(x)
                weight = grid = None
                if _is_weighted(layer):
                    seen = x.relu() if isinstance(after, nn.ReLU) else x
                    weight, grid = symmetric(layer.weight, axis=axis), _grid(seen, calibrate)
                self.steps.append((layer, weight, grid))

    def __call__(self, images: Tensor) -> Tensor:
        """Returns logits, n x class, dequantized at the very end."""
        with torch.no_grad():
            x = _round_to(self.input_grid, self._prepare(images))
            for layer, weight, grid in self.steps:
                x = _run(layer, weight, grid, x)
        return x.dequantize()

    def _prepare(self, x: Tensor) -> Tensor:
        for layer in self.before:
            x = layer(x)
        return x


def _layers(model: nn.Sequential) -> list[nn.Module]:
    if not isinstance(model, nn.Sequential):
        raise TypeError(f"IntegerNetwork takes a Sequential network; got {type(model).__name__}")
    layers = list(model)
    if not any(_is_weighted(layer) for layer in layers):
        raise TypeError("there is no convolution or linear layer to run on integers")
    return layers


def _is_weighted(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d | nn.Linear)


def _check(layer: nn.Module) -> None:
    """Lets pass what `_run` can do."""
    good = isinstance(layer, (nn.Linear, *_MOVING))
    if isinstance(layer, nn.Conv2d):
        square = layer.stride[0] == layer.stride[1] and len(set(layer.padding)) == 1
        plain = layer.groups == 1 and layer.dilation == (1, 1) and layer.padding_mode == "zeros"
        good = square and plain and not isinstance(layer.padding, str)
    if isinstance(layer, nn.MaxPool2d):
        good = layer.stride == layer.kernel_size and not layer.padding and not layer.ceil_mode
    if not good:
        raise TypeError(f"no integer version of {layer} here")


def _grid(x: Tensor, calibrate: Calibrate) -> Quantized:
    """An affine grid over the values seen, kept without any codes."""
    low, high = calibrate(x)
    return affine(torch.zeros(1), low=low, high=high)


def _round_to(grid: Quantized, x: Tensor) -> Quantized:
    codes = torch.round(x / grid.scale) + grid.zero_point
    codes = codes.clamp(0, 2**grid.bits - 1).to(torch.int32)
    return Quantized(codes, grid.scale, grid.zero_point, grid.bits)


def _run(layer, weight: Quantized | None, grid: Quantized | None, x: Quantized) -> Quantized:
    if weight is None:
        return Quantized(_move(layer, x), x.scale, x.zero_point, x.bits)
    output = {"scale": grid.scale.item(), "zero_point": int(grid.zero_point)}
    if isinstance(layer, nn.Linear):
        return integer_linear(x, weight, layer.bias, **output)
    windows = {"stride": layer.stride[0], "padding": layer.padding[0]}
    return integer_conv2d(x, weight, layer.bias, **output, **windows)


def _move(layer: nn.Module, x: Quantized) -> Tensor:
    """Layers that only compare or move values do the same to their codes."""
    if isinstance(layer, nn.ReLU):
        return x.codes.clamp(min=int(x.zero_point))
    if isinstance(layer, nn.MaxPool2d):
        height, width = nn.modules.utils._pair(layer.kernel_size)
        return x.codes.unfold(2, height, height).unfold(3, width, width).amax((4, 5))
    return x.codes.flatten(1) if isinstance(layer, nn.Flatten) else x.codes
