"""Packing: every code comes back, at the promised number of bytes."""

import pytest
import torch

from course_utils import codec


@pytest.mark.parametrize("bits", range(1, 17))
def test_packing_gives_back_every_code(bits):
    generator = torch.Generator().manual_seed(bits)
    for count in [0, 1, 2, 7, 8, 9, 1001]:
        codes = torch.randint(2**bits, (count,), generator=generator)
        packed = codec.pack(codes, bits=bits)
        assert packed.dtype == torch.uint8
        assert len(packed) == -(-count * bits // 8), "no byte more than the bits need"
        unpacked = codec.unpack(packed, bits=bits, count=count)
        assert unpacked.dtype == torch.int64
        assert torch.equal(unpacked, codes)


@pytest.mark.parametrize("bits", range(1, 17))
def test_smallest_and_largest_code_survive(bits):
    codes = torch.tensor([0, 2**bits - 1, 0, 2**bits - 1, 2**bits - 1])
    assert torch.equal(codec.unpack(codec.pack(codes, bits=bits), bits=bits, count=5), codes)


@pytest.mark.parametrize(
    ("codes", "bits", "expected"),
    [
        ([1, 2], 4, [0x21]),  # the first code takes the low half of the byte
        ([1, 2, 3], 4, [0x21, 0x03]),
        ([1, 0, 1], 1, [0b101]),
        ([5, 6, 7], 3, [0b11_110_101, 0b1]),  # the third code crosses into the second byte
        ([3, 0, 1, 2], 2, [0b10_01_00_11]),
        ([0x1234], 16, [0x34, 0x12]),
        ([0xABC, 0xDEF], 12, [0xBC, 0xFA, 0xDE]),
    ],
)
def test_bytes_worked_out_by_hand(codes, bits, expected):
    assert codec.pack(torch.tensor(codes), bits=bits).tolist() == expected


def test_trits_worked_out_by_hand():
    # 1 + 2*3 + 0*9 + 1*27 + 2*81 = 196; then 2 alone
    assert codec.pack_trits(torch.tensor([1, 2, 0, 1, 2, 2])).tolist() == [196, 2]
    assert codec.pack_trits(torch.full((5,), 2)).tolist() == [242]


@pytest.mark.parametrize("count", [0, 1, 4, 5, 6, 10, 1003])
def test_trits_come_back(count):
    codes = torch.randint(3, (count,), generator=torch.Generator().manual_seed(count))
    packed = codec.pack_trits(codes)
    assert len(packed) == -(-count // 5)
    assert torch.equal(codec.unpack_trits(packed, count=count), codes)


def test_every_byte_below_243_is_its_own_five_trits():
    every = torch.arange(243, dtype=torch.uint8)
    codes = codec.unpack_trits(every, count=5 * 243)
    assert len(codes.view(-1, 5).unique(dim=0)) == 243
    assert torch.equal(codec.pack_trits(codes), every)


def test_shape_is_read_row_by_row_and_the_input_stays_as_it_was():
    codes = torch.tensor([[1, 2], [3, 4]], dtype=torch.int32)
    before = codes.clone()
    assert codec.pack(codes, bits=4).tolist() == [0x21, 0x43]
    assert torch.equal(codes, before)


@pytest.mark.parametrize("bits", [0, 17, -1, 4.0, True, "4"])
def test_bits_outside_1_to_16_are_refused(bits):
    with pytest.raises(ValueError, match="from 1 to 16"):
        codec.pack(torch.tensor([0]), bits=bits)


def test_codes_out_of_range_are_named():
    with pytest.raises(ValueError, match=r"0\.\.15; got 0\.\.16"):
        codec.pack(torch.tensor([0, 16]), bits=4)
    with pytest.raises(ValueError, match="Signed codes must be shifted"):
        codec.pack(torch.tensor([-1, 3]), bits=4)
    with pytest.raises(ValueError, match=r"0\.\.2; got"):
        codec.pack_trits(torch.tensor([3]))


def test_floats_are_refused():
    with pytest.raises(TypeError, match="instead of their codes"):
        codec.pack(torch.tensor([0.5]), bits=4)


def test_a_wrong_count_or_a_cut_file_is_noticed():
    packed = codec.pack(torch.arange(10), bits=4)
    for wrong in (8, 12, -1):
        with pytest.raises(ValueError, match="bytes; got 5"):
            codec.unpack(packed, bits=4, count=wrong)
    with pytest.raises(ValueError, match="10 codes take 5 bytes; got 4"):
        codec.unpack(packed[:4], bits=4, count=10)
    with pytest.raises(ValueError, match="take 2 bytes"):
        codec.unpack_trits(codec.pack_trits(torch.tensor([1])), count=6)


def test_bytes_that_are_no_trits_are_noticed():
    with pytest.raises(ValueError, match="below 243; got 243"):
        codec.unpack_trits(torch.tensor([243], dtype=torch.uint8), count=5)


def test_unpacking_wants_bytes():
    with pytest.raises(TypeError, match="uint8 with one axis; got torch.int64"):
        codec.unpack(torch.tensor([1]), bits=8, count=1)
