"""Explanations in words: sentences that were tried, and held.

Each kind of sentence has a file that finds it and a control that says the same at random.
A `Claim` knows what would make it false, and nothing of how it was found.
"""

from course_utils.words import fillings, neighbours, parts, regions, reviews, rules, shapes, truth
from course_utils.words.claim import Claim, Trial, ask
from course_utils.words.truth import Truth, measure, surest, threshold, verdicts

__all__ = [
    "Claim", "Trial", "Truth", "ask", "fillings", "measure", "neighbours", "parts", "regions",
    "reviews", "rules", "shapes", "surest", "threshold", "truth", "verdicts",
]  # fmt: skip
