"""What lesson 5.7 carries from PyTorch to ONNX Runtime, and what breaks on the way."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence

import torch
from torch import Tensor, nn

from course_utils import models, training
from course_utils.quantize.onnx_export import onnx_bytes, quietly


class Pairs:
    """Networks in PyTorch, and each carried to ONNX Runtime, made when first asked for.

    Attributes:
        names: of the networks.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        self._both: dict[str, tuple[models.Network, models.OnnxNetwork]] = {}

    def logits(self, name: str, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return a network's logits of an image, in PyTorch and in ONNX Runtime."""
        if name not in self._both:
            network = models.load_network(name)
            self._both[name] = network, models.OnnxNetwork(onnx_bytes(network))
        one, other = (training.predict(network, image[None])[0] for network in self._both[name])
        return one, other


class Two(nn.Module):
    """Answers bright pictures one way and dark ones another, by a Python `if`."""

    def __init__(self) -> None:
        super().__init__()
        with torch.random.fork_rng(devices=[]):
            torch.manual_seed(0)
            self.bright, self.dark = nn.Linear(1024, 10), nn.Linear(1024, 10)

    def forward(self, images: Tensor) -> Tensor:
        """n x 1 x 32 x 32 to n x 10."""
        flat = images.flatten(1)
        return self.bright(flat) if images.max() > 0.5 else self.dark(flat)


def traced_if(*, bright: Tensor, dark: Tensor) -> dict[str, float]:
    """Carry `Two` by tracing a bright image, and return the largest difference on each image."""
    network, file = Two().eval(), io.BytesIO()
    with quietly(), warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(network, (bright[None],), file, dynamo=False, input_names=["images"],
                          output_names=["logits"])  # fmt: skip
    carried = models.OnnxNetwork(file.getvalue())
    return {
        f"on {name}": (carried(image[None]) - network(image[None])).abs().max().item()
        for name, image in (("bright", bright), ("dark", dark))
    }


def bytes_of(network: nn.Module) -> int:
    """Return the bytes of all tensors that a network would have to save, masks included."""
    return sum(one.numel() * one.element_size() for one in network.state_dict().values())
