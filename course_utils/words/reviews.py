"""Word counterfactuals: "without 'dull' the reader would say liked".

Leaving a word out is one way to take it away; a filler in its place is another. The finder
uses some, the trials use others. No filler is quite neutral: to a reader of film reviews even
"movie" leans to one side.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch

from course_utils.surrogate import words_of
from course_utils.surrogate.text import WORD
from course_utils.words.claim import Claim, Trial

FIND = ("", "film", "the")
"""What stands in a word's place while sentences are looked for; "" leaves it out."""

TRY = ("it", "this", "one", "something")
"""What stands there when a sentence is tried."""

VERDICTS = (("disliked", "差评"), ("liked", "好评"))


def reader(texts: Sequence[str], liked: Sequence[bool]) -> Any:
    """Return a logistic regression over the words and the pairs of words of film reviews.

    Args:
        texts: n sentences; liked: whether people judged each one favourable, n.
    """
    from sklearn.feature_extraction.text import CountVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    counter = CountVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), min_df=2, binary=True)
    model = make_pipeline(counter, LogisticRegression(C=0.2, max_iter=1000))
    return model.fit(list(texts), np.asarray(liked, dtype=int))


def claims(
    reader: Any, texts: Sequence[str], *, margin: float = 0.0, find: Sequence[str] = FIND
) -> list[Claim | None]:
    """Return the surest word counterfactual of each text, None where no word turns it.

    Args:
        reader: a fitted classifier of texts into 0 and 1 with `decision_function`.
        margin: a verdict that turns by fewer log-odds is not spoken of.
        find: the fillers that must agree.
    """
    was = reader.decision_function(list(texts)) > 0
    pairs = [(place, word) for place, text in enumerate(texts) for word in words_of(text)]
    sure = np.full(len(pairs), np.inf)
    for filler in find:
        left = np.flatnonzero(sure > 0)  # only what turned so far is asked again
        if not len(left):
            break
        changed = [replaced(texts[pairs[k][0]], pairs[k][1], filler) for k in left]
        after = reader.decision_function(changed)
        against = np.where(was[[pairs[k][0] for k in left]], -after, after)
        sure[left] = np.minimum(sure[left], against)
    return _surest(texts, was, pairs, sure, margin)


def _surest(texts, was, pairs, sure, margin: float) -> list[Claim | None]:
    best: list[int | None] = [None] * len(texts)
    for k in np.flatnonzero((sure > 0) & (sure >= margin)):
        before = best[pairs[k][0]]
        if before is None or sure[k] > sure[before]:
            best[pairs[k][0]] = k
    return [
        None if k is None else claim(text, bool(said), pairs[k][1], float(sure[k]))
        for text, said, k in zip(texts, was, best, strict=True)
    ]


def random_claims(reader: Any, texts: Sequence[str], *, seed: int = 0) -> list[Claim | None]:
    """Return the control: the same sentence about a word of each text drawn at random."""
    was = reader.decision_function(list(texts)) > 0
    chance = torch.Generator().manual_seed(seed)
    made: list[Claim | None] = []
    for text, said in zip(texts, was, strict=True):
        words, drawn = words_of(text), int(torch.randint(0, 2**30, (), generator=chance))
        made.append(claim(text, bool(said), words[drawn % len(words)]) if words else None)
    return made


def claim(text: str, liked: bool, word: str, sure: float = 0.0) -> Claim:
    """Put a word counterfactual into words, with the trials that may refute it.

    Args:
        liked: what the reader says of the text.
    """
    (now, zh), (then, dann) = VERDICTS[liked], VERDICTS[not liked]
    trials = [Trial(("as it is", "原文"), text, int(liked))]
    for filler in TRY:
        name = (f"“{filler}” instead", f"换成“{filler}”")
        trials.append(Trial(name, replaced(text, word, filler), int(not liked)))
    return Claim(
        "word",
        f"The reader says {now}. Without “{word}” it would say {then}.",
        f"分类器判为{zh}。若没有“{word}”一词，它会判为{dann}。",
        tuple(trials), text, sure,
    )  # fmt: skip


def replaced(text: str, word: str, filler: str) -> str:
    """Return the text with a filler in a word's place, wherever it stands, in any case."""
    return WORD.sub(lambda found: filler if found[0].lower() == word else found[0], text)
