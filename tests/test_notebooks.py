"""The laws that every notebook obeys. (That its cells run is tested by nbval, beside these.)"""

import ast
import json
import re

import nbformat
import pytest

from course_utils import exercises, launch, links, quizzes
from course_utils.syllabus import LESSONS, NOTEBOOKS, ROOT

FILES = links.notebooks()
ENTRIES = {entry.path: entry for entry in LESSONS}
NETWORK = {"requests", "urllib", "httpx", "http", "socket", "aiohttp", "ftplib", "subprocess"}
UNTESTED = re.compile(r"nbval.?(skip|ignore)|raises.?exception", re.IGNORECASE)


@pytest.fixture(params=FILES, ids=lambda file: file.stem)
def file(request):
    return request.param


@pytest.fixture
def book(file):
    return json.loads(file.read_text(encoding="utf-8"))


@pytest.fixture
def entry(file):
    return ENTRIES[file.relative_to(NOTEBOOKS).as_posix()]


def sources(book, kind):
    """Place and text of the cells of a kind, without the cells that `make links` writes."""
    for place, cell in enumerate(book["cells"], 1):
        written = set(cell["metadata"].get("tags", [])) & set(links.TAGS)
        if cell["cell_type"] == kind and not written:
            yield place, "".join(cell["source"])


def code(book):
    """The syntax nodes of all code cells, each with its cell's place."""
    for place, source in sources(book, "code"):
        for node in ast.walk(ast.parse(source)):
            yield place, node


def calls(book, name):
    """The first argument of every call of `name`, such as "exercises.check"."""
    nodes = (node for _, node in code(book) if isinstance(node, ast.Call))
    return [ast.literal_eval(n.args[0]) for n in nodes if ast.unparse(n.func) == name]


def test_every_notebook_stands_in_the_syllabus():
    found = {file.relative_to(NOTEBOOKS).as_posix() for file in FILES}
    assert found - set(ENTRIES) == set()


def test_syllabus_gives_each_lesson_a_number_a_question_and_its_times():
    assert len({entry.number for entry in LESSONS}) == len(LESSONS)
    assert len(ENTRIES) == len(LESSONS)
    assert [e.number for e in LESSONS if not (e.title.endswith("?") or len(e.number) == 1)] == []
    assert [e.number for e in LESSONS if e.exists() and not (e.minutes and e.seconds)] == []


def test_format_is_valid_and_nothing_that_running_leaves_is_stored(book):
    # Before validate: it mends repeated ids in the notebook that it is given, and goes on.
    assert len({cell["id"] for cell in book["cells"]}) == len(book["cells"]), "ids repeat"
    nbformat.validate(book)
    assert (book["nbformat"], book["nbformat_minor"]) == (4, 5)
    assert book["metadata"]["kernelspec"]["name"] == "python3"
    assert "widgets" not in book["metadata"], "stored widget state"
    ran = [c["id"] for c in book["cells"] if c.get("outputs") or c.get("execution_count")]
    assert ran == [], "clear all outputs"
    assert [c["id"] for c in book["cells"] if c.get("attachments")] == []


def test_badges_and_bootstrap_are_in_step(book, entry):
    assert links.linked(book, entry.path, launch.repository()) == book, "run make links"


def test_title_is_the_syllabus_question_and_the_card_its_times(book, entry):
    (_, title), (_, card) = list(sources(book, "markdown"))[:2]
    assert title.splitlines()[0] == f"# {entry.title}"
    assert len(title.splitlines()) > 1, "the title needs a reason to read on"
    plain = card.replace("*", "")
    assert re.search(rf"\b{entry.minutes} min\b", plain), f"the syllabus says {entry.minutes} min"
    assert re.search(rf"\b{entry.seconds} s\b", plain), f"the syllabus says {entry.seconds} s"


def test_code_is_plain_python_of_readable_size(book):
    for place, source in sources(book, "code"):
        ast.parse(source)  # fails on % and ! magics
        lines = source.splitlines()
        assert 0 < len(lines) <= 25, f"cell {place} has {len(lines)} lines"
        assert max(map(len, lines)) <= 79, f"cell {place} is too wide"


def test_every_cell_is_really_tested(book):
    for cell in book["cells"]:
        assert not UNTESTED.search(" ".join(cell["metadata"].get("tags", [])))
        assert not (cell["cell_type"] == "code" and UNTESTED.search("".join(cell["source"])))


def test_exercises_are_those_of_the_lesson(book, entry):
    registered = {one.number for one in exercises.outline()}
    own = {number for number in registered if number.rpartition(".")[0] == entry.number}
    checked = calls(book, "exercises.check")
    assert sorted(checked) == sorted(own)


def test_quiz_and_beginning_name_the_lesson(book, entry):
    assert calls(book, "lesson.begin") == [entry.key]
    asked = calls(book, "lesson.quiz")
    assert set(asked) <= {entry.key}
    assert set(asked) <= set(quizzes.available())


def test_the_network_is_not_used(book):
    for place, node in code(book):
        names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
        assert not {name.split(".")[0] for name in names} & NETWORK, f"cell {place}"
        if isinstance(node, ast.keyword) and node.arg == "download":
            assert ast.unparse(node.value) == "False", f"cell {place} downloads"
    remote = re.compile(r"(!\[[^\]]*\]\(|<(img|script|iframe|link)\b[^>]*)https?://")
    for place, source in sources(book, "markdown"):
        assert not remote.search(source), f"cell {place} shows something from the network"


def test_no_absolute_paths(book):
    absolute = re.compile(r"^(/[A-Za-z]\w*/|~/|[A-Za-z]:[\\/])")
    for place, node in code(book):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            assert not absolute.match(node.value), f"cell {place}: {node.value}"


def test_text_links_lead_somewhere_and_pictures_say_what_they_show(book, file):
    for place, source in sources(book, "markdown"):
        for mark, words, target in re.findall(r"(!?)\[([^\]]*)\]\(([^)\s]+)\)", source):
            assert words.strip(), f"cell {place}: {target} needs words"
            assert not mark or len(words) > 10, f"cell {place}: alternative text of {target}"
            if "://" not in target and not target.startswith("#"):
                assert (file.parent / target.split("#")[0]).exists(), f"cell {place}: {target}"
        for image in re.findall(r"<img\b[^>]*>", source):
            assert re.search(r'\balt="[^"]{10,}', image), f"cell {place}: {image}"


def test_there_is_a_first_lesson():
    assert (ROOT / "notebooks" / LESSONS[0].path).is_file()
