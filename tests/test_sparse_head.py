"""Laws of the sparse head: the elastic net's optimum, its zeros, and its reader."""

import numpy as np
import pytest
import torch
from torch.nn import functional as F

from course_utils import models, sparse_head


@pytest.fixture(scope="module")
def problem():
    """200 rows of 6 features, two of them without meaning, one constant; three classes."""
    generator = torch.Generator().manual_seed(0)
    plain = torch.randn(200, 6, generator=generator)
    told = plain[:, :3] @ torch.tensor([[1.0, -1, 0], [1.0, 1, -1], [0, 1, -1]])
    noise = torch.randn(200, 3, generator=generator)
    return plain * torch.tensor([1, 5, 0.1, 1, 1, 0.0]) + 2, (told + noise).argmax(1)


def objective(head, features, targets, strength, mix):
    loss = F.cross_entropy(head(features), targets)
    return loss + strength * (mix * head.weight.abs().sum()
                              + (1 - mix) / 2 * head.weight.square().sum())  # fmt: skip


@pytest.mark.parametrize(("strength", "mix"), [(0.02, 0.99), (0.05, 0.5), (0.01, 0.0)])
def test_agrees_with_scikit_learn(problem, strength, mix):
    from sklearn.linear_model import LogisticRegression

    features, targets = problem
    ours = sparse_head.fit(features, targets, strength=strength, mix=mix, steps=1000)
    x = ((features - ours.mean) / ours.spread).numpy().astype(np.float64)
    theirs = LogisticRegression(
        solver="saga", l1_ratio=mix, C=1 / (strength * len(x)), max_iter=2000, tol=1e-6,
    ).fit(x, targets.numpy())  # fmt: skip
    assert np.abs(ours.weight.numpy() - theirs.coef_).max() < 2e-3


def test_no_small_move_is_better(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=0.03, steps=1000)
    best, generator = objective(head, features, targets, 0.03, 0.99), torch.Generator()
    for seed in range(20):
        shift = 0.01 * torch.randn(head.weight.shape, generator=generator.manual_seed(seed))
        moved = head._replace(weight=head.weight + shift)
        assert objective(moved, features, targets, 0.03, 0.99) >= best - 1e-6


def test_a_strong_penalty_leaves_nothing_and_the_shares_of_the_classes(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=10.0, steps=2000)
    assert not head.weight.any() and head.per_class == 0
    shares = torch.bincount(targets) / len(targets)
    assert torch.allclose(head.bias.softmax(0), shares, atol=1e-3)


def test_a_constant_feature_weighs_nothing(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=0.001)
    assert head.spread[5] == 1 and not head.varies[5] and not head.weight[:, 5].any()


def test_the_path_goes_from_few_to_many(problem):
    features, targets = problem
    found = list(sparse_head.path(features, targets, strengths=(0.001, 0.3, 0.03), steps=500))
    assert [strength for strength, _ in found] == [0.3, 0.03, 0.001]
    counts = [head.per_class for _, head in found]
    assert counts == sorted(counts) and counts[0] < counts[-1]
    alone = sparse_head.fit(features, targets, strength=0.03, steps=1000)
    assert torch.allclose(found[1][1].weight, alone.weight, atol=2e-2)


def test_units_of_a_feature_do_not_matter(problem):
    features, targets = problem
    one = sparse_head.fit(features, targets, strength=0.02)
    other = sparse_head.fit(features * 1000 - 3, targets, strength=0.02)
    assert torch.allclose(one.weight, other.weight, atol=1e-3)


def test_only_what_is_allowed_is_used(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=0.05)
    allowed = sparse_head.random_allowed(head, seed=1)
    assert torch.equal(allowed.sum(1), (head.weight != 0).sum(1))
    assert not allowed[:, 5].any()  # it is constant: no use to a class
    assert not torch.equal(allowed, sparse_head.random_allowed(head, seed=2))
    again = sparse_head.fit(features, targets, strength=0.0, allowed=allowed)
    assert not again.weight[~allowed].any() and again.weight[allowed].any()


def test_contributions_and_bias_add_up_to_the_logits(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=0.01)
    parts = head.contributions(features)
    assert parts.shape == (200, 3, 6)
    assert torch.allclose(parts.sum(2) + head.bias, head(features), atol=1e-4)
    assert parts.mean(0).abs().max() < 1e-5  # against the mean image


def test_of_layer_gives_the_layers_own_logits(problem):
    features, _ = problem
    torch.manual_seed(0)
    layer = torch.nn.Linear(6, 4)
    head = sparse_head.of_layer(layer, features)
    assert torch.allclose(head(features), layer(features), atol=1e-4)


def test_put_makes_a_network_that_computes_the_head(tmp_path):
    torch.manual_seed(0)
    network, images = (
        models.SimplifiedCNN(channels=(2, 3), hidden=6).eval(),
        torch.rand(9, 1, 32, 32),
    )
    features, before = network[:-1](images).detach(), network(images)
    head = sparse_head.fit(features, torch.arange(9), strength=0.01)
    head = head._replace(weight=torch.cat([head.weight, torch.zeros(1, 6)]),
                         bias=torch.cat([head.bias, torch.zeros(1)]))  # fmt: skip
    changed = sparse_head.put(network, head)
    assert torch.allclose(changed(images), head(features), atol=1e-4)
    assert torch.equal(network(images), before)
    again = models.load_network(models.save_network(changed, tmp_path / "sparse.safetensors"))
    assert torch.equal(again(images), changed(images))


# ---- the reader


def head_of(*rows, bias=None):
    weight = torch.tensor(rows)
    count = weight.shape[1]
    bias = torch.zeros(len(weight)) if bias is None else torch.tensor(bias)
    one = torch.ones(count)
    return sparse_head.Head(weight, bias, 0 * one, one, one > 0)


def test_a_reader_by_hand():
    # Feature 0 moves all classes alike, so it is not told; 2 parts them most, then 1.
    head = head_of([9.0, 1.0, 0.0], [9.0, 0.0, 2.0])
    image = torch.tensor([[5.0, 3.0, 1.0], [5.0, 1.0, -1.0]])
    assert sparse_head.told(head, image, 2).tolist() == [[1, 2], [2, 1]]
    assert sparse_head.read(head, image, 1).tolist() == [0, 0]
    assert sparse_head.read(head, torch.tensor([[5.0, 3.0, 2.0]]), 1).tolist() == [1]
    assert head(torch.tensor([[5.0, 3.0, 2.0]])).argmax(1).tolist() == [1]


def test_a_reader_who_is_told_everything_answers_as_the_head(problem):
    features, targets = problem
    head = sparse_head.fit(features, targets, strength=0.01)
    assert torch.equal(sparse_head.read(head, features, 6), head(features).argmax(1))


def test_an_untold_feature_stands_at_its_mean_not_at_zero():
    head = head_of([1.0, 0.0], [0.0, 1.0])._replace(mean=torch.tensor([0.0, 10.0]))
    # Feature 1 is at its mean: it says nothing, though its value is large.
    assert sparse_head.read(head, torch.tensor([[1.0, 10.0]]), 1).tolist() == [0]


def test_the_bias_is_known_to_the_reader():
    head = head_of([1.0, 0.0], [0.0, 1.0], bias=[0.0, 5.0])
    assert sparse_head.read(head, torch.tensor([[1.0, 0.0]]), 1).tolist() == [1]


def test_messages(problem):
    features, targets = problem
    with pytest.raises(ValueError, match="got 7"):
        sparse_head.read(sparse_head.fit(features, targets, strength=1.0), features, 7)
    with pytest.raises(ValueError, match="Did you mean 0.99"):
        sparse_head.fit(features, targets, strength=1.0, mix=99)
    with pytest.raises(ValueError, match="strength must be 0 or above"):
        sparse_head.fit(features, targets, strength=-1.0)
    with pytest.raises(ValueError, match="Flatten them"):
        sparse_head.fit(features[:, :, None], targets, strength=1.0)
    with pytest.raises(ValueError, match=r"fc2 is \(10, 128\), the head \(3, 6\)"):
        sparse_head.put(models.SimplifiedCNN(), sparse_head.fit(features, targets, strength=1.0))
