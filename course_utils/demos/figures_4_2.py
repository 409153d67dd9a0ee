"""Lesson 4.2's figures: times layer by layer, one convolution, bytes against accuracy."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from course_utils import models, plots
from course_utils.demos.lesson_4_2 import LAYERS, LEVELS, Mixer
from course_utils.node_times import NodeTime

Times = Mapping[str, float]
Curve = Mapping[int | str, tuple[int, float]]
_BITS = {8: "8", 4: "4", 3: "3", 2: "2", "ternary": "1.6", "binary": "1"}
PARTS = ("conv1", "pool1", "conv2", "pool2", "fc1", "fc2", "all else")


def by_part(nodes: Sequence[NodeTime]) -> dict[str, float]:
    """Add up milliseconds, the fastest run of each node, for each of PARTS."""
    sums = dict.fromkeys(PARTS, 0.0)
    for node in nodes:
        sums[node.layer if node.layer in sums else "all else"] += 1e3 * node.fastest
    return sums


def slower(times: Mapping[str, Times]) -> str:
    """Name the weighted layer to which integers add most time; "none" when they add none."""
    added = {layer: times["integers"][layer] - times["floats"][layer] for layer in LAYERS}
    worst = max(added, key=lambda layer: added[layer])
    return worst if added[worst] > 0 else "none"


def _finding(times: Mapping[str, Times]) -> str:
    whole = times["integers"]
    largest = max(whole, key=lambda part: whole[part])
    share = whole[largest] / sum(whole.values())
    return f"{largest} takes {share:.0%} of the integer network's time"


def layer_times(times: Mapping[str, Times]) -> Any:
    """Draw the milliseconds of each layer as bars, one bar for each network.

    Args:
        times: what `by_part` gives for "floats", "integers", and a third network.
    """
    made, axis = plots.figure(height=4.4)
    looks = [
        {"color": plots.colour("reference")},
        {"color": plots.colour("quantization")},
        {"color": "white", "edgecolor": plots.colour("quantization"), "hatch": "////"},
    ]
    for place, ((name, parts), look) in enumerate(zip(times.items(), looks, strict=True)):
        rows = [row + 0.27 * (place - 1) for row in range(len(PARTS))]
        bars = axis.barh(rows, [parts[p] for p in PARTS], height=0.25, label=name, **look)
        axis.bar_label(bars, fmt="%.1f", padding=3, fontsize=8)
    axis.set_yticks(range(len(PARTS)), PARTS)
    axis.invert_yaxis()
    axis.grid(axis="y", visible=False)
    axis.margins(x=0.08)
    axis.set(xlabel="milliseconds for a batch of 256 images, one thread", title=_finding(times))
    axis.legend(loc="lower right")
    return made


def words_for_times(times: Mapping[str, Times]) -> str:
    """The bars in words."""
    return f"{_finding(times)}. Milliseconds: " + "; ".join(
        f"{name}: " + ", ".join(f"{part} {value:.1f}" for part, value in parts.items())
        for name, parts in times.items()
    )


def _growth(rows: Sequence[Mapping[str, float]]) -> str:
    first, last = rows[0], rows[-1]
    return (
        f"{last['channels'] / first['channels']:.0f} times the channels: float time × "
        f"{last['float'] / first['float']:.1f}, integer time × "
        f"{last['integer'] / first['integer']:.1f}"
    )


def sweep(rows: Sequence[Mapping[str, float]]) -> Any:
    """Draw nanoseconds for each output number against input channels, floats and integers."""
    made, axis = plots.figure(height=3.3)
    channels = [row["channels"] for row in rows]
    for name, method in {"float": "reference", "integer": "quantization"}.items():
        axis.plot(channels, [r[name] for r in rows], "o-", color=plots.colour(method), label=name)
    axis.set_xscale("log", base=2)
    axis.set_xticks(channels, [str(count) for count in channels])
    axis.minorticks_off()
    axis.set_ylim(bottom=0)
    axis.set(xlabel="input channels of a 3 × 3 convolution (conv1 has 1, conv2 has 16)",
             ylabel="ns for each output number", title=_growth(rows))  # fmt: skip
    axis.legend()
    return made


def words_for_sweep(rows: Sequence[Mapping[str, float]]) -> str:
    """The two lines in words."""
    return f"{_growth(rows)}. Nanoseconds for each output number: " + "; ".join(
        f"{r['channels']} input channels: float {r['float']:.2f}, integer {r['integer']:.2f}"
        for r in rows
    )


def _lowest(rounded: Curve, trained: Curve) -> str:
    level = list(trained)[-1]
    size, accuracy = trained[level]
    return (
        f"{size / 1000:.0f} kB name {accuracy:.0%} right when trained, "
        f"{rounded[level][1]:.0%} when only rounded"
    )


def curve(rounded: Curve, trained: Curve, floats: tuple[int, float]) -> Any:
    """Draw accuracy against the bytes of the whole file, for rounding and for training.

    Args:
        rounded, trained: (bytes, accuracy) by bits, from many to few.
        floats: the same for the unrounded network.
    """
    made, axis = plots.figure(height=4)
    _draw_curve(axis, rounded, trained, floats)
    axis.set_title(_lowest(rounded, trained))
    return made


def _draw_curve(axis: Any, rounded: Curve, trained: Curve, floats: tuple[int, float]) -> None:
    for points, method, name in ((trained, "quantization", "trained through the rounding"),
                                 (rounded, "control", "only rounded")):  # fmt: skip
        line = sorted(points.values())
        axis.plot(*zip(*[(b / 1000, 100 * a) for b, a in line], strict=True), "o-",
                  color=plots.colour(method), label=name)  # fmt: skip
    labelled = {level: max(c[level][1] for c in (rounded, trained) if level in c)
                for level in rounded}  # fmt: skip
    for level, top in labelled.items():
        size = (trained if level in trained else rounded)[level][0]
        axis.annotate(_BITS[level], (size / 1000, 100 * top), xytext=(0, 7),
                      ha="center", textcoords="offset points", fontsize=9)  # fmt: skip
    axis.plot(floats[0] / 1000, 100 * floats[1], "s", color=plots.colour("reference"),
              label="32-bit floats")  # fmt: skip
    axis.set_xscale("log")
    axis.set_xticks([50, 100, 200, 500, 1000], ["50", "100", "200", "500", "1,000"])
    axis.minorticks_off()
    axis.margins(y=0.1)
    axis.set(xlabel="whole file, kB (labels: bits per weight)", ylabel="validation accuracy, %")
    axis.legend(loc="lower right")


def words_for_curve(rounded: Curve, trained: Curve) -> str:
    """The two lines in words."""
    said = []
    for level, (size, accuracy) in rounded.items():
        better = f", trained {trained[level][1]:.1%}" if level in trained else ""
        said.append(f"{level}: {size:,} bytes, rounded {accuracy:.1%}{better}")
    return f"{_lowest(rounded, trained)}. By bits: " + "; ".join(said)


class MixerFigure:
    """The widget's picture: bytes layer by layer, and the mixture's place beside equal bits.

    Args:
        mixer: with few enough images to answer at once.
        trained: files trained through the rounding, by bits.
    """

    def __init__(self, mixer: Mixer, trained: Mapping[int | str, Path]) -> None:
        self.mixer = mixer
        self.trained = {level: mixer.file(path) for level, path in trained.items()}
        self.floats = mixer.file(models.network_path("SimplifiedCNN"))
        self.rounded = {level: mixer.uniform(level) for level in LEVELS}

    def draw(self, **bits: int | str) -> Any:
        """Draw it; bits of each layer by name."""
        size, accuracy = self.mixer.measured(*[bits[layer] for layer in LAYERS])
        made, (left, right) = plots.figure(columns=2, height=3.7, width_ratios=(3, 5))
        parts = [self.mixer.layer_bytes(layer, bits[layer]) / 1000 for layer in LAYERS]
        bars = left.barh(LAYERS, parts, color=plots.colour("quantization"))
        labels = [f"{bits[n]}: {kb:.1f} kB" for n, kb in zip(LAYERS, parts, strict=True)]
        left.bar_label(bars, labels, padding=3, fontsize=8)
        left.invert_yaxis()
        left.grid(axis="y", visible=False)
        left.set_xlim(0, 480)
        left.set(xlabel="codes and scales, kB", title="Where the bytes are")
        _draw_curve(right, self.rounded, self.trained, self.floats)
        right.set_title(f"{size:,} bytes, {accuracy:.1%}")
        right.plot(size / 1000, 100 * accuracy, "*", ms=18, mec="black", zorder=5,
                   color=plots.colour("quantization"))  # fmt: skip
        return made

    def words(self, **bits: int | str) -> str:
        """The picture in words."""
        size, accuracy = self.mixer.measured(*[bits[layer] for layer in LAYERS])
        chosen = ", ".join(f"{layer} {bits[layer]}" for layer in LAYERS)
        return (
            f"Bits: {chosen}. The packed file has {size:,} bytes, and {accuracy:.1%} of "
            f"{len(self.mixer.labels):,} validation images are named right. Its codes become "
            "floats when it is loaded: the wait stays that of the float network."
        )
