"""Laws of lesson 5.4's helpers: tables, people's words, the desk, figures, the recipe."""

import re

import numpy as np
import pandas as pd
import pytest
import torch
from test_language import few, reader
from test_language_reasons import LINE, NAMES, TEXT, VALUES, bag_of

from course_utils import language
from course_utils.demos import figures_5_4 as figures
from course_utils.demos import lesson_5_4 as demo
from course_utils.demos import sentence_desk
from course_utils.language import Sentences, files
from course_utils.recipes import language as recipe


def reasons_table():
    rows = []
    for seed in (1, 0):
        for sentence in range(3):
            row = {"seed": seed, "sentence": sentence, "attention ~ Shapley": seed + sentence / 10}
            for k, name in enumerate(demo.EXPLAINERS):
                for judge in ("left out", "unknown"):
                    row[f"{name}, {judge}"] = float(k * (sentence + 1) + seed)
            rows.append(row)
    return pd.DataFrame(rows)


def versions():
    return pd.DataFrame([
        {"seed": seed, "network": kind, "way": way, "share": share, "bytes": 1000 * (1 + k),
         "accuracy": 0.7 + seed / 100, "agreement": 0.9, "another seed": 0.5}
        for seed in (2, 0, 1) for kind in ("bag", "transformer")
        for k, (way, share) in enumerate([("whole", 1), ("int8", 1), ("by lot", 0.1),
                                          ("by lot", 0.5), ("folded", 1)])
    ])  # fmt: skip


def test_columns_come_in_the_order_of_seeds():
    found = demo.column(versions(), "accuracy", network="bag", way="whole")
    assert found == pytest.approx([0.70, 0.71, 0.72])
    with pytest.raises(ValueError, match="no row"):
        demo.column(versions(), "accuracy", way="halved")
    rows = demo.version_rows(versions())
    assert [row["version"] for row in rows[:4]] == ["whole", "int8", "10% of the words, by lot",
                                                    "folded"]  # fmt: skip
    assert rows[0]["accuracy"] == "71.0% ± 1.0%"


def test_means_are_for_each_seed_and_errors_are_paired():
    table = reasons_table()
    assert demo.correlations(table) == {"attention ~ Shapley": pytest.approx([0.1, 1.1])}
    found = demo.falls(table, "unknown")
    assert found["LIME"] == pytest.approx([2, 3]) and list(found) == list(demo.EXPLAINERS)
    gaps = demo.ahead(table, "Shapley", "LIME", "left out")
    assert [gap for gap, _ in gaps] == pytest.approx([2, 2])
    assert gaps[0][1] == pytest.approx(1 / 3**0.5)


def test_glass_box_weights_belong_to_their_words():
    sentences = few(count=200)
    glass = demo.glass_box(sentences, few(1))
    weights = demo.glass_weights(glass)
    assert weights["great"] > 0.5 and weights["dull"] < -0.5
    assert glass.score(sentences.texts, sentences.liked.numpy()) == 1


def test_a_new_process_reads_the_file(tmp_path):
    files.save(LINE, tmp_path / "a.safetensors")
    found = demo.in_a_new_process(tmp_path / "a.safetensors", ["great film", "dull"])
    assert found.tolist() == pytest.approx([2.25, -1.75])
    with pytest.raises(RuntimeError, match="did not run"):
        demo.in_a_new_process(tmp_path / "b.safetensors", ["great"])
    assert demo.bytes_of(LINE)["words"] == len("a dull film great nice")


def word_table():
    words = ["awful", "bad", "good", "great", "love", "terrible"]
    good = np.array([-3, -1, 1, 2, 3, -2.0])
    return pd.DataFrame([
        {"seed": seed, "word": word, "times": 3, "leave one out": value, "LIME": -value,
         "Shapley": value, "attention": 1.0, "by lot": 0.0}
        for seed in (0, 1) for word, value in zip(words, good)
    ])  # fmt: skip


def test_words_against_people():
    found = demo.against_people(word_table(), {"line": [{"good": 1.0, "awful": -1.0}]})
    assert found["Shapley"]["rank"] == pytest.approx([1 - 6 * 8 / 210] * 2)
    assert found["Shapley"]["sign"] == [1, 1] and found["LIME"]["sign"] == [0, 0]
    assert found["attention"]["sign"] == [0.5, 0.5]
    assert found["line"]["sign"] == [pytest.approx((2 + 4 / 2) / 6)]
    assert abs(found["Shapley, words shuffled"]["rank"][0]) < 0.99
    assert demo.people_rows(found)[0]["same side"] == "100%"


def test_words_that_mean_something_else():
    texts = ["awful great"] * 6 + ["awful bad"] * 6 + ["great"] * 6
    rating = torch.tensor([2.0, 1.0] * 6 + [1.0] * 6).double()
    sentences = Sentences(texts, rating / 4, rating, [np.array([1, 2])] * 18)
    bags = [{"awful": 0.5, "great": 1.0, "bad": 1.0}, {"awful": 0.1, "great": -1.0, "bad": -1.0}]
    (row,) = demo.otherwise(bags, texts, sentences, least=12)
    assert (row["word"], row["sentences"]) == ("awful", 12)
    assert row["weight"] == pytest.approx(0.3) and row["mean"] == pytest.approx(1.5)
    assert demo.times_in(texts)["great"] == 12
    cloud = demo.cloud([bag_of(awful=1.0, great=2.0), bag_of(awful=3.0, great=2.0)], texts)
    assert {word: weight for word, _, weight in cloud} == {"awful": 2.0, "great": 2.0}


def test_doubt_follows_a_spread_that_is_its_own():
    texts = ["great", "great film", "great great", "a", "dull film", "film", "nice"]
    size = LINE(texts).abs().tolist()
    people = [np.array([-one, one]) / max(size) for one in np.argsort(np.argsort(-np.array(size)))]
    rating = torch.tensor([2.0, 2, 2, 0.1, -2, 0.2, 0.1]).double()
    held = Sentences(texts, rating, rating, people)
    (row,) = demo.doubt({"line": [LINE]}, held)
    assert row["all"] == "1.00" and row["clear only"] == "1.00" and row["shuffled"] != "1.00"


def test_tables_of_answers_and_pairs():
    liked = torch.tensor([1.0, -2, 0.5, -0.5]).double()
    held = Sentences(["a"] * 4, liked, liked, [np.array([1])] * 4)
    right, wrong = liked.clone(), liked.clone()
    wrong[3] = 1
    rows = demo.test_rows({"two": [right, wrong], "one": [wrong]}, held)
    assert rows[1] == {"reader": "one", "all": "75.0%", "clear": "100.0%", "unsure": "50.0%"}
    assert rows[0]["all"].startswith("87.5% ± ")
    table = pd.DataFrame([{"seed": s, "network": "bag", "what": what, "turned": s / 10,
                           "control": 0.0, "pairs": 50} for s in (0, 1)
                          for what in ("not", "attention blind")])  # fmt: skip
    (row,) = demo.tried_rows(table, kind="bag")
    assert row["pairs"] == "not" and row["turned"].startswith("5% ± ") and row["n"] == "50"


def test_attention_gets_a_side_and_so_does_the_control(monkeypatch):
    values = torch.tensor([-3.0, 2, -1, 0.5, 0.25, 0.125, 0.5]).double()
    one = bag_of(**dict(zip("abcdefg", values.tolist())))
    sizes = torch.tensor([0.5, 0.4, 0.3, 0.2, 0.1, 0.0, 0.0]).double()
    monkeypatch.setattr(language.explain, "attention", lambda reader, text: sizes)
    lot = torch.tensor([0.1, -0.9, 0.2, -0.8, 0.7, 0.0, 0.0]).double()
    monkeypatch.setattr(language.explain, "by_lot", lambda reader, text, seed: lot)
    (found,) = zip(*demo.with_a_side(one, ["a b c d e f g", "a b c"]).values())
    assert one(["a b c d e f g"]).item() < 0
    assert found[0] == pytest.approx(2.0)  # a 3, b -2, c 1
    assert found[1] == pytest.approx(3.875)  # c, a, f: -1, -3, 0.125
    assert found[2] == found[3] == pytest.approx(3.875)
    assert set(demo.with_a_side(one, ["a b c"])) == set()


def test_rare_words_are_those_beyond_the_most_frequent():
    one = bag_of(a=1.0, b=-2.0, c=3.0, d=4.0)
    spoken, said = demo.rare_words(one, ["a b", "c c qqq"], share=0.5)
    assert spoken == pytest.approx(2 / 4) and said == pytest.approx(6 / 9)


def test_sides_are_counted():
    rows = [{"mean": mean, "weight": weight, "error": 0.4} for mean, weight in
            ((1.0, 0.5), (-1.0, -0.5), (0.5, 0.5), (0.5, -0.5), (-2.0, 1.0))]  # fmt: skip
    assert demo.sided(rows) == ("on the network's side in 3 (clearly: 2), on the ratings' in 2 "
                                "(clearly: 1)")  # fmt: skip


def test_shifts_are_means_over_seeds():
    table = pd.DataFrame([{"seed": s, "network": "bag", "what": what, "not moves good": s / 10,
                           "not moves bad": -1.0, "very moves good": 0.0, "very moves bad": 0.5}
                          for s in (1, 3) for what in ("not", "but")])  # fmt: skip
    first, second = demo.shift_rows(table)
    assert (first["word"], first["good words"]) == ("not", "+0.20 ± 0.14")
    assert (second["word"], second["bad words"]) == ("very", "+0.50 ± 0.00")


# ---- the desk


def test_the_desk_shows_words_and_answers_and_escapes_what_is_typed():
    desk = sentence_desk.Desk({"bag": LINE, "transformer": reader("transformer")})
    drawn = desk.draw(sentence="a <script>alert(1)</script> GREAT 'film' & dull $x$")
    assert "<script" not in drawn and ">alert" not in drawn.replace("<i>alert", "")
    assert ">great</td>" in drawn and "<i>script (unknown)</i>" in drawn
    assert "liked" in desk.words(sentence="great") and "92%" not in desk.words(sentence="dull")
    assert f"bag: {sentence_desk.answer(1.75)}" in desk.words(sentence="great")
    assert (
        "Type a sentence" in desk.draw(sentence=" … ") and desk.words(sentence="") == "No sentence."
    )
    assert desk.controls()["sentence"].value == sentence_desk.START
    long = desk.draw(sentence=" ".join(f"w{k}" for k in range(500)))
    assert long.count("<tr>") == 1 + sentence_desk.MOST


TYPED = ["great", "qqqq", "这部电影很好看", "é ß İ", "a \x00b", "great " * 900,
         "<img src=x onerror=f()>", "x" * 5000, "10/10", "_ __"]  # fmt: skip


@pytest.mark.parametrize("typed", TYPED)
def test_the_desk_takes_what_is_typed(typed):
    desk = sentence_desk.Desk({"bag": LINE, "transformer": reader("transformer")})
    drawn = desk.draw(sentence=typed)
    assert drawn.startswith("<table") and "<img" not in drawn and "x" * 30 not in drawn
    assert ("No word here is known" in drawn) == (not set(typed.split()) & {"great", "a"})
    assert "liked, " in desk.words(sentence=typed)


def test_the_longest_bar_is_told():
    assert "the longest is 1.5." in sentence_desk.Desk({"bag": LINE}).draw(sentence="great film")


def test_words_are_escaped_whatever_they_are():
    drawn = sentence_desk.Desk({"bag": LINE})._row(0, "<b>&", {"bag": [1.0]}, 1.0)
    assert "<b>" not in drawn and "&lt;b&gt;&amp;" in drawn


def test_bars_and_answers():
    assert sentence_desk.answer(0.0).startswith("disliked, 50%")
    assert sentence_desk.answer(2.0) == "liked, 88%"
    assert "margin-left:75px;width:75px" in sentence_desk.bar(1.0, "#000")
    assert "margin-left:37px;width:38px" in sentence_desk.bar(-0.5, "#000")
    assert sentence_desk.shortened("Don't, a a") == "don't a a"


# ---- figures


def test_figures_are_drawn_and_told():
    found = {"leave one out": VALUES, "attention": VALUES.abs(), "by lot": -VALUES}
    assert len(figures.words(NAMES, found, title="a").axes) == 3
    assert "leave one out: dull -2.00, great +1.50" in figures.words_for_words(NAMES, found)
    table = versions()
    assert len(figures.sizes(table, floor=0.5, title="a").axes) == 2
    assert "bag by lot 50%: 4 kB, 71.0%" in figures.words_for_sizes(table)
    rho = {"attention ~ Shapley": [0.2, 0.4]}
    falls = {"left out": {"LIME": [1.0, 2.0], "by lot": [0.0, 0.2]}}
    assert len(figures.compared(rho, falls, title="a").axes) == 2
    assert "attention ~ Shapley 0.30" in figures.words_for_compared(rho, falls)
    assert "three words left out: LIME 1.50, by lot 0.10" in figures.words_for_compared(rho, falls)
    rows = [("bad", -2.0, 0.5), ("good", 2.0, 0.5)]
    made = figures.rated(rows, named=["bad"], title="a")
    assert [text.get_text() for text in made.axes[0].texts] == ["bad"]
    assert "2 words; 50% on the same side. bad: alone -2.0" in figures.words_for_rated(
        rows, named=["bad"])  # fmt: skip


# ---- the recipe


def test_explainers_are_compared_by_size():
    values = {name: VALUES for name in demo.EXPLAINERS} | {"attention": -VALUES}
    assert list(recipe.compared(values).values()) == pytest.approx([1.0] * 5)
    same = [VALUES, -VALUES]
    assert recipe.alike(same, same) == pytest.approx(1)
    assert recipe.alike(same, same[::-1]) == pytest.approx(-1)


def test_word_rows_are_means(monkeypatch):
    one = reader("transformer", seed=1)
    texts = ["great dull film a not great dull", "a great film", "great", "great not"]
    rows, words = recipe.explained(one, 7, texts)
    assert rows == []  # all are too short to lose three words and keep as many
    (row,) = [row for row in words if row["word"] == "great"]
    assert row["times"] == 3 and row["seed"] == 7  # one of one word is left out
    each = [language.explain.leave_one_out(one, text)[k].item()
            for text, k in ((texts[0], 0), (texts[1], 1), (texts[3], 0))]  # fmt: skip
    assert row["leave one out"] == pytest.approx(sum(each) / 3)
    assert all(row["word"] != "film" for row in words)


def test_versions_are_what_they_say():
    one = reader("bag", vocabulary=language.Vocabulary(tuple(f"w{k}" for k in range(100))))
    found = {(way, share): (size, version) for way, share, size, version
             in recipe.smaller(one, "bag", 0)}  # fmt: skip
    assert len(found) == 3 + 3 * len(recipe.SHARES)
    assert len(found["by lot", 0.2][1].vocabulary.known) == 20
    assert found["int8", 1][0] == len(found["int8", 1][1].network.bytes)
    assert found["folded", 1][0] < found["whole", 1][0] / 5
    assert recipe.turns(torch.tensor([1.0, -1, 2, -3]), torch.tensor([1.0, 1, -2, -1])) == 0.5


def test_the_committed_study_is_whole():
    from course_utils import data

    table = data.study("language")
    assert set(table.seed) == {0, 1, 2} and (table[table.way == "whole"].agreement > 0.999).all()
    tried = data.study("language_tried")
    assert (tried[tried.what.isin(("not", "but", "typo", "name"))].pairs >= 50).all()
    assert data.study("language_reasons").groupby("seed").sentence.count().min() > 200
    assert data.study("language_words").groupby("seed").word.count().min() > 200
    assert re.fullmatch(r"[\d.]+", str(table.accuracy.mean())) and TEXT


def test_what_is_tried_says_how_far_a_word_moves(monkeypatch):
    line = bag_of(**{"not": -0.5, "great": 1.5, "dull": -2.0, "film": 0.5, "very": 0.25})
    held = few(count=40)
    monkeypatch.setattr(recipe.language, "sentences", lambda split: held)
    rows = {row["what"]: row for row in recipe.tried(line, "bag", 4, held.texts)}
    assert list(rows) == ["not", "but", "typo", "name", "order of words"]
    for side in ("good", "bad"):
        assert rows["not"][f"not moves {side}"] == pytest.approx(-0.5)
        assert rows["not"][f"very moves {side}"] == pytest.approx(0.25)
        assert f"not moves {side}" not in rows["but"]
    assert rows["not"]["pairs"] == 2 and rows["not"]["turned"] == 0 and rows["but"]["turned"] == 0
    assert rows["typo"]["turned"] > 0.5 and rows["typo"]["control"] == 0  # dull, not film
    assert rows["order of words"]["turned"] == 0
