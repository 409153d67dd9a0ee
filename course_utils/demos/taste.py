"""The one-minute taste: the reference network with weights taken away, measured on the spot."""

from __future__ import annotations

from functools import lru_cache
from typing import Any, NamedTuple

import torch
from torch import nn

from course_utils import data, models, plots, prune, quantize, saliency, training


class Measured(NamedTuple):
    """A smaller network and what was measured on it."""

    network: nn.Module
    bytes: int
    right: int


class Taste:
    """Takes weights and bits away from a network and draws what is left of it.

    Attributes:
        pictures: the first image of each class, class x 1 x height x width.
        classes: what the whole network takes each picture for; every map explains this class.
        maps: the whole network's integrated gradients of the pictures.
        control: those of a network of the same build that has learned nothing.
    """

    def __init__(
        self, network: nn.Module, images: torch.Tensor, labels: torch.Tensor, *, steps: int = 16
    ) -> None:
        """Explain one picture of each class; accuracy is measured on all of `images`.

        Args:
            images: n x 1 x height x width, at least one of each Fashion-MNIST class.
            steps: of each integrated gradient.
        """
        self._images, self._labels, self._steps = images, labels, steps
        self.network = network
        found = [(labels == label).nonzero()[:1] for label in range(len(data.FASHION_CLASSES))]
        if missing := [data.FASHION_CLASSES[i] for i, f in enumerate(found) if not len(f)]:
            raise ValueError(f"no image of {', '.join(missing)} came; one of each class is needed.")
        self.pictures = images[torch.cat(found).flatten()]
        self.classes = training.predict(network, self.pictures).argmax(1)
        self.maps = self._explain(network)
        self.control = self._explain(untrained(network))
        self.measure = lru_cache(maxsize=None)(self._measure)

    def shrink(self, bits: int | None, removed: float) -> nn.Module:
        """Return a copy without the smallest weights, the others rounded; bits None: float32."""
        pruned = prune.magnitude(self.network, removed)
        return pruned if bits is None else quantize.quantize_weights(pruned, bits=bits)

    def _measure(self, bits: int | None, removed: float) -> Measured:
        small = self.shrink(bits, removed)
        content = models.network_bytes(small, bits=bits, coded=True)
        share = training.evaluate(small, self._images, self._labels, batch_size=100)
        return Measured(small, len(content), round(share * len(self._labels)))

    def _explain(self, network: nn.Module) -> torch.Tensor:
        return saliency.integrated_gradients(
            network, self.pictures, self.classes, steps=self._steps
        )

    def explain(self, network: nn.Module, place: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Return the map of one picture (as `maps`) and the logits that the network gives it."""
        one = self.pictures[place : place + 1]
        attribution = saliency.integrated_gradients(
            network, one, self.classes[place : place + 1], steps=self._steps
        )
        return attribution[0], training.predict(network, one)[0]

    def words(self, removed: float, bits: int | None, picture: int) -> str:
        """Say in words what `draw` shows."""
        small = self.measure(bits, removed)
        attribution, logits = self.explain(small.network, picture)
        one = self.pictures[picture]
        return (
            f"{removed:.0%} of the weights removed, the rest in {bit_words(bits)}: the file has "
            f"{small.bytes:,} bytes, {small.right:,} of {len(self._labels):,} validation images "
            f"are right. This picture of a {data.FASHION_CLASSES[picture]} is taken for "
            f"{said(logits)}. Rank correlation of its map with the whole network's: "
            f"{agreement_words(attribution, self.maps[picture], one)}; of the untrained network's: "
            f"{agreement_words(self.control[picture], self.maps[picture], one)}."
        )

    def draw(self, removed: float, bits: int | None, picture: int) -> Any:
        """Draw size and accuracy, and one picture's maps: whole, smaller, untrained network.

        Args:
            removed: share of the weights set to zero, in [0, 1).
            bits: of each weight that stays, 2 to 8, or None for float32.
            picture: place in `pictures`.
        """
        whole, small = self.measure(None, 0.0), self.measure(bits, removed)
        made, axes = plots.figure(rows=2, columns=4, height=4.1, height_ratios=[1, 3.4])
        grid = axes[0, 0].get_gridspec()
        for axis in axes[0]:
            axis.remove()
        _meter(made.add_subplot(grid[0, :2]), small.bytes / 1000, whole.bytes / 1000,
               name="whole file, kB", limit=1.45, method="quantization")  # fmt: skip
        _meter(made.add_subplot(grid[0, 2:]), small.right, whole.right,
               name=f"right, of {len(self._labels):,}", limit=1.3, method="pruning")  # fmt: skip
        self._draw_maps(axes[1], small.network, picture)
        times, lost = whole.bytes / small.bytes, whole.right - small.right
        made.suptitle(f"{times:.1f} times smaller; {abs(lost)} {'fewer' if lost >= 0 else 'more'} "
                      f"of {len(self._labels):,} right", fontsize=11.5, fontweight="bold",
                      x=0.01, ha="left")  # fmt: skip
        return made

    def _draw_maps(self, axes: Any, small: nn.Module, place: int) -> None:
        picture, whole = self.pictures[place], self.maps[place]
        logits = training.predict(self.network, self.pictures[place : place + 1])[0]
        attribution, small_logits = self.explain(small, place)
        limit = _limit(whole)
        plots.draw_image(axes[0], picture)
        maps = ((axes[1], whole, limit), (axes[2], attribution, limit),
                (axes[3], self.control[place], _limit(self.control[place])))  # fmt: skip
        for axis, one, most in maps:
            plots.draw_attribution(axis, one, over=picture, limit=most)
        agree = [agreement_words(m, whole, picture) for m in (attribution, self.control[place])]
        titles = (
            f"the picture\n{data.FASHION_CLASSES[place]}\n",
            f"whole network\n{said(logits)}\nthe map to compare with",
            f"this network\n{said(small_logits)}\nagreement {agree[0]}",
            f"untrained (control)\non a scale of its own\nagreement {agree[1]}",
        )
        for axis, title in zip(axes, titles, strict=True):
            axis.set_title(title, fontsize=9, fontweight="normal", loc="center", pad=4)


def untrained(network: nn.Module, *, seed: int = 0) -> nn.Module:
    """Return a network of the same build with fresh random weights."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return type(network)(**network.settings).eval()


def agreement(maps: torch.Tensor, others: torch.Tensor, images: torch.Tensor) -> torch.Tensor:
    """Return Spearman's rank correlation of two maps of each image, n.

    1: the same order of pixels; 0: unrelated. Black pixels are left out: integrated gradients
    from black give them zero in every network. nan where a map is the same everywhere.

    Args:
        maps, others, images: n x 1 x height x width.
    """
    pairs = zip(maps, others, images, strict=True)
    return torch.stack([_rank_correlation(a[i > 0], b[i > 0]) for a, b, i in pairs])


def agreement_words(attribution: torch.Tensor, other: torch.Tensor, image: torch.Tensor) -> str:
    """The agreement of two maps of one image in words, 1 x height x width each."""
    value = agreement(attribution[None], other[None], image[None]).item()
    return "undefined (an empty map)" if value != value else f"{value:.2f}".replace("-", "−")


def bit_words(bits: int | None) -> str:
    """A number of bits in words."""
    return "float32" if bits is None else f"{bits} bits"


def said(logits: torch.Tensor) -> str:
    """The class that the logits of one image choose, and its probability in words."""
    share, label = logits.softmax(0).max(0)
    return f"{data.FASHION_CLASSES[label]} ({share:.0%})"


def _rank_correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    return torch.corrcoef(torch.stack([_ranks(a.flatten()), _ranks(b.flatten())]))[0, 1]


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Each value's place in rising order; equals share the mean of their places."""
    _, group, count = values.unique(return_inverse=True, return_counts=True)
    last = count.cumsum(0).double()
    return (last - (count - 1) / 2)[group]


def _limit(attribution: torch.Tensor) -> float:
    """The strongest colour: all but the strongest pixel of a hundred stay below it."""
    return float(attribution.abs().quantile(0.99)) or 1.0


def _meter(axis: Any, value: float, whole: float, *, name: str, limit: float, method: str) -> None:
    """One bar before the whole network's, which is drawn pale."""
    axis.barh(0, whole, color=plots.COLOURS["random"], alpha=0.45, height=0.6)
    axis.barh(0, value, color=plots.COLOURS[method], height=0.6)
    axis.annotate(f"{value:,.4g}", (max(value, 0), 0), xytext=(5, 0), textcoords="offset points",
                  va="center", fontweight="bold")  # fmt: skip
    axis.set_xlim(0, whole * limit)
    axis.set_yticks([])
    axis.set_xticks([0, whole], ["0", f"whole network: {whole:,.4g}"])
    axis.grid(visible=False)
    axis.spines["left"].set_visible(False)
    axis.set_title(name, fontsize=9.5, fontweight="normal")
