"""Laws of the data: official, complete, split once and for all, never overwritten."""

import gzip
import re
import shutil

import numpy as np
import pytest
import torch

from course_utils import data
from course_utils.data import images, torchvision_files


def test_checksums_in_the_readme_are_the_ones_checked():
    text = (data.folder() / "README.md").read_text(encoding="utf-8")
    assert set(re.findall(r"\b[0-9a-f]{64}\b", text)) == set(data.SHA256.values())


def test_every_file_is_whole():
    assert data.check() == []


@pytest.mark.parametrize(("load", "side"), [(data.fashion_mnist, 32), (data.mnist, 28)])
def test_shapes_range_and_sizes(load, side):
    for split, n in {"train": 55_000, "validation": 5_000, "test": 10_000}.items():
        images, labels = load(split)
        assert images.shape == (n, 1, side, side) and labels.shape == (n,)
        assert images.dtype == torch.float32 and labels.dtype == torch.int64
        assert images.min() == 0 and images.max() == 1


@pytest.mark.parametrize("name", ["FashionMNIST", "MNIST"])
def test_agrees_with_torchvision(name, monkeypatch, tmp_path):
    from torchvision import datasets

    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    root = data.torchvision_root(name)
    official = getattr(datasets, name)(root, train=True, download=False)
    load = data.fashion_mnist if name == "FashionMNIST" else data.mnist
    ours = {split: load(split, **({"pad": 0} if name == "FashionMNIST" else {}))
            for split in ("train", "validation")}  # fmt: skip
    held_out = data.split_indices(official.targets.numpy(), "validation")
    images, labels = ours["validation"]
    assert torch.equal((images * 255).round().byte().squeeze(1), official.data[held_out])
    assert torch.equal(labels, official.targets[held_out])
    images, labels = ours["train"]
    rest = np.setdiff1d(np.arange(60_000), held_out)
    assert torch.equal((images * 255).round().byte().squeeze(1), official.data[rest])
    assert torch.equal(labels, official.targets[rest])
    test = getattr(datasets, name)(root, train=False, download=False)
    images, labels = load("test", pad=0)
    assert torch.equal((images * 255).round().byte().squeeze(1), test.data)
    assert torch.equal(labels, test.targets)


def test_split_is_stratified_and_the_same_everywhere():
    labels = np.arange(10).repeat(6_000)
    rows = data.split_indices(labels, "validation")
    assert (np.bincount(labels[rows]) == 500).all()
    # A new draw would mix old training images into everyone's validation set.
    assert rows[:5].tolist() == FIRST_ROWS
    assert not np.intersect1d(rows, data.split_indices(labels, "train")).size


FIRST_ROWS = [1, 12, 14, 15, 20]


def test_known_statistics_and_labels():
    images, _ = data.fashion_mnist("train", pad=0)
    more, _ = data.fashion_mnist("validation", pad=0)
    whole = torch.cat([images, more])
    assert whole.mean().item() == pytest.approx(0.2860, abs=1e-4)
    assert whole.std().item() == pytest.approx(0.3530, abs=1e-4)
    assert len(data.FASHION_CLASSES) == 10 and data.FASHION_CLASSES[9] == "ankle boot"


def test_padding_is_black_and_keeps_the_picture():
    bare, _ = data.fashion_mnist("test", pad=0)
    padded, _ = data.fashion_mnist("test")
    assert torch.equal(padded[:, :, 2:-2, 2:-2], bare)
    assert padded.sum() == pytest.approx(bare.sum().item(), rel=1e-6)


@pytest.mark.parametrize("split", ["train", "validation", "test"])
def test_a_limit_takes_the_first_images_and_keeps_no_others(split):
    few, names = data.fashion_mnist(split, limit=7)
    images, labels = data.fashion_mnist(split)
    assert torch.equal(few, images[:7]) and torch.equal(names, labels[:7])
    assert few.untyped_storage().nbytes() == 7 * 32 * 32 * 4


def test_a_caller_cannot_spoil_the_next_one():
    images, _ = data.fashion_mnist("test")
    images.zero_()
    assert data.fashion_mnist("test")[0].sum() > 0


def test_movie_reviews():
    reviews = data.movie_reviews()
    assert len(reviews) == 10_605 and list(reviews.columns) == ["id", "rating", "text"]
    assert reviews["rating"].between(-4, 4).all() and reviews["text"].str.len().min() > 0
    raw = gzip.decompress((data.folder() / data.REVIEWS).read_bytes()).decode("utf-8")
    assert all(text in raw for text in reviews["text"])


def test_the_mean_rating_is_the_mean_of_what_people_said():
    reviews, ratings = data.movie_reviews(), data.review_ratings()
    assert len(ratings) == len(reviews)
    said = np.array([one.mean() for one in ratings])
    assert np.abs(said - reviews["rating"]).max() < 1e-4
    counts = np.array([len(one) for one in ratings])
    assert counts.min() == 15 and counts.max() == 29 and np.mean(counts < 20) > 0.5
    assert {value for one in ratings for value in one.tolist()} == set(range(-4, 5))


def test_people_rate_single_words():
    words = data.word_ratings().set_index("word")
    assert words.index.is_unique and words.index.is_monotonic_increasing and len(words) > 7_000
    assert words["rating"].between(-4, 4).all() and words["spread"].max() <= 2.5
    assert words["spread"].min() == 0  # on some words all ten people agree
    assert words.loc["good", "rating"] == 1.9  # ten ratings: 2 1 1 3 2 4 2 2 1 1
    assert words.loc["good", "spread"] == pytest.approx(0.9434, abs=1e-4)
    assert words.loc["awful", "rating"] < -1.5 and "film" not in words.index
    assert words.loc["ok", "rating"] == 1.4  # stands twice in the file: both count


@pytest.fixture
def broken(tmp_path, monkeypatch):
    """A data folder of which one file is missing and one is damaged."""
    for name in data.SHA256:
        if "MNIST/raw/t10k" in name:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy(data.folder() / name, tmp_path / name)
    name = "FashionMNIST/raw/t10k-images-idx3-ubyte.gz"
    (tmp_path / name).write_bytes(b"half a download")
    (tmp_path / "FashionMNIST/raw/t10k-labels-idx1-ubyte.gz").unlink()
    monkeypatch.setenv("COURSE_DATA", str(tmp_path))
    images._official.cache_clear()
    yield tmp_path
    images._official.cache_clear()


def test_a_damaged_or_missing_file_is_named_and_left_alone(broken):
    before = (broken / "FashionMNIST/raw/t10k-images-idx3-ubyte.gz").read_bytes()
    with pytest.raises(data.DataError, match=r"t10k-images.*damaged.*git checkout"):
        data.fashion_mnist("test")
    with pytest.raises(data.DataError, match=r"cannot read .*train-images.*git checkout"):
        data.fashion_mnist("train")
    with pytest.raises(data.DataError, match="damaged"):
        data.torchvision_root("FashionMNIST")
    assert (broken / "FashionMNIST/raw/t10k-images-idx3-ubyte.gz").read_bytes() == before
    problems = "\n".join(data.check())
    assert "t10k-images" in problems and "t10k-labels" in problems
    assert "MNIST/raw/t10k-images" in problems  # Fashion-MNIST's, while MNIST's own is whole:
    assert not any(p.startswith(("data/MNIST/raw/t10k", "cannot read data/MNIST/raw/t10k"))
                   for p in data.check())  # fmt: skip


def test_a_folder_that_cannot_be_written_sends_unpacked_files_to_the_cache(tmp_path, monkeypatch):
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    write = torchvision_files._unpack

    def refuse(name, target):
        if data.folder() in target.parents:
            raise PermissionError(13, "Permission denied")
        write(name, target)

    monkeypatch.setattr(torchvision_files, "_unpack", refuse)
    root = data.torchvision_root("MNIST")
    assert root == tmp_path / "cache" / "small-and-clear"
    assert len(list((root / "MNIST/raw").iterdir())) == 4


@pytest.mark.parametrize("call", [
    lambda: data.fashion_mnist("training"),
    lambda: data.fashion_mnist("test", pad=-1),
    lambda: data.mnist("test", limit=0),
    lambda: data.torchvision_root("CIFAR10"),
])  # fmt: skip
def test_bad_input_says_what_is_accepted(call):
    with pytest.raises(ValueError, match=r"must be .*; got"):
        call()
