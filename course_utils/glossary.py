"""The glossary English – 中文: one file of terms, looked up and shown."""

import csv
import difflib
from functools import cache
from pathlib import Path
from typing import NamedTuple

from course_utils import page, tables

FILE = Path(__file__).with_name("glossary.csv")


class Term(NamedTuple):
    """One term: English, Chinese, other English forms, where it belongs, what it means."""

    term: str
    chinese: str
    also: tuple[str, ...]
    topic: str
    lesson: str
    meaning: str

    @property
    def forms(self) -> tuple[str, ...]:
        """Every English form."""
        return (self.term, *self.also)


@cache
def terms() -> tuple[Term, ...]:
    """All terms, in the order of the file: by topic."""
    with FILE.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    return tuple(
        Term(**{**row, "also": tuple(form for form in row["also"].split(";") if form)})
        for row in rows
    )


def find(words: str) -> list[Term]:
    """The terms whose English, Chinese or meaning holds the words; upper or lower case."""
    wanted = words.strip().lower()
    return [t for t in terms() if wanted in " ".join([*t.forms, t.chinese, t.meaning]).lower()]


def shown(words: str = "") -> page.Shown:
    """The terms that hold the words; all of them, folded by topic, when there are none."""
    found = find(words)
    if not words.strip():
        topics = list(dict.fromkeys(term.topic for term in found))
        parts = [[term for term in found if term.topic == topic] for topic in topics]
        tabled = [_table(part, topic) for part, topic in zip(parts, topics, strict=True)]
        html = "<b>Glossary English – 中文</b>" + "".join(
            page.folded(f"{topic} ({len(part)} terms)", table.html)
            for topic, part, table in zip(topics, parts, tabled, strict=True)
        )
        return page.Shown(html, "\n\n".join(table.text for table in tabled))
    if found:
        return _table(found, f"{len(found)} found for “{words.strip()}”")
    near = difflib.get_close_matches(words, [form for t in terms() for form in t.forms])
    hint = f" Did you mean {', '.join(near)}?" if near else ""
    text = f"The glossary has no “{words.strip()}”.{hint}"
    return page.Shown(f"<p>{page.escape(text)}</p>", text)


def _table(found: list[Term], caption: str) -> page.Shown:
    rows = [{"term": t.term, "中文": t.chinese, "meaning": t.meaning, "lesson": t.lesson}
            for t in found]  # fmt: skip
    return tables.table(rows, caption=caption)
