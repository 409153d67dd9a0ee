"""Quantization: fewer bits per number. One idea per module."""

from course_utils.quantize import calibration
from course_utils.quantize.activations import layer_inputs, round_activations
from course_utils.quantize.grid import Quantized, affine, symmetric
from course_utils.quantize.integer import (
    accumulate,
    accumulator_bound,
    integer_conv2d,
    integer_linear,
    multiplier_and_shift,
    requantize,
)
from course_utils.quantize.integer_network import IntegerNetwork
from course_utils.quantize.lowbit import Codebook, binary, codebook, ternary
from course_utils.quantize.onnx_export import export_onnx
from course_utils.quantize.onnx_int8 import float_output, integer_nodes, quantize_static
from course_utils.quantize.packed import pack_weights, unpack_weights
from course_utils.quantize.straight_through import (
    RoundThrough,
    bake,
    straight_through,
    train_through,
)
from course_utils.quantize.weights import quantize_weights, round_weight, weight_codes

__all__ = [
    "Codebook",
    "IntegerNetwork",
    "Quantized",
    "RoundThrough",
    "accumulate",
    "accumulator_bound",
    "affine",
    "bake",
    "binary",
    "calibration",
    "codebook",
    "export_onnx",
    "float_output",
    "integer_conv2d",
    "integer_linear",
    "integer_nodes",
    "layer_inputs",
    "multiplier_and_shift",
    "pack_weights",
    "quantize_static",
    "quantize_weights",
    "requantize",
    "round_activations",
    "round_weight",
    "straight_through",
    "symmetric",
    "ternary",
    "train_through",
    "unpack_weights",
    "weight_codes",
]
