"""The checks of lesson 3.5 accept the reference and name each plausible slip."""

import numpy as np
import pytest
import torch
from remarks import remark

from course_utils import saliency
from course_utils.exercises import judge
from course_utils.exercises import lesson_3_5 as lesson
from course_utils.saliency.occlusion import squares


@pytest.mark.parametrize(("wrong", "words"), lesson.COVERS)
def test_3_5_1_names_the_slip(wrong, words):
    assert words in remark("3.5.1", wrong)


@pytest.mark.parametrize(("wrong", "words"), lesson.DELETIONS)
def test_3_5_2_names_the_slip(wrong, words):
    assert words in remark("3.5.2", wrong)


def test_the_map_is_the_packages():
    """Two logits, the score and its negative: occlusion explains logits."""
    for score, image, size in lesson._pictures():
        network = lambda x, score=score: torch.stack([score(x), -score(x)], 1)  # noqa: E731
        ours = saliency.occlusion(network, image[None], 0, size=size, stride=size)
        assert torch.allclose(ours[0, 0], lesson.occlusion(score, image, size), atol=1e-5)


def test_other_right_ways_to_cover():
    @torch.no_grad()
    def all_at_once(score, image, size):
        _, height, width = image.shape
        covers = squares(height, width, size=size, stride=size)
        falls = score(image[None]) - score(torch.where(covers, 0, image))
        return (falls.view(-1, 1, 1, 1) * covers).sum((0, 1)).numpy()

    assert judge("3.5.1", all_at_once).state == "solved"
    as_list = lambda *a: lesson.occlusion(*a).double().tolist()  # noqa: E731
    assert judge("3.5.1", as_list).state == "solved"


def test_other_right_ways_to_delete():
    def with_topk(image, attribution, share):
        left = image.clone().reshape(-1)
        left[attribution.reshape(-1).topk(round(share * left.numel())).indices] = 0
        return left.reshape(image.shape)

    def with_numpy(image, attribution, share):
        image, attribution = image.numpy().copy(), attribution.numpy()
        order = np.argsort(-attribution, axis=None)[: round(share * image.size)]
        image[np.unravel_index(order, image.shape)] = 0
        return image

    for right in (with_topk, with_numpy):
        assert judge("3.5.2", right).state == "solved"


def test_a_threshold_is_named():
    def above(image, attribution, share):
        count = round(share * image.numel())
        if count == 0:
            return image.clone()
        limit = attribution.flatten().sort(descending=True).values[count - 1]
        return image.where(attribution < limit, 0)

    assert "A threshold takes all" in remark("3.5.2", above)


def test_inputs_must_stay():
    def spoils(image, attribution, share):
        highest = attribution.flatten().argsort(descending=True)
        image.view(-1)[highest[: round(share * image.numel())]] = 0
        return image

    def covers(score, image, size):
        found = lesson.occlusion(score, image, size)
        image[:, :size, :size] = 0
        return found

    assert "changed its input" in remark("3.5.2", spoils)
    assert "changed its input" in remark("3.5.1", covers)


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("3.5.1", lambda score, image, size: score(image), "takes pictures of shape"),
        ("3.5.1", lambda score, image, size: torch.zeros(image.shape[1:]), "expected"),
        ("3.5.1", lambda score, image, size: print(size), "return"),
        ("3.5.2", lambda image, attribution, share: image.clone(), "expected"),
        ("3.5.2", lambda image, attribution, share: print(share), "return"),
        ("3.5.2", 3, "function was expected"),
    ],
)
def test_other_wrong_answers_get_the_numbers(number, wrong, words):
    assert words in remark(number, wrong)
