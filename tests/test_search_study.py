"""A study can be stopped, killed, gone on with and shared; no trial is lost, none counts twice."""

import subprocess
import sys
import time

import pytest

from course_utils import search
from course_utils.search import __main__ as worker
from course_utils.search import workers


class Cheap:
    """An objective without networks; it stops the run in the middle of some trial."""

    def __init__(self, stop_in=None):
        self.stop_in, self.calls = stop_in, 0

    def __call__(self, trial):
        self.calls += 1
        found = search.suggest(trial)
        trial.set_user_attr("held", [1, 0.5, 0.25])
        if self.calls == self.stop_in:
            raise KeyboardInterrupt
        return found["fc1 kept"], found["fc1 zeros"], found["conv1 bits"] / 8


def states(study):
    return [one.state.name for one in study.trials]


@pytest.mark.parametrize("kind", search.SAMPLERS)
def test_a_stopped_study_goes_on_without_loss(tmp_path, kind):
    journal = tmp_path / "study.journal"
    study = search.open_study(journal, kind=kind)
    assert search.run(study, Cheap(stop_in=4), 10, progress=False) == 3
    stopped = study.trials[3].params
    later = search.open_study(journal, kind=kind)
    assert len(search.finished(later)) == 3 and states(later)[3] == "FAIL"
    assert search.again(later) == 1
    assert search.again(later) == 0  # waits already
    assert search.run(later, Cheap(), 10, progress=False) == 7
    assert later.trials[4].params == stopped
    assert search.again(later) == 0  # has been made
    assert search.run(later, Cheap(), 10, progress=False) == 0
    numbers = [row["trial"] for row in search.rows(later)]
    assert numbers == [0, 1, 2, *range(4, 11)]


def test_who_goes_on_draws_new_numbers(tmp_path):
    journal = tmp_path / "study.journal"
    for trials in (3, 6):
        study = search.open_study(journal, kind="random", seed=5)
        search.run(study, Cheap(), trials, progress=False)
    seen = [tuple(one.params.values()) for one in study.trials]
    assert len(set(seen)) == 6
    other = search.open_study(kind="random", seed=6)
    search.run(other, Cheap(), 3, progress=False)
    assert not set(seen) & {tuple(one.params.values()) for one in other.trials}


def test_rows_and_back():
    import pandas

    study = search.open_study(kind="random")
    search.run(study, Cheap(), 8, progress=False)
    rows = search.rows(study)
    assert list(rows[0])[:6] == ["trial", "bytes", "accuracy", "agreement", "held accuracy",
                                 "held agreement"]  # fmt: skip
    assert rows[0]["held agreement"] == 0.25
    known = search.of_rows(pandas.DataFrame(rows))
    assert [one.values for one in known.trials] == [one.values for one in study.trials]
    places = search.front([one.values for one in study.trials])
    assert sorted(one.number for one in known.best_trials) == places


def test_an_error_of_the_objective_is_not_swallowed():
    def broken(trial):
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        search.run(search.open_study(), broken, 3, progress=False)
    with pytest.raises(ValueError, match="TPE, NSGA-II, random; got 'grid'"):
        search.sampler("grid", 0)


def test_samplers_are_what_they_are_called():
    names = [type(search.sampler(kind, 0)).__name__ for kind in search.SAMPLERS]
    assert names == ["TPESampler", "NSGAIISampler", "RandomSampler"]


def test_a_worker_says_which_trials_it_made(tmp_path, monkeypatch):
    monkeypatch.setattr(worker, "Objective", lambda whole, updates: Cheap())
    journal = tmp_path / "study.journal"
    search.run(search.open_study(journal), Cheap(), 2, progress=False)
    assert worker.main([str(journal), "--trials", "3", "--seed", "1"]) == [2, 3, 4]
    assert len(search.finished(search.open_study(journal))) == 5


def wait_for(journal, trials):
    end = time.monotonic() + 120
    while len(search.open_study(journal).trials) < trials:
        assert time.monotonic() < end, f"the journal never held {trials} trials."
        time.sleep(0.05)


def test_two_processes_share_a_study_and_a_killed_one_loses_nothing(tmp_path):
    """A real worker makes trials while this process makes five, and is killed in the middle."""
    journal = tmp_path / "study.journal"
    other = workers.start(journal, trials=50, updates=0, seed=2)
    try:
        wait_for(journal, 1)
        here = search.open_study(journal, seed=1)
        mine = []
        here.optimize(Cheap(), n_trials=5, callbacks=[lambda _, one: mine.append(one.number)])
        wait_for(journal, 2 + len(mine))
    finally:
        other.kill()
        other.communicate()
    study = search.open_study(journal)
    assert [one.number for one in study.trials] == list(range(len(study.trials)))
    done = {one.number for one in search.finished(study)}
    assert len(mine) == len(set(mine)) == 5 and set(mine) < done
    lost = [one.params for one in study.trials if one.state.name == "RUNNING"]
    assert search.again(study) == len([one for one in lost if one]) <= 1
    search.run(study, Cheap(), len(done) + 1, progress=False)
    assert len(search.finished(study)) == len(done) + 1
    journal.with_name(journal.name + ".lock").unlink(missing_ok=True)


def test_a_trial_that_a_dead_process_held_is_made_again():
    study = search.open_study()
    held = search.suggest(study.ask())
    assert states(study) == ["RUNNING"]
    assert (search.again(study), search.again(study)) == (1, 0)
    search.run(study, Cheap(), 1, progress=False)
    assert [one.params for one in search.finished(study)] == [held]


def saying(*programs):
    """Stand-ins for workers: small programs, one for each call."""
    rest = iter(programs)

    def start(journal, **settings):
        command = [sys.executable, "-S", "-c", next(rest).format(**settings)]
        return subprocess.Popen(command, stdout=-1, stderr=-1, text=True)

    return start


def test_workers_differ_in_their_seeds_and_report_their_trials(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "start", saying(*["print({trials}, {seed}, {updates})"] * 2))
    assert search.work_together(tmp_path / "j", trials=(4, 3), updates=7) == [[4, 1, 7], [3, 2, 7]]


def test_a_worker_that_fails_is_told(tmp_path, monkeypatch):
    monkeypatch.setattr(workers, "start", saying("print(1)", "raise SystemExit('no disk')"))
    with pytest.raises(RuntimeError, match="a process on study.journal failed; it said: no disk"):
        search.work_together(tmp_path / "study.journal", trials=(1, 1), updates=0)
