"""What lessons show: at once, with words for every eye, and the same in plain Python."""

import re
import sys
import warnings
from types import SimpleNamespace

import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest

from course_utils import environment, lesson, page, pins, plots, tables

pytest_plugins = ["stand_ins"]

WIDGET = "application/vnd.jupyter.widget-view+json"


# ---- shown at once, and once


def test_shown_at_once_and_quiet_as_the_last_line(notebook):
    shown = lesson.table([{"a": 1}], caption="One row")
    assert len(notebook) == 1
    shown._ipython_display_()
    assert len(notebook) == 1, "the last line of the same cell must not show it twice"
    notebook.cell()
    shown._ipython_display_()
    assert len(notebook) == 2, "a later cell shows it again"
    assert notebook[0] == notebook[1]


def test_in_plain_python_the_words_are_the_repr():
    shown = lesson.table([{"network": "a", "bytes": 1234}], caption="Sizes")
    assert repr(shown).splitlines() == ["Sizes", "network  bytes", "a        1,234"]


# ---- begin


def test_begin_says_what_it_runs_on_and_sets_the_style(notebook):
    with matplotlib.rc_context():
        shown = lesson.begin("3_2")
        assert matplotlib.rcParams["figure.constrained_layout.use"]
    assert re.match(
        r"Small and Clear 1\.\d+ · lesson 3\.2 · PyTorch \d\S+ · .+ · \d+ cores?$", shown.text
    )
    assert lesson.begin("3.2").text == shown.text


def test_begin_without_torch_points_to_the_check(monkeypatch):
    monkeypatch.setitem(sys.modules, "torch", None)
    with matplotlib.rc_context():
        text = lesson.begin("0").text
    assert "✗ torch is missing: lesson.check_environment() says what to do" in text
    assert "torch" in environment.guarded(environment.graphics)[0].words


def test_begin_without_ipywidgets_says_so_once(no_widgets):
    with matplotlib.rc_context(), warnings.catch_warnings(record=True) as told:
        warnings.simplefilter("always")
        text = lesson.begin("0").text
        warnings.warn("IProgress not found. Please update jupyter and ipywidgets.", stacklevel=1)
        warnings.warn("Something else.", stacklevel=1)
    assert text.endswith(" · no ipywidgets: pictures stand still")
    assert [str(warning.message) for warning in told] == ["Something else."]


def test_begin_knows_the_lessons():
    with pytest.raises(ValueError, match=r"no lesson '7_3'; it has 0, 1_1"):
        lesson.begin("7_3")


# ---- figures and sources


def test_a_figure_has_its_text_and_is_closed(notebook):
    figure, _ = plt.subplots()
    lesson.show(figure, alt='Two "lines" & <one> dot', caption="A `caption`.")
    html = notebook[0]["text/html"]
    assert 'alt="Two &quot;lines&quot; &amp; &lt;one&gt; dot"' in html
    assert 'src="data:image/png;base64,' in html
    assert not plt.fignum_exists(figure.number)
    assert notebook[0]["text/plain"] == 'Picture: Two "lines" & <one> dot'


@pytest.mark.parametrize("alt", ["", "  \n", None, 3])
def test_no_figure_without_a_text(alt):
    with pytest.raises(ValueError, match="alt must say in words"):
        lesson.show(plots.figure()[0], alt=alt)


def test_show_takes_axes_and_refuses_the_rest():
    _, axis = plots.figure()
    assert "data:image/png" in lesson.show(axis, alt="An empty frame").html
    with pytest.raises(TypeError, match="got list"):
        lesson.show([axis], alt="An empty frame")


def test_source_is_the_tested_source_without_its_docstring():
    shown = lesson.show_source(plots.pareto_front)
    assert "front.append((cost, worth))" in shown.text
    assert '"""' not in shown.text
    assert "course_utils/plots.py" in shown.html
    assert '"""' in lesson.show_source(plots.pareto_front, docstring=True).text


def test_a_body_that_is_only_a_docstring_stays():
    source = 'class A:\n    """Promise."""\n\n    def f(self):\n        """Only this."""'
    assert (
        lesson.without_docstrings(source)
        == 'class A:\n\n    def f(self):\n        """Only this."""'
    )


# ---- tables


def test_a_table_can_be_read_aloud():
    rows = [{"network": "<b>A</b>", "bytes": 1073448, "share": 0.5}]
    html = lesson.table(rows, caption="All & more", formats={"share": ".0%"}).html
    assert re.search(r"<caption[^>]*>All &amp; more</caption>", html)
    assert html.count('<th scope="col"') == 3
    assert html.count('<th scope="row"') == 1
    assert "&lt;b&gt;A&lt;/b&gt;" in html, "cells are escaped"
    assert "1,073,448" in html
    assert "50%" in html


def test_tables_from_frames():
    frame = pd.DataFrame({"bits": [8, 2], "accuracy": [0.921, np.nan]})
    assert repr(lesson.table(frame, caption="c")).splitlines()[1:] == [
        "bits  accuracy", "8     0.921", "2     –",
    ]  # fmt: skip
    named = frame.set_index("bits")
    assert "bits" in repr(lesson.table(named, caption="c")).splitlines()[1]


def test_html_passes_only_when_marked():
    link = page.Html('<a href="x">y</a>')
    shown = lesson.table([{"a": link, "b": True, "c": None}], caption="c")
    assert '<a href="x">y</a>' in shown.html
    assert shown.text.splitlines()[-1].split() == ["y", "yes", "–"]


def test_bad_tables_are_told():
    with pytest.raises(ValueError, match=r"unknown columns \['b'\]"):
        lesson.table([{"a": 1}], caption="c", formats={"b": ".1%"})
    with pytest.raises(ValueError, match=r"needs the keys \['a'\], got \['b'\]"):
        lesson.table([{"a": 1}, {"b": 1}], caption="c")
    assert tables.table([], caption="Nothing yet").text == "Nothing yet"


@pytest.mark.parametrize(
    ("value", "words"),
    [(268362, "268,362"), (-5, "−5"), (0.92134, "0.9213"), (1073448.2, "1,073,448"),
     (5.0, "5"), (float("nan"), "nan"), (np.int64(7), "7"), (1e-7, "1e−07"), (999.96, "1000")],
)  # fmt: skip
def test_numbers_as_people_write_them(value, words):
    assert page.number(value) == words


@pytest.mark.parametrize(
    ("text", "html"),
    [("a < b & c", "a &lt; b &amp; c"), ("**now**", "<b>now</b>"), ("one\n\ntwo", "one<br><br>two"),
     ("2 ** 3 and 2 ** 4", "2 ** 3 and 2 ** 4")],
)  # fmt: skip
def test_the_little_markdown(text, html):
    assert page.inline(text) == html


def test_code_in_remarks_is_code():
    html = page.inline("use `x < y`:\n```python\na = x < y\n```\nthen")
    assert re.search(r"<code[^>]*>x &lt; y</code>", html)
    assert "<pre" in html
    assert "python" not in page.plain(html)


# ---- map and progress


def test_the_map_has_every_lesson_and_the_learners_exercises(learner, monkeypatch, tmp_path):
    from course_utils import exercises
    from course_utils.syllabus import LESSONS

    monkeypatch.setattr(exercises.engine, "FOLDER", tmp_path)
    (tmp_path / "lesson_3_2.py").write_text(
        '@exercise("3.2.1", title="One", minutes=5, difficulty=1)\ndef _(a): ...\n'
        '@exercise("3.2.2", title="Two", minutes=15, difficulty=3)\ndef _(a): ...\n'
    )
    exercises.record.note("3.2.2", solved=True)
    exercises.record.note("3.2.1", solved=False)
    text = lesson.course_map().text
    for entry in LESSONS:
        assert entry.title in text
    row = next(line for line in text.splitlines() if line.startswith("3.2 "))
    assert "1 of 2" in row
    page_ = lesson.progress_page().text.splitlines()
    assert page_[0] == "Your exercises: 1 of 2 solved"
    assert re.search(r"3\.2\.1 — One +5 +●○○ +✗ tried, not yet right", page_[2])
    assert re.search(r"3\.2\.2 — Two +15 +●●● +✓ solved", page_[3])


def test_links_lead_from_the_lessons_folder(monkeypatch, tmp_path):
    there = SimpleNamespace(
        number="3.2",
        title="Few & far",
        folder="3_algorithms",
        file="3_2_q.ipynb",
        exists=lambda: True,
    )
    monkeypatch.setattr(pins, "REPOSITORY", tmp_path)
    start = tmp_path / "notebooks" / "4_code"
    start.mkdir(parents=True)
    monkeypatch.chdir(start)
    assert lesson._link(there) == '<a href="../3_algorithms/3_2_q.ipynb">3.2 Few &amp; far</a>'
    there.exists = lambda: False
    assert "in preparation" in lesson._link(there)
    assert "href" not in lesson._link(there)


# ---- environment check: every bad condition becomes words


def states(findings):
    return [finding.state for finding in findings]


def test_this_environment_has_no_problem(learner):
    findings = environment.check()
    assert [f for f in findings if f.state == "problem"] == []
    assert {f.state for f in findings} <= {"ok", "note"}
    assert len(findings) >= 8
    assert all(f.words for f in findings)


def test_old_python():
    (finding,) = environment.python((3, 9, 2))
    assert finding.state == "problem"
    assert "3.9.2 is too old: install Python 3.11" in finding.words
    assert states(environment.python((3, 11, 0))) == ["ok"]


def folder_with(tmp_path, named, pinned):
    (tmp_path / "requirements.in").write_text(named)
    (tmp_path / "requirements.txt").write_text(pinned)
    return tmp_path


def test_packages_missing_and_of_another_version(tmp_path):
    folder = folder_with(
        tmp_path,
        "# choice\ntorch\nlime\nnumba>=0.60  # why\nnumpy\n",
        "torch==2.15.0\nlime==0.2\nnumba==0.68\n"
        "numpy==1.0 ; python_version < '3'\nnumpy==2.4 ; python_version >= '3'\nother==1\n",
    )
    have = {"torch": "2.15.0+cpu", "numba": "0.62", "numpy": "2.4"}

    def installed(name):
        if name not in have:
            raise environment.metadata.PackageNotFoundError(name)
        return have[name]

    found = {f.what: f for f in environment.packages(folder, installed)}
    assert found["packages"].words.startswith("2 of 4")
    assert found["lime"].state == "problem"
    assert "make lab" in found["lime"].words
    assert found["numba"].state == "note"
    assert "tested with 0.68" in found["numba"].words
    assert set(found) == {"packages", "lime", "numba"}


def test_packages_without_the_repositorys_lists(tmp_path, monkeypatch):
    monkeypatch.setattr(
        pins, "_metadata_lines", lambda: ["torch==2.15.0", "lime==0.2; extra == 'x'"]
    )
    assert pins.wanted(tmp_path) == {"torch": "2.15.0"}
    monkeypatch.setattr(pins, "_metadata_lines", list)
    (finding,) = environment.packages(tmp_path, lambda name: "1")
    assert (finding.state, "not found" in finding.words) == ("note", True)


def test_every_package_the_course_names_is_pinned():
    assert [name for name, version in pins.wanted().items() if version is None] == []


def test_damaged_data_are_named():
    (finding,) = environment.data_files(lambda: ["mnist.gz is damaged: get it again"])
    assert finding == ("data", "problem", "mnist.gz is damaged: get it again")
    assert states(environment.data_files(list)) == ["ok"]


def test_little_memory_few_cores_no_graphics():
    assert states(environment.memory(0.4e9)) == ["note"]
    assert "0.4 GB are free" in environment.memory(0.4e9)[0].words
    assert "Shut down" in environment.memory(0.4e9)[0].words
    assert states(environment.memory(8e9)) == ["ok"]
    assert states(environment.cores(1)) == ["note"]
    assert environment.graphics("CPU")[0].words == "none in use, and none is needed"
    assert environment.graphics("H200")[0].words == "H200"


def test_memory_is_measured_within_the_containers_limit(monkeypatch, tmp_path):
    (tmp_path / "max").write_text("1000\n")
    (tmp_path / "now").write_text("400\n")
    monkeypatch.setattr(environment, "_CONTAINER_MEMORY", [(tmp_path / "max", tmp_path / "now")])
    assert environment.free_memory() == 600
    (tmp_path / "max").write_text("max\n")
    assert environment.free_memory() > 1e6


def test_no_widgets_is_a_note():
    assert states(environment.controls(installed=False)) == ["note"]
    assert "stand still" in environment.controls(installed=False)[0].words
    assert states(environment.controls(installed=True)) == ["ok"]


def test_unwritable_folders(monkeypatch, tmp_path, learner):
    monkeypatch.setattr(environment.os, "access", lambda path, mode: False)
    assert "cannot be written" in environment.writing(tmp_path)[0].words
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: SimpleNamespace(free=1e8))
    assert states(environment.writing(tmp_path)) == ["note", "problem"]
    assert "COURSE_HOME" in environment.progress(temporary=True)[0].words
    assert states(environment.progress(temporary=False)) == ["ok"]


def test_a_check_that_crashes_becomes_a_note():
    def graphics_driver():
        raise RuntimeError("driver too old")

    (finding,) = environment.guarded(graphics_driver)
    assert finding.what == "graphics driver"
    assert finding.state == "note"
    assert "RuntimeError: driver too old" in finding.words


@pytest.mark.parametrize(
    ("found", "caption"),
    [
        ([("a", "ok", "x")], "✓ Ready: all is as it should be"),
        ([("a", "ok", "x"), ("b", "note", "x")], "✓ Ready, 1 to note"),
        (
            [("a", "problem", "x"), ("b", "note", "x")],
            "✗ 1 to mend before you go on (1 more to note)",
        ),
    ],
)
def test_the_check_sums_up_in_words(monkeypatch, found, caption):
    monkeypatch.setattr(environment, "check", lambda: [environment.Finding(*f) for f in found])
    assert lesson.check_environment().text.splitlines()[0] == caption
