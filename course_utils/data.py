"""The course's real data, read from the repository: nothing is ever downloaded."""

from __future__ import annotations

import gzip
import hashlib
import os
import shutil
import tempfile
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np
import torch

if TYPE_CHECKING:
    import pandas

Split = Literal["train", "validation", "test"]

FASHION_CLASSES = (
    "T-shirt", "trouser", "pullover", "dress", "coat",
    "sandal", "shirt", "sneaker", "bag", "ankle boot",
)  # fmt: skip

# fmt: off
SHA256 = {
    "FashionMNIST/raw/t10k-images-idx3-ubyte.gz":
        "346e55b948d973a97e58d2351dde16a484bd415d4595297633bb08f03db6a073",
    "FashionMNIST/raw/t10k-labels-idx1-ubyte.gz":
        "67da17c76eaffca5446c3361aaab5c3cd6d1c2608764d35dfb1850b086bf8dd5",
    "FashionMNIST/raw/train-images-idx3-ubyte.gz":
        "3aede38d61863908ad78613f6a32ed271626dd12800ba2636569512369268a84",
    "FashionMNIST/raw/train-labels-idx1-ubyte.gz":
        "a04f17134ac03560a47e3764e11b92fc97de4d1bfaf8ba1a3aa29af54cc90845",
    "MNIST/raw/t10k-images-idx3-ubyte.gz":
        "5634745efa576a17e7d4cf5cd9d09123c75e6538e5114267c2d156edaf519341",
    "MNIST/raw/t10k-labels-idx1-ubyte.gz":
        "ae18e77e031ccde52407f794d123116439864147d33ac992975f85dd4dc42af6",
    "MNIST/raw/train-images-idx3-ubyte.gz":
        "71524e2cd1ad2968737f7f2f2ff69cbfc32df8ccddff51593f7cb2d4e0eb5b64",
    "MNIST/raw/train-labels-idx1-ubyte.gz":
        "fe03b8bd7915f70bf5aa08be480aa413fbd85afcaa58b35d230d335f284fd88e",
    "movie_reviews/snippets.tsv.gz":
        "d38d035ca3c22116c1e3c6349118005bd4e59fe66e504149b7d5207982a050a1",
    "movie_reviews/ratings.tsv.gz":
        "4bb478aaf6fdbfca2d1582bf19066ffa6725f7707d91cd60126e422f71cb0f5c",
    "movie_reviews/words.tsv.gz":
        "850e24863eecb352913b28f8135401e218d65146c4245f024863aa0d71d13b29",
}
# fmt: on
VALIDATION = 5_000
REVIEWS = "movie_reviews/snippets.tsv.gz"
RATINGS = "movie_reviews/ratings.tsv.gz"
WORDS = "movie_reviews/words.tsv.gz"


class DataError(OSError):
    """A file of the course is missing or damaged; the message says what to do."""


def folder() -> Path:
    """Return the course's data folder (the environment variable COURSE_DATA overrides it)."""
    return Path(os.environ.get("COURSE_DATA") or Path(__file__).resolve().parents[1] / "data")


def fashion_mnist(
    split: Split, *, pad: int = 2, limit: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Load Fashion-MNIST (Xiao 2017, 1708.07747), padded with black to 32 x 32.

    Args:
        split: "train" (55,000 images), "validation" (5,000, held out of the official
            training set, 500 a class) or "test" (the official 10,000).
        pad: black pixels added on each side; 0 keeps 28 x 28.
        limit: only the first so many images; a slice of all would keep all in memory.

    Returns:
        images, n x 1 x height x width, float32 in [0, 1]; labels, n, int64
        (indices into FASHION_CLASSES).

    Raises:
        DataError: a file is missing or damaged. Nothing is overwritten.
    """
    return _load("FashionMNIST", split, pad, limit)


def mnist(
    split: Split, *, pad: int = 0, limit: int | None = None
) -> tuple[torch.Tensor, torch.Tensor]:
    """Load MNIST's handwritten digits, n x 1 x 28 x 28; otherwise as `fashion_mnist`."""
    return _load("MNIST", split, pad, limit)


def movie_reviews() -> pandas.DataFrame:
    """Load 10,605 film-review sentences with people's ratings (Hutto & Gilbert 2014).

    Returns:
        A table with columns id, rating (mean of 15 to 29 people, from -4 to 4) and text.
    """
    return _table(REVIEWS)


def review_ratings() -> list[np.ndarray]:
    """Return what each person said of each sentence, in the order of `movie_reviews`.

    Returns:
        For each sentence 15 to 29 whole numbers from -4 to 4. The set's own notes promise
        20 people at least; its file holds fewer for more than half of the sentences.
    """
    return [np.array(line.split(), dtype=np.int64) for line in _table(RATINGS)["ratings"]]


def word_ratings() -> pandas.DataFrame:
    """Return what people think of single words, out of any sentence (Hutto & Gilbert 2014).

    The authors kept only words whose mean is not 0 and on which ten people agree (standard
    deviation of 2.5 at most). Emoticons are left out here; a word that stands twice in the
    file counts once, with all its ratings.

    Returns:
        A table with columns word (lower case, sorted), rating (mean, from -4 to 4) and
        spread (standard deviation).
    """
    table = _table(WORDS)
    table = table[table["word"].str.fullmatch(r"[a-z]+(?:['-][a-z]+)*")]
    ratings = table.assign(one=table["ratings"].str.split()).explode("one").astype({"one": int})
    pooled = ratings.groupby("word")["one"].agg(rating="mean", spread=lambda one: one.std(ddof=0))
    return pooled.reset_index()


def _table(name: str) -> pandas.DataFrame:
    """Read a table whose columns are parted by tabs; quotation marks are only text."""
    import csv
    import io

    import pandas

    text = io.StringIO(_verified(name).decode("utf-8"))
    return pandas.read_csv(text, sep="\t", quoting=csv.QUOTE_NONE, keep_default_na=False)


def study(name: str) -> pandas.DataFrame:
    """Return a table of `data/studies`, which a recipe wrote: "drift", "guided", …"""
    import pandas

    return pandas.read_csv(folder() / "studies" / f"{name}.csv")


def check() -> list[str]:
    """Return one sentence for each data file that is missing or damaged: [] when all is well."""
    problems = []
    for name in SHA256:
        try:
            _read(name)
        except DataError as error:
            problems.append(str(error))
    return problems


def torchvision_root(dataset: Literal["FashionMNIST", "MNIST"]) -> Path:
    """Return a root from which torchvision.datasets reads the set with download=False.

    torchvision wants the files unpacked. They are unpacked beside the archives, or, where
    that folder cannot be written, in the user's cache folder.
    """
    if dataset not in ("FashionMNIST", "MNIST"):
        raise ValueError(f"dataset must be 'FashionMNIST' or 'MNIST'; got {dataset!r}.")
    names = [name for name in SHA256 if name.startswith(f"{dataset}/raw/")]
    for root in (folder(), _cache_folder()):
        try:
            for name in names:
                _unpack(name, root / name.removesuffix(".gz"))
            return root
        except DataError:
            raise
        except OSError:  # this folder cannot be written: try the next one
            continue
    raise DataError(f"neither {folder()} nor {_cache_folder()} can be written; make one writable.")


def split_indices(labels: np.ndarray, split: Split) -> np.ndarray:
    """Return the rows of the official training set that belong to a split, in rising order.

    The 5,000 validation rows are the same on every machine, drawn class by class in the
    classes' own shares.
    """
    # RandomState's stream is frozen for ever; default_rng's may change between versions.
    random = np.random.RandomState(0)
    chosen = np.zeros(len(labels), dtype=bool)
    for label, quota in enumerate(_quotas(np.bincount(labels))):
        chosen[random.permutation(np.flatnonzero(labels == label))[:quota]] = True
    return np.flatnonzero(chosen if split == "validation" else ~chosen)


def _quotas(counts: np.ndarray) -> np.ndarray:
    """Share VALIDATION rows out in the classes' proportions (largest remainders)."""
    exact = VALIDATION * counts / counts.sum()
    quotas = np.floor(exact).astype(int)
    quotas[np.argsort(quotas - exact)[: VALIDATION - quotas.sum()]] += 1
    return quotas


def _load(
    dataset: str, split: Split, pad: int, limit: int | None
) -> tuple[torch.Tensor, torch.Tensor]:
    if split not in ("train", "validation", "test"):
        raise ValueError(f"split must be 'train', 'validation' or 'test'; got {split!r}.")
    if not isinstance(pad, int) or pad < 0:
        raise ValueError(f"pad must be a whole number of pixels, 0 or more; got {pad!r}.")
    if limit is not None and (not isinstance(limit, int) or limit < 1):
        raise ValueError(f"limit must be a whole number of images, 1 or more; got {limit!r}.")
    images, labels = _official(dataset, "t10k" if split == "test" else "train")
    if split != "test":
        rows = split_indices(labels, split)
        images, labels = images[rows[:limit]], labels[rows[:limit]]
    images, labels = images[:limit], labels[:limit]
    pixels = torch.tensor(images).unsqueeze(1).float().div_(255)
    return torch.nn.functional.pad(pixels, [pad] * 4), torch.tensor(labels, dtype=torch.int64)


@cache
def _official(dataset: str, part: str) -> tuple[np.ndarray, np.ndarray]:
    """Return one official file pair as uint8 arrays: images n x height x width, labels n."""
    images = _read_idx(f"{dataset}/raw/{part}-images-idx3-ubyte.gz")
    return images, _read_idx(f"{dataset}/raw/{part}-labels-idx1-ubyte.gz")


def _read_idx(name: str) -> np.ndarray:
    """Decode an IDX file: two zero bytes, type, number of axes, sizes, then the values."""
    raw = _verified(name)
    axes = raw[3]
    sizes = np.frombuffer(raw, ">i4", count=axes, offset=4)
    return np.frombuffer(raw, np.uint8, offset=4 + 4 * axes).reshape(sizes)


def _read(name: str) -> bytes:
    """Return a data file's bytes after comparing its checksum."""
    path = folder() / name
    try:
        raw = path.read_bytes()
    except OSError as error:
        raise DataError(
            f"cannot read data/{name} ({error.strerror}). Put it back from the course's "
            f"repository: git checkout -- data/{name}"
        ) from None
    if hashlib.sha256(raw).hexdigest() != SHA256[name]:
        raise DataError(
            f"data/{name} is damaged: its checksum is not the one in data/README.md "
            f"({len(raw):,} bytes came). Put it back: git checkout -- data/{name}"
        )
    return raw


def _verified(name: str) -> bytes:
    return gzip.decompress(_read(name))


def _cache_folder() -> Path:
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "small-and-clear"


def _unpack(name: str, target: Path) -> None:
    """Write the unpacked file in one step, so that a reader never sees half of it."""
    raw = _verified(name)
    if target.exists() and target.stat().st_size == len(raw):
        return
    target.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.NamedTemporaryFile(dir=target.parent, delete=False) as part:
        part.write(raw)
    shutil.move(part.name, target)
