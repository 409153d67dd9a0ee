"""Exercises of lesson 1.2: can a network be right for the wrong reason?"""

import torch

from course_utils.demos.lesson_1_2 import mixed, turned
from course_utils.exercises import agree, exercise, expect
from course_utils.exercises.compare import kind

# ---- 1.2.1


def _of_all(before, after, truth, label):
    hits = (truth != label) & (before != label) & (after == label)
    return hits.float().mean().item()


def _of_others(before, after, truth, label):
    hits = (truth != label) & (before != label) & (after == label)
    return hits.sum().item() / max((truth != label).sum().item(), 1)


def _after_only(before, after, truth, label):
    others = truth != label
    return (others & (after == label)).sum().item() / max(others.sum().item(), 1)


def _after_of_counted(before, after, truth, label):
    counted = (truth != label) & (before != label)
    hits = (truth != label) & (after == label)
    return hits.sum().item() / max(counted.sum().item(), 1)


def _with_own_class(before, after, truth, label):
    counted = before != label
    return (counted & (after == label)).sum().item() / max(counted.sum().item(), 1)


def _any_change(before, after, truth, label):
    counted = (truth != label) & (before != label)
    return (counted & (after != before)).sum().item() / max(counted.sum().item(), 1)


def _net(before, after, truth, label):
    others = truth != label
    more = (others & (after == label)).sum() - (others & (before == label)).sum()
    return more.item() / max(others.sum().item(), 1)


def _only_right(before, after, truth, label):
    counted = (truth != label) & (before == truth)
    return (counted & (after == label)).sum().item() / max(counted.sum().item(), 1)


def _own_class_only(before, after, truth, label):
    counted = (truth == label) & (before != label)
    return (counted & (after == label)).sum().item() / max(counted.sum().item(), 1)


def _empty_is_nan(before, after, truth, label):
    counted = (truth != label) & (before != label)
    hits = (counted & (after == label)).sum().item()
    return hits / counted.sum().item() if counted.any() else float("nan")


@exercise(
    "1.2.1",
    title="how much does the cue turn?",
    minutes=10,
    difficulty=2,
    solution=turned,
    hints=(
        "Make one mask of the images that count: their label is another class, *and* they were "
        "not called `label` before. Two conditions are joined by `&`, each in brackets.",
        "The hits are those that count and are called `label` afterwards. Divide the number of "
        "hits by the number that count.",
        (
            "ZeroDivisionError or nan",
            "No image may count at all. Divide by `max(number, 1)`.",
        ),
    ),
)
def _(answer):
    def classes(*numbers):
        return torch.tensor(numbers)

    cases = [
        (classes(4, 4, 2, 6, 1), classes(6, 4, 6, 6, 1), classes(4, 4, 2, 2, 6), 6),
        (classes(4, 4, 6, 6, 1, 0, 3), classes(6, 3, 4, 6, 6, 6, 3), classes(4, 3, 4, 0, 6, 6, 3),
         6),
        (classes(0, 2, 2, 1, 2, 0), classes(2, 2, 0, 2, 2, 1), classes(0, 0, 0, 1, 2, 2), 2),
        (classes(6, 6, 4), classes(6, 4, 6), classes(4, 4, 6), 6),
    ]  # fmt: skip
    return agree(
        answer, turned, *cases,
        slips=[
            (_of_all, "You divide by all images. Count only those that can be turned: of another "
                      "class, and not called `label` before."),
            (_of_others, "You divide by all images of other classes. Those called `label` before "
                         "cannot be turned any more: leave them out below, too."),
            (_after_only, "You count images that were called `label` without the cue already. The "
                          "cue did not turn those."),
            (_after_of_counted, "Above you count images that were called `label` before; below "
                                "you leave them out. Leave them out of both."),
            (_with_own_class, "You count images that belong to the class. For them `label` is the "
                              "right answer."),
            (_any_change, "You count every change. Count only those that end at `label`."),
            (_net, "You subtract two shares. Images turned away then hide images turned towards: "
                   "follow each image by itself."),
            (_only_right, "You leave out images that were wrong before. They can be turned, too."),
            (_own_class_only, "You look at the class itself. Look at the images of *other* "
                              "classes."),
            (_empty_is_nan, "When no image counts, nothing is turned: return 0."),
        ],
    )  # fmt: skip


# ---- 1.2.2


def chance(boxes, height, width):
    rows = boxes[:, 2].clamp(max=height) - boxes[:, 0].clamp(min=0)
    columns = boxes[:, 3].clamp(max=width) - boxes[:, 1].clamp(min=0)
    return (rows * columns).double().mean().item() / (height * width)


def _inclusive(boxes, height, width):
    return chance(boxes + torch.tensor([0, 0, 1, 1]), height, width)


def _not_cut(boxes, height, width):
    area = (boxes[:, 2] - boxes[:, 0]) * (boxes[:, 3] - boxes[:, 1])
    return area.double().mean().item() / (height * width)


def _first_box(boxes, height, width):
    return chance(boxes[:1], height, width)


def _mean_sides(boxes, height, width):
    rows = boxes[:, 2].clamp(max=height) - boxes[:, 0].clamp(min=0)
    columns = boxes[:, 3].clamp(max=width) - boxes[:, 1].clamp(min=0)
    return (rows.double().mean() * columns.double().mean()).item() / (height * width)


def _other_order(boxes, height, width):
    return chance(boxes[:, [0, 2, 1, 3]], height, width)


def _one_pixel(boxes, height, width):
    return 1 / (height * width)


def _summed(boxes, height, width):
    return chance(boxes, height, width) * len(boxes)


@exercise(
    "1.2.2",
    title="what would chance score?",
    minutes=5,
    difficulty=1,
    solution=chance,
    hints=(
        "A random pixel lies in a box with probability box area ÷ image area. The score is the "
        "mean of that over the images.",
        "A box is top, left, bottom, right; bottom and right are outside. So it has "
        "bottom − top rows.",
        (
            "A box sticks out of its image",
            "Only pixels inside count: `clamp` bottom and right to the image's size, top and left "
            "to 0.",
        ),
    ),
)
def _(answer):
    cases = [
        (torch.tensor([[3, 25, 7, 29]]), 32, 32),
        (torch.tensor([[0, 0, 2, 5], [1, 1, 4, 2], [0, 0, 10, 10]]), 10, 20),
        (torch.tensor([[8, 2, 12, 6], [-1, 17, 3, 22]]), 10, 20),
    ]
    return agree(
        answer, chance, *cases, tolerance=1e-6,
        slips=[
            (_inclusive, "You count bottom and right as inside. A box from 3 to 7 has 4 rows."),
            (_not_cut, "A box may stick out of the image. Count only its pixels inside."),
            (_first_box, "Every image has its own box. Take the mean over all of them."),
            (_mean_sides, "You multiply the mean height by the mean width. Take the area of each "
                          "box first, then the mean."),
            (_other_order, "The order is top, left, bottom, right."),
            (_one_pixel, "That is the chance to hit one given pixel. The box has more."),
            (_summed, "You add the boxes' chances up. The score is their mean."),
        ],
    )  # fmt: skip


# ---- 1.2.3


@exercise(
    "1.2.3",
    title="plan the repair",
    minutes=15,
    difficulty=3,
    solution=mixed,
    hints=(
        "Go class by class: `for label in labels.unique()`. The rows of a class are "
        "`torch.nonzero(labels == label).flatten()`.",
        "`torch.randperm(k, generator=generator)` shuffles 0 … k − 1. Its first "
        "`round(share * k)` numbers say which of the class's rows to take.",
        (
            "Two seeds give the same plan",
            "Hand the generator to every draw: "
            "`generator = torch.Generator().manual_seed(seed)`, made once, before the loop.",
        ),
    ),
)
def _(answer):
    if not callable(answer):
        return f"A function was expected, {kind(answer)} came. Hand in its name, without brackets."
    with torch.random.fork_rng(devices=[]):
        return _plan_remark(answer)


def _plan_remark(answer):
    even = torch.arange(10).repeat(30)
    uneven = torch.tensor([6] * 40 + [0] * 200 + [3] * 90)
    for labels, share in ((even, 0.5), (uneven, 0.5), (uneven, 0.1), (even, 0.0), (even, 1.0)):
        given = labels.clone()
        torch.manual_seed(0)
        remark = _plan_problem(answer(given, share, 1), labels, share)
        if remark is None and not torch.equal(given, labels):
            remark = "Your function changed `labels`. Work on a copy."
        if remark:
            return remark
    return _randomness_problem(answer, uneven)


def _plan_problem(plan, labels, share):
    if not isinstance(plan, torch.Tensor) or plan.dtype != torch.bool:
        came = f"a tensor of {plan.dtype}" if isinstance(plan, torch.Tensor) else kind(plan)
        return f"{came} came. Return a boolean tensor: one True or False for each image."
    if plan.shape != labels.shape:
        return expect(plan, torch.zeros_like(labels, dtype=torch.bool), "for the plan")
    counts = [(c, int((labels == c).sum()), int(plan[labels == c].sum())) for c in labels.unique()]
    wanted = {int(c): round(share * size) for c, size, _ in counts}
    got = {int(c): chosen for c, _, chosen in counts}
    if got == wanted:
        return None
    sizes = {int(c): size for c, size, _ in counts}
    return " ".join([_plan_slip(got, wanted, sizes), _first_difference(got, wanted, sizes, share)])


def _plan_slip(got, wanted, sizes):
    if all(got[c] == sizes[c] - wanted[c] for c in got):
        return "Exactly the other way round: True must mean that the image gets the cue."
    if sum(got.values()) == sum(wanted.values()):
        return "The total is right, but not the share of each class: the cue still tells classes."
    if sum(v > 0 for v in got.values()) == 1 < sum(v > 0 for v in wanted.values()):
        return "Only one class has the cue. That is the trap, not the repair."
    filled = [c for c in got if got[c] == sizes[c] and wanted[c] < sizes[c]]
    if filled and len(filled) < len(got):
        return "One class has the cue on all its images. Then its absence still tells that class."
    if len(set(got.values())) == 1 and len(set(sizes.values())) > 1:
        return "You take the same *number* from each class. Take the same *share*."
    near = all(abs(got[c] - wanted[c]) <= 4 * sizes[c] ** 0.5 for c in got)
    if near and any(got[c] != wanted[c] for c in got):
        return "The shares are only about right. Draw an exact number in every class."
    return "The share is not the same in every class."


def _first_difference(got, wanted, sizes, share):
    label = next(c for c in got if got[c] != wanted[c])
    return (
        f"For a share of {share:g}, {got[label]} of the {sizes[label]} images of class {label} "
        f"were chosen, {wanted[label]} were expected."
    )


def _randomness_problem(answer, labels):
    torch.manual_seed(0)
    first = answer(labels.clone(), 0.5, 1)
    torch.manual_seed(1)
    again, other = answer(labels.clone(), 0.5, 1), answer(labels.clone(), 0.5, 2)
    if not torch.equal(first, again):
        return (
            "The same seed gave two plans. Draw from your own generator: "
            "`torch.Generator().manual_seed(seed)`."
        )
    if torch.equal(first, other):
        return "Two seeds gave the same plan: the images must be drawn at random, from the seed."
    # A class's first half, drawn at random, holds about half of the chosen images.
    rows = torch.nonzero(labels == 0).flatten()
    early = first[rows[:100]].sum().item()
    if not 25 <= early <= 75:
        return "Images are not drawn at random within a class: position and cue go together."
    return None
