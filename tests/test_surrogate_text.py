"""Laws of LIME for text: words left out wherever they stand."""

import numpy as np
import pytest
import torch
from sklearn.feature_extraction.text import CountVectorizer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline

from course_utils import surrogate

TEXT = "Good film, good FILM: not bad?"


def counted(texts):
    """3 for each "good", -2 for each "bad"; 1 if "not" is there."""
    found = []
    for text in texts:
        words = surrogate.words_of(text)
        low = text.lower()
        found.append(3 * low.count("good") - 2 * low.count("bad") + ("not" in words))
    return np.array(found, dtype=float)


def test_words_by_hand():
    assert surrogate.words_of(TEXT) == ["good", "film", "not", "bad"]
    assert surrogate.words_of("… ?!") == []


def test_a_word_is_left_out_everywhere_in_any_case():
    seen = []

    def predict(texts):
        seen.extend(texts)
        return np.zeros(len(texts))

    score = surrogate.switched_words(predict, TEXT)
    score(torch.tensor([[1.0, 1, 1, 1], [1, 0, 1, 1], [0, 1, 0, 0]]))
    assert seen[1] == TEXT
    assert [surrogate.words_of(text) for text in seen[2:]] == [["good", "not", "bad"], ["film"]]
    assert seen[3].lower().count("film") == 2


def test_a_word_inside_another_stays():
    seen = []

    def predict(texts):
        seen.extend(texts)
        return np.zeros(len(texts))

    surrogate.switched_words(predict, "a cat at bat")(torch.tensor([[1.0, 1, 0, 1]]))
    assert seen[-1].split() == ["a", "cat", "bat"]


def test_finds_what_is_written():
    found = surrogate.lime_words(counted, TEXT, ridge=0)
    assert list(found) == ["good", "film", "not", "bad"]
    assert list(found.values()) == pytest.approx([6, 0, 1, -2])


def test_recovers_a_bag_of_words_in_log_odds():
    texts = ["good film", "bad film", "very good", "very bad", "good good plot", "bad plot"]
    model = make_pipeline(CountVectorizer(), LogisticRegression()).fit(texts, [1, 0, 1, 0, 1, 0])
    text = "very good good film"
    found = surrogate.lime_words(model.decision_function, text, ridge=0)
    weights, places = model[-1].coef_[0], model[0].vocabulary_
    for word, weight in found.items():
        assert weight == pytest.approx(weights[places[word]] * text.split().count(word))
    liked = surrogate.lime_words(model.predict_proba, text)
    assert liked == surrogate.lime_words(model.predict_proba, text, 1)
    assert np.allclose([-w for w in surrogate.lime_words(model.predict_proba, text, 0).values()],
                       list(liked.values()), atol=1e-6)  # fmt: skip


def test_messages():
    with pytest.raises(ValueError, match="no word in '!'"):
        surrogate.lime_words(counted, "!")
    with pytest.raises(ValueError, match="class from 0 to 1; got 5"):
        surrogate.lime_words(lambda texts: np.ones((len(texts), 2)), TEXT, 5)
    with pytest.raises(ValueError, match="3 samples cannot settle 4"):
        surrogate.lime_words(counted, TEXT, samples=3)
