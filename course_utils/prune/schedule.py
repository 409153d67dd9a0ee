"""Gradual pruning: a few weights at a time, while the network trains."""

from __future__ import annotations

from dataclasses import dataclass

from torch import nn

from course_utils.prune.by_magnitude import magnitude_masks
from course_utils.prune.by_score import Scope
from course_utils.prune.masks import Masks, check_sparsity, zero


def cubic(share: float, *, final: float, start: float = 0.0) -> float:
    """Return the sparsity after a share of the schedule (Zhu & Gupta 2017, 1710.01878).

    sparsity = final + (start − final) (1 − share)³

    It rises fast while many weights are idle and slowly near the end.

    Args:
        share: of the schedule, in [0, 1]: 0 gives `start`, 1 gives `final`.
    """
    check_sparsity(start, name="start")
    check_sparsity(final, name="final")
    if start > final:
        raise ValueError(
            f"start must not be above final: weights that went do not return; "
            f"got start={start:g}, final={final:g}. Swapped?"
        )
    if not 0 <= share <= 1:
        raise ValueError(f"share must be in [0, 1]; got {share!r}.")
    return final + (start - final) * (1 - share) ** 3


def gradual(
    model: nn.Module,
    final: float,
    *,
    start: float = 0.0,
    until: float = 0.6,
    every: int = 10,
    scope: Scope = "global",
) -> Gradual:
    """Return an `after_step` that prunes along the cubic schedule while `model` trains.

    `training.train(model, ..., after_step=gradual(model, 0.95))` ends with exactly
    round(0.95 n) weights held at zero. What went never returns. train's keep="best" chooses
    among the epochs that ended with all of them gone; inside a function of your own, which
    train cannot ask, give keep="last".

    Args:
        final: share of the weights that are zero in the end, in [0, 1).
        start: share at the beginning; `sparsity(model)` goes on from an earlier pruning.
        until: share of the run after which `final` is reached and held, in (0, 1].
        every: updates from one choice of weights to the next; zeros are put back after all.
        scope: as in `magnitude`.
    """
    cubic(0.0, final=final, start=start)  # refuses what makes no sense before any training
    if not 0 < until <= 1:
        hint = f" Did you mean {until / 100:g}?" if 1 < until <= 100 else ""
        raise ValueError(f"until must be in (0, 1]; got {until!r}.{hint}")
    if not isinstance(every, int) or isinstance(every, bool) or every < 1:
        raise ValueError(f"every must be a whole number of updates, 1 or more; got {every!r}.")
    masks = magnitude_masks(model, start, scope=scope)
    return Gradual(masks=masks, final=final, start=start, until=until, every=every, scope=scope)


@dataclass(kw_only=True)
class Gradual:
    """Prunes after the updates of a training run; made by `gradual`.

    Attributes:
        masks: which weights stay now; the last ones serve `keep_zeros` and `shuffled` later.
        settled: whether the final sparsity is reached. A settled one only holds the zeros.
    """

    masks: Masks
    final: float
    start: float
    until: float
    every: int
    scope: Scope
    settled: bool = False
    _updates: int = 0

    def __call__(self, model: nn.Module, share: float) -> None:
        """Put the zeros back, and let more weights go when it is time."""
        zero(model, self.masks)  # before choosing: an update may have made what went large again
        if self.settled:
            return
        self._updates += 1
        self.settled = share > self.until - 1e-9  # shares are sums of fractions
        if self.settled or self._updates % self.every == 0:
            done = 1.0 if self.settled else share / self.until
            goal = cubic(done, final=self.final, start=self.start)
            self.masks = magnitude_masks(model, goal, scope=self.scope, within=self.masks)
            zero(model, self.masks)
