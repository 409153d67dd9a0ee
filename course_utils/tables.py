"""Accessible tables from rows or data frames."""

from collections.abc import Mapping, Sequence
from numbers import Real
from typing import Any

from course_utils import page


def table(rows: Any, *, caption: str, formats: Mapping[str, str] | None = None) -> page.Shown:
    """An accessible table: a caption, headings for columns, the first column heads its row.

    Args:
        rows: dictionaries with the same keys in the same order, or a pandas DataFrame.
        formats: format specifications by column, such as ``{"accuracy": ".1%"}``.
    """
    columns, body = _read(rows)
    formats = formats or {}
    unknown = sorted(set(formats) - set(columns))
    if unknown:
        raise ValueError(f"formats names unknown columns {unknown}; the columns are {columns}")
    forms = [formats.get(c, "") for c in columns]
    cells = [[_cell(v, f) for v, f in zip(row, forms, strict=True)] for row in body]
    numeric = [bool(body) and all(_is_number(row[i]) for row in body) for i in range(len(columns))]
    return page.Shown(
        _table_html(columns, cells, numeric, caption), _table_text(columns, cells, caption)
    )


def _read(rows: Any) -> tuple[list[str], list[list[Any]]]:
    if hasattr(rows, "to_dict") and hasattr(rows, "columns"):
        plain = rows.index.name is None and list(rows.index) == list(range(len(rows)))
        frame = rows if plain else rows.reset_index()
        return [str(c) for c in frame.columns], [list(r) for r in frame.itertuples(index=False)]
    rows = list(rows)
    columns = list(rows[0]) if rows else []
    for row in rows:
        if list(row) != columns:
            raise ValueError(f"every row needs the keys {columns}, got {list(row)}")
    return [str(c) for c in columns], [list(row.values()) for row in rows]


def _is_number(value: Any) -> bool:
    return value is None or (isinstance(value, Real) and not isinstance(value, bool))


def _cell(value: Any, form: str) -> str:
    if value is None or (isinstance(value, Real) and value != value):
        return "–"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if form:
        return format(value, form)
    if isinstance(value, Real):
        return page.number(value)
    return value if isinstance(value, page.Html) else str(value)


def _table_html(columns: Sequence, cells: Sequence, numeric: Sequence, caption: str) -> str:
    if not cells:
        return f"<p><b>{page.inline(caption)}</b></p>"
    pad = f"padding:.25em .7em;border-bottom:1px solid {page.BORDER};vertical-align:top"
    sides = ["right" if n else "left" for n in numeric]
    head = "".join(
        f'<th scope="col" style="{pad};text-align:{s}">{page.escape(c)}</th>'
        for c, s in zip(columns, sides, strict=True)
    )
    body = ""
    for row in cells:
        tags = ['th scope="row"'] + ["td"] * (len(row) - 1)
        body += (
            "<tr>"
            + "".join(
                f'<{t} style="{pad};text-align:{s};font-weight:normal">{page.escape(c)}</{t[:2]}>'
                for t, s, c in zip(tags, sides, row, strict=True)
            )
            + "</tr>"
        )
    title = '<caption style="text-align:left;caption-side:top;font-weight:bold;padding:.3em 0">'
    return (
        '<table style="border-collapse:collapse;margin:.3em 0">'
        f"{title}{page.inline(caption)}</caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"
    )


def _table_text(columns: Sequence, cells: Sequence, caption: str) -> str:
    if not cells:
        return caption
    lines = [list(columns)] + [[page.plain(c) for c in row] for row in cells]
    widths = [max(len(line[i]) for line in lines) for i in range(len(columns))]
    rows = [
        "  ".join(c.ljust(w) for c, w in zip(line, widths, strict=True)).rstrip() for line in lines
    ]
    return "\n".join([caption, *rows])
