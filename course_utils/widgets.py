"""Controls above a picture that follows them; a still picture where controls do not work."""

import traceback
from collections import OrderedDict
from collections.abc import Callable
from typing import Any

from course_utils import page
from course_utils.controls import Still, available, choice, control, slider, switch, text

__all__ = ["Live", "available", "choice", "control", "live", "slider", "switch", "text"]

_KEPT = 64  # pictures kept, so that moving a control back is instantaneous


class Live(page.Shown):
    """A picture that follows its controls.

    Attributes:
        controls: the widgets by name; setting one's ``value`` redraws.
        picture: the widget whose ``value`` is the picture, as HTML.
        error: what went wrong in the last drawing, None when nothing did.
    """

    def __init__(self, draw: Callable, alt: str | Callable, controls: dict[str, Any]):
        if not callable(alt):
            page.alternative(alt)
        self._draw, self._alt, self._kept = draw, alt, OrderedDict()
        self.error: str | None = None
        self.controls = {k: control(v, label=k.replace("_", " ")) for k, v in controls.items()}
        first = self._render()
        super().__init__(self._still(first), f"Live picture: {page.plain(self._words())}")
        self.picture, self.box = self._build(first)
        for widget in self.controls.values():
            widget.observe(self._changed, "value")

    @property
    def values(self) -> dict[str, Any]:
        """What the controls are set to, by name."""
        return {name: widget.value for name, widget in self.controls.items()}

    def bundle(self) -> dict[str, Any]:
        """The widget for front ends that can show it, the still picture for all others."""
        return page.with_widget(super().bundle(), self.box)

    def _build(self, first: str) -> tuple[Any, Any]:
        if not available():
            return Still(first), None
        import ipywidgets

        picture = ipywidgets.HTML(value=first, layout={"width": "100%"})
        return picture, ipywidgets.VBox([*self.controls.values(), picture])

    def _changed(self, _change: Any) -> None:
        self.picture.value = self._render()
        self.html = self._still(self.picture.value)

    def _words(self) -> str:
        return ", ".join(f"{name.replace('_', ' ')} = {v}" for name, v in self.values.items())

    def _still(self, picture: str) -> str:
        where = f"Drawn for {page.escape(self._words())}. " if self.controls else ""
        note = f"{where}A still picture: this page cannot show the controls."
        return f'{picture}<p style="opacity:.75;margin:.2em 0">{note}</p>'

    def _render(self) -> str:
        values = self.values
        key = repr(values)
        if key not in self._kept:
            try:
                self._kept[key] = self._drawn(values)
                self.error = None
            except Exception as error:
                return self._told(error)
            if len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        self._kept.move_to_end(key)
        self.error = None
        return self._kept[key]

    def _drawn(self, values: dict[str, Any]) -> str:
        with page.no_open_figures():
            drawing = self._draw(**values)
            alt = self._alt(**values) if callable(self._alt) else self._alt
            if isinstance(drawing, str):
                label = page.escape(page.alternative(alt))
                return f'<div role="group" aria-label="{label}">{drawing}</div>'
            if hasattr(drawing, "savefig") or hasattr(drawing, "figure"):
                return page.image(drawing, alt)
        raise TypeError(
            f"draw must return a figure or HTML text, got {type(drawing).__name__}"
            + ("; is a `return` missing?" if drawing is None else "")
        )

    def _told(self, error: Exception) -> str:
        frames = traceback.extract_tb(error.__traceback__)
        line = frames[-1].line if frames else ""
        self.error = f"{type(error).__name__}: {error}"
        where = f"<br>at <code>{page.escape(line)}</code>" if line else ""
        words = page.escape(f"✗ No picture for {self._words()}. {self.error}")
        look = "border-left:4px solid #D55E00;padding:.4em .8em"
        return f'<div role="alert" style="{look}">{words}{where}</div>'


def live(draw: Callable, *, alt: str | Callable, **controls: Any) -> Live:
    """Show `draw`'s picture under its controls, redrawn whenever one moves.

    Args:
        draw: called with each control's value by name; returns a figure or HTML text.
        alt: what the picture shows, in words; or a function of the same values that says it.
        controls: widgets or their shorthand, see `control`.
    """
    live = Live(draw, alt, controls)
    live.put()
    return live
