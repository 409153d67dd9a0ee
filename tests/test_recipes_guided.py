"""Laws of guided removal: what leaves, what stays as a bias, and how a way is chosen."""

import pandas as pd
import pytest
import torch

from course_utils import fusion, models, prune, structure, training
from course_utils.recipes import guided, matched


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 8), hidden=6).eval()


@pytest.fixture
def pair():
    draw = torch.Generator().manual_seed(1)
    return torch.rand(20, 1, 32, 32, generator=draw), torch.arange(20) % 10


@pytest.mark.parametrize("order", guided.ORDERS)
@pytest.mark.parametrize("way", guided.WAYS)
def test_half_of_both_layers_goes(network, pair, order, way):
    small = guided.cut(network, order, way, pair)
    assert small.settings["channels"] == [2, 4] and small.settings["hidden"] == 6
    assert network.settings["channels"] == [4, 8]


def test_at_once_is_remove_filters(network, pair):
    scores = prune.taylor(network, *pair)
    gone = {name: scores[name].argsort()[: len(scores[name]) // 2] for name in guided.LAYERS}
    found = guided.cut(network, "Taylor", "at once", pair)
    wanted = structure.remove_filters(network, {"conv1": gone["conv1"]})
    again = prune.taylor(wanted, *pair)["conv2"]  # conv2 is cut by its scores of before
    assert torch.equal(found.conv1.weight, wanted.conv1.weight)
    wanted = structure.remove_filters(wanted, {"conv2": gone["conv2"]})
    assert torch.allclose(found(pair[0]), wanted(pair[0]), atol=1e-5) and len(again) == 8


def test_means_of_conv2_leave_fc1s_mean_as_it_was(network, pair):
    gone = torch.tensor([1, 5])

    def mean_of_fc1(one):
        return one[:9](pair[0]).mean(0).detach()

    before = mean_of_fc1(network)
    kept = guided.without(network, "conv2", gone, means_of=pair[0])
    bare = guided.without(network, "conv2", gone, means_of=None)
    assert torch.allclose(mean_of_fc1(kept), before, atol=1e-5)
    assert not torch.allclose(mean_of_fc1(bare), before, atol=1e-3)


def test_a_filter_that_always_says_the_same_may_go_with_its_mean(network, pair):
    """Inside conv2's maps; at the border the padding, which is zero, is not replaced."""
    with torch.no_grad():
        network.conv1.weight[2] = 0.0
        network.conv1.bias[2] = 1.5
    small = guided.without(network, "conv1", torch.tensor([2]), means_of=pair[0])
    before, after = (one[:5](pair[0])[:, :, 1:-1, 1:-1] for one in (network, small))
    assert torch.allclose(before, after, atol=1e-5)


def test_lots_are_drawn_anew_by_seed_and_step(network, pair):
    one, same, other = (guided.score(network, "lot", pair, seed=seed) for seed in (0, 0, 1))
    assert torch.equal(one["conv2"], same["conv2"]) and not torch.equal(
        one["conv2"], other["conv2"]
    )


def test_the_way_is_chosen_on_training_images():
    rows = [{"order": "L1", "way": way, "steps": steps, "held": held, "accuracy": 1 - held}
            for way, steps, held in (
                ("at once", 0, 0.5), ("at once", 0, 0.7), ("in 8 steps", 0, 0.5),
                ("in 8 steps", 0, 0.6), ("in 8 steps", 40, 0.9))]  # fmt: skip
    assert guided.chosen_way(pd.DataFrame(rows), "L1") == "at once"


def test_an_unknown_order_is_told(network, pair):
    with pytest.raises(ValueError, match="one of L1, APoZ, Taylor, relevance, lot; got 'L2'"):
        guided.score(network, "L2", pair)


# ---- the students


def test_arms_differ_in_their_loss_alone(network, pair, monkeypatch):
    runs = []
    monkeypatch.setattr(training, "train", lambda one, *sets, **how: runs.append((one, how)))
    monkeypatch.setattr(matched.data, "fashion_mnist", lambda *asked, **how: pair)
    for arm in matched.ARMS:
        matched.student(arm, network, 3)
    seeds = {(how["seed"], how["batch_size"], how["after_step"].final) for _, how in runs}
    assert seeds == {(3, matched.BATCH, 0.9)}
    values = [how["loss"](one, *pair).item() for one, how in runs]
    # All students still equal their teacher: maps add nothing, other images' maps do.
    assert values[1] == pytest.approx(values[2], abs=1e-4) == pytest.approx(values[3], abs=1e-4)
    assert values[4] > values[1] + 1 and values[0] != values[1]


def test_what_an_arm_is_taught_is_an_explainer():
    assert set(matched.TRAINED_ON) == set(list(matched.ARMS)[2:])
    assert {kind for kinds in matched.TRAINED_ON.values() for kind in kinds} <= set(
        fusion.EXPLAINERS
    )
