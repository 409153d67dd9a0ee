"""Laws of LIME: the core, and images."""

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


def test_weighted_line_takes_any_numbers_and_is_scikit_learns():
    chance = torch.Generator().manual_seed(1)
    x = torch.randn(40, 3, generator=chance, dtype=torch.float64)
    y = x[:, 0] ** 2 + torch.randn(40, generator=chance, dtype=torch.float64)
    w = torch.rand(40, generator=chance, dtype=torch.float64)
    for ridge in (0.0, 3.0):
        found = surrogate.weighted_line(x, y, w, ridge=ridge)
        oracle = Ridge(alpha=ridge).fit(x, y, sample_weight=w)
        assert found.weights.tolist() == pytest.approx(oracle.coef_.tolist(), abs=1e-9)
        assert found.intercept == pytest.approx(oracle.intercept_)


def test_given_masks_are_used_and_nothing_is_drawn():
    masks = surrogate.draw_masks(80, 4, seed=7)
    given = surrogate.fit_line(linear, 4, masks=masks)
    assert torch.equal(given.weights, surrogate.fit_line(linear, 4, samples=80, seed=7).weights)
    with pytest.raises(ValueError, match="masks must be samples x 4"):
        surrogate.fit_line(linear, 4, masks=masks[:, :3])


def test_more_masks_of_a_seed_begin_with_the_fewer():
    few, many = (surrogate.draw_masks(n, 9, seed=2) for n in (50, 500))
    assert torch.equal(many[:50], few) and few[0].all()
    assert not torch.equal(surrogate.draw_masks(50, 9, seed=3), few)
    assert 0.4 < many.mean() < 0.6


def test_nearness_by_hand():
    masks = torch.tensor([[1.0, 1, 1, 1], [1, 0, 0, 0], [0, 0, 0, 0]])
    near = surrogate.nearness(masks, 0.5)  # distances 0, 1 - 1/2, 1
    assert near.tolist() == pytest.approx([1, 2.718281828**-1, 2.718281828**-4])


def test_effective_samples_by_hand():
    x, y = torch.tensor([[0.0], [1.0], [2.0], [3.0]]), torch.zeros(4)
    for weight, left in (([1.0, 1, 1, 1], 4), ([1, 1, 0, 0], 2), ([5, 0, 0, 0], 1)):
        found = surrogate.weighted_line(x, y, torch.tensor(weight))
        assert found.effective == pytest.approx(left)


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


def test_blank_segments_become_one_with_the_last_number():
    grid = surrogate.grid_segments(4, 4, 2)
    images = torch.zeros(3, 1, 4, 4)
    images[0, 0, 3, 0] = 0.5  # only segment 2 shows something
    images[1] += 1  # all show something
    merged = surrogate.merge_blank(grid, images)
    assert merged[0].tolist() == [[1, 1, 1, 1], [1, 1, 1, 1], [0, 0, 1, 1], [0, 0, 1, 1]]
    assert torch.equal(merged[1], grid) and not merged[2].any()
    white = surrogate.merge_blank(grid, images, background=1.0)
    assert not white[1].any() and torch.equal(white[2], grid)


def test_each_image_can_have_its_own_segments():
    images = torch.zeros(2, 1, 4, 4)
    images[0, :, :2, :2] = 1
    images[1] += 1
    grid = surrogate.grid_segments(4, 4, 2)
    own = surrogate.merge_blank(grid, images)
    maps = surrogate.lime(Corner(), images, 1, segments=own, samples=60)
    for k in range(2):
        alone = surrogate.lime(Corner(), images[k : k + 1], 1, segments=own[k], samples=60)
        assert torch.equal(maps[k], alone[0])
    assert (maps[0, 0, 2:] == maps[0, 0, 0, 3]).all()  # one feature


def test_batches_do_not_matter_and_bound_the_memory():
    seen = []

    class Counting(Corner):
        def forward(self, images):
            seen.append(len(images))
            return super().forward(images)

    images = torch.rand(2, 1, 4, 4, generator=torch.Generator().manual_seed(0))
    whole = surrogate.lime(Counting(), images, samples=100)
    seen.clear()
    parts = surrogate.lime(Counting(), images, samples=100, batch_size=7)
    assert torch.allclose(whole, parts, atol=1e-6) and max(seen) == 7


def test_courtesy():
    """Eval mode while it asks, the old mode after it, also after a crash; images untouched."""

    class Moody(Corner):
        def forward(self, images):
            assert not self.training
            if crash:
                raise RuntimeError("no")
            return super().forward(images)

    network, images, crash = Moody().train(), torch.ones(1, 1, 4, 4), False
    surrogate.lime(network, images)
    assert network.training and (images == 1).all()
    crash = True
    with pytest.raises(RuntimeError, match="no"):
        surrogate.lime(network, images)
    assert network.training


def test_equals_the_library_on_its_own_masks():
    from course_utils import data
    from course_utils.demos import lime_package

    network, image = models.load_network("SimplifiedCNN"), data.fashion_mnist("validation")[0][3]
    grid = surrogate.grid_segments(32, 32, 3)
    theirs = lime_package.explain_image(network, image, segments=grid, hide_color=0.2,
                                        random_seed=0, seed=4, num_samples=80)  # fmt: skip
    label = theirs.top_labels[0]
    ours = surrogate.fit_line(
        surrogate.switched_image(network, image, label, segments=grid, background=0.2),
        9, masks=lime_package.masks_of(4, 80, 9), kernel_width=0.25 * 2**0.5, ridge=1,
    )  # fmt: skip
    weights = lime_package.in_order(theirs, 9)
    assert ours.weights.tolist() == pytest.approx(weights.tolist(), abs=1e-6)
    assert ours.intercept == pytest.approx(theirs.intercept[label], abs=1e-6)
    assert ours.fit == pytest.approx(theirs.score, abs=1e-6)


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
    with pytest.raises(ValueError, match="whole numbers from 0"):
        surrogate.lime(Corner(), torch.ones(1, 1, 4, 4), segments=torch.rand(4, 4))
    with pytest.raises(ValueError, match="one number for each of 500 samples"):
        surrogate.fit_line(lambda masks: masks, 4)
    with pytest.raises(ValueError, match="ridge must not be below 0"):
        surrogate.fit_line(linear, 4, ridge=-1)
    with pytest.raises(ValueError, match="at least one feature"):
        surrogate.fit_line(linear, 0)
