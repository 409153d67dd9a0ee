"""Recommendations: ratings, factorisation, ranking quality, smaller files, and reasons."""

from course_utils.recommend.factors import (
    Factors,
    biases,
    on_likes,
    on_pairs,
    on_stars,
    popularity,
)
from course_utils.recommend.ratings import Ratings, Split, movielens, split

__all__ = ["Factors", "Ratings", "Split", "biases", "movielens", "on_likes", "on_pairs",
           "on_stars", "popularity", "split"]  # fmt: skip
