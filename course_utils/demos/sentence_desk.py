"""A desk where one types a sentence: answers and word bars of several readers, as HTML."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from course_utils import page, plots
from course_utils.language import Reader, explain
from course_utils.language.tokens import PLACES, words

SHADES = {"bag": "structure", "transformer": "reference", "int8": "quantization"}
START = "A slow story, but the acting is a delight."
MOST = 40
"""Different words of a typed text that are shown."""
LETTERS = 24
"""Of a word that are shown."""


class Desk:
    """Explains what is typed, with each reader's leave-one-out values.

    Everything typed is escaped before it becomes HTML.
    """

    def __init__(self, readers: Mapping[str, Reader]) -> None:
        self.readers = dict(readers)

    def draw(self, *, sentence: str) -> str:
        """Return a table: a row for each word, a bar for each reader; the answers on top."""
        text = shortened(sentence)
        if not words(text):
            return "<p>Type a sentence in English.</p>"
        names = explain.players(text)
        said = {name: float(reader([text])[0]) for name, reader in self.readers.items()}
        values = {name: explain.leave_one_out(reader, text).tolist()
                  for name, reader in self.readers.items()}  # fmt: skip
        top = max([1e-6, *(abs(v) for one in values.values() for v in one)])
        head = "".join(f"<th style='width:{_WIDTH}px'>{page.escape(name)}<br>{answer(one)}</th>"
                       for name, one in said.items())  # fmt: skip
        rows = "".join(self._row(k, name, values, top) for k, name in enumerate(names))
        note = (f"Bars: log-odds with the word minus without it; right speaks for “liked”; the "
                f"longest is {top:.2g}.")  # fmt: skip
        if not any(self._known(name) for name in names):
            note = "No word here is known: the answers rest on nothing. " + note
        return (f"<table style='border-collapse:collapse'><tr><th>word</th>{head}</tr>{rows}"
                f"</table><p>{note}</p>")  # fmt: skip

    def words(self, *, sentence: str) -> str:
        """The table in words."""
        text = shortened(sentence)
        if not words(text):
            return "No sentence."
        parts = [f"{name}: {answer(float(reader([text])[0]))}"
                 for name, reader in self.readers.items()]  # fmt: skip
        return "; ".join(parts)

    def controls(self) -> dict[str, Any]:
        """The box to type in, filled with a sentence."""
        from course_utils import widgets

        return {"sentence": widgets.text(START, label="sentence")}

    def _known(self, name: str) -> bool:
        return any(name in reader.vocabulary.numbers for reader in self.readers.values())

    def _row(self, k: int, name: str, values: Mapping[str, list[float]], top: float) -> str:
        label = page.escape(name if len(name) <= LETTERS else f"{name[:LETTERS]}…")
        label = label if self._known(name) else f"<i>{label} (unknown)</i>"
        cells = "".join(f"<td>{bar(one[k] / top, plots.colour(SHADES.get(kind, 'reference')))}</td>"
                        for kind, one in values.items())  # fmt: skip
        return f"<tr><td style='text-align:right;padding-right:.5em'>{label}</td>{cells}</tr>"


_WIDTH = 150


def shortened(text: str) -> str:
    """The first words of a text: no more different ones than are shown, no more than are read."""
    spoken = words(text)[:PLACES]
    while len(set(spoken)) > MOST:
        spoken.pop()
    return " ".join(spoken)


def answer(log_odds: float) -> str:
    """A reader's answer in words: liked 83 %."""
    share = 1 / (1 + np.exp(-log_odds))
    return f"liked, {share:.0%}" if share > 0.5 else f"disliked, {1 - share:.0%}"


def bar(part: float, colour: str) -> str:
    """A bar from the middle of its cell: to the right for 1, to the left for -1."""
    half = _WIDTH // 2
    width = round(abs(part) * half)
    left = half if part >= 0 else half - width
    return (f"<div style='width:{_WIDTH}px;height:.9em;background:linear-gradient(90deg,"
            f"transparent {half - 1}px,#888 {half - 1}px,#888 {half}px,transparent {half}px)'>"
            f"<div style='margin-left:{left}px;width:{width}px;height:.9em;background:{colour}'>"
            f"</div></div>")  # fmt: skip
