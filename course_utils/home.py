"""The learner's own folder: progress and scores, kept from one day to the next."""

import json
import os
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from functools import lru_cache
from pathlib import Path
from typing import Any

_PATIENCE = 2.0  # seconds to wait for another kernel that is writing
_STALE = 10.0  # seconds after which a lock must belong to a kernel that died


def folder() -> Path:
    """The folder where this learner's files are kept; it exists and can be written.

    The environment variable COURSE_HOME names it, otherwise it is ``~/.small-and-clear``. When that
    place cannot be written, a temporary folder stands in (`is_temporary` tells).
    """
    wanted = wanted_folder()
    return wanted if _writable(wanted) else _temporary()


def wanted_folder() -> Path:
    """Where the learner's files should be, whether or not that place can be written."""
    named = os.environ.get("COURSE_HOME", "").strip() or "~/.small-and-clear"
    try:
        return Path(named).expanduser().absolute()
    except RuntimeError:  # this user has no home
        return Path("/nonexistent") / ".small-and-clear"


def is_temporary() -> bool:
    """True when a temporary folder stands in, so that nothing outlives this computer's session."""
    return folder() != wanted_folder()


def read_json(path: Path, default: Any) -> Any:
    """The content of a JSON file, or `default` when it is missing or cannot be understood.

    A damaged file (not JSON, or JSON of another type than `default`) is set aside under a new name
    that ends in ``.damaged``, so that no later write destroys what may be saved of it.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except OSError:
        return default
    except ValueError:
        content = None
    if default is None or isinstance(content, type(default)):
        return content
    set_aside(path)
    return default


def write_json(path: Path, content: Any) -> None:
    """Write a JSON file whole or not at all: a crash half-way leaves the old file.

    Raises:
        OSError: the folder cannot be written or the disk is full.
        TypeError: `content` holds something that JSON cannot.
    """
    text = json.dumps(content, indent=1, ensure_ascii=False, sort_keys=True) + "\n"
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=".new")
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        _replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise


def update_json(path: Path, change: Callable[[Any], Any], default: Any) -> Any:
    """Read a JSON file, change it and write it back; other kernels that do the same wait.

    Args:
        change: gets the content (or `default`) and returns the new content.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with _lock(path):
        content = change(read_json(path, default))
        write_json(path, content)
    return content


def set_aside(path: Path) -> Path:
    """Rename a damaged file to ``NAME.damaged`` (then ``.2.damaged`` …); overwrites nothing."""
    number = 1
    while True:
        middle = "" if number == 1 else f".{number}"
        aside = path.with_name(f"{path.name}{middle}.damaged")
        if not aside.exists():
            with suppress(OSError):
                path.rename(aside)
            return aside
        number += 1


@contextmanager
def _lock(path: Path) -> Iterator[None]:
    """Hold NAME.lock; a kernel that died, or one that takes too long, cannot stop us for ever."""
    lock, end, ours = path.with_name(f"{path.name}.lock"), time.monotonic() + _PATIENCE, False
    while not ours and time.monotonic() < end:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            ours = True
        except FileExistsError:
            with suppress(OSError):
                if time.time() - lock.stat().st_mtime > _STALE:
                    lock.unlink()
            time.sleep(0.01)
        except PermissionError:  # Windows, while another kernel removes its lock
            time.sleep(0.01)
    try:
        yield
    finally:
        if ours:
            with suppress(OSError):
                lock.unlink()


def _replace(source: str, target: Path) -> None:
    """os.replace; on Windows it fails for a moment while another program reads the target."""
    for _ in range(20):
        with suppress(PermissionError):
            return os.replace(source, target)
        time.sleep(0.05)
    return os.replace(source, target)


@lru_cache
def _writable(path: Path) -> bool:
    """True when a file could really be written (permission bits alone do not tell)."""
    try:
        path.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=path):
            return True
    except OSError:
        return False


@lru_cache
def _temporary() -> Path:
    """A temporary folder of this user's own, the same one for all kernels where possible."""
    user = os.getuid() if hasattr(os, "getuid") else "you"
    path = Path(tempfile.gettempdir()) / f"small-and-clear-{user}"
    with suppress(OSError):
        path.mkdir(mode=0o700, exist_ok=True)
        ours = not hasattr(os, "getuid") or path.lstat().st_uid == os.getuid()
        if ours and not path.is_symlink() and _writable(path):
            return path
    return Path(tempfile.mkdtemp(prefix="small-and-clear-"))
