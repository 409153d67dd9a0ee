"""Exercises of lesson 5.2: can explaining and compressing help each other?"""

import numpy as np
import torch

from course_utils.exercises import agree, exercise, formed

# ---- 5.2.1


def leave_means(weight, bias, means, gone):
    stays = torch.ones(weight.shape[1], dtype=torch.bool)
    stays[gone] = False
    return weight[:, stays], bias + weight[:, gone] @ means[gone]


def _with(bias, *, columns=True):
    """A removal by another rule for the bias, or with the columns of what goes kept."""

    def wrong(weight, bias_before, means, gone):
        stays = torch.ones(weight.shape[1], dtype=torch.bool)
        stays[gone] = False
        left = weight[:, stays] if columns else weight
        return left, bias(weight, bias_before, means, gone, stays)

    return wrong


def _zeroed(weight, bias, means, gone):
    weight = weight.clone()
    new = bias + weight[:, gone] @ means[gone]
    weight[:, gone] = 0
    return weight, new


def _turned(weight, bias, means, gone):
    left, new = leave_means(weight, bias, means, gone)
    return new, left


def _flipped(weight, bias, means, gone):
    return weight[:, ~gone], bias + weight[:, gone] @ means[gone]


def _without_own(weight, bias, means, gone):
    return leave_means(weight, 0 * bias, means, gone)


def _one_for_all(weight, bias, means, gone):
    left, _ = leave_means(weight, bias, means, gone)
    return left, bias + (weight[:, gone] * means[gone]).sum()


def _only_gone(weight, bias, means, gone):
    return weight[:, gone], bias + weight[:, gone] @ means[gone]


LEFT = (
    (_with(lambda w, b, m, gone, stays: b), "The bias is as before: the units' means leave with "
     "them. Add what the removed units gave on average."),
    (_with(lambda w, b, m, gone, stays: b - w[:, gone] @ m[gone]), "The sign is turned round: "
     "what the removed units gave on average must be *added* to the bias."),
    (_with(lambda w, b, m, gone, stays: b + w[:, stays] @ m[stays]), "You add the means of the "
     "units that stay; they still speak for themselves. Add those of the units that go."),
    (_with(lambda w, b, m, gone, stays: b + w @ m), "You add the means of all units. Those that "
     "stay speak for themselves: add only those of `gone`."),
    (_with(lambda w, b, m, gone, stays: b + w[:, gone].sum(1)), "You add the weights alone, as if "
     "every mean were 1. Multiply each by its unit's mean."),
    (_with(lambda w, b, m, gone, stays: b + m[gone].sum()), "You add the means alone. Each goes "
     "through its weight before it reaches a bias."),
    (_with(lambda w, b, m, gone, stays: b + (w[:, gone] * m[gone]).mean(1)), "You take the mean "
     "over the removed units; their gifts add up. Take the sum."),
    (_with(lambda w, b, m, gone, stays: b + w[:, gone] @ m[gone], columns=False), "The bias is "
     "right, but the weight still has the columns of the removed units. Leave them out."),
    (_zeroed, "You set the columns to zero; they are to go, so that the layer is smaller."),
    (_flipped, "`~` turns a mask round; of indices it makes others: `~2` is `-3`. Make a bool for "
     "each column, False at `gone`."),
    (_without_own, "The layer's own bias is lost. Add to it."),
    (_one_for_all, "Every output gets the same sum. Each has its own row of weights: sum over the "
     "removed units only."),
    (_only_gone, "You keep the columns of the units that go. Keep the others."),
    (_turned, "The two results are in the wrong order: first the weight, then the bias."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _layer(seed, rows, columns):
    draw = torch.Generator().manual_seed(seed)
    return (torch.randn(rows, columns, generator=draw), torch.randn(rows, generator=draw),
            3 * torch.rand(columns, generator=draw))  # fmt: skip


LAYERS = (
    (torch.tensor([[1.0, 2.0, 3.0], [0.0, -1.0, 4.0]]), torch.tensor([10.0, 20.0]),
     torch.tensor([1.0, 5.0, 2.0]), torch.tensor([1, 2])),
    (*_layer(0, 4, 6), torch.tensor([5, 0, 2])),
    (*_layer(1, 3, 5), torch.tensor([3])),
)  # fmt: skip


def _pair(found):
    """Two results in lists or arrays as a pair of tensors."""
    if not isinstance(found, list | tuple) or len(found) != 2:
        return found
    try:
        return tuple(torch.as_tensor(x) if isinstance(x, list | np.ndarray) else x for x in found)
    except (TypeError, ValueError):
        return found


@exercise(
    "5.2.1",
    title="what a removed unit leaves behind",
    minutes=8,
    difficulty=2,
    solution=leave_means,
    hints=(
        "The layer computes weight @ units + bias. Write that sum as two: over the units that "
        "stay and over those that go. The second becomes a constant if each unit stands at its "
        "mean.",
        "The constant is `weight[:, gone] @ means[gone]`: one number for each output.",
        ("How do I drop columns?", "A bool for each column, False at `gone`, as an index: "
         "`weight[:, stays]`."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _pair), leave_means, *LAYERS, tolerance=1e-4, slips=LEFT)


# ---- 5.2.2


def read(weight, bias, values, count):
    parts = weight * values[:, None, :]
    apart = parts.std(1)
    told = apart.topk(count, 1).indices
    chosen = parts.gather(2, told[:, None, :].expand(-1, len(weight), -1))
    return (chosen.sum(2) + bias).argmax(1)


def _reader(choose, *, add=True, biased=True):
    """A reader who is told features by another rule, or adds them up otherwise."""

    def wrong(weight, bias, values, count):
        parts = weight * values[:, None, :]
        told = choose(weight, bias, values, parts).topk(count, 1).indices
        spread = told[:, None, :].expand(-1, len(weight), -1)
        chosen = parts.gather(2, spread)
        total = chosen.sum(2) if add else chosen.amax(2)
        return (total + bias if biased else total).argmax(1)

    return wrong


def _apart(weight, bias, values, parts):
    return parts.std(1)


def _winner(weight, bias, values, parts):
    answers = (parts.sum(2) + bias).argmax(1)
    return parts[torch.arange(len(values)), answers]


def _total(weight, bias, values, count):
    return ((weight * values[:, None, :]).sum(2) + bias).argmax(1)


def _for_each_class(size):
    """A reader who is told other features for each class: its own largest."""

    def wrong(weight, bias, values, count):
        parts = weight * values[:, None, :]
        chosen = parts.gather(2, size(parts).topk(count, 2).indices)
        return (chosen.sum(2) + bias).argmax(1)

    return wrong


def _logits(weight, bias, values, count):
    parts = weight * values[:, None, :]
    told = parts.std(1).topk(count, 1).indices
    chosen = parts.gather(2, told[:, None, :].expand(-1, len(weight), -1))
    return chosen.sum(2) + bias


READERS = (
    (_total, "Your reader is told every feature. Let it add up only the `count` chosen ones."),
    (_reader(_winner), "You choose the features that speak most for the *winning* class. Such a "
     "choice whispers the answer to the reader; choose by the spread over all classes."),
    (_reader(lambda w, b, v, parts: parts[torch.arange(len(v)),
                                          (parts.sum(2) + b).argmax(1)].abs()),
     "You choose by the size of what is said about the *winning* class. The choice must not look "
     "at the answer; take the spread over all classes."),
    (_reader(lambda w, b, v, parts: -parts.std(1)), "You tell the reader the features that part "
     "the classes *least*."),
    (_reader(lambda w, b, v, parts: v.abs()), "You choose the features of largest value. A large "
     "one that moves all classes alike tells nothing: take the spread of its contributions."),
    (_reader(lambda w, b, v, parts: parts.std(1).mean(0, keepdim=True).expand_as(v)),
     "You tell the same features for every image. Choose for each image anew."),
    (_reader(lambda w, b, v, parts: parts.abs().sum(1)), "You choose by the summed size of the "
     "contributions. One that moves all classes alike is large and tells nothing: take the "
     "standard deviation over the classes."),
    (_reader(lambda w, b, v, parts: parts.mean(1)), "You choose by the mean over the classes. What "
     "tells them apart is the spread: the standard deviation over the classes."),
    (_reader(lambda w, b, v, parts: parts.amax(1)), "You choose by the highest contribution to any "
     "class. What speaks *against* classes tells them apart, too: take the standard deviation."),
    (_reader(_apart, biased=False), "The bias is missing: the reader knows it, and adds it."),
    (_reader(_apart, add=False), "You take the highest contribution of each class; add the chosen "
     "ones up."),
    (_for_each_class(lambda parts: parts), "Each class is told features of its own. The reader is "
     "told `count` of an image, the same ones for all classes."),
    (_for_each_class(lambda parts: parts.abs()), "Each class is told its own largest features. The "
     "reader is told `count` of an image, the same ones for all classes."),
    (_reader(lambda w, b, v, parts: w.std(0).expand_as(v)), "You choose by the spread of the "
     "weights. Look at the image, too: the spread of weight × value."),
    (_reader(lambda w, b, v, parts: parts.amax(1) - parts.amin(1)), "You choose by the range from "
     "the lowest class to the highest; the standard deviation is asked for."),
    (_logits, "These are the sums; return the class of the highest."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _images(seed, classes, features, count, images=40):
    draw = torch.Generator().manual_seed(seed)
    weight = torch.randn(classes, features, generator=draw)
    weight[:, 0] = 4.0  # large, and the same for every class
    bias = torch.randn(classes, generator=draw)
    return weight, bias, torch.randn(images, features, generator=draw), count


IMAGES = (
    (torch.tensor([[9.0, 1.0, 0.0], [9.0, 0.0, 2.0]]), torch.tensor([0.0, 0.5]),
     torch.tensor([[5.0, 3.0, 1.0], [5.0, 1.0, -1.0], [5.0, 3.0, 2.0]]), 1),
    _images(0, 5, 8, 2),
    _images(1, 10, 20, 3),
)  # fmt: skip


def _listed(found):
    """Answers in a list or an array as a tensor."""
    plain = isinstance(found, list) or type(found).__module__ == "numpy"
    return torch.as_tensor(found) if plain else found


@exercise(
    "5.2.2",
    title="a reader who cannot be told the answer",
    minutes=12,
    difficulty=3,
    solution=read,
    hints=(
        "First all contributions, image × class × feature: `weight * values[:, None, :]`.",
        "One number says how far a feature of an image parts the classes: the standard deviation "
        "over the class axis, `parts.std(1)`. `topk` finds the places of the largest.",
        ("How do I pick those places for every class?", "`parts.gather(2, places)`, where places "
         "has the same shape as parts but for its last axis: "
         "`told[:, None, :].expand(-1, len(weight), -1)`."),
    ),
)  # fmt: skip
def _(answer):
    return agree(formed(answer, _listed), read, *IMAGES, tolerance=1e-6, slips=READERS)
