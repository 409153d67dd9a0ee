"""The recipe of the network that learns from 100 learned images and nothing else.

The images have recipes of their own: `python -m course_utils.condense.recipes`.
"""

from __future__ import annotations

from pathlib import Path

from course_utils import condense, models

SETTINGS = {"steps": 100, "learning_rate": 1e-3}
"""Chosen on validation, of four."""


def data_distilled_cnn(folder: Path) -> list[Path]:
    """Train SimplifiedCNN on the committed set Fashion-100 alone, about 5 CPU seconds."""
    network = condense.student(
        *condense.load_set("Fashion-100"), fresh=models.SimplifiedCNN, **SETTINGS
    )
    return [models.save_network(network, folder / "DataDistilledCNN.safetensors")]


RECIPES = {"DataDistilledCNN": (data_distilled_cnn, "4.4", "distillation")}
"""Name, recipe, the lesson that tells its story, the method."""
