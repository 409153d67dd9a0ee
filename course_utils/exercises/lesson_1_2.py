"""Exercises of lesson 1.2: can a network be right for the wrong reason?"""

import torch

from course_utils.demos.lesson_1_2 import mixed, turned
from course_utils.exercises import agree, exercise, expect
from course_utils.exercises.compare import kind

# ---- 1.2.1


def share(hits, counted):
    return hits.sum().item() / max(counted.sum().item(), 1)


def _slip(wrong):
    """A wrong answer: `wrong` says from four masks which images are hits and which count."""

    def slip(before, after, truth, label):
        return share(*wrong(truth != label, before == label, after == label, before == truth))

    return slip


def _any_change(before, after, truth, label):
    counted = (truth != label) & (before != label)
    return share(counted & (after != before), counted)


def _net(before, after, truth, label):
    others = truth != label
    return share(others & (after == label), others) - share(others & (before == label), others)


def _empty_is_nan(before, after, truth, label):
    counted = (truth != label) & (before != label)
    return turned(before, after, truth, label) if counted.any() else float("nan")


# Masks: of another class; called `label` before; called `label` after; right before.
TURNED_SLIPS = {
    "of all": (_slip(lambda other, was, now, right: (other & ~was & now, other | True)),
        "You divide by all images. Count only those that can be turned: of another class, and "
        "not called `label` before."),
    "of others": (_slip(lambda other, was, now, right: (other & ~was & now, other)),
        "You divide by all images of other classes. Those called `label` before cannot be turned "
        "any more: leave them out below, too."),
    "of called after": (_slip(lambda other, was, now, right: (other & ~was & now, now)),
        "You divide by the images called `label` after. Divide by those that could be turned."),
    "after only": (_slip(lambda other, was, now, right: (other & now, other)),
        "You count images that were called `label` without the cue already. The cue did not turn "
        "those."),
    "after, of counted": (_slip(lambda other, was, now, right: (other & now, other & ~was)),
        "Above you count images that were called `label` before; below you leave them out. Leave "
        "them out of both."),
    "own class, too": (_slip(lambda other, was, now, right: (~was & now, ~was)),
        "You count images that belong to the class. For them `label` is the right answer."),
    "own class only": (_slip(lambda other, was, now, right: (~other & ~was & now, ~other & ~was)),
        "You look at the class itself. Look at the images of *other* classes."),
    "or": (_slip(lambda other, was, now, right: ((other | ~was) & now, other | ~was)),
        "Both conditions must hold: join them by `&`, not by `|`."),
    "exchanged": (_slip(lambda other, was, now, right: (other & ~now & was, other & ~now)),
        "You exchanged `before` and `after`."),
    "only right": (_slip(lambda other, was, now, right: (other & right & now, other & right)),
        "You leave out images that were wrong before. They can be turned, too."),
    "any change": (_any_change,
        "You count every change. Count only those that end at `label`."),
    "net": (_net,
        "You subtract two shares. Images turned away then hide images turned towards: follow each "
        "image by itself."),
    "nan": (_empty_is_nan, "When no image counts, nothing is turned: return 0."),
}  # fmt: skip


@exercise(
    "1.2.1",
    title="how much does the cue turn?",
    minutes=10,
    difficulty=2,
    solution=turned,
    hints=(
        "Make one mask of the images that count: their class is another one, *and* they were "
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
    cases = [
        ([4, 4, 2, 6, 1], [6, 4, 6, 6, 1], [4, 4, 2, 2, 6], 6),
        ([4, 4, 6, 6, 1, 0, 3], [6, 3, 4, 6, 6, 6, 3], [4, 3, 4, 0, 6, 6, 3], 6),
        ([0, 2, 2, 1, 2, 0], [2, 2, 0, 2, 2, 1], [0, 0, 0, 1, 2, 2], 2),
        ([6, 6, 4], [6, 4, 6], [4, 4, 6], 6),
    ]
    tensors = [(*(torch.tensor(numbers) for numbers in lists), label) for *lists, label in cases]
    return agree(answer, turned, *tensors, slips=list(TURNED_SLIPS.values()))


# ---- 1.2.2


@exercise(
    "1.2.2",
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
    uneven = torch.tensor([6] * 41 + [0] * 200 + [3] * 97)
    for labels, wanted in ((even, 0.5), (uneven, 0.5), (uneven, 0.1), (even, 0.0), (even, 1.0)):
        given = labels.clone()
        torch.manual_seed(0)
        remark = _plan_problem(answer(given, wanted, 1), labels, wanted)
        if remark is None and not torch.equal(given, labels):
            remark = "Your function changed `labels`. Work on a copy."
        if remark:
            return remark
    return _randomness_problem(answer, uneven)


def _plan_problem(plan, labels, wanted_share):
    if not isinstance(plan, torch.Tensor) or plan.dtype != torch.bool:
        came = f"a tensor of {plan.dtype}" if isinstance(plan, torch.Tensor) else kind(plan)
        return f"{came} came. Return a boolean tensor: one True or False for each image."
    if plan.shape != labels.shape:
        return expect(plan, torch.zeros_like(labels, dtype=torch.bool), "for the plan")
    sizes = {int(c): int((labels == c).sum()) for c in labels.unique()}
    got = {c: int(plan[labels == c].sum()) for c in sizes}
    wanted = {c: round(wanted_share * size) for c, size in sizes.items()}
    if got == wanted:
        return None
    label = next(c for c in got if got[c] != wanted[c])
    return (
        f"{_plan_slip(got, wanted, sizes)} For a share of {wanted_share:g}, {got[label]} of the "
        f"{sizes[label]} images of class {label} were chosen, {wanted[label]} were expected."
    )


def _plan_slip(got, wanted, sizes):
    if all(got[c] == sizes[c] - wanted[c] for c in got):
        return "Exactly the other way round: True must mean that the image gets the cue."
    if all(abs(got[c] - wanted[c]) <= 1 for c in got):
        return "Nearly: `round(share * k)` rounds to the nearest number, up or down."
    if sum(got.values()) == sum(wanted.values()):
        return "The total is right, but not the share of each class: the cue still tells classes."
    if sum(v > 0 for v in got.values()) == 1 < sum(v > 0 for v in wanted.values()):
        return "Only one class has the cue. That is the trap, not the repair."
    if sum(got[c] == sizes[c] > wanted[c] for c in got) == 1:
        return "One class has the cue on all its images. Then its absence still tells that class."
    if sum(got[c] == 0 < wanted[c] for c in got) == 1:
        return "One class never has the cue. Then the cue still tells that it is another class."
    if len(set(got.values())) == 1 and len(set(sizes.values())) > 1:
        return "You take the same *number* from each class. Take the same *share*."
    if all(abs(got[c] - wanted[c]) <= 2 * sizes[c] ** 0.5 for c in got):
        return "The shares are only about right. Draw an exact number in every class."
    return "The share is not the same in every class."


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
    # Of 200 images of a class, half of them chosen at random, about 100 differ from the next.
    own = first[labels == 0]
    if not 60 <= (own[1:] != own[:-1]).sum() <= 140:
        return "Images are not drawn at random within a class: position and cue go together."
    return None
