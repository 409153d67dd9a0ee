"""Exercises of lesson 3.1: how much structure does a network need?"""

import copy

import torch
from torch import nn
from torch.nn import functional as F

from course_utils.demos.stacks import Deep
from course_utils.exercises import agree, exercise, expect

# ---- 3.1.1


def terms_needed(weight):
    ranks = [torch.linalg.matrix_rank(weight[:, i].flatten(1)).item()
             for i in range(weight.shape[1])]  # fmt: skip
    return max(ranks)


def _ranks(matrices):
    return [torch.linalg.matrix_rank(matrix).item() for matrix in matrices]


def _by_input(weight):
    return [weight[:, i].flatten(1) for i in range(weight.shape[1])]


TERMS = (
    (lambda w: _ranks([w.flatten(1)])[0],
     "That is the rank of the whole kernel matrix, outputs × (inputs · k · k): two thin "
     "convolutions, not separable terms. Take each input channel by itself."),
    (lambda w: max(_ranks([w[o].flatten(1) for o in range(len(w))])),
     "You took the kernels of each *output*. All kernels that read one *input* channel share its "
     "patterns: `weight[:, i]`."),
    (lambda w: min(_ranks(_by_input(w))),
     "The channel that needs fewest is met; the others are not. The same number for each, and "
     "exact for all, is asked for."),
    (lambda w: sum(_ranks(_by_input(w))),
     "That counts the terms of all channels together. How many does *each* need, if all get the "
     "same number?"),
    (lambda w: max(_ranks([w[o, i] for o in range(w.shape[0]) for i in range(w.shape[1])])),
     "You took the rank of single k × k kernels. That would make a kernel a column times a row "
     "(*spatially* separable). Flatten each kernel to a row first, one row an output."),
    (lambda w: _ranks(_by_input(w)),
     "Those are the ranks of all channels. One number is asked for: which of them decides?"),
    (lambda w: round(sum(_ranks(_by_input(w))) / w.shape[1]),
     "With the average, the channels above it are not met exactly."),
    (lambda w: _ranks([w.mean(1).flatten(1)])[0],
     "A mean over the channels hides what each one needs. Take each input channel by itself."),
    (lambda w: _ranks(_by_input(w))[0],
     "Only the first channel decides there. Look at all of them."),
    (lambda w: w.shape[2] * w.shape[3],
     "k² terms are always enough, but some kernels need fewer: the rank says how many."),
    (lambda w: min(len(w), w.shape[2] * w.shape[3]),
     "That many are always enough, but some kernels need fewer: the rank says how many."),
)  # fmt: skip


def _kernels(seed, outputs, ranks, k):
    """Kernels whose channels have the given ranks."""
    chance = torch.Generator().manual_seed(seed)
    channels = [torch.randn(outputs, rank, generator=chance)
                @ torch.randn(rank, k * k, generator=chance) for rank in ranks]  # fmt: skip
    return torch.stack(channels, 1).view(outputs, len(ranks), k, k)


KERNELS = ((0, 12, (2, 4, 1), 3), (1, 6, (1, 1, 1, 1), 3), (2, 3, (3, 2), 3), (3, 10, (9, 5), 3),
           (4, 8, (3,), 5), (5, 20, (2, 0, 5, 3), 3))  # fmt: skip
"""Seed, outputs, the rank of each input channel, k."""


@exercise(
    "3.1.1",
    title="how many terms does a kernel need?",
    minutes=10,
    difficulty=2,
    solution=terms_needed,
    hints=(
        "Which kernels share patterns? All those that read the same input channel: "
        "`weight[:, i]`, outputs × k × k.",
        "One term is one pattern, louder or softer for each output. As a matrix, one row an output "
        "and one column a place, that is rank 1. So count the rank: `torch.linalg.matrix_rank`.",
        "Every channel gets the same number of terms, so the channel of highest rank decides.",
    ),
)
def _(answer):
    cases = [(_kernels(*case),) for case in KERNELS]
    return agree(answer, terms_needed, *cases, tolerance=1e-9, slips=TERMS)


# ---- 3.1.2


def quiet(deep):
    begun = copy.deepcopy(deep)
    with torch.no_grad():
        for layer in begun.body:
            layer.weight.zero_()
            layer.bias.zero_()
    return begun


@exercise(
    "3.1.2",
    title="begin with nothing",
    minutes=10,
    difficulty=3,
    solution=quiet,
    hints=(
        "With a skip, h stays h if the layer beside it adds 0. What must its weights and its bias "
        "be?",
        "Does a layer of zeros learn? Its gradient is what comes back through the skip, times the "
        "activations that it reads; neither is zero.",
        "`copy.deepcopy` the network, then under `torch.no_grad()` call `.zero_()` on weight and "
        "bias of each layer of the body.",
        (
            "a leaf Variable that requires grad is being used in an in-place operation",
            "Wrap the change in `with torch.no_grad():`, or use `torch.nn.init.zeros_`.",
        ),
    ),
)
def _(answer):
    for depth, seed in ((6, 0), (12, 1)):
        if remark := _quiet_remark(answer, depth, seed):
            return remark
    return None


def _quiet_remark(answer, depth, seed) -> str | None:
    torch.manual_seed(seed)
    deep, images = Deep(depth, skip=True), torch.rand(8, 1, 32, 32)
    kept = copy.deepcopy(deep.state_dict())
    got = answer(deep)
    if any(not torch.equal(value, kept[name]) for name, value in deep.state_dict().items()):
        return "The network that came in was changed. Make a copy first: `copy.deepcopy(deep)`."
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    if not isinstance(got, Deep):
        return f"A network is asked for, a `Deep`; {type(got).__name__} came."
    return _changed_remark(got, deep) or _function_remark(got, deep, images)


def _changed_remark(got, deep) -> str | None:
    if len(got.body) != len(deep.body):
        return (f"The body had {len(deep.body)} layers and now has {len(got.body)}. All of them "
                "must stay: the copy is to learn with them.")  # fmt: skip
    if not all(isinstance(layer, nn.Linear) for layer in got.body):
        return ("Not all layers of the body are linear layers any more. They must stay: the copy "
                "is to learn with their weights.")  # fmt: skip
    if not got.skip:
        return "The skips are gone. Without them nothing comes through layers of zeros."
    if got.share == 0:
        return ("A share of 0 keeps the layers silent for ever: their gradient is multiplied by 0, "
                "too. Change what training can change, weights and biases.")  # fmt: skip
    for name in ("first", "last"):
        ours, theirs = getattr(got, name), getattr(deep, name)
        if not (torch.equal(ours.weight, theirs.weight) and torch.equal(ours.bias, theirs.bias)):
            return f"`{name}` was changed, too. Only the body is to be quiet."
    if not all(p.requires_grad for p in got.parameters()):
        return "Some parameters have `requires_grad=False`: frozen layers learn nothing."
    return None


def _function_remark(got, deep, images) -> str | None:
    from course_utils.demos.stacks import flat

    weights = any(layer.weight.any() for layer in got.body)
    biases = any(layer.bias.any() for layer in got.body)
    if not weights and biases:
        return "The weights are 0, but the biases still add something at each layer."
    if weights and not biases:
        return "The biases are 0, but the weights still add something at each layer."
    if weights and biases:
        return ("The layers of the body still add something to h. What must weights and bias be, "
                "for a layer to add 0 whatever it reads?")  # fmt: skip
    wanted = deep.last(deep.first(flat(images)).relu())
    if remark := expect(got(images), wanted, "for eight random pictures"):
        return remark
    loss = F.cross_entropy(got(images), torch.arange(8))
    slopes = torch.autograd.grad(loss, [layer.weight for layer in got.body], allow_unused=True)
    if any(slope is None or not slope.any() for slope in slopes):
        return "It computes the right thing, but no gradient reaches some of its body."
    return None
