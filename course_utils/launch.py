"""Colab and Binder: badges, the cell that fetches the course, and what that cell calls.

The public address stands in one place, `[tool.course] repository` in pyproject.toml. While it is
empty there are no badges, so that no link is dead. The cell runs this file by its path on a
machine that has nothing of the course yet: only the standard library is imported at the top.
"""

import importlib.util
import os
import re
import subprocess
import sys
import tempfile
from importlib import metadata
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
_VERSION = r"(\d+!)?\d+(\.\d+)*((a|b|rc)\d+)?(\.post\d+)?(\.dev\d+)?(\+[a-zA-Z0-9.]+)?"
_ALONE = '''from importlib.util import find_spec
if find_spec("course_utils") is None:
    raise SystemExit(
        "The course is not here. Open this notebook inside a copy of the "
        "course,\\nwith the Python that its README.md sets up (make lab)."
    )'''
_FETCHED = """import os
import runpy
from importlib.util import find_spec
if find_spec("course_utils") is None:
    URL = "{repository}"
    if not os.path.exists("course"):
        os.system(f"git clone -q --depth=1 {{URL}} course")
    runpy.run_path("course/course_utils/launch.py")["prepare"]("{folder}")"""


def repository(root: Path = ROOT) -> str:
    """The course's public address, "" while there is none.

    Raises:
        ValueError: the address in pyproject.toml is not one that git can clone.
    """
    import tomllib

    text = (root / "pyproject.toml").read_text(encoding="utf-8")
    address = tomllib.loads(text)["tool"]["course"]["repository"]
    if address and not re.fullmatch(r"(https|file)://[\w./~-]+", address):
        raise ValueError(
            f"[tool.course] repository in pyproject.toml is {address!r}; it must be empty or an"
            ' address such as "https://github.com/OWNER/NAME". Did you leave out "https://"?'
        )
    return address.rstrip("/").removesuffix(".git")


def badges(path: str, address: str | None = None) -> str:
    """Markdown links that open a notebook on Colab and Binder; "" without an address on GitHub.

    Args:
        path: the notebook inside `notebooks/`, with forward slashes.
        address: the repository's; by default the configured one.
    """
    address = repository() if address is None else address
    owner_and_name = address.removeprefix("https://github.com/")
    if owner_and_name in ("", address):
        return ""
    colab = f"https://colab.research.google.com/github/{owner_and_name}/blob/main/notebooks/{path}"
    binder = f"https://mybinder.org/v2/gh/{owner_and_name}/main?urlpath=lab/tree/notebooks/{path}"
    return f"[Open in Colab]({colab}) · [Open on Binder]({binder})"


def bootstrap_source(address: str, folder: str = "") -> str:
    """The short cell that makes a notebook work where the course is not installed.

    Args:
        address: the repository to clone; "" gives a cell that only says what to do.
        folder: the notebook's folder inside `notebooks/`.
    """
    return _FETCHED.format(repository=address, folder=folder) if address else _ALONE


def prepare(folder: str = "", *, root: Path = ROOT) -> None:
    """Make the course work in a hosted notebook: packages, import path, working folder.

    Only packages that are missing are installed, and none that is there is moved: a running
    kernel may have loaded it. Nobody's own Python is changed: outside Colab, words are all.

    Raises:
        SystemExit: packages are missing, and this is not Colab or pip could not install them.
    """
    missing = [name for name in lesson_packages(root) if _key(name) not in _installed()]
    if missing and not _on_colab():
        raise SystemExit(
            f"Missing here: {', '.join(missing)}. Install the course into this Python with\n"
            f'"{sys.executable}" -m pip install -e "{root}"\nor open it as its README.md says.'
        )
    if missing:
        _install(missing, root)
    if str(root) not in sys.path:
        sys.path.insert(0, str(root))
    importlib.invalidate_caches()
    os.chdir(root / "notebooks" / folder)


def lesson_packages(root: Path = ROOT) -> list[str]:
    """The packages that lessons import: the first part of requirements.in."""
    text = (root / "requirements.in").read_text(encoding="utf-8")
    for_lessons = text.split("# --- for the editor")[0]
    return re.findall(r"^[A-Za-z0-9][\w.-]*", for_lessons, re.MULTILINE)


def _install(names: list[str], root: Path) -> None:
    """Install with pip, in the tested versions where they suit what is there."""
    have = _installed()
    kept = [f"{name}=={version}" for name, version in have.items()]
    pins = (root / "requirements.txt").read_text(encoding="utf-8").splitlines()
    pins = [line for line in pins if _key(line.split("==")[0]) not in have]
    for constraints in (kept + pins, kept):
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, "constraints.txt")
            file.write_text("\n".join(constraints) + "\n", encoding="utf-8")
            pip = [sys.executable, "-m", "pip", "install", "-q", "-c", str(file), *names]
            done = subprocess.run(pip, capture_output=True, text=True)
        if done.returncode == 0:
            return
    last = done.stderr.strip().splitlines()[-1:] or ["pip said nothing"]
    raise SystemExit(f"pip could not install {', '.join(names)}: {last[0]}")


def _installed() -> dict[str, str]:
    """Versions by name; what is not named or numbered as packages are is left out."""
    found: dict[str, str] = {}
    for one in metadata.distributions():
        name, version = one.metadata["Name"], one.version
        if name and version and re.fullmatch(_VERSION, version):
            found.setdefault(_key(name), version)
    return found


def _key(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name.strip()).lower()


def _on_colab() -> bool:
    try:
        return importlib.util.find_spec("google.colab") is not None
    except ModuleNotFoundError:
        return False
