"""Keeps every test, and every notebook that pytest runs, away from the person who runs it."""

import os
import sys
import tempfile
from collections.abc import Iterator

import pytest

_private = tempfile.TemporaryDirectory(prefix="small-and-clear-", ignore_cleanup_errors=True)

# The learner's progress, and what Jupyter and IPython keep. Kernels inherit these.
for _name in (
    "COURSE_HOME",
    "IPYTHONDIR",
    "JUPYTER_CONFIG_DIR",
    "JUPYTER_DATA_DIR",
    "JUPYTER_RUNTIME_DIR",
):
    os.environ[_name] = os.path.join(_private.name, _name.lower())


@pytest.fixture(autouse=True)
def plain_figures() -> Iterator[None]:
    """Give each test matplotlib's own settings, whatever the test before it has set."""
    if "matplotlib" in sys.modules:
        sys.modules["matplotlib"].rcdefaults()
    yield


def pytest_unconfigure() -> None:
    """Remove what the tests left in the private folder."""
    _private.cleanup()
