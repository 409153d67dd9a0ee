"""Exercises of lesson 3.9: when is a network wrong, and how?"""

import torch

from course_utils import diagnose
from course_utils.exercises import agree, exercise

# ---- 3.9.1


def temperature(logits, labels):
    grid = torch.arange(0.2, 5.0, 0.01)
    losses = [torch.nn.functional.cross_entropy(logits / t, labels) for t in grid]
    return grid[torch.stack(losses).argmin()].item()


GRID = torch.arange(0.2, 5.0, 0.04)


def _least(score):
    """The temperature at which a score of (probabilities, labels) is least."""

    def wrong(logits, labels):
        odds = [(logits / t).softmax(1) for t in GRID]
        return GRID[torch.tensor([float(score(p, labels)) for p in odds]).argmin()].item()

    return wrong


def _own(p, labels):
    return p[range(len(labels)), labels]


def _loss(p, labels):
    return -_own(p, labels).clamp(min=1e-12).log().mean()


def _brier(p, labels):
    return ((p - torch.nn.functional.one_hot(labels, p.shape[1])) ** 2).sum(1).mean()


def _mean_gap(p, labels):
    return abs(diagnose.overconfidence(p, labels)[0])


def _twice(logits, labels):
    return temperature(logits.softmax(1), labels)


def _only_right(logits, labels):
    right = logits.argmax(1) == labels
    return temperature(logits[right], labels[right])


TEMPERATURES = (
    (lambda x, y: 1 / temperature(x, y), "That is 1 / T: the logits are *divided* by T."),
    (_least(diagnose.ece), "That makes the ECE smallest. It jumps from group to group; the "
     "log-likelihood is asked for."),
    (_least(_brier), "That makes the squared error of the probabilities smallest. Take −log."),
    (_least(_mean_gap), "That makes confidence equal accuracy on the mean. The log-likelihood of "
     "the labels is asked for."),
    (_least(lambda p, y: -_loss(p, y)), "That T is the *worst* one: make −log p smallest."),
    (_twice, "Divide the logits, not the probabilities: the softmax comes after."),
    (_only_right, "That is the lower end of the range: the surest of all. Do all images "
     "count, also those it gets wrong? The *label's* probability, not the answer's? Its log?"),
    (lambda x, y: float(_loss((x / temperature(x, y)).softmax(1), y)), "That is the loss. At "
     "which T was it smallest?"),
    (lambda x, y: round((temperature(x, y) - 0.2) / 0.01), "That is a place in your list of "
     "temperatures. Return the temperature there."),
    (lambda x, y: 1.0, "T = 1 leaves the logits as they are."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _case(count, classes, heat, seed, dtype=torch.float32):
    """Logits, and labels drawn from their probabilities at a temperature."""
    chance = torch.Generator().manual_seed(seed)
    logits = 2 * torch.randn(count, classes, generator=chance)
    odds = (logits / heat).softmax(1)
    return logits.to(dtype), torch.multinomial(odds, 1, generator=chance)[:, 0]


TEMPERATURE_CASES = (
    _case(90, 5, 2.0, 0),
    _case(80, 3, 0.6, 1),
    _case(100, 10, 1.3, 2, torch.float64),
)


@exercise(
    "3.9.1",
    title="fit the temperature",
    minutes=12,
    difficulty=2,
    solution=temperature,
    hints=(
        "One number, a small range: try T = 0.20, 0.21, … and keep the best.",
        "`torch.nn.functional.cross_entropy(logits / t, labels)` is the mean −log softmax of the "
        "labels.",
        ("my T is 0.2 or 5", "Then the loss falls to the end of the range: is the sign right, and "
         "do the *labels* count?"),
    ),
)  # fmt: skip
def _(answer):
    return agree(answer, temperature, *TEMPERATURE_CASES, slips=TEMPERATURES, tolerance=0.0065)


# ---- 3.9.2


def expected(member, labels, wrong):
    errors = 0.0
    for k in labels[member].unique():
        rate = wrong[labels == k].double().mean()
        errors += rate * (labels[member] == k).sum()
    return errors / member.sum()


def _rates(member, labels, wrong, among=None):
    """Each present class's error rate and its images in the slice."""
    among = torch.ones_like(member) if among is None else among
    found = []
    for k in labels[member].unique():
        group = wrong[(labels == k) & among].double()
        rate = group.mean() if len(group) else torch.tensor(0.0)
        found.append((rate, (labels[member] == k).sum()))
    return found


def _unweighted(member, labels, wrong):
    return torch.stack([rate for rate, _ in _rates(member, labels, wrong)]).mean()


def _outsiders(member, labels, wrong):
    return sum(r * n for r, n in _rates(member, labels, wrong, ~member)) / member.sum()


def _every_class(member, labels, wrong):
    return torch.stack([wrong[labels == k].double().mean() for k in labels.unique()]).mean()


EXPECTED = (
    (lambda m, y, w: w.double().mean(), "That is the error rate of all images. A slice full of a "
     "hard class must be expected to have more."),
    (lambda m, y, w: w[m].double().mean(), "That is what the slice *has*, not what to expect of "
     "it."),
    (_unweighted, "Each class counts by how many of its images are in the slice, not all alike."),
    (_every_class, "Only the classes in the slice count, each by its images there."),
    (_outsiders, "Take the class's rate over *all* its images; random ones may be in the slice "
     "too."),
    (lambda m, y, w: expected(m, y, w) * m.sum(), "That is how many errors. Divide by the slice's "
     "images."),
    (lambda m, y, w: expected(m, y, w) * m.sum() / len(m), "Divide by the images of the *slice*, "
     "not by all."),
    (lambda m, y, w: 1 - expected(m, y, w), "That is the share of right answers. Errors are asked "
     "for."),
    (lambda m, y, w: expected(~m, y, w), "That is for the images *outside* the slice."),
    (lambda m, y, w: w[m].double().mean() - expected(m, y, w), "That is how many more errors the "
     "slice has. Return what to expect."),
    (lambda m, y, w: w[m].double().mean() / expected(m, y, w), "That is a ratio. Return the "
     "expected share itself."),
)  # fmt: skip
"""Plausible slips, and the remark that each gets."""


def _slice(count, rates, lean, seed):
    """Labels, a slice that holds more of later classes, errors at each class's rate."""
    chance = torch.Generator().manual_seed(seed)
    labels = torch.randint(len(rates), (count,), generator=chance)
    member = torch.rand(count, generator=chance) < lean * (labels + 0.3) / len(rates)
    wrong = torch.rand(count, generator=chance) < torch.tensor(rates)[labels] + 0.15 * member
    return member, labels, wrong


CASES = (
    (torch.tensor([1, 1, 1, 0, 0, 0]).bool(), torch.tensor([0, 0, 1, 0, 1, 1]),
     torch.tensor([0, 1, 1, 1, 0, 1]).bool()),
    _slice(60, [0.1, 0.3, 0.6], 0.8, 0),
    _slice(80, [0.05, 0.5, 0.2, 0.4], 0.5, 1),
    (torch.tensor([1, 1, 0, 0, 0]).bool(), torch.tensor([2, 2, 2, 2, 5]),
     torch.tensor([1, 1, 0, 0, 1]).bool()),
)  # fmt: skip


@exercise(
    "3.9.2",
    title="what to expect of a slice",
    minutes=8,
    difficulty=2,
    solution=expected,
    hints=(
        "If half of the slice were shirts and half were bags: the mean of two error rates.",
        "For each class in the slice: its error rate over all its images, times its images in "
        "the slice. Sum, and divide by the slice's images.",
        ("mean() of booleans fails", "`wrong[labels == k].double().mean()`"),
    ),
)
def _(answer):
    return agree(answer, expected, *CASES, slips=EXPECTED, tolerance=1e-5)
