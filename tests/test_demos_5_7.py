"""Lesson 5.7: what the course imports, hopes with their figures, and a network carried over."""

import json
import math
from importlib import metadata

import pytest
import torch
from torch.nn.utils import prune

from course_utils import data, models, scoreboard
from course_utils.demos import claims, figures_5_7, toolbox
from course_utils.demos import lesson_5_7 as demo

# ---- tools


def test_imports_are_found_wherever_they_stand():
    source = "import a.b as c, d\ndef f():\n    from e.f import g\nfrom . import h\nx = 'import y'"
    assert toolbox.imported(source) == {"a", "d", "e"}


def test_places_are_lessons_modules_and_tests(tmp_path):
    for folder in ("notebooks/1_x", "notebooks/1_x/.ipynb_checkpoints", "course_utils", "tests"):
        (tmp_path / folder).mkdir(parents=True)
    cells = [{"cell_type": "code", "source": ["import torch\n", "import shap"]},
             {"cell_type": "markdown", "source": "import lime"}]  # fmt: skip
    for place in ("1_x", "1_x/.ipynb_checkpoints"):
        (tmp_path / f"notebooks/{place}/1_1_a.ipynb").write_text(json.dumps({"cells": cells}))
    (tmp_path / "course_utils/a.py").write_text("import torch")
    found = toolbox.places(tmp_path)
    assert found == {"lessons": [{"torch", "shap"}], "course_utils": [{"torch"}], "tests": []}
    rows = {row["tool"]: row for row in toolbox.rows(toolbox.DOCUMENTS + toolbox.TODAY, found)}
    assert rows["PyTorch"] | {"lessons": 1, "package": 1, "tests": 0} == rows["PyTorch"]
    assert rows["lime"]["lessons"] == 0 and rows["shap"]["lessons"] == 1


def test_tools_are_counted_by_the_name_they_are_imported_as():
    found = {
        "lessons": [{"torch_pruning", "sklearn"}, {"sklearn"}],
        "course_utils": [],
        "tests": [],
    }
    rows = {row["tool"]: row for row in toolbox.rows(toolbox.TODAY, found)}
    assert rows["torch-pruning"]["lessons"] == 1 and rows["scikit-learn"]["lessons"] == 2
    assert rows["scikit-learn"]["version here"] == metadata.version("scikit-learn")


def test_versions_are_the_installed_ones():
    assert toolbox.version("torch") == torch.__version__.split("+")[0]
    assert toolbox.version("no-such-package-anywhere") == "not installed"


# ---- hopes


@pytest.fixture(scope="module")
def hopes():
    return {one.name: one for one in claims.judged()}


@pytest.mark.parametrize(("value", "error", "verdict"), [
    (1.0, 0.4, "holds here"), (1.0, 0.6, "not shown"), (-1.0, 0.6, "not shown"),
    (-1.0, 0.4, "false here"), (-0.1, 0.0, "false here"), (0.1, 0.0, "holds here"),
])  # fmt: skip
def test_two_errors_decide(value, error, verdict):
    assert claims.Claim("A", "words", "name", "points", value, error, 3, "1.1").verdict == verdict


def test_figures_are_those_of_the_kept_studies(hopes):
    guided = data.study("guided").set_index(["seed", "order", "way", "steps"]).accuracy
    gaps = [guided[k, "Taylor", "in 8 steps, means stay", 160] - guided[k, "L1", "at once", 160]
            for k in range(3)]  # fmt: skip
    assert hopes["choice, after training"].value == pytest.approx(100 * sum(gaps) / 3)
    assert hopes["choice, after training"].networks == 3
    drift = data.study("drift").set_index(["seed", "version", "explainer"]).agreement
    gaps = [drift[k, "student", "integrated gradients"]
            - drift[k, "another seed", "integrated gradients"] for k in range(3)]  # fmt: skip
    assert hopes["a student's reasons"].value == pytest.approx(sum(gaps) / 3)
    rows = data.study("control").set_index(["seed", "way", "leaves"])["reach 5000"]
    gaps = [rows[k, "VIPER", 6] - rows[k, "network", 0] for k in range(5)]
    assert hopes["six leaves steer"].value == pytest.approx(100 * sum(gaps) / 5)
    trees = data.study("trees").set_index(["seed", "learned"])["same answers"]
    gaps = torch.tensor([trees[k, "answers"] - trees[k, "labels"] for k in range(3)])
    error = 100 * gaps.std().item() / 3**0.5
    assert hopes["a tree retells"].error == pytest.approx(error, rel=1e-4)


def test_the_figure_of_language_is_that_of_its_study(hopes):
    rows = data.study("language").to_dict("records")
    gaps = [row["agreement"] - row["another seed"] for row in rows
            if (row["network"], row["way"]) == ("transformer", "int8")]  # fmt: skip
    assert len(gaps) == hopes["language, 8 bits"].networks == 3
    assert hopes["language, 8 bits"].value == pytest.approx(sum(gaps) / 3)


def test_other_figures_by_hand(hopes):
    macs = scoreboard.table(mine=False, task="Fashion-MNIST").set_index("name").macs
    saved = (macs["ResNet-plain"] - macs["ResNet"]) / macs["ResNet-plain"]
    assert hopes["skip connections"].value == pytest.approx(100 * saved)
    board = scoreboard.table(mine=False, task="MNIST").set_index("name").accuracy
    whole, small = board["LeNet5"], board["LeNet5-thousandfold"]
    assert hopes["a thousandfold"].value == pytest.approx(1 - 100 * (whole - small))
    error = 100 * math.hypot(*((one * (1 - one) / 10_000) ** 0.5 for one in (whole, small)))
    assert hopes["a thousandfold"].error == pytest.approx(error)
    maps = data.study("matched").set_index(["seed", "arm", "explainer"]).agreement
    gaps = [maps[k, "answers, CAM", "integrated gradients"]
            - maps[k, "answers", "integrated gradients"] for k in range(3)]  # fmt: skip
    assert hopes["reasons taught"].value == pytest.approx(sum(gaps) / 3)


def test_some_hopes_hold_and_some_do_not(hopes):
    """Those whose figures do not depend on this machine's speed."""
    said = {name: one.verdict for name, one in hopes.items()}
    assert said["skip connections"] == said["a student's reasons"] == "false here"
    assert said["whole filters"] == said["reasons at 8 bits"] == said["a thousandfold"] == (
        "holds here")  # fmt: skip
    assert said["search by TPE"] == "holds here" and said["six leaves steer"] == "false here"
    assert said["choice, after training"] == said["search by NSGA-II"] == "not shown"
    assert said["single weights"] != "holds here"
    assert said["teacher, 500 images"] == said["reasons taught"] == "holds here"
    assert said["teacher, all images"] == "false here"
    assert said["choice, before training"] == "holds here" and said["a tree retells"] == "not shown"
    assert hopes["teacher, all images"].networks == 5
    assert said["language, 8 bits"] == "holds here"


def test_verdicts_are_told_in_words(hopes):
    words = figures_5_7.words_for_verdicts(list(hopes.values()))
    assert all(name in words for name in hopes)
    assert words.index("false here") < words.index("skip connections") < words.index("not shown")
    assert len(figures_5_7.verdicts(list(hopes.values())).axes[0].patches) >= len(hopes)
    false = sum(one.verdict == "false here" for one in hopes.values())
    assert f"Of {len(hopes)} hopes" in figures_5_7.tally(list(hopes.values()))
    assert f"{false} are false" in figures_5_7.tally(list(hopes.values()))


def test_bars_are_errors_away_from_zero_and_end_at_ten():
    hopes = [
        claims.Claim("A", "words", "name", "points", value, error, 3, "1.1")
        for value, error in ((1.0, 0.5), (-3.0, 2.0), (9.0, 0.1), (-9.0, 0.1), (-0.1, 0.0))
    ]
    bars = figures_5_7.verdicts(hopes).axes[0].patches[: len(hopes)]
    assert [bar.get_width() for bar in bars] == [2, -1.5, 10, -10, -10]


# ---- carried


def test_a_pair_answers_alike():
    pairs = demo.Pairs(["ShallowCNN"])
    image = data.fashion_mnist("validation", limit=1)[0][0]
    ours, theirs = pairs.logits("ShallowCNN", image)
    assert ours.shape == theirs.shape == (10,)
    assert (ours - theirs).abs().max() < 1e-4 < (ours - theirs.roll(1)).abs().max()
    words = figures_5_7.words_for_both(ours, theirs)
    assert "another class" in figures_5_7.words_for_both(ours, -ours)
    assert "the same class" in words and data.FASHION_CLASSES[int(ours.argmax())] in words
    figures_5_7.both(ours, theirs, image)


def test_tracing_keeps_one_way_and_warns_once():
    bright = torch.rand(1, 32, 32, generator=torch.Generator().manual_seed(0))
    found = demo.traced_if(bright=bright, dark=0.1 * bright)
    assert found.bright < 1e-5 < 1e-2 < found.dark
    assert "Python boolean" in found.warned and "\n" not in found.warned
    network = demo.Two()
    assert torch.equal(network(bright[None]), network.bright(bright.flatten()[None]))
    assert torch.equal(network(0.1 * bright[None]), network.dark(0.1 * bright.flatten()[None]))


def test_the_newer_exporter_refuses_an_if_and_nothing_else():
    assert "data-dependent" in demo.refusal(demo.Two())
    assert demo.refusal(models.SimplifiedCNN(channels=(2, 2), hidden=4)) == ""


def test_bytes_count_masks_too():
    network = models.SimplifiedCNN(channels=(2, 2), hidden=4)
    plain = demo.bytes_of(network)
    prune.l1_unstructured(network.fc1, "weight", amount=0.5)
    assert demo.bytes_of(network) == plain + 4 * network.fc1.weight.numel()
