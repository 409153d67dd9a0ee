"""Laws of lesson 5.2's helpers: tables, readers, and a tree's way in pictures and words."""

import pandas as pd
import pytest
import torch

from course_utils import models, sparse_head
from course_utils.demos import figures_5_2 as figures
from course_utils.demos import lesson_5_2 as demo
from course_utils.recipes import guided, matched


def guided_rows():
    """Taylor is best in 8 steps on what chooses, and at once on what judges."""
    rows = []
    for order in guided.ORDERS:
        for way in guided.WAYS:
            best = way == ("in 8 steps" if order == "Taylor" else "at once")
            for seed in range(3):
                known = {"seed": seed, "order": order, "way": way, "steps": 0}
                rows.append(known | {"held": 0.8 if best else 0.5, "accuracy": 0.6 - 0.1 * best})
    for order in (*guided.ORDERS, "fresh start"):
        for steps in guided.STEPS:
            for seed in range(3):
                rows.append({"seed": seed, "order": order, "way": "–", "steps": steps,
                             "held": 0.9, "accuracy": 0.9 + seed / 100})  # fmt: skip
    return pd.DataFrame(rows)


def test_each_order_keeps_the_way_it_chose_and_not_the_luckier_one():
    table = guided_rows()
    ways = demo.best_ways(table)
    assert ways == {"Taylor": "in 8 steps", "relevance": "at once", "L1": "at once",
                    "by lot": "at once"}  # fmt: skip
    found = demo.trained_on(table)
    assert found[0]["Taylor"] == pytest.approx([0.5] * 3)
    assert list(found) == [0, *guided.STEPS] and "fresh start" not in found[0]
    assert found[160]["fresh start"] == pytest.approx([0.9, 0.91, 0.92])


def test_gap_is_that_of_pairs():
    mean, error = demo.gap([0.9, 0.8, 0.7], [0.8, 0.7, 0.6])
    assert mean == pytest.approx(0.1) and error == pytest.approx(0, abs=1e-9)
    assert demo.points((-0.012, 0.003)) == "−1.2 ± 0.3 points"


def test_students_tables():
    rows = [{"seed": seed, "of": 0.9, "arm": arm, "accuracy": 0.88 + seed / 100,
             "explainer": name, "agreement": seed / 10, "error": 0.0}
            for seed in range(3) for arm in matched.ARMS
            for name in demo.fusion.EXPLAINERS]  # fmt: skip
    table = pd.DataFrame(rows)
    assert demo.agreements(table)["LIME"]["labels"] == [0.0, 0.1, 0.2]
    assert demo.changes(table)["answers"] == pytest.approx([-0.02, -0.01, 0.0])
    assert demo.accuracy(table)["answers"] == pytest.approx([0.88, 0.89, 0.90])


def test_a_leaky_choice_gives_the_answer_away():
    draw = torch.Generator().manual_seed(0)
    features, labels = torch.randn(300, 40, generator=draw), torch.arange(300) % 10
    (head, lot), = demo.heads(features, labels, [0.02], steps=50).values()  # fmt: skip
    said = lot(features).argmax(1)
    fair = demo.share_alike(sparse_head.read(lot, features, 2), said)
    assert demo.share_alike(demo.leaky_reader(lot, features, 2, said), said) > fair + 0.1
    # Told everything, both readers know the answer: they differ in the choice alone.
    everything = demo.leaky_reader(head, features, 40, said)
    assert torch.equal(everything, head(features).argmax(1))
    assert torch.equal(everything, sparse_head.read(head, features, 40))


def test_a_leaky_choice_by_hand():
    head = sparse_head.Head(torch.tensor([[3.0, 0.0], [0.0, 2.0]]), torch.tensor([0.0, 0.5]),
                            torch.zeros(2), torch.ones(2), torch.ones(2) > 0)  # fmt: skip
    features = torch.ones(2, 2)  # the answer is class 0
    assert demo.leaky_reader(head, features, 1, torch.tensor([0, 1])).tolist() == [0, 1]
    head = head._replace(
        bias=torch.tensor([0.0, 4.0])
    )  # the reader adds the bias, as the head does
    assert demo.leaky_reader(head, features, 1, torch.tensor([0, 1])).tolist() == [1, 1]


def test_other_classes_are_never_the_same():
    classes = torch.arange(200) % 10
    other = (classes + demo.other_classes(classes, seed=0)) % 10
    assert (other != classes).all() and len(other.unique()) == 10


def test_gains_are_those_of_pairs():
    arms = {"labels": 0.1, "answers": 0.3, "answers, CAM": 0.4, "answers, CAM, gradient": 0.4}
    by = {arm: [start, start + 0.1, start + 0.2] for arm, start in arms.items()}
    assert demo.gain_rows({"LIME": by}) == [{
        "explainer": "LIME", "answers − labels": "+0.200 ± 0.000",
        "CAM − answers": "+0.100 ± 0.000", "gradient on top": "+0.000 ± 0.000"}]  # fmt: skip


def test_readers_of_a_network_are_those_of_its_heads():
    network = models.load_network("SimplifiedCNN")
    images, labels = torch.rand(60, 1, 32, 32), torch.arange(60) % 10
    told = demo.twin_readers(network, (images, labels), images[:30], strength=0.02)
    assert list(told) == ["dense", "sparse", "random"]
    seen = network[:-1](images).detach()
    dense = sparse_head.of_layer(network.fc2, seen)
    wanted = demo.share_alike(sparse_head.read(dense, seen[:30], 3), dense(seen[:30]).argmax(1))
    assert told["dense"] == pytest.approx(wanted)


def test_a_tree_reader_who_is_told_all_turns_reads_the_leaf():
    torch.manual_seed(0)
    tree, images = models.SoftTree(depth=3), torch.rand(12, 1, 32, 32)
    outlook = tree.outlook(images)
    leaf = tree.visited(images)[:, -1] - 7
    wanted = tree.distributions()[leaf].argmax(1)
    assert torch.equal(demo.tree_reader(tree, outlook, images, 3), wanted)
    nothing = demo.tree_reader(tree, outlook, images, 0)
    assert (nothing == tree(images).exp().mean(0).argmax()).all()
    alike = demo.share_alike(wanted, tree(images).argmax(1))
    assert demo.tree_told(tree, images, images, 3) == pytest.approx(alike)


def test_the_way_in_pictures_and_words():
    torch.manual_seed(0)
    tree, images = models.SoftTree(depth=3).eval(), torch.rand(10, 1, 32, 32)
    ways = demo.Ways(tree, images, torch.arange(10), seen=images)
    turns = ways.turns(4)
    assert len(turns) == 3 and all(sure >= 0.5 for _, _, sure in turns)
    for node, (weights, right, _) in zip(ways.nodes[4].tolist(), turns, strict=False):
        score = tree.questions(tree.flatten(tree.normalize(images[4:5])))[0, node]
        assert right == (score > 0) and torch.equal(weights.flatten(), tree.questions.weight[node])
    words = figures.words_for_way(ways, 4, 2)
    assert words.startswith("Picture: coat. Turns: ") and words.count("%") == 2
    assert "After 2 questions a reader says" in words
    assert len(figures.way(ways, 4, 2).axes) == 5


def test_figures_are_drawn_and_told():
    table = guided_rows()
    cuts, found = demo.cuts(table), demo.trained_on(table)
    assert len(figures.removal(cuts, title="a").axes) == 4
    assert "in 8 steps: Taylor 50.0%" in figures.words_for_removal(cuts)
    lines = figures.training_on(found, title="b").axes[0].get_lines()
    assert len(lines) == 5 + 4 * 4 + 3
    assert "After 160 updates: Taylor 91.0%" in figures.words_for_training(found)
    rows = [{"head": kind, "features a class": 5.0, "accuracy": 0.9, "told 3": 0.5}
            for kind in figures.HEADS]  # fmt: skip
    assert len(figures.readers(rows, told="told 3", title="c").axes) == 2
    assert "sparse head of 5 features a class" in figures.words_for_readers(rows, told="told 3")
