"""What recipes write beside files: the scoreboard's rows, and the tables of studies."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from pathlib import Path

from course_utils import data, models, scoreboard


def write_study(rows: Sequence[Mapping], folder: Path, name: str) -> Path:
    """Write the rows of a lesson's study to studies/`name`.csv, beside the networks' folder."""
    import pandas

    path = folder.parent / "studies" / f"{name}.csv"
    path.parent.mkdir(exist_ok=True)
    table = pandas.DataFrame(rows).to_csv(index=False, float_format="%.4f", lineterminator="\n")
    return models.write_atomically(path, table.encode())


def write_rows(made: Mapping[Path, tuple[str, str]]) -> None:
    """Measure the files just made and write their rows, the others kept, in the recipes' order."""
    path = data.folder() / "scoreboard.csv"
    kept = list(csv.DictReader(path.open(newline=""))) if path.exists() else []
    fresh = [scoreboard.row(file, name=_row_name(file), made_in=lesson, method=method)
             for file, (lesson, method) in made.items()]  # fmt: skip
    names = {row["name"] for row in fresh}
    lines = io.StringIO()
    writer = csv.DictWriter(lines, scoreboard.COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(sorted([r for r in kept if r["name"] not in names] + fresh, key=_place))
    models.write_atomically(path, lines.getvalue().encode())


def _row_name(file: Path) -> str:
    """A file's bare name; the reference's export keeps its ending, to tell the two apart."""
    return file.name if file.name == f"{scoreboard.REFERENCE}.onnx" else models.bare_name(file)


def _place(row: dict) -> tuple[bool, str, int]:
    """The reference first, then lesson by lesson, the largest file first."""
    return row["name"] != scoreboard.REFERENCE, str(row["made_in"]), -int(row["bytes"])
