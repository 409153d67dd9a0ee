"""Photographs that lie in installed packages, or your own; as a network for ImageNet takes them.

Nothing is downloaded and nothing is copied: each file is read where its package keeps it.
"""

from __future__ import annotations

import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING

import torch
from torch import Tensor

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = (".jpg", ".jpeg", ".png", ".webp", ".bmp", ".gif", ".tif", ".tiff")


@dataclass(frozen=True)
class Photo:
    """A photograph inside an installed package.

    Attributes:
        shows: what people see on it.
        package, file: where it lies.
        right: the ImageNet classes that name something on it; none when ImageNet has no such class.
        licence: who made it and on what terms.
    """

    shows: str
    package: str
    file: str
    right: tuple[str, ...]
    licence: str


def _skimage(shows: str, file: str, right: tuple[str, ...], licence: str) -> Photo:
    return Photo(shows, "skimage", f"data/{file}", right, licence)


PHOTOS = {
    "cat": _skimage("a tabby cat", "chelsea.png", ("tabby", "tiger cat", "Egyptian cat"),
                    "Stefan van der Walt, CC0"),
    "coffee": _skimage("a cup of espresso", "coffee.png", ("espresso", "cup", "coffee mug"),
                       "Rachel Michetti, CC0"),
    "motorcycle": _skimage("a motorcycle in a workshop", "motorcycle_left.png",
                           ("moped", "motor scooter"), "Nera Nesic and others 2014, CC0"),
    "astronaut": _skimage("Eileen Collins, astronaut", "astronaut.png", (),
                          "NASA, public domain"),
    "cameraman": _skimage("a man with a camera on a tripod", "camera.png",
                          ("tripod", "reflex camera"), "Lav Varshney, CC0"),
    "rocket": _skimage("a rocket on its way up", "rocket.jpg",
                       ("missile", "projectile", "space shuttle"),
                       "SpaceX, public domain"),
    "palace": Photo("a Chinese palace", "sklearn", "datasets/images/china.jpg",
                    ("palace", "monastery"), "Flickr user danielbuechele, CC BY 2.0"),
    "flower": Photo("a dahlia", "sklearn", "datasets/images/flower.jpg", (),
                    "Flickr user vultilion, CC BY 2.0"),
    "admiral": Photo("Grace Hopper in uniform", "matplotlib",
                     "mpl-data/sample_data/grace_hopper.jpg", ("military uniform",),
                     "US Navy, public domain"),
    "coins": _skimage("Greek coins from Pompeii", "coins.png", (),
                      "Brooklyn Museum, no known copyright restrictions"),
    "retina": _skimage("the back of a human eye", "retina.jpg", (),
                       "Mikael Häggström 2014, CC0"),
    "clock": _skimage("a wall clock, blurred", "clock_motion.png", ("wall clock",),
                      "Stefan van der Walt, public domain"),
}  # fmt: skip
"""By the name that the course gives them."""


def path(name: str) -> Path:
    """Return where the photograph of that name lies."""
    if name not in PHOTOS:
        raise ValueError(f"no photograph is named {name!r}; there are {', '.join(PHOTOS)}.")
    photo = PHOTOS[name]
    package = importlib.util.find_spec(photo.package)
    return Path(package.origin).parent / photo.file


def load(source: str | Path) -> Image:
    """Open a photograph as red, green and blue.

    A camera's note how it was held is obeyed; what is transparent becomes white; grey pictures
    and pictures of any size will do.

    Args:
        source: a name in PHOTOS, or the path of a picture file of your own.

    Raises:
        FileNotFoundError: neither; the message says what there is.
        ValueError: the file is no picture that can be read.
    """
    from PIL import Image, ImageOps, UnidentifiedImageError

    file = _find(source)
    try:
        with Image.open(file) as opened:
            picture = ImageOps.exif_transpose(opened)
            if picture.mode == "I;16":  # 16 bits of grey: its brightest 8 are kept
                picture = picture.point(lambda value: value / 256).convert("L")
            if picture.has_transparency_data:
                picture = picture.convert("RGBA")
                white = Image.new("RGBA", picture.size, "white")
                picture = Image.alpha_composite(white, picture)
            return picture.convert("RGB")
    except UnidentifiedImageError:
        hint = " iPhone photos (.heic) must be exported as JPEG first." * (
            file.suffix.lower() in (".heic", ".heif")
        )
        raise ValueError(f"{file.name} is no picture that can be read here.{hint}") from None
    except (OSError, SyntaxError) as error:
        raise ValueError(f"{file.name} is damaged: {error}") from None


def crop(picture: Image, *, size: int = 224, share: float = 0.875) -> Tensor:
    """Return the middle of a picture, 1 x 3 x size x size in [0, 1].

    Args:
        share: how much of the shorter side is kept, in (0, 1]; 0.875 is usual for ImageNet.
    """
    if not 0 < share <= 1:
        hint = f" Did you mean {share / 100:g}?" if 1 < share <= 100 else ""
        raise ValueError(f"share must be in (0, 1]; got {share!r}.{hint}")
    width, height = picture.size
    side = share * min(width, height)
    return _cut(picture, ((width - side) / 2, (height - side) / 2), side, size)


def crops(
    picture: Image, count: int, *, size: int = 224, low: float = 0.5, seed: int = 0
) -> Tensor:
    """Return squares of random size and place, half of them mirrored, count x 3 x size x size.

    Args:
        low: the smallest side, as a share of the picture's shorter side.
    """
    chance = torch.Generator().manual_seed(seed)
    width, height = picture.size
    made = []
    for side, right, down, mirror in torch.rand(count, 4, generator=chance).tolist():
        side = (low + (1 - low) * side) * min(width, height)
        one = _cut(picture, (right * (width - side), down * (height - side)), side, size)
        made.append(one.flip(3) if mirror < 0.5 else one)
    return torch.cat(made)


def batch(names: Sequence[str], *, size: int = 224) -> Tensor:
    """Return the middles of several photographs, n x 3 x size x size."""
    return torch.cat([crop(load(name), size=size) for name in names])


@lru_cache(maxsize=1)
def classes() -> tuple[str, ...]:
    """Return the names of ImageNet's 1,000 classes, in the order of the networks' logits.

    Two names stand for two classes each: "crane" (bird, machine) and "maillot".
    """
    from torchvision.models import MobileNet_V2_Weights

    return tuple(MobileNet_V2_Weights.IMAGENET1K_V1.meta["categories"])


def top(logits: Tensor, count: int = 3) -> list[list[tuple[str, float]]]:
    """Return each image's likeliest classes with their probabilities, the likeliest first."""
    values, places = logits.softmax(1).topk(count)
    return [
        [(classes()[place], value) for place, value in zip(*pair, strict=True)]
        for pair in zip(places.tolist(), values.tolist(), strict=True)
    ]


def _find(source: str | Path) -> Path:
    if source in PHOTOS:
        return path(source)
    file = Path(source).expanduser()
    if file.is_file():
        return file
    what = "is a folder" if file.is_dir() else "does not exist"
    beside = sorted(p.name for p in file.parent.glob("*") if p.suffix.lower() in ENDINGS)
    there = f" Pictures in that folder: {', '.join(beside[:8])}." if beside else ""
    raise FileNotFoundError(
        f"{str(source)!r} {what}, and is none of the photographs {', '.join(PHOTOS)}.{there}"
    )


def _cut(picture: Image, corner: tuple[float, float], side: float, size: int) -> Tensor:
    """A square of a picture as 1 x 3 x size x size in [0, 1]."""
    import numpy
    from PIL.Image import Resampling

    left, upper = corner
    box = (left, upper, left + side, upper + side)
    small = picture.resize((size, size), Resampling.BICUBIC, box=box)
    return torch.from_numpy(numpy.array(small)).permute(2, 0, 1)[None].float() / 255
