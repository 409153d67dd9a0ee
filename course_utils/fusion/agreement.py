"""How much two explanations agree: rank correlation, shared peaks, and shuffled maps."""

from __future__ import annotations

import torch


def agreement(
    maps: torch.Tensor, others: torch.Tensor, *, where: torch.Tensor | None = None
) -> torch.Tensor:
    """Return Spearman's rank correlation of two signed maps, image by image.

    1: the same order of pixels; 0: unrelated; -1: reversed. Ties share their mean rank, and
    a map that is constant agrees with nothing: its correlation is 0.

    Args:
        maps, others: n x ... of one shape; attributions with their signs.
        where: bool of the same shape, the pixels that count; None: all. `images > 0` leaves
            out those that integrated gradients from black gives zero in every network.

    Returns:
        n correlations in [-1, 1], float64; 0 where fewer than two pixels count.
    """
    a, b = _pair(maps, others)
    if where is not None:
        chosen = _chosen(where, maps)
        pairs = zip(a, b, chosen, strict=True)
        return torch.cat([_correlation(x[w][None], y[w][None]) for x, y, w in pairs])
    return _correlation(a, b)


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


def random_maps(
    like: torch.Tensor, *, seed: int, where: torch.Tensor | None = None
) -> torch.Tensor:
    """Return each map with its own values in random order: the control that explains nothing.

    Args:
        where: bool of the same shape: only these pixels change places; None: all.
    """
    generator = torch.Generator().manual_seed(seed)
    flat = like.detach().cpu().flatten(1)
    chosen = torch.ones_like(flat, dtype=torch.bool) if where is None else _chosen(where, like)
    mixed = flat.clone()
    for row, (values, places) in enumerate(zip(flat, chosen, strict=True)):
        order = torch.randperm(int(places.sum()), generator=generator)
        mixed[row, places] = values[places][order]
    return mixed.view_as(like)


def _correlation(a: torch.Tensor, b: torch.Tensor) -> torch.Tensor:
    if a.shape[1] < 2:
        return torch.zeros(len(a), dtype=torch.float64)
    a, b = (_centred(_ranks(x)) for x in (a, b))
    scale = a.norm(dim=1) * b.norm(dim=1)
    return torch.where(scale > 0, (a * b).sum(1) / scale.clamp(min=1e-300), 0.0)


def _pair(maps: torch.Tensor, others: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
    if maps.shape != others.shape or maps.dim() < 2 or maps[0].numel() < 2:
        raise ValueError(
            f"two sets of maps of one shape are needed, n x pixels or more axes; got "
            f"{tuple(maps.shape)} and {tuple(others.shape)}."
        )
    return tuple(x.detach().cpu().double().flatten(1) for x in (maps, others))


def _chosen(where: torch.Tensor, maps: torch.Tensor) -> torch.Tensor:
    if where.shape != maps.shape or where.dtype != torch.bool:
        raise ValueError(
            f"where must be bool of the maps' shape {tuple(maps.shape)}, such as images > 0; "
            f"got {where.dtype} of shape {tuple(where.shape)}."
        )
    return where.detach().cpu().flatten(1)


def _ranks(values: torch.Tensor) -> torch.Tensor:
    """Rank each row from 0; equal values share the mean of their places."""
    ordered = values.sort(1).values
    first = torch.searchsorted(ordered, values.contiguous(), side="left")
    last = torch.searchsorted(ordered, values.contiguous(), side="right") - 1
    return (first + last).double() / 2


def _centred(ranks: torch.Tensor) -> torch.Tensor:
    return ranks - ranks.mean(1, keepdim=True)
