"""The recipe of lesson 4.6: photographs explained with care, in floats and in integers.

It has no row on the scoreboard: it writes LIME's weights into `data/studies/photographs.npz`.
"""

from __future__ import annotations

import io
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy
import torch
from torch import Tensor
from torch.nn.functional import interpolate

from course_utils import models, photos, quantize, surrogate
from course_utils.models import lite0

CALIBRATION = ("rocket", "palace", "flower", "admiral", "coins", "retina", "clock")
"""Photographs whose crops set the ranges of the integers."""
EXPLAINED = ("cat", "coffee", "motorcycle", "astronaut", "cameraman")
"""Photographs on which floats and integers are compared: none of the above."""
SAMPLES = (50, 100, 200)
SEEDS = (0, 1, 2)
CAREFUL, CAREFUL_SEED = 1000, 10
SMALL = 128


def calibration(*, count: int = 4) -> Tensor:
    """Return some crops of each of the calibration photographs, n x 3 x 224 x 224."""
    return torch.cat([
        photos.crops(photos.load(name), count, seed=seed) for seed, name in enumerate(CALIBRATION)
    ])  # fmt: skip


def superpixels(image: Tensor, count: int = 50) -> Tensor:
    """Cut an image into about so many pieces that follow its edges (SLIC, Achanta 2012).

    Args:
        image: 1 x 3 x height x width.

    Returns:
        height x width, whole numbers from 0.
    """
    from skimage.segmentation import slic

    pixels = image[0].permute(1, 2, 0).numpy()
    pieces = slic(pixels, n_segments=count, compactness=10, start_label=0)
    return torch.from_numpy(numpy.unique(pieces, return_inverse=True)[1].reshape(pieces.shape))


def resized(path: str | Path, size: int, *, threads: int | None = None) -> models.OnnxNetwork:
    """Open a network file of convolutions and a mean for images of another size."""
    import onnx

    model = onnx.load(path)
    for axis in model.graph.input[0].type.tensor_type.shape.dim[2:]:
        axis.dim_value = size
    return models.OnnxNetwork(model.SerializeToString(), threads=threads)


def explained(folder: Path) -> list[Path]:
    """Explain every photograph in every way: about 5 CPU minutes."""
    content = io.BytesIO()
    numpy.savez_compressed(content, **answers())
    path = folder.parent / "studies" / "photographs.npz"
    path.parent.mkdir(exist_ok=True)
    return [models.write_atomically(path, content.getvalue())]


def answers() -> dict[str, Any]:
    """Return all arrays of all photographs by name."""
    with tempfile.TemporaryDirectory() as place:
        network = lite0.fold_norms(lite0.pretrained())
        shape, folder = network.input_shape, Path(place)
        floats = quantize.export_onnx(network, folder / "floats.onnx", input_shape=shape)
        eights = quantize.quantize_static(floats, folder / "eights.onnx", calibration())
        mended = quantize.float_output(eights, folder / "mended.onnx")
        files = {"floats": floats, "integers": eights, "mended": mended}
        networks = {way: models.OnnxNetwork(file) for way, file in files.items()}
        small = resized(floats, SMALL)
        return dict(pair for name in EXPLAINED for pair in _photo(name, networks, small))


def _photo(name: str, networks: dict, small: models.OnnxNetwork) -> Iterator[tuple[str, Any]]:
    """All arrays of one photograph: "cat segments", "cat floats 200" (seed x segment), ..."""
    image = photos.batch([name])
    label = networks["floats"](image).argmax(1).item()
    fine, coarse = superpixels(image), superpixels(image, 20)
    yield f"{name} class", numpy.int64(label)
    yield f"{name} segments", fine.numpy().astype("uint8")
    yield f"{name} coarse segments", coarse.numpy().astype("uint8")
    ask = Asked(networks["floats"], image, label, fine)
    judge = ask(CAREFUL, CAREFUL_SEED)
    yield f"{name} floats careful", _weights([ask.line(judge)])
    answers = [ask(max(SAMPLES), seed) for seed in SEEDS]
    for count in SAMPLES:
        lines = [ask.line(answer, count) for answer in answers]
        fits = [fresh_fit(line, *judge) for line in lines]
        yield f"{name} floats {count}", _weights(lines)
        yield f"{name} floats {count} fit", numpy.array(fits, dtype="float32")
    shrunk, pieces = _shrunk(image, fine)
    others = {"integers": Asked(networks["integers"], image, label, fine),
              "mended": Asked(networks["mended"], image, label, fine),
              "coarse": Asked(networks["floats"], image, label, coarse),
              "small": Asked(small, shrunk, label, pieces)}  # fmt: skip
    for way, ask in others.items():
        count = 100 if way == "coarse" else 200
        yield f"{name} {way} {count}", _weights([ask.line(ask(count, seed)) for seed in SEEDS])


class Asked:
    """LIME on one image in log-odds, its answers kept so that a part of them can be fitted too."""

    def __init__(self, network: models.OnnxNetwork, image: Tensor, label: int, segments: Tensor):
        self.network, self.image, self.label, self.segments = network, image[0], label, segments

    def __call__(self, samples: int, seed: int) -> tuple[Tensor, Tensor]:
        """Return masks and the log-odds of the image under each; off is the network's grey."""
        masks = surrogate.draw_masks(samples, int(self.segments.max()) + 1, seed=seed)
        return masks, surrogate.masked_log_odds(
            self.network, self.image, self.label, masks, segments=self.segments,
            background=lite0.GREY, batch_size=8,
        )  # fmt: skip

    def line(
        self, answer: tuple[Tensor, Tensor], samples: int | None = None
    ) -> surrogate.Surrogate:
        """Fit the line to the first samples of an answer."""
        masks, odds = (part[:samples] for part in answer)
        return surrogate.weighted_line(masks, odds, surrogate.nearness(masks, 0.25))


def fresh_fit(line: surrogate.Surrogate, masks: Tensor, odds: Tensor) -> float:
    """Return a line's weighted R² on masks that it was not fitted to."""
    near = surrogate.nearness(masks, 0.25)
    middle = near @ odds / near.sum()
    missed = near @ (odds - line.intercept - masks @ line.weights) ** 2
    return 1 - (missed / (near @ (odds - middle) ** 2)).item()


def _weights(lines: list[surrogate.Surrogate]) -> numpy.ndarray:
    return torch.stack([line.weights for line in lines]).numpy().astype("float32")


def _shrunk(image: Tensor, segments: Tensor) -> tuple[Tensor, Tensor]:
    size = (SMALL, SMALL)
    small = interpolate(image, size=size, mode="bicubic", antialias=True).clamp(0, 1)
    return small, interpolate(segments[None, None].float(), size=size)[0, 0].long()


RECIPES = {"photographs": (explained, "4.6", None)}
"""Name, recipe and lesson; it writes no rows."""
