"""Run a notebook that was handed in: a cell that kills the kernel costs only its own marks."""

import copy
import tempfile
from typing import Any

import nbformat
from nbclient.exceptions import DeadKernelError
from nbgrader.preprocessors import Execute
from nbgrader.utils import setenv


class ExecuteOnAfterCrash(Execute):
    """nbgrader's way of running a notebook, and again without a cell that killed the kernel.

    Endless loops are stopped by nbgrader itself, after `timeout` seconds a cell.
    """

    def preprocess(self, nb: Any, resources: Any, *rest: Any) -> tuple[Any, Any]:
        """Run all cells; each that ends the kernel is marked with an error and left out.

        What a lesson notes of its learner (progress, files) goes into a folder of its own.
        """
        self._deadly: set[int] = set()
        while True:
            attempt, self._running = copy.deepcopy(nb), -1
            with tempfile.TemporaryDirectory() as home, setenv(COURSE_HOME=home):
                try:
                    return super().preprocess(attempt, resources, *rest)
                except DeadKernelError:
                    if self._running in self._deadly | {-1}:
                        raise
                    self.log.warning("Cell %s ended the kernel: once more without", self._running)
                    self._deadly.add(self._running)

    def preprocess_cell(self, cell: Any, resources: Any, index: int) -> tuple[Any, Any]:
        """Run one cell, unless it killed the kernel before: then say so in its place."""
        if index not in self._deadly:
            self._running = index
            return super().preprocess_cell(cell, resources, index)
        words = "This cell ended the Python process (a crash, or os._exit)."
        cell.outputs = [
            nbformat.v4.new_output(
                "error", ename="DeadKernelError", evalue=words, traceback=[words]
            )
        ]
        return cell, resources
