"""The packages that the course names, and the versions it was tested with."""

import re
from importlib import metadata
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parent.parent


def wanted(folder: Path = REPOSITORY) -> dict[str, str | None]:
    """The course's direct packages and their tested versions (None where it is not known)."""
    try:
        pins = (folder / "requirements.txt").read_text(encoding="utf-8").splitlines()
    except OSError:
        pins = _metadata_lines()
    versions = dict(pair for line in pins for pair in [_pin(line)] if pair)
    try:
        lines = (folder / "requirements.in").read_text(encoding="utf-8").splitlines()
        names = [_name(line) for line in lines if _name(line)]
    except OSError:
        names = list(versions)
    return {name: versions.get(name) for name in names}


def _metadata_lines() -> list[str]:
    """The requirements that the installed course names itself; none when it is not installed."""
    try:
        return metadata.requires("small-and-clear") or []
    except metadata.PackageNotFoundError:
        return []


def _name(line: str) -> str:
    found = re.match(r"[A-Za-z0-9][\w.-]*", line.strip())
    return found.group().lower().replace("_", "-") if found else ""


def _pin(line: str) -> tuple[str, str] | None:
    """(name, version) of a pinned line that applies to this machine."""
    requirement, _, marker = line.partition(";")
    found = re.match(r"\s*([\w.-]+)\s*==\s*([\w.!]+)", requirement)
    if not found:
        return None
    if marker.strip():
        from packaging.markers import Marker

        if not Marker(marker.strip()).evaluate({"extra": ""}):
            return None
    return _name(found.group(1)), found.group(2)
