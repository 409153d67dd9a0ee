"""Taylor scores: by hand, on units that say nothing, and what they leave behind."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

from course_utils import data, fusion, models, prune, structure, training


@pytest.fixture(scope="module")
def few():
    return data.fashion_mnist("validation", limit=60)


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(3, 4), hidden=5).eval()


def test_one_unit_by_hand():
    model = nn.Sequential(nn.Linear(1, 2), nn.ReLU(), nn.Linear(2, 2))
    with torch.no_grad():
        model[0].weight.copy_(torch.tensor([[1.0], [-1.0]]))
        model[0].bias.zero_()
        model[2].weight.copy_(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))
        model[2].bias.zero_()
    images, labels = torch.tensor([[2.0], [1.0]]), torch.tensor([0, 1])
    got = prune.taylor(model, images, labels)
    p = torch.sigmoid(torch.tensor([2.0, 1.0]))  # of class 0: its logit is a, the other's 0
    wanted = (2.0 * (p[0] - 1).abs() + 1.0 * p[1]) / 2  # a · |∂loss/∂a|, mean over both
    assert got.keys() == {"0"}
    assert torch.allclose(got["0"], torch.stack([wanted, torch.tensor(0.0)]))


def test_it_is_fusions_score_behind_each_relu(network, few):
    images, labels = few
    front, back = network[:6], network[6:]
    activations = front(images)
    loss = F.cross_entropy(back(activations), labels, reduction="sum")
    slope = torch.autograd.grad(loss, activations)[0]
    got = prune.taylor(network, images, labels, batch_size=7)
    assert got.keys() == {"conv1", "conv2", "fc1"}
    assert torch.allclose(got["conv2"], fusion.taylor_scores(activations, slope), rtol=1e-4)


def test_a_unit_that_is_always_zero_scores_zero_and_can_go(network, few):
    with torch.no_grad():
        network.fc1.weight[2], network.fc1.bias[2] = 0.0, -1.0
    scores = prune.taylor(network, *few)["fc1"]
    assert scores[2] == 0 and (scores >= 0).all()
    small = structure.remove_filters(network, {"fc1": scores.argsort()[:1]})
    assert torch.allclose(training.predict(small, few[0]), training.predict(network, few[0]))


def test_courtesy(network, few):
    network.train()
    network.requires_grad_(False)
    before = [p.clone() for p in network.parameters()]
    with torch.no_grad():
        prune.taylor(network, *few)
    assert network.training and not few[0].requires_grad
    assert all(torch.equal(a, b) for a, b in zip(before, network.parameters(), strict=True))
    assert all(p.grad is None for p in network.parameters())
    assert not any(m._forward_hooks for m in network.modules())
    with pytest.raises(ValueError):
        prune.taylor(network, few[0][:, :, :9], few[1])  # the network refuses the shape
    assert network.training and not any(m._forward_hooks for m in network.modules())


def test_messages(network, few):
    with pytest.raises(ValueError, match="60 images came with 59 labels"):
        prune.taylor(network, few[0], few[1][1:])
    with pytest.raises(ValueError, match=r"no nn.ReLU stands behind"):
        prune.taylor(nn.Sequential(nn.Flatten(), nn.Linear(1024, 10)), *few)
