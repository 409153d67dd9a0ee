"""Pruning: making zero, or taking out, what a network can do without. One idea per module."""

from course_utils.prune.activations import apoz, dead, idlest, rarely_active
from course_utils.prune.blocks import n_of_m, n_of_m_masks
from course_utils.prune.by_magnitude import magnitude, magnitude_masks
from course_utils.prune.by_relevance import relevance
from course_utils.prune.by_score import lamp_scores, masks_by_score
from course_utils.prune.by_taylor import taylor
from course_utils.prune.controls import random_masks, shuffled
from course_utils.prune.layer_by_layer import sensitivity
from course_utils.prune.masks import (
    Masks,
    apply,
    check_sparsity,
    keep_zeros,
    prunable,
    sparsity,
)
from course_utils.prune.rows import highest
from course_utils.prune.schedule import Gradual, cubic, gradual
from course_utils.prune.thresholds import ThresholdReLU, activation_sparsity, thresholded

__all__ = [
    "Gradual",
    "Masks",
    "ThresholdReLU",
    "activation_sparsity",
    "apoz",
    "apply",
    "check_sparsity",
    "cubic",
    "dead",
    "gradual",
    "highest",
    "idlest",
    "keep_zeros",
    "lamp_scores",
    "magnitude",
    "magnitude_masks",
    "masks_by_score",
    "n_of_m",
    "n_of_m_masks",
    "prunable",
    "random_masks",
    "rarely_active",
    "relevance",
    "sensitivity",
    "shuffled",
    "sparsity",
    "taylor",
    "thresholded",
]
