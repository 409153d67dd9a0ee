"""The checks of lesson 5.1 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import fusion, saliency
from course_utils.exercises import judge
from course_utils.exercises import lesson_5_1 as lesson


def test_solutions_by_hand():
    # Networks 0 and 1 choose images 1 and 2, networks 2 and 3 are asked about them.
    labels = torch.tensor([0, 1, 2])
    before = torch.tensor([[0, 1, 2], [0, 1, 2], [0, 1, 0], [0, 0, 2]])
    after = torch.tensor([[0, 2, 0], [0, 2, 0], [1, 1, 0], [0, 0, 0]])
    assert lesson.forgotten_fairly(before, after, labels) == (2, 0.5, 0.25)
    one, _, images, classes = lesson._small_networks()
    assert lesson.gradients_agree(one, one, images, classes).tolist() == pytest.approx([1] * 6)


def test_other_right_ways_are_accepted():
    def by_scipy(network, other, images, classes):
        from scipy.stats import spearmanr

        def slopes(one):
            x = images.clone().requires_grad_()
            one(x).gather(1, classes[:, None]).sum().backward()
            return x.grad

        return [spearmanr(a[x > 0], b[x > 0]).statistic
                for x, a, b in zip(images, slopes(network), slopes(other))]  # fmt: skip

    def in_tensors(before, after, labels):
        return [torch.tensor(x) for x in lesson.forgotten_fairly(before, after, labels)]

    def by_drift(network, other, images, classes):
        maps = ({"gradient": saliency.gradient(one, images, classes)} for one in (network, other))
        return fusion.drift(images, *maps)

    def in_array(network, other, images, classes):
        return lesson.gradients_agree(network, other, images, classes).numpy()

    def in_one_tensor(before, after, labels):
        return torch.tensor(lesson.forgotten_fairly(before, after, labels))

    def by_mode(before, after, labels):
        half = len(before) // 2
        some = before[:half].mode(0).values != after[:half].mode(0).values
        return np.array([some.sum(), *((one[half:, some] == labels[some]).float().mean()
                                       for one in (before, after))])  # fmt: skip

    for right in (by_scipy, by_drift, in_array):
        assert judge("5.1.1", right).state == "solved"
    for right in (in_tensors, in_one_tensor, by_mode):
        assert judge("5.1.2", right).state == "solved"


@pytest.mark.parametrize(("wrong", "words"), lesson.DRIFTS)
def test_5_1_1_names_the_slip(wrong, words):
    assert words in remark("5.1.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.FORGOTTEN)
def test_5_1_2_names_the_slip(wrong, words):
    assert words in remark("5.1.2", wrong)
