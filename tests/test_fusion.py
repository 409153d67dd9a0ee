"""Laws of agreement between explanations."""

import pytest
import torch
from scipy.stats import spearmanr

from course_utils import fusion


@pytest.fixture
def maps():
    generator = torch.Generator().manual_seed(0)
    first = torch.randn(4, 1, 6, 5, generator=generator)
    return first, first + torch.randn(4, 1, 6, 5, generator=generator)


def test_is_scipys_spearman_with_and_without_ties(maps):
    for a, b in (maps, [x.round() for x in maps]):
        wanted = [spearmanr(x.flatten(), y.flatten()).statistic for x, y in zip(a, b)]
        assert fusion.agreement(a, b).tolist() == pytest.approx(wanted, abs=1e-12)


def test_only_the_order_counts(maps):
    a, _ = maps
    assert fusion.agreement(a, a.exp() * 3 + 1).tolist() == pytest.approx([1] * 4)
    assert fusion.agreement(a, -a).tolist() == pytest.approx([-1] * 4)


def test_a_hand_answer():
    # ranks 0 1 2 3 against 1 0 2 3: 1 - 6·(1 + 1)/(4·15) = 0.8
    a, b = torch.tensor([[1.0, 2, 3, 4]]), torch.tensor([[20.0, 10, 30, 40]])
    assert fusion.agreement(a, b).item() == pytest.approx(0.8)


def test_a_constant_map_agrees_with_nothing(maps):
    a, _ = maps
    assert fusion.agreement(a, torch.zeros_like(a)).tolist() == [0] * 4


def test_each_image_is_compared_with_its_own(maps):
    a, b = maps
    swapped = fusion.agreement(a, b[[1, 0, 2, 3]])
    assert swapped[0] != pytest.approx(fusion.agreement(a, b)[0].item())
    assert swapped[2:].tolist() == pytest.approx(fusion.agreement(a, b)[2:].tolist())


def test_overlap_by_hand():
    a = torch.tensor([[9.0, 8, 1, 2, 3, 4, 0, 0, 0, 0]])
    b = torch.tensor([[9.0, 0, 8, 2, 3, 4, 0, 0, 0, 0]])
    assert fusion.top_overlap(a, b, share=0.2).item() == 0.5
    assert fusion.top_overlap(a, b, share=1.0).item() == 1


def test_random_maps_keep_the_values_and_lose_the_places():
    a = torch.randn(50, 1, 32, 32, generator=torch.Generator().manual_seed(0))
    shuffled = fusion.random_maps(a, seed=0)
    assert torch.equal(shuffled.flatten(1).sort(1).values, a.flatten(1).sort(1).values)
    assert fusion.agreement(a, shuffled).mean().abs() < 0.02
    assert fusion.top_overlap(a, shuffled).mean().item() == pytest.approx(0.1, abs=0.02)
    assert torch.equal(fusion.random_maps(a, seed=0), shuffled)
    assert not torch.equal(fusion.random_maps(a, seed=1), shuffled)


def test_messages(maps):
    a, b = maps
    with pytest.raises(ValueError, match=r"of one shape.*\(4, 1, 6, 5\) and \(3, 1, 6, 5\)"):
        fusion.agreement(a, b[:3])
    with pytest.raises(ValueError, match="Did you mean 0.1"):
        fusion.top_overlap(a, b, share=10)


def test_only_chosen_pixels_count(maps):
    a, b = maps
    where = torch.rand(a.shape, generator=torch.Generator().manual_seed(1)) < 0.5
    wanted = [spearmanr(x[w], y[w]).statistic for x, y, w in zip(a, b, where)]
    assert fusion.agreement(a, b, where=where).tolist() == pytest.approx(wanted, abs=1e-12)
    elsewhere = torch.where(where, b, 9.0)
    assert torch.equal(fusion.agreement(a, elsewhere, where=where),
                       fusion.agreement(a, b, where=where))  # fmt: skip
    everywhere = torch.ones_like(where)
    assert torch.allclose(fusion.agreement(a, b, where=everywhere), fusion.agreement(a, b))


def test_nothing_chosen_agrees_with_nothing(maps):
    a, b = maps
    where = torch.zeros_like(a, dtype=torch.bool)
    where[0, 0, 0, 0] = True
    assert fusion.agreement(a, b, where=where).tolist() == [0] * 4


def test_random_maps_stay_among_the_chosen_pixels(maps):
    a, _ = maps
    where = a > 0
    shuffled = fusion.random_maps(a, seed=0, where=where)
    assert torch.equal(shuffled[~where], a[~where]) and not torch.equal(shuffled, a)
    assert torch.equal(shuffled[0][where[0]].sort().values, a[0][where[0]].sort().values)


@pytest.mark.parametrize("where", [torch.ones(4, 1, 6, 5), torch.ones(4, 6, 5).bool()])
def test_where_must_be_true_or_false_for_each_pixel(maps, where):
    with pytest.raises(ValueError, match="where must be bool of the maps' shape"):
        fusion.agreement(*maps, where=where)


# ---- filters


def test_taylor_scores_by_hand():
    a = torch.tensor([[[[1.0, 2.0]], [[3.0, 0.0]]], [[[1.0, 0.0]], [[1.0, 1.0]]]])
    g = torch.tensor([[[[1.0, -1.0]], [[2.0, 9.0]]], [[[3.0, 9.0]], [[1.0, -1.0]]]])
    # image 1: |1 - 2| and |6|; image 2: |3| and |1 - 1|
    assert fusion.taylor_scores(a, g).tolist() == [2.0, 3.0]
    assert fusion.taylor_scores(a[..., 0, 0], g[..., 0, 0]).tolist() == [2.0, 3.5]


def test_taylor_scores_forecast_a_linear_loss_exactly():
    generator = torch.Generator().manual_seed(0)
    a = torch.randn(5, 3, 4, 4, generator=generator)
    w = torch.randn(5, 3, 4, 4, generator=generator)
    whole = (a * w).flatten(1).sum(1)
    for k, score in enumerate(fusion.taylor_scores(a, w)):
        silent = a.clone()
        silent[:, k] = 0
        moved = (whole - (silent * w).flatten(1).sum(1)).abs().mean()
        assert score.item() == pytest.approx(moved.item(), rel=1e-4)


def test_taylor_scores_need_one_shape():
    with pytest.raises(ValueError, match="one shape"):
        fusion.taylor_scores(torch.ones(2, 3, 4, 4), torch.ones(2, 3, 4))
