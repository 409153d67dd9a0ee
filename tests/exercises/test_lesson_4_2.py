"""The checks of lesson 4.2 accept the reference and name each plausible slip."""

import pytest

from course_utils import models, quantize
from course_utils.demos import onnx_files
from course_utils.exercises import find, judge
from course_utils.exercises import lesson_4_2 as lesson


def test_two_untouched_sets_are_not_tried():
    assert judge("4.2.1", [..., ...]).state == "not tried"


def test_the_files_are_what_the_answer_says(tmp_path):
    small, integers = find("4.2.1").answer()
    for letter, path in onnx_files.four_files(tmp_path).items():
        assert (path.stat().st_size < 300_000) == (letter in small)
        assert (quantize.integer_nodes(path).get("QLinearConv") == 2) == (letter in integers)
        for kernel in lesson.INTEGERS[letter].split("`")[1::2]:
            ran = quantize.integer_nodes(path)
            assert kernel in ran, f"the remark on file {letter} names {kernel}, which did not run"


@pytest.mark.parametrize("answer", [
    ["ab", "bd"], [("b", "a"), ["d", "b"]], ["A, B", {"B", "D"}], [frozenset("ab"), "b d"],
])  # fmt: skip
def test_letters_in_any_form(answer):
    assert judge("4.2.1", answer).state == "solved"


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ([{"b", "d"}, {"a", "b"}], "are they exchanged"),
        ([{"a", "b"}, {"a", "b"}], "judged the arithmetic by what is stored"),
        ([{"a", "b"}, {"b"}], "`integers`: You left out file d"),
        ([{"b"}, {"b", "d"}], "`small`: You left out file a"),
        ([{"a", "b", "c"}, {"b", "d"}], "That their values are rounded saves nothing"),
        ([{"a", "b", "d"}, {"b", "d"}], "rounds them each time it is opened"),
        ([{"a", "b"}, {"a", "b", "d"}], "turns its integer codes into floats"),
        ([{"a", "b"}, "c"], "`integers`:"),
        ([{"a", "b"}, ...], "`integers` must be a set"),
        ([{"e"}, {"b", "d"}], "the files are a, b, c and d"),
        ({"a", "b"}, "Hand in two sets"),
    ],
)
def test_small_or_integer_slips(wrong, words):
    result = judge("4.2.1", wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (lesson._in_bits, "added bits to bytes"),
        (lesson._codes_alone, "Codes alone"),
        (lesson._no_scales, "a scale *and* a bias"),
        (lesson._one_scale, "a scale for each output"),
        (lesson._cut_off, "round up, not down"),
        (lesson._row_by_row, "one long list"),
        (lesson._trits_in_two_bits, "five fit into one byte"),
        (lesson._ideal_trits, "limit of theory"),
        (lesson._one_byte_each, "nothing is packed"),
        (lesson._small_floats, "4 bytes each"),
        (lambda outputs, inputs, bits: 132_096, "was expected"),
    ],
)
def test_packed_bytes_slips(wrong, words):
    result = judge("4.2.2", wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize("bits", [4, 3, "ternary"])
def test_packed_bytes_is_what_a_file_holds(bits):
    network = models.SimplifiedCNN()
    tensors, _ = quantize.pack_weights(network, bits=bits)
    for name, (outputs, inputs) in {"fc1": (128, 2048), "fc2": (10, 128)}.items():
        parts = [t for key, t in tensors.items() if key.startswith(name)]
        assert sum(t.nbytes for t in parts) == lesson.packed_bytes(outputs, inputs, bits)


def mix(conv1, conv2, fc1, fc2):
    return {"conv1": conv1, "conv2": conv2, "fc1": fc1, "fc2": fc2}


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        (mix(4, 4, 4, 4), "nearly all of it is fc1"),
        (mix(8, 8, 2, 8), "nearly all of it is fc1"),
        (mix(*["ternary"] * 4), "conv1 has only 144 weights"),
        (mix(8, 8, "binary", 8), "fc1 can have more"),
        (mix(8, "binary", "ternary", 8), "Which of the small layers"),
        (mix(1, 8, 8, 8), 'One bit is called "binary"'),
        (mix(8, 8, 1.6, 8), 'Three values are called "ternary"'),
        (mix(32, 8, 4, 8), "conv1: 32 came"),
        ({"fc1": "ternary"}, "for each of conv1, conv2, fc1, fc2"),
        ("ternary", "Hand in a dictionary"),
    ],
)
def test_mixture_slips(wrong, words):
    result = judge("4.2.3", wrong)
    assert result.state == "not yet" and words in result.remark


@pytest.mark.parametrize("level", [8, 4, 3, 2, "ternary", "binary"])
def test_equal_bits_do_not_get_there(level):
    assert judge("4.2.3", mix(*[level] * 4)).state == "not yet"


def test_another_mixture_is_accepted_too():
    assert judge("4.2.3", mix(8, 6, "ternary", 6)).state == "solved"
