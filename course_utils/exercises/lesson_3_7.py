"""Exercises of lesson 3.7: who deserves the credit for a prediction?"""

import math
from collections.abc import Callable
from itertools import combinations
from math import factorial

import torch

from course_utils.exercises import agree, exercise

# ---- 3.7.1


def share(worth, players, player):
    others = [p for p in players if p != player]
    n, total = len(players), 0.0
    for size in range(n):
        weight = factorial(size) * factorial(n - size - 1) / factorial(n)
        for members in combinations(others, size):
            before = frozenset(members)
            total += weight * (worth(before | {player}) - worth(before))
    return total


def _share(
    weigh: Callable[[int, int], float],
    *,
    start: int = 0,
    short: int = 0,
    minus: bool = True,
    nobody: bool = True,
) -> Callable:
    """The share with one thing done wrongly."""

    def wrong(worth, players, player):
        others = [p for p in players if p != player]
        n, total = len(players), 0.0
        for size in range(start, n - short):
            for members in combinations(others, size):
                before = frozenset(members)
                less = worth(before) if minus and (nobody or members) else 0.0
                total += weigh(size, n) * (worth(before | {player}) - less)
        return total

    return wrong


class Named:
    """A game with a name that a remark can tell."""

    def __init__(self, worth, name):
        self.worth, self.name = worth, name

    def __call__(self, members):
        return self.worth(members)

    def __repr__(self):
        return self.name


def _fair(s, n):
    return factorial(s) * factorial(n - s - 1) / factorial(n)


SHARES = (
    (_share(lambda s, n: 1 / 2 ** (n - 1)), "You weigh all coalitions alike. (That is the Banzhaf "
     "value, and its shares need not sum to the whole.) The weight depends on the size."),
    (_share(lambda s, n: 1), "The gains are right; the weights are missing."),
    (_share(lambda s, n: n * _fair(s, n)), "You take the mean for each size, and then add the "
     "sizes. There are n sizes, each as likely as the next: divide by n."),
    (_share(lambda s, n: factorial(s) * factorial(n - s - 1)), "The weights are not shares yet: "
     "divide by n!."),
    (_share(lambda s, n: factorial(s) * factorial(n - s) / factorial(n)), "After the player come "
     "n − |S| − 1 others: the player is not among them."),
    (_share(_fair, start=1), "The empty coalition counts, too: somebody has to come first."),
    (_share(_fair, short=1), "The largest coalition is missing: the player may come last."),
    (_share(_fair, minus=False), "That is what coalitions with the player are worth. Take off what "
     "they are worth without."),
    (_share(_fair, nobody=False), "Nobody may be worth something, too: worth(frozenset()) need not "
     "be 0."),
    (_share(lambda s, n: factorial(s + 1) * factorial(n - s - 1) / factorial(n)), "|S| does not "
     "count the player: |S|! orders come before, not (|S| + 1)!."),
    (_share(lambda s, n: factorial(s) * factorial(n - s - 1) // factorial(n)), "`//` rounds the "
     "weight down to 0; use `/`."),
    (_share(lambda s, n: factorial(s) * factorial(n - s - 2) / factorial(n - 1) if n > s + 1 else 0,
            short=1), "n counts *all* players, the one in question too."),
    (lambda worth, players, player: worth(frozenset(players)) / len(players), "That is an equal "
     "split. Shares depend on what each adds."),
    (lambda worth, players, player: worth(frozenset(players))
     - worth(frozenset(players) - {player}), "That is the gain of coming last. Take the mean over "
     "all places of arrival."),
    (lambda worth, players, player: worth(frozenset({player})) - worth(frozenset()), "That is the "
     "gain of coming first. Take the mean over all places of arrival."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def gloves(members):
    return 12.0 if "A" in members and len(members) > 1 else 0.0


def bends(members):
    base = 2.0 + sum({"A": 3.0, "B": 1.0, "C": -2.0, "D": 0.5}.get(p, 0.0) for p in members)
    return base + 4.0 * ({"A", "D"} <= set(members)) + len(members) ** 3 / 5


def chain(members):
    return float(sum(2**p for p in members) ** 2)


@exercise(
    "3.7.1",
    title="without the orders",
    minutes=10,
    difficulty=2,
    solution=share,
    hints=(
        "`itertools.combinations(others, size)` gives all coalitions of a size; `others` are the "
        "players without the one in question.",
        "A gain is worth(S with the player) − worth(S). Sets join by `|`: "
        "`frozenset(members) | {player}`.",
        ("I get 6 for Ann", "Do you weigh by size? Half of the coalitions is not half of the "
         "orders."),
    ),
)  # fmt: skip
def _(answer):
    pair, bent, odd = Named(gloves, "the gloves"), Named(bends, "a game"), Named(chain, "a game")
    cases = [(pair, "ABC", "A"), (pair, "ABC", "B"), (bent, "ABCD", "D"), (bent, "DCBA", "C"),
             (bent, "B", "B"), (odd, (1, 2, 3, 4, 5), 4), (bent, ["A", "B"], "A")]  # fmt: skip
    return agree(answer, share, *cases, slips=SHARES)


# ---- 3.7.2


def orders_needed(gains, error):
    spread = gains.std(0).max().item()  # the most uncertain player's
    return max(2, math.ceil((spread / error) ** 2))


def _needed(*, spread: Callable | None = None, power: float = 2, up: bool | Callable = True,
            least: int = 2, factor: float = 1) -> Callable:  # fmt: skip
    """The number with one thing done wrongly."""

    def wrong(gains, error):
        found = (spread or (lambda g: g.std(0).max()))(gains).item()
        number = (factor * found / error) ** power
        return max(least, {True: math.ceil, False: math.floor}.get(up, up)(number))

    return wrong


NEEDED = (
    (_needed(power=1), "The error falls with the *root* of the orders, so half the error takes "
     "four times as many."),
    (_needed(spread=lambda g: g.std(0, correction=0).max()), "Take the spread of a sample: divide "
     "by one less than the number of orders."),
    (_needed(spread=lambda g: g.std(0).mean()), "No player's error may be above `error`: the "
     "largest spread decides, not the mean one."),
    (_needed(spread=lambda g: g.std(0).min()), "The largest spread decides, not the smallest."),
    (_needed(spread=lambda g: g.std(0)[0]), "That is right for the first player. The largest "
     "spread decides."),
    (_needed(spread=lambda g: g.std()), "You took the spread of all gains together. Each player "
     "has an own spread: one a column."),
    (_needed(spread=lambda g: g.std(1).max()), "A row is an order, a column a player: the spread "
     "is taken down the columns."),
    (_needed(spread=lambda g: g.std(0).max() / len(g) ** 0.5), "You divide by the root of the "
     "orders twice: the spread of the gains does not fall with their number."),
    (_needed(spread=lambda g: g.var(0).max()), "You squared twice: the variance is the spread "
     "squared already."),
    (_needed(spread=lambda g: g.var(0).max(), power=1), "The variance is divided by the *square* "
     "of the error."),
    (_needed(up=False), "You round down: then the error is a little too large."),
    (_needed(up=round), "Round *up*: to the nearest may be one order too few."),
    (_needed(up=lambda x: x), "Orders are whole: round up."),
    (_needed(up=lambda x: int(x) + 1), "You always add one. Round up with `math.ceil`: a number "
     "that is whole already stays."),
    (_needed(spread=lambda g: g.std(correction=0)), "You took the spread of all gains together. "
     "Each player has an own spread: one a column."),
    (_needed(spread=lambda g: g.var(0).sum() ** 0.5), "You added the players. No player's error "
     "may be above `error`: the largest spread decides."),
    (_needed(spread=lambda g: g.mean(0).abs().max()), "That is the mean gain. The error comes from "
     "the gains' spread."),
    (_needed(spread=lambda g: g.std(0).max(), power=-2), "Your fraction is upside down: a smaller "
     "error needs more orders."),
    (_needed(factor=2), "One standard error was asked for, not two."),
    (_needed(least=0), "One order has no spread: at least 2 are needed."),
    (_needed(least=1), "One order has no spread: at least 2 are needed."),
    (lambda gains, error: max(0, orders_needed(gains, error) - len(gains)), "That is how many "
     "orders are still missing. How many are needed in all?"),
    (lambda gains, error: max(len(gains), orders_needed(gains, error)), "Fewer orders than the "
     "first table has may be enough."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _table(orders: int, spreads: list[float], seed: int) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    noise = torch.randn(orders, len(spreads), generator=generator, dtype=torch.float64)
    return noise * torch.tensor(spreads) + torch.arange(len(spreads))


THREE = torch.tensor([[-1.0, 0], [0, 0.5], [1, 0]], dtype=torch.float64)
"""Three orders, two players: the first has a spread of 1."""


@exercise(
    "3.7.2",
    title="how many orders?",
    minutes=10,
    difficulty=2,
    solution=orders_needed,
    hints=(
        "A standard error is spread / √orders. The spread of a player's gains is about the same "
        "in any number of orders: take it from the table.",
        "Solve spread / √orders = error for the orders, for the player with the largest spread, "
        "and round up.",
        ("I get 0 or 1 in one case", "One order has no spread. Return at least 2."),
    ),
)  # fmt: skip
def _(answer):
    cases = [
        (_table(20, [0.3, 2.0, 1.0], 0), 0.1),
        (_table(8, [1.5, 0.2], 1), 0.25),
        (_table(5, [0.7, 0.9, 3.0, 0.1], 2), 0.5),
        (_table(30, [0.1, 0.2], 3), 0.6),
        (_table(400, [2.0, 0.5], 4), 0.4),
        (THREE, 0.5),  # exactly 4
        (THREE, 0.6),  # 2.8
    ]
    return agree(answer, orders_needed, *cases, slips=NEEDED)
