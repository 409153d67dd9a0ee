"""The study: opened, run, stopped, gone on with; its trials as rows of a table."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from course_utils import models
from course_utils.search import aims, build, space

if TYPE_CHECKING:
    import optuna
    import pandas

NAME = "small and clear"
SAMPLERS = ("TPE", "NSGA-II", "random")
POPULATION = 12
"""Of NSGA-II, whose usual 50 would leave a short study a single generation."""


def sampler(kind: str, seed: int) -> optuna.samplers.BaseSampler:
    """Return one of SAMPLERS; random is the control."""
    from optuna import samplers

    if kind == "TPE":
        return samplers.TPESampler(seed=seed)
    if kind == "NSGA-II":
        return samplers.NSGAIISampler(population_size=POPULATION, seed=seed)
    if kind == "random":
        return samplers.RandomSampler(seed=seed)
    raise ValueError(f"the sampler must be one of {', '.join(SAMPLERS)}; got {kind!r}.")


def open_study(journal: Path | None = None, *, kind: str = "TPE", seed: int = 0) -> optuna.Study:
    """Begin a study, or open the one that a journal holds.

    A sampler remembers nothing of an earlier run but the trials. With its old seed it would
    draw its old random numbers again, so the seed counts on from the trials that are there.

    Args:
        journal: a file that any number of processes may write to; None: memory alone.
        kind: one of SAMPLERS.
        seed: give each process its own.
    """
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    study = optuna.create_study(
        storage=None if journal is None else storage(journal), study_name=NAME,
        directions=aims.DIRECTIONS, load_if_exists=True,
    )  # fmt: skip
    study.sampler = sampler(kind, 1000 * seed + len(study.get_trials(deepcopy=False)))
    return study


def storage(journal: Path) -> optuna.storages.JournalStorage:
    """Return Optuna's journal: one file, a line for each event, and a lock beside it.

    The lock is a file that only one process can create; the usual symbolic link needs a
    privilege on Windows.
    """
    from optuna.storages import JournalStorage
    from optuna.storages.journal import JournalFileBackend, JournalFileOpenLock

    journal.parent.mkdir(parents=True, exist_ok=True)
    lock = JournalFileOpenLock(str(journal))
    return JournalStorage(JournalFileBackend(str(journal), lock_obj=lock))


class Objective:
    """From a trial to the three aims on the images that the search sees.

    What the images held back say is kept beside the trial, where no sampler looks.
    """

    def __init__(self, whole: models.SimplifiedCNN, *, updates: int = build.UPDATES) -> None:
        self.build = build.Builder(whole, updates=updates)
        self.seen, self.held = aims.judges(whole)

    def __call__(self, trial: optuna.Trial) -> tuple[float, ...]:
        """Choose, build, write, load, measure."""
        seen, held = self.measure(space.suggest(trial))
        trial.set_user_attr("held", held.values)
        return seen.values

    def measure(self, choices: space.Choices) -> tuple[aims.Aims, aims.Aims]:
        """Return the aims on the images seen and on those held back."""
        network = self.build(choices)
        return aims.of_network(lambda path: build.save(network, choices, path),
                               self.seen, self.held)  # fmt: skip


def run(
    study: optuna.Study,
    objective: Callable[[optuna.Trial], tuple[float, ...]],
    trials: int,
    *,
    progress: bool = True,
) -> int:
    """Go on until the study has so many finished trials; return how many were added.

    Interrupting it (Ctrl-C, the stop button) keeps what is finished.
    """
    from tqdm.auto import tqdm

    before = len(finished(study))
    with tqdm(total=trials, initial=before, disable=not progress, unit="trial") as bar:
        try:
            if trials > before:
                study.optimize(objective, n_trials=trials - before,
                               callbacks=[lambda *_: bar.update()])  # fmt: skip
        except KeyboardInterrupt:
            bar.set_postfix_str("stopped")
    return len(finished(study)) - before


def again(study: optuna.Study) -> int:
    """Put the choices of trials that never finished into the queue; return how many.

    Call it when no process runs: what another is still busy with looks as if it were lost.
    Choices that wait already, or finished later, are not put there twice.
    """
    from optuna.trial import TrialState

    states = (TrialState.FAIL, TrialState.RUNNING)
    known = [_wanted(one) for one in study.get_trials(
        deepcopy=False, states=(TrialState.COMPLETE, TrialState.WAITING))]  # fmt: skip
    lost = []
    for trial in study.get_trials(deepcopy=False, states=states):
        if trial.params and trial.params not in known + lost:
            lost.append(trial.params)
    for params in lost:
        study.enqueue_trial(params)
    return len(lost)


def _wanted(trial: optuna.trial.FrozenTrial) -> dict[str, Any]:
    """A trial's choices, or those that it is to get."""
    return trial.params or trial.system_attrs.get("fixed_params", {})


def finished(study: optuna.Study) -> list[optuna.trial.FrozenTrial]:
    """Return the trials that have been measured."""
    from optuna.trial import TrialState

    return study.get_trials(deepcopy=False, states=(TrialState.COMPLETE,))


def rows(study: optuna.Study) -> list[dict[str, Any]]:
    """Return a row for each finished trial: its number, aims, aims on what was held, choices."""
    names = ("bytes", "accuracy", "agreement")
    return [
        {"trial": one.number}
        | {"bytes": int(one.values[0]), "accuracy": one.values[1], "agreement": one.values[2]}
        | {f"held {name}": one.user_attrs["held"][k] for k, name in enumerate(names) if k}
        | one.params
        for one in finished(study)
    ]  # fmt: skip


def of_rows(table: pandas.DataFrame) -> optuna.Study:
    """Return a study in memory with a finished trial for each row of a table."""
    import optuna

    study, known = open_study(), space.distributions()
    for row in table.to_dict("records"):
        study.add_trial(optuna.trial.create_trial(
            params=space.checked(row), distributions=known,
            values=[row["bytes"], row["accuracy"], row["agreement"]],
        ))  # fmt: skip
    return study
