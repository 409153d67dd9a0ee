"""What a network costs: bytes, parameters, multiply-accumulates, seconds, memory."""

from __future__ import annotations

import math
import statistics
import time
import weakref
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import nn
from torch.utils._python_dispatch import TorchDispatchMode

from course_utils.models import OnnxNetwork, evaluating, network_path


@dataclass(frozen=True)
class Spread:
    """A median of repeated measurements, with the range of their middle half."""

    median: float
    low: float
    high: float
    values: tuple[float, ...]

    @classmethod
    def of(cls, values: list[float]) -> Spread:
        """Summarise values: their median and their quartiles."""
        low, _, high = statistics.quantiles(values, n=4, method="inclusive")
        return cls(statistics.median(values), low, high, tuple(values))


def file_bytes(path: str | Path) -> int:
    """Return the size of a whole file in bytes; a committed network's bare name will do."""
    return network_path(path).stat().st_size


def parameters(network: nn.Module | OnnxNetwork) -> int:
    """Count the trained numbers: weights and biases (not buffers, not scales)."""
    if isinstance(network, OnnxNetwork):
        return sum(math.prod(shape) for shape in network.weights())
    return sum(p.numel() for p in network.parameters())


def nonzeros(network: nn.Module) -> int:
    """Count the parameters that are not exactly zero."""
    return sum(int(p.count_nonzero()) for p in network.parameters())


def macs_by_layer(
    network: nn.Module, input_shape: tuple[int, ...] | None = None
) -> dict[str, int]:
    """Count multiply-accumulates of one image in each convolution and linear layer.

    A convolution does kernel height x kernel width x input channels / groups of them for
    every output number, a linear layer its input width. Biases, activations and pooling
    are not counted, as is usual; nor are products outside such layers, as in attention
    (torch's FlopCounterMode counts those).

    Args:
        input_shape: (channels, height, width) of one image; None asks the network.
    """
    counts: dict[str, int] = {}

    def count(name: str) -> Callable:
        def hook(layer, inputs, output):
            per_output = layer.weight[0].numel()
            counts[name] = counts.get(name, 0) + per_output * output[0].numel()

        return hook

    layers = {n: m for n, m in network.named_modules() if isinstance(m, nn.Conv2d | nn.Linear)}
    hooks = [layer.register_forward_hook(count(name)) for name, layer in layers.items()]
    try:
        with evaluating(network), torch.no_grad():
            network(torch.zeros(1, *_shape(network, input_shape)))
    finally:
        for hook in hooks:
            hook.remove()
    return counts


def macs(network: nn.Module | OnnxNetwork, input_shape: tuple[int, ...] | None = None) -> int:
    """Count the multiply-accumulates that one image costs."""
    if isinstance(network, OnnxNetwork):
        return network.macs()
    return sum(macs_by_layer(network, input_shape).values())


def latency(
    network: Callable, images: torch.Tensor, *, runs: int = 30, warmup: int = 5
) -> Spread:
    """Time one forward pass of the whole batch, in seconds: median and middle half."""
    return Spread.of(_timed([network], images, runs, warmup)[0])


def latency_ratio(
    network: Callable, reference: Callable, images: torch.Tensor, *, runs: int = 30, warmup: int = 5
) -> Spread:
    """Return time of `network` / time of `reference`: below 1 the network is faster.

    The two run in turns, so that a machine that slows down slows both. Compare within one
    runtime only: two torch modules, or two OnnxNetworks.
    """
    if isinstance(network, OnnxNetwork) != isinstance(reference, OnnxNetwork):
        raise ValueError(
            "one network runs in ONNX Runtime and the other in PyTorch: the ratio would "
            "compare the runtimes. Export both, or neither."
        )
    ours, theirs = _timed([network, reference], images, runs, warmup)
    return Spread.of([a / b for a, b in zip(ours, theirs, strict=True)])


def peak_memory(network: nn.Module, images: torch.Tensor) -> int:
    """Return the bytes of all tensors alive at the worst moment of a forward pass.

    Counts what the pass itself creates: the weights and the images come on top, and so
    does the scratch space inside a kernel, which no tensor holds.
    """
    with evaluating(network), torch.no_grad(), _Ledger() as ledger:
        network(images)
    return ledger.peak


class _Ledger(TorchDispatchMode):
    """Books the storage of every new tensor, and strikes it out when it dies."""

    def __init__(self) -> None:
        super().__init__()
        self.alive: dict[int, int] = {}
        self.peak = 0

    def __torch_dispatch__(self, function, types, args=(), kwargs=None):
        known = {
            t.untyped_storage()._cdata
            for t in torch.utils._pytree.tree_leaves((args, kwargs))
            if isinstance(t, torch.Tensor)
        }
        result = function(*args, **(kwargs or {}))
        for tensor in torch.utils._pytree.tree_leaves(result):
            if isinstance(tensor, torch.Tensor):
                self._book(tensor.untyped_storage(), known)
        return result

    def _book(self, storage: torch.UntypedStorage, known: set[int]) -> None:
        key = storage._cdata
        if key in known or key in self.alive:
            return
        self.alive[key] = storage.nbytes()
        self.peak = max(self.peak, sum(self.alive.values()))
        weakref.finalize(storage, self.alive.pop, key, None)


def _timed(
    networks: list[Callable], images: torch.Tensor, runs: int, warmup: int
) -> list[list[float]]:
    if runs < 3:
        raise ValueError(f"runs must be at least 3, or there is no spread to show; got {runs}.")
    seconds: list[list[float]] = [[] for _ in networks]
    turns = list(zip(networks, seconds, strict=True))
    with ExitStack() as modes, torch.no_grad():
        for network in networks:
            modes.enter_context(evaluating(network))
        calls = {id(network): _calls_per_run(network, images) for network in networks}
        for run in range(-warmup, runs):
            for network, times in turns if run % 2 else reversed(turns):  # nobody is always second
                value = _seconds(network, images, calls[id(network)])
                if run >= 0:
                    times.append(value)
    return seconds


def _calls_per_run(network: Callable, images: torch.Tensor) -> int:
    """Return how many passes make one measurement of at least 0.2 ms.

    Long enough that a tick of the clock (0.1 µs or less) does not count, short enough that
    most measurements end before another program takes the processor.
    """
    _seconds(network, images, 1)  # the first pass is cold
    return max(1, math.ceil(0.0002 / max(_seconds(network, images, 1), 1e-6)))


def _seconds(network: Callable, images: torch.Tensor, calls: int) -> float:
    start = time.perf_counter()
    for _ in range(calls):
        network(images)
    if images.is_cuda:
        torch.cuda.synchronize()
    return (time.perf_counter() - start) / calls


def _shape(network: nn.Module, input_shape: tuple[int, ...] | None) -> tuple[int, ...]:
    shape = input_shape or getattr(network, "input_shape", None)
    if shape is None:
        raise ValueError(
            f"{type(network).__name__} does not say what it takes: give "
            f"input_shape=(channels, height, width), for instance (1, 32, 32)."
        )
    return tuple(shape)
