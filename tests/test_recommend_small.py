"""Laws of smaller factors, their files, and reasons tested by removal."""

import pytest
import torch
from test_recommend import some_ratings

from course_utils import recommend
from course_utils.recommend import compress, explain, ridge
from course_utils.recommend.explain import Case


@pytest.fixture(scope="module")
def stars():
    return recommend.on_stars(some_ratings(), dimensions=6, steps=10)


def same(one, other):
    return all(torch.equal(getattr(one, name), getattr(other, name))
               for name in ("user", "film", "user_bias", "film_bias", "mean"))  # fmt: skip


# ---- smaller


@pytest.mark.parametrize("bits", [8, 4, 2])
def test_rounding_is_within_half_a_step_of_each_row_and_repeats(stars, bits):
    small = compress.rounded(stars, bits=bits)
    step = stars.film.abs().amax(1, keepdim=True) / (2 ** (bits - 1) - 1)
    assert ((small.film - stars.film).abs() <= 0.51 * step).all()
    assert small.film[3].unique().numel() <= 2**bits - 1
    assert same(compress.rounded(small, bits=bits), small)
    assert torch.equal(small.user_bias, stars.user_bias)


@pytest.mark.parametrize("bits", [None, 8, 4, 2])
def test_files_load_again_bit_for_bit(stars, tmp_path, bits):
    kept = compress.with_rows(stars, torch.arange(40) % 3 == 0)
    small = compress.rounded(kept, bits=bits) if bits else kept
    size = compress.save(small, tmp_path / "x", bits=bits)
    again = compress.load(tmp_path / "x")
    assert size == (tmp_path / "x").stat().st_size
    assert torch.equal(again.film, small.film) and torch.equal(again.user, small.user)
    assert again.mean == small.mean
    assert torch.allclose(again.film_bias, small.film_bias, atol=0 if bits is None else 2e-3)
    if bits is None:
        assert same(again, small)


def test_bytes_are_what_bits_and_rows_promise(tmp_path):
    """Beyond the header: codes, 2 bytes a scale, and a bit a film for the rows that stay."""
    likes = recommend.on_likes(some_ratings(films=400), dimensions=16, steps=2)
    sizes = {bits: compress.save(likes, tmp_path / "x", bits=bits) for bits in (8, 4, 2)}
    count = 16 * (400 + 30)
    assert abs(sizes[8] - sizes[4] - count * 4 / 8) < 16
    assert abs(sizes[4] - sizes[2] - count * 2 / 8) < 16
    half = compress.with_rows(likes, torch.arange(400) < 200)
    gone = sizes[4] - compress.save(half, tmp_path / "x", bits=4)
    assert abs(gone - (200 * (8 + 2) - 400 / 8)) < 120


def test_biases_without_vectors_can_be_kept(tmp_path):
    base = recommend.biases(some_ratings())
    compress.save(base, tmp_path / "x")
    assert same(compress.load(tmp_path / "x"), base)


def test_a_vector_below_zero_is_no_zero_vector(tmp_path):
    likes = recommend.on_likes(some_ratings(), dimensions=2, steps=2)
    likes.film[:] = -1.0
    likes.film[7] = 0.0
    compress.save(likes, tmp_path / "x")
    assert same(compress.load(tmp_path / "x"), likes)


def test_rows_that_stay_are_named_by_a_bool_each():
    with pytest.raises(ValueError, match="bool for each"):
        compress.with_rows(recommend.popularity(some_ratings()), torch.ones(5))


def test_truncation_is_the_best_of_its_rank(stars):
    whole = stars.user @ stars.film.T
    strength = torch.linalg.svdvals(whole)
    for size in (1, 3, 6):
        small = compress.truncated(stars, dimensions=size)
        assert small.dimensions == size
        error = (small.user @ small.film.T - whole).square().sum()
        assert error.item() == pytest.approx(strength[size:].square().sum().item(), abs=1e-3)
    with pytest.raises(ValueError, match="1 to 6"):
        compress.truncated(stars, dimensions=7)


# ---- reasons


@pytest.fixture
def case():
    film = torch.randn(20, 3, generator=torch.Generator().manual_seed(4))
    return Case(film, torch.tensor([2, 5, 7, 11]), 13, weight=6.0, penalty=2.0)


def test_removal_is_the_refit_without_each_film(case):
    found = explain.removed(case)
    for place, film in enumerate(case.liked):
        others = case.liked[case.liked != film]
        vector = ridge.user_vector(case.film, others, weight=6.0, penalty=2.0)
        fall = case.score() - float(vector @ case.film[13])
        assert found[place].item() == pytest.approx(fall, abs=1e-5)


def test_the_only_film_carries_the_whole_score(case):
    one = Case(case.film, case.liked[:1], 13)
    assert explain.removed(one).item() == pytest.approx(one.score(), abs=1e-6)


def test_a_film_like_no_other_counts_nothing():
    film = torch.cat([torch.eye(4), torch.tensor([[1.0, 0, 0, 0]])])
    case = Case(film, torch.tensor([1, 0, 3]), 4)
    assert explain.removed(case).tolist() == pytest.approx([0, case.score(), 0], abs=1e-6)
    assert explain.similar(case).tolist() == [0, 1, 0]


def test_similarity_ignores_length(case):
    longer = Case(case.film * torch.rand(20, 1), case.liked, 13)
    assert torch.allclose(explain.similar(longer), explain.similar(case), atol=1e-5)


def test_left_takes_out_the_strongest(case):
    reasons = torch.tensor([0.1, 0.9, -3.0, 0.5])
    assert explain.left(case, reasons, 2).tolist() == [2, 7]
    with pytest.raises(ValueError, match="5 films"):
        explain.left(case, reasons, 5)


def test_place_counts_unseen_films_only(case):
    scores = case.film @ case.vector()
    ahead = (scores > scores[13]).nonzero().flatten()
    nothing = torch.tensor([], dtype=torch.int64)
    assert explain.place(case, nothing) == 1 + len(ahead)
    assert explain.place(case, ahead) == 1
    fewer = case.film @ case.vector(case.liked[:2])
    assert explain.place(case, nothing, case.liked[:2]) == 1 + int((fewer > fewer[13]).sum())
