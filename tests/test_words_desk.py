"""What lesson 3.8 shows: rows of truth, networks that disagree, and a desk with a button."""

import pytest
import torch
from torch import nn

from course_utils import widgets, words
from course_utils.demos import figures_3_8 as figures
from course_utils.demos import lesson_3_8 as demo
from course_utils.words import Claim, Trial, Truth

pytest_plugins = ["stand_ins"]


class Always(nn.Module):
    def __init__(self, label=3):
        super().__init__()
        self.label = label

    def forward(self, images):
        return torch.eye(10)[self.label].expand(len(images), -1)


class Reader:
    def predict(self, texts):
        return [1] * len(texts)


def claim(number, answer, *, shown=None, sure=0.0):
    shown = torch.zeros(1, 8, 8) if shown is None else shown
    trial = Trial(("black, 1 pixel wider", "黑"), shown, answer)
    return Claim("region", f"Sentence {number}.", f"第{number}句。", (trial,), shown, sure)


def test_a_row_tells_coverage_truth_and_control():
    told = demo.row("x", Truth(200, 50, 40), Truth(10, 10, 1))
    assert told["spoken"] == "25%" and told["true"].startswith("80.0% ± ")
    assert told["control, true"].startswith("10.0% ± ")
    assert demo.row("x", Truth(5, 0, 0))["true"] == "nothing said"


def test_shown_sentences_differ_and_silence_is_left_out():
    told = demo.shown([None, claim(1, 3), claim(1, 3), claim(2, 3), claim(3, 3)], 2)
    assert [row["English"] for row in told] == ["Sentence 1.", "Sentence 2."]
    assert told[0]["中文"] == "第1句。"


def test_little_words_are_those_that_sentences_name_and_no_title_word():
    spoken = [words.reviews.claim("I like that title.", True, word)
              for word in ("that", "title", "i", "that")]  # fmt: skip
    assert demo.little_words([None, *spoken]) == ["i", "that"]
    assert demo.little_words([None, claim(1, 3)]) == []


def test_threshold_is_that_of_the_claims_that_hold():
    claims = [claim(k, 3 if k > 9 else 4, sure=float(k)) for k in range(40)] + [None]
    assert demo.threshold(Always(), claims, 1.0) == 10


def test_sides_by_hand():
    ours = torch.tensor([1, 1, 1, 1, 2, 3])
    twins = torch.tensor([[2, 2, 2, 1, 1, 3], [1, 2, 1, 1, 5, 4]])
    found = demo.sides(ours, twins, torch.tensor([1, 2, -1, 1, 5, 3]))
    assert (found["disagree"], found["spoken"]) == (5, 4)  # the fourth image parts nobody
    assert found["ours"].tolist() == [1, 0, 0, 1]
    assert found["theirs"].tolist() == [0, 1, 0.5, 0]
    assert found["lead"].tolist() == [1, -1, -0.5, 1]
    told = demo.side_row("x", found)
    assert (told["disagreements"], told["spoken"], told["with ours"]) == ("5", "4", "50%")
    assert told["with the twin"] == "38%" and told["ours − twin"].startswith("+12 ± 52")
    assert demo.foretold([claim(0, 7), None]).tolist() == [7, -1]


def test_halved_images_keep_their_frame_and_their_light():
    image = torch.zeros(1, 1, 32, 32)
    image[..., 8:24, 8:24] = 0.8
    small = demo.halved(image)
    assert small.shape == image.shape and words.parts.bounding_boxes(small).tolist() == [
        [12, 20, 12, 20]]  # fmt: skip
    assert small.max() == pytest.approx(0.8)


def test_a_check_is_asked_about_sentences_only():
    def tried(network, one):
        return one.holds(network)

    def never_no(network, one):
        return one is not None

    claims = [claim(1, 3), None, claim(2, 4)]
    assert demo.passes((tried, never_no), claims, {"a": Always(), "b": Always(4)}) == [
        {"check": "tried", "a": 0.5, "b": 0.5},
        {"check": "never_no", "a": 1, "b": 1},
    ]


def test_costs_are_for_a_case_and_the_better_of_two_runs(monkeypatch):
    clock = iter([0.0, 0.9, 1.0, 1.2])
    monkeypatch.setattr(demo.time, "perf_counter", lambda: next(clock))
    calls = []
    assert demo.costs(10, {"x": lambda: calls.append(1)}) == [
        {"sentences": "x", "ms a case": "20.0"}
    ]
    assert len(calls) == 2


class Tree:
    """A book that foretells the first pixel's class, as sure as the second pixel."""

    def foretold(self, images):
        return images[:, 0, 0, 0].long(), images[:, 0, 0, 1]


def test_a_threshold_from_validation_is_judged_on_test_images():
    images = torch.zeros(40, 1, 2, 2)
    images[:, 0, 0, 0] = torch.arange(40) % 4
    images[:, 0, 0, 1] = torch.arange(40) / 40
    told = images[:, 0, 0, 0].long()
    said = {"validation": torch.where(torch.arange(40) < 15, 9, told),
            "test": torch.where(torch.arange(40) < 20, 9, told)}  # fmt: skip
    row, truth, least = demo.rules_row(
        "x", Tree(), said, {"validation": images, "test": images}, goal=1
    )
    assert least == pytest.approx(15 / 40)
    assert (truth.cases, truth.spoken, truth.true) == (40, 25, 20)
    assert row["fidelity"] == "50%" and row["spoken"] == "62%"
    assert float(row["control, true"].split("%")[0]) < 50


def make_desk():
    texts = [claim(k, k % 2, shown=f"text {k} <b>") for k in range(6)]
    images = [claim(k, 3) for k in range(6)], [None] + [claim(k + 10, 4) for k in range(6)]
    return figures.Desk({"part": (Always(), *images), "word": (Reader(), texts, texts)})


def test_the_desk_asks_the_model_only_when_verified():
    desk = make_desk()
    seen = [desk.draw("part", case, True) for case in range(1, 7)]
    assert sum("It holds" in page and "was found" in page for page in seen) == 3
    assert sum("It does not hold" in page and "made by dice" in page for page in seen) == 3
    assert [page.count("✗") > 0 for page in seen] == ["dice" in page for page in seen]
    origins = ["".join("f" if "was found" in desk.draw(kind, case, True) else "d"
                       for case in range(1, 7)) for kind in ("part", "word")]  # fmt: skip
    assert all(sorted(one) == list("dddfff") for one in origins)
    assert not set(origins) <= {"fffddd", "dddfff"}, "the order must not tell which are found"
    silent = desk.draw("part", 1, False)
    assert "hold" not in silent and "dice" not in silent and "found" not in silent
    assert "第" in silent and desk.words("part", 1, False).startswith("Sentence")
    assert "<b>" not in desk.draw("word", 1, False) and "&lt;b&gt;" in desk.draw("word", 1, False)
    assert "liked" in desk.draw("word", 1, True) and "dress" in desk.words("part", 1, True)


def test_the_button_is_released_when_a_case_is_chosen():
    desk = make_desk()
    live = widgets.live(desk.draw, alt=desk.words, kind=["part", "word"], case=[1, 2, 3],
                        verify=figures.verify_button())  # fmt: skip
    assert "answers as foretold" in live.bundle()["text/html"]  # the still page shows the trial
    figures.releases(live)
    assert "answers as foretold" not in live.picture.value
    live.controls["verify"].value = True
    assert "answers as foretold" in live.picture.value
    for name, value in (("case", 2), ("kind", "word")):
        live.controls["verify"].value = True
        live.controls[name].value = value
        assert live.controls["verify"].value is False and live.error is None


def test_the_picture_marks_each_trial():
    one, other = (Trial(("black", "黑"), torch.zeros(1, 8, 8), answer) for answer in (3, 4))
    made = figures.trials(Always(), Claim("region", "A.", "甲。", (one, other), one.shown))
    assert [axis.get_title()[-1] for axis in made.axes] == ["✓", "✗"]


def test_without_widgets_the_trial_is_shown(no_widgets):
    assert figures.verify_button().value is True


def test_the_surest_failure_is_found():
    claims = [claim(1, 3, sure=9.0), claim(2, 4, sure=2.0), None, claim(3, 4, sure=1.0)]
    assert figures.surest_failure(Always(), claims).english == "Sentence 2."
