"""The course in a class: metadata, a teacher's folder, and real hand-ins through nbgrader."""

import ast
import builtins
import json
import os
import subprocess
import sys
import textwrap

import nbformat
import pytest

from course_utils import exercises, links
from course_utils.classroom import cells, folder
from course_utils.classroom.__main__ import main
from course_utils.exercises import grading
from course_utils.syllabus import LESSONS

FILES = links.notebooks()


def book(*sources):
    """A notebook of code cells; a source that begins with # is text."""
    kinds = ["markdown" if source.startswith("#") else "code" for source in sources]
    return {
        "cells": [
            {"cell_type": kind, "metadata": {}, "source": [source]}
            for kind, source in zip(kinds, sources, strict=True)
        ]
    }


def names_stored(tree):
    """Every name that a piece of code gives a value to, in any scope."""
    found = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            found.add(node.id)
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.arg):
            found.add(node.arg)
        elif isinstance(node, ast.alias):
            found.add((node.asname or node.name).split(".")[0])
    return found


# ---- metadata


def test_a_check_and_the_cell_before_it_carry_the_metadata_and_no_other():
    marked = cells.marked(book("x = 1", "def f(): ...", 'exercises.check("3.2.1", f)', "# text"))
    data = [cell["metadata"].get("nbgrader") for cell in marked["cells"]]
    assert data[0] is None and data[3] is None
    assert data[1]["grade_id"] == "exercise-3-2-1" and data[2]["grade_id"] == "check-3-2-1"
    assert data[1]["solution"] and not data[1]["grade"] and not data[1]["locked"]
    assert data[2]["grade"] and data[2]["locked"] and not data[2]["solution"]
    (one,) = [one for one in exercises.outline("3_2") if one.number == "3.2.1"]
    assert data[2]["points"] == one.difficulty and "points" not in data[1]


def test_marking_again_changes_nothing_and_what_is_out_of_date_goes():
    once = cells.marked(book("def f(): ...", 'exercises.check("3.2.1", f)'))
    before = json.dumps(once)
    assert cells.marked(once) == once and json.dumps(once) == before
    once["cells"][1]["source"] = ["print(1)"]
    assert all("nbgrader" not in cell["metadata"] for cell in cells.marked(once)["cells"])


def test_a_check_stands_alone_and_after_its_exercise():
    with pytest.raises(ValueError, match=r"3\.2\.1 must hold nothing else"):
        cells.marked(book("f = 1", 'exercises.check("3.2.1", f)\nassert f'))
    for before in ((), ("# text",)):
        with pytest.raises(ValueError, match=r"3\.2\.1 needs the cell to fill in"):
            cells.marked(book(*before, 'exercises.check("3.2.1", f)'))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_nbgrader_finds_nothing_wrong_in_a_lesson(file):
    from nbgrader.preprocessors import CheckCellMetadata

    notebook = nbformat.read(file, as_version=4)
    CheckCellMetadata().preprocess(notebook, {})
    ids = [c.metadata.nbgrader.grade_id for c in notebook.cells if "nbgrader" in c.metadata]
    assert len(set(ids)) == len(ids) == 2 * len(cells.checks(notebook))


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_a_solution_can_be_pasted_into_its_cell(file):
    """It defines what the check asks for, from names that the cells above have made."""
    notebook = json.loads(file.read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"]]
    for place, number in cells.checks(notebook):
        above = [ast.parse(sources[i]) for i in range(place)
                 if notebook["cells"][i]["cell_type"] == "code"]  # fmt: skip
        solution = ast.parse(exercises.find(number).solution_source())
        made = names_stored(solution)
        asked = ast.parse(sources[place]).body[0].value.args[1]
        assert {n.id for n in ast.walk(asked) if isinstance(n, ast.Name)} <= made, number
        known = made.union(dir(builtins), *map(names_stored, above))
        used = {n.id for n in ast.walk(solution) if isinstance(n, ast.Name)}
        assert used - known == set(), f"{number}: the lesson does not know {used - known}"


# ---- the check under grading


def double(x):
    return 2 * x


@pytest.fixture
def graded(monkeypatch, tmp_path):
    monkeypatch.setenv("NBGRADER_EXECUTION", "autograde")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))


RIGHT = {"0.1": exercises.find("0.1").answer()}


def test_a_check_raises_under_grading_and_only_there(graded, monkeypatch):
    assert exercises.check("0.1", RIGHT["0.1"]).state == "solved"
    for wrong in (..., double, 7):
        with pytest.raises(grading.NotSolved, match=r"Exercise 0\.1"):
            exercises.check("0.1", wrong)
    with pytest.raises(grading.NotSolved, match="could not be run"):
        exercises.check("0.99", RIGHT["0.1"])
    monkeypatch.delenv("NBGRADER_EXECUTION")
    assert [exercises.check("0.1", wrong).state for wrong in (..., double)] == [
        "not tried",
        "not yet",
    ]


def test_a_warning_costs_no_marks(graded, monkeypatch, capsys):
    def loud(*values):
        print("careful", file=sys.stderr)
        return RIGHT["0.1"](*values)

    assert exercises.check("0.1", loud).state == "solved"
    assert capsys.readouterr().err == ""
    monkeypatch.delenv("NBGRADER_EXECUTION")
    exercises.check("0.1", loud)
    assert "careful" in capsys.readouterr().err


# ---- a teacher's folder


def test_a_folder_gets_settings_and_the_named_lessons_and_nothing_is_written_twice(tmp_path):
    written = folder.prepare(tmp_path / "class", ["3.2"])
    assert [file.name for file in written] == ["nbgrader_config.py", "3_2_quantization.ipynb"]
    written[0].write_text("# ours")
    written[1].write_text("changed")
    assert folder.prepare(tmp_path / "class", ["3.2"]) == []
    assert (written[0].read_text(), written[1].read_text()) == ("# ours", "changed")
    more = folder.prepare(tmp_path / "class")
    assert len(more) == sum(lesson.exists() for lesson in LESSONS) - 1


def test_an_unknown_lesson_is_named_and_nothing_is_made(tmp_path):
    with pytest.raises(ValueError, match=r"no lesson 9\.9; there are: 0, 1\.1"):
        folder.prepare(tmp_path / "class", ["3.2", "9.9"])
    assert not (tmp_path / "class").exists()
    with pytest.raises(SystemExit, match=r"no lesson 9\.9"):
        main([str(tmp_path / "class"), "9.9"])
    with pytest.raises(SystemExit, match="usage"):
        main([])


# ---- hand-ins

LOOP = """
def conv_cost(*sizes):
    while True:
        pass
"""
CRASH = """
import os

def file_bytes(*sizes):
    os._exit(1)
"""
HAND_INS = {
    "all": {n: exercises.find(n).solution_source() for n in ("1.1.1", "1.1.2", "1.1.3")},
    "stubs": {},
    "mixed": {"1.1.1": LOOP, "1.1.2": CRASH, "1.1.3": "slow_line = slow_processor = 7"},
    "half": {"1.1.1": CRASH.replace("file_bytes", "conv_cost"),
             "1.1.2": exercises.find("1.1.2").solution_source()},
}  # fmt: skip


def nbgrader(*words, cwd):
    tools = os.path.dirname(sys.executable)  # nbgrader calls alembic by its name
    path = os.pathsep.join([tools, os.environ["PATH"]])
    done = subprocess.run(
        [sys.executable, "-m", "nbgrader", *words], cwd=cwd, capture_output=True, text=True,
        env=os.environ | {"OMP_NUM_THREADS": "1", "PATH": path}, timeout=900, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stderr


def thinned(notebook):
    """The lesson's beginning and its exercises: nbval runs the other cells already."""
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    notebook.cells = code[:2] + [cell for cell in code if "nbgrader" in cell.metadata]
    return notebook


@pytest.fixture(scope="module")
def marks(tmp_path_factory):
    """What nbgrader gives four learners of lesson 1.1: points by exercise."""
    from nbgrader.api import Gradebook

    course = tmp_path_factory.mktemp("class")
    _, source = folder.prepare(course, ["1.1"])
    nbformat.write(thinned(nbformat.read(source, as_version=4)), source)
    nbgrader("generate_assignment", "1_1_cost", cwd=course)
    released = course / "release/1_1_cost/1_1_cost.ipynb"
    for learner, answers in HAND_INS.items():
        notebook = nbformat.read(released, as_version=4)
        for place, number in cells.checks(notebook):
            if number in answers:
                notebook.cells[place - 1].source = textwrap.dedent(answers[number]).strip()
        file = course / "submitted" / learner / "1_1_cost/1_1_cost.ipynb"
        file.parent.mkdir(parents=True)
        nbformat.write(notebook, file)
    nbgrader("autograde", "1_1_cost", "--Execute.timeout=20", cwd=course)
    with Gradebook(f"sqlite:///{course / 'gradebook.db'}") as book:
        return {
            learner: {
                grade.name: grade.score
                for grade in book.find_submission_notebook("1_1_cost", "1_1_cost", learner).grades
            }
            for learner in HAND_INS
        }


def test_the_release_keeps_our_stubs_and_locks_the_checks(tmp_path):
    folder.prepare(tmp_path, ["0"])
    nbgrader("generate_assignment", "0_start_here", cwd=tmp_path)
    released = nbformat.read(tmp_path / "release/0_start_here/0_start_here.ipynb", as_version=4)
    ours = nbformat.read(FILES[0], as_version=4)
    assert [cell.source for cell in released.cells] == [cell.source for cell in ours.cells]
    for place, _ in cells.checks(released):
        assert released.cells[place].metadata.editable is False


def test_all_solutions_get_full_marks_and_stubs_none(marks):
    points = {f"check-{one.number.replace('.', '-')}": one.difficulty
              for one in exercises.outline("1_1")}  # fmt: skip
    assert marks["all"] == points
    assert marks["stubs"] == dict.fromkeys(points, 0)


def test_a_loop_a_crash_and_a_wrong_answer_cost_only_their_own_marks(marks):
    assert set(marks["mixed"].values()) == {0} and len(marks["mixed"]) == 3
    assert marks["half"]["check-1-1-1"] == 0  # the crash
    assert marks["half"]["check-1-1-2"] > 0  # stands after it, and counts
