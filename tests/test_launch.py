"""Badges, the bootstrap cell, and the whole way from a bare notebook to a working lesson."""

import json
import os
import shutil
import subprocess
import sys
import venv
import zipfile
from pathlib import Path

import pytest

from course_utils import launch, links
from course_utils.syllabus import LESSONS, ROOT

ADDRESS = "https://github.com/someone-with-a-name/a-rather-long-name"
LESSON = "3_algorithms/3_2_quantization.ipynb"
README = "<!-- lessons -->\nold\n<!-- /lessons -->\n<!-- badges -->\n<!-- /badges -->\nend\n"


def text_cell(name):
    return {"cell_type": "markdown", "id": name, "metadata": {}, "source": f"# {name}"}


def code_cell(name):
    cell = {"cell_type": "code", "id": name, "metadata": {}, "source": "1"}
    return cell | {"execution_count": None, "outputs": []}


def notebook(*cells):
    return {"cells": list(cells), "metadata": {}, "nbformat": 4, "nbformat_minor": 5}


def ids(book):
    return [cell["id"] for cell in book["cells"]]


# --- badges and the address ---


def test_badges_lead_to_the_notebook():
    text = launch.badges(LESSON, ADDRESS)
    place = "someone-with-a-name/a-rather-long-name"
    assert f"https://colab.research.google.com/github/{place}/blob/main/notebooks/{LESSON}" in text
    assert f"https://mybinder.org/v2/gh/{place}/main?urlpath=lab/tree/notebooks/{LESSON}" in text


@pytest.mark.parametrize("address", ["", "file:///somewhere/course", "https://example.org/a/b"])
def test_no_badge_where_it_would_be_a_dead_link(address):
    assert launch.badges(LESSON, address) == ""


@pytest.mark.parametrize(
    ("written", "read"),
    [("", ""), (ADDRESS, ADDRESS), (f"{ADDRESS}.git", ADDRESS), (f"{ADDRESS}/", ADDRESS)],
)
def test_address_is_read_from_one_place(tmp_path, written, read):
    (tmp_path / "pyproject.toml").write_text(f'[tool.course]\nrepository = "{written}"\n')
    assert launch.repository(tmp_path) == read


@pytest.mark.parametrize("wrong", ["github.com/someone/course", 'https://x.org/a b; \\"'])
def test_an_address_that_git_cannot_clone_is_refused(tmp_path, wrong):
    (tmp_path / "pyproject.toml").write_text(f'[tool.course]\nrepository = "{wrong}"\n')
    with pytest.raises(ValueError, match=r"Did you leave out \"https://\"\?"):
        launch.repository(tmp_path)


# --- the cell ---


@pytest.mark.parametrize("address", ["", ADDRESS])
def test_bootstrap_cell_is_short_and_quiet_inside_the_course(address):
    source = launch.bootstrap_source(address, "3_algorithms")
    lines = source.splitlines()
    assert len(lines) <= 8
    assert max(map(len, lines)) <= 79
    before = os.getcwd(), list(sys.path)
    exec(compile(source, "bootstrap", "exec"), {})
    assert (os.getcwd(), sys.path) == before


def test_without_an_address_a_lone_notebook_says_what_to_do(tmp_path):
    command = [sys.executable, "-I", "-S", "-c", launch.bootstrap_source("")]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True)
    assert done.returncode == 1
    assert "inside a copy of the course" in done.stderr
    assert "Traceback" not in done.stderr


def test_links_go_after_title_and_card_and_before_all_code():
    book = notebook(*map(text_cell, "abc"), code_cell("d"), text_cell("e"))
    assert ids(links.linked(book, LESSON, "")) == ["a", "b", "bootstrap", "c", "d", "e"]
    with_badges = ["a", "badges", "b", "bootstrap", "c", "d", "e"]
    assert ids(links.linked(book, LESSON, ADDRESS)) == with_badges


@pytest.mark.parametrize(
    ("cells", "expected"),
    [
        ([], ["badges", "bootstrap"]),
        ([code_cell("a")], ["badges", "bootstrap", "a"]),
        ([text_cell("a"), code_cell("b")], ["a", "badges", "bootstrap", "b"]),
        ([text_cell("a")], ["a", "badges", "bootstrap"]),
    ],
)
def test_links_in_unusual_notebooks(cells, expected):
    assert ids(links.linked(notebook(*cells), LESSON, ADDRESS)) == expected


def test_linking_again_changes_nothing_and_spares_the_authors_cells():
    book = notebook(*map(text_cell, "abc"), code_cell("d"))
    original = json.dumps(book)
    once = links.linked(book, LESSON, ADDRESS)
    assert json.dumps(book) == original, "the notebook given was changed"
    assert links.linked(once, LESSON, ADDRESS) == once
    without = links.linked(once, LESSON, "")
    assert ids(without) == ["a", "b", "bootstrap", "c", "d"]
    assert [cell for cell in without["cells"] if cell["id"] != "bootstrap"] == book["cells"]


def test_bootstrap_cell_is_hidden_and_knows_its_folder():
    cell = links.linked(notebook(text_cell("a")), LESSON, ADDRESS)["cells"][-1]
    assert cell["metadata"] == {"tags": ["bootstrap"], "jupyter": {"source_hidden": True}}
    assert "".join(cell["source"]) == launch.bootstrap_source(ADDRESS, "3_algorithms")


# --- writing ---


@pytest.fixture
def small_course(tmp_path):
    """A folder with a configured address, a README and one lesson."""
    (tmp_path / "pyproject.toml").write_text(f'[tool.course]\nrepository = "{ADDRESS}"\n')
    (tmp_path / "README.md").write_text(README)
    file = tmp_path / "notebooks" / LESSON
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps(notebook(text_cell("a"), text_cell("b"), code_cell("c"))))
    return tmp_path


def test_write_links_reaches_every_file_once(small_course):
    lesson, readme = small_course / "notebooks" / LESSON, small_course / "README.md"
    assert links.write_links(small_course) == [lesson, readme]
    assert ids(json.loads(lesson.read_text())) == ["a", "badges", "b", "bootstrap", "c"]
    assert links.write_links(small_course) == []


def test_readme_lists_what_is_there_and_names_what_is_coming(small_course):
    links.write_links(small_course)
    text = (small_course / "README.md").read_text()
    entry = next(one for one in LESSONS if one.path == LESSON)
    row = f"| [3.2 {entry.title}](notebooks/{LESSON}) | {entry.minutes} | {entry.seconds} |"
    assert row in text.splitlines()
    coming = next(line for line in text.splitlines() if line.startswith("Coming: "))
    assert "3.1, 3.3" in coming
    assert text.count("(notebooks/") == 1
    assert text.endswith("<!-- /badges -->\nend\n")


def test_a_readme_without_its_markers_is_refused(small_course):
    (small_course / "README.md").write_text("nothing here")
    with pytest.raises(ValueError, match="must hold <!-- badges -->"):
        links.write_links(small_course)


def test_lesson_packages_are_those_that_lessons_import():
    names = launch.lesson_packages(ROOT)
    assert {"torch", "torchvision", "lime", "jupyterquiz", "scikit-learn"} <= set(names)
    assert not {"jupyterlab", "pytest", "playwright", "nbval"} & set(names)


# --- the whole way, on a machine that has nothing of the course ---


def wheel(folder, name, version, needs=()):
    """Write an installable package that holds one empty module."""
    module, info = name.replace("-", "_"), f"{name.replace('-', '_')}-{version}.dist-info"
    metadata = [f"Name: {name}", f"Version: {version}", *(f"Requires-Dist: {n}" for n in needs)]
    with zipfile.ZipFile(folder / f"{module}-{version}-py3-none-any.whl", "w") as file:
        file.writestr(f"{module}.py", "")
        file.writestr(f"{info}/METADATA", "\n".join(["Metadata-Version: 2.1", *metadata, ""]))
        file.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        file.writestr(f"{info}/RECORD", "")


def git(*words, cwd):
    who = ("-c", "user.name=test", "-c", "user.email=test@example.org")
    command = ["git", *who, "-c", "commit.gpgsign=false", *words]
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)


class Hosted:
    """A Python with only a torch of its own, a stand-in for Colab, and a public repository."""

    def __init__(self, folder):
        self.folder, self.wheels = folder, folder / "wheels"
        self.wheels.mkdir()
        colab = folder / "stand-in" / "google" / "colab"
        colab.mkdir(parents=True)
        (colab / "__init__.py").write_text("")
        for name, version, *needs in [
            ("stand-in-torch", "1.0"), ("stand-in-torch", "2.0"),
            ("tiny", "1.0", "stand-in-torch"), ("tiny", "1.1"),
            ("wide", "1.0", "stand-in-torch"), ("wide", "2.0", "stand-in-torch>=2"),
        ]:  # fmt: skip
            wheel(self.wheels, name, version, needs)
        venv.create(folder / "env", with_pip=True)
        self.python = folder / "env" / ("Scripts" if os.name == "nt" else "bin") / "python"
        self.pip("install", "stand-in-torch==1.0")

    def env(self, *, colab=True):
        kept = {k: v for k, v in os.environ.items() if not k.startswith(("PIP_", "PYTHON"))}
        kept |= {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": self.wheels.as_uri()}
        kept |= {"PIP_CONFIG_FILE": os.devnull, "PYTHONPATH": str(self.folder / "stand-in")}
        return kept if colab else kept | {"PYTHONPATH": ""}

    def pip(self, *words):
        command = [self.python, "-m", "pip", *words]
        done = subprocess.run(command, env=self.env(), check=True, capture_output=True, text=True)
        return done.stdout

    def versions(self):
        return {d["name"]: d["version"] for d in json.loads(self.pip("list", "--format=json"))}

    def publish(self, name, wanted, pins):
        """A bare repository of the real package, needing the packages `wanted`."""
        tree, bare = self.folder / f"{name}-tree", self.folder / f"{name}.git"
        (tree / "course_utils").mkdir(parents=True)
        for module in ("__init__.py", "launch.py", "syllabus.py"):
            shutil.copy(ROOT / "course_utils" / module, tree / "course_utils")
        (tree / "requirements.in").write_text(f"{wanted}\n# --- for the editor ---\nabsent\n")
        (tree / "requirements.txt").write_text(pins)
        (tree / "notebooks" / "3_algorithms").mkdir(parents=True)
        (tree / "notebooks" / LESSON).write_text("{}")
        git("init", "-q", "-b", "main", cwd=tree)
        git("add", "-A", cwd=tree)
        git("commit", "-q", "-m", "course", cwd=tree)
        git("clone", "-q", "--bare", str(tree), str(bare), cwd=self.folder)
        return bare.as_uri()

    def open(self, address, place, *, colab=True):
        """Run the cell, then what a lesson's next cell would find."""
        place.mkdir(exist_ok=True)
        after = "\nimport json, sys, course_utils.syllabus as s"
        after += "\nprint(json.dumps([os.getcwd(), s.__file__, sys.path.count(str(s.ROOT))]))"
        source = launch.bootstrap_source(address, "3_algorithms") + after
        return subprocess.run(
            [self.python, "-c", source], cwd=place, env=self.env(colab=colab),
            capture_output=True, text=True,
        )  # fmt: skip


@pytest.fixture(scope="module")
def hosted(tmp_path_factory):
    if shutil.which("git") is None:
        pytest.skip("git is not installed")
    return Hosted(tmp_path_factory.mktemp("hosted"))


def test_colab_gets_the_course_and_keeps_its_torch(hosted, tmp_path):
    pins = "stand-in-torch==2.0\ntiny==1.0 ; python_version >= '3'\n"
    address = hosted.publish("pinned", "stand-in-torch\ntiny", pins)
    done = hosted.open(address, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    folder, module, on_path = json.loads(done.stdout)
    assert Path(folder) == tmp_path / "course" / "notebooks" / "3_algorithms"
    assert Path(module).parents[1] == tmp_path / "course"
    assert on_path == 1
    versions = hosted.versions()
    assert versions["stand-in-torch"] == "1.0", "a package in use was moved"
    assert versions["tiny"] == "1.0", "not the tested version, though it suits"
    assert "absent" not in versions

    again = hosted.open(address, tmp_path)
    assert (again.returncode, again.stderr, again.stdout) == (0, "", done.stdout)


def test_a_tested_version_that_does_not_suit_gives_way(hosted, tmp_path):
    address = hosted.publish("newer", "wide", "stand-in-torch==2.0\nwide==2.0\n")
    done = hosted.open(address, tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    assert hosted.versions()["stand-in-torch"] == "1.0", "a package in use was moved"
    assert hosted.versions()["wide"] == "1.0"


def test_what_pip_cannot_install_is_named(hosted, tmp_path):
    address = hosted.publish("impossible", "not-to-be-had", "not-to-be-had==1.0\n")
    done = hosted.open(address, tmp_path)
    assert done.returncode == 1
    assert done.stderr.startswith("pip could not install not-to-be-had: ")


def test_nobodys_own_python_is_changed(hosted, tmp_path):
    address = hosted.publish("own", "not-here", "not-here==1.0\n")
    before = hosted.versions()
    done = hosted.open(address, tmp_path, colab=False)
    assert done.returncode == 1
    assert done.stderr.startswith("Missing here: not-here.")
    assert f'-m pip install -e "{tmp_path / "course"}"' in done.stderr
    assert hosted.versions() == before
