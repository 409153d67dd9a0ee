"""LIME for text: a feature is a word, and off means left out wherever it stands."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch

from course_utils.surrogate.core import Score, fit_line

WORD = re.compile(r"\w+")


def lime_words(
    predict: Callable[[list[str]], Any],
    text: str,
    target: int | None = None,
    *,
    samples: int = 500,
    kernel_width: float = 0.25,
    ridge: float = 1e-3,
    seed: int = 0,
) -> dict[str, float]:
    """Attribute a classifier's score to the words of a text.

    Args:
        predict: from texts to a score each, or to one for each class: a pipeline's
            `predict_proba`, or its `decision_function` for log-odds.
        target: the class; None: the class with the highest score for the whole text.

    Returns:
        By word, in lower case and in the order of the text, what its presence adds.
    """
    words = words_of(text)
    if not words:
        raise ValueError(f"there is no word in {text!r}.")
    score = switched_words(predict, text, target)
    line = fit_line(score, len(words), samples=samples, kernel_width=kernel_width, ridge=ridge,
                    seed=seed)  # fmt: skip
    return dict(zip(words, line.weights.tolist(), strict=True))


def words_of(text: str) -> list[str]:
    """Return the different words of a text in lower case, in the order of their first places."""
    return list(dict.fromkeys(WORD.findall(text.lower())))


def switched_words(
    predict: Callable[[list[str]], Any], text: str, target: int | None = None
) -> Score:
    """Return the score that `fit_line` asks: a word that is off is left out at every place."""
    words = words_of(text)
    first = np.asarray(predict([text]))
    if first.ndim == 2 and target is None:
        target = int(first[0].argmax())
    if first.ndim == 2 and not 0 <= target < first.shape[1]:
        raise ValueError(f"target must be a class from 0 to {first.shape[1] - 1}; got {target!r}.")

    def score(masks: torch.Tensor) -> torch.Tensor:
        texts = [without(text, _off(words, mask)) for mask in masks.tolist()]
        found = torch.from_numpy(np.asarray(predict(texts)))
        return found[:, target] if found.dim() == 2 else found

    return score


def without(text: str, words: Sequence[str] | set[str]) -> str:
    """Return the text without these words (lower case), wherever they stand."""
    return WORD.sub(lambda found: "" if found[0].lower() in words else found[0], text)


def _off(words: Sequence[str], mask: Sequence[float]) -> set[str]:
    return {word for word, on in zip(words, mask, strict=True) if not on}
