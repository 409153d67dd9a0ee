"""Lesson 5.1's tables, floors, borrowed maps and dashboard say what networks and files say."""

import pytest
import torch

from course_utils import data, fusion, models, training
from course_utils.demos import figures_5_1 as figures
from course_utils.demos import lesson_5_1 as demo
from course_utils.recipes import drift as recipe


@pytest.fixture(scope="module")
def table():
    return data.study("drift")


@pytest.fixture(scope="module")
def studied():
    return demo.studied()


def test_the_table_holds_every_version_of_every_network_by_every_explainer(table):
    assert set(table.version) == {*recipe.VERSIONS, "another seed"}
    assert set(table.explainer) == set(fusion.EXPLAINERS)
    assert len(table) == 3 * (len(recipe.VERSIONS) + 1) * len(fusion.EXPLAINERS)
    assert table[["accuracy", "same answers"]].stack().between(0, 1).all()
    assert table.agreement.between(-1, 1).all() and (table.error >= 0).all()


@pytest.mark.parametrize("name", ["98 % zeros", "2 bits, trained", "student", "3 bits"])
def test_a_file_is_the_network_of_the_table(table, studied, name):
    network = demo.smaller(name)
    right = training.evaluate(network, *data.fashion_mnist("validation"))
    assert right == pytest.approx(demo.accuracies(table)[name][0], abs=5e-4)
    how = fusion.EXPLAINERS["HiResCAM"]
    maps = (how.method(one, *studied) for one in (models.load_network(recipe.WHOLE[0]), network))
    here = how.agreement(studied[0], *maps).mean().item()
    assert here == pytest.approx(demo.agreements(table, "HiResCAM")[name][0], abs=2e-3)


def test_pruned_files_hold_the_zeros_that_their_names_promise():
    from course_utils import prune

    for share in recipe.SHARES:
        network = demo.smaller(f"{share * 100:.0f} % zeros")
        assert prune.sparsity(network) == pytest.approx(share, abs=1e-3)


def test_studied_images_are_right_in_all_three(studied):
    images, classes = studied
    assert images.shape == (60, 1, 32, 32)
    for name in recipe.WHOLE:
        assert training.evaluate(models.load_network(name), images, classes) == 1
    everything = recipe.chosen(demo.wholes(), *data.fashion_mnist("validation", limit=1000))
    assert all(map(torch.equal, everything, studied))


def test_seeds_stay_in_their_order(table):
    rows = table[(table.explainer == "LIME") & (table.version == "3 bits")]
    by_seed = rows.set_index("seed").agreement
    shuffled = table.sample(frac=1, random_state=0)
    assert demo.agreements(shuffled, "LIME")["3 bits"] == [by_seed[0], by_seed[1], by_seed[2]]


def test_neighbours_are_of_one_class_and_never_oneself():
    assert demo.neighbours(torch.tensor([4, 7, 4, 4, 9])).tolist() == [2, 1, 3, 0, 4]


def test_the_floor_is_read_on_other_pictures(studied):
    images, classes = (x[:20] for x in studied)
    pixels = {"gradient": torch.randn(20, 1, 32, 32, generator=torch.Generator().manual_seed(0))}
    found = demo.floors(images, classes, pixels)["gradient"]
    alone = sum(int((classes == one).sum() == 1) for one in classes)
    assert len(found) == 20 - alone and found.abs().mean() < 0.2
    same = {"gradient": torch.arange(1024.0).view(1, 1, 32, 32).expand(20, 1, 32, 32)}
    assert demo.floors(images, classes, same)["gradient"].tolist() == pytest.approx(
        [1] * len(found)
    )


def test_deletion_prefers_the_map_that_knows():
    def bright(images):  # class 1 is the sum of the first row
        total = images[:, 0, 0].sum(1)
        return torch.stack([-total, total], 1)

    images = torch.full((3, 1, 8, 8), 0.5)
    knows = torch.zeros(3, 1, 8, 8)
    knows[:, :, 0] = 1
    found = demo.deletion(bright, images, torch.ones(3).long(), {"knows": knows, "not": -knows})
    assert (found["knows"] < found["not"]).all()


def test_populations_by_kind(table):
    voters = demo.populations()
    _, labels = data.fashion_mnist("validation")
    assert {name: tuple(one.shape) for name, one in voters.items()} == dict.fromkeys(
        ("whole", "pruned", "trained on", "weaker", "whole again"), (10, 5000)
    )
    right = {name: (one == labels).double().mean() for name, one in voters.items()}
    assert abs(right["weaker"] - right["pruned"]) < 0.01 < right["whole"] - right["pruned"]
    some = torch.zeros(5000, dtype=torch.bool)
    some[:2] = True
    given = torch.stack([labels, (labels + 1) % 10])
    assert demo.right_on(given, labels, some) == 0.5


@pytest.fixture(scope="module")
def board(table, studied):
    return demo.Dashboard(*studied, demo.accuracies(table))


def test_the_dashboard_shows_what_the_networks_say(board):
    whole = board.see(2, "whole", "gradient")
    assert whole.agreement == pytest.approx(1) and whole.answer == int(board.classes[2])
    one = board.see(2, "2 bits", "gradient")
    network = demo.smaller("2 bits")
    assert one.answer == training.predict(network, board.pictures[[2]]).argmax().item()
    how = fusion.EXPLAINERS["gradient"]
    assert torch.equal(one.map, how.method(network, board.pictures[[2]], board.classes[[2]])[0])


def test_the_verdict_follows_answer_and_agreement(board):
    assert board.verdict(0, "8 bits", "gradient") == (
        "same answer, reasons nearer than another seed's"
    )
    assert board.verdict(0, "another seed", "gradient").endswith("no nearer than another seed's")
    lost = next(
        p for p in range(10) if board.see(p, "2 bits", "gradient").answer != board.classes[p]
    )
    assert board.verdict(lost, "2 bits", "gradient").startswith("another answer")


def test_figures_say_their_numbers(table, board):
    agree = {name: demo.agreements(table, name) for name in fusion.EXPLAINERS}
    accuracy, told = demo.accuracies(table), figures.words_for_grid(agree, demo.accuracies(table))
    mean = sum(agree["LIME"]["90 % zeros"]) / 3
    assert f"LIME {mean:.2f}" in told.split("90 % zeros")[1].split(".  ")[0]
    made = figures.drift_grid(agree, accuracy, title="t")
    texts = [one.get_text() for one in made.axes[0].texts]
    assert f"{mean:.2f}" in texts and "accuracy" in texts
    points = figures.accuracy_and_agreement(accuracy, agree["LIME"], demo.methods(table), title="t")
    named = {one.get_text() for one in points.axes[0].texts}
    assert named == set(accuracy) - {"2 bits", *figures.CROWDED}
    assert "; 2 bits:" not in figures.words_for_points(accuracy, agree["LIME"])
    shown = figures.dashboard(board, 1, "gradient", "3 bits")
    assert len(shown.axes) == 4 and "3 bits" in shown.get_suptitle()
    assert "accuracy" in shown.axes[2].get_xlabel()
    told = figures.words_for_dashboard(board, 1, "gradient", "3 bits")
    assert "3 bits says" in told and "another seed says" in told
    assert board.verdict(1, "3 bits", "gradient") in told


def test_maps_grid_takes_batches_of_one(studied):
    images, classes = (x[:1] for x in studied)
    whole = models.load_network(recipe.WHOLE[0])
    quick = {name: fusion.EXPLAINERS[name] for name in ("gradient", "HiResCAM")}
    rows = {"a": fusion.explain(whole, images, classes, explainers=quick)}
    assert len(figures.maps_grid(images[0], rows, title="t").axes) == 2


def test_the_scale_begins_at_the_floor_and_ends_at_one():
    floors = {"LIME": torch.tensor([0.4, 0.6])}
    found = demo.above({"LIME": {"a": [0.5, 1.0, 0.75]}}, floors)
    assert found["LIME"]["a"] == pytest.approx([0, 1, 0.5])


def test_areas_are_compared_image_by_image():
    found = {"its own map": torch.tensor([0.1, 0.2]), "brightness": torch.tensor([0.4, 0.5]),
             "the whole network's map": torch.tensor([0.2, 0.3])}  # fmt: skip
    assert demo.cost(found).tolist() == pytest.approx([0.1, 0.1])
    (row,) = demo.area_rows({"x": found})
    assert row == {"network": "x", "borrowed − own": "+0.100 ± 0.000",
                   "brightness − own": "+0.300 ± 0.000",
                   "brightness − borrowed": "+0.200 ± 0.000"}  # fmt: skip


def test_a_teacher_is_compared_with_its_twins(studied):
    images, classes = (x[:8] for x in studied)
    how, student = fusion.EXPLAINERS["HiResCAM"], demo.smaller("student")
    mine = how.method(student, images, classes)
    near = [how.agreement(images, mine, how.method(models.load_network(name), images, classes))
            for name in recipe.WHOLE]  # fmt: skip
    wanted = near[0] - (near[1] + near[2]) / 2
    assert torch.allclose(demo.its_own("HiResCAM", images, classes), wanted)


def test_rows_on_forgotten_images_and_on_settings():
    labels = torch.tensor([0, 1, 2, 0])
    whole = labels.expand(3, 4)
    worse = torch.stack([labels, labels * 0, labels * 0])
    rows = demo.forgotten_rows({"whole": whole, "a": whole, "b": worse}, labels)
    assert [row["ten networks"] for row in rows] == ["b", "a"]
    assert rows[0]["majority differs"] == 2 and rows[0]["there, whole"] == 1
    assert rows[0]["there, these"] == pytest.approx(1 / 3)
    images = torch.rand(2, 1, 8, 8) + 0.1
    agree = {"gradient": {"90 % zeros": [0.5, 0.6, 0.7], "another seed": [0.1, 0.2, 0.3]}}
    (row,) = demo.setting_rows({"gradient": ("none", images)}, images,
                               {"gradient": torch.cat([images, images])}, agree)  # fmt: skip
    assert row == {"explainer": "gradient", "changed setting": "none",
                   "same network": pytest.approx(1), "90 % zeros": pytest.approx(0.6),
                   "another seed": pytest.approx(0.2)}  # fmt: skip
