"""A network file alone in a new Python process: does it still compute?"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import torch

from course_utils.models import network_path

_PROGRAMS = {
    ".onnx": """
import onnxruntime
session = onnxruntime.InferenceSession({file!r}, providers=["CPUExecutionProvider"])
logits = session.run(None, {{session.get_inputs()[0].name: images}})[0]
""",
    ".safetensors": """
import torch
from course_utils import models
with torch.no_grad():
    logits = models.load_network({file!r})(torch.from_numpy(images)).numpy()
""",
}
_FRAME = """
import json, sys
import numpy
images = numpy.load("images.npy")
{program}
numpy.save("logits.npy", logits)
modules = sorted({{name.partition(".")[0] for name in sys.modules}})
open("modules.json", "w").write(json.dumps(modules))
"""


@dataclass(frozen=True)
class Answer:
    """What the new process computed: logits, n x class; and the modules it had imported."""

    logits: torch.Tensor
    modules: frozenset[str]


def run(path: str | Path, images: torch.Tensor, *, timeout: float = 120) -> Answer:
    """Copy a network file into an empty folder and run it there in a new Python process.

    An `.onnx` file meets numpy and ONNX Runtime only; every other network file is opened by
    `models.load_network`. Nothing else of this process is handed over.

    Args:
        path: a network file, or a committed network's bare name.
        images: n x channel x height x width in [0, 1].

    Raises:
        RuntimeError: the process failed; the message ends in what it said last.
    """
    path = network_path(path)
    program = _PROGRAMS[".onnx" if path.suffix == ".onnx" else ".safetensors"]
    with tempfile.TemporaryDirectory() as folder:
        return _run_in(Path(folder), path, program.format(file=path.name), images, timeout)


def _run_in(folder: Path, path: Path, program: str, images: torch.Tensor, timeout: float) -> Answer:
    import numpy

    shutil.copy(path, folder)
    numpy.save(folder / "images.npy", images.numpy())
    course = str(Path(__file__).resolve().parents[1])
    paths = os.pathsep.join(filter(None, [course, os.environ.get("PYTHONPATH", "")]))
    done = subprocess.run(
        [sys.executable, "-c", _FRAME.format(program=program)],
        cwd=folder, env={**os.environ, "PYTHONPATH": paths},
        capture_output=True, text=True, timeout=timeout,
    )  # fmt: skip
    if done.returncode:
        said = done.stderr.strip().splitlines()[-1:] or ["nothing"]
        raise RuntimeError(f"{path.name} did not run in a process of its own; it said: {said[0]}")
    modules = json.loads((folder / "modules.json").read_text())
    return Answer(torch.from_numpy(numpy.load(folder / "logits.npy")), frozenset(modules))
