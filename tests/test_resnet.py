"""Laws of the residual, the shallow and the LeNet-5 networks."""

import pytest
import torch
from torch.nn import functional as F

from course_utils import measure, models
from course_utils.models.resnet import Block


def randomised(network, seed=0):
    """Give batch norms something to do."""
    generator = torch.Generator().manual_seed(seed)
    for module in network.modules():
        if isinstance(module, torch.nn.BatchNorm2d):
            for tensor in (module.weight.data, module.bias.data, module.running_mean):
                tensor.copy_(torch.randn(tensor.shape, generator=generator))
            spread = torch.rand(module.running_var.shape, generator=generator)
            module.running_var.copy_(spread + 0.5)
    return network.eval()


def test_a_block_adds_its_input_by_hand():
    torch.manual_seed(0)
    block, x = randomised(Block(3, 3)), torch.randn(2, 3, 6, 6)

    def normed(x, norm):
        return F.batch_norm(x, norm.running_mean, norm.running_var, norm.weight, norm.bias)

    inside = F.relu(normed(F.conv2d(x, block.conv1.weight, padding=1), block.norm1))
    inside = normed(F.conv2d(inside, block.conv2.weight, padding=1), block.norm2)
    assert torch.allclose(block(x), F.relu(x + inside), atol=1e-5)


def test_a_block_whose_convolutions_are_zero_lets_its_input_through():
    block, x = Block(4, 4).eval(), torch.rand(2, 4, 8, 8)
    for layer in (block.conv1, block.conv2):
        torch.nn.init.zeros_(layer.weight)
    assert torch.equal(block(x), x)  # x is not negative: the last ReLU changes nothing
    plain = Block(4, 4, skip=False).eval()
    plain.load_state_dict(block.state_dict())
    assert not plain(x).any()


def test_without_skips_the_same_numbers_are_lost():
    """The control has the same layers; only the 1 x 1 fits and the additions are gone."""
    with_skips, plain = models.ResNet(), models.ResNet(skip=False)
    fits = sum(p.numel() for n, p in with_skips.named_parameters() if ".fit." in n)
    assert fits == 16 * 32 + 32 * 64
    assert measure.parameters(plain) == measure.parameters(with_skips) - fits


@pytest.mark.parametrize("settings", [{}, {"blocks": 2, "channels": (4, 8)}, {"skip": False}])
def test_a_file_alone_rebuilds_a_resnet(settings, tmp_path):
    torch.manual_seed(0)
    network, images = randomised(models.ResNet(**settings)), torch.rand(3, 1, 32, 32)
    again = models.load_network(models.save_network(network, tmp_path / "r.safetensors"))
    assert torch.equal(again(images), network(images))
    assert network(images).shape == (3, 10) and again.settings == network.settings


def test_sizes_that_make_no_sense_are_refused():
    for wrong in ({"channels": ()}, {"blocks": 0}, {"channels": (4, 4, 4), "size": 4}):
        with pytest.raises(ValueError, match="at least"):
            models.ResNet(**wrong)
    for wrong in ({"channels": (0, 3)}, {"hidden": 0}):
        with pytest.raises(ValueError, match="at least 1"):
            models.LeNet5(**wrong)
    with pytest.raises(ValueError, match="at least"):
        models.ShallowCNN(channels=0)


def test_the_shallow_network_has_fewer_layers_than_the_reference(tmp_path):
    def layers(network):
        return sum(isinstance(m, torch.nn.Conv2d | torch.nn.Linear) for m in network.modules())

    shallow = models.ShallowCNN().eval()
    assert layers(shallow) == 2 and layers(models.SimplifiedCNN()) == 4
    images = torch.rand(2, 1, 32, 32)
    again = models.load_network(models.save_network(shallow, tmp_path / "s.safetensors"))
    assert torch.equal(again(images), shallow(images))


def test_lenet5_is_the_one_of_the_pruning_papers(tmp_path):
    lenet = models.LeNet5().eval()
    assert measure.parameters(lenet) == 431_080  # Han 2016, 1510.00149, table 1: 431K
    images = torch.rand(2, 1, 28, 28)
    x = (images - models.architectures.MNIST_MEAN) / models.architectures.MNIST_STD
    for layer in (lenet.conv1, lenet.conv2):
        x = F.max_pool2d(F.relu(layer(x)), 2)
    assert torch.allclose(lenet(images), lenet.fc2(F.relu(lenet.fc1(x.flatten(1)))), atol=1e-6)
    again = models.load_network(models.save_network(lenet, tmp_path / "l.safetensors"))
    assert torch.equal(again(images), lenet(images))
