"""Search: a machine tries methods and settings, layer by layer, for three aims at once.

The trying is Optuna's (Akiba 2019, 1907.10902); here stand the space, the aims and the front.
"""

from course_utils.search.aims import (
    DIRECTIONS,
    EXPLAINER,
    HELD,
    SEEN,
    Aims,
    Judge,
    judges,
    of_file,
    of_network,
)
from course_utils.search.build import UPDATES, Builder, bits, save
from course_utils.search.front import dominates, front, hypervolume
from course_utils.search.space import LAYERS, SPACE, Choices, checked, distributions, size, suggest
from course_utils.search.study import (
    SAMPLERS,
    Objective,
    again,
    finished,
    of_rows,
    open_study,
    rows,
    run,
    sampler,
    storage,
)
from course_utils.search.workers import work_together

__all__ = [
    "DIRECTIONS",
    "EXPLAINER",
    "HELD",
    "LAYERS",
    "SAMPLERS",
    "SEEN",
    "SPACE",
    "UPDATES",
    "Aims",
    "Builder",
    "Choices",
    "Judge",
    "Objective",
    "again",
    "bits",
    "checked",
    "distributions",
    "dominates",
    "finished",
    "front",
    "hypervolume",
    "judges",
    "of_file",
    "of_network",
    "of_rows",
    "open_study",
    "rows",
    "run",
    "sampler",
    "save",
    "size",
    "storage",
    "suggest",
    "work_together",
]
