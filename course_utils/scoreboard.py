"""The scoreboard: one row per network, each number measured on its file."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import torch

from course_utils import data, home, measure, models, training

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

COLUMNS = (
    "name", "file", "task", "bytes", "parameters", "macs", "accuracy", "latency_ratio", "made_in",
    "method",
)  # fmt: skip
REFERENCE = "SimplifiedCNN"
REFERENCES = {"Fashion-MNIST": REFERENCE, "MNIST": "LeNet5"}
"""For each task the network whose latency is 1."""
TASKS = {(1, 32, 32): "Fashion-MNIST", (1, 28, 28): "MNIST"}
"""What a network is for, told by the images it takes."""
BATCH = 256
"""Images in the batch whose latency is compared."""


def table(*, mine: bool = True, task: str | None = "Fashion-MNIST") -> pandas.DataFrame:
    """Return the committed networks' rows and, with `mine`, the learner's own below them.

    Args:
        task: "Fashion-MNIST" or "MNIST": rows of two tasks can't be compared. None gives all.
    """
    import pandas

    if task not in (None, *REFERENCES):
        raise ValueError(f"task must be {' or '.join(map(repr, REFERENCES))}; got {task!r}.")
    committed = pandas.read_csv(data.folder() / "scoreboard.csv")
    own = pandas.DataFrame(_own_rows() if mine else [], columns=list(COLUMNS))
    rows = committed if own.empty else pandas.concat([committed, own], ignore_index=True)
    return rows if task is None else rows[rows["task"] == task].reset_index(drop=True)


def task_of(network: Callable) -> str:
    """Return the task of a network that `load_network` returned: "Fashion-MNIST" or "MNIST".

    Raises:
        ValueError: it takes images of another shape than either.
    """
    shape = tuple(getattr(network, "input_shape", ()))
    if shape not in TASKS:
        known = " or ".join(f"{known} ({task})" for known, task in TASKS.items())
        raise ValueError(f"the scoreboard's networks take images of {known}; this one {shape}.")
    return TASKS[shape]


def row(path: str | Path, *, method: str, name: str | None = None, made_in: str = "mine") -> dict:
    """Measure one network file and return its row, a value for each of COLUMNS.

    Accuracy is the loaded file's on its task's test set: for the row of a finished network,
    not for choosing between networks. Latency is the median ratio to the task's float32
    reference in the same runtime, on 256 images and one thread.

    Args:
        method: what made it small, a key of `plots.COLOURS`.
    """
    from course_utils import plots

    plots.colour(method)
    path = models.network_path(path)
    network = models.load_network(path)
    task = task_of(network)
    images, labels = (data.mnist if task == "MNIST" else data.fashion_mnist)("test")
    return {
        "name": name or models.bare_name(path),
        "file": path.name,
        "task": task,
        "bytes": measure.file_bytes(path),
        "parameters": measure.parameters(network),
        "macs": measure.macs(network),
        "accuracy": round(training.evaluate(network, images, labels), 4),
        "latency_ratio": round(_latency_ratio(path, REFERENCES[task], images[:BATCH]), 2),
        "made_in": made_in,
        "method": method,
    }


def add(name: str, path: str | Path, *, method: str) -> pandas.DataFrame:
    """Measure a network file of one's own, keep its row in the learner's folder, return the table.

    A row of the same name is replaced; committed rows can't be.
    """
    if name in set(table(mine=False, task=None)["name"]):
        raise ValueError(f"{name!r} is a committed network's name; choose another.")
    measured = row(path, name=name, method=method)
    home.update_json(
        _own_path(),
        lambda rows: [r for r in _sound(rows) if r["name"] != name] + [measured],
        default=[],
    )
    return table()


def plot(rows: pandas.DataFrame | None = None) -> Figure:
    """Draw accuracy against file size, with a step line through the networks nothing else beats."""
    from course_utils import plots

    rows = table() if rows is None else rows
    rows = rows.assign(**{
        "whole file (kB)": rows["bytes"] / 1000, "test accuracy (%)": rows["accuracy"] * 100,
    })  # fmt: skip
    return plots.pareto(
        rows.to_dict("records"), x="whole file (kB)", y="test accuracy (%)",
        title="The scoreboard: the line joins networks that nothing beats in both",
    )  # fmt: skip


def _latency_ratio(path: Path, reference: str, images: torch.Tensor) -> float:
    ending = ".onnx" if path.suffix == ".onnx" else ".safetensors"
    reference = models.network_path(reference + ending)
    if path.samefile(reference):
        return 1.0  # by definition: measuring it would only print noise
    threads = torch.get_num_threads()
    torch.set_num_threads(1)  # before loading: an OnnxNetwork keeps the number it finds
    try:
        pair = models.load_network(path), models.load_network(reference)
        return measure.latency_ratio(*pair, images).median
    finally:
        torch.set_num_threads(threads)


def _own_path() -> Path:
    return home.folder() / "scoreboard.json"


def _own_rows() -> list[dict]:
    return _sound(home.read_json(_own_path(), []))


def _sound(rows: object) -> list[dict]:
    """Keep the rows that have every column: the file is the learner's and may hold anything."""
    rows = rows if isinstance(rows, list) else []
    return [r for r in rows if isinstance(r, dict) and set(COLUMNS) <= set(r)]
