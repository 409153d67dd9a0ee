"""Readers that ONNX Runtime executes, in floats or with int8 weights; the words in the file."""

from __future__ import annotations

import tempfile
from pathlib import Path

import torch
from torch import Tensor, nn

from course_utils.language.reader import Reader
from course_utils.language.tokens import FIRST, PLACES, Vocabulary
from course_utils.models import NetworkFileError, evaluating
from course_utils.models.onnx_network import open_session
from course_utils.quantize.onnx_export import quietly, strip


class OnnxSentences:
    """Runs an ONNX file: numbers of words, n x place, to log-odds, n. It has no gradients."""

    def __init__(self, content: bytes) -> None:
        self.bytes = content
        self.session = open_session(content, name="this file")

    def __call__(self, numbers: Tensor) -> Tensor:
        """Return log-odds, n."""
        return torch.from_numpy(self.session.run(None, {"numbers": numbers.numpy()})[0])


def export(reader: Reader) -> Reader:
    """Return the same reader as one that ONNX Runtime executes in floats."""
    with evaluating(reader.network), quietly():
        program = torch.onnx.export(
            reader.network, (torch.full((3, 7), FIRST),), dynamo=True,
            dynamic_shapes=({0: torch.export.Dim("n"), 1: torch.export.Dim("place", max=PLACES)},),
            input_names=["numbers"], output_names=["log_odds"], verbose=False,
        )  # fmt: skip
    return opened(_with_words(strip(program.model_proto), reader.vocabulary))


def int8(reader: Reader) -> Reader:
    """Return a reader with int8 weights, quantized *dynamically* by ONNX Runtime.

    Weights are rounded now. The ranges of what flows between layers are found anew for each
    batch of sentences, so no calibration is needed; word vectors are only looked up.

    Args:
        reader: one with a PyTorch network.
    """
    if not isinstance(reader.network, nn.Module):
        raise ValueError("int8 takes a reader with a PyTorch network; this one is ONNX already.")
    from onnxruntime import quantization

    with tempfile.TemporaryDirectory() as folder, quietly():
        source, folded, target = (Path(folder) / f"{n}.onnx" for n in ("float", "folded", "int8"))
        source.write_bytes(export(reader).network.bytes)
        quantization.shape_inference.quant_pre_process(
            str(source), str(folded), skip_symbolic_shape=True
        )
        quantization.quantize_dynamic(
            str(folded), str(target), weight_type=quantization.QuantType.QInt8, per_channel=False
        )
        content = target.read_bytes()
    import onnx

    return opened(_with_words(strip(onnx.load_from_string(content)), reader.vocabulary))


def opened(content: bytes) -> Reader:
    """Return the reader that an ONNX file's bytes hold."""
    network = OnnxSentences(content)
    notes = network.session.get_modelmeta().custom_metadata_map
    if "words" not in notes:
        raise NetworkFileError("this ONNX file holds no words: it is no reader of this course.")
    return Reader(Vocabulary(tuple(notes["words"].split())), network)


def _with_words(proto, vocabulary: Vocabulary) -> bytes:
    del proto.metadata_props[:]
    proto.metadata_props.add(key="words", value=" ".join(vocabulary.known))
    return proto.SerializeToString()
