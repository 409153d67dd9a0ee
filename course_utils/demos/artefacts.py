"""Networks saved, loaded again and measured: what each artefact really costs."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from typing import Any

import torch

from course_utils import measure, models, training


def measured(
    saved: Mapping[str, tuple[models.Network, str]],
    images: torch.Tensor,
    labels: torch.Tensor,
    *,
    batch: int = 64,
    runs: int = 9,
) -> list[dict[str, Any]]:
    """Save each network, load the file, and measure what was loaded; the first is the reference.

    A row holds "artefact", "bytes" of the whole file, "time" (a Spread of ratios to the first,
    run in turns, for one batch) and "accuracy".

    Args:
        saved: by name, a network and the ending of its file.

    Raises:
        ValueError: a loaded network's logits differ from those of the network that was saved.
    """
    rows, reference = [], None
    for name, (network, ending) in saved.items():
        with tempfile.TemporaryDirectory() as folder:
            path = models.save_network(network, f"{folder}/network{ending}")
            loaded, size = models.load_network(path), measure.file_bytes(path)
        logits = training.predict(loaded, images)
        if not torch.equal(logits, training.predict(network, images)):
            raise ValueError(f"{name}: the file does not hold the network that was saved.")
        reference = reference or loaded
        ratio = measure.latency_ratio(loaded, reference, images[:batch], runs=runs)
        accuracy = (logits.argmax(1) == labels).float().mean().item()
        rows.append({"artefact": name, "bytes": size, "time": ratio, "accuracy": accuracy})
    return rows
