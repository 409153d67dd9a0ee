"""Exercises of lesson 1.1: what does a prediction cost?"""

import math
import tempfile
from functools import wraps
from pathlib import Path
from typing import Any

from course_utils.exercises import agree, exercise

# ---- 1.1.1


def conv_cost(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + outputs, weights * height * width


def _no_biases(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights, weights * height * width


def _once(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + outputs, weights


def _biases_multiplied(kernel, inputs, outputs, height, width):
    parameters = kernel * kernel * inputs * outputs + outputs
    return parameters, parameters * height * width


def _kernel_once(kernel, inputs, outputs, height, width):
    weights = kernel * inputs * outputs
    return weights + outputs, weights * height * width


def _one_input(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * outputs
    return weights + outputs, weights * height * width


def _flops(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + outputs, 2 * weights * height * width


def _exchanged(kernel, inputs, outputs, height, width):
    return conv_cost(kernel, inputs, outputs, height, width)[::-1]


def _bias_per_input(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + inputs, weights * height * width


def _bias_per_kernel(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + inputs * outputs, weights * height * width


def _one_output(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + outputs, kernel * kernel * inputs * height * width


def _no_border(kernel, inputs, outputs, height, width):
    weights = kernel * kernel * inputs * outputs
    return weights + outputs, weights * (height - kernel + 1) * (width - kernel + 1)


def _named(function: Any) -> Any:
    """The function with its pair of results named, so that a remark says which one differs."""
    if not callable(function):
        return function

    @wraps(function)
    def named(*arguments, **options):
        result = function(*arguments, **options)
        return dict(zip(("parameters", "MACs"), result, strict=True)) if _pair(result) else result

    return named


def _pair(result: Any) -> bool:
    return isinstance(result, (tuple, list)) and len(result) == 2


@exercise(
    "1.1.1",
    title="count a convolution",
    minutes=10,
    difficulty=2,
    solution=conv_cost,
    hints=(
        "One output channel has a kernel of kernel × kernel × inputs weights. How many "
        "output channels are there, and how many biases has each?",
        "The MACs are the weights, without biases, times the positions of the output.",
        (
            "My numbers are right for conv2, but not for the check",
            "Is a size of the lesson's network left in your formula? Use only the arguments.",
        ),
    ),
)
def _(answer):
    result = answer(3, 16, 32, 16, 16) if callable(answer) else None
    if result is not None and result is not Ellipsis and not _pair(result):
        return "Return two numbers: `return parameters, MACs`."
    return agree(
        _named(answer), _named(conv_cost),
        (3, 16, 32, 16, 16), (3, 1, 16, 32, 32), (5, 3, 8, 7, 9), (1, 4, 2, 2, 5),
        slips=[(_named(wrong), remark) for wrong, remark in (
            (_no_biases, "You left out the biases: one for each output channel."),
            (_once, "Your MACs use each weight once, as a linear layer does. A convolution uses "
                    "it again at each of the `height * width` positions."),
            (_biases_multiplied, "You multiplied the biases too. A MAC is a weight times an "
                                 "input; a bias is only added, and is not counted."),
            (_kernel_once, "A kernel is `kernel` high and `kernel` wide."),
            (_one_input, "A kernel reaches through all input channels."),
            (_flops, "That is twice too much: FLOPs count the multiplication and the addition "
                     "apart, a MAC is both in one."),
            (_exchanged, "You return the MACs first; parameters come first."),
            (_bias_per_input, "Biases belong to the outputs, one for each output channel."),
            (_bias_per_kernel, "A kernel that reaches through all inputs has one bias in all: "
                               "one for each output channel."),
            (_one_output, "Those are the MACs of a single output channel."),
            (_no_border, "`height` and `width` are the output's already: take nothing off."),
        )],
        tolerance=0,
    )  # fmt: skip


# ---- 1.1.2


def file_bytes(weights, biases, bits, header):
    return header + 4 * biases + math.ceil(weights * bits / 8)


def _cut_off(weights, biases, bits, header):
    return header + 4 * biases + weights * bits // 8


def _fraction(weights, biases, bits, header):
    return header + 4 * biases + weights * bits / 8


def _in_bits(weights, biases, bits, header):
    return header + 4 * biases + weights * bits


def _whole_bytes(weights, biases, bits, header):
    return header + 4 * biases + weights * math.ceil(bits / 8)


def _no_header(weights, biases, bits, header):
    return 4 * biases + math.ceil(weights * bits / 8)


def _small_biases(weights, biases, bits, header):
    return header + math.ceil((weights + biases) * bits / 8)


def _bias_one_byte(weights, biases, bits, header):
    return header + biases + math.ceil(weights * bits / 8)


def _forgotten_biases(weights, biases, bits, header):
    return header + math.ceil(weights * bits / 8)


def _one_too_many(weights, biases, bits, header):
    return header + 4 * biases + weights * bits // 8 + 1


def _bias_in_bits(weights, biases, bits, header):
    return header + 32 * biases + math.ceil(weights * bits / 8)


def _whole_weights(weights, biases, bits, header):
    return header + 4 * biases + math.ceil(weights / (8 // bits))


@exercise(
    "1.1.2",
    title="bytes at b bits",
    minutes=5,
    difficulty=1,
    solution=file_bytes,
    hints=(
        "Three parts: the header, the biases, the weights. Only the weights depend on `bits`.",
        "8 bits make a byte. `math.ceil` rounds up to whole bytes.",
    ),
)
def _(answer):
    return agree(
        answer, file_bytes, (267_920, 442, 4, 936), (267_920, 442, 8, 936), (1001, 10, 3, 100),
        (1, 0, 1, 0),
        slips=[
            (_cut_off, "You rounded down: the last bits would have no byte to stand in."),
            (_fraction, "A file holds whole bytes: round up."),
            (_in_bits, "You added bits to bytes. 8 bits make a byte."),
            (_whole_bytes, "You gave each weight whole bytes of its own. Packed tightly, "
                           "weights share them."),
            (_no_header, "The header is missing."),
            (_small_biases, "The biases keep 4 bytes each; only the weights have `bits`."),
            (_bias_one_byte, "A bias keeps 4 bytes, not one."),
            (_forgotten_biases, "The biases are missing: 4 bytes each."),
            (_one_too_many, "One byte too many where the bits fill the last byte exactly."),
            (_bias_in_bits, "A bias has 32 bits, which are 4 bytes."),
            (_whole_weights, "You left bits of each byte unused. Packed tightly, a weight may "
                             "begin in one byte and end in the next."),
        ],
        tolerance=0,
    )  # fmt: skip


# ---- 1.1.3

FILE_LIMIT, MACS_WANTED = 110_000, 1_200_000
MACS_LIMIT, PARAMETERS_WANTED = 400_000, 200_000

CUSTOMERS = """
# conv2 works, fc1 stores: keep the channels, make fc1 thin
slow_line = dict(channels=(16, 32), hidden=10)
# narrow convolutions, and a wide fc1, whose weights are used only once
slow_processor = dict(channels=(4, 8), hidden=512)
answer = [slow_line, slow_processor]
"""


@exercise(
    "1.1.3",
    title="two customers",
    minutes=10,
    difficulty=2,
    solution=CUSTOMERS,
    hints=(
        "Which layer has the parameters, and which has the MACs? Look at the table above.",
        "The slow line: leave `channels` alone and make `hidden` small. Nearly all bytes are "
        "fc1's, and fc1 has 64 × channels of conv2 × hidden weights.",
        "The slow processor: conv2's MACs are 2,304 × its input channels × its output channels. "
        "Make both small, then make `hidden` large: fc1 costs one MAC a weight.",
    ),
)
def _(answer):
    if not isinstance(answer, (list, tuple)) or len(answer) != 2:
        return "Hand in both: `[slow_line, slow_processor]`."
    line, processor = answer
    remark = _not_settings("slow_line", line) or _too_long(line)
    if remark:
        return remark
    remark = _not_settings("slow_processor", processor) or _too_slow(processor)
    return remark and f"`slow_line` is right. {remark}"


def _not_settings(name: str, settings: Any) -> str | None:
    if settings is Ellipsis or settings is None:
        return f"`{name}` is still to be filled in."
    known = {"channels", "hidden"}
    if not isinstance(settings, dict) or not set(settings) <= known:
        return f"`{name}` should look like `dict(channels=(16, 32), hidden=128)`, no more."
    channels, hidden = settings.get("channels", (16, 32)), settings.get("hidden", 128)
    if not isinstance(channels, (tuple, list)) or len(channels) != 2:
        return f"`{name}`: channels are two numbers, such as `(16, 32)`."
    if not all(isinstance(n, int) and 1 <= n <= 4096 for n in (*channels, hidden)):
        return f"`{name}`: channels and hidden are whole numbers from 1 to 4096."
    if channels[0] * channels[1] * 9 + 64 * channels[1] * hidden > 50_000_000:
        return f"`{name}` is far too large for either customer: over 50 million parameters."
    return None


def _too_long(settings: dict) -> str | None:
    from course_utils import measure, models

    network = models.SimplifiedCNN(**settings)
    with tempfile.TemporaryDirectory() as folder:
        path = models.save_network(network, Path(folder) / "network.safetensors")
        length = measure.file_bytes(path)
    layers = measure.macs_by_layer(network)
    if length > FILE_LIMIT:
        share = measure.parameters(network.fc1) / measure.parameters(network)
        return (f"`slow_line`: the file has {length:,} bytes, {FILE_LIMIT:,} are allowed. "
                f"{share:.0%} of its parameters are in fc1.")  # fmt: skip
    if sum(layers.values()) < MACS_WANTED:
        return (f"`slow_line`: the file fits with {length:,} bytes, but {sum(layers.values()):,} "
                f"MACs are fewer than {MACS_WANTED:,}. You cut the convolutions, which do the "
                "work and weigh little.")  # fmt: skip
    return None


def _too_slow(settings: dict) -> str | None:
    from course_utils import measure, models

    network = models.SimplifiedCNN(**settings)
    layers, parameters = measure.macs_by_layer(network), measure.parameters(network)
    total = sum(layers.values())
    if total > MACS_LIMIT:
        worst = max(layers, key=layers.get)
        return (f"`slow_processor`: {total:,} MACs, {MACS_LIMIT:,} are allowed. "
                f"{worst} does {layers[worst] / total:.0%} of them.")  # fmt: skip
    if parameters < PARAMETERS_WANTED:
        return (f"`slow_processor`: {total:,} MACs are few enough, but {parameters:,} parameters "
                f"are fewer than {PARAMETERS_WANTED:,}. Which layer stores the most for one MAC "
                "a weight?")  # fmt: skip
    return None
