"""A button that takes a photograph of the learner's own; without one, a photograph we have."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import controls, page, photos

if TYPE_CHECKING:
    from PIL.Image import Image


class OwnPhoto(page.Shown):
    """A button for a file, and the picture that was chosen with it.

    Attributes:
        button: the widget; None where ipywidgets is absent.

    Args:
        otherwise: what serves until a file is chosen: a name in `photos.PHOTOS`, or a path.
    """

    def __init__(self, otherwise: str | Path = "coffee"):
        self.otherwise = otherwise
        words = f"No file was chosen: it is {str(otherwise)!r}. A path in its place does as well."
        super().__init__(f"<p>{page.escape(words)}</p>", words)
        self.button = _button() if controls.available() else None

    def bundle(self) -> dict[str, Any]:
        """The button for front ends that can show it, words for all others."""
        return page.with_widget(super().bundle(), self.button)

    def picture(self) -> Image:
        """Return the chosen photograph, or the other one.

        Raises:
            ValueError: the file is no picture that can be read; the message names it.
        """
        files = _files(self.button.value) if self.button else []
        if not files:
            return photos.load(self.otherwise)
        name, content = files[-1]
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder) / (Path(name).name or "photo")
            file.write_bytes(content)
            return photos.load(file)


def button(otherwise: str | Path = "coffee") -> OwnPhoto:
    """Show a button that takes a photograph of the learner's own."""
    made = OwnPhoto(otherwise)
    made.put()
    return made


def _button() -> Any:
    import ipywidgets

    return ipywidgets.FileUpload(
        accept="image/*", multiple=False, description="a photo of your own",
        layout={"width": "auto"},
    )  # fmt: skip


def _files(value: Any) -> list[tuple[str, bytes]]:
    """Name and content of the files: ipywidgets 7 keeps a dictionary by name, 8 a tuple."""
    if isinstance(value, dict):
        return [(name, bytes(file["content"])) for name, file in value.items()]
    return [(file["name"], bytes(file["content"])) for file in value]
