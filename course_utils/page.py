"""What lessons put on the page: pictures with a text, source code, folds; HTML and words."""

import base64
import html
import io
import re
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from math import isfinite
from numbers import Integral
from typing import Any

BORDER = "var(--jp-border-color2, #bdbdbd)"
_CODE = "background:rgba(127,127,127,.15);padding:0 .25em;border-radius:3px"


class Html(str):
    """Text that is HTML already; everything else is escaped before it reaches the page."""


class Shown:
    """Something on the page: displayed at once in a notebook, plain words elsewhere.

    It stays quiet when it is also the last line of the cell that made it, and shows itself again in
    a later cell.
    """

    def __init__(self, html: str, text: str):
        self.html, self.text = html, text
        self._cell: int | None = None

    def bundle(self) -> dict[str, Any]:
        """The same content in every form a front end may ask for, by mime type."""
        return {"text/html": self.html, "text/plain": self.text}

    def put(self) -> "Shown":
        """Display it now, when there is a notebook to display it in."""
        if in_notebook():
            from IPython.display import display

            display(self.bundle(), raw=True)
        return self.placed()

    def placed(self) -> "Shown":
        """Remember that this cell shows it already."""
        shell = _shell()
        self._cell = shell.execution_count if shell is not None else None
        return self

    def _ipython_display_(self) -> None:
        shell = _shell()
        if shell is None or shell.execution_count != self._cell:
            self.put()

    def __repr__(self) -> str:
        return self.text


def in_notebook() -> bool:
    """True when IPython runs, in a notebook or a terminal."""
    return _shell() is not None


def _shell() -> Any:
    """The running IPython, or None in plain Python (and then IPython is not even imported)."""
    module = sys.modules.get("IPython")
    return module.get_ipython() if module is not None else None


def escape(text: object) -> str:
    """Make any text safe inside HTML; `Html` passes as it is."""
    return text if isinstance(text, Html) else html.escape(str(text))


def inline(text: str) -> Html:
    """Turn the little Markdown of hints and remarks into HTML: code, blocks, bold, paragraphs."""
    if isinstance(text, Html):
        return text
    blocks = re.split(r"```(?:\w*\n)?(.*?)```", text.strip(), flags=re.S)
    parts = [_words(b) if i % 2 == 0 else code(b) for i, b in enumerate(blocks)]
    return Html("".join(parts))


def _words(text: str) -> str:
    pieces = re.split(r"`([^`]+)`", text.strip("\n"))
    for i, piece in enumerate(pieces):
        safe = html.escape(piece)
        if i % 2:
            pieces[i] = f'<code style="{_CODE}">{safe}</code>'
        else:
            safe = re.sub(r"\*\*(?=\S)(.+?)(?<=\S)\*\*", r"<b>\1</b>", safe)
            pieces[i] = safe.replace("\n\n", "<br><br>")
    return "".join(pieces)


def code(source: str) -> Html:
    """Python source as a highlighted block that is readable on light and dark pages."""
    from pygments import highlight
    from pygments.formatters import HtmlFormatter
    from pygments.lexers import PythonLexer

    style = (
        "background:#f7f7f7;color:#222;border:1px solid #d5d5d5;border-radius:4px;"
        "padding:.6em .8em;margin:.4em 0;overflow-x:auto;line-height:1.35;font-size:13px"
    )
    inner = highlight(source.strip("\n"), PythonLexer(), HtmlFormatter(nowrap=True, noclasses=True))
    return Html(f'<pre style="{style}">{inner.rstrip()}</pre>')


def folded(title: str, inner: str, *, opened: bool = False) -> Html:
    """A part that unfolds when its title is pressed (mouse or keyboard)."""
    head = f'<summary style="cursor:pointer">{escape(title)}</summary>'
    body = f'<div style="margin:.3em 0 .5em 1.1em">{inner}</div>'
    return Html(f'<details style="margin:.3em 0"{" open" if opened else ""}>{head}{body}</details>')


def image(figure: Any, alt: str, *, caption: str | None = None) -> Html:
    """A matplotlib figure as an ``<img>`` with alternative text; the figure is closed.

    Raises:
        ValueError: no alternative text.
        TypeError: not a figure.
    """
    alt = alternative(alt)
    if not hasattr(figure, "savefig"):
        figure = getattr(figure, "figure", figure)  # an Axes knows its figure
    if not hasattr(figure, "savefig"):
        raise TypeError(f"a matplotlib figure is needed, got {type(figure).__name__}")
    # 200 points an inch shown at 100 stay sharp on fine screens
    width, file = figure.get_figwidth() * 100, io.BytesIO()
    try:
        figure.savefig(file, format="png", dpi=200)
    finally:
        close(figure)
    data = base64.b64encode(file.getvalue()).decode()
    img = (
        f'<img alt="{html.escape(alt, quote=True)}" src="data:image/png;base64,{data}" '
        f'style="width:{width:.0f}px;max-width:100%;height:auto">'
    )
    if caption:
        look = f"opacity:.8;max-width:{width:.0f}px;margin:0"
        img += f'<figcaption style="{look}">{inline(caption)}</figcaption>'
    return Html(f'<figure style="margin:.3em 0">{img}</figure>')


def alternative(alt: object) -> str:
    """The alternative text, or an error that says what one is.

    Raises:
        ValueError: it is empty or not text.
    """
    if not isinstance(alt, str) or not alt.strip():
        raise ValueError(
            f"alt must say in words what the picture shows, got {alt!r}; "
            'for instance alt="Accuracy falls from 92 to 87 % below 3 bits"'
        )
    return " ".join(alt.split())


def close(figure: Any) -> None:
    """Close a figure, so that it takes no memory and is not shown a second time."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    if pyplot is not None:
        pyplot.close(figure)


@contextmanager
def no_open_figures() -> Iterator[None]:
    """Close every figure that pyplot opened meanwhile, also after an error."""
    pyplot = sys.modules.get("matplotlib.pyplot")
    before = set(pyplot.get_fignums()) if pyplot is not None else set()
    try:
        yield
    finally:
        pyplot = sys.modules.get("matplotlib.pyplot")
        for opened in set(pyplot.get_fignums()) - before if pyplot is not None else ():
            pyplot.close(opened)


def with_widget(bundle: dict[str, Any], widget: Any) -> dict[str, Any]:
    """Add a widget to a display bundle; front ends prefer it and fall back on the HTML."""
    if widget is None:
        return bundle
    view = {"version_major": 2, "version_minor": 0, "model_id": widget.model_id}
    return bundle | {"application/vnd.jupyter.widget-view+json": view}


def number(value: float) -> str:
    """A number as people write it: 4 figures, thousands parted by commas."""
    if isinstance(value, Integral):
        said = f"{int(value):,}"
    else:
        value = float(value)
        large = isfinite(value) and abs(value) >= 1000
        said = f"{value:,.0f}" if large else f"{value:.4g}"
    return said.replace("-", "−")


def plain(text: str) -> str:
    """The words of a piece of HTML."""
    return html.unescape(re.sub(r"<[^>]+>", "", text)) if isinstance(text, Html) else text
