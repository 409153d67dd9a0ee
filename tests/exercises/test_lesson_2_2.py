"""The checks of lesson 2.2 accept the reference and name each plausible slip."""

import pytest
import torch

from course_utils import training
from course_utils.exercises import judge
from course_utils.exercises import lesson_2_2 as lesson


def in_place(network, image, bands):
    said = network(image).argmax().item()
    kept = []
    for top, bottom in bands:
        image[..., :top, :] = 0
        image[..., bottom:, :] = 0
        kept += [(top, bottom)] * (network(image).argmax().item() == said)
    return kept


def cropped(network, image, bands):
    said = network(image).argmax()
    return [(t, b) for t, b in bands if network(image[..., t:b, :]).argmax() == said]


@pytest.mark.parametrize(
    ("number", "wrong", "words"),
    [
        ("2.2.1", lesson._spoken, "without executing"),
        ("2.2.1", lesson._needed, "which band is *needed*"),
        ("2.2.1", lesson._not_needed, "can be spared"),
        ("2.2.1", lesson._changed, "*not* enough"),
        ("2.2.1", lesson._as_likely, "compare probabilities"),
        ("2.2.1", lesson._half_as_likely, "compare probabilities"),
        ("2.2.1", lesson._over_half, "above one half"),
        ("2.2.1", lesson._one_more, "a row too many"),
        ("2.2.1", lesson._one_less, "a row too few"),
        ("2.2.1", lesson._by_columns, "kept columns"),
        ("2.2.1", lesson._brightest, "brightest band"),
        ("2.2.1", lesson._first_only, "stop at the first"),
        ("2.2.1", lesson._piling_up, "pile up"),
        ("2.2.1", lesson._enough_and_needed, "needed as well"),
        ("2.2.1", lesson._on_white, "white"),
        ("2.2.1", lesson._on_grey, "grey"),
        ("2.2.1", lambda network, image, bands: list(range(len(bands))), "bands themselves"),
        ("2.2.1", lambda network, image, bands: [True] * len(bands), "bands themselves"),
        ("2.2.1", lambda network, image, bands: [f"{t} to {b}" for t, b in bands], "themselves"),
        ("2.2.1", cropped, "leave the rest black"),
        ("2.2.1", in_place, "changed `image` itself"),
        ("2.2.1", lambda network, image, bands: [], "For the bands"),
        ("2.2.1", lambda network, image, bands: (1 > 2) or None, "None"),
        ("2.2.2", lesson._in_deviations, "in standard deviations"),
        ("2.2.2", lesson._upwards, "sign is turned"),
        ("2.2.2", lesson._no_intercept, "intercept is missing"),
        ("2.2.2", lesson._no_mean, "mean is not subtracted"),
        ("2.2.2", lesson._unscaled, "scale is missing"),
        ("2.2.2", lesson._scale_below, "`coef * scale`"),
        ("2.2.2", lesson._new_value, "new *values*"),
        ("2.2.2", lesson._shares, "contributions"),
        ("2.2.2", lesson._own_share, "its own contribution"),
        ("2.2.2", lesson._to_half, "not of 0.5"),
        ("2.2.2", lesson._size, "direction is lost"),
        ("2.2.2", lesson._own_term_only, "*all* terms"),
        ("2.2.2", lesson._without_own, "own term out"),
        ("2.2.2", lesson._times_slope, "divide by it"),
        ("2.2.2", lesson._probability_undone, "undo the probability"),
        ("2.2.2", lesson._unscaled_row, "the row as it is"),
        ("2.2.2", lambda *given: 3.0, "3 came"),
        ("2.2.2", lesson._all_at_once, "*alone*"),
    ],
)
def test_slips_get_their_own_words(number, wrong, words):
    result = judge(number, wrong)
    assert result.state == "not yet" and words in result.remark


def test_other_right_answers():
    def by_mask(network, image, bands):
        rows = torch.arange(image.shape[-2])[:, None]
        shown = [image * ((rows >= t) & (rows < b)) for t, b in bands]
        same = network(torch.cat(shown)).argmax(1) == network(image).argmax(1)
        return [band for band, kept in zip(bands, same) if kept]

    def by_slope(coef, intercept, mean, scale, row):
        slope = coef / scale
        return -(intercept - (slope * mean).sum() + (slope * row).sum()) / slope

    def in_other_form(network, image, bands):
        return [list(band) for band in by_mask(network, image, bands)][::-1]

    def as_set(network, image, bands):
        return set(by_mask(network, image, bands))

    def by_course(network, image, bands):
        said = training.predict(network, image).argmax(1)
        for band in bands:
            if training.predict(network, lesson._alone(image, *band)).argmax(1) == said:
                yield band

    def as_list(coef, intercept, mean, scale, row):
        return by_slope(coef, intercept, mean, scale, row).tolist()

    for right in (by_mask, in_other_form, as_set, by_course):
        assert judge("2.2.1", right).state == "solved"
    assert judge("2.2.2", as_list).state == "solved"
    assert judge("2.2.2", by_slope).state == "solved"
