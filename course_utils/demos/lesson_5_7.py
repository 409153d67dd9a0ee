"""What lesson 5.7 carries from PyTorch to ONNX Runtime, and what breaks on the way."""

from __future__ import annotations

import io
import warnings
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

from course_utils import models, training
from course_utils.quantize.onnx_export import onnx_bytes, quietly


class Pairs:
    """Networks in PyTorch, and each carried to ONNX Runtime.

    Attributes:
        names: of the networks.
    """

    def __init__(self, names: Sequence[str]) -> None:
        self.names = list(names)
        networks = {name: models.load_network(name) for name in names}
        self._both = {name: (one, models.OnnxNetwork(onnx_bytes(one)))
                      for name, one in networks.items()}  # fmt: skip

    def logits(self, name: str, image: Tensor) -> tuple[Tensor, Tensor]:
        """Return a network's logits of an image, in PyTorch and in ONNX Runtime."""
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


@dataclass(frozen=True)
class Traced:
    """`Two`, carried by tracing a bright image.

    Attributes:
        bright, dark: the largest difference of any logit on the bright image, and on a dark one.
        warned: the first sentence that the exporter said, or "".
    """

    bright: float
    dark: float
    warned: str


def traced_if(*, bright: Tensor, dark: Tensor) -> Traced:
    """Carry `Two` by tracing a bright image, and look how far it is off on either image."""
    network, file = Two().eval(), io.BytesIO()
    with quietly(), warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", torch.jit.TracerWarning)
        torch.onnx.export(network, (bright[None],), file, dynamo=False, input_names=["images"],
                          output_names=["logits"])  # fmt: skip
    told = [str(one.message) for one in said if one.category is torch.jit.TracerWarning]
    carried = models.OnnxNetwork(file.getvalue())
    gaps = [(carried(image[None]) - network(image[None])).abs().max().item()
            for image in (bright, dark)]  # fmt: skip
    return Traced(*gaps, warned=told[0].split(". ")[0] if told else "")


def refusal(network: nn.Module) -> str:
    """Return why the newer exporter refuses a network, its reason's first line; "" if it does not.

    Args:
        network: takes n x 1 x 32 x 32.
    """
    try:
        onnx_bytes(network)
    except torch.onnx.OnnxExporterError as error:
        return str(error.__cause__ or error).splitlines()[0]
    return ""


def bytes_of(network: nn.Module) -> int:
    """Return the bytes of all tensors that a network would have to save, masks included."""
    return sum(one.numel() * one.element_size() for one in network.state_dict().values())
