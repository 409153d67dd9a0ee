"""Laws of diagnosis."""

import pytest
import torch
from sklearn.metrics import confusion_matrix, recall_score

from course_utils import diagnose


def fixed(predictions, classes=3):
    """A network that predicts these classes, whatever it is shown."""
    logits = torch.nn.functional.one_hot(torch.tensor(predictions), classes).float()
    return lambda images: logits[images[:, 0, 0, 0].long()]


IMAGES = torch.arange(8.0).view(8, 1, 1, 1)
LABELS = torch.tensor([0, 0, 0, 1, 1, 2, 2, 2])
PREDICTED = [0, 1, 0, 1, 2, 2, 2, 0]


def test_confusion_is_scikit_learns_rows_are_the_truth():
    found = diagnose.confusion(fixed(PREDICTED), IMAGES, LABELS)
    assert found.tolist() == confusion_matrix(LABELS, PREDICTED).tolist()
    assert found[0, 1] == 1 and found[1, 0] == 0 and found.sum() == 8


def test_per_class_is_recall():
    found = diagnose.per_class(fixed(PREDICTED), IMAGES, LABELS)
    assert found.tolist() == pytest.approx(recall_score(LABELS, PREDICTED, average=None).tolist())


def test_a_class_without_images_has_no_accuracy():
    found = diagnose.per_class(fixed(PREDICTED, classes=4), IMAGES, LABELS)
    assert found[3].isnan() and not found[:3].isnan().any()


def test_pointing_game_by_hand():
    maps = torch.zeros(4, 1, 4, 6)
    maps[0, 0, 1, 5] = 1  # inside
    maps[1, 0, 2, 5] = 1  # just below
    maps[2, 0, 1, 3] = 1  # just left
    maps[3, 0, 1, 4] = -1  # strong, but against the class; nothing stands out
    boxes = torch.tensor([[0, 4, 2, 6]]).expand(4, 4)
    assert diagnose.pointing_game(maps, boxes).tolist() == [True, False, False, False]
    assert diagnose.pointing_game(maps.squeeze(1), boxes).tolist()[0]


def test_a_random_map_scores_the_boxes_share_of_the_image():
    maps = torch.rand(4000, 1, 8, 8, generator=torch.Generator().manual_seed(0))
    boxes = torch.tensor([[0, 0, 4, 4]]).expand(4000, 4)
    share = diagnose.pointing_game(maps, boxes).float().mean().item()
    assert share == pytest.approx(0.25, abs=0.03)


def test_messages():
    with pytest.raises(ValueError, match="8 classes from 0 to 2; got 8 from 3 to 5"):
        diagnose.confusion(fixed(PREDICTED), IMAGES, LABELS + 3)
    with pytest.raises(ValueError, match="boxes n x 4"):
        diagnose.pointing_game(torch.zeros(2, 1, 4, 4), torch.zeros(4))
