"""Laws of drift: the same network does not, a changed one does, strangers agree by chance."""

import pytest
import torch
from torch import nn

from course_utils import fusion, models, prune


@pytest.fixture
def images():
    return torch.rand(3, 1, 32, 32, generator=torch.Generator().manual_seed(0)) * (
        torch.arange(32)[:, None] > 9
    )


@pytest.fixture
def network():
    torch.manual_seed(0)
    return models.SimplifiedCNN(channels=(4, 6), hidden=8).eval()


CLASSES = torch.tensor([0, 3, 3])


def test_a_network_does_not_drift_from_itself(network, images):
    maps = fusion.explain(network, images, CLASSES)
    assert list(maps) == list(fusion.EXPLAINERS)
    for agreed in fusion.drift(images, maps, maps).values():
        assert agreed.tolist() == pytest.approx([1] * 3)


def test_every_explainer_notices_a_change(network, images):
    whole = fusion.explain(network, images, CLASSES)
    cut = fusion.explain(prune.magnitude(network, 0.8), images, CLASSES)
    for name, agreed in fusion.drift(images, whole, cut).items():
        assert (agreed < 0.999).all(), name


def test_the_class_to_explain_is_the_one_given(network, images):
    one = fusion.explain(network, images, CLASSES)
    other = fusion.explain(network, images, CLASSES + 1)
    for name, agreed in fusion.drift(images, one, other).items():
        assert (agreed < 0.999).all(), name


def test_black_pixels_do_not_count(images):
    one, other = torch.randn(2, 3, 1, 32, 32, generator=torch.Generator().manual_seed(1))
    other = torch.where(images > 0, one, other)
    pixels = fusion.Explainer(method=None)
    assert pixels.agreement(images, one, other).tolist() == pytest.approx([1] * 3)


def test_squares_are_compared_once_each_and_black_ones_not_at_all(images):
    # 16 squares; the upper four are black. The rest agree but for two that change places.
    values = torch.arange(16.0).view(1, 1, 4, 4).expand(3, 1, 4, 4)
    swapped = values.clone()
    swapped[:, 0, 3, 2:] = swapped[:, 0, 3, 2:].flip(-1)
    swapped[:, 0, 0] = 99.0
    squares = fusion.Explainer(method=None, side=4)
    large = [x.repeat_interleave(8, 2).repeat_interleave(8, 3) for x in (values, swapped)]
    wanted = 1 - 6 * 2 / (12 * (144 - 1))
    assert squares.agreement(images, *large).tolist() == pytest.approx([wanted] * 3)


def test_lime_and_shapley_ask_every_network_the_same(network, images):
    for name in ("LIME", "Shapley"):
        once, twice = (
            fusion.EXPLAINERS[name].method(network, images[:1], CLASSES[:1]) for _ in range(2)
        )
        assert torch.equal(once, twice)


def test_an_integer_network_is_explained_by_asking_only(network, images):
    asked = {k: fusion.EXPLAINERS[k] for k in ("occlusion", "LIME", "Shapley")}

    def only_answers(x):
        return network(x).detach()

    maps = fusion.explain(network, images, CLASSES, explainers=asked)
    same = fusion.explain(only_answers, images, CLASSES, explainers=asked)
    for agreed in fusion.drift(images, maps, same).values():
        assert agreed.tolist() == pytest.approx([1] * 3)


def test_maps_of_one_side_only_are_named(network, images):
    few = {"gradient": fusion.EXPLAINERS["gradient"]}
    one = fusion.explain(network, images, CLASSES, explainers=few)
    with pytest.raises(ValueError, match="occlusion"):
        fusion.drift(images, one, one | {"occlusion": one["gradient"]})


def test_untrained_networks_agree_by_chance_only():
    torch.manual_seed(3)
    images = torch.rand(24, 1, 32, 32)
    pair = [nn.Sequential(nn.Flatten(), nn.Linear(1024, 4)) for _ in range(2)]
    few = {"gradient": fusion.EXPLAINERS["gradient"]}
    maps = [fusion.explain(one, images, torch.zeros(24).long(), explainers=few) for one in pair]
    assert fusion.drift(images, *maps)["gradient"].mean().abs() < 0.1


def test_majorities_by_hand():
    before = torch.tensor([[0, 1, 2, 2], [0, 1, 2, 0], [1, 1, 0, 1]])
    after = torch.tensor([[0, 3, 2, 0], [0, 3, 0, 1], [0, 1, 0, 2]])
    assert fusion.majority(before).tolist() == [0, 1, 2, 0]
    assert fusion.forgotten(before, after).tolist() == [False, True, True, False]


def test_equal_populations_forget_nothing_and_a_tie_is_no_difference():
    tied = torch.tensor([[4, 2], [1, 2]])
    assert fusion.majority(tied).tolist() == [1, 2]
    assert not fusion.forgotten(tied, tied.flip(0)).any()


def test_answers_may_be_bytes():
    given = torch.tensor([[9, 200], [9, 200], [0, 1]], dtype=torch.uint8)
    assert fusion.majority(given).tolist() == [9, 200]


@pytest.mark.parametrize("wrong", [torch.zeros(3, 4), torch.zeros(4).long(), torch.zeros(0, 4)])
def test_what_is_no_list_of_answers_is_refused(wrong):
    with pytest.raises(ValueError, match="network x image"):
        fusion.majority(wrong)


def test_populations_of_different_size_are_refused():
    with pytest.raises(ValueError, match="equally many"):
        fusion.forgotten(torch.zeros(3, 4).long(), torch.zeros(2, 4).long())
