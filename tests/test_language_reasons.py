"""Laws of the language room: explanations, smaller readers, reasons and minimal pairs."""

import pytest
import torch
from test_language import KNOWN, few, reader

from course_utils import language, shapley, surrogate
from course_utils.language import Bag, Vocabulary, compress, explain, onnx_files, probes, reasons
from course_utils.language.reader import Reader

TEXT = "a great film not a dull film"
NAMES = ["a", "great", "film", "not", "dull"]


@pytest.fixture(scope="module")
def transformer():
    return reader("transformer", seed=2)


def bag_of(**weights):
    """A bag of one number a word: its log-odds are a known sum."""
    bag = Bag(len(weights) + 2, size=1)
    with torch.no_grad():
        bag.word.weight[1:, 0] = torch.tensor([0.0, *weights.values()])
        bag.out.weight.fill_(1)
        bag.out.bias.fill_(0.25)
    return Reader(Vocabulary(tuple(weights)), bag)


LINE = bag_of(a=0.125, dull=-2.0, film=0.5, great=1.5, nice=0.25)
LINE_TRAINED = language.Trained(LINE, [0.5], [0.5])
VALUES = torch.tensor([0.25, 1.5, 1.0, 0.0, -2.0]).double()
"""By hand: a and film stand twice, "not" is unknown to LINE and counts nothing."""


# ---- explanations


def test_players_are_the_different_words():
    assert explain.players(TEXT) == NAMES
    with pytest.raises(ValueError, match="no word"):
        explain.players("…")


def test_every_way_finds_what_is_written_in_a_line():
    assert torch.allclose(explain.leave_one_out(LINE, TEXT), VALUES, atol=1e-5)
    assert torch.allclose(explain.shapley(LINE, TEXT), VALUES, atol=1e-5)
    assert torch.allclose(explain.lime(LINE, TEXT), VALUES, atol=0.01)


def test_the_game_is_leaving_words_out(transformer):
    masks = surrogate.draw_masks(40, 5, seed=1)
    theirs = surrogate.switched_words(transformer, TEXT)(masks)
    ours = explain.game(transformer, TEXT)(masks)
    assert torch.allclose(ours.float(), theirs, atol=1e-5)


def test_shapley_values_sum_and_sampling_finds_the_exact_ones(transformer, monkeypatch):
    exact = explain.shapley(transformer, TEXT)
    value = explain.game(transformer, TEXT)
    ends = value(torch.tensor([[0] * 5, [1] * 5]))
    assert exact.sum().item() == pytest.approx((ends[1] - ends[0]).item(), abs=1e-5)
    assert torch.allclose(exact, shapley.exact(value, 5))
    monkeypatch.setattr(explain, "EXACT", 4)
    sampled = explain.shapley(transformer, TEXT, orders=2000)
    assert not torch.equal(sampled, exact)
    assert torch.allclose(sampled, exact, atol=0.1 * exact.abs().max().item())


def test_attention_is_the_collecting_places_and_sums_to_one(transformer):
    found = explain.attention(transformer, TEXT)
    with torch.no_grad():
        _, seen = transformer.network.eval().looking(KNOWN.rows([TEXT]))
    row = seen[0, :, :, 0].mean((0, 1))
    assert found.shape == (5,) and (found > 0).all()
    assert found.sum().item() + row[0].item() == pytest.approx(1, abs=1e-5)
    assert found[0].item() == pytest.approx((row[1] + row[5]).item(), abs=1e-6)  # "a" twice
    assert found[4].item() == pytest.approx(row[6].item(), abs=1e-6)
    with pytest.raises(TypeError, match="Bag has no attention"):
        explain.attention(LINE, TEXT)
    assert len(explain.attention(transformer, "film " * 80 + "great")) == 2


def test_attention_is_changed_as_said(transformer):
    weights = torch.rand(2, 3, 4, 4)
    weights[1, :, :, 3] = 0  # padding
    weights /= weights.sum(-1, keepdim=True)
    even, dealt, blind = (way(weights) for way in
                          (explain.uniform, explain.shuffled(0), explain.blind))  # fmt: skip
    for changed in (even, dealt, blind):
        assert torch.allclose(changed.sum(-1), torch.ones(2, 3, 4))
        assert torch.equal(changed[:, :, 1:], weights[:, :, 1:])  # other places look as before
        assert (changed[1, :, 0, 3] == 0).all()
    assert torch.allclose(even[0, :, 0, 1:].std(-1), torch.zeros(3), atol=1e-6)
    assert torch.equal(even[:, :, 0, 0], weights[:, :, 0, 0])
    assert torch.equal(dealt[:, :, 0].sort(-1).values, weights[:, :, 0].sort(-1).values)
    assert torch.equal(dealt[:, :, 0, 0], weights[:, :, 0, 0])
    assert blind[:, :, 0, 0].eq(1).all()
    many = torch.rand(9, 1, 8, 8).softmax(-1)
    assert not torch.equal(explain.shuffled(0)(many), explain.shuffled(1)(many))


def test_a_blind_reader_says_the_same_of_all(transformer):
    texts = ["great film", "a dull film not great", "film"]
    same = explain.reweighed(transformer, texts, lambda weights: weights)
    assert torch.allclose(same, transformer(texts), atol=1e-5)
    blind = explain.reweighed(transformer, texts, explain.blind)
    assert blind.std() < 1e-5 < transformer(texts).std()


def test_rank_correlation_by_hand():
    one = torch.tensor([3.0, 1.0, 2.0])
    assert explain.rank_correlation(one, -one) == pytest.approx(-1)
    assert explain.rank_correlation(one, torch.ones(3)) == 0


# ---- smaller


def test_folding_is_exact():
    bag = reader("bag", seed=5)
    fold = compress.folded(bag)
    texts = [TEXT, "xyz", "", "great great"]
    assert torch.allclose(fold(texts), bag(texts), atol=1e-5)
    assert fold.network.settings["size"] == 1
    values = explain.leave_one_out(bag, "dull great")
    weights = dict(zip(KNOWN.known, compress.word_weights(bag).tolist()))
    assert values.tolist() == pytest.approx([weights["dull"], weights["great"]], abs=1e-5)
    with pytest.raises(TypeError, match="got Transformer"):
        compress.folded(reader("transformer"))


@pytest.mark.parametrize("kind", ["bag", "transformer"])
def test_dropped_words_become_unknown_and_the_others_stay(kind, tmp_path):
    one = reader(kind)
    less = compress.with_words(one, torch.tensor([True, False, True, True, False]))
    assert less.vocabulary.known == ("a", "film", "great")
    assert torch.allclose(less(["a great film"]), one(["a great film"]), atol=1e-6)
    assert torch.allclose(less(["dull film"]), one(["qqq film"]), atol=1e-6)
    assert len(one.vocabulary) == 7 == len(one.network.word.weight)  # the given one is untouched
    language.files.save(less, tmp_path / "a.safetensors")
    assert torch.equal(language.files.load(tmp_path / "a.safetensors")([TEXT]), less([TEXT]))
    with pytest.raises(ValueError, match="a bool for each of 5 words"):
        compress.with_words(one, torch.ones(7).bool())


def test_scores_of_words():
    one = reader("bag")
    found = compress.scores(one, seed=1)
    assert found["frequent"].argsort(descending=True).tolist() == [0, 1, 2, 3, 4]
    lengths = one.network.word.weight[2:].norm(dim=1)
    assert torch.equal(found["long vector"], lengths)
    assert not torch.equal(found["by lot"], compress.scores(one, seed=2)["by lot"])


def test_a_taught_bag_learns_from_both(monkeypatch):
    given, sentences = {}, few()
    monkeypatch.setattr(compress, "train", lambda *_, **how: given.update(how) or LINE_TRAINED)
    compress.taught_bag(LINE, sentences, few(1), seed=4, teachers_part=0.25)
    wanted = 0.25 * LINE(sentences.texts).sigmoid() + 0.75 * sentences.share
    assert torch.allclose(given["target"], wanted) and given["seed"] == 4


# ---- reasons


def test_named_words_speak_for_the_answer():
    assert reasons.named(VALUES, side=1, count=2).tolist() == [1, 2]
    assert reasons.named(VALUES, side=-1, count=1).tolist() == [4]


def test_falls_by_hand():
    found = reasons.falls(LINE, TEXT, {"exact": VALUES, "attention": -VALUES})
    assert LINE([TEXT]).item() == pytest.approx(1.0)
    assert found["exact", "left out"] == pytest.approx(2.75, abs=1e-5)  # great, film, a
    assert found["attention", "left out"] == pytest.approx(-1.75, abs=1e-5)  # dull, not, a
    dull = reasons.falls(LINE, "a dull dull film", {"exact": torch.tensor([0.125, -4, 0.5])})
    assert dull["exact", "left out"] == pytest.approx(-(-3.125 - 0.25), abs=1e-5)


def test_the_second_judge_puts_unknown_there():
    known = bag_of(a=1.0, b=2.0, c=3.0, d=4.0)
    with torch.no_grad():
        known.network.word.weight[1] = 10.0
    after = reasons.taken_away(known, "a b c d", [torch.tensor([0, 3])])
    assert after["left out"].item() == pytest.approx(5.25)
    assert after["unknown"].item() == pytest.approx(25.25)


def test_rated_words():
    found = reasons.rated()
    assert found["great"] > 2.5 and found["awful"] < -1.5


# ---- minimal pairs


ADJECTIVES = ["awful", "dull", "great", "nice"]


def test_adjectives_are_known_verdicts_that_people_rate_clearly():
    known = Vocabulary(("is", "great", "awful", "film", "comedy", "beautifully", "weak"))
    assert probes.adjectives(known) == ["awful", "great", "weak"]
    assert probes.adjectives(known, least=2) == ["awful", "great"]
    assert len(set(probes.VERDICTS)) == len(probes.VERDICTS)
    ratings = reasons.rated()
    assert all(word in ratings for word in probes.VERDICTS)


def test_pairs_are_sentences():
    (pair,) = probes.negations(["dull"])
    assert pair == probes.Pair("The film is dull.", "The film is not dull.",
                               "The film is very dull.")  # fmt: skip


def test_a_word_that_negates_moves_good_down_and_bad_up():
    known = Vocabulary(("not", "very", "great", "awful", "nice"))

    class Negation(torch.nn.Module):
        """Great 1, nice 1, awful -2; turned round by "not", moved by 0.5 by "very"."""

        def forward(self, numbers):
            value = sum((numbers == k).float().sum(1) * v for k, v in ((4, 1), (5, -2), (6, 1)))
            turn = 1 - 2 * (numbers == 2).any(1).float()
            return turn * value + 0.5 * (numbers == 3).any(1).float()

    clever = Reader(known, Negation())
    assert probes.shifts(clever, ["great", "nice", "awful"]) == pytest.approx((-2, 4))
    assert probes.shifts(clever, ["great", "awful"], "very") == pytest.approx((0.5, 0.5))
    same = probes.shifts(bag_of(**{"not": -0.25, "great": 1.0, "awful": -1.0}), ["great", "awful"])
    assert same == pytest.approx((-0.25, -0.25))


def test_not_turns_a_reader_of_not_only():
    class Negation(torch.nn.Module):
        """Log-odds of the line, turned round by the number 2."""

        def forward(self, numbers):
            turn = 1 - 2 * (numbers == 2).any(1).float()
            return turn * ((numbers == 5).float().sum(1) - (numbers == 3).float().sum(1))

    clever = Reader(Vocabulary(("not", "dull", "film", "great")), Negation())
    assert probes.negated(clever, ["great", "dull"]) == probes.Turned(1.0, 0.0, 2)
    assert probes.negated(LINE, ["great", "dull"]) == probes.Turned(0.0, 0.0, 2)
    assert probes.negated(LINE, ["awful", "great"]).pairs == 1  # awful: wrong already


def test_a_bag_is_blind_to_order_and_the_control_tells_but_from_place():
    pairs = probes.clauses(ADJECTIVES, count=60)
    assert all("acting is " in good and "story is " in bad for good, bad in pairs)
    assert {good.split()[-1] for good, _ in pairs} == {"great", "nice"}
    assert probes.order(LINE, pairs) == probes.Turned(0.0, 0.0, 60)

    class Last(torch.nn.Module):
        def forward(self, numbers):
            ends = (numbers != 0).sum(1) - 1
            return LINE.network.word(numbers[torch.arange(len(numbers)), ends])[:, 0]

    later = probes.order(Reader(LINE.vocabulary, Last()), probes.clauses(["dull", "great"]))
    assert (later.share, later.control) == (1.0, 1.0)


def test_typos_are_unknown_and_hit_the_strongest_word():
    assert probes.mistyped("great", Vocabulary(())) == "gerat"
    assert probes.mistyped("great", Vocabulary(("gerat",))) == "graet"
    assert probes.mistyped("aaa", Vocabulary(())) is None and probes.mistyped("it", KNOWN) is None
    (pair,) = probes.typos(LINE, ["nice Dull dull film", "it"])
    assert pair.second == "nice dlul dlul film"
    assert pair.control in ("ncie Dull dull film", "nice Dull dull flim")


def test_a_given_name_gives_way_to_another_of_its_kind():
    known = Vocabulary(("john", "mary", "david", "susan", "film"))
    texts = ["by John, John's film", "a john", "Mary plays", "no name"]
    first, second = probes.renamed(texts, known)
    assert (first.second, first.control) == ("by David, John's film", "by Qxzv, John's film")
    assert (second.second, second.control) == ("Susan plays", "Qxzv plays")
    names = [*probes.NAMES["he"], *probes.NAMES["she"]]
    assert len(set(names)) == len(names)


def test_turned_counts_answers():
    pairs = [probes.Pair("great", "dull", "nice"), probes.Pair("dull", "great", "nice"),
             probes.Pair("great", "nice", "dull"), probes.Pair("nice", "great", "a")]  # fmt: skip
    assert probes.turned(LINE, pairs) == probes.Turned(0.5, 0.5, 4)


def test_stirring_keeps_the_words():
    (found,) = probes.stirred([TEXT + " so nice it is"], seed=1)
    assert sorted(found.split()) == sorted((TEXT + " so nice it is").split()) and found != TEXT


def test_int8_readers_can_be_explained():
    many = Vocabulary(tuple(f"w{k}" for k in range(300)) + KNOWN.known)
    one = reader("bag", vocabulary=many)
    integer = onnx_files.int8(one)
    gap = explain.leave_one_out(integer, TEXT) - explain.leave_one_out(one, TEXT)
    assert gap.abs().max() < 0.2 * explain.leave_one_out(one, TEXT).abs().max()
