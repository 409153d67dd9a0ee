"""The package `lime` as lesson 3.6 calls it: weights in the order of the features, no bars."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import perf_counter
from typing import Any

import numpy as np
import torch
from torch import Tensor


@contextmanager
def without_bars() -> Iterator[None]:
    """The library draws a progress bar for each image, and has no switch for it."""
    from lime import lime_image

    kept = lime_image.tqdm
    lime_image.tqdm = lambda rows: rows
    try:
        yield
    finally:
        lime_image.tqdm = kept


def classifier(network: Any) -> Callable[[np.ndarray], np.ndarray]:
    """A grey network as the library asks it: n x height x width x 3 in, probabilities out."""

    @torch.no_grad()
    def probabilities(pictures: np.ndarray) -> np.ndarray:
        images = torch.from_numpy(pictures[..., 0]).float()[:, None]
        return network(images).softmax(1).double().numpy()

    return probabilities


def explain_image(network: Any, image: Tensor, *, seed: int | None = 0, **options: Any) -> Any:
    """The library's explanation of one grey image, channel x height x width.

    Args:
        seed: `random_state`; None leaves it as the library has it.
        options: go to `explain_instance`; a `segments` tensor becomes its segmentation function.
    """
    from lime.lime_image import LimeImageExplainer

    if "segments" in options:
        plane = options.pop("segments").numpy()
        options["segmentation_fn"] = lambda picture: plane
    options = {"top_labels": 1, "num_samples": 500} | options
    with without_bars():
        return LimeImageExplainer(random_state=seed).explain_instance(
            image[0].double().numpy(), classifier(network), **options
        )


def masks_of(seed: int, samples: int, features: int) -> Tensor:
    """The masks that the library draws for an image if its segmentation's seed is given."""
    drawn = np.random.RandomState(seed).randint(0, 2, samples * features)
    masks = torch.from_numpy(drawn.reshape(samples, features)).double()
    masks[0] = 1
    return masks


def in_order(explanation: Any, count: int, *, label: int | None = None) -> np.ndarray:
    """An explanation's weights by the features' numbers; a feature that it left out has 0.

    Args:
        label: a class; None: the one that was explained, or a regression's entry 1.
    """
    if label is None:
        label = 1 if 1 in explanation.local_exp else explanation.top_labels[0]
    found = dict(explanation.local_exp[label])
    return np.array([found.get(k, 0.0) for k in range(count)])


def explain_row(predict: Callable, row: np.ndarray, rows: np.ndarray, *, samples: int = 2000,
                **options: Any) -> Any:  # fmt: skip
    """The library's explanation of one row of a regression; `options` go to the explainer."""
    from lime.lime_tabular import LimeTabularExplainer

    options = {"mode": "regression", "random_state": 0} | options
    explainer = LimeTabularExplainer(rows, **options)
    return explainer.explain_instance(row, predict, num_samples=samples, num_features=len(row))


def explain_text(predict: Callable, text: str, *, samples: int = 500, seed: int = 0,
                 **options: Any) -> Any:  # fmt: skip
    """The library's explanation of one text; `options` go to `explain_instance`."""
    from lime.lime_text import LimeTextExplainer

    explainer = LimeTextExplainer(random_state=seed)
    return explainer.explain_instance(text, predict, num_samples=samples, **options)


def quickshift(image: Tensor) -> int:
    """How many segments the library's default finds in a grey image."""
    from lime.wrappers.scikit_image import SegmentationAlgorithm
    from skimage.color import gray2rgb

    find = SegmentationAlgorithm("quickshift", kernel_size=4, max_dist=200, ratio=0.2,
                                 random_seed=0)  # fmt: skip
    return len(np.unique(find(gray2rgb(image[0].double().numpy()))))


def waits(pairs: dict[str, dict[str, Callable[[], Any]]], *, runs: int = 3) -> list[dict[str, Any]]:
    """Rows for `lesson.table`: the median wait for one call of each way, interleaved.

    Args:
        pairs: by what is explained, the ways to explain it by name.
    """
    rows = []
    for kind, ways in pairs.items():
        times: dict[str, list[float]] = {name: [] for name in ways}
        for _ in range(runs + 1):
            for name, way in ways.items():
                start = perf_counter()
                way()
                times[name].append(perf_counter() - start)
        rows.append({"explained": kind} | {
            f"{name} (ms)": 1000 * float(np.median(spent[1:])) for name, spent in times.items()
        })  # fmt: skip
    return rows
