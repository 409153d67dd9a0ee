"""The laws that define Shapley values."""

from itertools import permutations

import pytest
import torch

from course_utils import shapley

WORTH = torch.rand(2**5, generator=torch.Generator().manual_seed(0)).double()


def game(rows):
    """A random game of five players: each coalition has its own worth."""
    return WORTH[(rows * 2 ** torch.arange(5)).sum(1)]


def test_gloves_by_hand():
    """One left glove, two right ones; only a pair is worth 1: (4/6, 1/6, 1/6)."""
    def gloves(rows):
        return (rows[:, 0] & (rows[:, 1] | rows[:, 2])).double()

    assert shapley.exact(gloves, 3).tolist() == pytest.approx([4 / 6, 1 / 6, 1 / 6])


def test_is_the_mean_over_all_orders_of_arrival():
    wanted = torch.zeros(5).double()
    for order in permutations(range(5)):
        present = torch.zeros(1, 5, dtype=torch.bool)
        for player in order:
            before = game(present)
            present[0, player] = True
            wanted[player] += (game(present) - before).item() / 120
    assert torch.allclose(shapley.exact(game, 5), wanted, atol=1e-12)


def test_efficiency():
    whole = (WORTH[-1] - WORTH[0]).item()
    assert shapley.exact(game, 5).sum().item() == pytest.approx(whole, abs=1e-12)


def test_dummy_and_symmetry():
    def rules(rows):  # player 2 adds nothing; players 0 and 1 are interchangeable
        return rows[:, 0].double() * rows[:, 1] + 2 * rows[:, 3]

    values = shapley.exact(rules, 4)
    assert values.tolist() == pytest.approx([0.5, 0.5, 0, 2])


def test_linearity():
    both = shapley.exact(lambda rows: 2 * game(rows) + rows[:, 0].double(), 5)
    wanted = 2 * shapley.exact(game, 5) + torch.tensor([1.0, 0, 0, 0, 0])
    assert torch.allclose(both, wanted, atol=1e-12)


def test_coalitions_are_all_different_and_complete():
    rows = shapley.coalitions(3)
    assert rows.dtype == torch.bool and len({tuple(r) for r in rows.tolist()}) == 8
    assert rows[5].tolist() == [True, False, True]
    assert not rows[0].any() and rows[7].all()


def test_one_player_gets_it_all():
    assert shapley.exact(lambda rows: rows[:, 0] * 7.0 + 1, 1).tolist() == [7]


def test_messages():
    with pytest.raises(ValueError, match="1 to 20 players"):
        shapley.exact(game, 40)
    with pytest.raises(ValueError, match="one number for each of 8 coalitions"):
        shapley.exact(lambda rows: rows.double(), 3)
