"""Exercises of lesson 4.1: how small can a network be by design?"""

import math
from collections.abc import Callable

from course_utils.exercises import agree, exercise

# ---- 4.1.1


def largest_hidden(first, second, budget):
    parameters = (budget - 1000) // 4
    before = (9 + 1) * first + (9 * first + 1) * second
    left = parameters - before - 10  # fc2's biases
    each = 64 * second + 1 + 10  # a unit's row in fc1, its bias, its column in fc2
    return max(0, left // each)


def _largest(*, header=1000, size=4, body=True, each=11, places=64, last=10, up=False) -> Callable:
    """The largest width with one thing counted wrongly."""

    def wrong(first, second, budget):
        before = ((9 + 1) * first + (9 * first + 1) * second) * body
        units = ((budget - header) / size - before - last) / (places * second + each)
        return max(0, math.ceil(units) if up else math.floor(units))

    return wrong


WIDTHS = (
    (_largest(header=0), "The file also holds 1,000 bytes that are no parameters."),
    (_largest(header=1024), "The rest is 1,000 bytes, not 1,024."),
    (_largest(header=4000), "The 1,000 are bytes, not parameters: take them off before you divide "
     "by 4."),
    (_largest(size=1), "A float32 parameter takes 4 bytes, and you counted 1."),
    (_largest(size=8), "A float32 parameter takes 4 bytes, and you counted 8."),
    (_largest(body=False), "conv1 and conv2 take their share of the budget first."),
    (_largest(each=1), "Each hidden unit costs weights in fc2 as well: one for each of the 10 "
     "classes."),
    (_largest(each=0), "A hidden unit is a row of fc1, *and* its bias, *and* its 10 weights in "
     "fc2."),
    (_largest(each=10), "Each hidden unit has a bias, too."),
    (_largest(places=1), "fc1 reads every channel at 8 × 8 places, not once."),
    (_largest(places=49), "fc1 reads 8 × 8 places: the images are 32 × 32 here, not 28 × 28."),
    (_largest(places=256), "fc1 reads 8 × 8 places: 32 × 32 is halved twice."),
    (_largest(places=1024), "fc1 reads 8 × 8 places: 32 × 32 is halved twice."),
    (_largest(up=True), "You round up: that file is larger than the budget. What still fits?"),
    (_largest(last=0), "Ten parameters are missing: the biases of the ten classes."),
    (lambda first, second, budget: max(
        0, ((budget - 1000) // 4 - 9 * first * (1 + second) - 10) // (64 * second + 11)),
     "Each filter of conv1 and conv2 has a bias, too."),
    (lambda first, second, budget: max(
        0, ((budget - 1000) // 4 - 9 * first * (1 + second)) // (64 * second + 10)),
     "The biases are missing: each filter, each hidden unit and each class has one."),
    (lambda first, second, budget: max(
        0, ((budget - 1000) // 4 - 10 * first - (9 * first + second) - 10) // (64 * second + 11)),
     "A filter of conv2 reads all `first` channels, and there are `second` such filters."),
    (_largest(body=False, each=0, last=0), "fc1's weights are not all: take off the convolutions, "
     "the biases and fc2."),
    (lambda first, second, budget: max(
        0.0, (budget - 1040 - 40 * first - (36 * first + 4) * second) / (256 * second + 44)),
     "There are only whole units: round down."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

BUDGETS = (
    (16, 32, 270_936), (8, 16, 60_000), (4, 8, 1_000_000), (4, 8, 30_000), (3, 5, 100_000),
    (16, 32, 1_074_408), (64, 2, 20_000),
)  # fmt: skip
"""Filters and bytes for which some units fit."""
TOO_SMALL = ((16, 32, 15_000), (7, 13, 8_000), (16, 32, 500), (2, 3, 1000 + 4 * 90))
"""Filters and bytes for which none fits."""
NEGATIVE = (
    lambda first, second, budget: (
        ((budget - 1000) // 4 - 10 * first - (9 * first + 1) * second - 10) // (64 * second + 11)),
    "When not even one unit fits, the answer is 0, not a negative number.",
)  # fmt: skip
"""The slip that shows only there."""


def _filling(first, second, hidden):
    """The budget that `hidden` units fill to the last byte."""
    parameters = 10 * first + (9 * first + 1) * second + (64 * second + 11) * hidden + 10
    return 1000 + 4 * parameters


@exercise(
    "4.1.1",
    title="spend a budget",
    minutes=10,
    difficulty=2,
    solution=largest_hidden,
    hints=(
        "Turn the budget into a number of parameters. Take off what does not depend on `hidden`: "
        "conv1, conv2, and fc2's ten biases.",
        "What does one more hidden unit cost? A row of fc1 (8 × 8 places of each of `second` "
        "channels), a bias, and one weight for each of the 10 classes.",
        ("I get 32 for the first example", "Count all that belongs to the convolutions, and what "
         "a unit costs in fc2."),
        ("I get a negative number", "Then nothing fits: return 0."),
    ),
)  # fmt: skip
def _(answer):
    exact = [(a, b, _filling(a, b, h)) for a, b, h in ((7, 13, 7), (2, 3, 20), (1, 1, 1))]
    under = [(a, b, budget - 1) for a, b, budget in exact[:2]]
    under += [(7, 13, _filling(7, 13, 7) - 4 * short) for short in (11, 30)]  # whose biases?
    fitting = agree(answer, largest_hidden, *BUDGETS, *exact, *under, slips=WIDTHS, tolerance=0)
    return fitting or agree(answer, largest_hidden, *TOO_SMALL, slips=[NEGATIVE], tolerance=0)


# ---- 4.1.2


def block_parameters(inputs, outputs, stride):
    convolutions = 9 * inputs * outputs + 9 * outputs * outputs
    norms = 2 * (outputs + outputs)  # each channel a factor and an offset
    fits = inputs * outputs if stride != 1 or inputs != outputs else 0
    return convolutions + norms + fits


def _counted(*, norms=4, kernel=1, biases=0, needed=lambda i, o, s: s != 1 or i != o) -> Callable:
    """The count with one thing counted wrongly."""

    def wrong(inputs, outputs, stride):
        fits = (kernel * inputs + (biases > 2)) * outputs * needed(inputs, outputs, stride)
        both = 9 * inputs * outputs + 9 * outputs * outputs + min(biases, 2) * outputs
        return both + norms * outputs + fits

    return wrong


BLOCKS = (
    (_counted(norms=0), "The batch norms are missing: each has a factor and an offset for every "
     "channel."),
    (_counted(norms=0, needed=lambda i, o, s: False), "The two convolutions are right. Missing "
     "are the batch norms, and the 1 × 1 convolution where the shape changes."),
    (_counted(norms=0, biases=3), "No convolution has a bias (`bias=False`); the batch norms, "
     "which you left out, have two numbers a channel."),
    (_counted(norms=2), "Two numbers a channel are missing. Each of the two batch norms trains a "
     "factor and an offset; the convolutions have no biases."),
    (_counted(norms=8), "You count the running mean and variance. They are buffers: measured, not "
     "trained."),
    (_counted(biases=2), "The convolutions have no biases here: the batch norm after each would "
     "subtract them at once."),
    (_counted(biases=3), "No convolution of the block has biases, the 1 × 1 one neither."),
    (_counted(needed=lambda i, o, s: False), "Where shape changes, a 1 × 1 convolution fits the "
     "input to the sum: inputs × outputs weights."),
    (_counted(needed=lambda i, o, s: True), "Where neither channels nor size change, the input is "
     "added as it is: nothing to count."),
    (_counted(needed=lambda i, o, s: i != o), "A stride of 2 halves the size, so the input must be "
     "fitted even if the channels stay."),
    (_counted(needed=lambda i, o, s: s != 1), "Where the channels change, the input must be fitted "
     "even at stride 1."),
    (_counted(needed=lambda i, o, s: s != 1 and i != o), "It takes only one of the two, channels "
     "or size, to make a fit necessary."),
    (lambda i, o, s: 9 * i * o + 9 * o * o + 4 * o + (i * o + 2 * o) * (s != 1 or i != o),
     "No batch norm follows the 1 × 1 convolution here, though other libraries' blocks have one."),
    (lambda i, o, s: 9 * i * o + 9 * o * o + 2 * (i + o) + i * o * (s != 1 or i != o),
     "`norm1` comes after `conv1`: it has `outputs` channels, as `norm2` has."),
    (_counted(kernel=9), "The convolution that fits the input is 1 × 1, not 3 × 3."),
    (lambda i, o, s: 18 * i * o + 4 * o + i * o * (s != 1 or i != o),
     "The second convolution reads what the first one wrote: `outputs` channels."),
    (lambda i, o, s: 9 * i * o + 9 * i * i + 2 * (i + o) + i * o * (s != 1 or i != o),
     "The first convolution changes the channels already; the second reads and writes `outputs`."),
    (lambda i, o, s: 9 * i * o + 4 * o + i * o * (s != 1 or i != o),
     "A block has two 3 × 3 convolutions."),
    (lambda i, o, s: (9 * i * o + 9 * o * o) // s**2 + 4 * o + i * o * (s != 1 or i != o),
     "A stride takes larger steps over the picture. The kernel, and so its weights, stay."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


@exercise(
    "4.1.2",
    title="count a residual block",
    minutes=10,
    difficulty=2,
    solution=block_parameters,
    hints=(
        "Two 3 × 3 convolutions without biases. The first turns `inputs` channels into `outputs`; "
        "what does the second read?",
        "A batch norm trains two numbers for each channel.",
        "When is `fit` more than an identity? Look at the condition in `Residual`.",
        ("block1 is right, block2 is not", "There the channels and the size change, so the input "
         "passes a 1 × 1 convolution."),
    ),
)  # fmt: skip
def _(answer):
    cases = ((8, 8, 1), (8, 16, 2), (16, 16, 2), (16, 8, 1), (5, 7, 3), (1, 1, 1), (64, 64, 1))
    return agree(answer, block_parameters, *cases, slips=BLOCKS, tolerance=0)
