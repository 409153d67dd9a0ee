"""Guess first, then look: the question before a run and the gap after it."""

from collections.abc import Sequence
from typing import Any

from course_utils import controls, page
from course_utils.reveal import Reveal, is_number

_BAR = "border-left:4px solid #0072B2;padding:.35em .9em;margin:.3em 0"


class Guess(page.Shown):
    """A question asked before the run; `reveal` shows afterwards how near the guess was.

    Attributes:
        made: the learner's guess, None until there is one.
        widget: the control that asks, None without ipywidgets.
    """

    def __init__(
        self,
        statement: str,
        choices: Sequence | None,
        between: tuple | None,
        unit: str,
        step: float | None,
    ):
        self.statement, self.unit, self.between = statement, unit, between
        self.choices = _checked(choices, between)
        self.numeric = choices is None or all(is_number(c) for c in self.choices)
        self.made: Any = None
        self._reveals: list[Reveal] = []
        super().__init__(self._still(), self._text())
        self.widget = self._build(step) if controls.available() else None

    def choose(self, value: Any) -> None:
        """Make the guess from code, as pressing the control does.

        Raises:
            ValueError: it is none of the choices, or outside `between`.
        """
        if self.choices and value not in self.choices:
            raise ValueError(f"the choices are {list(self.choices)}, got {value!r}")
        if self.between and not self.between[0] <= value <= self.between[1]:
            raise ValueError(f"the guess must be in {list(self.between)}, got {value!r}")
        self.made = value
        if self.widget is not None:
            self.control.value = self.choices.index(value) if self.choices else value
            self._status.value = self._state()
        for reveal in self._reveals:
            reveal.refresh()

    def reveal(self, outcome: Any, *, note: str = "") -> "Reveal":
        """Show the guess beside what came out; a guess made later is shown too.

        Args:
            outcome: a number when the choices are numbers (the nearest choice is the right one, see
                `nearest`), otherwise the choice that the measurement selected.
            note: one more sentence.

        Raises:
            ValueError: `outcome` is text that is none of the choices.
        """
        shown = Reveal(self, self._outcome(outcome), note)
        self._reveals.append(shown)
        shown.put()
        return shown

    def bundle(self) -> dict[str, Any]:
        """The control, or the question as a list to think about."""
        return page.with_widget(super().bundle(), self.widget)

    def name(self, choice: Any) -> str:
        """A choice or a number with its unit, as the learner reads it."""
        return f"{page.number(choice)} {self.unit}".strip() if is_number(choice) else str(choice)

    def _outcome(self, outcome: Any) -> Any:
        if self.numeric:
            return _as_number(outcome)
        if outcome not in self.choices:
            raise ValueError(
                f"reveal takes one of the choices {list(self.choices)}, got {outcome!r}"
            )
        return outcome

    def _build(self, step: float | None) -> Any:
        import ipywidgets

        if self.choices:
            self.control = ipywidgets.RadioButtons(
                options=[(self.name(c), i) for i, c in enumerate(self.choices)],
                value=None, layout={"width": "auto"},
            )  # fmt: skip
        else:
            self.control = controls.slider(*self.between, step=step, label=self.unit)
        self.control.observe(self._changed, "value")
        self._status = ipywidgets.HTML(self._state())
        return ipywidgets.VBox(
            [ipywidgets.HTML(self._question()), self.control, self._status],
            layout={
                "border": "1px solid #0072B2",
                "padding": "2px 12px",
                "margin": "4px 0",
                "max_width": "720px",
            },
        )

    def _changed(self, change: Any) -> None:
        new = change["new"]
        value = self.choices[new] if self.choices and new is not None else new
        if value is not None and value != self.made:
            self.choose(value)

    def _question(self) -> str:
        return f"<b>Your guess, before you run on.</b> {page.inline(self.statement)}"

    def _state(self) -> str:
        if self.made is None:
            how = "Choose one" if self.choices else "Move the slider"
            return f'<span style="opacity:.8">◻ {how}, then run the next cell.</span>'
        return f"✎ You guess <b>{page.escape(self.name(self.made))}</b>. Now run the next cell."

    def _options(self) -> list[str]:
        if self.choices:
            return [self.name(c) for c in self.choices]
        low, high = self.between
        return [f"anything from {page.number(low)} to {self.name(high)}"]

    def _still(self) -> str:
        items = "".join(f"<li>{page.escape(o)}</li>" for o in self._options())
        return (
            f'<div style="{_BAR}">{self._question()}'
            f'<ul style="margin:.2em 0">{items}</ul>Settle on one in your head, then run on.</div>'
        )

    def _text(self) -> str:
        return f"Your guess: {self.statement}\n" + "\n".join(f"  - {o}" for o in self._options())


def predict(
    statement: str,
    choices: Sequence | None = None,
    *,
    between: tuple[float, float] | None = None,
    unit: str = "",
    step: float | None = None,
) -> Guess:
    """Ask for a guess before a run.

    Args:
        statement: what is guessed, in words; may hold an ellipsis for the choice.
        choices: numbers or texts, at least two; or else
        between: the ends of a slider for a free guess.
        unit: said after numbers, such as "points".

    Raises:
        ValueError: fewer than two choices, or not exactly one of `choices` and `between`.
    """
    guess = Guess(statement, choices, between, unit, step)
    guess.put()
    return guess


def _checked(choices: Sequence | None, between: tuple | None) -> tuple | None:
    if (choices is None) == (between is None):
        raise ValueError("predict needs either choices, or between=(low, high)")
    if choices is None:
        return None
    if isinstance(choices, str) or len(choices) < 2 or len(set(choices)) < len(choices):
        raise ValueError(f"predict needs at least two different choices, got {choices!r}")
    return tuple(choices)


def _as_number(outcome: Any) -> float:
    try:
        return outcome if isinstance(outcome, int) else float(outcome)
    except (TypeError, ValueError):
        raise ValueError(
            f"reveal takes a number here, got {outcome!r} ({type(outcome).__name__})"
        ) from None
