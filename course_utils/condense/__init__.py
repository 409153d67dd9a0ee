"""Data distillation: a few images that teach a network. One idea per module."""

from course_utils.condense.files import CondensedFileError, load_set, save_set, set_path
from course_utils.condense.labels import solve_targets
from course_utils.condense.learning import classified, learn, squared
from course_utils.condense.networks import Fresh, features, random_convnet, untrained_cnn
from course_utils.condense.ridge import centred, ridge_predict
from course_utils.condense.scoring import score
from course_utils.condense.selection import herding, k_centre, random_rows
from course_utils.condense.students import squared_error, student

__all__ = [
    "CondensedFileError",
    "Fresh",
    "centred",
    "classified",
    "features",
    "herding",
    "k_centre",
    "learn",
    "load_set",
    "random_convnet",
    "random_rows",
    "ridge_predict",
    "save_set",
    "score",
    "set_path",
    "solve_targets",
    "squared",
    "squared_error",
    "student",
    "untrained_cnn",
]
