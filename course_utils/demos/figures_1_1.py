"""Lesson 1.1's figures: where the costs sit, the scatter of a stopwatch, the race, the roof."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from course_utils import measure, plots

LAYERS = {"conv1": "#9ecae1", "conv2": "#3182bd", "fc1": "#fdae6b", "fc2": "#e6550d"}
BATCHES = ("batch 1", "batch 256")
REST, REST_COLOUR = "layers without MACs", "#d9d9d9"


def shares(rows: Mapping[str, Mapping[str, float]], *, title: str) -> Any:
    """Draw a bar a cost, cut into the layers' shares.

    Args:
        rows: by the cost's name, amounts by layer; layers that are not in LAYERS are lumped.
    """
    made, axis = plots.figure(height=0.9 + 0.5 * len(rows))
    for place, amounts in enumerate(rows.values()):
        left = 0.0
        for name, share in lumped(amounts).items():
            shade, hatch = LAYERS.get(name, REST_COLOUR), "" if name in LAYERS else "///"
            axis.barh(place, share, left=left, color=shade, edgecolor="white", height=0.7,
                      hatch=hatch, label=name if place == 0 else None)  # fmt: skip
            if share > 0.045:
                ink = "white" if name in ("conv2", "fc2") else "black"
                axis.text(left + share / 2, place, f"{share:.0%}", ha="center", va="center",
                          color=ink, fontsize=9.5)  # fmt: skip
            left += share
    axis.set_yticks(range(len(rows)), list(rows))
    axis.invert_yaxis()
    axis.grid(visible=False)
    axis.set_xlim(0, 1)
    axis.xaxis.set_major_formatter(lambda v, _: f"{v:.0%}")
    axis.set(xlabel="share of the whole network's", title=title)
    made.legend(loc="outside lower center", ncols=5)
    return made


def lumped(amounts: Mapping[str, float]) -> dict[str, float]:
    """Return shares that sum to 1: one for each layer in LAYERS, one for all others together."""
    total = sum(amounts.values())
    found = {name: amounts.get(name, 0) / total for name in LAYERS}
    return found | {REST: 1 - sum(found.values())}


def words(amounts: Mapping[str, float]) -> str:
    """The shares of one cost in words."""
    return ", ".join(f"{name} {share:.0%}" for name, share in lumped(amounts).items())


def timings(seconds: Sequence[float], *, title: str) -> Any:
    """Draw repeated timings in their order, with the median and the middle half."""
    spread = measure.Spread.of(list(seconds))
    made, axis = plots.figure(height=2.8)
    milliseconds = 1e3 * np.asarray(seconds)
    axis.axhspan(1e3 * spread.low, 1e3 * spread.high, color="#cfe3f1", label="middle half")
    axis.axhline(1e3 * spread.median, color=plots.colour("quantization"), label="median", lw=1.5)
    axis.plot(range(1, len(seconds) + 1), milliseconds, "o", color=plots.colour("reference"), ms=4)
    axis.set_yscale("log", base=2)
    axis.yaxis.set_major_formatter(lambda v, _: f"{v:.3g}")
    axis.set(xlabel="call", ylabel="milliseconds (logarithmic)", title=title)
    made.legend(loc="outside lower center", ncols=2)
    return made


def race(points: Sequence[Mapping[str, Any]], *, title: str) -> Any:
    """Draw time against multiply-accumulates, both as multiples of the reference's.

    Args:
        points: rows with "network", "MACs", and a Spread each in "batch 1" and "batch 256".
    """
    made, axis = plots.figure(height=4.2)
    low, high = 1 / 8, 8
    top = 2 * max(p[batch].high for p in points for batch in BATCHES)
    axis.fill_between([low, 1], 1, top, color="#fbe3d6", zorder=0)
    axis.text(low * 1.06, top / 1.1, "fewer multiplications, longer wait", va="top", fontsize=9.5)
    axis.plot([low, high], [low, high], color="#bbbbbb", lw=1.2, zorder=1)
    axis.text(high, high * 0.8, "time = MACs", ha="right", va="top", fontsize=9.5, color="#777777")
    for batch, marker, fill in zip(BATCHES, "os", ("full", "none"), strict=True):
        for i, point in enumerate(points):
            spread = point[batch]
            around = [[spread.median - spread.low], [spread.high - spread.median]]
            axis.errorbar(point["MACs"], spread.median, yerr=around, fmt=marker, ms=8, lw=1.2,
                          fillstyle=fill, color=plots.colour("structure"), mec="#1f6f9f",
                          label=batch if i == 0 else None)  # fmt: skip
    for point in points:
        place = (point["MACs"], max(point[batch].median for batch in BATCHES))
        axis.annotate(point["network"], place, xytext=(8, 0), va="center",
                      textcoords="offset points", fontsize=9.5)  # fmt: skip
    axis.plot(1, 1, "*", ms=15, color=plots.colour("reference"), label="the trained reference")
    axis.set_xscale("log", base=2)
    axis.set_yscale("log", base=2)
    axis.set(xlim=(low, high), ylim=(None, top))
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_formatter(lambda v, _: f"{v:g}" if v >= 1 else f"1/{1 / v:g}")
    axis.set(xlabel="multiply-accumulates (× the reference's)",
             ylabel="time (× the reference's)", title=title)  # fmt: skip
    axis.legend(loc="lower right")
    return made


def race_words(points: Sequence[Mapping[str, Any]]) -> str:
    """The race in words."""
    return "; ".join(
        f"{p['network']}: {p['MACs']:.2f} times the MACs, {p['batch 1'].median:.2f} times the "
        f"time alone, {p['batch 256'].median:.2f} times in a batch" for p in points
    )  # fmt: skip


def rank_correlation(points: Sequence[Mapping[str, Any]]) -> dict[str, float]:
    """Return Spearman's correlation of MACs and median time, the reference (1, 1) included."""
    macs = np.array([p["MACs"] for p in points] + [1.0])
    found = {}
    for batch in BATCHES:
        time = np.array([p[batch].median for p in points] + [1.0])
        ranks = [v.argsort().argsort() for v in (macs, time)]
        found[batch] = float(np.corrcoef(*ranks)[0, 1])
    return found


def roof_title(points: Sequence[Mapping[str, Any]], ridge: float) -> str:
    """The finding: how many layers lie under the slope, alone and in a batch."""
    alone, many = (sum(p["intensity"] < ridge for p in points if p["batch"] == n) for n in (1, 256))
    return f"Under the slope: {alone} of 4 layers alone, {many} of 4 in a batch"


def roof_words(
    points: Sequence[Mapping[str, Any]], *, peak: float, memory: float, cache: float
) -> str:
    """The roofline in words."""
    said = "; ".join(
        f"{p['layer']} in a batch of {p['batch']}: {p['intensity']:.2f} MACs a byte, "
        f"{p['rate'] / 1e9:.1f} billion MACs a second" for p in points
    )  # fmt: skip
    return (
        f"{roof_title(points, peak / memory)}. The roof turns flat at {peak / memory:.1f} MACs a "
        f"byte with data from main memory, at {peak / cache:.1f} with data from a cache. {said}"
    )


def roof(points: Sequence[Mapping[str, Any]], *, peak: float, memory: float, cache: float) -> Any:
    """Draw the roofline of a machine and the layers under it (Williams 2009).

    Args:
        points: rows with "layer", "batch" (1 or 256), "intensity" in multiply-accumulates a
            byte, "rate" in multiply-accumulates a second.
        peak: the machine's multiply-accumulates a second.
        memory: bytes a second from main memory; `cache` the same from a cache.
    """
    made, axis = plots.figure(height=4.4)
    x, ends = np.geomspace(0.1, 100, 200), [p for p in points if p["batch"] > 1]
    for speed, line, source in ((memory, "-", "main memory"), (cache, "--", "a cache")):
        axis.plot(x, np.minimum(peak, speed * x) / 1e9, line, color=plots.colour("reference"),
                  lw=1.6, label=f"roof, data from {source}")  # fmt: skip
    for name, shade in LAYERS.items():
        mine = sorted((p for p in points if p["layer"] == name), key=lambda p: p["batch"])
        alone, many = ((p["intensity"], p["rate"] / 1e9) for p in mine)
        axis.annotate("", many, alone, arrowprops={"arrowstyle": "->", "color": shade, "lw": 1.5})
        for place, marker in ((alone, "o"), (many, "s")):
            axis.plot(*place, marker, ms=9, color=shade, mec="#333333")
        left = _hides_another(name, ends)
        axis.annotate(name, many, xytext=(-5, 12) if left else (8, 0), va="center",
                      ha="right" if left else "left", textcoords="offset points")  # fmt: skip
    axis.set(xscale="log", yscale="log", title=roof_title(points, peak / memory), xlim=(0.1, 100),
             xlabel="arithmetic intensity (multiply-accumulates a byte moved)",
             ylabel="billion multiply-accumulates a second")  # fmt: skip
    for words, side, shift in (("memory-bound", "right", -6), ("compute-bound", "left", 6)):
        axis.annotate(words, (peak / memory, 1.35 * peak / 1e9), xytext=(shift, 0), ha=side,
                      textcoords="offset points", fontsize=9.5, color="#555555")  # fmt: skip
    axis.axvline(peak / memory, color="#999999", lw=1, ls=":")
    axis.set_ylim(top=2.5 * peak / 1e9)
    for one in (axis.xaxis, axis.yaxis):
        one.set_major_formatter(lambda v, _: f"{v:g}")
    axis.legend(loc="lower right", title="round: alone · square: batch of 256")
    return made


def _hides_another(name: str, points: Sequence[Mapping[str, Any]]) -> bool:
    """Whether a label to the right of a layer's point would lie on another layer's point."""
    (mine,) = (p for p in points if p["layer"] == name)
    far = [(np.log10(p["intensity"] / mine["intensity"]), np.log10(p["rate"] / mine["rate"]))
           for p in points if p is not mine]  # fmt: skip
    return any(0 <= right < 0.4 and abs(up) < 0.13 for right, up in far)
