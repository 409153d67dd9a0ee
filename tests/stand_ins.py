"""Stand-ins that several test files use: a notebook that keeps what is shown, a learner's home."""

from types import SimpleNamespace

import pytest

from course_utils import controls, page


class Notebook(list):
    """The bundles shown so far; `cell` moves on to the next cell."""

    def __init__(self):
        super().__init__()
        self.shell = SimpleNamespace(execution_count=1)

    def cell(self):
        self.shell.execution_count += 1


@pytest.fixture
def notebook(monkeypatch):
    """Pretend to run in a notebook; gives the list of what was displayed."""
    shown = Notebook()
    monkeypatch.setattr(page, "_shell", lambda: shown.shell)
    monkeypatch.setattr("IPython.display.display", lambda bundle, raw: shown.append(bundle))
    return shown


@pytest.fixture
def no_widgets(monkeypatch):
    """Pretend that ipywidgets is not installed."""
    monkeypatch.setattr(controls, "find_spec", lambda name: None)
    monkeypatch.setitem(__import__("sys").modules, "ipywidgets", None)


@pytest.fixture
def learner(monkeypatch, tmp_path):
    """A learner's folder of this test alone."""
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "learner"))
    return tmp_path / "learner"
