"""Lesson 4.5's shelf of networks: their reckoning, and what a budget of bytes buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor
from torch.nn import functional

from course_utils import data, measure, models, paired, plots, quantize, training

SHELF = {
    "LeNet300": "reference", "LeNet300-taught": "distillation", "LeNet300-shared": "pruning",
    "LeNet5": "reference", "LeNet5-int4": "quantization", "LeNet5-ternary": "quantization",
    "LeNet5-binary": "quantization", "LeNet5-shared": "pruning",
    "LeNet5-thousandfold": "pruning", "Tiny": "structure", "Tiny-1KiB": "quantization",
}  # fmt: skip
"""The lesson's networks, and the method that gives the colour."""


def short_run(network: models.Network, seed: int, *, epochs: int, after_step: Any) -> Any:
    """Train a network in place on 10,000 images, and return it; 1,000 others say how it goes."""
    training.train(
        network, data.mnist("train", limit=10_000), data.mnist("validation", limit=1000),
        epochs=epochs, seed=seed, after_step=after_step, progress=False,
    )  # fmt: skip
    return network


def shelf(names: Sequence[str] = tuple(SHELF)) -> dict[str, models.Network]:
    """Load the lesson's networks from their files; LeNet5-int4 is rounded here."""
    loaded = {name: models.load_network(name) for name in names if name != "LeNet5-int4"}
    if "LeNet5-int4" in names:
        loaded["LeNet5-int4"] = quantize.quantize_weights(
            models.load_network("LeNet5"), bits=4, clip="mse"
        )
    return {name: loaded[name] for name in names}


def file_bytes(name: str, network: models.Network) -> int:
    """The whole file's bytes; of LeNet5-int4, which no file holds, those it would have."""
    if name == "LeNet5-int4":
        return len(models.network_bytes(network, bits=4))
    return measure.file_bytes(models.network_path(name))


def reckoning(
    shelf: Mapping[str, models.Network], images: Tensor, labels: Tensor
) -> list[dict[str, Any]]:
    """Every network beside the whole one it came from: bytes, ratio, error, paired difference."""
    said = {name: training.predict(one, images).argmax(1) for name, one in shelf.items()}
    rows = []
    for name, network in shelf.items():
        start = "LeNet300" if name.startswith("LeNet300") else "LeNet5"
        gap = paired.compare(said[start], said[name], labels)
        size, origin = file_bytes(name, network), file_bytes(start, shelf[start])
        rows.append({
            "file": name, "bytes": size, "ratio": origin / size,
            "error": (said[name] != labels).double().mean().item(),
            "against whole": 100 * gap.difference, "± (points)": 100 * gap.error,
        })  # fmt: skip
    return rows


def moved(images: Tensor, pixels: int) -> Tensor:
    """Move images to the right, or to the left if negative; what moves in is black."""
    return functional.pad(images, (pixels, -pixels))


def on_moved(
    networks: Mapping[str, models.Network], images: Tensor, labels: Tensor, steps: Sequence[int]
) -> tuple[dict[str, list[float]], dict[str, list[paired.Paired]]]:
    """Ask networks about images moved by so many pixels.

    Returns:
        accuracy, by network and step; and each later network paired with the first one.
    """
    said = {name: [training.predict(one, moved(images, pixels)).argmax(1) for pixels in steps]
            for name, one in networks.items()}  # fmt: skip
    first, *others = said
    curves = {name: [(one == labels).double().mean().item() for one in answers]
              for name, answers in said.items()}  # fmt: skip
    gaps = {name: [paired.compare(before, after, labels)
                   for before, after in zip(said[first], said[name], strict=True)]
            for name in others}  # fmt: skip
    return curves, gaps


class Budget:
    """The lesson's networks as a choice: so many bytes, which one?"""

    def __init__(self, networks: Mapping[str, models.Network], images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels
        self.bytes = {name: file_bytes(name, one) for name, one in networks.items()}
        self.answers = {n: training.predict(one, images).argmax(1) for n, one in networks.items()}
        self.accuracy = {
            name: (said == labels).double().mean().item() for name, said in self.answers.items()
        }

    def best(self, allowed: int) -> str | None:
        """The most accurate network of at most `allowed` bytes; of equals the smallest."""
        able = [name for name, size in self.bytes.items() if size <= allowed]
        return max(able, key=lambda n: (self.accuracy[n], -self.bytes[n]), default=None)

    def draw(self, allowed: int) -> Any:
        """The curve from bytes to accuracy, the choice, and digits that it gets wrong."""
        chosen = self.best(allowed)
        made, axes = plots.figure(columns=9, width=7.6, height=3.6, gridspec_kw={"wspace": 0.15})
        grid = axes[0].get_gridspec()
        for axis in axes:
            axis.remove()
        self._curve(made.add_subplot(grid[:6]), chosen, allowed)
        inner = grid[6:].subgridspec(3, 3, wspace=0.1, hspace=0.45)
        wrong = [] if chosen is None else self._wrong(chosen)
        for place in range(9):
            axis = made.add_subplot(inner[place])
            axis.set_axis_off()
            if place < len(wrong):
                plots.draw_image(axis, self.images[wrong[place]])
                said = int(self.answers[chosen][wrong[place]])
                axis.set_title(f"“{said}”", fontsize=8, loc="center", pad=2)
        return made

    def words(self, allowed: int) -> str:
        """The picture in words."""
        chosen = self.best(allowed)
        if chosen is None:
            return f"No network of the lesson has {allowed:,} bytes or fewer."
        return (
            f"At most {allowed:,} bytes buy {chosen}: {self.bytes[chosen]:,} bytes, accuracy "
            f"{self.accuracy[chosen]:.2%} on {len(self.labels):,} validation images. It gets "
            f"{len(self._wrong(chosen))} wrong."
        )

    def _wrong(self, name: str) -> list[int]:
        return (self.answers[name] != self.labels).nonzero().flatten().tolist()

    def _curve(self, axis: Any, chosen: str | None, allowed: int) -> None:
        for name, size in self.bytes.items():
            axis.plot(size, 100 * self.accuracy[name], "o", color=plots.colour(SHELF[name]),
                      ms=11 if name == chosen else 6, mew=1.5 if name == chosen else 0,
                      mec="black")  # fmt: skip
        front = plots.pareto_front([(s, self.accuracy[n]) for n, s in self.bytes.items()])
        axis.plot([s for s, _ in front], [100 * a for _, a in front], color="#999999", lw=1,
                  zorder=0, drawstyle="steps-post")  # fmt: skip
        axis.axvspan(allowed, 4e6, color="#eeeeee", zorder=-1)
        axis.set(xscale="log", xlim=(500, 4e6), xlabel="bytes of the whole file",
                 ylabel="accuracy, %")  # fmt: skip
        for method in dict.fromkeys(SHELF[name] for name in self.bytes):
            axis.plot([], [], "o", ms=6, mew=0, color=plots.colour(method), label=method)
        axis.legend(fontsize=8, loc="upper left")
        title = "nothing so small" if chosen is None else f"{chosen}: {self.accuracy[chosen]:.2%}"
        axis.set_title(f"{allowed:,} bytes buy {title}", fontsize=10)
