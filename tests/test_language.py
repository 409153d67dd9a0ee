"""Laws of the language room: sentences, tokens, networks, files, learning."""

import numpy as np
import pytest
import torch
from torch import nn

from course_utils import data, language, models
from course_utils.language import attention, files, learning, networks, onnx_files
from course_utils.language.reader import Reader
from course_utils.language.sentences import Sentences
from course_utils.language.tokens import PLACES, Vocabulary, learn, padded, words

KNOWN = Vocabulary(("a", "dull", "film", "great", "not"))
TEXTS = ["a great film", "not a dull film", "", "so a!", "a " * 90]


def reader(kind, seed=0, vocabulary=KNOWN):
    torch.manual_seed(seed)
    network = networks.KINDS[kind](len(vocabulary))
    with torch.no_grad():
        network.word.weight[1:] *= 10  # answers that differ clearly
    return Reader(vocabulary, network)


# ---- sentences


def test_every_sentence_is_in_one_split():
    splits = [language.sentences(name) for name in ("train", "validation", "test")]
    assert [len(one.texts) for one in splits] == [7605, 1500, 1500]
    together = sorted(text for one in splits for text in one.texts)
    assert together == sorted(data.movie_reviews()["text"])


def test_ratings_belong_to_their_sentences():
    held = language.sentences("validation")
    means = torch.tensor([one.mean() for one in held.people])
    assert torch.allclose(means, held.rating, atol=1e-3)
    people = held.people[7]
    share = ((people > 0).sum() + (people == 0).sum() / 2) / len(people)
    assert held.share[7].item() == pytest.approx(share)
    assert held.spread[7].item() == pytest.approx(np.std(people, ddof=1))
    assert torch.equal(held.liked, held.rating > 0)
    assert held.clear.float().mean() > 0.8 and held.rating[held.clear].abs().min() >= 1
    with pytest.raises(ValueError, match="got 'valid'"):
        language.sentences("valid")


def test_one_person_is_held_against_the_others_only():
    assert language.one_against_the_rest(np.array([1, 1, 1])) == 1
    assert language.one_against_the_rest(np.array([2, -1, -1])) == 0
    assert language.one_against_the_rest(np.array([0, 3, 3])) == pytest.approx(2.5 / 3)


# ---- tokens


def test_words_keep_apostrophes_inside():
    assert words("It ISN'T 'dull'; isn’t it?") == ["it", "isn't", "dull", "isn't", "it"]
    assert words("…!") == []


def test_vocabulary_counts_from_two_and_unknown_is_one():
    assert KNOWN.rows(["film GREAT great", "a xyz"]).tolist() == [[4, 5, 5], [2, 1, 0]]
    assert len(KNOWN) == 7 and KNOWN.rows([""]).tolist() == [[0]]
    assert padded([]).shape == (0, 1)
    with pytest.raises(ValueError, match="each word once"):
        Vocabulary(("a", "a"))


def test_learn_takes_what_is_frequent_most_frequent_first():
    found = learn(["b b b a a c", "a a c d"], least=2)
    assert found.known == ("a", "b", "c")
    with pytest.raises(ValueError, match="1 or more"):
        learn([], least=0)


# ---- attention


@pytest.mark.parametrize("heads", [1, 2, 4])
def test_attention_is_torchs(heads):
    torch.manual_seed(1)
    ours, outside = attention.Attention(8, heads), nn.MultiheadAttention(8, heads, batch_first=True)
    with torch.no_grad():
        outside.in_proj_weight.copy_(ours.project.weight)
        outside.in_proj_bias.copy_(ours.project.bias.normal_())
        outside.out_proj.load_state_dict(ours.join.state_dict())
    x, there = (
        torch.randn(3, 5, 8),
        torch.tensor([[1] * 5, [1, 1, 1, 0, 0], [1, 0, 0, 0, 0]]).bool(),
    )
    mine, weights = ours(x, there)
    theirs, means = outside(x, x, x, key_padding_mask=~there)
    assert torch.allclose(mine, theirs, atol=1e-6)
    assert torch.allclose(weights.mean(1), means, atol=1e-6)


def test_attend_is_torchs_and_padding_gets_nothing():
    q, k, v = torch.randn(3, 2, 2, 6, 4, generator=torch.Generator().manual_seed(0))
    there = torch.ones(2, 6).bool()
    there[1, 4:] = False
    mine, weights = attention.attend(q, k, v, there)
    theirs = nn.functional.scaled_dot_product_attention(q, k, v, attn_mask=there[:, None, None])
    assert torch.allclose(mine, theirs, atol=1e-6)
    assert (weights[1, :, :, 4:] == 0).all()
    assert torch.allclose(weights.sum(-1), torch.ones(2, 2, 6))
    with pytest.raises(ValueError, match="3 heads cannot share 8"):
        attention.Attention(8, 3)


# ---- networks


def test_the_bag_is_embedding_bag():
    bag = reader("bag").network
    outside = nn.EmbeddingBag.from_pretrained(bag.word.weight.detach(), mode="sum", padding_idx=0)
    numbers = KNOWN.rows(TEXTS)
    assert torch.allclose(bag.out(outside(numbers))[:, 0], bag(numbers), atol=1e-5)


@pytest.mark.parametrize("kind", networks.KINDS)
def test_what_stands_beside_a_sentence_does_not_matter(kind):
    one = reader(kind)
    together = one(TEXTS)
    alone = torch.cat([one([text]) for text in TEXTS])
    assert torch.allclose(together, alone, atol=1e-5)
    assert one([]).shape == (0,)
    with pytest.raises(TypeError, match="Did you mean"):
        one("a film")


def test_only_the_transformer_knows_order():
    order = ["not dull a great film", "not great a dull film"]
    bag, transformer = (reader(kind)(order) for kind in networks.KINDS)
    assert bag[0].item() == pytest.approx(bag[1].item(), abs=1e-5)
    assert abs(transformer[0] - transformer[1]) > 1e-3


def test_what_is_beyond_the_last_place_is_not_read():
    long = " ".join(["film"] * PLACES)
    for kind in networks.KINDS:
        one = reader(kind)
        assert one([long])[0] == one([long + " great dull"])[0]


def test_attention_is_given_layer_by_layer():
    one = reader("transformer")
    with torch.no_grad():
        said, seen = one.network.eval().looking(KNOWN.rows(TEXTS[:2]))
    assert seen.shape == (2, 2, 2, 5, 5) and torch.allclose(said, one(TEXTS[:2]), atol=1e-6)
    assert (seen[0, :, :, :, 4] == 0).all()  # padding
    assert not torch.allclose(seen[:, 0], seen[:, 1])


def test_reading_gives_the_mode_back():
    one = reader("transformer")
    one.network.train()
    assert torch.equal(one(TEXTS), one(TEXTS)) and one.network.training


def test_accuracy_counts_sides():
    assert language.accuracy(torch.tensor([1, -2, 0.5]), torch.tensor([1, 0, 0]).bool()) == 2 / 3


# ---- files


@pytest.mark.parametrize("kind", networks.KINDS)
def test_a_file_holds_everything(kind, tmp_path):
    one = reader(kind, vocabulary=Vocabulary(("it's", "émigré", "film")))
    size = files.save(one, tmp_path / "one.safetensors")
    again = files.load(tmp_path / "one.safetensors")
    texts = ["It's émigré film", "film"]
    assert again.vocabulary == one.vocabulary and torch.equal(again(texts), one(texts))
    assert size == (tmp_path / "one.safetensors").stat().st_size == len(files.file_content(one))
    assert not again.network.training


def test_wrong_files_are_told(tmp_path):
    (tmp_path / "a.safetensors").write_bytes(b"nothing")
    with pytest.raises(models.NetworkFileError, match="damaged"):
        files.load(tmp_path / "a.safetensors")
    with pytest.raises(models.NetworkFileError, match="no reader"):
        files.load(models.network_path("SimplifiedCNN"))
    with pytest.raises(models.NetworkFileError, match="not an ONNX"):
        onnx_files.opened(b"nothing")
    with pytest.raises(ValueError, match=r"got 'a.bin'"):
        files.save(reader("bag"), tmp_path / "a.bin")
    with pytest.raises(ValueError, match="makes an .onnx"):
        files.save(reader("bag"), tmp_path / "a.onnx")


@pytest.mark.parametrize("kind", networks.KINDS)
def test_onnx_says_the_same_and_int8_nearly(kind, tmp_path, monkeypatch):
    many = Vocabulary(tuple(f"w{k}" for k in range(400)) + KNOWN.known)
    one = reader(kind, vocabulary=many)
    floats = onnx_files.export(one)
    assert torch.allclose(floats(TEXTS), one(TEXTS), atol=1e-4)
    monkeypatch.setattr(onnx_files, "export", lambda reader: floats)  # exporting is slow: once
    integer = onnx_files.int8(one)
    assert 0 < (integer(TEXTS[:2]) - one(TEXTS[:2])).abs().max() < 0.2 * one(TEXTS).std()
    assert len(integer.network.bytes) < 0.6 * len(floats.network.bytes)
    files.save(integer, tmp_path / "a.onnx")
    again = files.load(tmp_path / "a.onnx")
    assert again.vocabulary == many and torch.equal(again(TEXTS), integer(TEXTS))
    with pytest.raises(ValueError, match="ONNX already"):
        onnx_files.int8(integer)


def test_the_committed_reader_and_its_int8_agree():
    held = language.sentences("validation")
    whole, small = (files.load(data.folder() / "studies" / f"language.{end}")
                    for end in ("safetensors", "onnx"))  # fmt: skip
    assert whole.vocabulary == small.vocabulary == learn(language.sentences("train").texts)
    said = whole(held.texts)
    assert language.accuracy(said, held.liked) > 0.72
    assert ((said > 0) == (small(held.texts) > 0)).float().mean() > 0.98


# ---- learning


def few(seed=0, count=160):
    """Sentences whose sentiment one word decides."""
    draw = np.random.default_rng(seed)
    good = draw.random(count) < 0.5
    texts = ["a " * draw.integers(1, 5) + ("great" if one else "dull") + " film" for one in good]
    share = torch.tensor(np.where(good, 0.9, 0.2), dtype=torch.float32)
    return Sentences(texts, share, (share - 0.5).double() * 8, [np.array([1, 2])] * count)


@pytest.mark.parametrize("kind", networks.KINDS)
def test_training_learns_shares_and_is_repeatable(kind):
    torch.manual_seed(9)
    state = torch.random.get_rng_state()
    runs = [language.train(kind, KNOWN, few(), few(1), seed=3, epochs=25) for _ in range(2)]
    assert torch.equal(torch.random.get_rng_state(), state)
    assert runs[0].loss == runs[1].loss and len(runs[0].loss) == 25
    assert max(runs[0].accuracy) == 1
    said = runs[0].reader(few(1).texts)
    assert language.accuracy(said, few(1).liked) == 1
    assert not runs[0].reader.network.training
    other = language.train(kind, KNOWN, few(), few(1), seed=4, epochs=1)
    assert other.loss[0] != runs[0].loss[0]


def test_training_ends_on_the_best_epoch(monkeypatch):
    given = iter([0.5, 0.9, 0.7])
    kept = []
    monkeypatch.setattr(learning, "accuracy", lambda said, liked: kept.append(said) or next(given))
    found = language.train("bag", KNOWN, few(), few(1), epochs=3)
    assert torch.allclose(found.reader(few(1).texts), kept[1], atol=1e-6)
    assert found.accuracy == [0.5, 0.9, 0.7]


def test_a_teacher_is_learned_from():
    sentences = few()
    found = language.train("bag", KNOWN, sentences, few(1), epochs=8, target=1 - sentences.share)
    assert max(found.accuracy) <= 0.6  # everything is turned round
    with pytest.raises(ValueError, match="bag, transformer; got 'lstm'"):
        language.train("lstm", KNOWN, sentences, sentences)


def test_hidden_words_are_unknown_and_padding_stays():
    torch.manual_seed(0)
    rows = torch.full((200, 10), 5)
    rows[:, 8:] = 0
    found = learning.hidden(rows, share=0.25)
    assert (found[:, 8:] == 0).all() and set(found[:, :8].unique().tolist()) == {1, 5}
    assert (found[:, :8] == 1).float().mean().item() == pytest.approx(0.25, abs=0.04)
