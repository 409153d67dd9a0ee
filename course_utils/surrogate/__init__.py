"""LIME: a line that stands in for a model around one input (Ribeiro 2016, 1602.04938).

One core serves images, tables and text: switch features off at random, watch the score, fit
a weighted line. What a feature is, and what "off" means, is each input's own affair. LIME
needs predictions only, so it explains any model, integers included.
"""

from course_utils.surrogate.core import Surrogate, draw_masks, fit_line, nearness, weighted_line
from course_utils.surrogate.images import (
    grid_segments,
    lime,
    masked_log_odds,
    merge_blank,
    probability,
    switched_image,
)
from course_utils.surrogate.tables import lime_rows, slopes, switched_rows
from course_utils.surrogate.text import lime_words, switched_words, words_of

__all__ = [
    "Surrogate",
    "draw_masks",
    "fit_line",
    "grid_segments",
    "lime",
    "lime_rows",
    "lime_words",
    "masked_log_odds",
    "merge_blank",
    "nearness",
    "probability",
    "slopes",
    "switched_image",
    "switched_rows",
    "switched_words",
    "weighted_line",
    "words_of",
]
