"""Laws of the search's space and front, and of what it builds and measures."""

import random

import pytest
import torch

from course_utils import models, search
from course_utils.search import aims


@pytest.fixture(scope="module")
def whole():
    return models.load_network("SimplifiedCNN")


@pytest.fixture(scope="module")
def choices():
    return {"order": "L1", "conv1 kept": 8, "conv2 kept": 16, "fc1 kept": 32, "conv2 zeros": 0.5,
            "fc1 zeros": 0.8, "conv1 bits": 8, "conv2 bits": 4, "fc1 bits": 2,
            "fc2 bits": 3}  # fmt: skip


@pytest.fixture(scope="module")
def pair():
    draw = torch.Generator().manual_seed(0)
    return torch.rand(640, 1, 32, 32, generator=draw), torch.arange(640) % 10


# ---- the space


def test_size_counts_every_combination():
    assert search.size() == 5 * 7 * 7 * 8 * 10 * 10 * 7**4


def test_a_trial_gets_every_choice_in_its_range():
    study = search.open_study(kind="random", seed=0)
    for _ in range(20):
        found = search.suggest(study.ask())
        assert list(found) == list(search.SPACE)
        assert search.checked(found) == found
        for name, (low, _, step) in ((n, v) for n, v in search.SPACE.items() if n != "order"):
            steps = (found[name] - low) / step
            assert steps == pytest.approx(round(steps)), name
    asked = study.ask(search.distributions()).params
    assert search.checked(asked).keys() == found.keys()


def test_choices_outside_the_space_are_named(choices):
    with pytest.raises(ValueError, match="lack fc2 bits"):
        search.checked({k: v for k, v in choices.items() if k != "fc2 bits"})
    with pytest.raises(ValueError, match="Did you mean 0.8?"):
        search.checked(choices | {"fc1 zeros": 80})
    with pytest.raises(ValueError, match="L1, APoZ, Taylor, relevance, lot; got 'L2'"):
        search.checked(choices | {"order": "L2"})
    with pytest.raises(ValueError, match="2 to 8; got 9"):
        search.checked(choices | {"fc1 bits": 9})
    row = choices | {"bytes": 100, "conv1 bits": 8.0}
    assert search.checked(row) == choices and isinstance(search.checked(row)["conv1 bits"], int)


# ---- building


@pytest.mark.parametrize("updates", [0, 2])
def test_a_network_has_what_was_chosen(whole, choices, pair, updates):
    before = {name: t.clone() for name, t in whole.state_dict().items()}
    network = search.Builder(whole, updates=updates, pair=pair)(choices)
    assert network.settings["channels"] == [8, 16] and network.settings["hidden"] == 32
    shares = {layer: (getattr(network, layer).weight == 0).float().mean().item()
              for layer in search.LAYERS}  # fmt: skip
    assert shares["fc1"] >= 0.8 - 1e-3 and shares["conv2"] >= 0.5 - 1e-3
    assert shares["conv1"] < 0.1
    for layer, count in (("conv2", 15), ("fc1", 3), ("fc2", 7)):
        rows = getattr(network, layer).weight.flatten(1)
        assert max(len(row.unique()) for row in rows) <= count
    assert not any("parametrizations" in name for name, _ in network.named_modules())
    assert all(torch.equal(t, before[name]) for name, t in whole.state_dict().items())


def test_filters_of_least_score_go_and_the_order_matters(whole, choices, pair):
    builder = search.Builder(whole, updates=0, pair=pair)
    norms = whole.conv1.weight.detach().abs().flatten(1).sum(1)
    stay = norms.argsort(stable=True)[8:].sort().values
    network = builder(choices | {"conv1 bits": 8})
    assert torch.allclose(network.conv1.weight, whole.conv1.weight[stay], atol=0.02)
    other = builder(choices | {"order": "lot"})
    assert not torch.allclose(other.conv1.weight, network.conv1.weight, atol=0.02)


def test_learning_moves_weights_and_is_the_same_again(whole, choices, pair):
    cut = search.Builder(whole, updates=0, pair=pair)(choices)
    first, second = (search.Builder(whole, updates=3, pair=pair)(choices) for _ in range(2))
    assert torch.equal(first.fc2.weight, second.fc2.weight)
    assert not torch.equal(first.fc2.bias, cut.fc2.bias)
    other = search.Builder(whole, updates=3, pair=pair)(choices, seed=1)
    assert not torch.equal(first.fc2.bias, other.fc2.bias)


def test_learning_needs_images_and_a_whole_number(whole, pair):
    with pytest.raises(ValueError, match="updates must be a whole number, 0 or more; got -1"):
        search.Builder(whole, updates=-1)
    with pytest.raises(ValueError, match="11 updates need 704 images; got 640"):
        search.Builder(whole, updates=11, pair=pair)


def test_the_file_gives_the_network_back(whole, choices, pair, tmp_path):
    network = search.Builder(whole, updates=2, pair=pair)(choices)
    path = search.save(network, choices, tmp_path / "one.safetensors.xz")
    loaded = models.load_network(path)
    for name, tensor in network.state_dict().items():
        assert torch.equal(loaded.state_dict()[name], tensor), name
    wider = search.save(network, choices | {"fc1 bits": 8}, tmp_path / "two.safetensors.xz")
    assert wider.stat().st_size > path.stat().st_size


# ---- the aims


def test_the_whole_network_agrees_with_itself_and_another_does_not(whole, pair, tmp_path):
    judge = search.Judge(whole, *pair)
    found = judge(models.save_network(whole, tmp_path / "whole.safetensors"))
    assert found.agreement == pytest.approx(1, abs=1e-6)
    assert found.bytes == (tmp_path / "whole.safetensors").stat().st_size
    labels = models.load_network("SimplifiedCNN")(pair[0][:10]).argmax(1)
    right = search.Judge(whole, pair[0][:10], labels)(tmp_path / "whole.safetensors")
    assert right.accuracy == 1
    twin = judge(models.network_path("SimplifiedCNN-twin"))
    assert str(search.Aims(1200, 0.912, 0.5)) == "1,200 bytes, accuracy 91.2%, agreement 0.50"
    assert twin.agreement < 0.8 and twin.values == (twin.bytes, twin.accuracy, twin.agreement)


def test_images_that_judge_are_not_those_that_choose(whole, monkeypatch):
    images, labels = torch.arange(5000.0).view(-1, 1, 1, 1), torch.arange(5000)
    monkeypatch.setattr(aims.data, "fashion_mnist",
                        lambda split, limit: (images[:limit], labels[:limit]))  # fmt: skip
    monkeypatch.setattr(aims, "Judge", lambda whole, images, labels: labels)
    seen, held = search.judges(whole)
    assert not set(seen.tolist()) & set(held.tolist()) and (len(seen), len(held)) == (1000, 2000)


def test_a_hand_made_file_is_coded_as_the_searchs_are():
    sizes = []
    path = models.network_path("ShallowCNN")
    search.of_file(path, lambda one: sizes.append((one.name, one.stat().st_size)))
    search.of_file("PrunedCNN", lambda one: sizes.append((one.name, one.stat().st_size)))
    assert sizes[0][0].endswith(".xz") and sizes[0][1] < path.stat().st_size
    assert sizes[1] == ("PrunedCNN.safetensors.xz", 117764)


# ---- the front


def test_dominance_by_hand():
    assert search.dominates((10, 0.9, 0.5), (20, 0.9, 0.5))
    assert not search.dominates((10, 0.9, 0.5), (10, 0.9, 0.5))
    assert not search.dominates((10, 0.8, 0.5), (20, 0.9, 0.5))
    points = [(10, 0.5, 0.5), (20, 0.9, 0.5), (20, 0.8, 0.6), (30, 0.9, 0.5), (20, 0.9, 0.5)]
    assert search.front(points) == [0, 1, 2, 4]
    assert search.front([]) == []
    with pytest.raises(ValueError):
        search.dominates((1, 2), (1, 2))


def test_front_and_volume_are_optunas():
    import numpy as np
    from optuna._hypervolume import compute_hypervolume

    draw = random.Random(0)
    points = [tuple(round(draw.random(), 2) for _ in range(3)) for _ in range(40)]
    study = search.open_study()
    from optuna.trial import create_trial

    study.add_trials([create_trial(values=list(p)) for p in points])
    places = search.front(points)
    assert sorted(one.number for one in study.best_trials) == places
    turned = np.array([[p[0], -p[1], -p[2]] for p in points])
    wanted = compute_hypervolume(turned, np.array([1.1, 0.1, 0.1]))
    found = search.hypervolume(points, (1.1, -0.1, -0.1))
    assert found == pytest.approx(wanted)
    assert search.hypervolume([points[k] for k in places], (1.1, -0.1, -0.1)) == (
        pytest.approx(found)
    )


def test_volume_by_hand():
    ways = ("minimize", "maximize")
    assert search.hypervolume([(1, 3), (2, 4)], (4, 1), ways) == 3 * 2 + 2 * 1
    assert search.hypervolume([(5, 9), (1, 0.5)], (4, 1), ways) == 0
    assert search.hypervolume([(1, 3), (1, 3), (2, 2)], (4, 1), ways) == 6
