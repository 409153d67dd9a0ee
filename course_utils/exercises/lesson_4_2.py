"""Exercises of lesson 4.2: can a network run on integers alone?"""

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from course_utils.exercises import agree, exercise

# ---- 4.2.1

SMALL = {
    "a": "stores its weights as int8, one byte each",
    "b": "stores its weights as int8, one byte each",
    "c": "stores its weights as float32, four bytes each. That their values are rounded saves "
    "nothing",
    "d": "stores its weights as float32, four bytes each, and rounds them each time it is opened",
}
INTEGERS = {
    "a": "runs `FusedConv`, `FusedGemm` and `Gemm`: float kernels. `DequantizeLinear` turns its "
    "integer codes into floats before they are multiplied",
    "b": "runs `QLinearConv` and `QGemm`: integer kernels",
    "c": "runs `Conv`, `FusedGemm` and `Gemm`: float kernels",
    "d": "runs `QLinearConv` and `QGemm`: integer kernels, whatever type the file stores",
}


def _letters(name: str, given: Any) -> set[str] | str:
    """The letters of an answer, or the remark on an answer that is none."""
    if isinstance(given, str):
        given = list(given.replace(",", "").replace(" ", ""))
    if not isinstance(given, (set, frozenset, list, tuple)):
        return f'`{name}` must be a set of files, such as {{"c"}}.'
    letters = {str(one).strip().lower() for one in given}
    if letters - set("abcd"):
        return f"`{name}`: the files are a, b, c and d; {sorted(letters - set('abcd'))} came."
    return letters


def _first_wrong(name: str, given: set[str], right: set[str], reasons: dict[str, str]) -> str:
    letter = min(given ^ right)
    said = "You left out" if letter in right else "You counted"
    return f"`{name}`: {said} file {letter}. It {reasons[letter]}."


@exercise(
    "4.2.1",
    title="small, or integer, or both",
    minutes=5,
    difficulty=1,
    solution="""
        small = {"a", "b"}
        multiplies_integers = {"b", "d"}
        answer = [small, multiplies_integers]
    """,
    hints=(
        "Two separate questions: what is written in the file, and what is run?",
        "For bytes look at the first column only. For arithmetic look at the nodes only: "
        "kernels that multiply integers are called `QLinearConv` and `QGemm`.",
    ),
)
def _(answer):
    if not isinstance(answer, (list, tuple)) or len(answer) != 2:
        return "Hand in two sets: `[small, integers]`."
    pairs = [("small", {"a", "b"}, SMALL), ("integers", {"b", "d"}, INTEGERS)]
    given = [_letters(name, part) for (name, _, _), part in zip(pairs, answer, strict=True)]
    for one in given:
        if isinstance(one, str):
            return one
    if given == [{"b", "d"}, {"a", "b"}]:
        return "Each set is the other question's answer: are they exchanged?"
    if given[0] == given[1] == {"a", "b"}:
        return (
            "You judged the arithmetic by what is stored. File a "
            f"{INTEGERS['a']}. File d {INTEGERS['d']}."
        )
    for (name, right, reasons), one in zip(pairs, given, strict=True):
        if one != right:
            return _first_wrong(name, one, right, reasons)
    return None


# ---- 4.2.2


def packed_bytes(outputs, inputs, bits):
    weights = outputs * inputs
    codes = math.ceil(weights / 5 if bits == "ternary" else weights * bits / 8)
    return codes + 4 * outputs + 4 * outputs  # scales, biases


def _in_bits(outputs, inputs, bits):
    codes = math.ceil(outputs * inputs / 5) if bits == "ternary" else outputs * inputs * bits
    return codes + 8 * outputs


def _no_scales(outputs, inputs, bits):
    return packed_bytes(outputs, inputs, bits) - 4 * outputs


def _codes_alone(outputs, inputs, bits):
    return packed_bytes(outputs, inputs, bits) - 8 * outputs


def _one_scale(outputs, inputs, bits):
    return packed_bytes(outputs, inputs, bits) - 4 * outputs + 4


def _cut_off(outputs, inputs, bits):
    weights = outputs * inputs
    return (weights // 5 if bits == "ternary" else weights * bits // 8) + 8 * outputs


def _row_by_row(outputs, inputs, bits):
    row = math.ceil(inputs / 5) if bits == "ternary" else math.ceil(inputs * bits / 8)
    return outputs * row + 8 * outputs


def _trits_in_two_bits(outputs, inputs, bits):
    return packed_bytes(outputs, inputs, 2 if bits == "ternary" else bits)


def _ideal_trits(outputs, inputs, bits):
    bits = math.log2(3) if bits == "ternary" else bits
    return math.ceil(outputs * inputs * bits / 8) + 8 * outputs


def _one_byte_each(outputs, inputs, bits):
    return outputs * inputs + 8 * outputs


def _small_floats(outputs, inputs, bits):
    return packed_bytes(outputs, inputs, bits) - 6 * outputs


@exercise(
    "4.2.2",
    title="bytes of a packed layer",
    minutes=10,
    difficulty=2,
    solution=packed_bytes,
    hints=(
        "Three parts: the codes, the scales, the biases. Each output has one scale and one bias.",
        "`math.ceil` rounds up: the last byte may be half empty, and is still a byte.",
        ("Only the ternary case is wrong", "3⁵ = 243 fits into one byte: five codes to a byte."),
    ),
)
def _(answer):
    return agree(
        answer, packed_bytes,
        (128, 2048, 4), (3, 7, 2), (5, 9, 3), (4, 13, "ternary"), (128, 2048, "ternary"),
        slips=[
            (_in_bits, "You added bits to bytes: eight bits make one byte."),
            (_codes_alone, "Codes alone cannot be turned back into weights, and biases belong "
                           "to the layer too."),
            (_no_scales, "One part is missing: each output needs a scale *and* a bias."),
            (_one_scale, "There is a scale for each output, not one for the layer."),
            (_cut_off, "A byte that is half full is still a byte: round up, not down."),
            (_row_by_row, "You rounded up in every row. The codes of all rows are packed as one "
                          "long list."),
            (_trits_in_two_bits, "Ternary codes need less than two bits each: five fit into one "
                                 "byte, because 3⁵ = 243."),
            (_ideal_trits, "log₂ 3 bits is the limit of theory. Here five ternary codes share "
                           "one byte: 1.6 bits each."),
            (_one_byte_each, "Each code takes a whole byte in your count: nothing is packed."),
            (_small_floats, "Scales and biases are 32-bit floats: 4 bytes each, not 1."),
        ],
    )  # fmt: skip


# ---- 4.2.3

BUDGET, GOAL = 62_000, 0.92
_FIRST = "conv1 has only 144 weights, and all that follows sees what it lets through"


@lru_cache
def _workshop() -> Any:
    from course_utils import data, models
    from course_utils.demos.lesson_4_2 import Mixer

    return Mixer(models.load_network("SimplifiedCNN"), *data.fashion_mnist("validation"))


def _settings_remark(answer: Any) -> str | None:
    from course_utils.demos.lesson_4_2 import LAYERS

    if not isinstance(answer, Mapping) or set(answer) != set(LAYERS):
        return f"Hand in a dictionary with bits for each of {', '.join(LAYERS)}."
    for layer, level in answer.items():
        whole = isinstance(level, int) and not isinstance(level, bool)
        if level in ("ternary", "binary") or (whole and 2 <= level <= 8):
            continue
        slip = ' One bit is called "binary".' if level in (1, "1") else ""
        slip = ' Three values are called "ternary".' if level == 1.6 else slip
        return f'{layer}: {level!r} came; bits are 2 to 8, "ternary" or "binary".{slip}'
    return None


@exercise(
    "4.2.3",
    title="spend 62,000 bytes",
    minutes=10,
    difficulty=2,
    solution="""
        my_bits = {"conv1": 8, "conv2": 8, "fc1": "ternary", "fc2": 8}
        answer = my_bits
    """,
    hints=(
        "Two columns of the table decide: where are the bytes, and where is the harm?",
        "fc1 holds nearly all bytes: what is the most that it can have within the budget?",
        ("The file fits, but accuracy is too low", "How many bytes would the small layers cost "
         "at 8 bits? The widget shows it."),
    ),
)  # fmt: skip
def _(answer):
    remark = _settings_remark(answer)
    if remark:
        return remark
    size, accuracy = _workshop().measured(*[answer[n] for n in ("conv1", "conv2", "fc1", "fc2")])
    found = f"Your file has {size:,} bytes and reaches {accuracy:.1%}."
    if size > BUDGET:
        if answer["fc1"] in ("ternary", "binary"):
            return f"{found} It is {size - BUDGET:,} bytes too long: which small layer can give?"
        return f"{found} Too long, and nearly all of it is fc1: how few bits can it live with?"
    if accuracy >= GOAL:
        return None
    if answer["conv1"] in (2, 3, "ternary", "binary"):
        return f"{found} The file fits. Look at conv1: {_FIRST}."
    if answer["fc1"] == "binary":
        return f"{found} The file fits, with {BUDGET - size:,} bytes unspent: fc1 can have more."
    return f"{found} The file fits. Which of the small layers costs the accuracy?"
