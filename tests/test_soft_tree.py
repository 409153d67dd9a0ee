"""Laws of the soft tree: its leaves share every image, and its file rebuilds it."""

import itertools
import math

import pytest
import torch

from course_utils import models
from course_utils.models.soft_tree import SoftTree, uneven


@pytest.fixture
def tree():
    torch.manual_seed(0)
    return SoftTree(depth=3, size=4, classes=5).eval()


@pytest.fixture
def images():
    return torch.rand(7, 1, 4, 4, generator=torch.Generator().manual_seed(1))


def asks(tree, *scores):
    """Make the questions answer with fixed scores, whatever the picture."""
    with torch.no_grad():
        tree.questions.weight.zero_()
        tree.questions.bias.copy_(torch.tensor(scores))
    return tree


def test_an_answer_by_hand(images):
    tree = asks(SoftTree(depth=2, size=4, classes=3), 0.0, math.log(3), -math.log(3))
    # Left with 1/2, then left with 1/4; right with 1/2, then left with 3/4.
    shares = torch.tensor([1 / 8, 3 / 8, 3 / 8, 1 / 8])
    wanted = (shares @ tree.distributions()).log()
    assert torch.allclose(tree(images), wanted.expand(7, 3), atol=1e-6)


def test_leaves_share_every_image_and_classes_every_answer(tree, images):
    before = tree.flatten(tree.normalize(images))
    reached = tree.paths(tree.questions(before)).exp()
    assert reached.shape == (7, 8)
    assert torch.allclose(reached.sum(1), torch.ones(7), atol=1e-5)
    assert torch.allclose(tree(images).exp().sum(1), torch.ones(7), atol=1e-5)


def test_the_visited_way_follows_each_score(tree, images):
    scores = tree.questions(tree.flatten(tree.normalize(images)))
    for row, way in enumerate(tree.visited(images).tolist()):
        assert way[0] == 0 and len(way) == 4
        for node, below in itertools.pairwise(way):
            assert below == 2 * node + (2 if scores[row, node] > 0 else 1)


def test_a_very_sure_tree_answers_as_the_visited_leaf(tree, images):
    with torch.no_grad():
        tree.questions.weight.mul_(1e4)
        tree.questions.bias.mul_(1e4)
    leaf = tree.visited(images)[:, -1] - 7
    assert torch.allclose(tree(images).exp(), tree.distributions()[leaf], atol=1e-4)


def test_outlook_is_the_leaf_at_the_end_and_the_mean_answer_at_the_root(tree, images):
    outlook = tree.outlook(images)
    assert outlook.shape == (15, 5)
    assert torch.allclose(outlook[7:], tree.distributions(), atol=1e-6)
    assert torch.allclose(outlook[0], tree(images).exp().mean(0).detach(), atol=1e-5)


def test_outlook_weighs_leaves_by_their_use(images):
    tree = asks(SoftTree(depth=1, size=4, classes=2), math.log(3))
    low, high = tree.distributions()
    assert torch.allclose(tree.outlook(images)[0], low / 4 + 3 * high / 4, atol=1e-6)


def test_uneven_by_hand(images):
    assert uneven(asks(SoftTree(depth=2, size=4), 0.0, 0.0, 0.0), images).item() == pytest.approx(0)
    # The root sends 3/4 right; one level down counts half, and only the second parts unevenly.
    tree = asks(SoftTree(depth=2, size=4), math.log(3), 0.0, math.log(9))

    def cost(right):
        return -0.5 * math.log(right * (1 - right)) - math.log(2)

    wanted = cost(3 / 4) + cost(9 / 10) / 2
    assert uneven(tree, images).item() == pytest.approx(wanted, abs=1e-5)


def test_uneven_counts_only_the_images_that_arrive():
    """The left question parts evenly those that reach it; that the others would not is nothing."""
    tree = SoftTree(depth=2, size=2, classes=2, mean=0.0, std=1.0)
    with torch.no_grad():
        tree.questions.weight.zero_()
        tree.questions.bias.zero_()
        tree.questions.weight[0, 0] = 200.0  # right if the first pixel is lit
        tree.questions.bias[0] = -100.0
        tree.questions.weight[1, 1] = 200.0  # asked of the dark ones only
        tree.questions.bias[1] = -100.0
    pictures = torch.tensor([[0, 0, 0, 0], [0, 1, 0, 0], [1, 1, 0, 0], [1, 1, 0, 0]])
    assert uneven(tree, pictures.view(4, 1, 2, 2).float()).item() == pytest.approx(0, abs=1e-4)


def test_a_file_alone_rebuilds_it(tree, images, tmp_path):
    for ending in ("safetensors", "safetensors.xz", "small"):
        again = models.load_network(models.save_network(tree, tmp_path / f"tree.{ending}"))
        assert torch.equal(again(images), tree(images)) and again.settings == tree.settings


def test_messages(tree):
    with pytest.raises(ValueError, match="depth must be 1 to 12"):
        SoftTree(depth=0)
    with pytest.raises(ValueError, match=r"\(n, 1, 4, 4\); got \(7, 1, 32, 32\)"):
        tree(torch.rand(7, 1, 32, 32))
