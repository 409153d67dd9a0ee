"""Lessons with their outputs: run once, kept by content, run again when the content changes."""

import hashlib
import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from course_utils.syllabus import ROOT, Lesson

KEPT = ROOT / "build" / "executed"
CELL_LIMIT = 600  # seconds; a machine that does other work too is many times slower
_NOT_READ = ("publish", "__pycache__")  # folders of the package that no output depends on


class CellError(Exception):
    """A cell stopped with an error; the words name the lesson, the cell and the error."""


def executed(
    lesson: Lesson,
    *,
    root: Path = ROOT,
    kept: Path = KEPT,
    after_cell: Callable[[], Any] = lambda: None,
) -> Any:
    """A lesson's notebook with outputs: the kept ones if they still hold, else of a run now.

    Words may change without a run: only code, the package and the data decide.

    Args:
        root: the course's folder.
        kept: the folder in which executed copies are kept.
        after_cell: called after each code cell that is run.

    Raises:
        CellError: a cell stopped with an error; nothing is kept.
    """
    import nbformat

    book = nbformat.read(root / "notebooks" / lesson.path, as_version=4)
    key, file = content_key(book, root), kept / f"{lesson.key}.ipynb"
    ran = nbformat.read(file, as_version=4) if file.is_file() else None
    if ran is None or ran.metadata.get("content_key") != key:
        ran = run(book, lesson, folder=(root / "notebooks" / lesson.path).parent,
                  after_cell=after_cell)  # fmt: skip
        ran.metadata["content_key"] = key
        _write(file, nbformat.writes(ran))
    for now, then in zip(code_cells(book), code_cells(ran), strict=True):
        now.outputs, now.execution_count = then.outputs, then.execution_count
    return book


def is_kept(lesson: Lesson, *, root: Path = ROOT, kept: Path = KEPT) -> bool:
    """Whether a lesson's outputs are there and still hold."""
    import nbformat

    file = kept / f"{lesson.key}.ipynb"
    if not file.is_file():
        return False
    book = nbformat.read(root / "notebooks" / lesson.path, as_version=4)
    ran = nbformat.read(file, as_version=4)
    return ran.metadata.get("content_key") == content_key(book, root)


def run(book: Any, lesson: Lesson, *, folder: Path, after_cell: Callable = lambda: None) -> Any:
    """A copy of a notebook, run from its first cell to its last in a fresh kernel.

    Args:
        folder: the kernel's working folder.

    Raises:
        CellError: see `executed`.
    """
    import copy

    from nbclient import NotebookClient
    from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError

    book = copy.deepcopy(book)
    begun: list[int] = []
    with tempfile.TemporaryDirectory() as home:
        client = NotebookClient(
            book, timeout=CELL_LIMIT, kernel_name="python3", store_widget_state=False,
            extra_arguments=["--log-level=ERROR"],
            resources={"metadata": {"path": str(folder)}},
            on_cell_start=lambda cell_index, **_: begun.append(cell_index),
            on_cell_executed=lambda **_: after_cell(),
        )  # fmt: skip
        try:  # the reader's own progress stays out of it
            client.execute(env=os.environ | {"COURSE_HOME": home})
        except (CellExecutionError, CellTimeoutError, DeadKernelError) as error:
            raise CellError(_words(book, lesson, begun[-1] if begun else 0, error)) from None
        _without(book, home, "~/.small-and-clear")
    return book


def content_key(book: Any, root: Path = ROOT) -> str:
    """A short text that changes when a code cell, the package or the data change."""
    digest = hashlib.sha256(_package_key(root).encode())
    for cell in code_cells(book):
        digest.update(f"\0{cell.source}".encode())
    return digest.hexdigest()


def code_cells(book: Any) -> list:
    """A notebook's code cells, in order."""
    return [cell for cell in book.cells if cell.cell_type == "code"]


def _package_key(root: Path) -> str:
    """The digest of all that a lesson may read, and of its packages' versions.

    It is worked out anew when a file has changed.
    """
    files = [
        file
        for room in ("course_utils", "data")
        for file in sorted((root / room).rglob("*"))
        if file.is_file()
        and not set(file.relative_to(root).parts) & set(_NOT_READ)
        and not file.name.endswith("-ubyte")  # unpacked by torchvision, beside the archives
    ] + [file for file in [root / "requirements.txt"] if file.is_file()]
    stamps = tuple((str(file), file.stat().st_mtime_ns, file.stat().st_size) for file in files)
    if stamps not in _DIGESTS:
        digest = hashlib.sha256()
        for file in files:
            digest.update(f"\0{file.relative_to(root).as_posix()}\0".encode())
            digest.update(hashlib.sha256(file.read_bytes()).digest())
        _DIGESTS[stamps] = digest.hexdigest()
    return _DIGESTS[stamps]


_DIGESTS: dict[tuple, str] = {}


def _without(book: Any, folder: str, instead: str) -> None:
    """Outputs that name another folder instead of the one that was only there for the run."""
    for cell in code_cells(book):
        for out in cell.outputs:
            texts = out if "text" in out else out.get("data", {})
            for key, text in texts.items():
                if isinstance(text, str):
                    texts[key] = text.replace(folder, instead)


def _words(book: Any, lesson: Lesson, place: int, error: Exception) -> str:
    """Which cell stopped, and why, in a few lines."""
    name = getattr(error, "ename", "") or type(error).__name__
    said = getattr(error, "evalue", "") or str(error).strip().splitlines()[0]
    cell = book.cells[place]
    source = "\n".join(f"    {line}" for line in cell.source.splitlines()[:5])
    where = f"lesson {lesson.number}, cell {place + 1} ({cell.get('id', '?')})"
    return f"{where} stopped with {name}: {said}\n{source}"


def _write(file: Path, text: str) -> None:
    """Write all of a file or nothing of it."""
    file.parent.mkdir(parents=True, exist_ok=True)
    half = file.with_suffix(".half")
    half.write_text(text, encoding="utf-8", newline="\n")
    half.replace(file)
