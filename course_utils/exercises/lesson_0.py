"""Exercises of lesson 0: start here."""

import torch

from course_utils.exercises import agree, exercise

# ---- 0.1


def compression_ratio(before, after):
    return before / after


def _inverse(before, after):
    return after / before


def _saved(before, after):
    return 1 - after / before


def _percent_saved(before, after):
    return 100 * (1 - after / before)


def _percent(before, after):
    return 100 * before / after


def _percent_left(before, after):
    return 100 * after / before


def _relative(before, after):
    return (before - after) / after


def _difference(before, after):
    return before - after


def _whole(before, after):
    return before // after


@exercise(
    "0.1",
    title="how many times smaller?",
    minutes=3,
    difficulty=1,
    solution=compression_ratio,
    hints=(
        "Begin with an easy case: from 100 bytes to 25 bytes is 4 times smaller.",
        ("My number is below 1", "Which of the two sizes stands above the line?"),
        ("A whole number comes out", "`//` throws away what is behind the point; `/` keeps it."),
    ),
)
def _(answer):
    return agree(
        answer, compression_ratio, (100, 25), (1000, 300), (80, 100),
        slips=(
            (_inverse, "You give the share that is left. Turn the fraction over: 4 times smaller "
                       "must come out as 4, not as 0.25."),
            (_saved, "You give the share that is saved. The ratio compares the two sizes."),
            (_percent_saved, "You give the percentage saved. The ratio is a plain number: how "
                             "often the small file fits into the large one."),
            (_percent, "You give a percentage. A ratio of 4 is written 4, not 400."),
            (_percent_left, "You give the percentage that is left. Turn the fraction over, without "
                            "the 100."),
            (_relative, "You divide the bytes saved. Divide the whole size before."),
            (_difference, "You give the bytes saved. How many *times* smaller is a quotient."),
            (_whole, "You cut off what is behind the point: `//` gives whole numbers, `/` does "
                     "not."),
        ),
    )  # fmt: skip


# ---- 0.2


def changed_share(before, after):
    changed = before.argmax(1) != after.argmax(1)
    return changed.float().mean().item()


def _unchanged(before, after):
    return 1 - changed_share(before, after)


def _percent_changed(before, after):
    return 100 * changed_share(before, after)


def _count(before, after):
    return len(before) * changed_share(before, after)


def _any_logit(before, after):
    return (before != after).float().mean().item()


def _highest_logit(before, after):
    return (before.max(1).values != after.max(1).values).float().mean().item()


def _over_images(before, after):
    return (before.argmax(0) != after.argmax(0)).float().mean().item()


def _distance(before, after):
    return (before.argmax(1) - after.argmax(1)).float().abs().mean().item()


def _one_answer(before, after):
    return float(before.argmax() != after.argmax())


# answers jump by two classes, or their mean distance would pass for the share
_BEFORE = torch.tensor([[2.0, 1, 0], [3, 0, 1], [1, 0, 4], [5, 1, 2], [0, 2, 6]])
_AFTER = torch.tensor([[1.9, 1.8, 0], [1.5, 0, 3.5], [1, 0, 4], [5, 1, 2], [7, 6, 1]])


@exercise(
    "0.2",
    title="which answers changed?",
    minutes=7,
    difficulty=1,
    solution=changed_share,
    hints=(
        "`logits.argmax(1)` gives the class of each image: of each row, the column that is "
        "largest.",
        "`a != b` compares entry by entry and gives True or False for each image.",
        ("mean() complains about Bool", "Turn it into numbers first: `.float().mean()`. A mean "
                                        "of zeros and ones is a share."),
    ),
)  # fmt: skip
def _(answer):
    return agree(
        answer, changed_share, (_BEFORE, _AFTER), (_BEFORE, _BEFORE), (_BEFORE[:3], _AFTER[:3]),
        slips=(
            (_unchanged, "You count the answers that stayed. Asked is the share that changed."),
            (_percent_changed, "You give a percentage. In this course a share is a fraction "
                               "from 0 to 1."),
            (_count, "You count the images. Divide by how many there are."),
            (_any_logit, "You compare the logits. They nearly always move a little; the answer "
                         "is the class whose logit is largest."),
            (_highest_logit, "You compare the largest logits. Compare the classes that have "
                             "them: `argmax`, not `max`."),
            (_over_images, "You look down the columns. Each row is an image: the class is the "
                           "largest along axis 1."),
            (_distance, "You measure how far apart two classes stand in the list. Asked is only "
                        "whether they differ: `!=`."),
            (_one_answer, "You compare one place of the whole table. Each image has an answer of "
                          "its own: `argmax(1)`."),
        ),
    )  # fmt: skip
