"""Digits are turned, stretched and moved as asked, each on its own, and no further."""

import pytest
import torch

from course_utils.augment import turn_and_shift


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.fixture
def dot():
    images = torch.zeros(400, 1, 29, 29)
    images[:, :, 14, 20] = 1.0  # six pixels right of the middle
    return images


def centre(images):
    """Where each image's brightness lies: rows and columns from the middle."""
    mass, places = images.sum((1, 2, 3)), torch.arange(29.0) - 14
    return images.sum((1, 3)) @ places / mass, images.sum((1, 2)) @ places / mass


def test_without_limits_nothing_moves():
    images = torch.rand(5, 2, 28, 28, generator=generator())
    same = turn_and_shift(images, generator(), degrees=0, scale=0, pixels=0)
    assert torch.allclose(same, images, atol=1e-5)


def test_each_image_moves_on_its_own_and_at_most_so_far(dot):
    down, right = centre(turn_and_shift(dot, generator(), degrees=0, scale=0, pixels=2))
    right = right - 6
    for moved in (down, right):
        assert moved.abs().max() <= 2.001
        assert moved.max() > 1.8 and moved.min() < -1.8
        assert moved.std() == pytest.approx(2 / 3**0.5, rel=0.15)  # evenly drawn
    assert abs(torch.corrcoef(torch.stack([down, right]))[0, 1]) < 0.2


def test_a_turn_keeps_the_distance_from_the_middle(dot):
    down, right = centre(turn_and_shift(dot, generator(), degrees=30, scale=0, pixels=0))
    angles = torch.atan2(down, right).rad2deg()
    assert torch.allclose((down**2 + right**2).sqrt(), torch.tensor(6.0), atol=0.15)
    assert 27 < angles.max() < 31 and -31 < angles.min() < -27


def test_stretching_moves_along_the_ray(dot):
    down, right = centre(turn_and_shift(dot, generator(), degrees=0, scale=0.2, pixels=0))
    assert down.abs().max() < 0.05
    assert 7.0 < right.max() < 7.6 and 4.9 < right.min() < 5.2  # 6 / 0.8 and 6 / 1.2


def test_chance_comes_from_the_generator_alone():
    images = torch.rand(3, 1, 28, 28, generator=generator(5))
    kept = images.clone()
    state = torch.random.get_rng_state()
    a, b, c = (turn_and_shift(images, generator(seed)) for seed in (1, 1, 2))
    assert torch.equal(a, b) and not torch.equal(a, c)
    assert torch.equal(images, kept) and torch.equal(torch.random.get_rng_state(), state)


@pytest.mark.parametrize(
    ("shape", "options", "words"),
    [((2, 28, 28), {}, "n x channel"), ((2, 1, 28, 20), {}, "as high as wide"),
     ((1, 1, 28, 28), {"pixels": -1}, "not below 0")],
)  # fmt: skip
def test_what_makes_no_sense_is_refused(shape, options, words):
    with pytest.raises(ValueError, match=words):
        turn_and_shift(torch.zeros(shape), generator(), **options)
