"""Lesson 5.7: what the course imports, hopes with their figures, and a network carried over."""

import json

import pytest
import torch
from torch.nn.utils import prune

from course_utils import data, models
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


def test_some_hopes_hold_and_some_do_not(hopes):
    """Those whose figures do not depend on this machine's speed."""
    said = {name: one.verdict for name, one in hopes.items()}
    assert said["skip connections"] == said["a student's reasons"] == "false here"
    assert said["whole filters"] == said["reasons at 8 bits"] == said["a thousandfold"] == (
        "holds here")  # fmt: skip
    assert said["search by TPE"] == "holds here" and said["six leaves steer"] == "false here"
    assert said["choice, after training"] == said["search by NSGA-II"] == "not shown"
    assert said["single weights"] != "holds here"


def test_verdicts_are_told_in_words(hopes):
    words = figures_5_7.words_for_verdicts(list(hopes.values()))
    assert all(name in words for name in hopes)
    assert words.index("false here") < words.index("skip connections") < words.index("not shown")
    assert len(figures_5_7.verdicts(list(hopes.values())).axes[0].patches) >= len(hopes)


# ---- carried


def test_a_pair_answers_alike():
    pairs = demo.Pairs(["ShallowCNN"])
    image = data.fashion_mnist("validation", limit=1)[0][0]
    ours, theirs = pairs.logits("ShallowCNN", image)
    assert ours.shape == theirs.shape == (10,)
    assert (ours - theirs).abs().max() < 1e-4 < (ours - theirs.roll(1)).abs().max()
    words = figures_5_7.words_for_both(ours, theirs)
    assert "the same class" in words and data.FASHION_CLASSES[int(ours.argmax())] in words
    figures_5_7.both(ours, theirs, image)


def test_tracing_keeps_one_way_and_says_nothing():
    bright = torch.rand(1, 32, 32, generator=torch.Generator().manual_seed(0))
    found = demo.traced_if(bright=bright, dark=0.1 * bright)
    assert found["on bright"] < 1e-5 < 1e-2 < found["on dark"]


def test_bytes_count_masks_too():
    network = models.SimplifiedCNN(channels=(2, 2), hidden=4)
    plain = demo.bytes_of(network)
    prune.l1_unstructured(network.fc1, "weight", amount=0.5)
    assert demo.bytes_of(network) == plain + 4 * network.fc1.weight.numel()
