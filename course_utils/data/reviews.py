"""Film-review sentences and single words, and what people said of them (Hutto & Gilbert 2014)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

import numpy as np

from course_utils.data import files

if TYPE_CHECKING:
    import pandas

REVIEWS = "movie_reviews/snippets.tsv.gz"
RATINGS = "movie_reviews/ratings.tsv.gz"
WORDS = "movie_reviews/words.tsv.gz"


def movie_reviews() -> pandas.DataFrame:
    """Load 10,605 film-review sentences with people's ratings (Hutto & Gilbert 2014).

    Returns:
        A table with columns id, rating (mean of 15 to 29 people, from -4 to 4) and text.
    """
    return _table(REVIEWS)


def review_ratings() -> list[np.ndarray]:
    """Return what each person said of each sentence, in the order of `movie_reviews`.

    Returns:
        For each sentence 15 to 29 whole numbers from -4 to 4. The set's own notes promise
        20 people at least; its file holds fewer for more than half of the sentences.
    """
    return [np.array(line.split(), dtype=np.int64) for line in _table(RATINGS)["ratings"]]


def word_ratings() -> pandas.DataFrame:
    """Return what people think of single words, out of any sentence (Hutto & Gilbert 2014).

    The authors kept only words whose mean is not 0 and on which ten people agree (standard
    deviation of 2.5 at most). Emoticons are left out here; a word that stands twice in the
    file counts once, with all its ratings.

    Returns:
        A table with columns word (lower case, sorted), rating (mean, from -4 to 4) and
        spread (standard deviation).
    """
    table = _table(WORDS)
    table = table[table["word"].str.fullmatch(r"[a-z]+(?:['-][a-z]+)*")]
    ratings = table.assign(one=table["ratings"].str.split()).explode("one").astype({"one": int})
    pooled = ratings.groupby("word")["one"].agg(rating="mean", spread=lambda one: one.std(ddof=0))
    return pooled.reset_index()


def _table(name: str) -> pandas.DataFrame:
    """Read a table whose columns are parted by tabs; quotation marks are only text."""
    import pandas

    text = io.StringIO(files.unpacked(name).decode("utf-8"))
    return pandas.read_csv(text, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False)
