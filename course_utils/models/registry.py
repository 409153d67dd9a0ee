"""Which architectures a network file may name."""

from course_utils.models.architectures import Network, ShallowCNN, SimplifiedCNN
from course_utils.models.digits import LeNet5, Net
from course_utils.models.resnet import ResNet

ARCHITECTURES: dict[str, type[Network]] = {
    each.__name__: each for each in (LeNet5, Net, ResNet, ShallowCNN, SimplifiedCNN)
}
"""Every class a file may name. A file that names another is refused."""


def build(architecture: str, settings: dict) -> Network:
    """Build an untrained network from its class name and settings."""
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"unknown architecture {architecture!r}; this course knows "
            f"{', '.join(sorted(ARCHITECTURES))}. Was the file made by a newer version?"
        )
    return ARCHITECTURES[architecture](**settings)
