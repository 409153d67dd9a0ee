"""What the exercise tests share: the remark that a wrong answer gets."""

from course_utils.exercises import judge


def remark(number, wrong):
    """The remark on a wrong answer to an exercise, which must not be solved by it."""
    result = judge(number, wrong)
    assert result.state == "not yet"
    return result.remark
