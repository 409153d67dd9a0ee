"""Structure: networks with fewer filters, or cheaper layers in place of others."""

from course_utils.structure.filters import REMOVABLE, filter_norms, remove_filters
from course_utils.structure.idle import remove_idle
from course_utils.structure.low_rank import break_even, factors, low_rank
from course_utils.structure.orders import ORDERS, by_lot, unit_scores
from course_utils.structure.separable import separable, separable_terms

__all__ = [
    "ORDERS",
    "REMOVABLE",
    "break_even",
    "by_lot",
    "factors",
    "filter_norms",
    "low_rank",
    "remove_filters",
    "remove_idle",
    "separable",
    "separable_terms",
    "unit_scores",
]
