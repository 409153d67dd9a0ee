"""What a page keeps of a notebook's outputs: pictures as files, no widgets, links to pages."""

import base64
import hashlib
import re
from pathlib import Path
from typing import Any

from course_utils.publish.executed import code_cells

WIDGET = "application/vnd.jupyter.widget-view+json"
FIGURES = "figures"  # the folder for pictures, at the site's top
_PICTURE = re.compile(r'src="data:image/png;base64,([^"]+)"')
_LINK = re.compile(r'(href="(?!\w+:)[^"#]*)\.ipynb(?=[#"])')


def tidy(book: Any, *, depth: int, folder: Path) -> Any:
    """Make a notebook's outputs fit for a page that has no kernel, in place; returns it.

    Args:
        depth: how many folders the page lies below the site's top.
        folder: where the pictures' files go.
    """
    for cell in code_cells(book):
        cell.outputs = [out for out in map(_without_widget, cell.outputs) if _has_words(out)]
        for out in cell.outputs:
            if "text/html" in out.get("data", {}):
                html = with_files(out["data"]["text/html"], depth=depth, folder=folder)
                out["data"]["text/html"] = _LINK.sub(r"\1.html", html)
    book.metadata.pop("widgets", None)
    return book


def with_files(html: str, *, depth: int, folder: Path) -> str:
    """HTML in which each picture is a file of its own, named by its content."""

    def moved(found: re.Match) -> str:
        content = base64.b64decode(found[1])
        name = f"{hashlib.sha256(content).hexdigest()[:16]}.png"
        folder.mkdir(parents=True, exist_ok=True)
        if not (folder / name).is_file():
            (folder / name).write_bytes(content)
        return f'src="{"../" * depth}{FIGURES}/{name}" loading="lazy"'

    return _PICTURE.sub(moved, html)


def _without_widget(out: Any) -> Any:
    """A widget gives way to its still picture; one that has none (a progress bar) to nothing."""
    data = out.get("data", {})
    if data.pop(WIDGET, None) is not None and "text/html" not in data:
        data.clear()
    return out


def _has_words(out: Any) -> bool:
    if out.output_type == "stream":
        return out.name == "stdout"
    data = out.get("data", {})
    return bool(data) and data.get("text/html", "…").strip() != ""
