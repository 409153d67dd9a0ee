"""The environment check: what is wrong, in words, and how to mend it. No check raises."""

import os
import shutil
import sys
from collections.abc import Callable, Sequence
from importlib import metadata
from pathlib import Path
from typing import NamedTuple

from course_utils import home, pins

NEEDED_PYTHON = (3, 11)
NEEDED_MEMORY = 1.9e9  # bytes that the hungriest lesson takes, its own processes included
_CONTAINER_MEMORY = (  # limit and use, in the second and the first form of control groups
    ("memory.max", "memory.current"),
    ("memory/memory.limit_in_bytes", "memory/memory.usage_in_bytes"),
)
MEND = (
    "Run `make lab` again, or `pip install -e .` in the course's folder, then restart the kernel."
)


class Finding(NamedTuple):
    """One row of the check: what was looked at, "ok", "note" or "problem", and words."""

    what: str
    state: str
    words: str


def check() -> list[Finding]:
    """Look at everything the course needs; a check that itself fails becomes a note."""
    findings: list[Finding] = []
    for one in (python, packages, data_files, memory, cores, graphics, controls, writing, progress):
        findings += guarded(one)
    return findings


def guarded(one: Callable[[], Sequence[Finding]]) -> list[Finding]:
    """A check's findings; whatever goes wrong inside it is told as a note."""
    try:
        return list(one())
    except Exception as error:
        name = one.__name__.replace("_", " ")
        words = f"could not be looked at: {type(error).__name__}: {error}"
        return [Finding(name, "note", words)]


def python(version: Sequence[int] = sys.version_info) -> list[Finding]:
    """The Python version."""
    have = ".".join(str(v) for v in version[:3])
    if tuple(version[:2]) >= NEEDED_PYTHON:
        return [Finding("Python", "ok", have)]
    need = ".".join(map(str, NEEDED_PYTHON))
    words = f"{have} is too old: install Python {need} or newer, then make the environment again."
    return [Finding("Python", "problem", words)]


def packages(
    folder: Path = pins.REPOSITORY, installed: Callable[[str], str] = metadata.version
) -> list[Finding]:
    """The packages the course names, against the versions it was tested with."""
    wanted, good, others = pins.wanted(folder), 0, []
    for name, version in wanted.items():
        try:
            have = installed(name)
        except metadata.PackageNotFoundError:
            others.append(Finding(name, "problem", f"is not installed. {MEND}"))
            continue
        if version is None or have.split("+")[0] == version:
            good += 1
        else:
            words = f"{have} is installed; the course was tested with {version}. Probably fine."
            others.append(Finding(name, "note", words))
    if not wanted:
        return [
            Finding("packages", "note", "the list of packages was not found; none was compared")
        ]
    summary = f"{good} of {len(wanted)} are installed in the tested version"
    return [Finding("packages", "ok" if good else "note", summary), *others]


def data_files(problems: Callable[[], Sequence[str]] | None = None) -> list[Finding]:
    """The data sets and committed networks: present and undamaged."""
    if problems is None:
        from course_utils import data

        problems = data.check
    found = [Finding("data", "problem", words) for words in problems()]
    return found or [Finding("data", "ok", "every file is there and undamaged")]


def memory(free: float | None = None) -> list[Finding]:
    """The memory that this kernel may still take."""
    free = free_memory() if free is None else free
    if free is None:
        return [Finding("memory", "note", "this system does not tell how much is free")]
    words = f"{free / 1e9:.1f} GB are free"
    if free < NEEDED_MEMORY:
        words += (
            f"; a lesson may take {NEEDED_MEMORY / 1e9:.1f} GB. Shut down other kernels "
            "(Kernel → Shut Down All Kernels) or close other programs."
        )
    return [Finding("memory", "ok" if free >= NEEDED_MEMORY else "note", words)]


def free_memory() -> float | None:
    """Bytes free, within this container's limit if it has one; None when unknown."""
    amounts = []
    try:
        import psutil

        amounts.append(psutil.virtual_memory().available)
    except ImportError:
        pass
    for limit, used in _CONTAINER_MEMORY:
        try:
            allowed = int(Path("/sys/fs/cgroup", limit).read_text())
            amounts.append(allowed - int(Path("/sys/fs/cgroup", used).read_text()))
        except (OSError, ValueError):
            continue
    return float(min(amounts)) if amounts else None


def cores(count: int | None = None) -> list[Finding]:
    """The processor cores that this kernel may use."""
    count = count or usable_cores()
    if count >= 2:
        return [Finding("processor", "ok", f"{count} cores")]
    return [Finding("processor", "note", "1 core: a lesson takes about twice the time it states")]


def usable_cores() -> int:
    """How many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def graphics(device: str | None = None) -> list[Finding]:
    """A graphics processor, when PyTorch can use one; the course does not need it."""
    device = device_words() if device is None else device
    if device == "CPU":
        return [Finding("graphics processor", "ok", "none in use, and none is needed")]
    return [Finding("graphics processor", "ok", device)]


def device_words() -> str:
    """The device that training will use, in words."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    mps = getattr(torch.backends, "mps", None)
    return "Apple GPU" if mps is not None and mps.is_available() else "CPU"


def controls(installed: bool | None = None) -> list[Finding]:
    """Whether sliders and buttons can work; only the learner can see whether they do."""
    from course_utils import widgets

    if widgets.available() if installed is None else installed:
        words = "installed. Where this page cannot show them, pictures stand still."
        return [Finding("sliders and buttons", "ok", words)]
    words = f"ipywidgets is missing: pictures stand still and guesses are not kept. {MEND}"
    return [Finding("sliders and buttons", "note", words)]


def writing(data_folder: Path | None = None) -> list[Finding]:
    """Whether files can be written where the course writes them, and whether there is room."""
    if data_folder is None:
        from course_utils import data

        data_folder = data.folder()
    found = []
    if not os.access(data_folder, os.W_OK):
        words = "cannot be written; unpacked files go to your cache folder instead. Nothing to do."
        found.append(Finding("data folder", "note", words))
    free = shutil.disk_usage(home.folder()).free
    if free < 0.5e9:
        words = f"only {free / 1e9:.2f} GB are free; delete something before you train networks"
        found.append(Finding("disk", "problem", words))
    return found or [Finding("disk", "ok", f"{free / 1e9:.0f} GB are free")]


def progress(temporary: bool | None = None) -> list[Finding]:
    """Where the learner's progress is kept."""
    if home.is_temporary() if temporary is None else temporary:
        words = (
            f"{home.wanted_folder()} cannot be written, so your progress is lost when this "
            "computer restarts. Set COURSE_HOME to a folder of yours before you start JupyterLab."
        )
        return [Finding("your progress", "note", words)]
    return [Finding("your progress", "ok", f"is kept in {home.folder()}")]
