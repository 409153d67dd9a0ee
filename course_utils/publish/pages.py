"""The folder that Sphinx reads: lessons in the syllabus's order, front page, glossary, data."""

import re
import shutil
from collections.abc import Iterable, Sequence
from itertools import groupby
from pathlib import Path
from typing import Any

from course_utils import launch, links
from course_utils.publish import outputs, slides
from course_utils.syllabus import ROOT, Lesson

_MORE = (
    "Glossary English – 中文 <glossary>",
    "Data <data/README>",
    "What each lesson takes <notebooks/BENCH>",
    "For teachers <notebooks/for_teachers>",
)
_KEPT = (
    "LICENSE",
    "data/README.md",
    "notebooks/BENCH.md",
    "notebooks/for_teachers.md",
    "notebooks/pictures",
)
Books = Sequence[tuple[Lesson, Any]]  # executed notebooks, in the syllabus's order


def write_site(source: Path, books: Books, *, root: Path = ROOT) -> None:
    """Write what the site is built from.

    Args:
        source: an empty folder; it gets the course's own tree, so that links stay right.
    """
    address = launch.repository(root)
    for lesson, book in books:
        _write_lesson(source, lesson, with_links(book, lesson, address))
    for name in _KEPT:
        _copy(root / name, source / name)
    _write(source / "glossary.md", glossary_page([lesson for lesson, _ in books]))
    _write(source / "index.md", front_page(root, [lesson for lesson, _ in books]))


def write_slides(source: Path, books: Books, *, root: Path = ROOT) -> None:
    """Write what the slides are built from: see `write_site`."""
    for lesson, book in books:
        outputs.tidy(book, depth=lesson.path.count("/") + 1, folder=source / outputs.FIGURES)
        _write_book(source, lesson, slides.cut(titled(book, lesson)))
    _copy(root / "notebooks" / "pictures", source / "notebooks" / "pictures")
    _write(source / "index.md", slides_page([lesson for lesson, _ in books]))


def with_links(book: Any, lesson: Lesson, address: str) -> Any:
    """A notebook as a page, in place: its number in the title, launch links, no bootstrap cell.

    Args:
        address: the public repository; "" while there is none, and then no links.
    """
    from nbformat.v4 import new_markdown_cell

    titled(book, lesson)
    if badges := launch.badges(lesson.path, address):
        book.cells.insert(1, new_markdown_cell(badges))
    return book


def titled(book: Any, lesson: Lesson) -> Any:
    """A notebook whose title has the lesson's number, without the cells of `make links`."""
    book.cells = [c for c in book.cells if not set(c.metadata.get("tags", [])) & set(links.TAGS)]
    first = book.cells[0]
    first.source = re.sub(r"^# ", f"# {lesson.number} ", first.source, count=1)
    return book


def front_page(root: Path, lessons: Sequence[Lesson]) -> str:
    """The README's start and its licence, and the chapters for the list at the side."""
    readme = re.sub(r"<!--.*?-->\n?", "", (root / "README.md").read_text(encoding="utf-8"))
    start, *sections = re.split(r"^(?=## )", readme, flags=re.MULTILINE)
    licence = [section for section in sections if section.startswith("## Licence")]
    chapters = [_contents(name, map(_entry, part)) for name, part in _chapters(lessons)]
    more = _contents("More", _MORE)
    return "\n\n".join([start.strip(), *chapters, more, *licence])


def slides_page(lessons: Sequence[Lesson]) -> str:
    """The list of all slides, a chapter a slide."""
    parts = ["# Small and Clear: slides", "Arrow keys move, `Esc` shows all, `F` fills the screen."]
    for name, part in _chapters(lessons):
        rows = [f"- [{one.number} {one.title}](notebooks/{one.path})" for one in part]
        parts += [f"## {name}"] * bool(name) + ["\n".join(rows)]
    return "\n\n".join(parts)


def glossary_page(lessons: Sequence[Lesson]) -> str:
    """All terms, a table for each topic, linked to the lessons that are there."""
    from course_utils import glossary

    pages = {lesson.number: f"[{lesson.number}](notebooks/{lesson.path})" for lesson in lessons}
    parts = ["# Glossary English – 中文"]
    for topic, terms in groupby(glossary.terms(), key=lambda term: term.topic):
        rows = [f"| {t.term} | {t.chinese} | {t.meaning} | {pages.get(t.lesson, t.lesson)} |"
                for t in terms]  # fmt: skip
        head = ["| term | 中文 | meaning | lesson |", "|---|---|---|---|"]
        parts.append("\n".join([f"## {topic[:1].upper()}{topic[1:]}", "", *head, *rows]))
    return "\n\n".join(parts)


def slug(words: str) -> str:
    """A heading's anchor as notebooks write it: "The map" is "#The-map"."""
    return words.strip().replace(" ", "-")


def _chapters(lessons: Sequence[Lesson]) -> list[tuple[str, list[Lesson]]]:
    """The lessons by chapter, named as its folder is; "" for a lesson that stands alone."""
    parts = groupby(lessons, key=lambda lesson: lesson.folder or lesson.number)
    return [(key.replace("_", " ").title() if "_" in key else "", list(of)) for key, of in parts]


def _contents(caption: str, entries: Iterable[str]) -> str:
    head = [f":caption: {caption}"] if caption else []
    return "\n".join(["```{toctree}", ":hidden:", *head, "", *entries, "```"])


def _entry(lesson: Lesson) -> str:
    """A lesson's line at the side: its number, and its title up to a colon."""
    words = f"{lesson.number} {lesson.title.partition(':')[0]}"
    return f"{words} <notebooks/{lesson.path.removesuffix('.ipynb')}>"


def _write_lesson(source: Path, lesson: Lesson, book: Any) -> None:
    outputs.tidy(book, depth=lesson.path.count("/") + 1, folder=source / outputs.FIGURES)
    _write_book(source, lesson, book)


def _write_book(source: Path, lesson: Lesson, book: Any) -> None:
    import nbformat

    _write(source / "notebooks" / lesson.path, nbformat.writes(book))


def _write(file: Path, text: str) -> None:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(text, encoding="utf-8", newline="\n")


def _copy(from_: Path, to: Path) -> None:
    if from_.is_dir():
        shutil.copytree(from_, to)
    elif from_.suffix == ".md" and from_.is_file():  # the front page stands for the README
        _write(to, from_.read_text(encoding="utf-8").replace("](../README.md)", "](../index.md)"))
    elif from_.is_file():
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(from_, to)
