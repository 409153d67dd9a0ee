"""The coder gives back every symbol, at the price that the counts promise."""

import math
import random

import pytest
import torch

from course_utils import entropy


def skewed(count, alphabet, seed, share=0.9):
    """Symbols of which about `share` are zero."""
    generator = torch.Generator().manual_seed(seed)
    symbols = torch.randint(1, max(2, alphabet), (count,), generator=generator)
    symbols = symbols.clamp(max=alphabet - 1)
    return symbols * (torch.rand(count, generator=generator) > share)


@pytest.mark.parametrize("alphabet", [1, 2, 3, 5, 17, 256, 1000])
@pytest.mark.parametrize("count", [0, 1, 2, 7, 601])
def test_every_symbol_comes_back(count, alphabet):
    for share in (0.0, 0.5, 0.99, 1.0):
        symbols = skewed(count, alphabet, count + alphabet, share)
        for columns in (None, 1, 13):
            message = entropy.encode(symbols, alphabet=alphabet, columns=columns)
            back = entropy.decode(message, count=count, alphabet=alphabet, columns=columns)
            assert back.dtype == torch.int64 and torch.equal(back, symbols)


def test_random_messages_of_every_kind_come_back():
    chance = random.Random(5)
    for _ in range(200):
        alphabet, columns = chance.randint(1, 40), chance.randint(1, 30)
        weights = [chance.random() ** 8 + 1e-9 for _ in range(alphabet)]
        symbols = chance.choices(range(alphabet), weights, k=chance.randint(0, 200))
        message = entropy.encode(symbols, alphabet=alphabet, columns=columns)
        back = entropy.decode(message, count=len(symbols), alphabet=alphabet, columns=columns)
        assert back.tolist() == symbols


def test_a_message_of_three_symbols_worked_out_by_hand():
    """Yes costs 1 bit, then with counts 1 : 3 no costs 2; with 3 : 3 yes costs 1: 4 bits.

    Each narrows [0, 1): yes leaves [1/2, 1), no [1/2, 5/8), yes [9/16, 5/8). The shortest
    number of whole bytes in it is 9/16 = 0x90 / 256.
    """
    symbols = torch.tensor([1, 0, 1])
    assert entropy.bits(symbols, alphabet=2, columns=1000) == pytest.approx(4)
    assert entropy.encode(symbols, alphabet=2, columns=1000) == bytes([0x90])
    assert entropy.decode(bytes([0x90]), count=3, alphabet=2, columns=1000).tolist() == [1, 0, 1]


def test_the_levels_of_that_message_are_one():
    """The hand answer counts all three flags in one pair; rows and columns keep it so."""
    pairs = []

    class Spy(entropy.Meter):
        def bit(self, pair, answer):
            pairs.append(id(pair))
            return super().bit(pair, answer)

    entropy.walk(Spy(), [1, 0, 1], alphabet=2, columns=1000)
    assert len(set(pairs)) == 1


@pytest.mark.parametrize(("alphabet", "share"), [(2, 0.5), (2, 0.98), (17, 0.9), (256, 0.0)])
def test_the_length_is_the_adaptive_entropy_to_a_byte(alphabet, share):
    symbols = skewed(8_000, alphabet, 3, share)
    bits = entropy.bits(symbols, alphabet=alphabet)
    assert bits - 8 < 8 * len(entropy.encode(symbols, alphabet=alphabet)) < bits + 8


def test_the_adaptive_entropy_is_near_shannons():
    """Learning the counts costs about half a log2 of the length for each free number."""
    symbols = skewed(50_000, 17, 1)
    share = torch.bincount(symbols) / len(symbols)
    shannon = -(share * share.log2()).sum().item() * len(symbols)
    spare = 0.5 * math.log2(50_000) * 30
    assert shannon - 1 < entropy.bits(symbols, alphabet=17, columns=1) < 1.01 * shannon + spare


@pytest.mark.parametrize("symbol", [0, 1, 7])
def test_one_kind_of_symbol_costs_a_few_bytes_however_long(symbol):
    symbols = torch.full((100_000,), symbol)
    message = entropy.encode(symbols, alphabet=8)
    assert len(message) <= 8
    assert torch.equal(entropy.decode(message, count=100_000, alphabet=8), symbols)


def test_nothing_is_no_byte():
    assert entropy.encode([], alphabet=5) == b""
    assert entropy.encode(torch.zeros(1000, dtype=torch.int64), alphabet=1) == b""
    assert len(entropy.decode(b"", count=0, alphabet=5)) == 0


def test_crowded_columns_make_zeros_cheaper():
    """Half of the columns are empty: the coder notices, and random places do not help it."""
    generator = torch.Generator().manual_seed(0)
    crowded = (torch.rand(64, 64, generator=generator) < 0.4).long()
    crowded[:, ::2] = 0
    scattered = crowded.flatten()[torch.randperm(64 * 64, generator=generator)].view(64, 64)
    lengths = [len(entropy.encode(s, alphabet=2)) for s in (crowded, scattered, crowded.T)]
    assert lengths[0] < 0.75 * lengths[1] and lengths[2] < 0.75 * lengths[1]


def test_a_long_carry_reaches_the_first_byte():
    """Answers pressed against an end of the interval, so that additions run through 0xff."""
    for last in range(200):
        coder, pairs = entropy.Encoder(), [[1, 2**30], [2**30, 1]]
        answers = [True] * 30 + [False] * (last % 3) + [True] * last
        for step, answer in enumerate(answers):
            coder.bit(list(pairs[step % 2]), answer)
        decoder = entropy.Decoder(coder.finish())
        assert [decoder.bit(list(pairs[s % 2])) for s in range(len(answers))] == answers


def test_a_cut_message_is_refused_or_gives_other_symbols_but_ends():
    symbols = skewed(500, 9, 2, 0.3)
    message = entropy.encode(symbols, alphabet=9)
    for length in range(len(message)):
        try:
            back = entropy.decode(message[:length], count=500, alphabet=9)
        except ValueError as error:
            assert "too early" in str(error)
        else:
            assert not torch.equal(back, symbols)


def test_bytes_left_over_are_named():
    message = entropy.encode(skewed(50, 4, 0), alphabet=4) + bytes(9)
    with pytest.raises(ValueError, match="left over"):
        entropy.decode(message, count=50, alphabet=4)


def test_any_bytes_decode_to_symbols_of_the_alphabet_or_are_refused():
    chance = random.Random(0)
    for _ in range(200):
        junk = chance.randbytes(chance.randint(0, 60))
        try:
            back = entropy.decode(junk, count=100, alphabet=6, columns=10)
        except ValueError:
            continue
        assert set(back.tolist()) <= set(range(6))


def test_symbols_are_checked_and_left_as_they_were():
    with pytest.raises(ValueError, match=r"lie in 0\.\.3; got 0\.\.4.*zero counted"):
        entropy.encode([0, 4], alphabet=4)
    with pytest.raises(ValueError, match=r"got -1\.\.0"):
        entropy.encode([0, -1], alphabet=4)
    with pytest.raises(TypeError, match="instead of their codes"):
        entropy.encode(torch.tensor([0.5]), alphabet=4)
    with pytest.raises(ValueError, match="count must be 0 or more"):
        entropy.decode(b"", count=-1, alphabet=2)
    symbols = torch.tensor([[1, 0], [2, 0]])
    before = symbols.clone()
    entropy.encode(symbols, alphabet=3)
    assert torch.equal(symbols, before)
