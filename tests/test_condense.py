"""Laws of choosing images and of reading a small set: hand answers, limits, oracles."""

import itertools

import pytest
import torch
from torch import nn

from course_utils import condense, models


def numbers(*shape, seed=0):
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed))


LABELS = torch.arange(60) % 3
CHOICES = {
    "random": lambda f, y, k: condense.random_rows(y, per_class=k),
    "herding": lambda f, y, k: condense.herding(f, y, per_class=k),
    "k-centre": lambda f, y, k: condense.k_centre(f, y, per_class=k),
}


# ---- choosing


@pytest.mark.parametrize("choose", CHOICES.values(), ids=CHOICES)
def test_every_class_gets_its_share_once_and_in_order(choose):
    features = numbers(60, 2, 2)
    kept = features.clone()
    rows = choose(features, LABELS, 7)
    assert LABELS[rows].tolist() == [0] * 7 + [1] * 7 + [2] * 7
    assert len(set(rows.tolist())) == 21 and torch.equal(features, kept)
    assert sorted(choose(features, LABELS, 20).tolist()) == list(range(60))  # all: nothing is lost
    equal = choose(torch.zeros(60, 4), LABELS, 20)  # twenty equal images are still twenty
    assert len(set(equal.tolist())) == 60


@pytest.mark.parametrize("choose", [CHOICES["herding"], CHOICES["k-centre"]])
def test_a_shorter_choice_begins_a_longer_one(choose):
    features = numbers(60, 5)
    three, seven = (choose(features, LABELS, k).reshape(3, k) for k in (3, 7))
    assert torch.equal(three, seven[:, :3])


def test_random_rows_hang_on_the_seed():
    one, again, other = (condense.random_rows(LABELS, per_class=5, seed=s) for s in (0, 0, 1))
    assert torch.equal(one, again) and not torch.equal(one, other)


def test_herding_by_hand():
    """Mean 2.2: first 2 (0.2 away). Pairs with 2: 3 gives 2.5, 0 gives 1, 6 gives 4."""
    line = torch.tensor([[0.0], [6.0], [2.0], [3.0], [0.0]])
    rows = condense.herding(line, torch.zeros(5, dtype=torch.long), per_class=3)
    assert rows.tolist() == [2, 3, 0]  # 5/2 = 2.5, then (5 + 0)/3 = 1.67 before (5 + 6)/3 = 3.67


def test_each_step_of_herding_is_the_best_there_is():
    features, labels = numbers(12, 3), torch.zeros(12, dtype=torch.long)
    rows = condense.herding(features, labels, per_class=6).tolist()
    mean = features.mean(0)
    for k in range(1, 7):
        free = [i for i in range(12) if i not in rows[: k - 1]]
        best = min(free, key=lambda i: (features[[*rows[: k - 1], i]].mean(0) - mean).norm().item())
        assert rows[k - 1] == best


def test_herding_follows_the_mean_better_than_chance():
    features, labels = numbers(300, 8), torch.zeros(300, dtype=torch.long)
    gap = {
        name: (features[choose(features, labels, 10)].mean(0) - features.mean(0)).norm().item()
        for name, choose in CHOICES.items()
    }
    assert gap["herding"] < gap["random"] / 3


def test_k_centre_by_hand():
    line = torch.tensor([[0.0], [1.0], [5.0], [6.0], [20.0]])  # mean 6.4
    rows = condense.k_centre(line, torch.zeros(5, dtype=torch.long), per_class=3)
    assert rows.tolist() == [3, 4, 0]


def test_k_centre_leaves_at_most_twice_the_smallest_distance():
    labels = torch.zeros(11, dtype=torch.long)
    for seed in range(5):
        points = numbers(11, 2, seed=seed)
        apart = torch.cdist(points, points)
        smallest = min(apart[:, list(c)].min(1).values.max() for c in
                       itertools.combinations(range(11), 3))  # fmt: skip
        found = apart[:, condense.k_centre(points, labels, per_class=3)].min(1).values.max()
        assert smallest <= found <= 2 * smallest + 1e-6


@pytest.mark.parametrize(("call", "words"), [
    (lambda: condense.random_rows(LABELS, per_class=0), "1 or more; got 0"),
    (lambda: condense.random_rows(LABELS, per_class=0.1), "got 0.1"),
    (lambda: condense.random_rows(LABELS, per_class=21), "class 0 has 20 images; 21"),
    (lambda: condense.herding(numbers(59, 2), LABELS, per_class=2), "59 features came with 60"),
    (lambda: condense.random_rows(condense.centred(LABELS), per_class=2), "Soft labels"),
])  # fmt: skip
def test_messages_of_choosing(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---- ridge regression


def test_ridge_is_scikit_learns():
    from sklearn.kernel_ridge import KernelRidge
    from sklearn.linear_model import Ridge

    x, y, new = numbers(9, 30), numbers(9, 4, seed=1), numbers(5, 30, seed=2)
    found = condense.ridge_predict(x, y, new, ridge=0.1)
    weight = 0.1 * (x * x).sum(1).mean().item()
    for oracle in (KernelRidge(alpha=weight), Ridge(alpha=weight, fit_intercept=False)):
        wanted = torch.tensor(oracle.fit(x.numpy(), y.numpy()).predict(new.numpy()))
        assert torch.allclose(found, wanted.float(), atol=1e-4)


def test_limits_of_ridge():
    x, y = numbers(6, 20), numbers(6, 3, seed=1)
    assert torch.allclose(condense.ridge_predict(x, y, x, ridge=0), y, atol=1e-3)  # by heart
    shy = condense.ridge_predict(x, y, x, ridge=1e6)
    assert shy.abs().max() < 1e-4  # a huge penalty says nothing
    louder = condense.ridge_predict(9 * x, y, 9 * numbers(4, 20, seed=3), ridge=0.01)
    assert torch.allclose(
        louder, condense.ridge_predict(x, y, numbers(4, 20, seed=3), ridge=0.01), atol=1e-4
    )


def test_gradients_flow_into_features_and_targets():
    x, y = numbers(4, 8).double().requires_grad_(), numbers(4, 3).double().requires_grad_()
    new = numbers(5, 8, seed=5).double()
    predict = lambda a, b: condense.ridge_predict(a, b, new, ridge=0)  # noqa: E731
    assert torch.autograd.gradcheck(predict, (x, y))


def test_centred_rows_sum_to_nothing():
    rows = condense.centred(torch.tensor([2, 0]), classes=4)
    assert rows.tolist() == [[-0.25, -0.25, 0.75, -0.25], [0.75, -0.25, -0.25, -0.25]]


@pytest.mark.parametrize(("arguments", "options", "words"), [
    ((numbers(3, 1, 2, 2), numbers(3, 2), numbers(3, 4)), {}, "go through a network"),
    ((numbers(3, 4), torch.tensor([0, 1, 1]), numbers(3, 4)), {}, r"condense.centred\(labels\)"),
    ((numbers(3, 4), numbers(2, 2), numbers(3, 4)), {}, "n = 3 features"),
    ((numbers(3, 4), numbers(3, 2), numbers(3, 5)), {}, "same network"),
    ((numbers(3, 4), numbers(3, 2), numbers(3, 4)), {"ridge": -1}, "0 or more"),
])  # fmt: skip
def test_messages_of_ridge(arguments, options, words):
    with pytest.raises(ValueError, match=words):
        condense.ridge_predict(*arguments, **options)


# ---- networks


def test_features_are_what_the_last_layer_reads():
    network = nn.Sequential(nn.Flatten(), nn.Dropout(0.9), nn.Linear(4, 3), nn.Linear(3, 2)).train()
    images = numbers(7, 1, 2, 2)
    found = condense.features(network, images, batch_size=3)
    assert torch.allclose(found, network[2](images.flatten(1)), atol=1e-6)  # dropout was off
    assert network.training and not found.requires_grad


@pytest.mark.parametrize("size", [28, 32])
def test_a_random_convnet_hangs_on_its_seed_alone(size):
    images = torch.rand(2, 1, size, size)
    state = torch.get_rng_state()
    make = lambda: condense.random_convnet(size=size, channels=(4, 6))  # noqa: E731
    one, again, other = (models.seeded(make, seed) for seed in (0, 0, 1))
    assert torch.equal(torch.get_rng_state(), state)
    assert one(images).shape == (2, 10) and torch.equal(one(images), again(images))
    assert not torch.equal(one(images), other(images))
    with pytest.raises(ValueError, match="at least 8"):
        condense.random_convnet(size=1)


def test_the_untrained_cnn_sees_what_simplified_cnn_starts_from():
    images = torch.rand(2, 1, 32, 32)
    one = models.seeded(condense.untrained_cnn, 3)
    whole = models.seeded(models.SimplifiedCNN, 3)
    assert torch.equal(condense.features(one, images), whole[:8](images))
    assert one(images).shape == (2, 10)
