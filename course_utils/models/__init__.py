"""The networks of the course and their files."""

from course_utils.models.architectures import Network, Normalize, ShallowCNN, SimplifiedCNN
from course_utils.models.digits import LeNet5, Net
from course_utils.models.files import (
    NetworkFileError,
    bare_name,
    load_network,
    network_bytes,
    network_path,
    save_network,
    write_atomically,
    xz_bytes,
)
from course_utils.models.lite0 import EfficientNetLite0
from course_utils.models.modes import evaluating, keeping_modes
from course_utils.models.onnx_network import OnnxNetwork
from course_utils.models.registry import ARCHITECTURES, build
from course_utils.models.replaced import replace, weighted_layer
from course_utils.models.resnet import ResNet
from course_utils.models.seeded import seeded
from course_utils.models.soft_tree import SoftTree
from course_utils.models.tiny import TinyCNN, fold_norms

__all__ = [
    "ARCHITECTURES",
    "EfficientNetLite0",
    "LeNet5",
    "Net",
    "Network",
    "NetworkFileError",
    "Normalize",
    "OnnxNetwork",
    "ResNet",
    "ShallowCNN",
    "SimplifiedCNN",
    "SoftTree",
    "TinyCNN",
    "bare_name",
    "build",
    "evaluating",
    "fold_norms",
    "keeping_modes",
    "load_network",
    "network_bytes",
    "network_path",
    "replace",
    "save_network",
    "seeded",
    "weighted_layer",
    "write_atomically",
    "xz_bytes",
]
