"""Exercises of lesson 4.5: can a network shrink a thousandfold?"""

import math
from itertools import pairwise

import torch

from course_utils.demos.byte_accounts import index_entries
from course_utils.exercises import agree, exercise

# ---- 4.5.1


def _gaps(mask):
    places = mask.nonzero().flatten()
    return places.diff(prepend=torch.tensor([-1]))


def _entries(count, first=-1):
    """The index with another count of entries for a gap."""

    def wrong(mask, longest):
        places = mask.nonzero().flatten()
        gaps = places.diff(prepend=torch.tensor([first]))
        return int(count(gaps, longest).sum())

    return wrong


INDEX = (
    (lambda mask, longest: int(mask.sum()), "That counts the weights that are left. Where a gap is "
     "longer than `longest`, fillers come on top."),
    (_entries(lambda gaps, longest: gaps // longest + 1), "A gap of exactly `longest` needs no "
     "filler: the entry can say it. Count (gap − 1) // longest fillers."),
    (_entries(lambda gaps, longest: (gaps - 1) // longest), "Those are the fillers alone; each "
     "weight that is left has an entry of its own, too."),
    (lambda mask, longest: int(((mask.nonzero().flatten().diff() - 1) // longest + 1).sum()),
     "The first weight is missing: its gap is counted from before the beginning, so a weight at "
     "place 0 has gap 1."),
    (_entries(lambda gaps, longest: torch.where(gaps > 0, (gaps - 1) // longest + 1, 1), first=0),
     "The first gap is one too short: a weight at place 0 has gap 1, so start from −1."),
    (_entries(lambda gaps, longest: (gaps - 2).clamp(min=0) // longest + 1), "Your gaps are one "
     "too short: neighbours have gap 1, not 0."),
    (_entries(lambda gaps, longest: 1 + (gaps > longest).long()), "One filler is not always "
     "enough: a gap of 3 · longest needs two."),
    (lambda mask, longest: index_entries(torch.cat([mask, torch.tensor([True])]), longest) - 1,
     "The zeros behind the last weight need no fillers: the tensor's shape says where it ends."),
    (lambda mask, longest: math.ceil(len(mask) / longest), "That splits the whole row into equal "
     "steps. Every weight that is left begins a new gap."),
    (lambda mask, longest: index_entries(~mask, longest), "You index the zeros. True marks the "
     "weights that are left."),
    (_entries(lambda gaps, longest: (gaps - 1) // (longest + 1) + 1), "Your entries bridge one "
     "place too many. An entry counts steps from weight to weight, at most `longest` of them; a "
     "filler stands on a place, too."),
    (_entries(lambda gaps, longest: (gaps / longest).round()), "You round gap / longest to the "
     "nearest; a part of a step takes a whole entry, so round up."),
    (lambda mask, longest: int(mask.sum()) + int((~mask).sum()) // longest, "You put all zeros "
     "into one heap. Fillers belong to a single gap: short gaps need none, however many."),
    (lambda mask, longest: int((mask.nonzero().flatten() // longest + 1).sum()), "You bridge every "
     "weight from the beginning of the row. A gap starts at the weight before."),
    (_entries(lambda gaps, longest: gaps), "You add the gaps up. Each gap takes "
     "(gap − 1) // longest + 1 entries; add those."),
    (lambda mask, longest: _gaps(mask), "Those are the gaps themselves. How many entries does each "
     "one take? Return the sum, one number."),
    (lambda mask, longest: (_gaps(mask) - 1) // longest + 1, "Those are the entries of each gap, "
     "and they are right. Return their sum, one number."),
)  # fmt: skip


def _mask(*places, length):
    mask = torch.zeros(length, dtype=torch.bool)
    mask[list(places)] = True
    return mask


@exercise(
    "4.5.1",
    title="places as gaps",
    minutes=10,
    difficulty=2,
    solution=index_entries,
    hints=(
        "`mask.nonzero().flatten()` gives the places; `.diff(prepend=torch.tensor([-1]))` the "
        "gaps, the first one counted from before the beginning.",
        "With `longest` = 4, gaps 1 to 4 take one entry, gaps 5 to 8 two, gaps 9 to 12 three.",
        ("I get one too many for some gaps",
         "`gap // longest` is already 1 there. Take `(gap − 1) // longest`."),
    ),
)  # fmt: skip
def _(answer):
    cases = [
        (_mask(0, 1, 5, length=6), 4),
        (_mask(3, 8, 12, 20, length=30), 4),
        (_mask(9, 10, 40, 44, length=45), 8),
        (_mask(2, 4, 8, 30, length=64), 2),
        (_mask(7, length=9), 16),
        (_mask(length=12), 4),
    ]
    slips = [(wrong, words) for wrong, words in INDEX]
    return agree(answer, index_entries, *cases, slips=slips)


# ---- 4.5.2


def adaptive_bits(answers):
    counts, bits = [0.5, 0.5], 0.0
    for answer in answers:
        bits -= math.log2(counts[answer] / sum(counts))
        counts[answer] += 1
    return bits


def _with(*, start=0.5, log=math.log2, late=False, fixed=False, other=False,
          yes_only=False, total=True):  # fmt: skip
    """The account with one thing done wrongly."""

    def wrong(answers):
        counts, bits = [start, start], 0.0
        for answer in answers:
            counts[answer] += late
            paid = 1 if fixed else 1 - answer if other else answer
            share = counts[paid] / (sum(counts) if total else 1)
            bits -= log(share)
            counts[answer] += answer if yes_only else not late
        return bits

    return wrong


def _expected(answers):
    """Each time the entropy of the shares so far."""
    bits = 0.0
    for n in range(len(answers)):
        yes = (0.5 + sum(answers[:n])) / (1 + n)
        bits -= yes * math.log2(yes) + (1 - yes) * math.log2(1 - yes)
    return bits


def _each(answers):
    """The bits answer by answer."""
    bills = [adaptive_bits(answers[:n]) for n in range(len(answers) + 1)]
    return [after - before for before, after in pairwise(bills)]


def _entropy(answers):
    """The bits at the final frequencies, which the decoder cannot know."""
    n, yes = len(answers), sum(answers)
    parts = [k / n for k in (yes, n - yes) if k]
    return -n * sum(p * math.log2(p) for p in parts) if n else 0.0


BITS = (
    (_with(start=1.0), "Your counts begin at 1. Begin both at ½, as the coder does: that learns "
     "faster when one answer is rare."),
    (_with(log=math.log), "That is in natural logarithms. Bits need log2."),
    (_with(late=True), "You count the answer before you pay for it. The decoder does not know it "
     "yet: pay first, then count."),
    (_with(fixed=True), "You always pay for a yes. Pay for the answer that came."),
    (_entropy, "That uses the final frequencies. The decoder knows only the answers so far: the "
     "counts must grow as you go."),
    (lambda answers: float(len(answers)), "A bit for every answer: that is the price without a "
     "model. A likely answer costs less."),
    (lambda answers: -adaptive_bits(answers), "The sign is turned round: a cost is −log2 of a "
     "probability, and not negative."),
    (lambda answers: adaptive_bits(answers) / max(1, len(answers)), "That is the cost per answer; "
     "the sum is wanted."),
    (lambda answers: adaptive_bits(answers) / 8, "Those are bytes; bits are wanted."),
    (lambda answers: sum(math.ceil(bits - 1e-9) for bits in _each(answers)), "You round "
     "every answer up to whole bits. Arithmetic coding need not: parts of a bit add up."),
    (lambda answers: math.ceil(adaptive_bits(answers)), "You round the sum to whole bits. Return "
     "it as it is, with its fraction."),
    (lambda answers: 2 ** -adaptive_bits(answers), "That is the probability of the whole list. Its "
     "price is −log2 of it."),
    (_each, "Those are the bits of each answer, and they are right. Return their sum."),
    (_with(other=True), "You pay for the answer that did not come. Take the count of the one that "
     "came."),
    (_expected, "You pay the mean over both answers, the entropy. Only the one that came is paid."),
    (_with(yes_only=True), "Only the yeses are counted. A no is news, too: count it, so that it "
     "becomes cheaper."),
    (_with(total=False), "You take −log2 of the count. A probability is the count, divided by the "
     "sum of both."),
)  # fmt: skip


@exercise(
    "4.5.2",
    title="what a coder that learns pays",
    minutes=10,
    difficulty=2,
    solution=adaptive_bits,
    hints=(
        "Keep two counts, for no and for yes, both ½ at the start. The probability of an answer is "
        "its count, divided by the sum of both.",
        "For each answer, in this order: add −log2 of its probability to the bill, then add 1 to "
        "its count.",
        ("My first answer costs nothing", "You counted it before you paid. It must cost 1 bit: "
         "both answers were equally likely."),
    ),
)  # fmt: skip
def _(answer):
    lists = [0], [1, 1, 1, 0], [0] * 30 + [1] + [0] * 9, [], [1, 0] * 8, [1] * 12
    cases = [(answers,) for answers in lists]
    return agree(answer, adaptive_bits, *cases, tolerance=1e-6, slips=list(BITS))
