"""Exercises of lesson 5.3: can a machine choose the method?"""

from itertools import pairwise

from course_utils.exercises import agree, exercise

# ---- 5.3.1


def area(points, worst):
    most_bytes, floor = worst
    total = 0.0
    for kilobytes, accuracy in sorted(points):
        if kilobytes < most_bytes and accuracy > floor:
            total += (most_bytes - kilobytes) * (accuracy - floor)
            floor = accuracy
    return total


def _inside(points, worst):
    return [(a, b) for a, b in points if a < worst[0] and b > worst[1]]


def _overlapping(points, worst):
    return sum((worst[0] - a) * (b - worst[1]) for a, b in _inside(points, worst))


def _largest(points, worst):
    return max([(worst[0] - a) * (b - worst[1]) for a, b in _inside(points, worst)], default=0.0)


def _box(points, worst):
    some = _inside(points, worst)
    if not some:
        return 0.0
    return (worst[0] - min(a for a, _ in some)) * (max(b for _, b in some) - worst[1])


def _unsorted(points, worst):
    total, floor = 0.0, worst[1]
    for a, b in points:
        if a < worst[0] and b > floor:
            total += (worst[0] - a) * (b - floor)
            floor = b
    return total


def _with_beaten(points, worst):
    total, floor = 0.0, worst[1]
    for a, b in sorted(_inside(points, worst)):
        total += (worst[0] - a) * (b - floor)
        floor = b
    return total


def _beyond(points, worst):
    total, floor = 0.0, worst[1]
    for a, b in sorted(points):
        if b > floor:
            total += (worst[0] - a) * (b - floor)
            floor = b
    return total


def _left_of_them(points, worst):
    total, edge = 0.0, 0.0
    for a, b in sorted(_inside(points, worst)):
        total += (a - edge) * (b - worst[1])
        edge = a
    return total


def _from_zero(points, worst):
    return area(points, (worst[0], 0.0))


AREAS = (
    (_overlapping, "You add every point's whole rectangle, so what two of them cover counts twice. "
     "Add for each point only what no smaller file covers."),
    (_largest, "You take the largest single rectangle. The front covers all of them together."),
    (_box, "You take one box, from the smallest file and the best accuracy; no network has both. "
     "Go step by step."),
    (_unsorted, "The points are taken as they come. The steps fit only in the order of size: sort "
     "them first."),
    (_with_beaten, "A larger file of lower accuracy takes something away. It is beaten and covers "
     "nothing: skip it."),
    (_beyond, "Files larger than the worst that is allowed count, with a negative width. Leave "
     "them out."),
    (_left_of_them, "Your strips lie left of the points, on smaller files. A point dominates what "
     "is larger: go from its bytes to those of `worst`."),
    (_from_zero, "You measure accuracy from 0. Measure it from that of `worst`."),
)  # fmt: skip
FRONTS = (
    ([(10, 0.8), (20, 0.9)], (40, 0.5)),
    ([(20, 0.9), (10, 0.8), (30, 0.85), (25, 0.95)], (40, 0.5)),
    ([(5, 0.4), (10, 0.7), (50, 0.99), (12, 0.6)], (40, 0.5)),
    ([(50, 0.9)], (40, 0.5)),
    ([(7, 0.82), (7, 0.86), (15, 0.91), (11, 0.91), (3, 0.55)], (30, 0.6)),
)
"""Lists of (kilobytes, accuracy), and the worst that counts."""


@exercise(
    "5.3.1",
    title="one number for a front",
    minutes=12,
    difficulty=2,
    solution=area,
    hints=(
        "Draw it: every point covers a rectangle from itself to the worst corner. Together they "
        "look like stairs.",
        "Go from the smallest file to the largest and remember the best accuracy so far. Each "
        "point that is better adds a strip: as wide as from its bytes to the worst, as high as "
        "its gain in accuracy.",
        ("My number is too large", "Two rectangles overlap. The strip begins at the best accuracy "
         "so far, not at the worst one."),
    ),
)  # fmt: skip
def _(answer):
    return agree(answer, area, *FRONTS, tolerance=1e-6, slips=AREAS)


# ---- 5.3.2


def luck_of_the_best(seen, held, count):
    gaps = []
    for start in range(0, len(seen) - count + 1, count):
        group = range(start, start + count)
        best = max(group, key=lambda k: seen[k])
        gaps.append(seen[best] - held[best])
    return sum(gaps) / len(gaps)


def _chosen_by(choose, gap):
    def wrong(seen, held, count):
        gaps = []
        for start in range(0, len(seen) - count + 1, count):
            group = list(range(start, start + count))
            gaps.append(gap(seen, held, max(group, key=lambda k: choose(seen, held, k)), group))
        return sum(gaps) / len(gaps)

    return wrong


def _first_group(seen, held, count):
    return luck_of_the_best(seen[:count], held[:count], count)


def _windows(seen, held, count):
    parts = [luck_of_the_best(seen[k : k + count], held[k : k + count], count)
             for k in range(len(seen) - count + 1)]  # fmt: skip
    return sum(parts) / len(parts)


def _with_rest(seen, held, count):
    gaps = []
    for start in range(0, len(seen), count):
        best = max(range(start, min(start + count, len(seen))), key=lambda k: seen[k])
        gaps.append(seen[best] - held[best])
    return sum(gaps) / len(gaps)


def _so_many_groups(seen, held, count):
    edges = [round(k * len(seen) / count) for k in range(count + 1)]
    parts = [luck_of_the_best(seen[a:b], held[a:b], b - a) for a, b in pairwise(edges) if b > a]
    return sum(parts) / len(parts)


def _sum(seen, held, count):
    return luck_of_the_best(seen, held, count) * (len(seen) // count)


LUCK = (
    (_chosen_by(lambda s, h, k: s[k], lambda s, h, best, g: h[best] - s[best]), "The sign is "
     "turned round: luck is what the images seen promise above what the others give."),
    (_chosen_by(lambda s, h, k: h[k], lambda s, h, best, g: s[best] - h[best]), "You choose by "
     "`held`. The search never sees those: choose by `seen`."),
    (_chosen_by(lambda s, h, k: s[k], lambda s, h, best, g: s[best] - max(h[k] for k in g)),
     "You compare the best seen with the best held: two different networks. Look the chosen one "
     "up in `held`."),
    (_chosen_by(lambda s, h, k: s[k], lambda s, h, best, g: s[best] - sum(h[k] for k in g) / len(g)
                ), "You compare the chosen one with the mean of its group. Compare it with itself, "
     "on the other images."),
    (lambda s, h, count: sum(a - b for a, b in zip(s, h, strict=True)) / len(s), "You average over "
     "all networks. Nobody chose there: take the best of each group only."),
    (_first_group, "Only the first group counts. Take the mean over all groups."),
    (_so_many_groups, "You cut into `count` groups. It is the groups that have `count` networks."),
    (_sum, "You add the groups up. Take their mean."),
    (_windows, "Your groups overlap. Let the next one begin where the last one ended."),
    (_with_rest, "A last group of fewer than `count` counts, too. Leave it out: its best was the "
     "best of fewer."),
    (_chosen_by(lambda s, h, k: s[k] - h[k], lambda s, h, best, g: s[best] - h[best]), "You choose "
     "the luckiest of each group. The search chooses the best: the highest in `seen`."),
)  # fmt: skip
TRIED = (
    ([0.8, 0.9, 0.7, 0.85], [0.81, 0.86, 0.72, 0.84], 2),
    ([0.5, 0.9, 0.8, 0.6, 0.7, 0.95, 0.99], [0.6, 0.7, 0.85, 0.4, 0.65, 0.9, 0.5], 3),
    ([0.5, 0.9, 0.8, 0.6, 0.7, 0.95], [0.6, 0.7, 0.85, 0.4, 0.65, 0.9], 1),
    ([0.91, 0.88, 0.9, 0.87, 0.6], [0.89, 0.8, 0.9, 0.7, 0.3], 4),
)
"""Accuracies on the images seen, on those held back, and the networks in a group."""


@exercise(
    "5.3.2",
    title="the luck of the best",
    minutes=10,
    difficulty=2,
    solution=luck_of_the_best,
    hints=(
        "Cut the list into groups of `count`, one behind the other. In each, find the place of "
        "the highest number in `seen`.",
        "At that place subtract `held` from `seen`. Return the mean over the groups.",
        ("How do I find the place?", "`max(range(a, b), key=lambda k: seen[k])`."),
    ),
)  # fmt: skip
def _(answer):
    return agree(answer, luck_of_the_best, *TRIED, tolerance=1e-6, slips=LUCK)
