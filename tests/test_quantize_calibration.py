"""Choosing a range: each method covers what it says, and wins where it should."""

import numpy as np
import pytest
import torch

from course_utils.quantize import affine, calibration, symmetric

SEED = 0


def normal(n=20_000, seed=SEED):
    return torch.randn(n, generator=torch.Generator().manual_seed(seed))


def squared_error(x, low, high, bits):
    return (affine(x, bits=bits, low=low, high=high).dequantize() - x).pow(2).mean().item()


def test_min_max_covers_everything():
    x = torch.tensor([[3.0, -7.5], [0.25, 1.0]])
    assert calibration.min_max(x) == (-7.5, 3.0)


def test_percentile_hand_answer():
    x = torch.arange(101.0)
    assert calibration.percentile(x, share=0.9) == pytest.approx((5, 95))
    assert calibration.percentile(x, share=1.0) == calibration.min_max(x)


def test_percentile_leaves_out_the_share_it_says_half_at_each_end():
    x = normal()
    low, high = calibration.percentile(x, share=0.98)
    assert (x < low).float().mean().item() == pytest.approx(0.01, abs=1e-3)
    assert (x > high).float().mean().item() == pytest.approx(0.01, abs=1e-3)


def test_mse_is_the_best_of_its_candidates_and_never_worse_than_min_max():
    x = normal(4000)
    low, high = calibration.mse(x, bits=4, candidates=20)
    least, ends = squared_error(x, low, high, 4), calibration.min_max(x)
    for share in np.arange(1, 21) / 20:
        assert least <= squared_error(x, ends[0] * share, ends[1] * share, 4) + 1e-12
    assert least < 0.8 * squared_error(x, *ends, 4)


def test_mse_keeps_the_whole_range_where_clipping_only_costs():
    x = torch.linspace(0, 1, 256)  # lies exactly on the 8-bit grid
    assert calibration.mse(x, bits=8) == pytest.approx((0, 1))


def test_mse_limit_is_found_per_channel():
    x = torch.stack([normal(3000), normal(3000, seed=1) * 50])
    limits = calibration.mse_limit(x, bits=4, axis=0)
    for row in range(2):
        assert limits[row] == calibration.mse_limit(x[row], bits=4)
        assert limits[row] <= x[row].abs().max()
    clipped = symmetric(x, bits=4, axis=0, limit=limits).dequantize()
    whole = symmetric(x, bits=4, axis=0).dequantize()
    assert ((clipped - x).pow(2).mean(1) < (whole - x).pow(2).mean(1)).all()


def test_kl_ignores_an_outlier_that_min_max_follows():
    x = torch.cat([normal().abs(), torch.tensor([200.0])])
    low, high = calibration.kl(x)
    assert low == 0
    assert 3 < high < 60, f"the bulk ends near 4; got {high}"
    assert calibration.min_max(x)[1] == 200


def test_kl_is_symmetric_for_signed_values_and_keeps_a_flat_histogram_whole():
    low, high = calibration.kl(normal())
    assert low == -high < 0
    one_bit_for_the_sign = calibration.kl(normal().abs(), bits=7)
    assert one_bit_for_the_sign == (0, high)
    flat = torch.linspace(0.001, 1, 100_000)
    assert calibration.kl(flat)[1] == pytest.approx(1, abs=0.01)


def test_kl_leaves_exact_zeros_out():
    x = normal().abs()
    assert calibration.kl(x) == calibration.kl(torch.cat([x, torch.zeros(100_000)]))


def test_kl_is_fooled_by_a_spike():
    """Half of the values are one background value: the rest is clipped onto it."""
    bulk = torch.linspace(0.01, 2, 10_000)
    assert calibration.kl(bulk)[1] == pytest.approx(2, abs=0.01)
    assert calibration.kl(torch.cat([bulk, torch.full((20_000,), 0.7)]))[1] < 1


def test_divergence_hand_answer():
    counts = np.array([4, 0, 2, 2, 1, 1])
    # first four bins on two levels; the last two clipped into bin 3:
    # P = 4 0 2 4 over 10; each level shares its mass over its filled bins: Q = 4 0 2 2 over 8
    # (levels are two bins wide: 4 + 0 stays in its one filled bin, 2 + 2 is 2 and 2)
    expected = 0.4 * np.log(0.4 / 0.5) + 0.2 * np.log(0.2 / 0.25) + 0.4 * np.log(0.4 / 0.25)
    assert calibration._divergence(counts, 4, 2) == pytest.approx(expected)
    assert calibration._divergence(counts, 6, 6) == 0, "as many levels as bins lose nothing"
    # two bins hold 4 0, all else is clipped into the empty one: Q is 1 and the floor, 1e-4
    expected = 0.4 * np.log(0.4 * 1.0001) + 0.6 * np.log(0.6 * 1.0001 / 1e-4)
    assert calibration._divergence(counts, 2, 2) == pytest.approx(expected)
    assert calibration._divergence(np.array([0, 0, 5]), 2, 2) == float("inf")


METHODS = [calibration.min_max, calibration.percentile, calibration.mse, calibration.kl]


@pytest.mark.parametrize("method", METHODS)
def test_limits_of_each_method(method):
    assert method(torch.zeros(10)) == (0, 0)
    low, high = method(torch.full((3, 3), 2.0))
    assert high == pytest.approx(2.0, rel=0.02) and low <= 2.0
    low, high = method(torch.tensor([-4.0]))
    assert low == pytest.approx(-4.0, rel=0.02)


@pytest.mark.parametrize("method", METHODS)
def test_the_range_fits_affine_and_the_input_stays(method):
    x = normal(500)
    before = x.clone()
    low, high = method(x)
    assert isinstance(low, float) and isinstance(high, float) and low < high
    affine(x, low=low, high=high)
    assert torch.equal(x, before)


@pytest.mark.parametrize("method", METHODS)
def test_bad_input_is_named(method):
    with pytest.raises(ValueError, match="NaN or infinite"):
        method(torch.tensor([1.0, float("nan")]))
    with pytest.raises(ValueError, match="empty"):
        method(torch.empty(0))


def test_bad_options_are_named():
    with pytest.raises(ValueError, match=r"in \(0, 1\]; got 99.9. Did you mean 0.999"):
        calibration.percentile(normal(10), share=99.9)
    with pytest.raises(ValueError, match="share must be in"):
        calibration.percentile(normal(10), share=0)
    with pytest.raises(ValueError, match="bits must be a whole number"):
        calibration.kl(normal(10), bits=16)
    with pytest.raises(ValueError, match="candidates"):
        calibration.mse(normal(10), candidates=0)
    with pytest.raises(ValueError, match="candidates"):
        calibration.mse_limit(normal(10), candidates=0)
