"""A whole network run on integer codes, in plain torch: slow, and easy to look into."""

from collections.abc import Callable

import torch
from torch import Tensor, nn

from course_utils.quantize.calibration import min_max
from course_utils.quantize.grid import Quantized, affine, symmetric
from course_utils.quantize.integer import integer_conv2d, integer_linear

Calibrate = Callable[[Tensor], tuple[float, float]]


class IntegerNetwork:
    """Runs a Sequential network on 8-bit codes; between input and logits there is no float.

    The layers before the first convolution or linear layer (the normalisation) run in
    float. A ReLU after a layer is free: its output grid starts at 0, so clamping does it.
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
        self.steps: list[tuple[nn.Module, Quantized | None, Quantized | None]] = []
        layers = list(model.children())
        first = next(i for i, layer in enumerate(layers) if _is_weighted(layer))
        self.before = layers[:first]
        with torch.no_grad():
            x = self._prepare(images)
            self.input_grid = _grid(x, calibrate)
            for layer, after in zip(layers[first:], layers[first + 1 :] + [None], strict=True):
                x = layer(x)
                weight = grid = None
                if _is_weighted(layer):
                    seen = x.relu() if isinstance(after, nn.ReLU) else x
                    weight, grid = symmetric(layer.weight, axis=axis), _grid(seen, calibrate)
                elif not isinstance(layer, _ON_CODES):
                    raise TypeError(f"no integer version of {type(layer).__name__} here")
                self.steps.append((layer, weight, grid))

    def __call__(self, images: Tensor) -> Tensor:
        """Returns logits, n x class, dequantized at the very end."""
        with torch.no_grad():
            x = _on(self.input_grid, self._prepare(images))
            for layer, weight, grid in self.steps:
                x = _run(layer, weight, grid, x)
        return x.dequantize()

    def _prepare(self, x: Tensor) -> Tensor:
        for layer in self.before:
            x = layer(x)
        return x


_ON_CODES = (nn.ReLU, nn.MaxPool2d, nn.Flatten, nn.Dropout, nn.Identity)


def _is_weighted(layer: nn.Module) -> bool:
    return isinstance(layer, nn.Conv2d | nn.Linear)


def _grid(x: Tensor, calibrate: Calibrate) -> Quantized:
    low, high = calibrate(x)
    return affine(torch.zeros(1), low=low, high=high)


def _on(grid: Quantized, x: Tensor) -> Quantized:
    codes = torch.round(x / grid.scale) + grid.zero_point
    codes = codes.clamp(0, 2**grid.bits - 1).to(torch.int32)
    return Quantized(codes, grid.scale, grid.zero_point, grid.bits)


def _run(layer, weight: Quantized | None, grid: Quantized | None, x: Quantized) -> Quantized:
    if isinstance(layer, nn.Linear):
        return integer_linear(x, weight, layer.bias, **_output(grid))
    if isinstance(layer, nn.Conv2d):
        if layer.groups != 1 or layer.dilation != (1, 1) or layer.stride[0] != layer.stride[1]:
            raise TypeError(f"no integer version of {layer} here")
        options = {"stride": layer.stride[0], "padding": layer.padding[0]}
        return integer_conv2d(x, weight, layer.bias, **_output(grid), **options)
    return Quantized(_on_codes(layer, x), x.scale, x.zero_point, x.bits)


def _output(grid: Quantized) -> dict:
    return {"scale": grid.scale.item(), "zero_point": int(grid.zero_point)}


def _on_codes(layer: nn.Module, x: Quantized) -> Tensor:
    """Layers that only compare or move values do the same to their codes."""
    if isinstance(layer, nn.ReLU):
        return x.codes.clamp(min=int(x.zero_point))
    if isinstance(layer, nn.MaxPool2d):
        size = layer.kernel_size
        return x.codes.unfold(2, size, size).unfold(3, size, size).amax((4, 5))
    return x.codes.flatten(1) if isinstance(layer, nn.Flatten) else x.codes
