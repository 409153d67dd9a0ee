"""Film sentences read by a bag of words and a transformer; smaller files; reasons in words."""

from course_utils.language.learning import Trained, train
from course_utils.language.networks import Bag, Transformer
from course_utils.language.reader import Reader, accuracy
from course_utils.language.sentences import Sentences, one_against_the_rest, sentences
from course_utils.language.tokens import Vocabulary, learn, words

__all__ = ["Bag", "Reader", "Sentences", "Trained", "Transformer", "Vocabulary", "accuracy",
           "learn", "one_against_the_rest", "sentences", "train", "words"]  # fmt: skip
