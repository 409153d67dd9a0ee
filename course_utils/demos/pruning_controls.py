"""Ways to prune beside their controls: masks, more training, and rows of lesson 3.3's tables."""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import torch
from torch import nn

from course_utils import measure, prune, training

RULES = {"each layer alone": "layer", "global": "global", "LAMP": "lamp"}
"""By the name of a rule, the package's word for its scope."""


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
