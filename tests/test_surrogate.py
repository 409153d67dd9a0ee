"""Laws of LIME."""

import pytest
import torch
from sklearn.linear_model import Ridge

from course_utils import models, surrogate


def linear(masks):
    return masks.double() @ torch.tensor([1.0, -2.0, 0.0, 0.5]).double() + 3


def test_recovers_a_line_exactly():
    found = surrogate.fit_line(linear, 4, samples=100, ridge=0)
    assert found.weights.tolist() == pytest.approx([1, -2, 0, 0.5], abs=1e-9)
    assert found.intercept == pytest.approx(3) and found.fit == pytest.approx(1)


def test_is_scikit_learns_weighted_ridge():
    seen = {}

    def score(masks):
        seen["masks"] = masks.double()
        return masks[:, 0].double() * masks[:, 1] + masks[:, 2]

    found = surrogate.fit_line(score, 3, samples=60, kernel_width=0.4, ridge=2.0, seed=5)
    masks = seen["masks"]
    assert masks[0].tolist() == [1, 1, 1] and set(masks.unique().tolist()) == {0, 1}
    weight = torch.exp(-(((1 - masks.mean(1).sqrt()) / 0.4) ** 2))
    oracle = Ridge(alpha=2.0).fit(masks, score(masks), sample_weight=weight)
    assert found.weights.tolist() == pytest.approx(oracle.coef_.tolist(), abs=1e-9)
    assert found.intercept == pytest.approx(oracle.intercept_)
    assert found.fit == pytest.approx(oracle.score(masks, score(masks), weight))


def test_nearness_counts():
    """A score that is a line only near the input: a narrow kernel sees the line there."""
    def score(masks):
        near = masks.mean(1) > 0.7
        return torch.where(near, masks[:, 0], -masks[:, 0]).double()

    narrow = surrogate.fit_line(score, 8, samples=4000, kernel_width=0.03).weights[0]
    wide = surrogate.fit_line(score, 8, samples=4000, kernel_width=5.0).weights[0]
    assert narrow > 0.5 > 0 > wide


def test_a_feature_that_does_nothing_gets_nothing_and_seeds_decide():
    runs = [surrogate.fit_line(linear, 4, samples=50, seed=s).weights for s in (0, 0, 1)]
    assert abs(runs[0][2]) < 1e-3
    assert torch.equal(runs[0], runs[1]) and not torch.equal(runs[0], runs[2])


def test_grid_by_hand():
    grid = surrogate.grid_segments(4, 4, 2)
    assert grid.tolist() == [[0, 0, 1, 1], [0, 0, 1, 1], [2, 2, 3, 3], [2, 2, 3, 3]]
    uneven = surrogate.grid_segments(5, 7, 3)
    assert uneven.shape == (5, 7) and set(uneven.flatten().tolist()) == set(range(9))


class Corner(torch.nn.Module):
    """Class 1 wins by as much light as falls on the upper left corner."""

    def forward(self, images):
        light = images[:, 0, :2, :2].mean((1, 2)) * 4
        return torch.stack([-light, light], 1)


@pytest.mark.parametrize("log_odds", [False, True])
def test_finds_the_corner_that_decides(log_odds):
    images = torch.ones(2, 1, 4, 4)
    grid = surrogate.grid_segments(4, 4, 2)
    maps = surrogate.lime(Corner(), images, segments=grid, log_odds=log_odds, samples=100)
    assert maps.shape == images.shape
    assert (maps[:, :, :2, :2] > 0.4).all()
    assert maps[:, :, 2:, :].abs().max() < 0.01
    assert (surrogate.lime(Corner(), images, 0, segments=grid)[:, :, :2, :2] < -0.4).all()
    if log_odds:  # the difference of the two logits: 2 · 4
        assert maps[0, 0, 0, 0].item() == pytest.approx(8, rel=0.01)


def test_background_is_what_off_means():
    image = torch.full((1, 1, 4, 4), 0.3)
    grid = surrogate.grid_segments(4, 4, 2)
    maps = surrogate.lime(Corner(), image, segments=grid, background=0.3)
    assert maps.abs().max() < 1e-6  # off looks like on: nothing can matter


def test_integer_networks_can_be_explained_too():
    from course_utils import data

    images = data.fashion_mnist("validation")[0][:1]
    maps = surrogate.lime(models.load_network("IntegerQuantizedCNN"), images, samples=50)
    assert maps.shape == images.shape and maps.abs().sum() > 0


def test_log_odds_by_hand():
    def network(images):
        return torch.tensor([[0.2, 0.5, 0.3]]).log().expand(len(images), 3)

    one = torch.zeros(1, 1, 1, 1)
    assert surrogate.probability(network, one, 1).item() == pytest.approx(0.5)
    odds = surrogate.probability(network, one, 0, log_odds=True).item()
    assert odds == pytest.approx(torch.tensor(0.25).log().item(), abs=1e-6)


@pytest.mark.parametrize(("options", "words"), [
    ({"samples": 10}, "10 samples cannot settle 16 weights"),
    ({"kernel_width": 0}, "kernel_width must be above 0"),
    ({"segments": torch.zeros(2, 2, dtype=torch.int64)}, "segments must be 4 x 4"),
    ({"target": torch.tensor([1, 2, 3])}, "one class for all images or 1 class indices"),
])  # fmt: skip
def test_messages(options, words):
    with pytest.raises(ValueError, match=words):
        surrogate.lime(Corner(), torch.ones(1, 1, 4, 4), **options)
    with pytest.raises(ValueError, match="side must be from 1 to 4"):
        surrogate.grid_segments(4, 9, 5)
