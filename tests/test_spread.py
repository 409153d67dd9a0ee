"""A mean, its error, and what they allow to be said."""

import pytest
import torch

from course_utils.spread import decide, mean_and_error


def test_a_mean_and_its_error_by_hand():
    mean, error = mean_and_error([1, 2, 3, 4])
    assert mean == 2.5 and error == pytest.approx((5 / 3) ** 0.5 / 2)  # n - 1, then the root of n
    assert mean_and_error(torch.tensor([1.0, 2.0, 3.0, 4.0])) == (mean, error)


@pytest.mark.parametrize(("value", "said"), [(-3, "less"), (-2, "?"), (2, "?"), (2.1, "more")])
def test_within_the_margin_nothing_is_said(value, said):
    assert decide(value, 2, ("less", "?", "more")) == said
