"""What well-known image networks cost: counted here, without weights and without a download."""

from __future__ import annotations

from collections.abc import Iterator

import torch
from torch.utils.flop_counter import FlopCounterMode

from course_utils import measure

NETWORKS = (
    ("AlexNet", 2012, "alexnet", "IMAGENET1K_V1"),
    ("VGG-16", 2014, "vgg16", "IMAGENET1K_V1"),
    ("ResNet-50", 2015, "resnet50", "IMAGENET1K_V1"),
    ("MobileNetV2", 2018, "mobilenet_v2", "IMAGENET1K_V1"),
    ("EfficientNet-B0", 2019, "efficientnet_b0", "IMAGENET1K_V1"),
    ("ViT-H/14", 2020, "vit_h_14", "IMAGENET1K_SWAG_E2E_V1"),
)
"""Name, year, torchvision's name of the network and of its published weights."""


def count(builder: str, size: int) -> tuple[int, int]:
    """Count a torchvision network's parameters and multiply-accumulates for one square photo.

    It is built on PyTorch's meta device, where a tensor has a shape and no content.
    """
    from torchvision import models as zoo

    options = {"image_size": size} if builder.startswith("vit") else {}
    with torch.device("meta"), FlopCounterMode(display=False) as counter:
        network = zoo.get_model(builder, **options).eval()
        network(torch.zeros(1, 3, size, size))
    return measure.parameters(network), counter.get_total_flops() // 2


def rows() -> Iterator[dict]:
    """Yield a row a network: counted costs, and beside them what torchvision publishes."""
    from torchvision import models as zoo

    for name, year, builder, weights in NETWORKS:
        published = zoo.get_model_weights(builder)[weights]
        size = published.transforms().crop_size[0]
        parameters, macs = count(builder, size)
        yield {
            "network": name, "year": year, "photo side": size,
            "parameters": parameters, "MACs": macs,
            "published parameters": published.meta["num_params"],
            "published GFLOPS": published.meta["_ops"],
            "published accuracy": published.meta["_metrics"]["ImageNet-1K"]["acc@1"] / 100,
        }  # fmt: skip
