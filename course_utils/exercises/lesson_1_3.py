"""Exercises of lesson 1.3: how does a network learn?"""

import torch

from course_utils import optimize
from course_utils.exercises import agree, exercise

# ---- 1.3.1


def logits_gradient(logits, labels):
    probabilities = logits.softmax(1)
    wanted = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (probabilities - wanted) / len(labels)


def _summed(logits, labels):
    return logits_gradient(logits, labels) * len(labels)


def _per_number(logits, labels):
    return logits_gradient(logits, labels) / logits.shape[1]


def _per_class(logits, labels):
    return logits_gradient(logits, labels) * len(labels) / logits.shape[1]


def _uphill(logits, labels):
    return -logits_gradient(logits, labels)


def _no_softmax(logits, labels):
    return (logits - torch.nn.functional.one_hot(labels, logits.shape[1])) / len(labels)


def _log_softmax(logits, labels):
    wanted = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (logits.log_softmax(1) - wanted) / len(labels)


def _no_label(logits, labels):
    return logits.softmax(1) / len(labels)


def _wrong_axis(logits, labels):
    wanted = torch.nn.functional.one_hot(labels, logits.shape[1])
    return (logits.softmax(0) - wanted) / len(labels)


def _the_loss(logits, labels):
    return torch.nn.functional.cross_entropy(logits, labels)


@exercise(
    "1.3.1",
    title="the first gradient of a batch",
    minutes=10,
    difficulty=2,
    solution=logits_gradient,
    hints=(
        "For one example it is p − y, as on paper above: the probabilities, with 1 taken from "
        "the label's. `torch.nn.functional.one_hot(labels, classes)` writes all the y.",
        "The loss of a batch is the mean over its n examples. What does that do to the part "
        "that each example has in it?",
        (
            "TypeError or a strange shape in one_hot",
            "Its second argument is the number of classes: `logits.shape[1]`.",
        ),
    ),
)
def _(answer):
    generator = torch.Generator().manual_seed(3)
    cases = [
        (torch.tensor([[0.0, 0.0]]), torch.tensor([1])),
        (torch.tensor([[1.0986, 0.0], [0.0, 2.0], [-1.0, 1.0]]), torch.tensor([1, 0, 1])),
        (torch.randn(4, 5, generator=generator), torch.tensor([4, 0, 2, 2])),
    ]
    return agree(
        answer, logits_gradient, *cases,
        slips=[
            (_summed, "This is the gradient of the *sum* of the losses. For the mean, divide by "
                      "the number of examples."),
            (_per_number, "You divide by examples × classes. The mean is over examples only."),
            (_per_class, "You divide by the number of classes. Divide by the number of examples."),
            (_uphill, "The sign is turned: the gradient is p − y, and it points uphill. The step "
                      "will subtract it."),
            (_no_softmax, "You took the label from the logits. Turn them into probabilities "
                          "first: `softmax(1)`."),
            (_log_softmax, "You took the logarithm of the probabilities. The gradient needs the "
                           "probabilities themselves."),
            (_no_label, "The label has no say yet: subtract 1 from its probability."),
            (_wrong_axis, "Your softmax runs over the examples. The classes are axis 1."),
            (_the_loss, "That is the loss itself, one number. Its gradient has one number for "
                        "each logit."),
        ],
    )  # fmt: skip


# ---- 1.3.2


def correction(t, beta1, beta2):
    return (1 - beta2**t) ** 0.5 / (1 - beta1**t)


def _upside_down(t, beta1, beta2):
    return 1 / correction(t, beta1, beta2)


def _no_root(t, beta1, beta2):
    return (1 - beta2**t) / (1 - beta1**t)


def _only_mean(t, beta1, beta2):
    return 1 / (1 - beta1**t)


def _only_square(t, beta1, beta2):
    return (1 - beta2**t) ** 0.5


def _no_power(t, beta1, beta2):
    return (1 - beta2) ** 0.5 / (1 - beta1)


def _one_late(t, beta1, beta2):
    return correction(t + 1, beta1, beta2)


def _exchanged(t, beta1, beta2):
    return (1 - beta1**t) ** 0.5 / (1 - beta2**t)


def _both_roots(t, beta1, beta2):
    return ((1 - beta2**t) / (1 - beta1**t)) ** 0.5


def _times(t, beta1, beta2):
    return (1 - beta2 * t) ** 0.5 / (1 - beta1 * t)


@exercise(
    "1.3.2",
    title="what Adam's correction does",
    minutes=10,
    difficulty=2,
    solution=correction,
    hints=(
        "Leave ε out. With correction the step is (m / a) / √(s / b), without it m / √s. Divide "
        "the first by the second: m and s go away.",
        "a = 1 − β₁ᵗ and b = 1 − β₂ᵗ. The root of b moves up, because it divides a divisor.",
        ("ZeroDivisionError", "Steps count from t = 1. Is a power missing, so that it becomes 0?"),
    ),
)
def _(answer):
    return agree(
        answer, correction, (1, 0.9, 0.999), (10, 0.9, 0.999), (3, 0.5, 0.96), (400, 0.9, 0.99),
        slips=[
            (_upside_down, "Upside down: this is how much longer the step is *without*."),
            (_no_root, "Adam takes the root of the mean square, so its correction stands under "
                       "the root, too."),
            (_only_mean, "You corrected the mean only. The mean square begins at 0 as well."),
            (_only_square, "You corrected the mean square only. The mean begins at 0 as well."),
            (_no_power, "The power is missing: 1 − βᵗ, which goes to 1 as steps are made."),
            (_one_late, "You count steps from 0. The first step has t = 1."),
            (_exchanged, "β₁ and β₂ are exchanged: β₂ belongs to the mean square."),
            (_both_roots, "Only the mean square stands under the root, not the mean."),
            (_times, "βᵗ is a power, `beta ** t`, not a product."),
        ],
    )  # fmt: skip


# ---- 1.3.3


def clip(gradients, max_norm):
    length = sum((g**2).sum() for g in gradients) ** 0.5
    factor = min(1, max_norm / length) if length > 0 else 1
    return [g * factor for g in gradients]


def _each_alone(gradients, max_norm):
    return [g * min(1, max_norm / g.norm()) for g in gradients]


def _each_to_length(gradients, max_norm):
    return [g * max_norm / g.norm() for g in gradients]


def _always(gradients, max_norm):
    length = sum((g**2).sum() for g in gradients) ** 0.5
    return [g * max_norm / length for g in gradients]


def _clamped(gradients, max_norm):
    return [g.clamp(-max_norm, max_norm) for g in gradients]


def _sum_of_lengths(gradients, max_norm):
    factor = min(1, max_norm / sum(g.norm() for g in gradients))
    return [g * factor for g in gradients]


def _square(gradients, max_norm):
    factor = min(1, max_norm / sum((g**2).sum() for g in gradients))
    return [g * factor for g in gradients]


def _longer(gradients, max_norm):
    length = sum((g**2).sum() for g in gradients) ** 0.5
    return [g * max(1, max_norm / length) for g in gradients]


def _longest(gradients, max_norm):
    factor = min(1, max_norm / max(g.norm() for g in gradients))
    return [g * factor for g in gradients]


def _unit(gradients, max_norm):
    return optimize.clip(gradients, max_norm=1)


@exercise(
    "1.3.3",
    title="clip a gradient",
    minutes=10,
    difficulty=2,
    solution=clip,
    hints=(
        "Think of all tensors as one long vector. Its length is the root of the sum of all "
        "squares.",
        "One factor for all tensors: `max_norm / length`, but never more than 1.",
        (
            "My gradients got longer",
            "A gradient that is short enough must stay as it is: `min(1, …)`.",
        ),
    ),
)
def _(answer):
    cases = [
        ([torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])], 1.0),
        ([torch.tensor([3.0, 0.0]), torch.tensor([[4.0]])], 10.0),
        ([torch.tensor([0.3, -0.4]), torch.tensor([1.2])], 1.25),
        ([torch.tensor([[1.0, -2.0], [2.0, 4.0]]), torch.tensor([0.5]), torch.tensor([6.0])], 2.0),
    ]
    return agree(
        answer, clip, *cases,
        slips=[
            (_each_alone, "You measure each tensor by itself, and so turn the direction of the "
                          "whole. That is document B's slip in another place: take one length "
                          "and one factor for all."),
            (_each_to_length, "You bring each tensor to that length by itself: document B's "
                              "slip in another place. Take one length and one factor for all."),
            (_always, "You scale short gradients, too, and make them longer. Clipping only "
                      "shortens."),
            (_clamped, "You cut each number by itself. That is clipping by value, and turns the "
                       "direction; here one factor shortens all."),
            (_sum_of_lengths, "Lengths do not add up: take the root of the sum of all squares."),
            (_square, "The root is missing: you compare with the length squared."),
            (_longer, "You lengthen short gradients and leave long ones. Take `min`, not `max`."),
            (_longest, "You measure only the longest tensor; the length is that of all together."),
            (_unit, "You always clip to length 1. Use `max_norm`."),
        ],
    )  # fmt: skip
