"""Which exercises are solved: a small file in the learner's folder."""

from datetime import datetime
from pathlib import Path
from typing import Any

from course_utils import home


def path() -> Path:
    """The file that keeps the progress."""
    return home.folder() / "progress.json"


def progress() -> dict[str, dict[str, Any]]:
    """The learner's exercises by number: "state" ("tried" or "solved"), "tries", "solved_on"."""
    return _entries(home.read_json(path(), {}))


def note(number: str, *, solved: bool) -> None:
    """Count one try; what was solved once stays solved.

    Raises:
        OSError: the file cannot be written.
    """

    def change(content: dict) -> dict:
        entries = _entries(content)
        entry = dict(entries.get(number, {}))
        tries = entry.get("tries", 0)
        entry["tries"] = (tries if isinstance(tries, int) else 0) + 1
        if solved and entry.get("state") != "solved":
            entry |= {"state": "solved", "solved_on": datetime.now().isoformat(timespec="minutes")}
        entry.setdefault("state", "tried")
        return {**content, "version": 1, "exercises": {**entries, number: entry}}

    home.update_json(path(), change, {})


def _entries(content: dict) -> dict[str, dict[str, Any]]:
    """The well-formed entries; a file edited by hand may hold anything."""
    found = content.get("exercises", {})
    if not isinstance(found, dict):
        return {}
    return {k: v for k, v in found.items() if isinstance(v, dict)}
