"""Tools, and where the course itself imports them."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from course_utils import syllabus


@dataclass(frozen=True)
class Tool:
    """A tool: its name, the module it is imported as, its package's name, and what it is for."""

    name: str
    module: str
    package: str
    purpose: str


DOCUMENTS = (
    Tool("PyTorch", "torch", "torch", "networks, gradients, training"),
    Tool("TensorFlow", "tensorflow", "tensorflow", "the same; phones and browsers"),
    Tool("Keras", "keras", "keras", "layers and training, on PyTorch, TensorFlow or JAX"),
    Tool("Hugging Face Transformers", "transformers", "transformers",
         "language models that others trained"),
)  # fmt: skip
"""The list of document B, §6."""
TODAY = (
    Tool("ONNX Runtime", "onnxruntime", "onnxruntime", "running a network without its framework"),
    Tool("captum", "captum", "captum", "attributions of PyTorch networks"),
    Tool("lime", "lime", "lime", "LIME for pictures, words and tables"),
    Tool("shap", "shap", "shap", "Shapley values, also of trees"),
    Tool("torchao", "torchao", "torchao", "low-bit kernels for large models"),
    Tool("torch-pruning", "torch_pruning", "torch-pruning", "removing filters across a graph"),
    Tool("Optuna", "optuna", "optuna", "search"),
    Tool("scikit-learn", "sklearn", "scikit-learn", "trees, lines and scores"),
)  # fmt: skip
"""What people use for this course's subjects today."""


def imported(source: str) -> set[str]:
    """Return the top modules that a piece of Python imports anywhere."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.split(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom) and not node.level:
            found.add((node.module or "").split(".")[0])
    return found


def places(root: Path = syllabus.ROOT) -> dict[str, list[set[str]]]:
    """Return what each lesson, module of the package and file of tests imports."""
    files = {kind: (root / kind).rglob("*.py") for kind in ("course_utils", "tests")}
    return {
        "lessons": [imported(source) for source in _lessons(root)],
        **{kind: [imported(one.read_text(encoding="utf-8")) for one in sorted(of)]
           for kind, of in files.items()},
    }  # fmt: skip


def rows(tools: Iterable[Tool], found: dict[str, list[set[str]]]) -> list[dict]:
    """Return a row for each tool: what for, the version here, and how often it is imported."""
    return [
        {"tool": tool.name, "what for": tool.purpose, "version here": version(tool.package)}
        | {kind.replace("course_utils", "package"): sum(tool.module in one for one in of)
           for kind, of in found.items()}
        for tool in tools
    ]  # fmt: skip


def version(package: str) -> str:
    """Return a package's installed version, or "not installed"."""
    try:
        return metadata.version(package).split("+")[0]
    except metadata.PackageNotFoundError:
        return "not installed"


def _lessons(root: Path) -> Iterator[str]:
    for file in sorted((root / "notebooks").rglob("[0-9]*.ipynb")):
        if ".ipynb_checkpoints" not in file.parts:
            cells = json.loads(file.read_text(encoding="utf-8"))["cells"]
            yield "\n".join("".join(c["source"]) for c in cells if c["cell_type"] == "code")
