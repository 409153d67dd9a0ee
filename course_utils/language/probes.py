"""Minimal pairs made by rule: two sentences that differ in one thing, and control pairs."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from course_utils.language import explain
from course_utils.language.reader import Reader
from course_utils.language.reasons import rated
from course_utils.language.tokens import WORD, Vocabulary, words

BEFORE = ("is", "are", "very", "so", "too", "as", "more")
"""Words that stand before adjectives."""


@dataclass(frozen=True)
class Pair:
    """Two sentences, and a third that differs from the first in a harmless way."""

    first: str
    second: str
    control: str


def adjectives(texts: Iterable[str], vocabulary: Vocabulary, *, least: float = 1.5) -> list[str]:
    """Return known words that people rate clearly, and that stand twice where adjectives stand."""
    ratings, seen = rated(), Counter()
    for text in texts:
        spoken = words(text)
        seen.update(b for a, b in pairwise(spoken) if a in BEFORE)
    often = {w for w, count in seen.items() if count >= 2 and w in vocabulary.numbers}
    return sorted(w for w in often if abs(ratings.get(w, 0)) >= least)


def negations(found: Sequence[str]) -> list[Pair]:
    """ "The film is dull", "is not dull"; control: "is very dull"."""
    return [Pair(f"The film is {w}.", f"The film is not {w}.", f"The film is very {w}.")
            for w in found]  # fmt: skip


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


def names(texts: Iterable[str], vocabulary: Vocabulary, *, least: int = 5) -> list[str]:
    """Return known words that are nearly always capital inside sentences: people, places."""
    capital, count = Counter(), Counter()
    for text in texts:
        for word in WORD.findall(text)[1:]:
            count[word.lower()] += 1
            capital[word.lower()] += word[0].isupper()
    return sorted(w for w, n in count.items() if n >= least and len(w) > 3 and w.isalpha()
                  and capital[w] >= 0.9 * n and w in vocabulary.numbers)  # fmt: skip


def renamed(texts: Sequence[str], known: Sequence[str], *, seed: int = 0) -> list[Pair]:
    """Return texts that hold a name, with another name in its place; control: an unknown word."""
    draw, made = np.random.default_rng(seed), []
    for text in texts:
        inside = [w for w in explain.players(text) if w in known]
        if inside:
            other = draw.choice([w for w in known if w not in inside])
            made.append(Pair(text, replaced(text, inside[0], other),
                             replaced(text, inside[0], "qxzv")))  # fmt: skip
    return made


def stirred(texts: Sequence[str], *, seed: int = 0) -> list[str]:
    """Return texts with their words in random order, in lower case."""
    draw = np.random.default_rng(seed)
    return [" ".join(draw.permutation(words(text))) for text in texts]
