"""The bench measures what it says: seconds, memory, and where a run stopped."""

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_notebook

from course_utils import bench
from course_utils.syllabus import LESSONS


@pytest.fixture
def measured(tmp_path):
    def run(*sources, **options):
        cells = [new_code_cell(source) for source in sources]
        cells[0].metadata["tags"] = ["bootstrap"]
        file = tmp_path / "lesson.ipynb"
        nbformat.write(new_notebook(cells=cells), file)
        before = file.read_bytes()
        result = bench.measure(file, **options)
        assert file.read_bytes() == before, "the notebook was changed"
        return result

    return run


def test_seconds_and_memory_are_those_of_the_run(measured):
    seen = []
    hold = "import time; x = bytearray(b'x') * 300_000_000; time.sleep(0.4); del x"
    wait = "import time; time.sleep(1)"
    run = measured("1", "2", hold, wait, after_cell=lambda: seen.append(1))
    assert (run.cells, len(seen), run.error) == (4, 4, "")
    assert run.seconds - run.ready >= 1.4
    assert 300e6 < run.memory < 900e6


def test_ready_is_after_the_setup_cell_and_not_the_bootstrap(measured):
    run = measured("1", "import time; time.sleep(1)", "3")
    assert 1 <= run.ready <= run.seconds


def test_memory_counts_what_the_kernel_starts(measured):
    child = "import time; x = bytearray(b'x') * 300_000_000; time.sleep(1)"
    parent = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {child!r}])"
    run = measured("1", parent)
    assert run.memory > 300e6


def test_a_lesson_that_stops_is_told(measured):
    run = measured("1", "2", "1 / 0", "4")
    assert run.error == "ZeroDivisionError"
    assert "| stopped: ZeroDivisionError |" in bench.table({LESSONS[0]: run})


def test_table_has_a_row_for_each_lesson_in_readable_units():
    run = bench.Measured(cells=12, ready=6.04, seconds=41.6, memory=1_234_567_890)
    text = bench.table({LESSONS[1]: run})
    name = f"[{LESSONS[1].number} {LESSONS[1].title}]({LESSONS[1].path})"
    assert f"| {name} | 12 | 6.0 | 42 | 1,235 |" in text.splitlines()
    assert "{" not in text
