"""Exercises of lesson 3.8: can an explanation in words be true?"""

import math

from course_utils.exercises import agree, exercise

# ---- 3.8.1


def speak_from(sure, held, goal):
    for threshold in sorted(set(sure)):
        spoken = [h for s, h in zip(sure, held, strict=True) if s >= threshold]
        if sum(spoken) / len(spoken) >= goal:
            return threshold
    return None


def _spoken(*, order=False, strict=False, over="spoken", edge=False, none=None, turned=False,
            one_by_one=False, value=True):  # fmt: skip
    """The search with one thing wrong."""

    def wrong(sure, held, goal):
        if one_by_one:
            return _cut_between_equals(sure, held, goal)
        for threshold in sorted(set(sure), reverse=order):
            kept = [
                h for s, h in zip(sure, held, strict=True)
                if (s <= threshold if turned else s > threshold if strict else s >= threshold)
            ]  # fmt: skip
            share = sum(kept) / max(len(kept) if over == "spoken" else len(held), 1)
            if share > goal or (share == goal and not edge):
                return threshold if value else len(kept)
        return none(sure) if callable(none) else none

    return wrong


def _cut_between_equals(sure, held, goal):
    """Sentences are added one by one, even where several are equally sure."""
    found, right = None, 0
    pairs = sorted(zip(sure, held, strict=True), key=lambda pair: (-pair[0], -pair[1]))
    for count, (s, h) in enumerate(pairs, 1):
        right += h
        if right / count >= goal:
            found = s
    return found


def _first_failure(sure, held, goal):
    """From the surest down, until the share first falls below the goal."""
    found = None
    for threshold in sorted(set(sure), reverse=True):
        spoken = [h for s, h in zip(sure, held, strict=True) if s >= threshold]
        if sum(spoken) / len(spoken) < goal:
            break
        found = threshold
    return found


def _as_sure_as_the_goal(sure, held, goal):
    """The threshold is the goal itself."""
    return min((s for s in sure if s >= goal), default=None)


def _works(sure, held, goal):
    """The values that will do, in the order of `sure`."""
    return [t for t in sure if _share(t, sure, held) >= goal]


def _share(threshold, sure, held):
    spoken = [h for s, h in zip(sure, held, strict=True) if s >= threshold]
    return sum(spoken) / len(spoken)


def _first_in_the_list(sure, held, goal):
    return next(iter(_works(sure, held, goal)), None)


def _place(pick):
    def wrong(sure, held, goal):
        works = _works(sure, held, goal)
        return sure.index(pick(works)) if works else None

    return wrong


def _place_when_sorted(sure, held, goal):
    works = _works(sure, held, goal)
    return sorted(sure).index(min(works)) if works else None


def _share_there(sure, held, goal):
    works = _works(sure, held, goal)
    return _share(min(works), sure, held) if works else None


def _all_must_hold(sure, held, goal):
    return speak_from(sure, held, 1)


def _least_sure_that_held(sure, held, goal):
    return min((s for s, h in zip(sure, held, strict=True) if h), default=None)


def _sorted_apart(sure, held, goal):
    return speak_from(sorted(sure), held, goal)


def _in_percent(sure, held, goal):
    return speak_from(sure, held, goal / 100)


def _between(sure, held, goal):
    found = speak_from(sure, held, goal)
    below = max((s for s in sure if found is not None and s < found), default=None)
    return found if below is None else (found + below) / 2


def _halving(sure, held, goal):
    values, best = sorted(set(sure)), None
    low, high = 0, len(values) - 1
    while low <= high:
        middle = (low + high) // 2
        if _share(values[middle], sure, held) >= goal:
            best, high = values[middle], middle - 1
        else:
            low = middle + 1
    return best


SPEAKS = (
    (_spoken(order=True), "That is the highest threshold that will do; it speaks least. Return the "
     "lowest."),
    (_spoken(strict=True), "A sentence that is exactly as sure as the threshold is spoken, too."),
    (_spoken(over="all"), "Divide by the number of *spoken* sentences. Silence is no falsehood."),
    (_spoken(edge=True), "At *least* goal: a share equal to the goal is enough."),
    (_spoken(none=lambda sure: max(sure, default=None)), "Where no threshold reaches the goal, "
     "return None: better silent than false."),
    *((_spoken(none=value), "Where no threshold reaches the goal, return None.")
      for value in (math.inf, math.nan, 0, -1)),
    (_spoken(turned=True), "You speak where it is *less* sure than the threshold."),
    (_spoken(one_by_one=True), "Sentences that are equally sure are spoken together, or not at "
     "all: you cut between them."),
    (_spoken(value=False), "That is how many are spoken. Return the threshold."),
    (_first_failure, "You stop at the first threshold that fails. A lower one may reach the goal "
     "again."),
    (_as_sure_as_the_goal, "`sure` is no share of truth: its unit is its finder's. Count `held`."),
    (_first_in_the_list, "That is the first value in the list that will do. The list is in no "
     "order: return the lowest."),
    *((_place(pick), "That is a place in the list. Return the lowest value of `sure` that will do.")
      for pick in (min, lambda works: works[0])),
    (_place_when_sorted, "That is a place in the sorted list. Return the value that stands there."),
    (_share_there, "That is the share of true sentences. Return the threshold."),
    (_all_must_hold, "You ask that *every* spoken sentence held. A share of `goal` is enough."),
    (_least_sure_that_held, "That is the lowest value of a sentence that held. The false ones "
     "above it are spoken, too: take the share."),
    (_sorted_apart, "You sorted `sure`, and left `held` as it was. They belong together."),
    (_in_percent, "`goal` is a share, and you compare it with percent."),
    (_between, "That lies between two values. Return one that stands in `sure`."),
    (_halving, "The share need not rise with the threshold, so halving the range can miss the "
     "lowest. Try every value."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""

SPEAK_CASES = (
    ([3.0, 2.0, 1.0, 0.5], [True, True, True, False], 0.75),
    ([0.2, 0.9, 0.4, 0.7, 0.1], [False, True, False, True, False], 0.9),
    ([5.0, 4.0, 4.0, 2.0, 1.0], [True, True, False, False, False], 0.8),
    ([6.0, 5.0, 4.0, 3.0, 2.0], [True, False, True, True, False], 0.75),
    ([2.0, 1.0], [False, False], 0.5),
    ([0.99, 0.97, 0.95, 0.5], [True, False, False, True], 0.95),
    ([4, 3, 2, 1], [1, 1, 0, 1], 0.5),
    ([-1.0, -2.0, -3.0], [True, True, False], 1.0),
    ([7.0, 3.0, 5.0, 1.0], [False, True, True, True], 0.7),
    ([2.0, 5.0, 1.0, 4.0], [True, True, True, False], 0.6),
    ([2, 7, 6, 4, 3, 9, 8, 5], [True, True, True, False, True, True, False, True], 0.75),
)


@exercise(
    "3.8.1",
    title="when to speak",
    minutes=10,
    difficulty=2,
    solution=speak_from,
    hints=(
        "Only the values in `sure` need to be tried. Go through them from the lowest.",
        "For each, collect `held` of those with `sure >= threshold`, and take the mean.",
        ("it divides by zero", "A value of `sure` always speaks at least once: itself."),
    ),
)
def _(answer):
    return agree(answer, speak_from, *SPEAK_CASES, slips=SPEAKS, tolerance=1e-6)


# ---- 3.8.2


def teeth(check, claims, network, stranger):
    accepted = [claim for claim in claims if check(network, claim)]
    if not accepted:
        return None
    refused = [claim for claim in accepted if not check(stranger, claim)]
    return len(refused) / len(accepted)


def _toothed(*, among=True, turned=False, kept=False, count=False, over="accepted", empty=None,
             swapped=False, only="stranger", percent=False):  # fmt: skip
    """The share with one thing wrong."""

    def wrong(check, claims, network, stranger):
        one, other = (stranger, network) if swapped else (network, stranger)
        ask = (lambda n, c: check(c, n)) if turned else check
        yes = [c for c in claims if ask(one, c)] if among else list(claims)
        if not yes:
            return empty
        no = [c for c in yes if not ask(other, c)]
        amount = len(yes) - len(no) if kept else len(no)
        whole = 1 if count else len(yes) if over == "accepted" else max(len(claims), 1)
        return amount / whole * (100 if percent else 1)

    return wrong


def _difference(empty=None):
    def wrong(check, claims, network, stranger):
        if empty is None and not any(check(network, c) for c in claims):
            return None
        return sum(check(network, c) - check(stranger, c) for c in claims) / len(claims)

    return wrong


def _ratio(check, claims, network, stranger):
    """Counts apart: the stranger is asked about all sentences."""
    one, other = (sum(bool(check(n, c)) for c in claims) for n in (network, stranger))
    return 1 - other / one if one else None


def _apart(check, claims, network, stranger):
    """Also counts what the stranger alone passes."""
    accepted = [c for c in claims if check(network, c)]
    apart = [c for c in claims if bool(check(network, c)) != bool(check(stranger, c))]
    return len(apart) / len(accepted) if accepted else None


def _refused_by_network(check, claims, network, stranger):
    return sum(not check(network, c) for c in claims) / max(len(claims), 1)


def _any(check, claims, network, stranger):
    accepted = [c for c in claims if check(network, c)]
    return any(not check(stranger, c) for c in accepted) if accepted else None


TEETH = (
    (_toothed(among=False), "Look only at the sentences that the check accepted for `network`."),
    (_toothed(kept=True), "That is the share that the stranger passes, too. How many are refused?"),
    (_toothed(count=True), "That is a number of sentences. Divide by how many were accepted."),
    (_toothed(over="all"), "Divide by the sentences that were *accepted* for `network`, not by "
     "all."),
    (_toothed(swapped=True), "You swapped `network` and `stranger`."),
    *((_toothed(empty=value), "If no sentence was accepted, there is nothing to say: return None.")
      for value in (0.0, 1.0, math.nan)),
    (_toothed(percent=True), "A share is asked for, not percent."),
    *((_difference(empty), "You subtract two shares of all sentences. Take the accepted ones, and "
       "ask which of them the stranger's check refuses.") for empty in (None, 0)),
    (_ratio, "Ask the stranger's check only about the sentences that were accepted for `network`."),
    (_apart, "You count the sentences that only the stranger passes, too. Look at those that were "
     "accepted for `network`."),
    (_refused_by_network, "That asks the check about `network` only. Whom does it refuse for "
     "`stranger`?"),
    (_any, "True or False says too little: return a share."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


class Check:
    """A check that says what it looks at; here a network is a set, and a claim a text."""

    def __init__(self, says, ask):
        self.says, self.ask = says, ask

    def __call__(self, network, claim):
        if not isinstance(network, set):
            raise TypeError("check(network, claim): the network comes first, then the claim.")
        return self.ask(network, claim)

    def __repr__(self):
        return f"“{self.says}”"


by_table = Check("is the claim in the network?", lambda network, claim: claim in network)
never_no = Check("always yes", lambda network, claim: True)
always_no = Check("always no", lambda network, claim: False)
first_letter = Check("does the claim begin with a?", lambda network, claim: claim[0] == "a")

TEETH_CASES = (
    (by_table, ["a", "b", "c", "d"], {"a", "b"}, {"a", "c"}),
    (by_table, ["a", "b", "c", "d", "e"], {"a", "b", "c", "d"}, {"e"}),
    (never_no, ["a", "b", "c"], {"a"}, {"b"}),
    (always_no, ["a", "b"], {"a"}, {"b"}),
    (first_letter, ["ab", "ac", "b"], {"ab"}, {"b"}),
    (by_table, ["a", "b", "c"], {"a", "b", "c"}, {"a", "b"}),
    (by_table, ["a", "b", "c", "d", "e", "f"], {"a"}, {"b", "c"}),
)


@exercise(
    "3.8.2",
    title="a check with teeth",
    minutes=10,
    difficulty=2,
    solution=teeth,
    hints=(
        "First make the list of the claims for which `check(network, claim)` is true.",
        "Of that list, count those for which `check(stranger, claim)` is false.",
        ("it divides by zero", "A check may accept nothing: return None then."),
        (
            "'str' object has no attribute 'holds'",
            "Call `check`: it is what you measure. The claims that you are given here are texts.",
        ),
    ),
)
def _(answer):
    return agree(answer, teeth, *TEETH_CASES, slips=TEETH, tolerance=1e-6)
