"""Kernel ridge regression: what a linear reading of features learns from a few images."""

from __future__ import annotations

import torch


def ridge_predict(
    features: torch.Tensor,
    targets: torch.Tensor,
    new_features: torch.Tensor,
    *,
    ridge: float = 1e-3,
) -> torch.Tensor:
    """Return the predictions for new images of the best linear reading of a small set.

    Kernel ridge regression (核岭回归), K(new, set) (K(set, set) + λ I)⁻¹ targets with
    K(a, b) = a · b: the weights w that make |features w − targets|² + λ |w|² least, without
    writing w down. It is exact, and gradients flow through it to features and targets:
    that is why sets can be learned through it.

    Args:
        features: of the small set, n x feature.
        targets: what it teaches, n x class.
        new_features: m x feature.
        ridge: λ as a share of the mean of K(set, set)'s diagonal, at least 0, so that it
            means the same for every scale of features.

    Returns:
        m x class.
    """
    if features.dim() != 2 or new_features.dim() != 2 or features.shape[1] != new_features.shape[1]:
        raise ValueError(
            f"features must be n x feature and m x feature, of the same network; got "
            f"{tuple(features.shape)} and {tuple(new_features.shape)}. Images go through a "
            "network first, or `.flatten(1)`."
        )
    if len(features) != len(targets) or targets.dim() != 2:
        raise ValueError(
            f"targets must be n x class for n = {len(features)} features; got "
            f"{tuple(targets.shape)}. Class indices become rows by condense.centred(labels)."
        )
    if not ridge >= 0:
        raise ValueError(f"ridge must be 0 or more, usually 0.001; got {ridge!r}.")
    kernel = features @ features.T
    return new_features @ (features.T @ torch.linalg.solve(ridged(kernel, ridge), targets))


def ridged(matrix: torch.Tensor, ridge: float) -> torch.Tensor:
    """Return the matrix with its diagonal raised by a share of the diagonal's mean."""
    penalty = ridge * matrix.detach().diagonal().mean()
    return matrix + penalty * torch.eye(len(matrix)).to(matrix)


def centred(labels: torch.Tensor, *, classes: int = 10) -> torch.Tensor:
    """Return class indices as regression targets, n x classes: 1 − 1/classes or −1/classes.

    Each row sums to 0: a reading that knows nothing says 0 for every class.
    """
    return torch.nn.functional.one_hot(labels, classes).float() - 1 / classes
