"""Live pictures: they follow their controls, in a kernel and without widgets, and leak nothing."""

import base64
import json
import re

import matplotlib.pyplot as plt
import nbformat
import pytest

from course_utils import plots, widgets
from course_utils.controls import Still

pytest_plugins = ["stand_ins"]

WIDGET = "application/vnd.jupyter.widget-view+json"


def line(bits=4, **_):
    figure, axis = plots.figure(height=2)
    axis.plot(range(bits))
    return figure


def staircase(**controls):
    return widgets.live(line, alt=lambda bits, **_: f"{bits} steps", **controls)


def png(html):
    return base64.b64decode(re.search(r'src="data:image/png;base64,([^"]+)"', html).group(1))


def test_the_picture_follows_its_control():
    live = staircase(bits=(2, 8))
    before = live.picture.value
    live.controls["bits"].value = 3
    assert png(live.picture.value) != png(before)
    assert 'alt="3 steps"' in live.picture.value
    assert png(live.picture.value).startswith(b"\x89PNG")
    assert live.picture.value in live.html, "the still picture follows too"
    live.controls["bits"].value = 5
    assert live.picture.value == before


def test_drawn_once_per_setting():
    calls = []

    def draw(bits):
        calls.append(bits)
        return f"<b>{bits}</b>"

    live = widgets.live(draw, alt="a number", bits=(2, 8))
    for value in (3, 4, 3, 5, 3):
        live.controls["bits"].value = value
    assert calls == [5, 3, 4], "the still picture and the widget share the first drawing"


def test_only_so_many_pictures_are_kept():
    live = widgets.live(lambda n: f"<b>{n}</b>", alt="a number", n=(0, 500))
    for value in range(200):
        live.controls["n"].value = value
    assert len(live._kept) == 64
    assert "<b>199</b>" in live.picture.value


def test_the_page_gets_the_widget_and_a_still_picture(notebook):
    live = staircase(bits=(2, 8), twice=False)
    (bundle,) = notebook
    assert bundle[WIDGET]["model_id"] == live.box.model_id
    assert 'alt="5 steps"' in bundle["text/html"]
    assert "Drawn for bits = 5, twice = False." in bundle["text/html"]
    assert bundle["text/plain"] == "Live picture: bits = 5, twice = False"
    live._ipython_display_()
    assert len(notebook) == 1


def test_the_controls_stand_above_the_picture():
    live = staircase(bits=(2, 8), method=["a", "b"])
    assert live.box.children == (*live.controls.values(), live.picture)
    assert [c.description for c in live.controls.values()] == ["bits", "method"]


def test_no_figure_stays_open():
    before = plt.get_fignums()

    def careless(n):
        plt.figure()
        figure, _ = plt.subplots()
        if n == 3:
            raise RuntimeError("half-way")
        return figure

    live = widgets.live(careless, alt="nothing", n=(0, 5))
    live.controls["n"].value = 3
    assert live.error == "RuntimeError: half-way"
    live.controls["n"].value = 4
    assert live.error is None
    assert plt.get_fignums() == before


def test_a_failing_drawing_is_told_and_recovers():
    live = widgets.live(lambda n: f"{1 / n:.1f}", alt="one over n", n=(-2, 2))
    assert live.error == "ZeroDivisionError: division by zero"
    assert 'role="alert"' in live.picture.value
    assert "No picture for n = 0. ZeroDivisionError: division by zero" in live.picture.value
    live.controls["n"].value = 2
    assert "0.5" in live.picture.value
    assert live.error is None
    live.controls["n"].value = 0
    assert live.error, "an error is not remembered as a picture"


@pytest.mark.parametrize(
    ("draw", "words"),
    [(lambda n: None, "is a `return` missing?"), (lambda n: 3, "got int")],
)
def test_what_draw_must_return(draw, words):
    assert words in widgets.live(draw, alt="x", n=(0, 2)).error


def test_error_text_is_escaped():
    def draw(n):
        raise ValueError("<script>")

    assert "<script>" not in widgets.live(draw, alt="x", n=(0, 2)).picture.value


def test_no_live_picture_without_a_text():
    with pytest.raises(ValueError, match="alt must say in words"):
        widgets.live(line, alt=" ", bits=(2, 8))
    assert "alt must say" in widgets.live(line, alt=lambda bits: "", bits=(2, 8)).error


# ---- shorthand


@pytest.mark.parametrize(
    ("spec", "kind", "value"),
    [
        ((2, 8), "IntSlider", 5),
        ((1, 8), "IntSlider", 4),
        ((0, 100, 10), "IntSlider", 50),
        ((0.0, 0.9, 0.3), "FloatSlider", 0.3),
        ((0, 1.0), "FloatSlider", 0.5),
        ([8, 4, 2], "ToggleButtons", 8),
        ({"eight bits": 8, "four": 4}, "ToggleButtons", 8),
        ([f"method number {n}" for n in range(9)], "Dropdown", "method number 0"),
        (("magnitude", "random"), "ToggleButtons", "magnitude"),
        (True, "Checkbox", True),
        ("a film", "Text", "a film"),
    ],
)
def test_shorthand(spec, kind, value):
    control = widgets.control(spec, label="it")
    assert type(control).__name__ == kind
    assert control.value == value
    assert control.description == "it"


def test_sliders_wait_until_they_are_let_go():
    assert widgets.slider(1, 8).continuous_update is False
    assert widgets.text("x").continuous_update is False


def test_widgets_pass_as_they_are():
    import ipywidgets

    mine = ipywidgets.IntSlider(value=3, description="mine")
    assert widgets.control(mine, label="other") is mine
    assert mine.description == "mine"


@pytest.mark.parametrize("wrong", [3, None, (1, 2, 3, 4), object()])
def test_bad_shorthand_is_told(wrong):
    if isinstance(wrong, tuple):
        assert widgets.control(wrong).value == 1, "four values are a choice"
        return
    with pytest.raises(TypeError, match=r"control 'n': a widget, \(low, high\)"):
        widgets.live(line, alt="x", n=wrong)


def test_bad_ranges_are_told():
    with pytest.raises(ValueError, match="low < high"):
        widgets.slider(8, 1)
    with pytest.raises(ValueError, match=r"start must be in \[1, 8\], got 9"):
        widgets.slider(1, 8, start=9)
    with pytest.raises(ValueError, match="start must be one of"):
        widgets.choice([1, 2], start=3)
    with pytest.raises(ValueError, match="at least one option"):
        widgets.choice([])


# ---- without ipywidgets


def test_without_ipywidgets_a_still_picture(notebook, no_widgets):
    live = staircase(bits=(2, 8), method=["a", "b"], on=True, text="hi")
    (bundle,) = notebook
    assert set(bundle) == {"text/html", "text/plain"}
    assert 'alt="5 steps"' in bundle["text/html"]
    assert all(isinstance(control, Still) for control in live.controls.values())
    live.controls["bits"].value = 2
    assert 'alt="2 steps"' in live.picture.value


# ---- in a kernel


CELLS = [
    "from course_utils import plots, widgets\n"
    "def draw(bits):\n"
    "    figure, axis = plots.figure(height=2)\n"
    "    axis.plot(range(bits))\n"
    "    return figure\n"
    "live = widgets.live(draw, alt=lambda bits: f'{bits} steps', bits=(2, 8))",
    "before = live.picture.value\nlive.controls['bits'].value = 3",
    "assert live.picture.value != before\nassert 'alt=\"3 steps\"' in live.picture.value\nlive",
    "from course_utils import lesson\nguess = lesson.predict('It is', [1, 10])\nguess",
    "shown = guess.reveal(9)\nguess.control.value = 1\nshown.text",
    "lesson.show(draw(4), alt='Four steps')",
]


@pytest.fixture(scope="module")
def run():
    from nbclient import NotebookClient

    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(c) for c in CELLS])
    NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return book


def test_in_a_kernel_the_picture_follows(run):
    first, _, again, *_ = (cell.outputs for cell in run.cells)
    assert len(first) == 1
    assert WIDGET in first[0].data
    assert 'alt="5 steps"' in first[0].data["text/html"]
    assert len(again) == 1, "shown again by name in a later cell"
    assert 'alt="3 steps"' in again[0].data["text/html"]


def test_in_a_kernel_the_last_line_shows_it_once(run):
    assert len(run.cells[3].outputs) == 1
    assert len(run.cells[5].outputs) == 1, "neither the figure nor its name appear a second time"


def test_in_a_kernel_a_late_guess_is_seen(run):
    shown, text = run.cells[4].outputs
    assert "No guess was made" in shown.data["text/html"]
    assert "You guessed 10" in text.data["text/plain"]


def test_a_page_without_widget_state_shows_the_still_picture(run):
    from nbconvert import HTMLExporter

    book = nbformat.from_dict(json.loads(json.dumps(run)))
    book.metadata.pop("widgets", None)
    html, _ = HTMLExporter().from_notebook_node(book)
    assert 'alt="5 steps"' in html
    assert "<li>10</li>" in html
    assert WIDGET not in html
