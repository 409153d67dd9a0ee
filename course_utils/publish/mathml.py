"""A Sphinx extension: formulas as MathML, which browsers draw without any script."""

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Tell Sphinx of the renderer; it is chosen by `html_math_renderer = "mathml"`."""
    app.add_html_math_renderer("mathml", (_inline, None), (_block, None))
    return {"parallel_read_safe": True, "parallel_write_safe": True}


def mathml(formula: str, *, display: str = "inline") -> str:
    """A LaTeX formula as MathML; the formula itself stands in its `alttext`.

    Args:
        display: "inline" or "block".

    Raises:
        ValueError: a command is not known, and would be shown as it is written.
    """
    from html import escape

    from latex2mathml.converter import convert

    try:
        made = convert(formula, display=display)
    except Exception as error:
        raise ValueError(f"the formula {formula!r} is not understood: {error!r}") from error
    if "\\" in made:
        raise ValueError(f"the formula {formula!r} has a command that is not known: {made}")
    return made.replace("<math ", f'<math alttext="{escape(formula.strip())}" ', 1)


def _inline(translator: Any, node: Any) -> None:
    _put(translator, mathml(node.astext()))


def _block(translator: Any, node: Any) -> None:
    _put(translator, f'<div class="math">{mathml(node.astext(), display="block")}</div>')


def _put(translator: Any, html: str) -> None:
    from docutils.nodes import SkipNode

    translator.body.append(html)
    raise SkipNode
