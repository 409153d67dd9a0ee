"""Keep in step what is written from the list of lessons: `make links`.

Each notebook gets its bootstrap cell, the metadata by which a class is graded and, when the
course has a public address, its badges; the README gets its table of lessons and its badges.
"""

import json
import re
from pathlib import Path

from course_utils import launch
from course_utils.classroom import cells as class_cells
from course_utils.syllabus import LESSONS, ROOT

TAGS = ("badges", "bootstrap")


def write_links(root: Path = ROOT) -> list[Path]:
    """Rewrite what is out of step in all notebooks and the README.

    Returns:
        the files that changed; none when it is called again.
    """
    address = launch.repository(root)
    changed = []
    for file in notebooks(root):
        path = file.relative_to(root / "notebooks").as_posix()
        notebook = json.loads(file.read_text(encoding="utf-8"))
        text = json.dumps(linked(notebook, path, address), indent=1, ensure_ascii=False) + "\n"
        changed += _write(file, text)
    readme = root / "README.md"
    return changed + _write(readme, linked_readme(readme.read_text(encoding="utf-8"), root))


def notebooks(root: Path = ROOT) -> list[Path]:
    """All notebooks of the course, in order."""
    found = (root / "notebooks").rglob("*.ipynb")
    return sorted(file for file in found if ".ipynb_checkpoints" not in file.parts)


def linked(notebook: dict, path: str, address: str) -> dict:
    """A copy of a notebook with the right badges, bootstrap cell and marks for grading.

    The badges follow the title; the bootstrap cell follows the first two text cells (title and
    card), and stands before every other code cell.
    """
    cells = [cell for cell in notebook["cells"] if not set(_tags(cell)) & set(TAGS)]
    code = [place for place, cell in enumerate(cells) if cell["cell_type"] == "code"]
    place = min([2, len(cells), *code[:1]])
    folder = path.rpartition("/")[0]
    cells.insert(place, _cell("code", "bootstrap", launch.bootstrap_source(address, folder)))
    if badges := launch.badges(path, address):
        cells.insert(min(1, place), _cell("markdown", "badges", badges))
    return class_cells.marked({**notebook, "cells": cells})


def linked_readme(text: str, root: Path = ROOT) -> str:
    """The README with the right table of lessons and badges between their markers."""
    address = launch.repository(root)
    text = _between(text, "badges", launch.badges(LESSONS[0].path, address))
    return _between(text, "lessons", lesson_table(root / "notebooks"))


def lesson_table(folder: Path) -> str:
    """The README's table: a row for each lesson that is there, a line for those to come."""
    rows = ["| lesson | minutes to read | seconds to run |", "|---|---:|---:|"]
    coming = []
    for lesson in LESSONS:
        if lesson.exists(folder):
            link = f"[{lesson.number} {lesson.title}](notebooks/{lesson.path})"
            rows.append(f"| {link} | {lesson.minutes} | {lesson.seconds} |")
        else:
            coming.append(lesson.number)
    later = [f"\nComing: {', '.join(coming)}."] if coming else []
    return "\n".join(rows + later)


def _cell(kind: str, tag: str, source: str) -> dict:
    cell = {"cell_type": kind, "id": tag, "metadata": {"tags": [tag]}}
    if kind == "code":
        cell["metadata"]["jupyter"] = {"source_hidden": True}
        cell |= {"execution_count": None, "outputs": []}
    return cell | {"source": source.splitlines(keepends=True)}


def _tags(cell: dict) -> list[str]:
    return cell["metadata"].get("tags", [])


def _between(text: str, name: str, inside: str) -> str:
    start, end = f"<!-- {name} -->", f"<!-- /{name} -->"
    if text.count(start) != 1 or text.count(end) != 1:
        raise ValueError(f"README.md must hold {start} and {end} once each")
    pattern = f"{re.escape(start)}.*?{re.escape(end)}"
    return re.sub(pattern, lambda _: f"{start}\n{inside}\n{end}", text, flags=re.DOTALL)


def _write(file: Path, text: str) -> list[Path]:
    if file.is_file() and file.read_text(encoding="utf-8") == text:
        return []
    file.write_text(text, encoding="utf-8", newline="\n")
    return [file]


if __name__ == "__main__":
    write_links()
