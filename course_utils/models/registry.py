"""Which architectures a network file may name."""

from course_utils.models.architectures import Network, ShallowCNN, SimplifiedCNN
from course_utils.models.digits import LeNet5, Net
from course_utils.models.lite0 import EfficientNetLite0
from course_utils.models.replaced import replace
from course_utils.models.resnet import ResNet
from course_utils.models.soft_tree import SoftTree
from course_utils.models.tiny import TinyCNN

ARCHITECTURES: dict[str, type[Network]] = {
    each.__name__: each
    for each in (
        EfficientNetLite0,
        LeNet5,
        Net,
        ResNet,
        ShallowCNN,
        SimplifiedCNN,
        SoftTree,
        TinyCNN,
    )
}
"""Every class a file may name. A file that names another is refused."""


def build(architecture: str, settings: dict) -> Network:
    """Build an untrained network from its class name and settings, its replaced layers too."""
    if architecture not in ARCHITECTURES:
        raise ValueError(
            f"unknown architecture {architecture!r}; this course knows "
            f"{', '.join(sorted(ARCHITECTURES))}. Was the file made by a newer version?"
        )
    own = {name: value for name, value in settings.items() if name != "replaced"}
    return replace(ARCHITECTURES[architecture](**own), settings.get("replaced", {}))
