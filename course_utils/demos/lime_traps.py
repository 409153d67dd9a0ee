"""What the package `lime` does unless told otherwise, measured; and what an explanation costs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor

from course_utils import surrogate
from course_utils.demos import lime_package as package
from course_utils.demos.lesson_3_6 import alike, told
from course_utils.surrogate.text import WORD

GRID = surrogate.grid_segments(32, 32, 4)


@torch.no_grad()
def images(network: Any, pictures: Tensor) -> list[dict[str, str]]:
    """Rows for `lesson.table`: four traps for small grey images, n x 1 x 32 x 32."""

    def weights(image: Tensor, **options: Any) -> np.ndarray:
        options = {"segments": GRID, "hide_color": 0} | options
        return package.in_order(package.explain_image(network, image, **options), 16)

    counts = [package.quickshift(image) for image in pictures]
    mean = [alike(weights(image), weights(image, hide_color=None)) for image in pictures]
    seeds = [alike(*(weights(image, seed=None, random_seed=0) for _ in range(2)))
             for image in pictures]  # fmt: skip
    first, second = network(pictures[:1])[0].topk(2).indices.tolist()
    both, one = (
        package.explain_image(network, pictures[0], segments=GRID, hide_color=0, random_seed=0,
                              top_labels=None, labels=labels)
        for labels in ((first, second), (first,))
    )  # fmt: skip
    return [
        _row("segmentation_fn left out", f"quickshift finds {min(counts)} to {max(counts)} "
             f"segments in an image", "your own segments"),
        _row("hide_color left out", "off is the segment's own mean, so a plain square is never "
             f"off: ρ = {told(torch.tensor(mean))} to black", "hide_color=0"),
        _row("random_seed=0", "seeds only the segmentation: two runs, ρ = "
             f"{told(torch.tensor(seeds))}", "random_state=0 in the explainer"),
        _row("score, two classes in labels", f"{both.score:.2f} belongs to the second class; the "
             f"first one's is {one.score:.2f}", "one class at a time"),
    ]  # fmt: skip


def texts(reader: Any, sentences: Sequence[str]) -> list[dict[str, str]]:
    """Rows for `lesson.table`: two traps for a classifier that reads words in lower case."""
    asked = [package.explain_text(reader.predict_proba, text) for text in sentences[:10]]
    kept = np.mean([len(found.as_list()) for found in asked])
    there = np.mean([len(surrogate.words_of(text)) for text in sentences[:10]])
    text, word = twice_written(reader, sentences)
    every = package.explain_text(reader.predict_proba, text, samples=2000, num_features=100)
    found = ", ".join(f"“{w}” {weight:+.2f}" for w, weight in every.as_list() if w.lower() == word)
    ours = surrogate.lime_words(reader.predict_proba, text, 1, samples=2000)[word]
    return [
        _row("num_features left out", f"{kept:.0f} of {there:.0f} words are left",
             "num_features=100"),
        _row("upper and lower case", f"{found}: two features, but one word to the model: "
             f"{ours:+.2f}", "text.lower()"),
    ]  # fmt: skip


def twice_written(reader: Any, sentences: Sequence[str]) -> tuple[str, str]:
    """The sentence and the word, in lower case, that stands there with and without a capital.

    Of all such words of three letters or more the one with the largest weight in the reader.
    """
    weights, places = reader[-1].coef_[0], reader[0].vocabulary_
    found = []
    for text in sentences:
        forms = set(WORD.findall(text))
        twice = {form for form in forms if len(form) > 2 and {form, form.capitalize()} <= forms}
        words = [form for form in twice if form.islower() and form in places]
        found += [(abs(weights[places[word]]), text, word) for word in words]
    _, text, word = max(found)
    return text, word


def tables(
    predict: Callable, row: np.ndarray, rows: np.ndarray, names: Sequence[str]
) -> list[dict[str, str]]:
    """Rows for `lesson.table`: three traps for a regression whose slopes are known."""
    quarters = package.explain_row(predict, row, rows, feature_names=list(names))
    plain = package.explain_row(predict, row, rows, discretize_continuous=False)
    place = list(names).index("total cholesterol")
    in_quarters, slopes, turned = (
        package.in_order(found, len(row), label=label)[place]
        for found, label in ((quarters, 1), (plain, 1), (plain, 0))
    )
    sex, cholesterol = (next(name for name, _ in quarters.as_list() if kind in name)
                        for kind in ("sex", "total cholesterol"))  # fmt: skip
    return [
        _row("discretize_continuous left out", f"“{cholesterol}” adds {in_quarters:+.0f}; "
             f"the slope is {slopes:+.0f}", "discretize_continuous=False"),
        _row("local_exp[0] of a regression", f"total cholesterol {turned:+.0f}: the sign is "
             "turned round", "local_exp[1]"),
        _row("categorical_features left out", f"sex is cut up as a number: “{sex}”",
             "categorical_features=[1]"),
    ]  # fmt: skip


def bills(network: Any, image: Tensor, reader: Any, text: str, predict: Callable,
          rows: np.ndarray) -> list[dict[str, Any]]:  # fmt: skip
    """Rows for `lesson.table`: milliseconds for one explanation of 500 samples, ours and theirs."""
    spread = rows.std(0)
    return package.waits({
        "image, 16 squares": {
            "ours": lambda: surrogate.lime(network, image[None], segments=GRID),
            "library": lambda: package.explain_image(network, image, segments=GRID, hide_color=0),
        },
        f"text, {len(surrogate.words_of(text))} words": {
            "ours": lambda: surrogate.lime_words(reader.predict_proba, text, 1),
            "library": lambda: package.explain_text(reader.predict_proba, text),
        },
        f"row, {rows.shape[1]} columns": {
            "ours": lambda: surrogate.slopes(predict, rows[0], spread=spread),
            "library": lambda: package.explain_row(
                predict, rows[0], rows, samples=500, discretize_continuous=False
            ),
        },
    })  # fmt: skip


def _row(left: str, came: str, instead: str) -> dict[str, str]:
    return {"as it is": left, "what came": came, "instead": instead}
