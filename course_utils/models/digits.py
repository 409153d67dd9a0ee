"""The networks for handwritten digits, 28 x 28: document B's, and the pruning papers' two."""

from __future__ import annotations

from collections import OrderedDict

from torch import nn

from course_utils.models.architectures import MNIST_MEAN, MNIST_STD, Network, Normalize


class Net(Network):
    """Document B's network: three linear layers, 784-128-64-10, 109,386 parameters.

    Takes images n x 1 x size x size in [0, 1], returns logits n x classes. `bias=False`
    leaves all biases out; `hidden=(300, 100)` gives LeCun's LeNet-300-100.
    """

    def __init__(
        self,
        *,
        hidden: tuple[int, int] = (128, 64),
        bias: bool = True,
        size: int = 28,
        classes: int = 10,
        mean: float = MNIST_MEAN,
        std: float = MNIST_STD,
    ) -> None:
        first, second = (int(h) for h in hidden)
        if min(first, second, classes, size) < 1:
            raise ValueError(
                f"hidden, classes and size must be at least 1; got hidden={tuple(hidden)}, "
                f"classes={classes}, size={size}."
            )
        super().__init__(
            OrderedDict(
                normalize=Normalize(mean, std),
                flatten=nn.Flatten(),
                fc1=nn.Linear(size * size, first, bias=bias),
                relu1=nn.ReLU(),
                fc2=nn.Linear(first, second, bias=bias),
                relu2=nn.ReLU(),
                fc3=nn.Linear(second, classes, bias=bias),
            )
        )
        self.input_shape = (1, size, size)
        self.settings = {
            "hidden": [first, second], "bias": bool(bias), "size": int(size),
            "classes": int(classes), "mean": float(mean), "std": float(std),
        }


class LeNet5(Network):
    """The LeNet-5 that pruning papers use (Caffe's): 20-50-500-10, 431,080 parameters.

    Two 5 x 5 convolutions without padding, each followed by pooling. Caffe's has its only
    ReLU behind fc1; here one stands behind each convolution, too. Takes images
    n x 1 x 28 x 28 in [0, 1], returns logits n x classes.
    """

    def __init__(
        self,
        *,
        channels: tuple[int, int] = (20, 50),
        hidden: int = 500,
        classes: int = 10,
        mean: float = MNIST_MEAN,
        std: float = MNIST_STD,
    ) -> None:
        first, second = (int(c) for c in channels)
        if min(first, second, hidden, classes) < 1:
            raise ValueError(
                f"channels, hidden and classes must be at least 1; got "
                f"channels={tuple(channels)}, hidden={hidden}, classes={classes}."
            )
        super().__init__(
            OrderedDict(
                normalize=Normalize(mean, std),
                conv1=nn.Conv2d(1, first, 5),
                relu1=nn.ReLU(),
                pool1=nn.MaxPool2d(2),
                conv2=nn.Conv2d(first, second, 5),
                relu2=nn.ReLU(),
                pool2=nn.MaxPool2d(2),
                flatten=nn.Flatten(),
                fc1=nn.Linear(second * 4 * 4, hidden),
                relu3=nn.ReLU(),
                fc2=nn.Linear(hidden, classes),
            )
        )
        self.input_shape = (1, 28, 28)
        self.settings = {
            "channels": [first, second], "hidden": int(hidden), "classes": int(classes),
            "mean": float(mean), "std": float(std),
        }  # fmt: skip
