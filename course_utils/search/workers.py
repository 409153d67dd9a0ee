"""Workers: several processes on one study, through its journal alone."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOM = Path(__file__).resolve().parents[2]


def work_together(
    journal: Path, *, trials: Sequence[int], updates: int, timeout: float = 300
) -> list[list[int]]:
    """Start a process for each entry of trials, all on one journal; wait for all.

    They share nothing else. Each gets one thread and a seed of its own.

    Args:
        trials: how many trials each process makes.
        updates: as for `Builder`.

    Returns:
        for each process the numbers of the trials that it says it made.

    Raises:
        RuntimeError: one failed; the message ends in what it said last.
    """
    running = [start(journal, trials=count, updates=updates, seed=seed)
               for seed, count in enumerate(trials, 1)]  # fmt: skip
    try:
        said = [one.communicate(timeout=timeout) for one in running]
    finally:
        for one in running:
            one.kill()
            one.wait()
    for one, (_, error) in zip(running, said, strict=True):
        if one.returncode:
            last = error.strip().splitlines()[-1:] or ["nothing"]
            raise RuntimeError(f"a process on {journal.name} failed; it said: {last[0]}")
    return [[int(number) for number in output.split()] for output, _ in said]


def start(journal: Path, *, trials: int, updates: int, seed: int) -> subprocess.Popen:
    """Start one process on a journal: `python -m course_utils.search` with these settings."""
    paths = os.pathsep.join(filter(None, [str(ROOM), os.environ.get("PYTHONPATH", "")]))
    return subprocess.Popen(
        [sys.executable, "-m", "course_utils.search", str(journal), "--trials", str(trials),
         "--updates", str(updates), "--seed", str(seed)],
        # The last one: Linux gets large blocks back at once, some 80 MB less for each process.
        env={**os.environ, "PYTHONPATH": paths, "OMP_NUM_THREADS": "1",
             "MALLOC_MMAP_THRESHOLD_": "1000000"},
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
