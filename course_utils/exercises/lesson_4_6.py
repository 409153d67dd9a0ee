"""Exercises of lesson 4.6: does all this hold for a photograph?"""

import torch
from numpy import ndarray

from course_utils.exercises import agree, exercise, formed

# ---- 4.6.1


def codes_left(weight):
    largest = weight.flatten(1).abs().amax(1)
    return torch.round(127 * largest / largest.max())


def _codes(*, top=127, size=torch.abs, of=lambda w: w.amax(1), whole=lambda x: x.max(),
           cut=torch.round):  # fmt: skip
    """Codes with one thing wrong."""

    def wrong(weight):
        found = of(size(weight.flatten(1)))
        return cut(top * found / whole(size(weight.flatten(1))))

    return wrong


def _as_is(x):
    return x


CODES = (
    (_codes(size=_as_is), "A weight may be negative: take its size, `.abs()`, first."),
    (_codes(whole=lambda x: x.amax(1)), "That gives each channel a scale of its own, so all "
     "reach 127. Here one scale serves the whole layer."),
    (_codes(of=lambda w: w.mean(1)), "The *largest* weight of each channel is asked for, not the "
     "mean."),
    (_codes(of=lambda w: w.median(1).values), "The *largest* weight of each channel is asked for, "
     "not the middle one."),
    (_codes(of=lambda w: w.amin(1)), "The *largest* weight of each channel is asked for, not the "
     "smallest."),
    (_codes(top=128), "The largest code of a symmetric int8 grid is 127: −127 … 127."),
    (_codes(top=255), "The codes are signed: −127 … 127, not 0 … 255."),
    (_codes(cut=_as_is), "A code is a whole number: round it."),
    (_codes(cut=torch.floor), "Codes are rounded to the nearest whole number, not cut off."),
    (_codes(cut=torch.ceil), "Codes are rounded to the nearest whole number, not up."),
    (_codes(top=1, cut=_as_is), "That is a share of the layer's largest weight. Which code is it, "
     "if the largest gets 127?"),
    (_codes(of=lambda w: w.amax(0)), "One number for each *channel*, the first axis: take the "
     "largest over all others."),
    (lambda w: torch.round(127 * w.flatten(1).abs().amax(1) / w.max()), "The scale comes from "
     "the largest weight by *size*: `weight.abs().max()`, not `weight.max()`."),
    (lambda w: codes_left(w).median(), "All channels are asked for, not the middle one."),
    (lambda w: codes_left(w).min(), "All channels are asked for, not only the worst."),
    (lambda w: torch.round(127 * w / w.abs().max()), "Those are the codes of all weights. What "
     "is the largest size of a code in each channel?"),
    (lambda w: torch.round(127 * w / w.abs().max()).flatten(1).amax(1), "Nearly: the largest "
     "*size* of a code counts, and a code may be negative."),
    (lambda w: codes_left(w) * w.abs().max() / 127, "That is the rounded weight. The code itself "
     "is asked for."),
    (lambda w: torch.log2(codes_left(w)), "That counts bits. How large is the code itself?"),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _as_tensor(found):
    """Lists and arrays as tensors."""
    if hasattr(found, "values") and hasattr(found, "indices") and isinstance(found, tuple):
        raise ValueError("`.max(1)` gives values and their places. Return the `.values`.")
    return torch.as_tensor(found) if isinstance(found, list | tuple | ndarray) else found


def _layer(*shape, seed, spread=3.0):
    """Weights of a layer whose channels differ in size."""
    chance = torch.Generator().manual_seed(seed)
    sizes = torch.exp(spread * torch.rand(shape[0], generator=chance) - spread)
    drawn = torch.randn(*shape, generator=chance)
    return drawn * sizes.view(-1, *[1] * (len(shape) - 1))


CODE_CASES = (
    (torch.tensor([[[[0.5, -1.0]]], [[[0.25, 0.1]]], [[[-0.02, 0.01]]]]),),
    (_layer(5, 1, 3, 3, seed=0),),
    (_layer(4, 6, 1, 1, seed=1),),
    (-_layer(3, 7, seed=2).abs(),),
    (_layer(6, 6, seed=3),),
)


@exercise(
    "4.6.1",
    title="what one scale leaves",
    minutes=8,
    difficulty=1,
    solution=codes_left,
    hints=(
        "The scale is the layer's largest size divided by 127; a code is weight / scale, rounded.",
        "`weight.flatten(1)` makes a row of each channel; `.amax(1)` takes the largest of a row.",
        ("all are 127", "You gave each channel its own scale."),
    ),
)
def _(answer):
    return agree(formed(answer, _as_tensor), codes_left, *CODE_CASES, slips=CODES)


# ---- 4.6.2


def class_map(places, weights):
    _, height, width = places.shape
    return (weights[:, None, None] * places).sum(0) / (height * width)


def _map(*, shared=lambda p: p[0].numel(), weigh=lambda w: w, after=lambda x: x):
    """The map with one thing wrong."""

    def wrong(places, weights):
        return after((weigh(weights)[:, None, None] * places).sum(0) / shared(places))

    return wrong


def _grad_cam_again(places, weights):
    slopes = weights[:, None, None].expand_as(places)
    return (slopes.mean((1, 2), keepdim=True) * places).sum(0)


MAPS = (
    (_map(shared=lambda p: 1), "Too large: the network takes the *mean* over the places before "
     "it weighs. Divide by their number."),
    (_map(shared=lambda p: p.shape[1]), "Divide by the number of *places*, height × width; you "
     "divided by one side."),
    (_map(shared=lambda p: len(p)), "Divide by the number of places, not of channels."),
    (_map(shared=lambda p: p.numel()), "Divide by the number of places only; over the channels "
     "the network takes a sum."),
    (_map(after=torch.relu), "Keep the places that speak against the class: without them the "
     "map no longer sums to the logit."),
    (_map(weigh=torch.relu), "Keep the negative weights: those channels speak against the class."),
    (_map(weigh=torch.abs), "Keep the weights' signs: some channels speak against the class."),
    (_map(weigh=lambda w: w.softmax(0)), "The weights are used as they are: no softmax."),
    (_map(weigh=lambda w: torch.ones_like(w)), "The class's weights are not used: that is how "
     "active each place is, for whatever class."),
    (_map(after=lambda x: x.sum()), "That is the logit itself. How much comes from each place?"),
    (_map(after=lambda x: (x - x.min()) / (x.max() - x.min())), "Do not stretch the map to 0 … 1: "
     "it must sum to the logit."),
    (_map(after=lambda x: x / x.sum()), "Those are shares of the logit. Give the parts "
     "themselves."),
    (_map(after=lambda x: x.T), "Rows and columns have changed places."),
    (lambda places, weights: weights[:, None, None] * places / places[0].numel(), "Add up the "
     "channels: one number for each place is asked for."),
    (lambda places, weights: weights * places.mean((1, 2)), "That is what each *channel* "
     "contributes. How much comes from each place?"),
    (_grad_cam_again, "Too large: the network takes the *mean* over the places before it weighs. "
     "Divide by their number."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _outputs(channels, height, width, *, seed):
    chance = torch.Generator().manual_seed(seed)
    places = torch.rand(channels, height, width, generator=chance)
    return places, torch.randn(channels, generator=chance)


MAP_CASES = (
    (torch.tensor([[[1.0, 0.0], [2.0, 1.0]], [[0.0, 4.0], [0.0, 0.0]]]), torch.tensor([2.0, -1.0])),
    _outputs(5, 3, 4, seed=0),
    _outputs(3, 3, 3, seed=1),
    _outputs(4, 2, 6, seed=2),
)


@exercise(
    "4.6.2",
    title="a map from sums",
    minutes=10,
    difficulty=2,
    solution=class_map,
    hints=(
        "The logit is the sum over channels of weight × mean of the channel. Write the mean as a "
        "sum over places, and change the order of the two sums.",
        "`weights[:, None, None] * places` weighs every channel at every place.",
        ("the sum is 4 times too large", "A mean divides by the number of places; so must you."),
    ),
)
def _(answer):
    return agree(formed(answer, _as_tensor), class_map, *MAP_CASES, slips=MAPS)
