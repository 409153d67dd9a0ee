"""Minimal pairs made by rule: two sentences that differ in one thing, and control pairs."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from course_utils.language import explain
from course_utils.language.reader import Reader
from course_utils.language.reasons import rated
from course_utils.language.tokens import WORD, Vocabulary, words

VERDICTS = tuple(
    "amusing annoying awful bad beautiful breathtaking brilliant charming clever "
    "convincing delightful dreadful dull dumb effective enjoyable enlightening entertaining "
    "exciting fantastic fascinating frustrating fun funny good great hilarious horrible "
    "impressive inspiring intelligent interesting lame lazy lively lovely ludicrous messy "
    "mindless offensive painful pathetic perfect pleasant poor powerful remarkable "
    "ridiculous satisfying smart stunning stupid successful superb terrible terrific thrilling "
    "ugly weak wonderful".split()
)
"""Adjectives that praise or pan a film, picked by reading: each fits "The film is ..."."""
NAMES = {
    "he": "adam anthony bruce charlie christopher david eddie eric george harry hugh jack james "
          "jason jerry john kevin martin matthew michael mike neil nicholas paul peter quentin "
          "robert roger steven stuart vincent woody".split(),
    "she": "anne jane jessica martha mary sandra sara susan".split(),
}  # fmt: skip
"""Given names: another one in a name's place leaves a sentence, and the verdict."""


@dataclass(frozen=True)
class Pair:
    """Two sentences, and a third that differs from the first in a harmless way."""

    first: str
    second: str
    control: str


def adjectives(vocabulary: Vocabulary, *, least: float = 1.5) -> list[str]:
    """Return the known verdicts that people rate clearly: at least so far from 0."""
    ratings = rated()
    return sorted(w for w in VERDICTS
                  if w in vocabulary.numbers and abs(ratings.get(w, 0)) >= least)  # fmt: skip


def negations(found: Sequence[str]) -> list[Pair]:
    """ "The film is dull", "is not dull"; control: "is very dull"."""
    return [Pair(f"The film is {w}.", f"The film is not {w}.", f"The film is very {w}.")
            for w in found]  # fmt: skip


def shifts(reader: Reader, found: Sequence[str], word: str = "not") -> tuple[float, float]:
    """Return how far a word before good and before bad ones moves the log-odds, on average.

    A word that negates moves the good ones down and the bad ones up.
    """
    ratings = rated()
    plain = reader([f"The film is {w}." for w in found])
    moved = reader([f"The film is {word} {w}." for w in found]) - plain
    good = np.array([ratings[w] > 0 for w in found])
    return moved[good].mean().item(), moved[~good].mean().item()


@dataclass(frozen=True)
class Turned:
    """How often the answer turned, and how often it did in the control pairs; of n pairs."""

    share: float
    control: float
    pairs: int


def turned(reader: Reader, pairs: Sequence[Pair]) -> Turned:
    """Return the shares of pairs in which the answer to the second sentence is another."""
    first, second, control = (reader([getattr(p, name) for p in pairs]) > 0
                              for name in ("first", "second", "control"))  # fmt: skip
    return Turned((first != second).double().mean().item(),
                  (first != control).double().mean().item(), len(pairs))  # fmt: skip


def negated(reader: Reader, found: Sequence[str]) -> Turned:
    """Return how often "not" turns an answer, among those that were right without it."""
    ratings, pairs = rated(), negations(found)
    right = (reader([p.first for p in pairs]) > 0).tolist()
    kept = [p for p, w, said in zip(pairs, found, right) if said == (ratings[w] > 0)]
    return turned(reader, kept)


def clauses(found: Sequence[str], *, count: int = 100, seed: int = 0) -> list[tuple[str, str]]:
    """Return pairs of clauses, a good and a bad one, with words drawn at random."""
    ratings, draw = rated(), np.random.default_rng(seed)
    good = [w for w in found if ratings[w] > 0]
    bad = [w for w in found if ratings[w] < 0]
    return [(f"the acting is {draw.choice(good)}", f"the story is {draw.choice(bad)}")
            for _ in range(count)]  # fmt: skip


def order(reader: Reader, found: Sequence[tuple[str, str]], *, edge: float = 1e-4) -> Turned:
    """Return how often the good clause counts for more behind "but" than before it.

    The control joins the clauses by "and". Differences of log-odds up to `edge` are none.
    """
    shares = []
    for link in ("but", "and"):
        last = reader([f"{bad}, {link} {good}." for good, bad in found])
        before = reader([f"{good}, {link} {bad}." for good, bad in found])
        shares.append((last - before > edge).double().mean().item())
    return Turned(*shares, len(found))


def mistyped(word: str, vocabulary: Vocabulary) -> str | None:
    """Return a word with two neighbouring letters swapped, unknown to the vocabulary.

    The first letter stays; None where every swap gives the same or a known word.
    """
    for k in range(1, len(word) - 1):
        other = word[:k] + word[k + 1] + word[k] + word[k + 2 :]
        if other != word and other not in vocabulary.numbers and WORD.fullmatch(other):
            return other
    return None


def typos(reader: Reader, texts: Sequence[str], *, seed: int = 0) -> list[Pair]:
    """Return each text with its strongest known word mistyped; control: any other known word.

    The strongest is the one without which the answer falls most.
    """
    draw, vocabulary, made = np.random.default_rng(seed), reader.vocabulary, []
    for text, whole in zip(texts, reader(texts).tolist()):
        names = explain.players(text)
        values = explain.leave_one_out(reader, text) * (1 if whole > 0 else -1)
        can = [
            k for k, w in enumerate(names) if w in vocabulary.numbers and mistyped(w, vocabulary)
        ]
        if len(can) < 2:
            continue
        best = max(can, key=lambda k: values[k].item())
        other = draw.choice([k for k in can if k != best])
        spoilt = [replaced(text, names[k], mistyped(names[k], vocabulary)) for k in (best, other)]
        made.append(Pair(text, *spoilt))
    return made


def replaced(text: str, word: str, other: str) -> str:
    """Return a text with another word in a word's place, wherever it stands."""
    return WORD.sub(lambda found: other if found[0].lower() == word else found[0], text)


def renamed(texts: Sequence[str], vocabulary: Vocabulary, *, seed: int = 0) -> list[Pair]:
    """Return texts with another given name in a name's place; control: an unknown word.

    A name is one of `NAMES`, written with a capital; the other is known, and of the same kind.
    """
    draw, made = np.random.default_rng(seed), []
    kinds = {w: kind for kind, some in NAMES.items() for w in some if w in vocabulary.numbers}
    for text in texts:
        inside = [w.lower() for w in WORD.findall(text) if w[0].isupper() and w.lower() in kinds]
        if inside:
            others = [w for w in kinds if kinds[w] == kinds[inside[0]] and w not in inside]
            other = str(draw.choice(others)).capitalize()
            made.append(Pair(text, replaced(text, inside[0], other),
                             replaced(text, inside[0], "Qxzv")))  # fmt: skip
    return made


def stirred(texts: Sequence[str], *, seed: int = 0) -> list[str]:
    """Return texts with their words in random order, in lower case."""
    draw = np.random.default_rng(seed)
    return [" ".join(draw.permutation(words(text))) for text in texts]
