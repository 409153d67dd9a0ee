"""How high a piece of a lesson stands on a slide, roughly, in the points of `look/slides.css`."""

import re
from typing import Any

SLIDE = 590  # what a slide holds below its heading in small
RUNNING = 40  # the heading in small
PICTURE = 520  # the most that a picture is given, so that a line fits below
FOLDED = 40  # the line that unfolds code
_SCRIPT = re.compile(r"<(style|script)\b.*?</\1>", re.DOTALL)
_HEADS = {"# ": (50, 72), "## ": (55, 70), "### ": (65, 60)}  # letters a line, points a line


def of_text(source: str) -> int:
    """The height of one block of Markdown: a heading, a paragraph, a list, a table, a formula."""
    for mark, (letters, points) in _HEADS.items():
        if source.startswith(mark):
            return lines(source, letters) * points
    if source.startswith("$$"):
        return 110
    if source.startswith("|"):
        return 36 * len(source.splitlines())
    parts = re.split(r"\n(?=[-*\d]+\.? )", source)
    return sum(lines(part, 82) * 45 for part in parts) + 22


def of_code(source: str) -> int:
    """The height of code that is shown."""
    return 24 * len(source.splitlines()) + 40


def of_output(out: Any) -> int:
    """The height of an output; a picture leaves room for a line or two."""
    if out.output_type == "stream":
        return 25 * len(out.text.splitlines()) + 45
    html = _SCRIPT.sub("", out.data.get("text/html", ""))
    if re.search(r"<img\b|<svg\b", html):
        return PICTURE
    rows = html.split("</tr>")
    if len(rows) > 1:
        return 60 + sum(lines(re.sub(r"<[^>]+>", " ", row), 110) * 38 for row in rows[:-1])
    parts = re.split(r"<(?:p|li|br|div|summary)\b", html)
    words = [re.sub(r"<[^>]*>|^[^<>]*>", "", part) for part in parts]
    return sum(lines(part, 90) * 42 for part in words if part.strip()) + 30


def lines(words: str, letters: int) -> int:
    """How many lines the words fill; a Chinese character is as wide as two letters."""
    wide = sum(1 + (character > "\u2e80") for character in " ".join(words.split()))
    return max(1, -(-wide // letters))
