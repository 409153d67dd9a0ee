"""The set-up: pinned versions in step everywhere, the Makefile, conda, Binder, the README."""

import os
import re
import shutil
import subprocess
import sys
import tomllib
from importlib import metadata

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

from course_utils import launch, links
from course_utils.syllabus import ROOT

CARD = "jupyterlab torch torchvision matplotlib ipywidgets nbval lime".split()
CUDA = re.compile(r"(nvidia|cuda)-|triton$")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TOP = """
    .ci .github .gitignore CONTRIBUTING.md LICENSE Makefile README.md conftest.py course_utils data
    environment.yml notebooks pyproject.toml requirements-cuda.txt requirements.in requirements.txt
    tests
""".split()


def read(name):
    return (ROOT / name).read_text(encoding="utf-8")


def requirements(name):
    lines = (line.split("#")[0].strip() for line in read(name).splitlines())
    return [Requirement(line) for line in lines if line]


def pins(name):
    """Name -> version of the lines of a compiled file that hold on this machine."""
    here = [r for r in requirements(name) if r.marker is None or r.marker.evaluate()]
    found = {canonicalize_name(r.name): str(r.specifier).removeprefix("==") for r in here}
    assert len(found) == len(here), f"{name} pins a package twice for this machine"
    return found


def needed():
    """What requirements.in needs, and all that those packages need, from what is installed."""
    seen, todo = {}, [(r.name, frozenset(r.extras)) for r in requirements("requirements.in")]
    while todo:
        name, extras = todo.pop()
        name = canonicalize_name(name)
        if extras <= seen.get(name, frozenset()) and name in seen:
            continue
        seen[name] = seen.get(name, frozenset()) | extras
        for text in metadata.distribution(name).requires or []:
            need = Requirement(text)
            settings = [{"extra": extra} for extra in ("", *extras)]
            if need.marker is None or any(need.marker.evaluate(s) for s in settings):
                todo.append((need.name, frozenset(need.extras)))
    return set(seen)


# --- one source of truth ---


@pytest.mark.parametrize("name", ["requirements.txt", "requirements-cuda.txt"])
def test_every_line_is_one_exact_version_without_an_address(name):
    for line in read(name).splitlines():
        assert re.fullmatch(r"[a-z0-9-]+==[0-9][\w.]*( ; [^@]+)?", line), line


def test_everything_that_is_needed_is_pinned():
    pinned = pins("requirements.txt") | pins("requirements-cuda.txt")
    assert needed() - set(pinned) == set()


def test_nothing_is_pinned_that_nobody_needs():
    names = {canonicalize_name(r.name) for r in requirements("requirements.txt")}
    assert {canonicalize_name(r.name) for r in requirements("requirements.in")} <= names
    assert set(pins("requirements.txt")) - needed() - {"numba"} == set()


def test_what_is_installed_is_what_is_pinned():
    for name, version in pins("requirements.txt").items():
        found = metadata.version(name).split("+")[0]  # torch 2.15.0+cpu is torch 2.15.0
        assert found == version, f"{name} {found} is installed, {version} is pinned: make lab"


def test_cuda_libraries_are_constraints_and_never_dependencies():
    # As dependencies they would be downloaded (6 GB) for the CPU build too, on Binder above all.
    assert [n for n in pins("requirements.txt") if CUDA.match(n)] == []
    assert all(CUDA.match(canonicalize_name(r.name)) for r in requirements("requirements-cuda.txt"))
    assert "-c requirements-cuda.txt" in read("Makefile")


@pytest.mark.skipif(not os.environ.get("CI"), reason="only an environment made by make has them")
def test_cuda_libraries_have_their_pinned_versions():
    for name, version in pins("requirements-cuda.txt").items():
        if canonicalize_name(name) in needed():
            assert metadata.version(name) == version


def test_the_package_takes_its_dependencies_from_the_pins():
    assert PROJECT["project"]["dynamic"] == ["dependencies"]
    dynamic = PROJECT["tool"]["setuptools"]["dynamic"]
    assert dynamic == {"dependencies": {"file": ["requirements.txt"]}}
    built = [Requirement(text) for text in metadata.requires("small-and-clear")]
    assert {(canonicalize_name(r.name), str(r.specifier), str(r.marker)) for r in built} == {
        (canonicalize_name(r.name), str(r.specifier), str(r.marker))
        for r in [*requirements("requirements.txt"), *extras()]
    }, "run make lab: the installed course has other pins"


def extras():
    """What `pip install -e .[…]` adds, each for its extra alone; every version is named."""
    for extra, needed in PROJECT["project"]["optional-dependencies"].items():
        for text in needed:
            assert re.fullmatch(r"[\w-]+==[\d.]+", text), f"{text}: which version?"
            yield Requirement(f'{text} ; extra == "{extra}"')


def test_importing_the_package_costs_nothing():
    heavy = "torch numpy matplotlib pandas IPython ipywidgets".split()
    code = "import sys, course_utils, course_utils.syllabus, course_utils.launch\n"
    code += f"print([name for name in {heavy} if name in sys.modules])"
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "[]"


# --- conda and Binder ---


def environment():
    """The conda entries and the pip entries of environment.yml."""
    entries = yaml.safe_load(read("environment.yml"))["dependencies"]
    (inner,) = [entry["pip"] for entry in entries if isinstance(entry, dict)]
    return [entry for entry in entries if isinstance(entry, str)], inner


def test_conda_understands_its_part():
    from rattler import MatchSpec, Version, VersionSpec

    specs = [MatchSpec(entry, strict=True) for entry in environment()[0]]
    assert [spec.name.normalized for spec in specs] == ["python", "pip"]
    asked = VersionSpec(specs[0].version)
    fits = [minor for minor in range(30) if asked.matches(Version(f"3.{minor}.1"))]
    assert len(fits) == 1, "Binder reads a range of Pythons as none"
    assert f"3.{fits[0]}" in SpecifierSet(PROJECT["project"]["requires-python"])


def test_pip_part_lists_the_card_in_the_pinned_versions_then_the_course():
    index, *listed, course = environment()[1]
    assert index.startswith("--extra-index-url https://")
    assert index.endswith("/whl/cpu")
    assert course == "-e ."
    assert [entry.split("==")[0] for entry in listed] == CARD
    pinned = pins("requirements.txt")
    assert listed == [f"{name}=={pinned[name]}" for name in CARD]


def test_binder_would_build_it():
    pytest.importorskip("repo2docker", reason="repo2docker does not run here")
    command = [sys.executable, "-m", "repo2docker", "--no-build", "--debug", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if "repo2docker" not in done.stderr.lower():
        pytest.skip(f"repo2docker does not run here: {done.stderr[-300:]}")
    assert done.returncode == 0, done.stderr
    assert "Building conda environment for python=3.12" in done.stderr
    copied = done.stdout.index("COPY --chown=")
    copied = done.stdout.index(" src/ ${REPO_DIR}/", copied)
    made = done.stdout.index('--file "environment.yml"')
    assert copied < made, "-e . needs the course to be there when the environment is made"


# --- make ---

FAKE_PYTHON = """#!/bin/sh
# Stands in for Python: writes down what it is asked, and can make a "virtual environment".
case "$1 $2" in
  "-c "*) exit {supported} ;;
  "--version "*) echo "Python 9.9.9" ;;
  "-m venv") echo "$*" >> "$LOG"; mkdir -p .venv/bin; cp "$0" .venv/bin/python ;;
  "-m pip") [ "$3" = --version ] && exit 0; echo "$*" >> "$LOG"; exit ${{PIP_FAILS:-0}} ;;
  *) echo "$*" >> "$LOG" ;;
esac
"""


class Folder:
    """A copy of what make needs, with a Python that only writes down what it is asked."""

    def __init__(self, path, supported=True):
        self.path, self.log = path / "a course", path / "log"
        self.path.mkdir()
        for name in ["Makefile", "pyproject.toml", "environment.yml"] + [
            n for n in TOP if n.startswith("requirements")
        ]:
            shutil.copy(ROOT / name, self.path)
        self.python = path / "python"
        self.python.write_text(FAKE_PYTHON.format(supported=0 if supported else 1))
        self.python.chmod(0o755)

    def make(self, *words, **env):
        """Run make; what the stand-in was asked to do meanwhile, and make's own result."""
        self.log.write_text("")
        outer = ("ARGS", "CPU", "LESSONS", "MAKEFLAGS", "MAKEOVERRIDES", "UPGRADE", "VENV")
        kept = {k: v for k, v in os.environ.items() if k not in outer}
        done = subprocess.run(
            ["make", f"PYTHON={self.python}", *words], cwd=self.path, text=True,
            env=kept | {"LOG": str(self.log)} | env, capture_output=True,
        )  # fmt: skip
        return self.log.read_text().splitlines(), done


@pytest.fixture
def folder(tmp_path):
    if shutil.which("make") is None or os.name == "nt":
        pytest.skip("make is not installed")
    return Folder(tmp_path)


INSTALL = "-m pip install -c requirements-cuda.txt -e ."
EXTRAS = "-m pip install -c requirements.txt -c requirements-cuda.txt -e .[class,site]"
WHOLE = "-m pytest -n 2 --dist loadfile"


def test_make_test_makes_the_environment_once(folder):
    asked, _ = folder.make("test")
    assert asked == ["-m venv --clear .venv", INSTALL, EXTRAS, WHOLE]
    asked, _ = folder.make("test", "ARGS=-k one")
    assert asked == ["-m pytest -k one"]


def test_make_lab_opens_the_first_lesson(folder):
    asked, _ = folder.make("lab")
    assert asked[-1].startswith("-m jupyterlab notebooks/0_start_here.ipynb")
    assert EXTRAS not in asked, "learners need no extras"


@pytest.mark.parametrize("changed", ["requirements.txt", "requirements-cuda.txt", "pyproject.toml"])
def test_changed_pins_are_installed(folder, changed):
    folder.make("test")
    later = (folder.path / ".venv" / "ready").stat().st_mtime + 10
    os.utime(folder.path / changed, (later, later))
    assert folder.make("test")[0] == [INSTALL, EXTRAS, WHOLE]


def test_a_moved_folder_is_installed_again(folder):
    folder.make("test")
    folder.path = folder.path.rename(folder.path.with_name("elsewhere"))
    assert folder.make("test")[0] == [INSTALL, EXTRAS, WHOLE]
    assert folder.make("test")[0] == [WHOLE]


def test_an_install_that_failed_is_tried_again(folder):
    asked, done = folder.make("test", PIP_FAILS="1")
    assert done.returncode != 0
    assert "-m pytest" not in asked
    assert folder.make("test")[0] == [INSTALL, EXTRAS, WHOLE]


def test_cpu_takes_the_index_from_the_environment_file(folder):
    asked, _ = folder.make("test", "CPU=1")
    assert asked[1] == f"{INSTALL} {environment()[1][0]}"


def test_an_unsuited_python_is_named_with_what_to_do(tmp_path, folder):
    (tmp_path / "other").mkdir()
    asked, done = Folder(tmp_path / "other", supported=False).make("lab")
    assert asked == []
    assert done.returncode != 0
    assert "needs Python 3.11" in done.stderr
    assert "Python 9.9.9" in done.stderr
    assert "make lab PYTHON=" in done.stderr


def test_make_and_pip_support_the_same_pythons():
    supported = SpecifierSet(PROJECT["project"]["requires-python"])
    code = re.search(r"^SUPPORTED = (.*)", read("Makefile"), re.MULTILINE)[1]
    low, high = re.findall(r"\((\d+), (\d+)\)", code)
    inside = [minor for minor in range(5, 30) if int(low[1]) <= minor <= int(high[1])]
    assert inside == [minor for minor in range(5, 30) if f"3.{minor}" in supported]
    exec(code.replace("sys.exit", "answers.append"), {"answers": (answers := [])})
    assert answers == [False], "this Python runs the tests, and make refuses it"


def test_make_lists_its_targets(folder):
    listed = re.findall(r"^make (\w+)", folder.make()[1].stdout, re.MULTILINE)
    phony = re.search(r"^\.PHONY: (.*)", read("Makefile"), re.MULTILINE)[1].split()
    assert set(listed) == set(phony) - {"help", "FORCE"}


# --- continuous integration, README, tree ---


def test_ci_runs_make_test():
    script = read(".ci/run")
    assert os.name == "nt" or os.access(ROOT / ".ci" / "run", os.X_OK)
    assert "set -eu" in script
    assert script.rstrip().endswith("CI=true make test")
    assert script.index("apt-get update") < script.index("apt-get install")


def test_workflow_runs_the_readmes_commands_on_three_systems():
    job = yaml.safe_load(read(".github/workflows/test.yml"))["jobs"]["test"]
    systems = job["strategy"]["matrix"]["os"]
    assert [name.split("-")[0] for name in systems] == ["ubuntu", "macos", "windows"]
    linux, macos, windows = [step["run"].strip() for step in job["steps"] if "run" in step]
    assert (linux, macos) == ("bash .ci/run", "make test")
    for command in windows.splitlines():
        assert f"`{command}`" in read("README.md")


def test_readme_is_in_step_with_the_lessons():
    text = read("README.md")
    assert links.linked_readme(text) == text, "run make links"


@pytest.mark.parametrize("name", ["README.md", "CONTRIBUTING.md"])
def test_links_lead_somewhere(name):
    targets = re.findall(r"\]\(([^)]+)\)", read(name))
    inside = [target.split("#")[0] for target in targets if "://" not in target]
    assert [target for target in inside if not (ROOT / target).exists()] == []


def test_readme_begins_with_the_picture_the_commands_and_the_lessons():
    text = read("README.md")
    first = text.split("\n## ")[0].split("<!-- badges -->")[0]
    (alternative,) = re.findall(r"!\[([^\]]*)\]", first)
    assert len(alternative) > 30
    assert "make lab" in first
    assert "make test" in first
    assert "<!-- lessons -->" in first
    rows = re.findall(r"^\| .*\(notebooks/", first, re.MULTILINE)
    assert len(first.splitlines()) - len(rows) <= 40, "no longer one screen"


def tracked():
    """The files that are, or would be, in the repository."""
    command = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "-z"]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    if done.returncode:
        pytest.skip("not a git repository")
    return [ROOT / name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def test_top_level_is_lean():
    assert {file.relative_to(ROOT).parts[0] for file in tracked()} <= set(TOP)


def test_no_file_names_a_registry_or_a_machine():
    # Written in pieces, so that this file does not name them either.
    hosts = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.", "deb." + "debian.org"]
    places = ["/" + "work/", "/" + "root/", "/" + "opt/", "/tmp" + "/brief", ".." + "/shared"]
    found = []
    for file in tracked():
        try:
            text = file.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            continue
        found += [(file.name, word) for word in hosts + places if word in text]
    assert found == []


def test_the_cpu_index_is_named_once():
    index = "whl" + "/cpu"
    named = [f.name for f in tracked() if f.suffix in {".yml", ".toml", ".txt", ".in", ".md", ""}
             and index in f.read_bytes().decode("utf-8", "ignore")]  # fmt: skip
    assert named == ["environment.yml"]


def test_no_file_is_too_large_for_a_repository():
    assert [file.name for file in tracked() if file.stat().st_size > 30e6] == []


def test_the_package_never_runs_code_from_a_file():
    # weights_only reads tensors and refuses all else: a pinned package's own format (lite0).
    risky = re.compile(r"torch\.load\((?![^)]*weights_only=True)|\bpickle\b|joblib\.load"
                       "|allow_pickle=True")  # fmt: skip
    files = sorted((ROOT / "course_utils").rglob("*.py"))
    code = {file: re.sub(r"#.*", "", file.read_text(encoding="utf-8")) for file in files}
    found = [file.name for file, text in code.items() if risky.search(text)]
    assert found == []


def test_code_and_notebooks_pass_the_linter():
    command = [sys.executable, "-m", "ruff", "check", "--no-cache", "--output-format=concise", "."]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_both_licences_are_there():
    assert "MIT License" in read("LICENSE")
    assert "creativecommons.org/licenses/by/4.0" in read("LICENSE")
    assert PROJECT["project"]["license"] == "MIT AND CC-BY-4.0"


def test_lessons_packages_come_from_the_direct_dependencies():
    direct = [r.name for r in requirements("requirements.in")]
    lessons = launch.lesson_packages()
    assert lessons == direct[: len(lessons)]
    assert set(direct) - set(lessons) >= {"jupyterlab", "pytest", "nbval"}
