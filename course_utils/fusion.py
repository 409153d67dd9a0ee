"""Where compression and explanation meet: how much two explanations agree."""

from __future__ import annotations

import torch


def agreement(maps: torch.Tensor, others: torch.Tensor) -> torch.Tensor:
    """Return Spearman's rank correlation of two signed maps, image by image.

    1: the same order of pixels; 0: unrelated; -1: reversed. Ties share their mean rank, and
    a map that is constant agrees with nothing: its correlation is 0.

    Args:
        maps, others: n x ... of one shape; attributions with their signs.

    Returns:
        n correlations in [-1, 1], float64.
    """
    a, b = _pair(maps, others)
    a, b = (_centred(_ranks(x)) for x in (a, b))
    scale = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(scale > 0, (a * b).sum(1) / scale.clamp(min=1e-300), 0.0)


def top_overlap(maps: torch.Tensor, others: torch.Tensor, *, share: float = 0.1) -> torch.Tensor:
    """Return which share of each map's highest pixels are among the other's highest.

    Two unrelated maps overlap by `share` on average.

    Args:
        share: the share of pixels that counts as highest, in (0, 1].
    """
    if not 0 < share <= 1:
        hint = f" Did you mean {share / 100:g}?" if 1 < share <= 100 else ""
        raise ValueError(f"share must be in (0, 1]; got {share!r}.{hint}")
    a, b = _pair(maps, others)
    count = max(1, round(share * a.shape[1]))
    tops = [torch.zeros_like(x, dtype=torch.bool).scatter_(1, x.topk(count).indices, True)
            for x in (a, b)]  # fmt: skip
    return (tops[0] & tops[1]).sum(1).double() / count


def random_maps(like: torch.Tensor, *, seed: int) -> torch.Tensor:
    """Return each map with its own values in random order: the control that explains nothing."""
    generator = torch.Generator().manual_seed(seed)
    flat = like.detach().cpu().flatten(1)
    order = torch.rand(flat.shape, generator=generator).argsort(1)
    return flat.gather(1, order).view_as(like)


def _pair(maps: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if maps.shape != others.shape or maps.dim() < 2 or maps[0].numel() < 2:
        raise ValueError(
            f"two sets of maps of one shape are needed, n x pixels or more axes; got "
            f"{tuple(maps.shape)} and {tuple(others.shape)}."
        )
    return tuple(x.detach().cpu().double().flatten(1) for x in (maps, others))


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Rank each row from 0; equal values share the mean of their places."""
    ordered = values.sort(1).values
    first = torch.searchsorted(ordered, values.contiguous(), side="left")
    last = torch.searchsorted(ordered, values.contiguous(), side="right") - 1
    return (first + last).double() / 2


def _centred(ranks: torch.Tensor) -> torch.Tensor:
    return ranks - ranks.mean(1, keepdim=True)
