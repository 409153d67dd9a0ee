"""Lesson 3.3: rules and their controls, each layer's zeros on a slider, rows of tables."""

from __future__ import annotations

import copy
import lzma
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from course_utils import measure, models, plots, prune, training, widgets

SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.98)
"""What each layer's control offers."""
RULES = {"each layer alone": "layer", "global": "global", "LAMP": "lamp"}
"""By the name of a rule, the package's word for its scope."""
RIVALS = (0.8, 0.9, 0.95)
"""Shares of zeros at which LAMP plays against the learner."""


def kept_row(rule: str, masks: prune.Masks) -> dict[str, Any]:
    """Tell what a rule leaves of each layer, as a row of a table of shares."""
    kept = {name.removesuffix(".weight"): mask.float().mean().item()
            for name, mask in masks.items()}  # fmt: skip
    return {"rule": rule} | kept


def rule_masks(network: nn.Module, rule: str, share: float) -> prune.Masks:
    """Return the masks by a rule of `RULES`, or by one of the two controls, "… by lot"."""
    if rule == "by lot":
        return prune.random_masks(network, share, seed=0)
    if rule == "LAMP's shares, by lot":
        return prune.shuffled(prune.magnitude_masks(network, share, scope="lamp"), seed=0)
    return prune.magnitude_masks(network, share, scope=RULES[rule])


def one_shot(
    networks: Sequence[nn.Module], validation: training.Pair, shares: Sequence[float]
) -> dict[str, dict[float, list[float]]]:
    """Return by rule or control, by share of zeros, each network's accuracy: nothing is trained."""
    return {
        rule: {share: [training.evaluate(prune.apply(one, rule_masks(one, rule, share)),
                                         *validation) for one in networks] for share in shares}
        for rule in (*RULES, "LAMP's shares, by lot", "by lot")
    }  # fmt: skip


def trained_on(
    networks: Sequence[nn.Module],
    train_set: training.Pair,
    steps: Iterable[training.AfterStep] | None = None,
    *,
    epochs: int = 3,
) -> list[nn.Module]:
    """Return copies of the networks trained a little more, the n-th with the seed n.

    Nothing is chosen: the last weights are kept.

    Args:
        steps: for each network what is called after every step.
    """
    copies = [copy.deepcopy(one) for one in networks]
    for seed, (one, step) in enumerate(zip(copies, steps or [None] * len(copies), strict=True)):
        training.train(
            one, train_set, tuple(part[:50] for part in train_set), epochs=epochs, batch_size=32,
            learning_rate=2e-3, seed=seed, keep="last", after_step=step, progress=False,
        )  # fmt: skip
    return copies


def sensitivity_rows(
    found: Mapping[str, Mapping[str, Mapping[float, float]]],
    lots: Sequence[Mapping[str, Mapping[float, float]]],
) -> list[dict[str, Any]]:
    """Return what `prune.sensitivity` found in several networks as one row a layer.

    Args:
        found: by network's name, layer -> one share -> accuracy.
        lots: the same by lot; their mean is the control's column.
    """
    layers = next(iter(found.values()))
    return [
        {"layer": layer}
        | {name: next(iter(some[layer].values())) for name, some in found.items()}
        | {"by lot, mean": sum(next(iter(lot[layer].values())) for lot in lots) / len(lots)}
        for layer in layers
    ]


def mean_of(heads: Sequence[str]) -> Callable[[Mapping[str, Any]], float]:
    """Return what gives the mean of some columns of a row."""
    return lambda row: sum(row[head] for head in heads) / len(heads)


def coded_bytes(network: nn.Module) -> dict[str, int]:
    """Return the bytes of each tensor of a network, coded by LZMA for itself.

    Their sum is the size of a file that codes tensor by tensor: within a few per cent that of
    `.safetensors.xz`, which codes all of them at once and has a header.
    """
    tensors = network.state_dict().items()
    return {name: len(lzma.compress(tensor.numpy().tobytes())) for name, tensor in tensors}


class SparsityBench:
    """Removes a share of each layer's weights; shows accuracy and bytes beside LAMP's.

    Args:
        network: with layers that pruning may touch.
        validation: images and labels that every setting is asked.
    """

    def __init__(self, network: models.Network, validation: training.Pair) -> None:
        self.network, self.validation = network, validation
        self.layers = [name.removesuffix(".weight") for name in prune.prunable(network)]
        self.bytes = {share: coded_bytes(self._everywhere(share)) for share in SHARES}
        self.rivals = {share: self._rival(share) for share in RIVALS}
        self.tried: list[tuple[float, float]] = []
        self._known: dict[tuple[float, ...], tuple[float, float]] = {}

    def masks(self, shares: Mapping[str, float]) -> prune.Masks:
        """The masks that take from each layer its share of weights nearest to zero."""
        sizes = {name: weight.detach().abs()
                 for name, weight in prune.prunable(self.network).items()}  # fmt: skip
        return {
            name: prune.masks_by_score({name: size}, shares[name.removesuffix(".weight")])[name]
            for name, size in sizes.items()
        }

    def controls(self) -> dict[str, Any]:
        """One slider a layer for `widgets.live`; with a start for the lesson's network."""
        choices = {f"{share:.0%}": share for share in SHARES}
        return {
            layer: widgets.choice(choices, slide=True, start=start, label=f"{layer}: zeros")
            for layer, start in zip(self.layers, (0.0, 0.5, 0.95, 0.5), strict=True)
        }

    def measured(self, shares: Mapping[str, float]) -> tuple[float, float]:
        """Return kilobytes of the coded tensors, and accuracy: nothing is trained."""
        key = tuple(shares[layer] for layer in self.layers)
        if key not in self._known:
            pruned = prune.apply(self.network, self.masks(shares))
            size = sum(self.bytes[shares.get(name.removesuffix(".weight"), 0.0)][name]
                       for name in self.bytes[0.0])  # fmt: skip
            self._known[key] = size / 1000, training.evaluate(pruned, *self.validation)
        return self._known[key]

    def draw(self, **shares: float) -> Any:
        """Draw what is left of each layer, and the place among bytes and accuracy."""
        place = self.measured(shares)
        made, (left, right) = plots.figure(columns=2, height=3.1, width_ratios=(2, 3))
        kept = [1 - shares[layer] for layer in self.layers]
        left.barh(self.layers, kept, color=plots.colour("pruning"), height=0.6)
        left.invert_yaxis()
        left.set(xlim=(0, 1), xlabel="share of weights left", title="What is left")
        left.xaxis.set_major_formatter("{x:.0%}")
        self._draw_places(right, place)
        self.tried.append(place)
        return made

    def _draw_places(self, axis: Any, place: tuple[float, float]) -> None:
        axis.plot(*zip(*self.rivals.values(), strict=True), "s--", ms=6, label="LAMP",
                  color=plots.colour("reference"))  # fmt: skip
        if self.tried:
            axis.plot(*zip(*self.tried, strict=True), ".", label="tried",
                      color=plots.colour("control"))  # fmt: skip
        axis.plot(*place, "o", ms=11, color=plots.colour("pruning"), label="your shares")
        axis.set_xscale("log")
        axis.set_xticks([30, 100, 300, 1000], ["30", "100", "300", "1,000"])
        axis.minorticks_off()
        axis.set(xlim=(20, 1200), ylim=(0, 1), xlabel="kilobytes, coded", ylabel="accuracy",
                 title=f"{place[0]:.0f} kB, {place[1]:.1%}")  # fmt: skip
        axis.yaxis.set_major_formatter("{x:.0%}")
        axis.legend(fontsize=8.5, loc="lower right")

    def words(self, **shares: float) -> str:
        """The picture in words."""
        size, accuracy = self.measured(shares)
        said = ", ".join(f"{1 - shares[layer]:.0%} of {layer}" for layer in self.layers)
        rivals = ", ".join(f"{a:.1%} in {kb:.0f} kB" for kb, a in self.rivals.values())
        return (
            f"Left are {said}: accuracy {accuracy:.1%}, coded in {size:.0f} kilobytes. "
            f"LAMP reaches {rivals}."
        )

    def _everywhere(self, share: float) -> nn.Module:
        return prune.apply(self.network, self.masks(dict.fromkeys(self.layers, share)))

    def _rival(self, share: float) -> tuple[float, float]:
        pruned = prune.magnitude(self.network, share, scope="lamp")
        size = sum(coded_bytes(pruned).values())
        return size / 1000, training.evaluate(pruned, *self.validation)


def half_masks(network: nn.Module, layers: tuple[str, ...], kind: str) -> prune.Masks:
    """Return masks that drop half of each layer: "2:4", "2:4 by lot" or "half, no pattern"."""
    masks = prune.n_of_m_masks(network, layers=layers)
    weights = {name: network.get_parameter(name).detach() for name in masks}
    if kind == "half, no pattern":
        sizes = {name: weight.abs() for name, weight in weights.items()}
        return prune.masks_by_score(sizes, 0.5, scope="layer")
    if kind == "2:4 by lot":
        lots = torch.Generator().manual_seed(0)
        return {name: prune.n_of_m(torch.rand(weight.shape, generator=lots))
                for name, weight in weights.items()}  # fmt: skip
    return masks


def half_rows(
    networks: Mapping[str, nn.Module], validation: training.Pair,
    layers: tuple[str, ...] = ("conv2", "fc1", "fc2"),
) -> list[dict[str, Any]]:  # fmt: skip
    """Return each network's accuracy without half of its layers: a row for a kind of half."""
    return [
        {"kind": kind}
        | {name: training.evaluate(prune.apply(one, half_masks(one, layers, kind)), *validation)
           for name, one in networks.items()}
        for kind in ("2:4", "half, no pattern", "2:4 by lot")
    ]  # fmt: skip


def bend(network: nn.Module, images: torch.Tensor) -> float:
    """Tell how far a network is from linear: 0 if it is (or linear and a constant).

    The logits of the mean of two images, minus the mean of their logits, over all pairs of the
    first with the second half of the images; as a share of the spread of the former.
    """
    half = len(images) // 2
    x, y = images[:half], images[half : 2 * half]
    at_x, at_y, middle = (training.predict(network, some) for some in (x, y, (x + y) / 2))
    off = middle - (at_x + at_y) / 2
    return (off.norm() / (middle - middle.mean(0)).norm()).item()


def bend_row(
    name: str, networks: Sequence[nn.Module], validation: training.Pair
) -> dict[str, Any]:  # fmt: skip
    """Return the means of several networks' bend (on 200 images) and accuracy, and their size."""
    return {
        "network": name,
        "bend": sum(bend(one, validation[0][:200]) for one in networks) / len(networks),
        "accuracy": sum(training.evaluate(one, *validation) for one in networks) / len(networks),
        "parameters": measure.parameters(networks[0]),
    }


def zeros_row(
    name: str,
    loose: nn.Module,
    held: nn.Module,
    apoz: Mapping[str, torch.Tensor],
    validation: training.Pair,
) -> dict[str, Any]:
    """Return what is left of the zeros of a network trained without holding them, and with.

    Args:
        apoz: how often fc1's units were zero before; "of them, of dead units" is the share of
            the zeros left in all weights that fc1's dead units have.
    """
    dead = prune.dead(apoz)["fc1"]
    zeros = sum(int((weight == 0).sum()) for weight in prune.prunable(loose).values())
    theirs = int((loose.get_submodule("fc1").weight[dead] == 0).sum())
    return {
        "network": name,
        "zeros": prune.sparsity(loose),
        "of them, of dead units": theirs / max(zeros, 1),
        "accuracy": training.evaluate(loose, *validation),
        "zeros, held": prune.sparsity(held),
        "accuracy, held": training.evaluate(held, *validation),
    }
