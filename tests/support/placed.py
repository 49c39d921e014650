"""Keypoints that a person placed on pictures, and how far an estimate is from them."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.skeleton import Keypoint

PARTS = ("hip", "knee", "ankle", "heel", "big_toe")
APART = 0.10  # of the leg length: points of both limbs that are farther apart tell the sides

Point = NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class Placed:
    """What was placed in one frame: x, y in pixels by keypoint, and which of them are certain."""

    points: dict[Keypoint, Point] = field(default_factory=dict)
    certain: set[Keypoint] = field(default_factory=set)

    def leg_px(self) -> float:
        """Length of the longer of the legs that are placed from hip to ankle; NaN if there is none."""
        legs = [float("nan")]
        for side in ("LEFT", "RIGHT"):
            hip, knee, ankle = (self.points.get(Keypoint[f"{side}_{n}"]) for n in ("HIP", "KNEE", "ANKLE"))
            if hip is not None and knee is not None and ankle is not None:
                legs.append(float(np.hypot(*(hip - knee)) + np.hypot(*(knee - ankle))))
        return float(np.nanmax(legs)) if len(legs) > 1 else legs[0]

    def pair(self, part: str) -> tuple[Point, Point] | None:
        """The left and the right point of a kind; None unless both were placed."""
        left, right = (self.points.get(Keypoint[f"{side}_{part.upper()}"]) for side in ("LEFT", "RIGHT"))
        return None if left is None or right is None else (left, right)


Frames = Mapping[int, Placed]
"""What was placed in a clip, by frame."""


@dataclass(frozen=True, slots=True)
class Miss:
    """Distance of one estimated point from the placed one; infinite where nothing was estimated."""

    frame: int
    keypoint: Keypoint
    px: float
    share: float

    @property
    def part(self) -> str:
        return self.keypoint.name.lower().split("_", 1)[1]


def read_placed(file: Path, *, placing: int = 1) -> dict[str, dict[int, Placed]]:
    """Placed points by clip and frame; of a file with several placings, those of one."""
    clips: dict[str, dict[int, Placed]] = {}
    with file.open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            if int(row.get("placing", "1")) != placing:
                continue
            placed = clips.setdefault(row["clip"], {}).setdefault(int(row["frame"]), Placed())
            keypoint = Keypoint[row["keypoint"].upper()]
            placed.points[keypoint] = np.array([float(row["x_px"]), float(row["y_px"])])
            if row["certain"] == "1":
                placed.certain.add(keypoint)
    return clips


def leg_lengths(frames: Frames) -> dict[int, float]:
    """Leg length of each frame, pixels; from the frames before and after where no leg is whole."""
    numbers = sorted(frames)
    lengths = np.array([frames[number].leg_px() for number in numbers])
    known = np.isfinite(lengths)
    filled = np.interp(numbers, np.array(numbers)[known], lengths[known])
    return dict(zip(numbers, map(float, filled), strict=True))


def misses(frames: Frames, xy: NDArray[np.float32], *, hidden: bool = False) -> list[Miss]:
    """How far off the estimate (frame, keypoint, axis; pixels) is at all certain points, or all others."""
    found, legs = [], leg_lengths(frames)
    for frame, placed in frames.items():
        for keypoint in sorted(placed.points.keys() - placed.certain if hidden else placed.certain):
            px = float(np.hypot(*(xy[frame, keypoint] - placed.points[keypoint])))
            px = px if np.isfinite(px) else float("inf")
            found.append(Miss(frame, keypoint, px, px / legs[frame]))
    return found


def describe(found: list[Miss]) -> str:
    """Median and 90th percentile of each kind of point, in pixels and % of the leg length."""
    lines = []
    for part in ("all", *PARTS):
        some = [miss for miss in found if part in ("all", miss.part)]
        if some:
            px, share = np.array([m.px for m in some]), 100 * np.array([m.share for m in some])
            lines.append(
                f"{part}: n {len(some)}, median {np.median(px):.1f} px = {np.median(share):.1f} %, "
                f"90th {np.percentile(share, 90, method='lower'):.1f} %, unseen {np.isinf(px).sum()}"
            )
    return "\n".join(lines)


def sides_of(frames: Frames, xy: NDArray[np.float32]) -> tuple[list[int], list[int]]:
    """Frames in which left and right are exchanged, and those in which nothing tells them apart."""
    wrong, untold = [], []
    legs = leg_lengths(frames)
    for frame, placed in frames.items():
        straight, crossed = _both_ways(placed, xy[frame], APART * legs[frame])
        if not np.isfinite(straight):
            untold.append(frame)
        elif straight >= crossed:
            wrong.append(frame)
    return wrong, untold


def _both_ways(placed: Placed, xy: NDArray[np.float32], apart_px: float) -> tuple[float, float]:
    """Summed distances with labels as they are and exchanged; NaN if no pair of estimated points tells."""
    straight, crossed = [], []
    for part in PARTS[1:]:
        left, right = (Keypoint[f"{side}_{part.upper()}"] for side in ("LEFT", "RIGHT"))
        there = placed.pair(part)
        if there is None or np.hypot(*(there[0] - there[1])) < apart_px:
            continue
        if not np.isfinite(xy[[left, right]]).all():
            continue
        straight.append(np.hypot(*(xy[left] - there[0])) + np.hypot(*(xy[right] - there[1])))
        crossed.append(np.hypot(*(xy[left] - there[1])) + np.hypot(*(xy[right] - there[0])))
    return (float(sum(straight)), float(sum(crossed))) if straight else (float("nan"), float("nan"))
