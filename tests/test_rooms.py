"""The package's rooms: imports point one way, from lessons to methods to the ground."""

import ast

from course_utils.syllabus import ROOT

PACKAGE = ROOT / "course_utils"
GROUND = set("codec data entropy measure models paired spread targets training".split())
METHODS = set(
    "condense control diagnose distill fusion glassbox importance language prune quantize".split()
    + "recommend saliency search shapley structure surrogate words".split()
)
LESSONS = set("bench classroom demos exercises lesson links publish recipes widgets".split())


def room(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imported(path):
    """The rooms that a file imports, inside functions too."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module == "course_utils":
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and (node.module or "").startswith("course_utils."):
            yield node.module.split(".")[1]
        elif isinstance(node, ast.Import):
            names = [alias.name.split(".") for alias in node.names]
            yield from (name[1] for name in names if name[0] == "course_utils" and len(name) > 1)


def edges(rooms):
    files = [path for path in PACKAGE.rglob("*.py") if room(path) in rooms]
    return {(room(path), name) for path in files for name in imported(path)}


def test_the_rooms_named_here_are_there():
    there = {room(path) for path in PACKAGE.rglob("*.py")}
    assert there >= GROUND | METHODS | LESSONS


def test_no_method_knows_a_lesson():
    assert {edge for edge in edges(GROUND | METHODS) if edge[1] in LESSONS} == set()


def test_the_ground_stands_on_itself():
    """Only a network's file needs more: the grids by which its weights are packed."""
    above = {edge for edge in edges(GROUND) if edge[1] in METHODS}
    assert above == {("models", "quantize")}
