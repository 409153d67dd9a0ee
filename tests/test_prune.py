"""Laws of pruning."""

import copy

import pytest
import torch
from torch import nn
from torch.nn.utils import prune as torch_prune

from course_utils import models, prune, training


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=16, size=8, classes=3)


def zeros(model):
    return sum(int((w == 0).sum()) for w in prune.prunable(model).values())


def count(model):
    return sum(w.numel() for w in prune.prunable(model).values())


@pytest.mark.parametrize("share", [0, 0.001, 0.3, 0.5, 0.999])
def test_the_share_is_exact(network, share):
    pruned = prune.magnitude(network, share)
    assert zeros(pruned) == round(share * count(network))
    assert prune.sparsity(pruned) == pytest.approx(share, abs=1 / count(network))


def test_the_share_is_exact_even_when_all_weights_are_equal(network):
    for weight in prune.prunable(network).values():
        nn.init.constant_(weight, 0.25)
    assert zeros(prune.magnitude(network, 0.5)) == round(0.5 * count(network))


def test_global_scope_is_torchs(network):
    twin = copy.deepcopy(network)
    layers = [(m, "weight") for m in twin.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    torch_prune.global_unstructured(layers, torch_prune.L1Unstructured, amount=0.6)
    ours = prune.prunable(prune.magnitude(network, 0.6))
    for weight, (layer, _) in zip(ours.values(), layers, strict=True):
        assert torch.equal(weight, layer.weight)


def test_layer_scope_is_torchs(network):
    twin = copy.deepcopy(network)
    ours = prune.prunable(prune.magnitude(network, 0.6, scope="layer"))
    layers = [m for m in twin.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    for weight, layer in zip(ours.values(), layers, strict=True):
        torch_prune.l1_unstructured(layer, "weight", amount=0.6)
        assert torch.equal(weight, layer.weight)


@pytest.mark.parametrize("share", [0, 0.3, 0.5, 0.9])
def test_shares_are_exact_in_every_scope_with_ties_and_zeros(network, share):
    scores = {n: (4 * w.detach()).round().abs() for n, w in prune.prunable(network).items()}
    for scope in ("global", "lamp"):
        masks = prune.masks_by_score(scores, share, scope=scope)
        assert dropped(masks) == round(share * count(network)), scope
    for mask in prune.masks_by_score(scores, share, scope="layer").values():
        assert int((~mask).sum()) == round(share * mask.numel())


def dropped(masks):
    return sum(int((~mask).sum()) for mask in masks.values())


# ---- LAMP


def test_lamp_by_hand():
    """Squares 1, 9, 4: 1 / (1 + 4 + 9), 4 / (4 + 9), 9 / 9, in the weights' own places."""
    scores = prune.lamp_scores(torch.tensor([[1.0, -3.0, 2.0]]))
    assert torch.allclose(scores, torch.tensor([[1 / 14, 1.0, 4 / 13]]).double())


def test_lamp_knows_no_scale_and_no_shape(network):
    weight = network.conv2.weight.detach()
    assert torch.allclose(prune.lamp_scores(weight), prune.lamp_scores(-1000 * weight))
    assert torch.equal(prune.lamp_scores(weight).flatten(), prune.lamp_scores(weight.flatten()))


def test_lamp_of_zeros_and_of_one_another_s_equals():
    assert torch.equal(prune.lamp_scores(torch.zeros(3)), torch.zeros(3).double())
    assert torch.equal(prune.lamp_scores(torch.ones(2)), torch.tensor([0.5, 1.0]).double())


def test_lamp_chooses_across_layers_by_hand():
    """Layer b is tiny, yet only its smaller weight goes: magnitude would empty the layer."""
    sizes = {"a": torch.tensor([1.0, 3.0, 2.0]), "b": torch.tensor([0.01, 0.02])}
    lamp = prune.masks_by_score(sizes, 0.4, scope="lamp")  # 1/14, 1, 4/13; 1/5, 1
    assert lamp["a"].tolist() == [False, True, True] and lamp["b"].tolist() == [False, True]
    assert not prune.masks_by_score(sizes, 0.4, scope="global")["b"].any()


def test_lamp_empties_no_layer(network):
    network.conv1.weight.data *= 1e-6
    n = count(network)
    masks = prune.magnitude_masks(network, 1 - 4 / n, scope="lamp")
    assert n - dropped(masks) == 4 and all(mask.any() for mask in masks.values())


def test_lamp_removes_the_smallest_of_each_layer(network):
    masks = prune.magnitude_masks(network, 0.6, scope="lamp")
    for name, weight in prune.prunable(network).items():
        size = weight.detach().abs()
        assert size[masks[name]].min() >= size[~masks[name]].max()


# ---- inside of earlier masks


@pytest.mark.parametrize("scope", ["global", "layer", "lamp"])
def test_within_nests_even_among_equal_zeros(network, scope):
    pruned = prune.magnitude(network, 0.5)  # half of all scores are 0: ties
    first = prune.shuffled(prune.magnitude_masks(pruned, 0.3, scope=scope), seed=1)
    then = prune.magnitude_masks(pruned, 0.4, scope=scope, within=first)
    assert not any((then[name] & ~first[name]).any() for name in first)
    if scope != "layer":
        assert dropped(then) == round(0.4 * count(network))


# ---- controls


def test_random_masks_are_exact_and_follow_their_seed_only(network):
    masks = prune.random_masks(network, 0.3, seed=1)
    state = torch.random.get_rng_state()
    again, other = (prune.random_masks(network, 0.3, seed=s) for s in (1, 2))
    assert torch.equal(state, torch.random.get_rng_state())
    assert dropped(masks) == round(0.3 * count(network))
    assert all(torch.equal(masks[n], again[n]) for n in masks)
    assert not torch.equal(masks["fc1.weight"], other["fc1.weight"])
    for mask in prune.random_masks(network, 0.5, seed=1, scope="layer").values():
        assert int((~mask).sum()) == round(0.5 * mask.numel())


def test_random_masks_do_not_look_at_the_weights(network):
    twin = copy.deepcopy(network)
    twin.fc1.weight.data *= 100
    one, other = (prune.random_masks(m, 0.5, seed=0) for m in (network, twin))
    assert all(torch.equal(one[n], other[n]) for n in one)


def test_shuffled_keeps_each_layers_count_and_nothing_else(network):
    masks = prune.magnitude_masks(network, 0.6)
    mixed = prune.shuffled(masks, seed=0)
    for name, mask in masks.items():
        assert mixed[name].shape == mask.shape and mixed[name].sum() == mask.sum()
    assert not torch.equal(mixed["fc1.weight"], masks["fc1.weight"])
    assert torch.equal(mixed["fc1.weight"], prune.shuffled(masks, seed=0)["fc1.weight"])


# ---- masks at work


def test_removed_weights_are_plus_zero(network):
    """Signs of zeros would be noise in a coded file."""
    pruned = prune.magnitude(network, 0.9)
    for weight in prune.prunable(pruned).values():
        assert not weight[weight == 0].signbit().any()


def test_a_hand_answer():
    layer = nn.Sequential(nn.Linear(4, 1))
    layer[0].weight.data = torch.tensor([[0.5, -0.1, 0.3, -2.0]])
    layer[0].bias.data = torch.tensor([0.001])
    pruned = prune.magnitude(layer, 0.5)
    assert torch.equal(pruned[0].weight.data, torch.tensor([[0.5, 0.0, 0.0, -2.0]]))
    assert pruned[0].bias.item() == pytest.approx(0.001)  # biases stay


def test_no_sparsity_changes_nothing_and_the_input_is_untouched(network):
    before = copy.deepcopy(network.state_dict())
    same = prune.magnitude(network, 0)
    prune.magnitude(network, 0.9)
    for name, tensor in network.state_dict().items():
        assert torch.equal(tensor, before[name])
        assert torch.equal(same.state_dict()[name], before[name])


def test_zeros_stay_zero_through_training(network):
    images = torch.rand(32, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    labels = torch.arange(32) % 3
    masks = prune.magnitude_masks(network, 0.7)
    pruned = prune.apply(network, masks)
    kept = pruned.fc1.weight.detach().clone()
    training.train(pruned, (images, labels), (images, labels), epochs=2, learning_rate=0.01,
                   after_step=prune.keep_zeros(masks), progress=False)  # fmt: skip
    assert zeros(pruned) >= round(0.7 * count(network))
    assert not torch.equal(pruned.fc1.weight, kept)  # and the others have moved


@pytest.mark.parametrize(("call", "words"), [
    (lambda m: prune.magnitude(m, 50), r"sparsity must be in \[0, 1\); got 50. Did you mean 0.5"),
    (lambda m: prune.magnitude(m, 1.0), r"sparsity must be in \[0, 1\); got 1.0"),
    (lambda m: prune.magnitude(m, -0.1), r"got -0.1"),
    (lambda m: prune.magnitude(m, 0.5, scope="all"), "scope must be 'global', 'layer' or 'lamp'"),
    (lambda m: prune.magnitude(nn.ReLU(), 0.5), "no convolution and no linear layer"),
    (lambda m: prune.apply(m, {"fc9.weight": torch.ones(1)}), "fc9.weight"),
    (lambda m: prune.apply(m, {"fc2.weight": torch.ones(1)}), r"mask of fc2.weight is \(1,\)"),
    (lambda m: prune.sparsity(nn.ReLU()), "no convolution and no linear layer"),
    (lambda m: prune.random_masks(m, 50, seed=0), "got 50. Did you mean 0.5"),
    (lambda m: prune.random_masks(m, 0.5, seed=0, scope="lamp"), "shuffled"),
    (lambda m: prune.masks_by_score({}, 0.5), "no scores came"),
    (lambda m: prune.masks_by_score({"a": torch.tensor([1.0, torch.nan])}, 0.5), "diverged"),
])  # fmt: skip
def test_messages(network, call, words):
    with pytest.raises(ValueError, match=words):
        call(network)


def test_highest_takes_an_exact_share_of_rows_even_with_ties():
    values = torch.tensor([1.0, 3.0, 1.0, 1.0, 2.0])
    assert prune.highest(values, share=0.6).tolist() == [True, True, False, False, True]
    assert prune.highest(values, share=1).all() and not prune.highest(values, share=0).any()
    with pytest.raises(ValueError, match="Did you mean 0.2"):
        prune.highest(values, share=20)
