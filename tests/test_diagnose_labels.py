"""Laws of wrong labels: planted exactly, folds that are folds, confident learning by hand."""

import pytest
import torch
from sklearn.metrics import roc_auc_score

from course_utils import diagnose

# Own probabilities of class 0: .9 .7 .2 (mean .6); of class 1: .8 .6 .1 (mean .5).
ODDS = torch.tensor([[0.9, 0.1], [0.7, 0.3], [0.2, 0.8], [0.2, 0.8], [0.4, 0.6], [0.9, 0.1]],
                    dtype=torch.float64)  # fmt: skip
GIVEN = torch.tensor([0, 0, 0, 1, 1, 1])


def test_thresholds_and_suspects_by_hand():
    assert diagnose.thresholds(ODDS, GIVEN).tolist() == pytest.approx([0.6, 0.5])
    assert diagnose.confident_joint(ODDS, GIVEN).tolist() == [[2, 1], [1, 2]]
    assert diagnose.suspects(ODDS, GIVEN).tolist() == [5, 2]  # 0.1, then 0.2
    assert diagnose.self_confidence(ODDS, GIVEN).tolist() == [0.9, 0.7, 0.2, 0.8, 0.6, 0.1]
    assert diagnose.margin(ODDS, GIVEN)[[0, 5]].tolist() == pytest.approx([0.8, -0.8])


def test_thresholds_are_means_by_given_label_not_by_answer():
    odds = torch.tensor([[0.6, 0.4], [0.6, 0.4], [0.55, 0.45], [0.1, 0.9]], dtype=torch.float64)
    given = torch.tensor([0, 0, 1, 1])
    # Thresholds 0.6 and 0.675: the third says 0, but is not as sure as 0's own images.
    assert diagnose.confident_class(odds, given).tolist() == [0, 0, -1, 1]
    assert diagnose.suspects(odds, given).tolist() == []


def test_of_two_confident_classes_the_more_probable_counts():
    odds = torch.tensor([[0.4, 0.5, 0.1], [0.3, 0.6, 0.1], [0.3, 0.4, 0.3], [0.1, 0.1, 0.8]],
                        dtype=torch.float64)  # fmt: skip
    given = torch.tensor([0, 0, 1, 2])  # thresholds 0.35, 0.4, 0.8
    assert diagnose.confident_class(odds, given).tolist() == [1, 1, 1, 2]


def test_a_class_without_labels_suspects_nobody():
    odds = torch.tensor([[0.1, 0.9], [0.2, 0.8]], dtype=torch.float64)
    assert diagnose.suspects(odds, torch.tensor([0, 0])).tolist() == []
    assert diagnose.thresholds(odds, torch.tensor([0, 0]))[1] == 1


def test_plant_is_exact_and_always_wrong():
    labels = torch.arange(10).repeat(100)
    given, planted = diagnose.plant(labels, 0.06, seed=3)
    assert planted.sum() == 60 and torch.equal(given != labels, planted)
    assert torch.equal(labels, torch.arange(10).repeat(100))
    assert len(given[planted].unique()) == 10  # every class is somebody's wrong label
    assert not torch.equal(planted, diagnose.plant(labels, 0.06, seed=4)[1])


def test_plant_between_two_classes_touches_only_these():
    labels = torch.arange(10).repeat(100)
    given, planted = diagnose.plant(labels, 0.1, taken_for={6: [0], 0: [6]})
    assert planted.sum() == 20
    moved = set(zip(labels[planted].tolist(), given[planted].tolist(), strict=True))
    assert moved == {(0, 6), (6, 0)}


def test_folds_are_really_out_of_fold_and_cover_everything():
    images = torch.arange(23.0).view(23, 1, 1, 1)
    labels = torch.arange(23) % 2
    seen = []

    def train(some, known):
        own = some.flatten()
        assert torch.equal(known, own.long() % 2)  # labels stay with their images
        seen.append(own)

        def network(asked):
            known_one = torch.isin(asked.flatten(), own)
            assert not known_one.any()
            return torch.stack([asked.flatten(), torch.zeros(len(asked))], 1)

        return network

    found = diagnose.out_of_fold(images, labels, train, folds=4)
    assert len(seen) == 4 and {len(one) for one in seen} == {17, 18}
    assert torch.allclose(found[:, 0], torch.sigmoid(torch.arange(23.0)))  # in their own places


def test_auroc_is_scikit_learns_ties_too():
    chance = torch.Generator().manual_seed(0)
    scores = torch.randint(8, (300,), generator=chance).double()
    marked = torch.rand(300, generator=chance) < 0.2 + scores / 20
    assert diagnose.auroc(scores, marked) == pytest.approx(roc_auc_score(marked, scores))
    assert diagnose.auroc(torch.tensor([1.0, 2, 3]), torch.tensor([0, 0, 1]).bool()) == 1


def test_planted_labels_are_ranked_first():
    chance = torch.Generator().manual_seed(0)
    labels = torch.randint(10, (3000,), generator=chance)
    logits = torch.randn(3000, 10, generator=chance)
    logits[range(3000), labels] += 5  # a good network, which never saw the wrong labels
    given, planted = diagnose.plant(labels, 0.06)
    found = diagnose.suspects(logits.softmax(1), given)
    assert diagnose.auroc(-diagnose.self_confidence(logits.softmax(1), given), planted) > 0.97
    assert planted[found[:100]].double().mean() > 0.95


def test_messages():
    with pytest.raises(ValueError, match=r"got 6. Did you mean 0.06\?"):
        diagnose.plant(GIVEN, 6)
    with pytest.raises(ValueError, match="lead to other classes"):
        diagnose.plant(GIVEN, 0.1, taken_for={0: [0, 1]})
    with pytest.raises(ValueError, match="folds must be from 2 to 6"):
        diagnose.out_of_fold(torch.zeros(6, 1), GIVEN, None, folds=1)
    with pytest.raises(ValueError, match="got 0 and 6"):
        diagnose.auroc(torch.zeros(6), torch.zeros(6))
    with pytest.raises(ValueError, match="classes from 0 to 1"):
        diagnose.suspects(ODDS, GIVEN + 1)
