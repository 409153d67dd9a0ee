"""A file alone computes what the network here computes, and a damaged one says why not."""

import pytest
import torch

from course_utils import fresh_process, models, training

IMAGES = torch.rand(8, 1, 32, 32, generator=torch.Generator().manual_seed(0))


def test_an_onnx_file_needs_neither_torch_nor_the_course():
    answer = fresh_process.run("IntegerQuantizedCNN", IMAGES)
    here = models.load_network("IntegerQuantizedCNN")(IMAGES)
    assert torch.equal(answer.logits, here)
    assert "onnxruntime" in answer.modules
    assert not answer.modules & {"torch", "course_utils"}


def test_a_packed_file_computes_the_same():
    answer = fresh_process.run("SubIntegerQuantizedCNN", IMAGES)
    here = training.predict(models.load_network("SubIntegerQuantizedCNN"), IMAGES)
    assert torch.allclose(answer.logits, here, atol=1e-5)


def test_a_damaged_file_is_told(tmp_path):
    path = tmp_path / "half.onnx"
    path.write_bytes(models.network_path("IntegerQuantizedCNN").read_bytes()[:1000])
    with pytest.raises(RuntimeError, match=r"half\.onnx did not run .* it said: \S"):
        fresh_process.run(path, IMAGES)


def test_an_unknown_name_lists_the_networks():
    with pytest.raises(FileNotFoundError, match="SubIntegerQuantizedCNN"):
        fresh_process.run("no such network", IMAGES)
