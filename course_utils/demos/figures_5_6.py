"""Figures of lesson 5.6: training curves, smaller files, deleted reasons, a user's ten films."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from course_utils import plots
from course_utils.spread import mean_and_error

if TYPE_CHECKING:
    from torch import Tensor

    from course_utils.demos.film_reasons import Desk

    Curves = Mapping[str, Sequence[tuple[int, float, float]]]

SHADES = {"stars": "structure", "pairs": "data", "likes": "distillation", "biases": "random",
          "popularity": "random"}  # fmt: skip
WAYS = {"float32": ("reference", "D"), "fewer bits": ("quantization", "o"),
        "rare films out": ("pruning", "s"), "films out by lot": ("random", "x"),
        "fewer dimensions": ("structure", "^")}  # fmt: skip
ARMS = {"removal": "reference", "similarity": "gradient", "popularity": "random", "lot": "random"}
NEAR = 0.01
"""So little NDCG counts as none lost."""


def training(curves: Curves, *, popular: float, biases: float) -> Any:
    """Draw RMSE and NDCG on validation ratings against the steps of training.

    Args:
        curves: by model, rows of step, RMSE and NDCG.
        popular: the NDCG of the popularity list.
        biases: the RMSE of the biases.
    """
    made, axes = plots.figure(columns=2, width=7.6, height=3.1)
    for name, found in curves.items():
        steps, stars, ranking = zip(*found, strict=True)
        shade = plots.colour(SHADES[name])
        if name == "stars":
            axes[0].plot(steps, stars, "o-", color=shade, ms=4, label=name)
        axes[1].plot(steps, ranking, "o-", color=shade, ms=4, label=name)
    for axis, height, words in ((axes[0], biases, "biases"), (axes[1], popular, "popularity")):
        axis.axhline(height, color=plots.colour("random"), ls="--", label=words)
        axis.set_xlabel("steps of Adam")
    axes[0].legend(fontsize=8.5)
    if len(curves) == 1:
        axes[1].legend(fontsize=8.5)
    else:  # between the lists by stars, near zero, and popularity
        axes[1].legend(fontsize=8, ncols=2, loc="lower right", bbox_to_anchor=(1, 0.06))
    axes[0].set_ylabel("RMSE, stars (lower is better)")
    axes[1].set_ylabel("NDCG@10 (higher is better)")
    made.suptitle(ends(curves, popular=popular, biases=biases), fontsize=11, fontweight="bold")
    return made


def ends(curves: Curves, *, popular: float, biases: float) -> str:
    """Where training ends, in a sentence: beside popularity; stars alone beside the biases too."""
    last = {name: rows[-1] for name, rows in curves.items()}
    if set(last) == {"stars"}:
        _, error, found = last["stars"]
        return (f"The error ends {_side(error - biases)} the biases', "
                f"the lists {_side(found - popular)} popularity")  # fmt: skip
    sides = {side: [name for name, row in last.items() if _side(row[2] - popular) == side]
             for side in ("above", "below")}  # fmt: skip
    return "Lists: " + ", ".join(f"{' and '.join(names)} {side} popularity"
                                 for side, names in sides.items() if names)  # fmt: skip


def _side(gap: float) -> str:
    return "above" if gap > 0 else "below"


def words_for_training(curves: Curves, *, popular: float, biases: float) -> str:
    """The picture of `training` in words."""
    parts = [("" if name != "stars" else f"stars: RMSE {rows[0][1]:.3f} at the start, "
              f"{rows[-1][1]:.3f} at the end; ")
             + f"{name}: NDCG {rows[0][2]:.3f} at the start, {rows[-1][2]:.3f} at the end"
             for name, rows in curves.items()]  # fmt: skip
    return "; ".join(parts) + f". Popularity {popular:.3f}, biases' RMSE {biases:.3f}."


def sizes(rows: Sequence[Mapping[str, Any]], *, popular: float) -> Any:
    """Draw NDCG against bytes, a mark for each split."""
    made, axis = plots.figure(height=3.6)
    for way, (method, mark) in WAYS.items():
        some = [row for row in rows if row["way"] == way]
        shade = plots.colour(method)
        means = [sum(row["NDCG"]) / len(row["NDCG"]) for row in some]
        axis.plot([row["bytes"] / 1000 for row in some], means, "-", color=shade, lw=1)
        for k, row in enumerate(some):
            axis.plot([row["bytes"] / 1000] * len(row["NDCG"]), row["NDCG"], mark, color=shade,
                      ms=6, alpha=0.8, label=None if k else way)  # fmt: skip
    axis.axhline(popular, color=plots.colour("random"), ls="--", label="popularity list")
    axis.set_xscale("log")
    axis.set_xticks([30, 50, 100, 200, 500], ["30", "50", "100", "200", "500"])
    axis.minorticks_off()
    axis.set(xlabel="kilobytes of the file", ylabel="NDCG@10", ylim=(0, None),
             title=losses(rows))  # fmt: skip
    axis.legend(fontsize=8, loc="lower right", ncols=2)
    return made


def losses(rows: Sequence[Mapping[str, Any]]) -> str:
    """What the fewest film vectors that do, and the fewest bits, cost, in one sentence."""
    mean = {(row["way"], row["what"]): sum(row["NDCG"]) / len(row["NDCG"]) for row in rows}
    whole = mean["float32", "whole"]
    fewest = [what for (way, what), value in mean.items()
              if way == "rare films out" and value > whole - NEAR]  # fmt: skip
    kept = (f"The {fewest[-1].split()[0]} most liked films are enough" if fewest
            else "No film vector can go")  # fmt: skip
    return f"{kept}; 2 bits lose {whole - mean['fewer bits', '2 bits']:.3f} of NDCG"


def words_for_sizes(rows: Sequence[Mapping[str, Any]]) -> str:
    """The picture of `sizes` in words."""
    return "; ".join(
        f"{row['way']}, {row['what']}: {row['bytes'] / 1000:.0f} kB, NDCG "
        f"{sum(row['NDCG']) / len(row['NDCG']):.3f}" for row in rows
    ) + "."  # fmt: skip


def falls(found: Mapping[str, Mapping[str, Tensor]]) -> Any:
    """Draw how far scores fall without three reasons, a panel for each way of measuring."""
    made, axes = plots.figure(columns=len(found), width=7.6, height=2.6, sharex=True, sharey=True)
    for axis, (words, by) in zip(axes, found.items(), strict=True):
        for place, (name, values) in enumerate(by.items()):
            mean, error = mean_and_error(values)
            axis.barh(place, mean, xerr=error, color=plots.colour(ARMS[name]), height=0.65)
        axis.set_yticks(range(len(by)), list(by))
        axis.xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
        axis.set_xlabel("share of the score lost")
        axis.set_title(words, fontsize=9.5, fontweight="normal")
    axes[0].invert_yaxis()
    first = {name: values.mean().item() for name, values in next(iter(found.values())).items()}
    parts = (f"{name} {first[name] / first['removal']:.0%}" for name in first if name != "removal")
    made.suptitle(f"Of what removal's three cost: {', '.join(parts)}", fontsize=11,
                  fontweight="bold")  # fmt: skip
    return made


def words_for_falls(found: Mapping[str, Mapping[str, Tensor]]) -> str:
    """The picture of `falls` in words."""
    return ". ".join(
        f"{words}: " + ", ".join(f"{name} {mean_and_error(values)[0]:.1%}"
                                 for name, values in by.items())
        for words, by in found.items()
    ) + "."  # fmt: skip


def short(title: str, *, letters: int = 34) -> str:
    """A film's title, its article in front, cut where it would run out of the picture."""
    title = re.sub(r"^(.+?), (The|An?|Les?|La)(?= \(|$)", r"\2 \1", title)
    return title if len(title) <= letters else title[: letters - 1].rstrip() + "…"


def ten(desk: Desk, user: int, place: int, bits: int) -> Any:
    """Draw a user's ten films, and why one of them is there."""
    films, scores = desk.ten(user, bits)
    because = desk.because(user, films[place - 1], bits)
    made, axes = plots.figure(columns=2, width=8.6, height=3.6)
    shades = [plots.colour("distillation" if k == place - 1 else "random") for k in range(10)]
    axes[0].barh(range(10), scores, color=shades)
    axes[0].set_yticks(range(10), [short(desk.titles[k]) for k in films], fontsize=7.5)
    axes[0].set_xlabel("score")
    axes[0].set_title("the ten", fontsize=9.5, fontweight="normal")
    axes[1].barh(range(len(because)), [row[1] for row in because], color=plots.colour("reference"))
    axes[1].set_yticks(range(len(because)), [short(row[0]) for row in because], fontsize=7.5)
    axes[1].xaxis.set_major_formatter(lambda x, _: f"{x:.0%}")
    axes[1].set_xlabel("score lost without it")
    axes[1].set_title("because you liked …", fontsize=9.5, fontweight="normal")
    for axis in axes:
        axis.invert_yaxis()
    made.suptitle(finding(desk, user, place, bits), fontsize=10.5, fontweight="bold")
    return made


def finding(desk: Desk, user: int, place: int, bits: int) -> str:
    """What the picture of `ten` shows, in one sentence."""
    films, _ = desk.ten(user, bits)
    strongest, fall, _ = desk.because(user, films[place - 1], bits)[0]
    film, other = (short(title, letters=30) for title in (desk.titles[films[place - 1]], strongest))
    return f"{film}: without {other} its score falls by {fall:.0%}"


def words_for_ten(desk: Desk, user: int, place: int, bits: int) -> str:
    """The picture of `ten` in words."""
    films, _ = desk.ten(user, bits)
    named = "; ".join(desk.titles[k] for k in films)
    because = ", ".join(f"{title} {fall:.1%}" for title, fall, _ in
                        desk.because(user, films[place - 1], bits))  # fmt: skip
    return (f"Number {place} of user {user} at {bits} bits. {finding(desk, user, place, bits)}. "
            f"The ten: {named}. Removal: {because}.")  # fmt: skip
