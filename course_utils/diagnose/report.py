"""One page about a network's limits: readable offline, by eye or by screen reader."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from course_utils import page, tables
from course_utils.diagnose import corruptions, errors, figures
from course_utils.diagnose.findings import Findings, Network, Pair, examine
from course_utils.models import write_atomically

_LOOK = """
body { font: 14px/1.4 system-ui, sans-serif; color: #222; background: #fff; margin: 0 auto;
  max-width: 62rem; padding: 1rem 1.4rem; }
h1 { font-size: 1.4rem; margin: 0 0 .3rem; } h2 { font-size: 1.05rem; margin: .2rem 0 .3rem; }
main { display: grid; gap: 0 1.8rem;
  grid-template-columns: repeat(auto-fit, minmax(min(22rem, 100%), 1fr)); }
section { border-top: 1px solid #bbb; padding: .4rem 0 .3rem; min-width: 0; overflow-x: auto; }
.wide { grid-column: 1 / -1; }
p { margin: .25rem 0; } table { font-size: 13px; } figure { margin: .2rem 0; } ul { margin: 0; }
@media print { body { font-size: 11px; } section { break-inside: avoid; } }
"""


@dataclass(frozen=True)
class Report:
    """A page about one network.

    Attributes:
        name: the network's.
        findings: the numbers.
        html: a whole page; its pictures are inside, so it needs no other file and no network.
    """

    name: str
    findings: Findings
    html: str

    def save(self, path: str | Path) -> Path:
        """Write the page to a file, whole or not at all."""
        return write_atomically(Path(path), self.html.encode())

    def _repr_html_(self) -> str:
        title = page.escape(f"Report: the limits of {self.name}")
        code = page.escape(self.html)
        look = "width:100%;height:46rem;border:1px solid #bbb;background:#fff"
        return (f'<iframe title="{title}" srcdoc="{code}" '
                f'style="{look}"></iframe>')  # fmt: skip

    def __repr__(self) -> str:
        found = self.findings
        return f"Report on {self.name}: {found.accuracy:.1%} right of {found.images:,} images"


def report(
    network: Network,
    *,
    name: str,
    seek: Pair,
    confirm: Pair,
    classes: Sequence[str] = (),
    about: str = "",
    **options: Any,
) -> Report:
    """Examine a network and write one page about its limits.

    Needs predictions only: works for ONNX files and for any callable from images to logits.

    Args:
        seek: images and labels to fit the temperature and to look for weak slices.
        confirm: others, on which everything is measured. Neither may have been trained on.
        classes: names of the classes; numbers unless told.
        about: what the images are, in a few words, such as "Fashion-MNIST's test images".
        options: for `findings.examine`: strengths, corrupted, seed.
    """
    found = examine(network, seek, confirm, names=classes, **options)
    names = list(classes) or [f"class {k}" for k in range(len(found.matrix))]
    sections = [
        _tested(found, about), _classes(found, names), _calibration(found), _slices(found),
        _suspects(found, names, confirm), _corruptions(found), _silence(found),
    ]  # fmt: skip
    title = page.escape(f"The limits of {name}")
    html = (
        '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        f"<title>{title}</title>\n<style>{_LOOK}</style>\n</head>\n<body>\n<h1>{title}</h1>\n"
        f"<main>\n{chr(10).join(sections)}\n</main>\n</body>\n</html>\n"
    )
    return Report(name, found, html)


def _section(title: str, *parts: str, wide: bool = False) -> str:
    look = ' class="wide"' if wide else ""
    return f"<section{look}>\n<h2>{title}</h2>\n{chr(10).join(parts)}\n</section>"


def _p(words: str) -> str:
    return f"<p>{words}</p>"


def _tested(found: Findings, about: str) -> str:
    low, high = found.accuracy - 2 * found.error, min(found.accuracy + 2 * found.error, 1.0)
    return _section(
        "What was tested",
        _p(f"{page.escape(about) + ': ' if about else ''}{found.images:,} images that it was "
           f"judged on, and {found.sought:,} others for fitting and seeking."),
        _p(f"<b>Right: {found.accuracy:.1%}</b>, with its error {low:.1%} to {high:.1%} "
           "(two standard errors: other images of this kind)."),
        wide=True,
    )  # fmt: skip


def _classes(found: Findings, names: Sequence[str]) -> str:
    recall, counts = errors.recall(found.matrix), found.matrix.sum(1)
    worst = recall.nan_to_num(2.0).argsort()[:3].tolist()
    rows = [{"class": names[k], "recognised": f"{recall[k]:.1%}", "of images": int(counts[k])}
            for k in worst if counts[k]]  # fmt: skip
    pairs = [{"is": names[one.true], "called": names[one.answer], "images": one.images,
              "of all errors": f"{one.share:.0%}"}
             for one in errors.most_confused(found.matrix)[:5]]  # fmt: skip
    return _section(
        "Its errors",
        tables.table(rows, caption="Worst classes").html,
        tables.table(pairs, caption="Most frequent confusions").html if pairs else _p("None."),
    )


def _calibration(found: Findings) -> str:
    mean, high = found.floor
    groups = {"as it comes": found.raw}
    if found.temperature is None:
        words = "No temperature fits: every answer on the other images was right."
    else:
        groups[f"at temperature {found.temperature:.2f}"] = found.mended
        words = (f"The temperature was fitted on the other images. ECE {found.raw.ece:.1%} before, "
                 f"{found.mended.ece:.1%} after.")  # fmt: skip
    words += (f" A perfectly calibrated network would show {mean:.1%} on so many images, seldom "
              f"above {high:.1%}.")  # fmt: skip
    picture = figures.reliability(groups, title="", width=4.6, height=3.0)
    shown = page.image(picture, figures.words_for_reliability(groups))
    return _section("Is it as often right as it is sure?", shown, _p(words))


def _slices(found: Findings) -> str:
    rows = [
        {"slice": one.sought.rule.name, "wrong": f"{one.again.errors:.0%}",
         "expected": f"{one.again.expected:.0%}",
         "held": f"yes, p {_p_value(one.p)}" if one.holds else "no"}
        for one in found.slices
    ]  # fmt: skip
    holds = sum(one.holds for one in found.slices)
    words = (f"{found.rules} slices by simple properties were looked at on the other images; the "
             f"weakest {len(rows)} were tried again here, and {holds} held (p corrected for "
             "these). Expected: as many images of the same classes.")  # fmt: skip
    shown = tables.table(rows, caption="Slices, weakest first when sought").html if rows else ""
    return _section("Where it is weaker than its classes explain", shown, _p(words))


def _p_value(p: float) -> str:
    return "< 0.001" if p < 0.001 else f"= {p:.3f}"


def _corruptions(found: Findings) -> str:
    clean = found.corrupted[0]
    last = {one.kind: one for one in found.corrupted}
    worst = min(last.values(), key=lambda one: one.accuracy)
    gap = max(found.corrupted, key=lambda one: one.confidence - one.accuracy)
    words = (
        f"Clean {clean.accuracy:.1%} right, ECE {clean.ece:.1%}. Worst: "
        f"{worst.kind}, {worst.accuracy:.0%}. Most overconfident: {gap.kind} at strength "
        f"{gap.strength}, {gap.confidence:.0%} sure and {gap.accuracy:.0%} right (ECE "
        f"{gap.ece:.0%}). The temperature was fitted on clean images."
    )
    top = f"The greatest strengths: {_amounts(last)}."
    picture = figures.corruptions(found.corrupted, title="", width=8.4)
    return _section("When images suffer", page.image(
        picture, figures.words_for_corruptions(found.corrupted)), _p(words), _p(top),
        wide=True)  # fmt: skip


def _amounts(last: dict) -> str:
    return ", ".join(
        f"{kind} {corruptions.AMOUNTS[kind][one.strength - 1]:g} {corruptions.UNITS[kind]}"
        for kind, one in last.items()
        if one.strength
    )


def _suspects(found: Findings, names: Sequence[str], confirm: tuple[Tensor, Tensor]) -> str:
    some = found.suspects[:8]
    words = _p(f"Confident learning doubts {len(found.suspects)} labels of {found.images:,}. It "
               "doubts by this network's own predictions: look before you change one.")  # fmt: skip
    if not len(some):
        return _section("Labels to look at", words)
    given = [names[k] for k in confirm[1][some].tolist()]
    said = [names[k] for k in found.instead[:8].tolist()]
    images = confirm[0][some].float().mean(1, keepdim=True).cpu()
    picture = figures.labelled(images, given, said, columns=4)
    alt = f"The first {len(some)}: {figures.words_for_labelled(given, said)}"
    return _section("Labels to look at", words, page.image(picture, alt))


def _silence(found: Findings) -> str:
    points = [
        "Images of another source: nothing here was measured on them.",
        "Things that belong to no class: it answers with one of its classes, however sure.",
        "Weaknesses along properties that nobody named. A slice that was not confirmed may be "
        "weak, too: few images cannot tell.",
        f"Real accidents: the corruptions are simple imitations, on {found.corrupted_images:,} "
        "images.",
        "Whether a doubted label is wrong, and whether the others are right: accuracy counts "
        "agreement with the labels.",
        "Why it errs. Attributions and interventions ask that.",
    ]
    items = "".join(f"<li>{point}</li>" for point in points)
    return _section("What this page cannot say", f"<ul>{items}</ul>", wide=True)
