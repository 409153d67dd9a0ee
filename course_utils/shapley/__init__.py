"""Shapley values: what each player of a game is owed.

A game is a function `value` from coalitions (rows x players of booleans) to what each is
worth. `column_game` and `segment_game` turn a prediction into one; what "absent" means is
theirs to say. Three ways find the shares of any game: `exact`, `kernel` and `sampled`.
`of_columns` and `of_segments` do all of it in one call: `method(network, inputs, target, ...)`.
"""

from course_utils.shapley.attributions import of_columns, of_segments
from course_utils.shapley.enumeration import coalitions, exact
from course_utils.shapley.games import column_game, conditional_game, segment_game
from course_utils.shapley.kernel import kernel
from course_utils.shapley.sampling import Sampled, sampled

__all__ = [
    "Sampled",
    "coalitions",
    "column_game",
    "conditional_game",
    "exact",
    "kernel",
    "of_columns",
    "of_segments",
    "sampled",
    "segment_game",
]
