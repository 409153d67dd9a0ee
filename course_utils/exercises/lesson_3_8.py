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


SPEAKS = (
    (_spoken(order=True), "That is the highest threshold that will do; it speaks least. Return the "
     "lowest."),
    (_spoken(strict=True), "A sentence that is exactly as sure as the threshold is spoken, too."),
    (_spoken(over="all"), "Divide by the number of *spoken* sentences. Silence is no falsehood."),
    (_spoken(edge=True), "At *least* goal: a share equal to the goal is enough."),
    (_spoken(none=lambda sure: max(sure, default=None)), "Where no threshold reaches the goal, "
     "return None: better silent than false."),
    (_spoken(none=math.inf), "Where no threshold reaches the goal, return None."),
    (_spoken(turned=True), "You speak where it is *less* sure than the threshold."),
    (_spoken(one_by_one=True), "Sentences that are equally sure are spoken together, or not at "
     "all: you cut between them."),
    (_spoken(value=False), "That is how many are spoken. Return the threshold."),
    (_first_failure, "You stop at the first threshold that fails. A lower one may reach the goal "
     "again."),
    (_as_sure_as_the_goal, "`sure` is no share of truth: its unit is its finder's. Count `held`."),
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
    return agree(answer, speak_from, *SPEAK_CASES, slips=SPEAKS, tolerance=1e-9)


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


def _difference(check, claims, network, stranger):
    claims = list(claims)
    if not any(check(network, c) for c in claims):
        return None
    return sum(check(network, c) - check(stranger, c) for c in claims) / len(claims)


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
    (_toothed(empty=0.0), "If no sentence was accepted, there is nothing to say: return None."),
    (_toothed(percent=True), "A share is asked for, not percent."),
    (_difference, "You subtract two shares of all sentences. Take the accepted ones, and ask which "
     "of them the stranger's check refuses."),
    (_any, "True or False says too little: return a share."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def by_table(network, claim):
    """A check that looks the verdict up: here a network is a set of sentences."""
    return claim in network


def never_no(network, claim):
    """A check that cannot fail."""
    return True


def always_no(network, claim):
    """A check that accepts nothing."""
    return False


def first_letter(network, claim):
    """A check that reads the sentence and asks no network."""
    return claim[0] == "a"


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
    ),
)
def _(answer):
    return agree(answer, teeth, *TEETH_CASES, slips=TEETH, tolerance=1e-9)
