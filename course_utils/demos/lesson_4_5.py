"""What lesson 4.5 counts: where a file's bytes go, and what a budget of bytes buys."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from course_utils import data, entropy, measure, models, paired, plots, quantize, training
from course_utils.models.small import take_apart
from course_utils.models.small_parts import VALUES

SHELF = {
    "LeNet300": "reference", "LeNet300-taught": "distillation", "LeNet300-shared": "pruning",
    "LeNet5": "reference", "LeNet5-int4": "quantization", "LeNet5-ternary": "quantization",
    "LeNet5-binary": "quantization", "LeNet5-shared": "pruning",
    "LeNet5-thousandfold": "pruning", "Tiny": "structure", "Tiny-1KiB": "quantization",
}  # fmt: skip
"""The lesson's networks, and the method that gives the colour."""
COUNTS = ("header and checksum", "biases", "tables and scales", "where the zeros are", "values")
STEPS = ("dense, float32", "pruned: a bit a place, 32 bits a value",
         "shared: 4 bits a value, and tables", "coded by LZMA, the file",
         "coded by our coder, the file")  # fmt: skip


def anatomy(content: bytes) -> dict[str, float]:
    """Say where the bytes of a `.small` file go; the shares sum to its length.

    What coded symbols cost is the coder's own account, −log2 of the probabilities it used:
    parts of a byte.

    Returns:
        bytes by COUNTS.
    """
    _, parts = take_apart(content)
    spent = dict.fromkeys(COUNTS, 0.0)
    for name, part in parts.items():
        spent["biases" if name.endswith("bias") else "tables and scales"] += len(part.head())
        if part.kind == VALUES:
            continue
        zeros, rest = _symbol_bytes(part.symbols, part.alphabet)
        if name.endswith("bias"):
            spent["biases"] += zeros + rest
        else:
            spent["where the zeros are"] += zeros
            spent["values"] += rest
    spent["header and checksum"] = len(content) - sum(spent.values())
    return spent


def short_run(network: models.Network, seed: int, *, epochs: int, after_step: Any) -> Any:
    """Train a network in place on 10,000 images, and return it; 1,000 others say how it goes."""
    training.train(
        network, data.mnist("train", limit=10_000), data.mnist("validation", limit=1000),
        epochs=epochs, seed=seed, after_step=after_step, progress=False,
    )  # fmt: skip
    return network


def step_bytes(sparse: models.Network, shared: models.Network) -> dict[str, int]:
    """What a network takes after each step of Deep Compression, and in two real files.

    Until the files, all is counted: biases as float32, places at one bit a weight.

    Args:
        sparse: pruned, its weights not yet shared.
        shared: the same with shared weights.
    """
    layers = [layer.weight.detach() for layer in _weighted(sparse)]
    every, used = sum(w.numel() for w in layers), sum(int((w != 0).sum()) for w in layers)
    biases = 4 * sum(layer.bias.numel() for layer in _weighted(sparse))
    table = max(len(layer.weight.detach().unique()) - 1 for layer in _weighted(shared))
    code = (table - 1).bit_length()
    return {
        STEPS[0]: biases + 4 * every,
        STEPS[1]: biases + (every + 32 * used + 7) // 8,
        STEPS[2]: biases + (every + code * used + 7) // 8 + 4 * table * len(layers),
        STEPS[3]: len(models.network_bytes(shared, coded=True)),
        STEPS[4]: len(models.network_bytes(shared, small=True)),
    }


def factors(runs: Sequence[Mapping[str, int]]) -> dict[str, float]:
    """How many times smaller each step makes it, mean bytes over mean bytes; ours codes."""
    dense, sparse, shared, _, coded = (sum(run[step] for run in runs) for step in STEPS)
    return {"pruning": dense / sparse, "sharing": sparse / shared, "coding": shared / coded}


def reckoning(
    shelf: Mapping[str, models.Network], images: Tensor, labels: Tensor
) -> list[dict[str, Any]]:
    """Every network beside the dense one it came from: bytes, ratio, error, paired difference."""
    said = {name: training.predict(one, images).argmax(1) for name, one in shelf.items()}
    rows = []
    for name, network in shelf.items():
        start = "LeNet300" if name.startswith("LeNet300") else "LeNet5"
        gap = paired.compare(said[start], said[name], labels)
        size, origin = file_bytes(name, network), file_bytes(start, shelf[start])
        rows.append({
            "file": name, "bytes": size, "ratio": origin / size,
            "error": (said[name] != labels).double().mean().item(),
            "against dense": 100 * gap.difference, "± (points)": 100 * gap.error,
        })  # fmt: skip
    return rows


def index_entries(mask: Tensor, longest: int) -> int:
    """Count the entries of Deep Compression's index: one a weight that is left, and fillers.

    An entry says how far its weight stands behind the one before it, 1 to `longest`. Where it
    is farther, filler entries with the value zero bridge the way, `longest` places each.
    """
    places = mask.flatten().nonzero().flatten()
    gaps = places.diff(prepend=torch.tensor([-1]))
    return int(((gaps - 1) // longest + 1).sum())


def shuffled_bytes(symbols: Tensor, alphabet: int, *, seed: int) -> float:
    """What the coder pays for the same symbols in random order, in bytes."""
    generator = torch.Generator().manual_seed(seed)
    order = torch.randperm(symbols.numel(), generator=generator)
    return entropy.bits(symbols.flatten()[order].view_as(symbols), alphabet=alphabet) / 8


def shelf(names: Sequence[str] = tuple(SHELF)) -> dict[str, models.Network]:
    """Load the lesson's networks from their files; LeNet5-int4 is rounded here."""
    loaded = {name: models.load_network(name) for name in names if name != "LeNet5-int4"}
    if "LeNet5-int4" in names:
        loaded["LeNet5-int4"] = quantize.quantize_weights(
            models.load_network("LeNet5"), bits=4, clip="mse"
        )
    return {name: loaded[name] for name in names}


def file_bytes(name: str, network: models.Network) -> int:
    """The whole file's bytes; of LeNet5-int4, which no file holds, those it would have."""
    if name == "LeNet5-int4":
        return len(models.network_bytes(network, bits=4))
    return measure.file_bytes(models.network_path(name))


class Budget:
    """The lesson's networks as a choice: so many bytes, which one?"""

    def __init__(self, networks: Mapping[str, models.Network], images: Tensor, labels: Tensor):
        self.images, self.labels = images, labels
        self.bytes = {name: file_bytes(name, one) for name, one in networks.items()}
        self.answers = {n: training.predict(one, images).argmax(1) for n, one in networks.items()}
        self.accuracy = {
            name: (said == labels).double().mean().item() for name, said in self.answers.items()
        }

    def best(self, allowed: int) -> str | None:
        """The most accurate network of at most `allowed` bytes; of equals the smallest."""
        able = [name for name, size in self.bytes.items() if size <= allowed]
        return max(able, key=lambda n: (self.accuracy[n], -self.bytes[n]), default=None)

    def draw(self, allowed: int) -> Any:
        """The curve from bytes to accuracy, the choice, and digits that it gets wrong."""
        chosen = self.best(allowed)
        made, axes = plots.figure(columns=9, width=7.6, height=3.6, gridspec_kw={"wspace": 0.15})
        grid = axes[0].get_gridspec()
        for axis in axes:
            axis.remove()
        self._curve(made.add_subplot(grid[:6]), chosen, allowed)
        inner = grid[6:].subgridspec(3, 3, wspace=0.1, hspace=0.45)
        wrong = [] if chosen is None else self._wrong(chosen)
        for place in range(9):
            axis = made.add_subplot(inner[place])
            axis.set_axis_off()
            if place < len(wrong):
                plots.draw_image(axis, self.images[wrong[place]])
                said = int(self.answers[chosen][wrong[place]])
                axis.set_title(f"“{said}”", fontsize=8, loc="center", pad=2)
        return made

    def words(self, allowed: int) -> str:
        """The picture in words."""
        chosen = self.best(allowed)
        if chosen is None:
            return f"No network of the lesson has {allowed:,} bytes or fewer."
        return (
            f"At most {allowed:,} bytes buy {chosen}: {self.bytes[chosen]:,} bytes, accuracy "
            f"{self.accuracy[chosen]:.2%} on {len(self.labels):,} validation images. It gets "
            f"{len(self._wrong(chosen))} wrong."
        )

    def _wrong(self, name: str) -> list[int]:
        return (self.answers[name] != self.labels).nonzero().flatten().tolist()

    def _curve(self, axis: Any, chosen: str | None, allowed: int) -> None:
        for name, size in self.bytes.items():
            axis.plot(size, 100 * self.accuracy[name], "o", color=plots.colour(SHELF[name]),
                      ms=11 if name == chosen else 6, mew=1.5 if name == chosen else 0,
                      mec="black")  # fmt: skip
        front = plots.pareto_front([(s, self.accuracy[n]) for n, s in self.bytes.items()])
        axis.plot([s for s, _ in front], [100 * a for _, a in front], color="#999999", lw=1,
                  zorder=0, drawstyle="steps-post")  # fmt: skip
        axis.axvspan(allowed, 4e6, color="#eeeeee", zorder=-1)
        axis.set(xscale="log", xlim=(500, 4e6), xlabel="bytes of the whole file",
                 ylabel="accuracy, %")  # fmt: skip
        title = "nothing so small" if chosen is None else f"{chosen}: {self.accuracy[chosen]:.2%}"
        axis.set_title(f"{allowed:,} bytes buy {title}", fontsize=10)


def moved(images: Tensor, pixels: int) -> Tensor:
    """Move images to the right; what moves in is black."""
    return nn.functional.pad(images, (pixels, 0))[..., : images.shape[-1]]


def _symbol_bytes(symbols: Tensor, alphabet: int) -> tuple[float, float]:
    """What telling zeros from the others costs, and what the others' values cost."""
    columns = max(1, symbols[0].numel() if symbols.ndim > 1 else symbols.numel())
    flat = symbols.flatten()
    both = entropy.bits(flat, alphabet=alphabet, columns=columns) / 8
    zeros = entropy.bits((flat > 0).long(), alphabet=2, columns=columns) / 8
    return zeros, both - zeros


def _weighted(network: nn.Module) -> list[nn.Module]:
    return [m for m in network.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
