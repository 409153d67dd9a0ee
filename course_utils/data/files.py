"""The course's data files: where they lie, and whether they are whole."""

from __future__ import annotations

import gzip
import hashlib
import os
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas

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


class DataError(OSError):
    """A file of the course is missing or damaged; the message says what to do."""


def folder() -> Path:
    """Return the course's data folder (the environment variable COURSE_DATA overrides it)."""
    return Path(os.environ.get("COURSE_DATA") or Path(__file__).resolve().parents[2] / "data")


def study(name: str) -> pandas.DataFrame:
    """Return a table of `data/studies`, which a recipe wrote: "drift", "guided", …"""
    import pandas

    return pandas.read_csv(folder() / "studies" / f"{name}.csv")


def check() -> list[str]:
    """Return one sentence for each data file that is missing or damaged: [] when all is well."""
    problems = []
    for name in SHA256:
        try:
            read(name)
        except DataError as error:
            problems.append(str(error))
    return problems


def read(name: str) -> bytes:
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


def unpacked(name: str) -> bytes:
    """Return what is inside a packed data file, after comparing its checksum."""
    return gzip.decompress(read(name))
