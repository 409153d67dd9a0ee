"""Sphinx turns a folder of pages into a site or into slides that need no network."""

import io
import os
import re
import shutil
import tempfile
from collections.abc import Callable
from copy import deepcopy
from functools import partial
from pathlib import Path

from course_utils.publish import mathml, outputs, pages
from course_utils.syllabus import ROOT

LOOK = Path(__file__).with_name("look")
MARK = ".buildinfo"  # Sphinx leaves it in what it has built
_MIME = ("application/javascript", "text/html", "image/svg+xml", "image/png", "text/plain")
COMMON = {
    "project": "Small and Clear",
    "language": "en",
    "smartquotes": False,
    "myst_enable_extensions": ["dollarmath"],
    "myst_heading_anchors": 3,
    "myst_heading_slug_func": f"{pages.__name__}.slug",
    "nb_execution_mode": "off",
    "nb_code_prompt_show": "Code",
    "nb_code_prompt_hide": "Code",
    "html_math_renderer": "mathml",
    "html_show_sourcelink": False,
    "html_copy_source": False,
    "html_show_copyright": False,
    "suppress_warnings": ["mystnb.unknown_mime_type"],
}
SITE = {
    "extensions": ["myst_nb", mathml.__name__],
    "html_theme": "furo",
    "html_title": "Small and Clear",
    "html_static_path": [str(LOOK)],
    "html_css_files": ["site.css"],
    "html_show_search_summary": False,  # it reads pages in a way that file:// does not allow
}
SLIDES = {
    "extensions": ["myst_nb", mathml.__name__, "sphinx_revealjs", f"{__package__}.reveal"],
    "suppress_warnings": [*COMMON["suppress_warnings"], "toc.not_included"],
    "revealjs_style_theme": "white",
    "pygments_style": "friendly",
    "revealjs_static_path": [str(LOOK)],
    "revealjs_css_files": ["pygments.css", "slides.css"],
    "revealjs_script_conf": {
        "width": 1280, "height": 720, "margin": 0.03, "center": False, "hash": True,
        "slideNumber": "c/t", "transition": "none",
    },
    "nb_mime_priority_overrides": [("revealjs", name, i) for i, name in enumerate(_MIME)],
}  # fmt: skip


class BuildError(Exception):
    """Sphinx found something wrong; the words are its own."""


def site(books: pages.Books, to: Path, *, whole: bool = True, root: Path = ROOT) -> None:
    """Build the site; what an earlier build left in the folder is removed.

    Args:
        to: the folder for the site; it must be new, empty, or of an earlier build.
        root: the course's folder.
        whole: all lessons are there, so that a link which leads nowhere is an error.

    Raises:
        BuildError: a link leads nowhere, a formula is not understood, or the folder is not ours.
    """
    write = partial(pages.write_site, books=books, root=root)
    _build(write, to, COMMON | SITE, builder="html", whole=whole)


def slides(books: pages.Books, to: Path, *, whole: bool = True, root: Path = ROOT) -> None:
    """Build slides, a file a lesson and a list of them; see `site`."""
    write = partial(pages.write_slides, books=books, root=root)
    _build(write, to, COMMON | SLIDES, builder="revealjs", whole=whole)


def _build(write: Callable, to: Path, settings: dict, *, builder: str, whole: bool) -> None:
    if to.exists() and any(to.iterdir()) and not (to / MARK).is_file():
        raise BuildError(f"{to} holds files of something else; give an empty folder or a new one.")
    with tempfile.TemporaryDirectory() as scratch:
        source, made = Path(scratch, "source"), Path(scratch, "made")
        source.mkdir()
        write(source)
        said = _sphinx(source, made, deepcopy(settings), builder, whole)
        if said:
            raise BuildError(said)
        if (source / outputs.FIGURES).is_dir():
            shutil.move(source / outputs.FIGURES, made / outputs.FIGURES)
        shutil.rmtree(to, ignore_errors=True)
        to.parent.mkdir(parents=True, exist_ok=True)
        shutil.move(made, to)


def _sphinx(source: Path, made: Path, settings: dict, builder: str, whole: bool) -> str:
    """Run Sphinx; returns its warnings, without this machine's folders."""
    from sphinx.application import Sphinx
    from sphinx.errors import SphinxError
    from sphinx.util.docutils import docutils_namespace, patch_docutils

    warnings = io.StringIO()
    if not whole:
        ignored = [*settings["suppress_warnings"], "myst.xref_missing"]
        settings = settings | {"suppress_warnings": ignored}
    try:
        with patch_docutils(), docutils_namespace():
            app = Sphinx(
                source, None, made, source.with_name("doctrees"), builder,
                confoverrides=settings, status=None, warning=warnings,
            )  # fmt: skip
            app.build(force_all=True)
    except (SphinxError, ValueError) as error:
        return str(error)
    plain = re.sub(r"\x1b\[[\d;]*m", "", warnings.getvalue())
    return plain.replace(f"{source}{os.sep}", "").strip()
