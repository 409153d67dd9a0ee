"""One worker: `python -m course_utils.search JOURNAL --trials 4 --seed 1`."""

import argparse
import sys
from pathlib import Path

from course_utils import models
from course_utils.search import UPDATES, Objective, open_study


def main(arguments: list[str] | None = None) -> list[int]:
    """Make some trials of the journal's study; return their numbers."""
    parser = argparse.ArgumentParser(prog="python -m course_utils.search", description=__doc__)
    parser.add_argument("journal", type=Path)
    parser.add_argument("--trials", type=int, default=4)
    parser.add_argument("--updates", type=int, default=UPDATES)
    parser.add_argument("--seed", type=int, default=0)
    chosen = parser.parse_args(arguments)
    study = open_study(chosen.journal, seed=chosen.seed)
    objective = Objective(models.load_network("SimplifiedCNN"), updates=chosen.updates)
    made = []
    study.optimize(objective, n_trials=chosen.trials,
                   callbacks=[lambda _, trial: made.append(trial.number)])  # fmt: skip
    return made


if __name__ == "__main__":
    sys.stdout.write(" ".join(map(str, main())) + "\n")
