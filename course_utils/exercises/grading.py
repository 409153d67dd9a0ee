"""Under grading a check must fail where it only spoke before: nbgrader reads marks from errors."""

import contextlib
import io
import os
from collections.abc import Iterator


class NotSolved(AssertionError):
    """Raised by a check under grading, and only there; says what the card says."""


def grading() -> bool:
    """Whether nbgrader runs this notebook, to grade or to validate it."""
    return bool(os.environ.get("NBGRADER_EXECUTION"))


@contextlib.contextmanager
def quietly() -> Iterator[None]:
    """Keep warnings out of a graded cell: nbgrader gives no marks where anything is on stderr."""
    if not grading():
        yield
        return
    with contextlib.redirect_stderr(io.StringIO()):
        yield
