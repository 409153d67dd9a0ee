"""Ternary, binary, codebooks: the papers' formulas, and k-means against scikit-learn."""

import pytest
import torch

from course_utils.quantize import binary, codebook, ternary


def normal(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


def test_ternary_hand_answer():
    # mean|w| = 2, threshold 1.4: kept are -1.45, 4.2 and -4, their mean size is 9.65/3
    q = ternary(torch.tensor([-1.45, 1.35, 4.2, 1.0, 0.0, -4.0]))
    assert q.codes.tolist() == [-1, 0, 1, 0, 0, -1]
    assert q.scale == pytest.approx(9.65 / 3) and q.zero_point == 0 and q.bits == "ternary"


def test_ternary_scale_is_the_best_for_its_codes():
    w = normal(1000)
    q = ternary(w)
    best = (w * q.codes).sum() / (q.codes**2).sum()  # least squares
    assert q.scale.item() == pytest.approx(best.item(), rel=1e-5)


def test_binary_hand_answer():
    q = binary(torch.tensor([1.0, -3.0, 0.0, -0.0]))
    assert q.codes.tolist() == [1, -1, 1, 1]
    assert q.scale == 1 and q.bits == "binary"


def test_binary_scale_is_the_best_for_its_codes():
    w = normal(1000)
    q = binary(w)
    best = (w * q.codes).sum() / len(w)
    assert q.scale.item() == pytest.approx(best.item(), rel=1e-5)


@pytest.mark.parametrize("make", [ternary, binary])
@pytest.mark.parametrize("axis", [0, 1, 2, -1])
def test_every_channel_is_rounded_as_if_alone(make, axis):
    w = normal(3, 4, 5) * torch.tensor([1.0, 10, 100]).view(3, 1, 1)
    q = make(w, axis=axis)
    for channel in range(w.shape[axis]):
        alone = make(w.select(axis, channel))
        assert torch.equal(q.codes.select(axis, channel), alone.codes)
        assert q.scale[channel] == alone.scale


@pytest.mark.parametrize("make", [ternary, binary])
def test_rounding_again_changes_nothing(make):
    w = make(normal(8, 30), axis=0).dequantize()
    assert torch.equal(make(w, axis=0).dequantize(), w)


@pytest.mark.parametrize("make", [ternary, binary])
def test_limits(make):
    assert torch.equal(make(torch.zeros(2, 3)).dequantize(), torch.zeros(2, 3))
    assert torch.equal(make(torch.full((2, 3), -4.0)).dequantize(), torch.full((2, 3), -4.0))
    assert make(torch.tensor([2.5])).dequantize() == 2.5


@pytest.mark.parametrize("make", [ternary, binary])
def test_input_stays_and_bad_input_is_named(make):
    w = normal(4, 5)
    before = w.clone()
    assert make(w, axis=0).codes.dtype == torch.int32
    assert torch.equal(w, before)
    with pytest.raises(ValueError, match="w must be finite; 1 of 1"):
        make(torch.tensor([float("nan")]))
    with pytest.raises(ValueError, match="w is empty"):
        make(torch.empty(0))
    with pytest.raises(TypeError, match="w must hold floats"):
        make(torch.tensor([1, 2]))
    with pytest.raises(ValueError, match="axis must be None"):
        make(w, axis=2)


def test_codebook_hand_answer():
    b = codebook(torch.tensor([[0.0, 10.0], [1.0, 11.0]]), clusters=2)
    assert b.centroids.tolist() == [0.5, 10.5]
    assert b.codes.tolist() == [[0, 1], [0, 1]]
    assert b.dequantize().tolist() == [[0.5, 10.5], [0.5, 10.5]]


@pytest.mark.parametrize("clusters", [2, 3, 4, 16, 64])
def test_codebook_stands_still(clusters):
    x = normal(3000)
    b = codebook(x, clusters=clusters)
    nearest = (x[:, None] - b.centroids).abs().argmin(1)
    assert (nearest == b.codes).float().mean() > 0.999, "every value has its nearest centroid"
    for code, centroid in enumerate(b.centroids):
        assert centroid.item() == pytest.approx(x[b.codes == code].mean().item(), abs=1e-3)
    assert (b.centroids.diff() > 0).all()


@pytest.mark.parametrize("clusters", [2, 4, 16])
def test_scikit_learn_finds_no_better_codebook(clusters):
    from sklearn.cluster import KMeans

    x = normal(2000)
    ours = [codebook(x, clusters=clusters, seed=seed).dequantize() for seed in range(5)]
    errors = [(rounded - x).pow(2).sum() for rounded in ours]
    oracle = KMeans(clusters, n_init=5, random_state=0).fit(x[:, None].numpy()).inertia_
    assert min(errors).item() <= oracle * 1.02


@pytest.mark.parametrize("clusters", [4, 16])
def test_scikit_learn_agrees_from_the_same_start(clusters):
    from sklearn.cluster import KMeans

    x = normal(2000)
    ours = codebook(x, clusters=clusters, rounds=1000)
    start = ours.centroids[:, None].numpy()  # its end is a fixed point, so sklearn must stay there
    oracle = KMeans(clusters, init=start, n_init=1, tol=0).fit(x[:, None].numpy())
    assert torch.allclose(
        ours.centroids, torch.tensor(oracle.cluster_centers_[:, 0]).sort().values.float(), atol=1e-4
    )


def test_few_distinct_values_are_kept_exactly():
    x = torch.tensor([1.0, 1, 2, 3, 2])
    b = codebook(x, clusters=16)
    assert torch.equal(b.dequantize(), x) and b.centroids.tolist() == [1, 2, 3]
    assert codebook(torch.zeros(9), clusters=4).centroids.tolist() == [0]


def test_codebook_beats_the_even_grid_on_bell_shaped_weights():
    from course_utils.quantize import symmetric

    x = normal(5000)
    uneven = (codebook(x, clusters=16).dequantize() - x).pow(2).mean()
    even = (symmetric(x, bits=4).dequantize() - x).pow(2).mean()
    assert uneven < even


def test_codebook_is_the_same_for_the_same_seed_and_leaves_the_input():
    x = normal(500)
    before = x.clone()
    one, two = codebook(x, clusters=8, seed=3), codebook(x, clusters=8, seed=3)
    assert torch.equal(one.centroids, two.centroids) and torch.equal(x, before)
    assert one.codes.dtype == torch.int32 and one.centroids.dtype == torch.float32


@pytest.mark.parametrize("clusters", [1, 0, 2.0, True])
def test_codebook_refuses_a_senseless_number_of_clusters(clusters):
    with pytest.raises(ValueError, match="clusters must be a whole number of at least 2"):
        codebook(normal(10), clusters=clusters)
