"""Every committed network has a recipe, and the recipes write what they say."""

import pytest

from course_utils import data, models, prune, recipes, recipes_digits, recipes_pruned, training


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """Run all recipes with training left out: what remains is what they build and write."""
    folder, patch = tmp_path_factory.mktemp("networks"), pytest.MonkeyPatch()
    runs = []
    patch.setattr(training, "train", lambda network, *sets, **options: runs.append(options))
    patch.setattr(recipes, "_sets", lambda: ((), ()))
    few = tuple(data.fashion_mnist(split, limit=50) for split in ("train", "validation"))
    patch.setattr(recipes_pruned, "_sets", lambda: few)
    patch.setattr(recipes_digits, "_train", lambda *sets, **options: None)
    patch.setattr(recipes_digits, "_taught", lambda copies: ())
    try:
        files = {name: recipe(folder) for name, (recipe, *_) in recipes.RECIPES.items()}
    finally:
        patch.undo()
    return files, runs


def test_every_committed_file_has_its_recipe(made):
    files = [path.name for paths in made[0].values() for path in paths]
    shelf = (data.folder() / "networks").iterdir()
    committed = [p.name for p in shelf if p.name.endswith(models.files.SUFFIXES)]
    assert sorted(files) == sorted(committed)


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
    rows = [
        {"name": "b", "made_in": "4.2", "bytes": 5}, {"name": "c", "made_in": "4.2", "bytes": "9"},
        {"name": "a", "made_in": "2.1", "bytes": 1},
        {"name": "SimplifiedCNN", "made_in": "4.1", "bytes": 3},
    ]  # fmt: skip
    ordered = [row["name"] for row in sorted(rows, key=recipes._place)]
    assert ordered == ["SimplifiedCNN", "a", "c", "b"]
