"""Diagnosis: where a network fails, how sure it is when it fails, and what it looks at.

Functions take a network with images, or logits and probabilities that are there already.
They ask for predictions only, so they judge any network, ONNX files too.
"""

from course_utils.diagnose import figures
from course_utils.diagnose.calibration import (
    Reliability,
    at_temperature,
    ece,
    ece_if_calibrated,
    fit_temperature,
    log_loss,
    overconfidence,
    reliability,
)
from course_utils.diagnose.corruptions import AMOUNTS, STRENGTHS, UNITS, corrupt
from course_utils.diagnose.errors import (
    Confused,
    confusion,
    count,
    expected_nobody,
    most_confused,
    nobody_right,
    per_class,
    recall,
    same_errors,
)
from course_utils.diagnose.findings import Corrupted, Findings, examine, under_corruption
from course_utils.diagnose.labels import (
    auroc,
    confident_class,
    confident_joint,
    margin,
    out_of_fold,
    plant,
    self_confidence,
    suspects,
    thresholds,
)
from course_utils.diagnose.pointing import pointing_game
from course_utils.diagnose.report import Report, report
from course_utils.diagnose.slices import (
    Confirmed,
    Rule,
    Weakness,
    confirm,
    properties,
    rules,
    weakest,
    weakness,
)

__all__ = [
    "AMOUNTS",
    "STRENGTHS",
    "UNITS",
    "Confirmed",
    "Confused",
    "Corrupted",
    "Findings",
    "Reliability",
    "Report",
    "Rule",
    "Weakness",
    "at_temperature",
    "auroc",
    "confident_class",
    "confident_joint",
    "confirm",
    "confusion",
    "corrupt",
    "count",
    "ece",
    "ece_if_calibrated",
    "examine",
    "expected_nobody",
    "figures",
    "fit_temperature",
    "log_loss",
    "margin",
    "most_confused",
    "nobody_right",
    "out_of_fold",
    "overconfidence",
    "per_class",
    "plant",
    "pointing_game",
    "properties",
    "recall",
    "reliability",
    "report",
    "rules",
    "same_errors",
    "self_confidence",
    "suspects",
    "thresholds",
    "under_corruption",
    "weakest",
    "weakness",
]
