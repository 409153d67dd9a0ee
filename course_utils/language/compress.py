"""Smaller readers: fewer words, a bag folded into one number a word, a student of a teacher."""

from __future__ import annotations

import copy

import torch
from torch import Tensor

from course_utils.language.learning import train
from course_utils.language.networks import Bag
from course_utils.language.reader import Reader
from course_utils.language.sentences import Sentences
from course_utils.language.tokens import FIRST, Vocabulary


def folded(reader: Reader) -> Reader:
    """Return a bag with one number a word that says exactly what the bag says.

    A bag adds vectors, and weighs the sum: the same as weighing each vector, and adding.
    """
    bag = reader.network
    if not isinstance(bag, Bag):
        raise TypeError(f"only a Bag is a sum over words; got {type(bag).__name__}.")
    made = Bag(len(reader.vocabulary), size=1)
    with torch.no_grad():
        made.word.weight.copy_(bag.word.weight @ bag.out.weight.T)
        made.out.weight.fill_(1)
        made.out.bias.copy_(bag.out.bias)
    return Reader(reader.vocabulary, made.eval())


def word_weights(reader: Reader) -> Tensor:
    """Return what each known word adds to a bag's log-odds, in the vocabulary's order."""
    return folded(reader).network.word.weight.detach()[FIRST:, 0]


def with_words(reader: Reader, stays: Tensor) -> Reader:
    """Return a reader that knows only some of the words; the others are unknown to it.

    Args:
        stays: bool, one for each word of the vocabulary.
    """
    known = reader.vocabulary.known
    if stays.dtype != torch.bool or len(stays) != len(known):
        raise ValueError(f"stays must be a bool for each of {len(known)} words; got {stays.dtype} "
                         f"of shape {tuple(stays.shape)}.")  # fmt: skip
    rows = torch.cat([torch.ones(FIRST, dtype=torch.bool), stays])
    network = copy.deepcopy(reader.network)
    network.settings = network.settings | {"words": int(rows.sum())}
    weight = network.word.weight.detach()[rows]
    network.word = torch.nn.Embedding.from_pretrained(weight, freeze=False, padding_idx=0)
    return Reader(Vocabulary(tuple(w for w, stay in zip(known, stays) if stay)), network)


def scores(reader: Reader, *, seed: int = 0) -> dict[str, Tensor]:
    """Return three opinions of which words matter, each a number for every known word.

    By frequency (the vocabulary's own order), by the length of the word's vector, and by lot.
    """
    count = len(reader.vocabulary.known)
    generator = torch.Generator().manual_seed(seed)
    return {
        "frequent": -torch.arange(count, dtype=torch.float32),
        "long vector": reader.network.word.weight.detach()[FIRST:].norm(dim=1),
        "by lot": torch.rand(count, generator=generator),
    }


def taught_bag(
    teacher: Reader, sentences: Sentences, validation: Sentences, *, seed: int = 0,
    teachers_part: float = 0.5,
) -> Reader:  # fmt: skip
    """Return a bag that learned from a teacher's answers and from people's, mixed."""
    said = teacher(sentences.texts).sigmoid()
    target = teachers_part * said + (1 - teachers_part) * sentences.share
    return train("bag", teacher.vocabulary, sentences, validation, seed=seed,
                 target=target).reader  # fmt: skip
