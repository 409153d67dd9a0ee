"""The networks of the course and their files."""

from course_utils.models.architectures import (
    ARCHITECTURES,
    Net,
    Network,
    Normalize,
    SimplifiedCNN,
    build,
)
from course_utils.models.files import (
    NetworkFileError,
    bare_name,
    load_network,
    network_bytes,
    network_path,
    save_network,
    write_atomically,
)
from course_utils.models.modes import evaluating, keeping_modes
from course_utils.models.onnx_network import OnnxNetwork

__all__ = [
    "ARCHITECTURES",
    "Net",
    "Network",
    "NetworkFileError",
    "Normalize",
    "OnnxNetwork",
    "SimplifiedCNN",
    "bare_name",
    "build",
    "evaluating",
    "keeping_modes",
    "load_network",
    "network_bytes",
    "network_path",
    "save_network",
    "write_atomically",
]
