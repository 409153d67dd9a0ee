"""Every committed network has a recipe, and the recipes write what they say."""

import pytest
import torch

from course_utils import data, models, prune, training
from course_utils.recipes import (
    RECIPES,
    __main__,
    condensed,
    control,
    dense,
    digits,
    drift,
    guided,
    language,
    matched,
    photographs,
    population,
    pruned,
    quantized,
    readable,
    rows,
    searched,
    taught,
)


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run all recipes with training left out: what remains is what they build and write."""
    folder, patch = tmp_path_factory.mktemp("data") / "networks", pytest.MonkeyPatch()
    folder.mkdir()
    runs = []
    patch.setattr(training, "train", lambda network, *sets, **options: runs.append(options))
    for module in (dense, quantized):
        patch.setattr(module, "sets", lambda: ((), ()))
    few = tuple(data.fashion_mnist(split, limit=50) for split in ("train", "validation"))
    patch.setattr(pruned, "_sets", lambda: few)
    patch.setattr(digits, "_train", lambda *sets, **options: None)
    patch.setattr(digits, "_taught", lambda copies: ())
    ten = torch.rand(10, 1, 32, 32), torch.rand(10, 10)
    patch.setattr(condensed, "learned_set", lambda name: ten)
    student = models.SimplifiedCNN(**taught.STUDENT)
    patch.setattr(taught, "train_student", lambda *pair, **how: student)
    patch.setattr(taught.distill, "ask", lambda *asked: None)
    patch.setattr(drift, "study", lambda: ([], dict.fromkeys(drift.KEPT, student)))
    patch.setattr(population, "study", dict)
    patch.setattr(photographs, "answers", dict)
    patch.setattr(guided, "study", list)
    patch.setattr(matched, "study", lambda: ([], student))
    patch.setattr(readable, "study", lambda: ([], models.SoftTree()))
    patch.setattr(control, "study", list)
    patch.setattr(searched, "study", list)
    kept = [language.files.load(data.folder() / "studies" / name) for name in language.FILES]
    patch.setattr(language, "study", lambda: (dict.fromkeys(language.TABLES, ()), *kept))
    found = student, {f"{layer} bits": 4 for layer in searched.search.LAYERS}
    patch.setattr(searched, "trained", lambda table: ([], [found] * searched.POINTS))
    try:
        files = {name: recipe(folder) for name, (recipe, *_) in RECIPES.items()}
    finally:
        patch.undo()
    return files, runs


def test_every_committed_file_has_its_recipe(made):
    files = [path for paths in made[0].values() for path in paths]
    top = files[0].parents[1]
    written = sorted(str(path.relative_to(top)) for path in files)
    shelves = [data.folder() / name for name in ("networks", "condensed")]
    committed = [p for shelf in shelves for p in shelf.rglob("*")
                 if p.name.endswith(models.files.SUFFIXES)]  # fmt: skip
    committed += (data.folder() / "studies").iterdir()
    assert written == sorted(str(path.relative_to(data.folder())) for path in committed)


def test_students_differ_by_their_arm_and_their_seed(made):
    names = [path.stem for path in made[0]["students-500"]]
    assert len(set(names)) == 20 and names[0] == "alone-500-0" and names[-1] == "taught-500-4"
    assert len(made[0]["students-55000"]) == 10 and len(made[0]["students-patient"]) == 10
    for arm in ("alone", "taught"):
        network = models.load_network(taught.student_path(arm, "500", 0))
        assert network.settings["channels"] == [4, 8] and network.settings["hidden"] == 32


def test_what_is_asked_for_must_have_a_recipe(tmp_path):
    with pytest.raises(SystemExit, match="no recipe ResNet-50; there are: SimplifiedCNN,"):
        __main__.main(["ResNet-50"], folder=tmp_path)


def test_students_of_one_seed_start_alike_and_their_arms_learn_from_their_own():
    torch.manual_seed(3)
    images, logits = torch.rand(6, 1, 32, 32), torch.randn(6, 10)
    labels = torch.tensor([1, 2, 3, 4, 5, 6])
    targets = torch.cat([logits, labels[:, None].float()], 1)
    student, other = (
        taught.train_student((images, targets), seed=seed, loss=taught.alone, epochs=1,
                             progress=False)
        for seed in (0, 0)
    )  # fmt: skip
    assert torch.equal(student.fc1.weight, other.fc1.weight)
    with torch.no_grad():
        hard = torch.nn.functional.cross_entropy(student(images), labels)
        assert taught.alone(student, images, targets).item() == pytest.approx(hard.item())
        assert taught.smoothed(student, images, targets).item() != pytest.approx(hard.item())
        known = taught.taught(student, images, torch.cat([student(images), targets[:, -1:]], 1))
    assert known.item() == pytest.approx(0.1 * hard.item(), abs=1e-5)


def test_a_file_alone_rebuilds_what_the_recipe_built(made):
    for (path,) in (made[0][name] for name in ("SimplifiedCNN-narrow", "KnowledgeDistilledCNN")):
        built, committed = (models.load_network(p) for p in (path, models.network_path(path.name)))
        assert built.settings == committed.settings
        assert built.settings["channels"] == [8, 16] and built.settings["hidden"] == 64


def test_the_pruned_network_is_90_percent_zeros(made):
    (path,) = made[0]["PrunedCNN"]
    for network in (models.load_network(path), models.load_network("PrunedCNN")):
        assert prune.sparsity(network) == pytest.approx(0.9, abs=1e-5)


def test_zeros_are_held_while_the_pruned_network_trains(made):
    assert sum("after_step" in options for options in made[1]) == 2


def test_twins_start_from_other_seeds(made):
    seeds = [options["seed"] for options in made[1] if "seed" in options]
    *others, first, second = sorted(seeds)
    assert (first, second) == (1, 2) and not any(others)  # all but the twins start from seed 0
    twins = [models.load_network(path) for path in made[0]["SimplifiedCNN-twin"]]
    assert not twins[0].conv1.weight.equal(twins[1].conv1.weight)


def test_rows_stand_the_reference_first_then_by_lesson_and_size():
    board = [
        {"name": "b", "made_in": "4.2", "bytes": 5}, {"name": "c", "made_in": "4.2", "bytes": "9"},
        {"name": "a", "made_in": "2.1", "bytes": 1},
        {"name": "SimplifiedCNN", "made_in": "4.1", "bytes": 3},
    ]  # fmt: skip
    ordered = [row["name"] for row in sorted(board, key=rows._place)]
    assert ordered == ["SimplifiedCNN", "a", "c", "b"]
