"""Where compression and explanation meet: agreement, drift, and compression that is guided."""

from course_utils.fusion.agreement import agreement, random_maps, top_overlap
from course_utils.fusion.drift import EXPLAINERS, Explainer, drift, explain
from course_utils.fusion.forgetting import forgotten, majority
from course_utils.fusion.guided import taylor_scores
from course_utils.fusion.matching import matching_loss

__all__ = [
    "EXPLAINERS",
    "Explainer",
    "agreement",
    "drift",
    "explain",
    "forgotten",
    "majority",
    "matching_loss",
    "random_maps",
    "taylor_scores",
    "top_overlap",
]
