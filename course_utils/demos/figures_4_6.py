"""Lesson 4.6's figures: photographs, maps over them, speed against fidelity, covers."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

from course_utils import fusion, photos, plots
from course_utils.demos.lesson_4_6 import EXPLAINED, PLACES, SIDE
from course_utils.demos.photo_record import Record
from course_utils.spread import mean_and_error


def draw_photo(axis: Any, image: Tensor) -> None:
    """Draw a photograph, 1 x 3 x height x width, in its colours."""
    axis.set_axis_off()
    axis.imshow(image[0].permute(1, 2, 0).clamp(0, 1).numpy())


def grey(image: Tensor) -> Tensor:
    """A photograph's brightness, height x width."""
    return (image[0] * torch.tensor([0.299, 0.587, 0.114]).view(3, 1, 1)).sum(0)


def photographs(images: Tensor, answers: Tensor, *, title: str) -> Any:
    """Draw photographs side by side, each under the network's answer."""
    made, axes = plots.figure(columns=len(images), width=7.0, height=2.0)
    for axis, image, ((word, share),) in zip(axes, images, photos.top(answers, 1), strict=True):
        draw_photo(axis, image[None])
        axis.set_title(f"{word}\n{share:.0%}", fontsize=9, fontweight="normal", loc="center")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def random_order(values: Tensor) -> Tensor:
    """A map with the weights of its pieces in random order: the control."""
    weights, pieces = values.unique(return_inverse=True)
    return weights[torch.randperm(len(weights), generator=torch.Generator().manual_seed(0))][pieces]


def gallery(images: Tensor, columns: Mapping[str, Sequence[Tensor]], *, title: str) -> Any:
    """Draw a row for each photograph: the photograph, then its maps over its pale self.

    Args:
        columns: by name, one map for each photograph, height x width.
    """
    width = 7.0
    side = width / (len(columns) + 1)
    made, axes = plots.figure(rows=len(images), columns=len(columns) + 1, width=width,
                              height=side * len(images) + 0.7, squeeze=False)  # fmt: skip
    for row, image in zip(range(len(images)), images, strict=True):
        draw_photo(axes[row, 0], image[None])
        for axis, maps in zip(axes[row, 1:], columns.values(), strict=True):
            plots.draw_attribution(axis, maps[row], over=grey(image[None]))
    for axis, name in zip(axes[0], ("photograph", *columns), strict=True):
        axis.set_title(name, fontsize=9, fontweight="normal", loc="center")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def fidelity(
    found: Mapping[str, Sequence[float]], seconds: Mapping[str, float], *, title: str
) -> Any:
    """Draw what each way of LIME costs against how near it comes to the careful map."""
    made, axis = plots.figure(height=3.8)
    shades = {"integers": "quantization", "128": "structure", "pieces": "data"}
    for way, cost in seconds.items():
        mean, error = mean_and_error(found[way])
        method = next((shades[word] for word in shades if word in way), "lime")
        axis.errorbar(cost, mean, yerr=error, fmt="o", ms=8, capsize=4,
                      color=plots.colour(method))  # fmt: skip
        below = method in ("structure", "data")
        aside = way == "100 masks"  # stands beside the integers: about as near, about as dear
        axis.annotate(way, (cost, mean), (9, -4) if aside else (0, -34 if below else 26),
                      textcoords="offset points", fontsize=9,
                      ha="left" if aside else "center")  # fmt: skip
    chance, _ = mean_and_error(found["control: shuffled"])
    axis.axhline(chance, color=plots.colour("random"), lw=2)
    axis.annotate("shuffled", (0.99, chance), (0, 5), xycoords=("axes fraction", "data"),
                  textcoords="offset points", ha="right", fontsize=9)  # fmt: skip
    axis.margins(x=0.25)
    axis.set(xlabel="seconds for one photograph, on one thread of this machine",
             ylabel="rank correlation to 1,000 masks", title=title, ylim=(-0.2, 1.05))  # fmt: skip
    axis.set_xlim(left=0)
    return made


def places(image: Tensor, maps: Mapping[str, Tensor], *, title: str) -> Any:
    """Draw the astronaut with the six squares, and maps beside it."""
    from matplotlib.patches import Rectangle

    width = 7.0 if maps else 3.2
    made, axes = plots.figure(columns=len(maps) + 1, width=width, squeeze=False,
                              height=width / (len(maps) + 1) + 0.6)  # fmt: skip
    axes = axes[0]
    draw_photo(axes[0], image)
    for name, corner in PLACES.items():
        axes[0].add_patch(Rectangle(corner, SIDE, SIDE, fill=False, ec="white", lw=1.5))
        axes[0].annotate(name, corner, (4, -10), textcoords="offset points", fontsize=8,
                         color="white", fontweight="bold")  # fmt: skip
    for axis, (name, values) in zip(axes[1:], maps.items(), strict=True):
        plots.draw_attribution(axis, values, over=grey(image))
        axis.set_title(name, fontsize=9, fontweight="normal", loc="center")
    made.suptitle(title, fontsize=11, fontweight="bold")
    return made


def falls(by_paint: Mapping[str, Sequence[float]], *, title: str) -> Any:
    """Draw how far the log-odds fall for each covered place: a dot for each paint."""
    made, axis = plots.figure(height=2.8)
    for row in range(len(PLACES)):
        values = [paint[row] for paint in by_paint.values()]
        axis.plot(values, [row] * len(values), "o", ms=7, alpha=0.7, color=plots.COLOURS["lime"])
    axis.axvline(0, color=plots.colour("reference"), lw=1)
    axis.set_yticks(range(len(PLACES)), list(PLACES))
    axis.invert_yaxis()
    axis.set(xlabel="fall of the log-odds when the square is covered; a dot for each paint",
             title=title)  # fmt: skip
    return made


class Chooser:
    """Draws one photograph and one of its explanations; all of them were made beforehand.

    Args:
        images: the photographs of EXPLAINED, n x 3 x height x width.
        cams: by network, of NETWORKS, their class activation maps, n x 1 x height x width.
    """

    NETWORKS = ("floats", "integers", "mended")
    METHODS = ("class activation map", "LIME, seed 0", "LIME, seed 1", "LIME, shuffled")

    def __init__(self, record: Record, images: Tensor, cams: Mapping[str, Tensor]):
        self.record, self.images, self.cams = record, images, dict(cams)

    def map(self, photo: str, network: str, method: str) -> Tensor:
        """Return the chosen map, height x width."""
        if method.startswith("class"):
            return self.cams[network][EXPLAINED.index(photo), 0]
        seed = int(method[-1]) if method[-1].isdigit() else 0
        found = self.record.maps(photo, network, 200)[seed]
        return random_order(found) if method.endswith("shuffled") else found

    def _alike(self, photo: str, network: str, method: str) -> float:
        maps = [m[None, 2::4, 2::4] for m in
                (self.map(photo, network, method), self.record.careful(photo))]  # fmt: skip
        return fusion.agreement(*maps).item()

    def draw(self, photo: str, network: str, method: str) -> Any:
        """Draw the photograph, and the map over it."""
        image = self.images[EXPLAINED.index(photo)][None]
        made, axes = plots.figure(columns=2, width=6.0, height=3.3)
        draw_photo(axes[0], image)
        plots.draw_attribution(axes[1], self.map(photo, network, method), over=grey(image))
        word = photos.classes()[self.record.label(photo)]
        axes[0].set_title(f"What speaks for “{word}”?", fontsize=10, loc="left")
        axes[1].set_title(f"{network}: {method}", fontsize=10, loc="left")
        return made

    def words(self, photo: str, network: str, method: str) -> str:
        """The picture in words."""
        seen = photos.PHOTOS[photo].shows
        return (
            f"{seen}; beside it, {method} of the network in {network}: rank correlation "
            f"{self._alike(photo, network, method):.2f} to the careful map of the floats."
        )
