"""What came out, beside the guess."""

from collections.abc import Sequence
from itertools import pairwise
from math import isfinite, sqrt
from numbers import Real
from typing import TYPE_CHECKING, Any

from course_utils import controls, page

if TYPE_CHECKING:
    from course_utils.guess import Guess

_BAR = "border-left:4px solid {};padding:.35em .9em;margin:.3em 0"
_OPEN, _RIGHT, _OFF = "#0072B2", "#009E73", "#E69F00"


class Reveal(page.Shown):
    """What came out, beside the guess; follows a guess that is made later."""

    def __init__(self, guess: "Guess", outcome: Any, note: str):
        self._guess, self.outcome, self._note = guess, outcome, note
        super().__init__(*self._compose())
        self.widget = None
        if controls.available():
            import ipywidgets

            self.widget = ipywidgets.HTML(self.html)

    @property
    def right(self) -> bool | None:
        """Whether the guess was the right choice; None without a guess or without choices."""
        guess = self._guess
        if guess.made is None or not guess.choices:
            return None
        return guess.made == self.nearest()

    def nearest(self) -> Any:
        """The choice that the outcome makes the right one."""
        guess = self._guess
        return nearest(self.outcome, guess.choices) if guess.numeric else self.outcome

    def bundle(self) -> dict[str, Any]:
        """A widget that follows the guess, and the same words for other front ends."""
        return page.with_widget(super().bundle(), self.widget)

    def refresh(self) -> None:
        """Show the guess as it is now."""
        self.html, self.text = self._compose()
        if self.widget is not None:
            self.widget.value = self.html

    def _compose(self) -> tuple[str, str]:
        symbol, words = self._verdict()
        text = " ".join(filter(None, [symbol, words, self._note]))
        colour = {"✓": _RIGHT, "◻": _OPEN}.get(symbol, _OFF)
        html = f'<div style="{_BAR.format(colour)}">{page.inline(text)}</div>'
        return html, text.replace("**", "")

    def _verdict(self) -> tuple[str, str]:
        guess = self._guess
        came = f"It came out {'as ' if guess.numeric else ''}**{guess.name(self.outcome)}**"
        if guess.numeric and not isfinite(self.outcome):
            return "≠", f"{came}, which is no number that a guess can be compared with."
        if guess.made is None:
            close = (
                f"; the nearest choice is {guess.name(self.nearest())}" if self._between() else ""
            )
            return "◻", f"{came}{close}. No guess was made: compare it with the one in your head."
        made = f"You guessed **{guess.name(guess.made)}**"
        if not guess.choices:
            return self._gap(made, came)
        if self.right:
            return "✓", f"{made}. {came}: {'the nearest choice.' if self._between() else 'right.'}"
        if not guess.numeric:
            return "≠", f"{made}. {came}."
        right = (
            f", so **{guess.name(self.nearest())}** was the nearest choice"
            if self._between()
            else ""
        )
        return "≠", f"{made}. {came}{right}: your guess was {self._distance()}."

    def _gap(self, made: str, came: str) -> tuple[str, str]:
        low, high = self._guess.between
        near = abs(self._guess.made - self.outcome) <= 0.05 * (high - low)
        return ("✓" if near else "≠"), f"{made}. {came}: {self._distance()}."

    def _distance(self) -> str:
        gap = self._guess.made - self.outcome
        if float(f"{gap:.4g}") == 0:
            return "exactly right"
        return f"{self._guess.name(abs(gap))} too {'high' if gap > 0 else 'low'}"

    def _between(self) -> bool:
        guess = self._guess
        return bool(guess.numeric and guess.choices and self.outcome not in guess.choices)


def nearest(outcome: float, choices: Sequence[float]) -> float:
    """The choice nearest to a number, on the scale that the choices suggest.

    Neighbours a < b part at their mean (a + b)/2. Where the positive choices span a factor of ten
    or more, positive neighbours part at √(ab) instead: among 1, 10, 100 the outcome 40 belongs to
    100. An outcome on the boundary goes to the smaller one.
    """
    ordered = sorted(choices)
    positive = [c for c in ordered if c > 0]
    ratios = len(positive) > 1 and positive[-1] >= 10 * positive[0]
    for low, high in pairwise(ordered):
        if outcome <= (sqrt(low * high) if ratios and low > 0 else (low + high) / 2):
            return low
    return ordered[-1]


def is_number(value: Any) -> bool:
    """True for numbers, false for True and False."""
    return isinstance(value, Real) and not isinstance(value, bool)
