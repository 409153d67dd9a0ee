"""Controls by shorthand: slider, choice, switch, text; stand-ins without ipywidgets."""

from collections.abc import Callable, Sequence
from importlib.util import find_spec
from numbers import Integral, Real
from typing import Any


def available() -> bool:
    """True when ipywidgets is installed (whether this front end shows widgets cannot be known)."""
    return find_spec("ipywidgets") is not None


class Still:
    """Stands in for a widget where ipywidgets is absent: a value that tells when it changes."""

    def __init__(self, value: Any, description: str = ""):
        self._value, self.description, self._listeners = value, description, []

    @property
    def value(self) -> Any:
        """What the control is set to."""
        return self._value

    @value.setter
    def value(self, new: Any) -> None:
        self._value = new
        for listener in self._listeners:
            listener({"name": "value", "new": new})

    def observe(self, listener: Callable, names: str = "value") -> None:
        """Call `listener` with ``{"name": "value", "new": …}`` at every change."""
        self._listeners.append(listener)


def slider(
    low: float,
    high: float,
    *,
    start: float | None = None,
    step: float | None = None,
    label: str = "",
) -> Any:
    """A slider from `low` to `high`; whole numbers when all of them are whole.

    Args:
        start: where it begins; the middle unless told.
        step: 1 for whole numbers, a hundredth of the range otherwise.
    """
    if not low < high:
        raise ValueError(f"a slider needs low < high, got low {low} and high {high}")
    whole = all(isinstance(v, Integral) for v in (low, high, step or 0, start or 0))
    step = step or (1 if whole else (high - low) / 100)
    if start is None:
        middle = low + int((high - low) / 2 / step + 1e-9) * step
        start = middle if whole else round(middle, 10)
    if not low <= start <= high:
        raise ValueError(f"start must be in [{low}, {high}], got {start}")
    if not available():
        return Still(start, label)
    import ipywidgets

    kind = ipywidgets.IntSlider if whole else ipywidgets.FloatSlider
    more = {} if whole else {"readout_format": f".{_decimals(step)}f"}
    return kind(
        value=start, min=low, max=high, step=step, description=label,
        continuous_update=False, style={"description_width": "initial"},
        layout={"width": "95%", "max_width": "480px"}, **more,
    )  # fmt: skip


def choice(
    options: Sequence | dict, *, start: Any = None, label: str = "", slide: bool = False
) -> Any:
    """One of several options: buttons when they are few and short, a drop-down list otherwise.

    Args:
        options: values, or a dictionary of label: value.
        start: the value chosen at first; the first one unless told.
        slide: a slider through the options, for those that have an order.
    """
    pairs = list(options.items()) if isinstance(options, dict) else [(str(o), o) for o in options]
    if not pairs:
        raise ValueError("a choice needs at least one option, got none")
    values = [value for _, value in pairs]
    start = values[0] if start is None else start
    if start not in values:
        raise ValueError(f"start must be one of {values}, got {start!r}")
    if not available():
        return Still(start, label)
    import ipywidgets

    if slide:
        return ipywidgets.SelectionSlider(
            options=pairs, value=start, description=label, continuous_update=False,
            style={"description_width": "initial"}, layout={"width": "95%", "max_width": "480px"},
        )  # fmt: skip
    few = len(pairs) <= 6 and sum(len(name) + 4 for name, _ in pairs) <= 70
    kind = ipywidgets.ToggleButtons if few else ipywidgets.Dropdown
    style = {"description_width": "initial"} | ({"button_width": "auto"} if few else {})
    return kind(options=pairs, value=start, description=label, style=style,
                layout={"width": "auto", "max_width": "720px"})  # fmt: skip


def switch(start: bool = False, *, label: str = "") -> Any:
    """Something that is on or off."""
    if not available():
        return Still(bool(start), label)
    import ipywidgets

    return ipywidgets.Checkbox(value=bool(start), description=label, indent=False)


def text(start: str = "", *, label: str = "") -> Any:
    """A line of text; the picture follows when Enter is pressed."""
    if not available():
        return Still(start, label)
    import ipywidgets

    return ipywidgets.Text(
        value=start, description=label, continuous_update=False,
        style={"description_width": "initial"}, layout={"width": "95%", "max_width": "480px"},
    )  # fmt: skip


def control(spec: Any, *, label: str = "") -> Any:
    """A widget from a widget or its shorthand.

    ``(low, high)`` or ``(low, high, step)`` is a slider, True or False a switch, a list or a
    dictionary a choice, text a line of text.

    Raises:
        TypeError: none of these.
    """
    if hasattr(spec, "observe") and hasattr(spec, "value"):
        if not spec.description and label:
            spec.description = label
        return spec
    if isinstance(spec, bool):
        return switch(spec, label=label)
    if isinstance(spec, str):
        return text(spec, label=label)
    if isinstance(spec, tuple) and len(spec) in (2, 3) and all(isinstance(v, Real) for v in spec):
        return slider(spec[0], spec[1], step=spec[2] if len(spec) == 3 else None, label=label)
    if isinstance(spec, (list, tuple, dict)):
        return choice(spec, label=label)
    raise TypeError(
        f"control {label!r}: a widget, (low, high), (low, high, step), a list of options, "
        f"a dictionary, True/False or text is accepted, got {spec!r}"
    )


def _decimals(step: float) -> int:
    """How many decimals show every stop of a slider."""
    return len(f"{step:.6f}".rstrip("0").partition(".")[2])
