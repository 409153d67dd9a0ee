"""Measure each lesson's seconds and memory: `make bench` writes notebooks/BENCH.md."""

import os
import platform
import sys
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from course_utils.syllabus import LESSONS, NOTEBOOKS, Lesson

HEAD = """# What each lesson takes

Seconds of a whole run in a fresh kernel, and the memory of that kernel at its highest, with
everything it starts. *Ready* is when the set-up cell is done: a lesson aims at 10 s or less. It
also aims at 120 s and 1,600 MB or less in all, on 2 cores.

Measured on {machine}. `make bench` measures anew.

| lesson | code cells | ready after (s) | runs in (s) | memory (MB) |
|---|---:|---:|---:|---:|
"""


@dataclass(frozen=True, kw_only=True)
class Measured:
    """What one run of a notebook took.

    Attributes:
        cells: code cells.
        ready: seconds from asking for a kernel until the set-up cell was done.
        seconds: seconds of the whole run, the kernel's start included.
        memory: most bytes resident at once in the kernel and all that it started.
        error: the name of what stopped the run, "" when it ran to its end.
    """

    cells: int
    ready: float
    seconds: float
    memory: int
    error: str = ""


class Memory(threading.Thread):
    """Watches the resident bytes of a process and its children; `most` is the highest sum."""

    def __init__(self, process: int, *, every: float = 0.05):
        super().__init__(daemon=True)
        self.most, self._process, self._every, self._ended = 0, process, every, threading.Event()

    def run(self) -> None:
        """Look again and again until `stop`."""
        while not self._ended.wait(self._every):
            self.most = max(self.most, _resident(self._process))

    def stop(self) -> int:
        """Stop watching, and say what was seen at most."""
        self._ended.set()
        self.join()
        return self.most


def _resident(process: int) -> int:
    import psutil

    total = 0
    try:
        first = psutil.Process(process)
        family = [first, *first.children(recursive=True)]
    except psutil.Error:
        return 0
    for one in family:
        try:
            total += _bytes(one) if len(family) > 1 else one.memory_info().rss
        except psutil.Error:  # it has ended meanwhile
            continue
    return total


def _bytes(process) -> int:
    """A process's memory; what it shares with others counts in parts (on Linux, which can tell)."""
    whole = process.memory_full_info()
    return getattr(whole, "pss", whole.rss)


class _Run:
    """Follows one run: when each cell was done, and the kernel's memory meanwhile."""

    def __init__(self, file: Path, after_cell: Callable):
        import nbformat
        from nbclient import NotebookClient

        self.book = nbformat.read(file, as_version=4)
        self.done_at: dict[int, float] = {}
        self.memory: Memory | None = None
        self._after_cell = after_cell
        self.client = NotebookClient(
            self.book, timeout=600, kernel_name="python3", on_cell_start=self._started,
            on_cell_executed=self._executed, resources={"metadata": {"path": str(file.parent)}},
        )  # fmt: skip

    def _started(self, **_cell) -> None:
        if self.memory is None:
            self.memory = Memory(self.client.km.provisioner.pid)
            self.memory.start()

    def _executed(self, *, cell_index: int, **_cell) -> None:
        self.done_at[cell_index] = time.perf_counter()
        self._after_cell()


def measure(file: Path, *, after_cell: Callable = lambda: None) -> Measured:
    """Run a notebook in a fresh kernel in its own folder; the file stays as it is.

    Args:
        after_cell: called after each code cell.
    """
    from nbclient.exceptions import CellExecutionError, DeadKernelError

    run, error = _Run(file, after_cell), ""
    start = time.perf_counter()
    try:
        run.client.execute()
    except (CellExecutionError, DeadKernelError, TimeoutError) as raised:
        error = getattr(raised, "ename", "") or type(raised).__name__
    end = max(run.done_at.values(), default=start)
    return Measured(
        cells=sum(cell.cell_type == "code" for cell in run.book.cells),
        ready=run.done_at.get(_setup_cell(run.book), end) - start,
        seconds=end - start,
        memory=run.memory.stop() if run.memory else 0,
        error=error,
    )


def _setup_cell(book) -> int | None:
    """The place of the first code cell that the lesson's author wrote."""
    for place, cell in enumerate(book.cells):
        if cell.cell_type == "code" and "bootstrap" not in cell.metadata.get("tags", []):
            return place
    return None


def table(measured: dict[Lesson, Measured]) -> str:
    """The Markdown page: where it was measured, and a row for each lesson."""
    rows = []
    for lesson, run in measured.items():
        numbers = f"{run.ready:.1f} | {run.seconds:.0f} | {run.memory / 1e6:,.0f}"
        if run.error:
            numbers = f"– | stopped: {run.error} | –"
        name = f"[{lesson.number} {lesson.title}]({lesson.path})"
        rows.append(f"| {name} | {run.cells} | {numbers} |")
    return HEAD.format(machine=_machine()) + "\n".join(rows) + "\n"


def _machine() -> str:
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    versions = f"Python {platform.python_version()}, PyTorch {metadata.version('torch')}"
    return f"{cores} cores, {platform.system()} on {platform.machine()}, {versions}"


def main() -> int:
    """Measure every lesson that is there; 1 when one of them did not run to its end."""
    import nbformat
    from tqdm.auto import tqdm

    lessons = [lesson for lesson in LESSONS if lesson.exists()]
    books = [nbformat.read(NOTEBOOKS / lesson.path, as_version=4) for lesson in lessons]
    cells = sum(cell.cell_type == "code" for book in books for cell in book.cells)
    measured = {}
    with tempfile.TemporaryDirectory() as home, tqdm(total=cells, unit="cell") as bar:
        os.environ["COURSE_HOME"] = home  # the learner's progress stays out of it
        for lesson in lessons:
            bar.set_description(f"lesson {lesson.number}")
            measured[lesson] = measure(NOTEBOOKS / lesson.path, after_cell=bar.update)
    (NOTEBOOKS / "BENCH.md").write_text(table(measured), encoding="utf-8", newline="\n")
    return int(any(run.error for run in measured.values()))


if __name__ == "__main__":
    sys.exit(main())
