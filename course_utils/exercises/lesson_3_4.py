"""Exercises of lesson 3.4: what can a student network learn?"""

import torch
from torch.nn import functional as F

from course_utils.exercises import agree, exercise, expect

# ---- 3.4.1


def student_loss(student, teacher, labels, temperature, alpha):
    soft = (teacher / temperature).softmax(1)
    gap = (teacher / temperature).log_softmax(1) - (student / temperature).log_softmax(1)
    from_teacher = (soft * gap).sum(1).mean()
    from_labels = F.cross_entropy(student, labels)
    return alpha * temperature**2 * from_teacher + (1 - alpha) * from_labels


def _parts(student, teacher, temperature):
    """Log-probabilities at a temperature: the student's, the teacher's."""
    return (student / temperature).log_softmax(1), (teacher / temperature).log_softmax(1)


def _kl(student, teacher, temperature):
    q, p = _parts(student, teacher, temperature)
    return (p.exp() * (p - q)).sum(1).mean()


def _mixed(soft, hard=F.cross_entropy):
    """A loss of the right form with another soft or hard part."""
    return lambda s, t, y, T, a: a * soft(s, t, T) + (1 - a) * hard(s, y)


def _hard_at_t(s, t, y, T, a):
    return a * T**2 * _kl(s, t, T) + (1 - a) * F.cross_entropy(s / T, y)


def _hard_times_t(s, t, y, T, a):
    return T**2 * (a * _kl(s, t, T) + (1 - a) * F.cross_entropy(s, y))


def _reversed(s, t, T):
    return T**2 * _kl(t, s, T)


def _cross(s, t, T):
    q, p = _parts(s, t, T)
    return T**2 * -(p.exp() * q).sum(1).mean()


def _over_classes(s, t, T):
    return T**2 * _kl(s, t, T) / s.shape[1]


def _warm_teacher(s, t, T):
    q, p = s.log_softmax(1), (t / T).log_softmax(1)
    return T**2 * (p.exp() * (p - q)).sum(1).mean()


def _no_logarithm(s, t, T):
    q, p = _parts(s, t, T)
    return T**2 * (p.exp() * (p - q.exp())).sum(1).mean()


def _softened_twice(student, labels):
    return F.cross_entropy(student.softmax(1), labels)


LOSSES = (
    (_mixed(_kl), "T² is missing. Without it the teacher's part fades as the temperature rises: "
     "section 1 measured how fast."),
    (_mixed(lambda s, t, T: T * _kl(s, t, T)), "You multiply by T; T² is needed: one T for the "
     "division of the logits, one because the probabilities come closer together."),
    (_mixed(_reversed), "The two have changed places: it is the *teacher's* probabilities that "
     "weigh the difference of logarithms, KL(teacher ‖ student)."),
    (lambda s, t, y, T, a: student_loss(s, t, y, T, 1 - a), "α and 1 − α have changed places: α is "
     "the teacher's share."),
    (_hard_at_t, "The labels' part is softened as well. Labels are met at T = 1: cross-entropy of "
     "the student's own logits."),
    (_hard_times_t, "T² multiplies the labels' part, too. It belongs to the teacher's part alone."),
    (_mixed(_cross), "That is the cross-entropy with soft targets. Its gradient is the same, but a "
     "student that equals its teacher would not have loss 0: subtract the teacher's entropy, that "
     "is, use the difference of the two logarithms."),
    (_mixed(_over_classes), "The mean is taken over the classes, too (`reduction='mean'` does "
     "that). Sum over the classes, then mean over the images."),
    (_mixed(_warm_teacher), "Only the teacher's logits are divided by T. Both must be, or the "
     "student learns to be unsure."),
    (_mixed(_no_logarithm), "The student's probabilities stand where their *logarithm* belongs: "
     "take `log_softmax` (F.kl_div wants it as its first argument)."),
    (lambda s, t, y, T, a: a * T**2 * _kl(s, t, T) + (1 - a) * _softened_twice(s, y),
     "`F.cross_entropy` takes logits and makes the softmax itself; yours gets probabilities."),
    (lambda s, t, y, T, a: T**2 * _kl(s, t, T) * a, "The labels' part is missing."),
    (lambda s, t, y, T, a: T**2 * _kl(s, t, T) + F.cross_entropy(s, y), "α is not used."),
    (_mixed(lambda s, t, T: T**2 * _kl(s * T * T, t * T * T, T)), "The logits are multiplied by T; "
     "they are divided by it."),
    (_mixed(lambda s, t, T: T**2 * len(s) * _kl(s, t, T)), "You sum over the images; the mean is "
     "wanted, so that the loss does not grow with the batch."),
)  # fmt: skip


def _logits(seed, images, classes):
    generator = torch.Generator().manual_seed(seed)
    student, teacher = (3 * torch.randn(images, classes, generator=generator) for _ in range(2))
    return student, teacher, torch.randint(classes, (images,), generator=generator)


@exercise(
    "3.4.1",
    title="the student's whole loss",
    minutes=10,
    difficulty=2,
    solution=student_loss,
    hints=(
        "Begin with `soft_loss(student, teacher, temperature)` from above; it lacks one factor.",
        "Add `F.cross_entropy(student, labels)`, at temperature 1, and weigh the two: α for the "
        "teacher, 1 − α for the labels.",
        ("I use F.kl_div and get a tenth", "Its default takes the mean over images *and* classes. "
         "`reduction='batchmean'` divides by the images only."),
        ("I use F.kl_div and get something negative", "Its first argument are the student's "
         "*log*-probabilities, its second the teacher's probabilities."),
    ),
)  # fmt: skip
def _(answer):
    cases = [
        (*_logits(0, 4, 3), 4.0, 0.9),
        (*_logits(1, 6, 10), 2.0, 0.3),
        (*_logits(2, 1, 5), 20.0, 1.0),
        (*_logits(3, 3, 4), 0.5, 0.0),
    ]
    return agree(answer, student_loss, *cases, tolerance=1e-4, slips=LOSSES)


# ---- 3.4.2


def farthest_first(points, count):
    chosen = [int((points - points.mean(0)).norm(dim=1).argmin())]
    while len(chosen) < count:
        nearest = torch.cdist(points, points[chosen]).min(1).values
        chosen.append(int(nearest.argmax()))
    return chosen


def _greedy(score, first=None):
    """Choices by another rule; `score(points, chosen)` is one number a point, the highest wins."""

    def choose(points, count):
        start = (points - points.mean(0)).norm(dim=1).argmin() if first is None else first
        chosen = [int(start)]
        while len(chosen) < count:
            values = score(points, chosen).clone()
            values[chosen] = -torch.inf
            chosen.append(int(values.argmax()))
        return chosen

    return choose


def _distances(points, chosen):
    return torch.cdist(points, points[chosen])


def _from_middle(points, count):
    return (points - points.mean(0)).norm(dim=1).argsort(descending=True)[:count].tolist()


def _herd(points, chosen):
    total = points[chosen].sum(0) + points
    return -(total / (len(chosen) + 1) - points.mean(0)).norm(dim=1)


CHOICES = (
    (_greedy(lambda p, c: _distances(p, c).min(1).values, first=0), "You begin with the first "
     "point. Begin with the one nearest to the mean of all."),
    (lambda p, n: _greedy(lambda p, c: _distances(p, c).min(1).values,
                          first=int((p - p.mean(0)).norm(dim=1).argmax()))(p, n),
     "You begin with the point *farthest* from the mean; the nearest one is wanted."),
    (_greedy(lambda p, c: _distances(p, c)[:, -1]), "You look for the point farthest from the "
     "*last* chosen one; it may be another chosen one's neighbour. Take each point's distance to "
     "its *nearest* chosen point."),
    (_greedy(lambda p, c: _distances(p, c).sum(1)), "You add up the distances to all chosen "
     "points. A point may be far from most and next to one: its *nearest* chosen point counts."),
    (_greedy(lambda p, c: _distances(p, c).max(1).values), "You take the distance to the farthest "
     "chosen point; take the minimum over the chosen ones, then the largest of those."),
    (_greedy(lambda p, c: -_distances(p, c).min(1).values), "You take the point *nearest* to the "
     "chosen ones; the farthest is wanted."),
    (_from_middle, "Those are the points farthest from the mean, whatever was chosen before."),
    (lambda p, n: _from_middle(p, len(p))[::-1][:n], "Those are the points nearest to the mean. "
     "From the second on, distance to the *chosen* points decides."),
    (_greedy(_herd), "That is herding: it keeps the mean. K-centre keeps everyone near someone."),
    (lambda p, n: farthest_first(p, n + 1), "One point too many came."),
    (lambda p, n: farthest_first(p, n)[1:], "The first point is missing from what you return."),
)  # fmt: skip


def _points(seed, count, axes):
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(count, axes, generator=generator) * torch.linspace(1, 3, axes) + 1


@exercise(
    "3.4.2",
    title="nobody far from a chosen one",
    minutes=10,
    difficulty=2,
    solution=farthest_first,
    hints=(
        "`torch.cdist(points, points[chosen])` gives every distance to every chosen point, "
        "n x chosen.",
        "`.min(1).values` is each point's distance to its nearest chosen one. The point where "
        "that is largest comes next.",
        ("The same point comes again and again", "Its distance to itself is 0, so it cannot be the "
         "largest: did you take the minimum over the right axis?"),
    ),
)  # fmt: skip
def _(answer):
    for points, count in ((_points(1, 30, 4), 7), (_points(0, 12, 2), 5), (_points(2, 6, 1), 1)):
        if remark := _rows_remark(answer, points, count):
            return remark
    return None


def _rows_remark(answer, points, count) -> str | None:
    kept, wanted = points.clone(), farthest_first(points, count)
    got = answer(points, count)
    if not torch.equal(points, kept):
        return "Your function changed its input; work with new tensors."
    if got is None:
        return "Nothing (None) came back. Is the `return` missing?"
    got = torch.as_tensor(sorted(got) if isinstance(got, set) else got)
    where = f"for {len(points)} points and a count of {count}"
    if got.is_floating_point() and got.dim() == 1 and torch.equal(got, got.round()):
        got = got.long()
    if got.dim() == 2 and not got.is_floating_point() and 1 in got.shape:
        return f"The rows came as {tuple(got.shape)}; return one flat list of them."
    if got.dim() == 2 or (got.is_floating_point() and got.dim() == 1):
        return "Points or distances came; the *rows* of the chosen points are wanted."
    if got.dtype == torch.bool:
        return "True and false came; the rows are wanted, in the order of their choice."
    if got.tolist() == wanted:
        return None
    for wrong, words in CHOICES:
        if got.tolist() == wrong(points, count):
            return words
    if sorted(got.flatten().tolist()) == sorted(wanted):
        return "Those are the right rows; return them in the order of their choice."
    return expect(got, torch.tensor(wanted), where)
