"""Executed copies, what pages keep of outputs, formulas, the front page, and the cut of slides."""

import base64
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import launch, syllabus
from course_utils.publish import __main__ as command
from course_utils.publish import executed, heights, mathml, outputs, pages, slides

LESSON = next(lesson for lesson in syllabus.LESSONS if lesson.key == "3_2")
ADDRESS = "https://github.com/someone/course"
WIDGET = {outputs.WIDGET: {"model_id": "1"}}


def book(*cells):
    made = new_notebook(
        cells=[c if not isinstance(c, str) else new_markdown_cell(c) for c in cells]
    )
    made.metadata["kernelspec"] = {"name": "python3", "display_name": "", "language": "python"}
    return made


def shown(html, **more):
    return new_output("display_data", {"text/html": html, "text/plain": "words", **more})


def printed(text):
    return new_output("stream", name="stdout", text=text)


# --- executed copies ---


@pytest.fixture
def course(tmp_path):
    """A course with one lesson; `course.write(source)` changes its code cell."""

    class Course:
        root, kept, runs = tmp_path / "course", tmp_path / "kept", 0

        def write(self, source, words="# Title"):
            file = self.root / "notebooks" / LESSON.path
            file.parent.mkdir(parents=True, exist_ok=True)
            nbformat.write(book(words, new_code_cell(source, id="the-cell")), file)

        def executed(self):
            def count():
                self.runs += 1

            return executed.executed(LESSON, root=self.root, kept=self.kept, after_cell=count)

        def is_kept(self):
            return executed.is_kept(LESSON, root=self.root, kept=self.kept)

    made = Course()
    (made.root / "course_utils").mkdir(parents=True)
    (made.root / "course_utils" / "one.py").write_text("one = 1")
    (made.root / "data").mkdir()
    return made


def test_a_lesson_is_run_once_and_again_only_when_its_content_changes(course):
    course.write("import os\nprint(os.path.basename(os.getcwd()), os.environ['COURSE_HOME'])")
    assert not course.is_kept()
    ran = course.executed()
    assert ran.cells[1].outputs[0].text == "3_algorithms ~/.small-and-clear\n"
    assert course.is_kept() and course.runs == 1
    source = ran.cells[1].source
    course.write(source, words="# Other words")
    again = course.executed()
    assert again.cells[0].source == "# Other words", "words are those of now"
    assert again.cells[1].outputs == ran.cells[1].outputs
    assert course.runs == 1, "words alone need no run"
    course.write("print('new')")
    assert course.executed().cells[1].outputs[0].text == "new\n"
    assert course.runs == 2


@pytest.mark.parametrize("file", ["course_utils/one.py", "course_utils/a/two.json", "data/x.csv"])
def test_the_key_follows_the_package_and_the_data(course, file):
    course.write("1 + 1")
    read = nbformat.read(course.root / "notebooks" / LESSON.path, as_version=4)
    before = executed.content_key(read, course.root)
    assert executed.content_key(read, course.root) == before
    changed = course.root / file
    changed.parent.mkdir(exist_ok=True)
    changed.write_text("changed")
    assert executed.content_key(read, course.root) != before


def test_the_key_does_not_follow_what_no_output_depends_on(course):
    course.write("1 + 1")
    read = nbformat.read(course.root / "notebooks" / LESSON.path, as_version=4)
    before = executed.content_key(read, course.root)
    for file in ("course_utils/publish/x.css", "course_utils/__pycache__/x.pyc", "data/a-ubyte"):
        (course.root / file).parent.mkdir(exist_ok=True)
        (course.root / file).write_text("changed")
    assert executed.content_key(read, course.root) == before
    read.cells[1].source = "1 + 2"
    assert executed.content_key(read, course.root) != before


def test_an_error_names_the_lesson_the_cell_and_what_happened(course):
    course.write("1 / 0")
    with pytest.raises(executed.CellError) as told:
        course.executed()
    words = str(told.value)
    for part in (
        "lesson 3.2",
        "cell 2",
        "the-cell",
        "ZeroDivisionError: division",
        "1 / 0",
    ):
        assert part in words
    assert not course.is_kept(), "a failed run must not be kept"


# --- outputs ---


def tidied(*outs, folder, depth=2):
    made = outputs.tidy(book(new_code_cell("x", outputs=list(outs))), depth=depth, folder=folder)
    return made.cells[0].outputs


def test_a_widget_gives_way_to_its_still_picture_and_a_bar_to_nothing(tmp_path):
    bar = new_output("display_data", {"text/plain": " 0%| |", **WIDGET})
    still, *rest = tidied(shown("<b>still</b>", **WIDGET), bar, folder=tmp_path)
    assert rest == []
    assert set(still.data) == {"text/html", "text/plain"}


def test_warnings_and_empty_outputs_are_left_out_and_prints_kept(tmp_path):
    warned = new_output("stream", name="stderr", text="Warning")
    assert tidied(warned, shown(""), printed("42"), folder=tmp_path) == [printed("42")]


def test_pictures_become_files_and_keep_their_words(tmp_path):
    data = base64.b64encode(b"a picture").decode()
    html = f'<img alt="It falls" src="data:image/png;base64,{data}" style="width:9px">'
    first, second = tidied(shown(html), shown(html + html), folder=tmp_path / "figures")
    (file,) = (tmp_path / "figures").iterdir()  # the same picture is one file
    assert file.read_bytes() == b"a picture"
    assert f'src="../../figures/{file.name}"' in first.data["text/html"]
    assert 'alt="It falls"' in first.data["text/html"]
    assert second.data["text/html"].count("<img") == 2
    assert "base64" not in str(second)


def test_links_to_lessons_become_links_to_pages(tmp_path):
    html = '<a href="../x/3_1_a.ipynb">1</a><a href="a.ipynb#The-map">2</a>'
    html += '<a href="https://example.org/b.ipynb">3</a> a.ipynb'
    (out,) = tidied(shown(html), folder=tmp_path)
    found = re.findall(r'href="([^"]*)"', out.data["text/html"])
    assert found == ["../x/3_1_a.html", "a.html#The-map", "https://example.org/b.ipynb"]
    assert out.data["text/html"].endswith(" a.ipynb")


# --- formulas ---


def formulas():
    for lesson in syllabus.LESSONS:
        if lesson.exists():
            read = nbformat.read(syllabus.NOTEBOOKS / lesson.path, as_version=4)
            text = "\n\n".join(c.source for c in read.cells if c.cell_type == "markdown")
            yield from re.findall(r"\$\$(.+?)\$\$", text, re.DOTALL)
            yield from re.findall(r"(?<!\$)\$([^$\n]+)\$(?!\$)", text)


def test_every_formula_of_the_course_is_understood():
    pytest.importorskip("latex2mathml")
    found = list(formulas())
    assert len(found) > 50
    for formula in found:
        assert mathml.mathml(formula).startswith("<math ")


def test_a_formula_says_what_it_is_and_an_unknown_command_is_an_error():
    pytest.importorskip("latex2mathml")
    made = mathml.mathml(r"a < \frac{1}{2}", display="block")
    assert 'display="block"' in made
    assert r'alttext="a &lt; \frac{1}{2}"' in made.replace("&#60;", "&lt;")
    assert "<mfrac>" in made
    with pytest.raises(ValueError, match="nosuchthing"):
        mathml.mathml(r"\nosuchthing{x}")


# --- pages ---


def test_launch_links_come_from_the_one_place_and_follow_the_title():
    cells = (
        "# How?\n\nWhy.",
        new_markdown_cell("[Old](https://old)", metadata={"tags": ["badges"]}),
    )
    made = pages.with_links(book(*cells, new_code_cell("x")), LESSON, ADDRESS)
    title, links, code = (cell.source for cell in made.cells)
    assert title.startswith("# 3.2 How?")
    assert links == launch.badges(LESSON.path, ADDRESS)
    assert "colab" in links and "mybinder" in links and LESSON.path in links
    assert code == "x"


def test_without_an_address_there_are_no_links_and_no_bootstrap_cell():
    boot = new_code_cell("boot", metadata={"tags": ["bootstrap"]})
    made = pages.with_links(book("# How?", boot, new_code_cell("x")), LESSON, "")
    assert [cell.source for cell in made.cells] == ["# 3.2 How?", "x"]


def test_front_page_is_the_readmes_start_with_all_lessons_in_order():
    lessons = [lesson for lesson in syllabus.LESSONS if lesson.exists()]
    page = pages.front_page(syllabus.ROOT, lessons)
    assert page.startswith("# Small and Clear")
    assert "make lab" in page and "CC BY 4.0" in page
    assert "Other ways to open it" not in page and "<!--" not in page
    listed = re.findall(r"<notebooks/(.*)>$", page, re.MULTILINE)
    ours = [lesson.path.removesuffix(".ipynb") for lesson in lessons]
    assert listed == [*ours, "BENCH", "for_teachers"]
    captions = re.findall(r":caption: (.*)", page)
    assert captions == ["1 Background", "2 Concepts", "3 Algorithms", "4 Code", "5 Trends", "More"]


def test_every_link_of_the_whole_site_leads_to_one_of_its_pages(tmp_path):
    lessons = [lesson for lesson in syllabus.LESSONS if lesson.exists()]
    books = [(one, nbformat.read(syllabus.NOTEBOOKS / one.path, 4)) for one in lessons]
    pages.write_site(tmp_path, books)
    found = 0
    for file in [*tmp_path.rglob("*.md"), *tmp_path.rglob("*.ipynb")]:
        text = file.read_text(encoding="utf-8")
        if file.suffix == ".ipynb":
            cells = nbformat.reads(text, 4).cells
            text = "\n".join(cell.source for cell in cells if cell.cell_type == "markdown")
        for target in re.findall(r"\]\((?!https?:|#|attachment:)([^)#\s]+)", text):
            found += 1
            assert (file.parent / target).exists(), f"{file.name} leads to {target}"
    assert found > 2 * len(lessons)


def test_glossary_page_links_terms_to_lessons_that_are_there():
    from course_utils import glossary

    page = pages.glossary_page([LESSON])
    rows = [line for line in page.splitlines() if line.startswith("| ")]
    heads = sum(row.startswith("| term |") for row in rows)
    assert len(rows) - heads == len(glossary.terms())
    assert page.count("\n## ") == heads == len({term.topic for term in glossary.terms()})
    assert f"[3.2](notebooks/{LESSON.path})" in page
    assert "[3.3]" not in page, "that lesson is not among the pages"


def test_slides_page_lists_every_lesson():
    lessons = [lesson for lesson in syllabus.LESSONS if lesson.exists()]
    assert re.findall(r"\]\(notebooks/(.*)\)", pages.slides_page(lessons)) == [
        lesson.path for lesson in lessons
    ]


# --- the cut ---

PICTURE = shown('<img alt="a" src="a.png">')
TABLE = shown("<table><tr><th>a</th></tr><tr><td>1</td></tr></table>")


def cut(*cells):
    """The slides of a lesson: for each the sources of its text and the outputs of its code."""
    pytest.importorskip("markdown_it")
    parts = [[]]
    for cell in slides.cut(book(*cells)).cells:
        if "revealjs-break" in cell.source or (parts[-1] and cell.source.startswith("#")):
            parts.append([])
        parts[-1].append(cell)
    return parts


def kinds(slide):
    """What stands on a slide, in words."""
    said = []
    for cell in slide:
        tags = cell.metadata.get("tags", [])
        if cell.cell_type == "markdown":
            said += ["head"] if cell.source.startswith("#") else ["text"]
            continue
        if "remove-input" not in tags:
            said.append("folded" if "hide-input" in tags else "code")
        for out in cell.outputs:
            large = "<img" in out.get("data", {}).get("text/html", "")
            said.append("picture" if large else "output")
    return [word for word in said if word != "text"]


def test_headings_begin_slides_and_text_that_is_too_long_is_parted():
    long = "\n\n".join(["word " * 60] * 6)
    first, second, *more = cut("# T\n\nWhy.", f"## One\n\n{long}\n\n## Two\n\nShort.")
    assert first[0].source == "# T" and second[0].source == "## One"
    assert len(more) >= 2 and more[-1][0].source == "## Two"
    assert '<p class="running">One</p>' in more[0][0].source
    words = " ".join(cell.source for slide in [first, second, *more] for cell in slide)
    assert words.count("word") == 360, "no word is lost"


def test_short_code_is_shown_with_its_outcome_and_long_code_is_folded():
    short = new_code_cell("\n".join("abcdef"), outputs=[printed("42\n")])
    long = new_code_cell("\n".join(["x = 1"] * 20), outputs=[PICTURE])
    slide, second = cut("## A", short, long)
    assert kinds(slide) == ["head", "code", "output"]
    assert kinds(second) == ["folded", "picture"]


def test_two_pictures_have_two_slides_and_no_output_is_lost():
    cell = new_code_cell("\n".join(["x = 1"] * 6), outputs=[PICTURE, printed("1"), PICTURE, TABLE])
    made = [kinds(slide) for slide in cut("## A", cell)]
    assert made == [["head", "code"], ["picture", "output"], ["picture"], ["output"]]


def test_the_outcome_of_a_guess_never_stands_beside_the_question():
    ask = new_code_cell('g = lesson.predict("?", [1, 2])', outputs=[shown("<p>Your guess</p>")])
    tell = new_code_cell("a\nb\nc\nd\ng.reveal(2)", outputs=[shown("<p>It came out as 2</p>")])
    question, answer = cut("## A\n\nPredict.", ask, tell)
    assert "Your guess" in str(question) and "came out" not in str(question)
    assert "came out" in str(answer)


def test_what_serves_the_learners_own_work_is_left_out_and_exercises_stay():
    own = ['lesson.begin("3_2")', 'exercises.check("3.2.1", f)', "lesson.course_map()"]
    cells = [new_code_cell(source, outputs=[printed("the learner's")]) for source in own]
    stub = new_code_cell("def f():\n    ...")
    made = cut("## A\n\n### Exercise 3.2.1 — do · 5 min\n\nDo it.", stub, *cells, "After it.")
    assert "the learner's" not in str(made)
    assert kinds(made[1]) == ["head", "code"]
    assert "After it." in str(made[2]), "it may tell the answer"


def test_after_an_exercise_the_running_heading_is_the_sections_again():
    stub = new_code_cell("def f():\n    ...")
    more = "\n\n".join(["word " * 60] * 3)
    made = cut("## A\n\n### Exercise 3.2.1 — do\n\nDo it.", stub, more, more)
    running = [re.findall(r"running\">(.*)</p>", slide[0].source) for slide in made[2:]]
    assert running and all(titles == ["A"] for titles in running)


def test_the_cut_is_deterministic_and_changes_nothing_that_it_is_given():
    pytest.importorskip("markdown_it")
    given = book("# T", "## A\n\nText.", new_code_cell("x", outputs=[PICTURE], id="x"))
    before = nbformat.writes(given)
    assert nbformat.writes(slides.cut(given)) == nbformat.writes(slides.cut(given))
    assert nbformat.writes(given) == before


def test_heights_grow_with_what_is_there():
    assert heights.of_text("word " * 100) > heights.of_text("word " * 20)
    assert heights.of_text("字" * 100) > heights.of_text("a" * 100), "Chinese is wider"
    assert heights.of_output(printed("a\n" * 9)) > heights.of_output(printed("a\n"))
    rows = shown("<table>" + "<tr><td>1</td></tr>" * 20 + "</table>")
    assert heights.of_output(rows) > heights.of_output(TABLE)
    assert heights.of_code("x\n" * 25) <= heights.SLIDE + heights.RUNNING + 20, (
        "the longest cell that is allowed"
    )
    style = shown("<style>" + "a { b: c } " * 500 + "</style>")
    assert heights.of_output(style) < 50, "what is not seen takes no room"


# --- the command ---


def test_the_command_knows_lessons_by_either_spelling_in_the_syllabuss_order():
    assert [one.key for one in command.chosen(["3_2", "0"])] == ["0", "3_2"]
    assert command.chosen(["3.2"]) == [LESSON]
    assert command.chosen([]) == [one for one in syllabus.LESSONS if one.exists()]


def test_the_command_says_which_lessons_there_are(capsys):
    assert command.main(["site", "9_9"]) == 1
    assert "no lesson 9_9; it has 0, 1_1" in capsys.readouterr().err


def test_no_lesson_reaches_this_room():
    rooms = (syllabus.ROOT / "course_utils").rglob("*.py")
    users = [file.name for file in rooms if file.parent.name != "publish"
             and "course_utils.publish" in file.read_text(encoding="utf-8")]  # fmt: skip
    assert users == []
