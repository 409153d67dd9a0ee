"""The learner's folder: nothing is lost, whatever happens to its files."""

import json
import multiprocessing
import os
import time
from pathlib import Path

import pytest

from course_utils import home


@pytest.fixture
def file(tmp_path):
    return tmp_path / "progress.json"


def test_the_environment_names_the_folder(monkeypatch, tmp_path):
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "deep" / "mine"))
    assert home.folder() == tmp_path / "deep" / "mine"
    assert home.folder().is_dir()
    assert not home.is_temporary()


def test_without_the_variable_it_is_in_the_users_home(monkeypatch, tmp_path):
    monkeypatch.delenv("COURSE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    assert home.wanted_folder() == tmp_path / ".small-and-clear"


def test_a_folder_that_cannot_be_written_is_replaced_quietly(monkeypatch, tmp_path):
    (tmp_path / "a file").write_text("no folder can be made in here")
    monkeypatch.setenv("COURSE_HOME", str(tmp_path / "a file" / "mine"))
    home.write_json(home.folder() / "x.json", {"a": 1})
    assert home.is_temporary()
    assert home.read_json(home.folder() / "x.json", {}) == {"a": 1}
    assert (tmp_path / "a file").read_text() == "no folder can be made in here"


def test_the_replacement_is_private_and_the_same_for_every_kernel(monkeypatch, tmp_path):
    monkeypatch.setattr(home.tempfile, "gettempdir", lambda: str(tmp_path))
    home._temporary.cache_clear()
    first = home._temporary()
    home._temporary.cache_clear()
    assert home._temporary() == first
    if os.name == "posix":
        assert first.stat().st_mode & 0o077 == 0
    home._temporary.cache_clear()


def test_what_is_written_is_read(file):
    content = {"4.2.1": {"state": "solved"}, "量化": [1, 2.5, None]}
    home.write_json(file, content)
    assert home.read_json(file, {}) == content
    assert os.listdir(file.parent) == ["progress.json"], "no temporary file is left"


def test_a_missing_file_gives_the_default(file):
    assert home.read_json(file, {"a": 1}) == {"a": 1}
    assert not file.exists()


@pytest.mark.parametrize("damage", [b'{"exercises": {"3.2', b"", b"\xff\xfe\x00", b"[1, 2]"])
def test_a_damaged_file_is_set_aside_with_its_bytes(file, damage):
    file.write_bytes(damage)
    assert home.read_json(file, {}) == {}
    assert not file.exists()
    assert Path(f"{file}.damaged").read_bytes() == damage


def test_a_second_damaged_file_does_not_overwrite_the_first(file):
    for number in range(3):
        file.write_text(f"broken {number}")
        home.read_json(file, {})
    kept = sorted(p.read_text() for p in file.parent.glob("*.damaged"))
    assert kept == ["broken 0", "broken 1", "broken 2"]


def test_a_crash_while_writing_leaves_the_old_file(file, monkeypatch):
    home.write_json(file, {"old": True})
    with pytest.raises(TypeError):
        home.write_json(file, {"new": object()})

    def crash(*_):
        raise OSError("disk full")

    monkeypatch.setattr(home.os, "fsync", crash)
    with pytest.raises(OSError, match="disk full"):
        home.write_json(file, {"new": True})
    assert json.loads(file.read_text()) == {"old": True}
    assert os.listdir(file.parent) == ["progress.json"], "no temporary file is left"


def _count(path, times):
    for _ in range(times):
        home.update_json(path, lambda c: {"n": c.get("n", 0) + 1}, {})


def test_kernels_that_write_at_the_same_time_lose_nothing(file):
    context = multiprocessing.get_context("spawn")
    kernels = [context.Process(target=_count, args=(file, 25)) for _ in range(3)]
    for kernel in kernels:
        kernel.start()
    for kernel in kernels:
        kernel.join(60)
    assert home.read_json(file, {}) == {"n": 75}
    assert os.listdir(file.parent) == ["progress.json"], "no lock is left"


def test_the_lock_of_a_dead_kernel_is_removed(file):
    lock = Path(f"{file}.lock")
    lock.touch()
    os.utime(lock, (0, 0))
    start = time.monotonic()
    home.update_json(file, lambda c: {"done": True}, {})
    assert time.monotonic() - start < 1
    assert home.read_json(file, {}) == {"done": True}
    assert not lock.exists()


def test_a_lock_that_stays_only_delays_and_is_not_ours_to_remove(file, monkeypatch):
    monkeypatch.setattr(home, "_PATIENCE", 0.1)
    lock = Path(f"{file}.lock")
    lock.touch()
    home.update_json(file, lambda c: {"done": True}, {})
    assert home.read_json(file, {}) == {"done": True}
    assert lock.exists()


def test_a_change_that_fails_releases_the_lock(file):
    home.write_json(file, {"old": True})

    def fail(_):
        raise RuntimeError("no")

    with pytest.raises(RuntimeError):
        home.update_json(file, fail, {})
    assert home.read_json(file, {}) == {"old": True}
    assert not Path(f"{file}.lock").exists()
