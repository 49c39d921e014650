"""Mask-guided patch pruning: only patches that show the subject are computed.

After the pruning step of ChildGait-Video (Shen et al., Decoding children's gait behavior, ECCV 2026); the
threshold and the floor are settings of this program. Keeping every patch gives the unpruned result.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.nets.evgs.videomae import PIXEL_MEAN, PIXEL_SD, VideoShape


@dataclass(frozen=True, slots=True)
class PruneRule:
    """Which patches are kept.

    Attributes:
        threshold: least share of foreground pixels in either frame of the tubelet.
        floor: never fewer tokens than this (those with most foreground are added).
        keep: None = by the threshold; else exactly this share of all tokens, those with drawn skeleton first,
            then by foreground share (1.0 = all).
    """

    threshold: float = 0.10
    floor: int = 16
    keep: float | None = None

    def __post_init__(self) -> None:
        if not 0 <= self.threshold <= 1 or self.floor < 1 or not (self.keep is None or 0 < self.keep <= 1):
            raise SettingsError(message("error.model.evgs.pruning_rule"))


def share_by_patch(mask: NDArray[np.bool_], shape: VideoShape) -> NDArray[np.float64]:
    """[N] share of true pixels of each patch, the greater one of the frames of its tubelet.

    Args:
        mask: [T, S, S] bool.
        shape: of the clip.
    """
    t, rows, columns = shape.grid
    cells = mask.reshape(t, shape.tubelet, rows, shape.patch_px, columns, shape.patch_px)
    share: NDArray[np.float64] = cells.mean(axis=(3, 5)).max(axis=1).reshape(-1)
    return share


def choose_patches(
    mask: NDArray[np.bool_],
    drawn: NDArray[np.bool_] | None,
    shape: VideoShape,
    rule: PruneRule,
    *,
    first: NDArray[np.bool_] | None = None,
) -> NDArray[np.int64]:
    """Increasing numbers of the patches to keep.

    By threshold, a patch with drawn skeleton is never dropped. By share (``rule.keep``) the number of tokens is
    exact, so that speed can be compared: patches in ``first`` come first, then other drawn ones, then by
    foreground; drawn ones are dropped only if they alone are too many.

    Args:
        mask: [T, S, S] the subject.
        drawn: [T, S, S] drawn skeleton, or None.
        shape: of the clip.
        rule: which to keep.
        first: [N] patches that matter most, or None.
    """
    body = share_by_patch(mask, shape)
    lines = np.zeros_like(body) if drawn is None else share_by_patch(drawn, shape)
    last = np.ones(body.size, np.bool_) if first is None else ~first
    rank = np.lexsort((np.arange(body.size), -lines, -body, lines == 0, last))
    if rule.keep is not None:
        count = max(min(rule.floor, body.size), round(rule.keep * body.size))
        return np.sort(rank[:count]).astype(np.int64)
    kept = (body >= rule.threshold) & (body > 0) | (lines > 0)
    missing = min(rule.floor, body.size) - int(kept.sum())
    if missing > 0:
        kept[rank[~kept[rank]][:missing]] = True
    return np.flatnonzero(kept).astype(np.int64)


def patches_along(
    points: NDArray[np.float32], edges: Sequence[tuple[int, int]], shape: VideoShape, *, steps: int = 12
) -> NDArray[np.bool_]:
    """[N] patches that edges of a skeleton run through in either frame of the tubelet.

    Args:
        points: [T, K, 2] pixels, NaN = not seen.
        edges: pairs of points.
        shape: of the clip.
        steps: places looked at along each edge.
    """
    t, rows, columns = shape.grid
    found = np.zeros((t, rows, columns), np.bool_)
    along = np.linspace(0.0, 1.0, steps)[:, None]
    start, stop = (points[:, [edge[k] for edge in edges], None, :] for k in (0, 1))
    places = np.floor((start + along * (stop - start) + 0.5) / shape.patch_px).reshape(-1, 2)
    when = np.repeat(np.arange(len(points)) // shape.tubelet, len(edges) * steps)
    inside = (np.isfinite(places) & (places >= 0) & (places < [columns, rows])).all(axis=1)
    x, y = places[inside].astype(int).T
    found[when[inside], y, x] = True
    return found.reshape(-1)


def cut_patches(frames: NDArray[np.uint8], index: NDArray[np.int64], shape: VideoShape) -> NDArray[np.uint8]:
    """[n, 3 * tubelet * p * p] bytes of the chosen patches, in the order of the convolution's weights.

    Args:
        frames: [T, S, S, 3] u8.
        index: [n] patch numbers.
        shape: of the clip.
    """
    t, rows, columns = shape.grid
    p = shape.patch_px
    cells = frames.reshape(t, shape.tubelet, rows, p, columns, p, 3)
    at = np.unravel_index(index, (t, rows, columns))
    chosen = cells[at[0], :, at[1], :, at[2]]  # [n, tubelet, p, p, 3]
    return np.ascontiguousarray(chosen.transpose(0, 4, 1, 2, 3)).reshape(len(index), shape.patch_values)


def normalise_patches(patches: Tensor) -> Tensor:
    """Bytes [..., 3 * k] (channel outermost) to the network's pixels."""
    mean = torch.tensor(PIXEL_MEAN, device=patches.device)[:, None]
    sd = torch.tensor(PIXEL_SD, device=patches.device)[:, None]
    values = patches.float().unflatten(-1, (3, -1)) / 255.0
    out: Tensor = ((values - mean) / sd).flatten(-2)
    return out


def pad_patches(
    patches: Sequence[NDArray[np.uint8]], index: Sequence[NDArray[np.int64]]
) -> tuple[NDArray[np.uint8], NDArray[np.int64], NDArray[np.bool_]]:
    """Clips of unequal numbers of tokens as one batch.

    Returns:
        patches [B, n, P], their numbers [B, n] and [B, n] which are there.
    """
    longest = max(len(one) for one in index)
    batch = np.zeros((len(index), longest, patches[0].shape[1]), np.uint8)
    numbers = np.zeros((len(index), longest), np.int64)
    keys = np.zeros((len(index), longest), np.bool_)
    for row, (values, at) in enumerate(zip(patches, index, strict=True)):
        batch[row, : len(at)], numbers[row, : len(at)], keys[row, : len(at)] = values, at, True
    return batch, numbers, keys
