"""Laws of N:M pruning."""

import copy

import pytest
import torch
from torch import nn

from course_utils import models, prune


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 8), hidden=16, size=8, classes=3)


def test_a_hand_answer():
    weight = torch.tensor([[1.0, -4.0, 3.0, 2.0, 0.1, 0.0, -0.3, 0.2]])
    wanted = [[False, True, True, False, False, False, True, True]]
    assert prune.n_of_m(weight).tolist() == wanted


@pytest.mark.parametrize(("n", "m"), [(2, 4), (1, 4), (4, 4), (1, 2), (4, 8), (1, 1)])
@pytest.mark.parametrize("ties", [False, True])
def test_every_block_keeps_exactly_n(n, m, ties):
    generator = torch.Generator().manual_seed(0)
    for shape in ((5, 16), (5, 8, 3, 3)):
        weight = torch.ones(shape) if ties else torch.randn(shape, generator=generator)
        mask = prune.n_of_m(weight, n=n, m=m)
        assert mask.shape == weight.shape and mask.dtype == torch.bool
        for start in range(0, shape[1], m):
            assert (mask[:, start : start + m].sum(1) == n).all()


def test_what_stays_is_never_smaller_than_what_goes():
    weight = torch.randn(6, 8, 3, 3, generator=torch.Generator().manual_seed(0))
    size, mask = weight.abs(), prune.n_of_m(weight)
    for start in (0, 4):
        part, kept = size[:, start : start + 4], mask[:, start : start + 4]
        least_kept = part.masked_fill(~kept, torch.inf).amin(1)
        assert (least_kept >= part.masked_fill(kept, 0).amax(1)).all()


def test_equals_torchs_sparsifier_on_a_linear_layer():
    from torch.ao.pruning import WeightNormSparsifier

    torch.manual_seed(0)
    theirs = nn.Sequential(nn.Linear(16, 6))
    weight = theirs[0].weight.detach().clone()
    sparsifier = WeightNormSparsifier(1.0, sparse_block_shape=(1, 4), zeros_per_block=2)
    sparsifier.prepare(theirs, [{"tensor_fqn": "0.weight"}])
    sparsifier.step()
    sparsifier.squash_mask()
    assert torch.equal(theirs[0].weight, weight * prune.n_of_m(weight))


def test_masks_of_a_network(network):
    before = copy.deepcopy(network.state_dict())
    masks = prune.n_of_m_masks(network, layers=("conv2", "fc1"))
    assert list(masks) == ["conv2.weight", "fc1.weight"]
    assert torch.equal(masks["fc1.weight"], prune.n_of_m(network.fc1.weight))
    pruned = prune.apply(network, masks)
    assert (pruned.fc1.weight == 0).float().mean() == 0.5
    assert torch.equal(pruned.fc2.weight, network.fc2.weight)
    assert all(torch.equal(t, before[n]) for n, t in network.state_dict().items())
    linear = nn.Sequential(nn.Linear(8, 4), nn.ReLU(), nn.Linear(4, 2))
    assert list(prune.n_of_m_masks(linear)) == ["0.weight", "2.weight"]


def test_n_equal_to_m_changes_nothing(network):
    same = prune.apply(network, prune.n_of_m_masks(network, n=1, m=1))
    assert all(torch.equal(t, same.state_dict()[n]) for n, t in network.state_dict().items())


@pytest.mark.parametrize(("call", "words"), [
    (lambda m: prune.n_of_m(torch.ones(2, 6)), r"multiple of 4 .* shape \(2, 6\)"),
    (lambda m: prune.n_of_m(torch.ones(8)), "axis 1 counts the inputs"),
    (lambda m: prune.n_of_m(torch.ones(2, 8), n=4, m=2), "n=4, m=2. Swapped"),
    (lambda m: prune.n_of_m(torch.ones(2, 8), n=0.5), "n must be a whole number"),
    (lambda m: prune.n_of_m_masks(m), r"conv1 has 1 inputs.*layers=\('conv2', 'fc1', 'fc2'\)"),
    (lambda m: prune.n_of_m_masks(m, m=0), "m must be a whole number"),
    (lambda m: prune.n_of_m_masks(m, layers=["fc9"]), "no layer fc9; there are conv1, conv2"),
    (lambda m: prune.n_of_m_masks(m, layers="conv1"), "conv1 has 1 inputs"),
])  # fmt: skip
def test_messages(network, call, words):
    with pytest.raises(ValueError, match=words):
        call(network)
