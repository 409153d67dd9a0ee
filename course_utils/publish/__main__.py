"""Build the site or the slides: `python -m course_utils.publish site|slides [lesson …]`.

Lessons are run first, one after another; those whose outputs are kept and still hold are not run
again. Without lessons named, the whole course is built.
"""

import argparse
import sys
import time
from pathlib import Path

from course_utils.publish import build, executed
from course_utils.syllabus import LESSONS, ROOT, Lesson


def chosen(names: list[str]) -> list[Lesson]:
    """The lessons named, such as "3_2" or "3.2", in the syllabus's order; all without names.

    Raises:
        ValueError: the course has no such lesson.
    """
    there = [lesson for lesson in LESSONS if lesson.exists()]
    keys = {name.replace(".", "_") for name in names}
    unknown = sorted(keys - {lesson.key for lesson in there})
    if unknown:
        known = ", ".join(lesson.key for lesson in there)
        raise ValueError(f"the course has no lesson {', '.join(unknown)}; it has {known}.")
    return [lesson for lesson in there if not keys or lesson.key in keys]


def books(lessons: list[Lesson]) -> list[tuple[Lesson, object]]:
    """The lessons with their outputs; a bar shows the cells that are still to run."""
    import nbformat
    from tqdm.auto import tqdm

    to_run = [lesson for lesson in lessons if not executed.is_kept(lesson)]
    read = [nbformat.read(ROOT / "notebooks" / one.path, as_version=4) for one in to_run]
    cells = sum(len(executed.code_cells(book)) for book in read)
    made = []
    with tqdm(total=cells, unit="cell", disable=not cells) as bar:
        for lesson in lessons:
            bar.set_description(f"lesson {lesson.number}")
            made.append((lesson, executed.executed(lesson, after_cell=bar.update)))
    return made


def main(arguments: list[str] | None = None) -> int:
    """Build what the command line asks for; 1 when a cell or a page is wrong."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.publish", description=__doc__)
    parser.add_argument("what", choices=("site", "slides"))
    parser.add_argument("lessons", nargs="*", help='such as 3_2 or "3.2"; by default all')
    parser.add_argument("--to", type=Path, help="the folder; by default build/site or build/slides")
    asked = parser.parse_args(arguments)
    to = asked.to or ROOT / "build" / asked.what
    start = time.perf_counter()
    try:
        lessons = chosen(asked.lessons)
        make = build.site if asked.what == "site" else build.slides
        make(books(lessons), to.absolute(), whole=not asked.lessons)
    except (executed.CellError, build.BuildError, ValueError) as error:
        print(f"✗ {error}", file=sys.stderr)
        return 1
    seconds = time.perf_counter() - start
    print(f"✓ {len(lessons)} lessons in {seconds:.0f} s: open {to / 'index.html'}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
