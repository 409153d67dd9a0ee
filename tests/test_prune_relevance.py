"""Relevance: by hand, conserved on its way back, an oracle, and what it asks of a network."""

import pytest
import torch
from captum.attr import LRP
from captum.attr._utils.lrp_rules import Alpha1_Beta0_Rule, IdentityRule
from torch import nn

from course_utils import data, models, prune


@pytest.fixture(scope="module")
def few():
    return data.fashion_mnist("validation", limit=20)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(3, 4), hidden=5).eval()


def test_two_units_by_hand():
    # Units say 2 and 6; they add 2·3 = 6 and 6·1 = 6 to class 0, and 6·5 to class 1.
    model = nn.Sequential(nn.Linear(1, 2, bias=False), nn.ReLU(), nn.Linear(2, 2, bias=False))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[2.0], [6.0]]))
        model[2].weight.copy_(torch.tensor([[3.0, 1.0], [-9.0, 5.0]]))
    one = torch.ones(1, 1)
    assert prune.relevance(model, one, torch.tensor([0]))["0"].tolist() == pytest.approx([0.5, 0.5])
    assert prune.relevance(model, one, torch.tensor([1]))["0"].tolist() == pytest.approx([0, 1])
    both = prune.relevance(model, one.repeat(2, 1), torch.tensor([0, 1]))["0"]
    assert both.tolist() == pytest.approx([0.25, 0.75])


def test_relevance_is_kept_on_its_way_back(network, few):
    with torch.no_grad():  # no unit is without positive inputs
        for layer in (network.conv2, network.fc1, network.fc2):
            layer.weight.abs_()
    scores = prune.relevance(network, *few, batch_size=7)
    assert list(scores) == ["conv1", "conv2", "fc1"]
    for layer, score in scores.items():
        assert score.sum().item() == pytest.approx(1, abs=1e-4), layer
        assert (score >= 0).all() and len(score) == getattr(network, layer).weight.shape[0]


def test_captum_agrees():
    torch.manual_seed(0)
    tail = nn.Sequential(nn.Linear(9, 8), nn.ReLU(), nn.Linear(8, 7), nn.ReLU(), nn.Linear(7, 3))
    for layer in tail[::2]:
        nn.init.zeros_(layer.bias)  # captum lets biases take part, the z+ rule does not
    network, rows = nn.Sequential(nn.Linear(6, 9), nn.ReLU(), *tail), torch.randn(20, 6)
    labels = torch.arange(20) % 3
    ours = prune.relevance(network, rows, labels)["0"]
    given = network[:2](rows).detach()
    for layer in tail[::2]:
        layer.rule = Alpha1_Beta0_Rule()
    for layer in tail[1::2]:
        layer.rule = IdentityRule()
    theirs = LRP(tail).attribute(given, target=labels)
    begun = tail(given).gather(1, labels[:, None])  # captum starts with the logit, not with 1
    wanted = (theirs / begun).mean(0)
    assert torch.allclose(ours, wanted, atol=1e-4)


def test_courtesy_and_messages(network, few):
    network.train()
    prune.relevance(network, *few)
    assert network.training and all(p.grad is None for p in network.parameters())
    with pytest.raises(ValueError, match="20 images came with 19 labels"):
        prune.relevance(network, few[0], few[1][1:])
    with pytest.raises(TypeError, match="ResNet"):
        prune.relevance(models.ResNet(), *few)
