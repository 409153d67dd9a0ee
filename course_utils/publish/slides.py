"""How a lesson is cut into slides: by its headings and by what a slide holds, never by hand.

A heading of the second rank begins a column. Text, short code and small outcomes share a slide
while there is room; a picture has one of its own; the outcome of a guess never stands beside the
question. Long code is folded. What only serves a learner's own work is left out.
"""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from html import escape
from typing import Any

from course_utils.publish import heights

LINES = 12  # of code that is shown before an outcome; longer code is folded
FEW_LINES = 3  # of code that are folded too where a picture or a table follows
_LEFT_OUT = re.compile(
    r"lesson\.(begin|check_environment|course_map|glossary|progress_page)\(|exercises\.check\("
)
_HEADING = re.compile(r"(#{1,3}) (.*)")
_BREAK = "```{revealjs-break}\n:notitle:\n```\n\n"


@dataclass(frozen=True)
class Piece:
    """A part of a lesson that is not cut further: a notebook cell, and its height in points."""

    cell: Any
    height: int
    asks: bool = False

    @property
    def heading(self) -> re.Match | None:
        """The heading that it begins with."""
        return _HEADING.match(self.cell.source) if self.cell.cell_type == "markdown" else None


def cut(book: Any) -> Any:
    """A copy of an executed notebook whose cells make slides.

    Slides are parted by headings and, where there is none, by the directive `revealjs-break`
    with the running heading in small.
    """
    from nbformat.v4 import new_notebook

    cells, used, asked, under = [], 0, False, ""
    for piece, running in _with_titles(book):
        if piece.heading:
            used = -heights.RUNNING
        elif asked or running != under or used + piece.height > heights.SLIDE:
            cells.append(_parted(running))
            used = 0
        cells.append(piece.cell)
        used, asked, under = used + piece.height, piece.asks, running
    for number, cell in enumerate(cells):
        cell["id"] = f"slide-{number}"
    return new_notebook(cells=cells, metadata=book.metadata)


def _with_titles(book: Any) -> Iterator[tuple[Piece, str]]:
    """The pieces of a lesson, each with the heading that it stands under."""
    column, part = "", ""
    for cell in book.cells:
        if cell.cell_type == "markdown" and part.startswith("Exercise"):
            part = ""  # the exercise's own text and code are over
        for piece in pieces(cell):
            if head := piece.heading:
                column, part = (column, head[2]) if len(head[1]) == 3 else (head[2], "")
            yield piece, part or column


def pieces(cell: Any) -> list[Piece]:
    """What one cell of a lesson gives to slides; nothing when it is left out."""
    if cell.cell_type == "markdown":
        return [
            Piece(_text("\n\n".join(part)), sum(map(heights.of_text, part)))
            for part in _together(blocks(cell.source))
        ]
    if cell.cell_type != "code" or _LEFT_OUT.search(cell.source):
        return []
    return list(_outcomes(cell))


def _outcomes(cell: Any) -> Iterator[Piece]:
    """A code cell's code, shown or folded, and its outputs."""
    outs, lines = cell.outputs, len(cell.source.splitlines())
    tall = [heights.of_output(out) for out in outs]
    if "lesson.quiz(" in cell.source:  # style, questions and script belong together
        yield Piece(_code(cell, outs, "remove-input"), heights.SLIDE)
    elif "lesson.predict(" in cell.source:  # the question with all that leads to it
        yield Piece(_code(cell, outs, "hide-input"), sum(tall) + heights.FOLDED, asks=True)
    elif outs and (lines > LINES or (lines <= FEW_LINES and tall[0] > heights.SLIDE / 2)):
        yield Piece(_code(cell, outs[:1], "hide-input"), tall[0] + heights.FOLDED)
        yield from _bare(cell, outs[1:], tall[1:])
    else:
        height = heights.of_code(cell.source)
        with_code = int(bool(outs) and height + tall[0] <= heights.SLIDE)
        yield Piece(_code(cell, outs[:with_code]), height + sum(tall[:with_code]))
        yield from _bare(cell, outs[with_code:], tall[with_code:])


def _bare(cell: Any, outs: list, tall: list[int]) -> Iterator[Piece]:
    """Outputs without the code that they come from."""
    for out, height in zip(outs, tall, strict=True):
        yield Piece(_code(cell, [out], "remove-input"), height)


def blocks(source: str) -> list[str]:
    """Markdown cut into headings, paragraphs, lists, tables and code."""
    from markdown_it import MarkdownIt

    lines = source.splitlines()
    tokens = MarkdownIt().enable("table").parse(source)
    spans = [token.map for token in tokens if token.level == 0 and token.map]
    found = ["\n".join(lines[start:end]).strip() for start, end in spans]
    return [block for block in found if block]


def _together(found: list[str]) -> Iterator[list[str]]:
    """Blocks in parts that are not torn: what ends in a colon stays with what follows."""
    part: list[str] = []
    for block in found:
        part.append(block)
        if not block.endswith(":"):
            yield part
            part = []
    if part:
        yield part


def _text(words: str) -> Any:
    from nbformat.v4 import new_markdown_cell

    return new_markdown_cell(words)


def _code(cell: Any, outputs: list, *tags: str) -> Any:
    from nbformat.v4 import new_code_cell

    return new_code_cell(cell.source, outputs=outputs, metadata={"tags": list(tags)})


def _parted(title: str) -> Any:
    """A new slide with the heading that it stands under, in small."""
    words = escape(re.sub(r"[`*$\\]", "", title))
    return _text(f'{_BREAK}<p class="running">{words}</p>')
