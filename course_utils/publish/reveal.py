"""A Sphinx extension: slides colour their code as the site does, without a script."""

from typing import Any


def setup(app: Any) -> dict[str, bool]:
    """Give the slides' builder Sphinx's own way to write code."""
    from sphinx.writers.html5 import HTML5Translator
    from sphinx_revealjs.writers import RevealjsSlideTranslator

    class Translator(RevealjsSlideTranslator):
        visit_literal_block = HTML5Translator.visit_literal_block
        depart_literal_block = HTML5Translator.depart_literal_block

    app.set_translator("revealjs", Translator)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
