"""The scoreboard says what the files say."""

import json

import pandas
import pytest

from course_utils import data, measure, models, scoreboard, training

ROWS = pandas.read_csv(data.folder() / "scoreboard.csv").to_dict("records")


@pytest.mark.parametrize("row", ROWS, ids=lambda row: row["name"])
def test_every_row_is_what_its_file_measures(row):
    network = models.load_network(row["file"])
    assert measure.file_bytes(row["file"]) == row["bytes"]
    assert measure.parameters(network) == row["parameters"]
    assert measure.macs(network) == row["macs"]
    assert scoreboard.task_of(network) == row["task"]
    test = {"MNIST": data.mnist, "Fashion-MNIST": data.fashion_mnist}[row["task"]]("test")
    accuracy = training.evaluate(network, *test)
    assert accuracy == pytest.approx(row["accuracy"], abs=3e-4)  # kernels round differently
    assert row["latency_ratio"] > 0


def test_every_committed_network_has_its_row_and_every_row_its_lesson():
    shelf = (data.folder() / "networks").iterdir()
    files = {p.name for p in shelf if p.name.endswith(models.files.SUFFIXES)}
    assert {row["file"] for row in ROWS} == files
    assert len({row["name"] for row in ROWS}) == len(ROWS)
    assert list(ROWS[0]) == list(scoreboard.COLUMNS)
    assert ROWS[0]["name"] == scoreboard.REFERENCE and ROWS[0]["latency_ratio"] == 1


def test_the_reference_reaches_what_the_course_promises():
    assert ROWS[0]["accuracy"] >= 0.92 and ROWS[0]["parameters"] == 268_362


@pytest.fixture
def folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path))
    return tmp_path


def test_a_learners_row_is_measured_kept_and_replaced(folder, tmp_path):
    tiny = models.SimplifiedCNN(channels=(1, 1), hidden=2)
    path = models.save_network(tiny, tmp_path / "tiny.safetensors")
    table = scoreboard.add("my first", path, method="structure")
    mine = table.iloc[-1]
    assert mine["name"] == "my first" and mine["bytes"] == path.stat().st_size
    assert mine["parameters"] == measure.parameters(tiny) and mine["made_in"] == "mine"
    assert len(scoreboard.table(task=None)) == len(ROWS) + 1
    assert len(scoreboard.table(mine=False, task=None)) == len(ROWS)
    scoreboard.add("my first", path, method="structure")
    assert len(scoreboard.table(task=None)) == len(ROWS) + 1
    assert list(scoreboard.table().columns) == list(scoreboard.COLUMNS)


def test_committed_names_and_missing_files_are_refused(folder):
    with pytest.raises(ValueError, match="committed network's name"):
        scoreboard.add("SimplifiedCNN", "SimplifiedCNN", method="structure")
    with pytest.raises(ValueError, match="unknown method 'smaller'"):
        scoreboard.add("mine", "SimplifiedCNN", method="smaller")
    with pytest.raises(FileNotFoundError, match="Committed are"):
        scoreboard.add("mine", "nowhere.safetensors", method="structure")
    assert len(scoreboard.table(task=None)) == len(ROWS)


def test_a_foreign_line_in_the_learners_file_harms_nobody(folder):
    (folder / "scoreboard.json").write_text(json.dumps([{"name": "half"}, 7]))
    assert len(scoreboard.table(task=None)) == len(ROWS)


def test_the_picture_shows_every_row_of_its_task():
    shown = {text.get_text() for text in scoreboard.plot().axes[0].texts}
    assert {row["name"] for row in ROWS if row["task"] == "Fashion-MNIST"} <= shown
    assert not {row["name"] for row in ROWS if row["task"] == "MNIST"} & shown


def test_rows_of_two_tasks_are_kept_apart(folder, tmp_path):
    digits = models.save_network(models.Net(hidden=(2, 2)), tmp_path / "digits.safetensors")
    scoreboard.add("my digits", digits, method="structure")
    by_task = [scoreboard.table(task=task) for task in scoreboard.REFERENCES]
    assert sum(map(len, by_task)) == len(scoreboard.table(task=None))
    for task, rows in zip(scoreboard.REFERENCES, by_task, strict=True):
        assert set(rows["task"]) == {task} and list(rows.index) == list(range(len(rows)))
        assert ("my digits" in set(rows["name"])) == (task == "MNIST")
    with pytest.raises(ValueError, match="'Fashion-MNIST' or 'MNIST'; got 'fashion'"):
        scoreboard.table(task="fashion")


def test_a_network_for_other_images_has_no_task():
    with pytest.raises(ValueError, match=r"take images of \(1, 32, 32\) .*this one \(1, 16, 16\)"):
        scoreboard.task_of(models.SimplifiedCNN(size=16))


def test_each_tasks_reference_is_its_own_measure():
    for row in ROWS:
        if row["name"] in scoreboard.REFERENCES.values():
            assert row["latency_ratio"] == 1
