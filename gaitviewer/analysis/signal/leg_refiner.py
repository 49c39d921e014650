"""The legs of a walking pass, put right where an estimator draws both as one.

Where one leg swings past the other, a pose estimator often draws knees and ankles of both legs together for
some frames. What is right shows in the frames before and after: a small temporal convolutional network (as in
Pavllo et al., CVPR 2019, but 2D to 2D) reads both legs of a pass over time and says how far each point lies
from where it should be. It learned that from walkers that were drawn and then seen by the very estimator
(``gaitviewer.research.legs``), so its weights belong to one estimator. This module holds the frame in which the
legs are read, and runs the network in numpy: no torch, milliseconds a pass.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.analysis.signal.cleaning import F8, low_pass
from gaitviewer.core.gait import Direction, Side, WalkingPass
from gaitviewer.core.pose import Origin, PoseSequence
from gaitviewer.core.skeleton import Keypoint

PARTS = ("HIP", "KNEE", "ANKLE", "HEEL", "BIG_TOE")
GRID_HZ = 50.0  # the network's own frame rate
FEATURES = 42
DILATIONS = (1, 2, 4, 8, 4, 2, 1)
NORM_EPSILON = 1e-5

_PATH_HZ = 1.5  # the hips' way without their own movement within a stride
_LONGEST_GAP_S = 0.12  # without a whole leg pair; over longer ones the network reads nothing
_LEAST_S = 0.4


def leg_keypoints(near: Side) -> list[Keypoint]:
    """The ten points in the network's order: near limb first."""
    return [Keypoint[f"{side.name}_{part}"] for side in (near, near.other) for part in PARTS]


@dataclass(frozen=True, slots=True, eq=False)
class LegTracks:
    """Both legs over a stretch in the walker's own frame, on an even grid of times.

    Attributes:
        times: [n] seconds.
        points: [n, 10, 2] from the hips' way, in leg lengths, x the way the subject walks, y down.
        score: [n, 10] the estimator's.
        shoulders: [n, 2] their middle, likewise.
        path_px: [n, 2] the hips' way in the picture.
        leg_px: length of a leg.
        forward: +1 walking to the right in the picture, -1 to the left.
    """

    times: F8
    points: F8
    score: F8
    shoulders: F8
    path_px: F8
    leg_px: float
    forward: int

    def features(self) -> F8:
        """[n, 42] what the network reads."""
        apart = self.points[:, :5] - self.points[:, 5:]
        parts = (self.points, self.score, self.shoulders, apart)
        return np.concatenate([part.reshape(len(self.times), -1) for part in parts], axis=1)

    def in_walker(self, xy: F8) -> F8:
        """Picture positions [n, k, 2] at the same times, in the walker's frame."""
        return (xy - self.path_px[:, None]) / self.leg_px * (self.forward, 1.0)

    def in_pixels(self, moves: F8) -> F8:
        """Moves [..., 2] of the walker's frame, in pixels of the picture."""
        return np.asarray(moves * self.leg_px * (self.forward, 1.0), np.float64)


def read_leg_tracks(pose: PoseSequence, one: WalkingPass) -> list[tuple[NDArray[np.int64], LegTracks]]:
    """Every stretch of a side-view pass in which both legs are seen, with the numbers of its frames.

    Args:
        pose: keypoints with left and right as they are.
        one: the pass; nothing can be read if its near limb is not known.
    """
    if one.near is None:
        return []
    points = leg_keypoints(one.near)
    whole = np.flatnonzero(pose.seen[one.start : one.stop][:, points].all(axis=1)) + one.start
    if not whole.size:
        return []
    breaks = np.flatnonzero(np.diff(pose.times[whole]) > _LONGEST_GAP_S) + 1
    found = []
    for frames in np.split(whole, breaks):
        if len(frames) >= 8 and pose.times[frames[-1]] - pose.times[frames[0]] >= _LEAST_S:
            forward = 1 if one.direction is Direction.LEFT_TO_RIGHT else -1
            found.append((frames, _tracks(pose, frames, points, forward)))
    return found


def _tracks(pose: PoseSequence, frames: NDArray[np.int64], points: list[Keypoint], forward: int) -> LegTracks:
    times = pose.times[frames]
    grid = times[0] + np.arange(int((times[-1] - times[0]) * GRID_HZ + 1e-6) + 1) / GRID_HZ
    xy = on_grid(grid, times, pose.xy[frames][:, points])
    shoulders = pose.xy[frames][:, [Keypoint.LEFT_SHOULDER, Keypoint.RIGHT_SHOULDER]].mean(axis=1)
    shoulders = np.where(np.isfinite(shoulders), shoulders, xy[:, [0, 5]].mean(axis=1).mean(axis=0))
    hips = xy[:, [0, 5]].mean(axis=1)
    bones = np.linalg.norm(np.diff(xy.reshape(-1, 2, 5, 2)[:, :, :3], axis=2), axis=3).sum(axis=2)
    leg = float(max(np.median(bones), 1.0))
    path = low_pass(grid, hips, _PATH_HZ)
    empty = np.zeros((len(grid), 0))
    frame = LegTracks(grid, empty, empty, empty, path, leg, forward)
    seen = on_grid(grid, times, shoulders)
    return LegTracks(
        grid, frame.in_walker(xy), on_grid(grid, times, pose.score[frames][:, points]),
        frame.in_walker(seen[:, None])[:, 0], path, leg, forward,
    )  # fmt: skip


def on_grid(grid: F8, times: F8, values: NDArray[np.float32] | F8) -> F8:
    """``values`` [n, ...] at ``times`` [n], linearly at ``grid`` [m] -> [m, ...]."""
    flat = np.asarray(values, np.float64).reshape(len(times), -1)
    columns = [np.interp(grid, times, column) for column in flat.T]
    return np.stack(columns, axis=1).reshape(len(grid), *values.shape[1:])


@dataclass(frozen=True, slots=True, eq=False)
class LegRefiner:
    """The network.

    Attributes:
        weights: by name, as ``gaitviewer.nets.legs.LegNetwork`` has them.
        digest: of the file that they come from.
    """

    weights: Mapping[str, NDArray[np.float32]]
    digest: str

    def moves(self, features: F8) -> F8:
        """How far each point should go, [n, 10, 2] leg lengths, from ``features`` [n, 42]."""
        w = self.weights
        h = features.astype(np.float32) @ w["enter.weight"][:, :, 0].T + w["enter.bias"]
        for number, dilation in enumerate(DILATIONS):
            name = f"layers.{number}"
            inner = _over_time(h, w[f"{name}.spread.weight"], dilation) + w[f"{name}.spread.bias"]
            inner = _normalised(inner) * w[f"{name}.norm.weight"] + w[f"{name}.norm.bias"]
            inner = inner / (1.0 + np.exp(-inner))
            h = h + inner @ w[f"{name}.mix.weight"][:, :, 0].T + w[f"{name}.mix.bias"]
        out = h @ w["leave.weight"][:, :, 0].T + w["leave.bias"]
        return out.astype(np.float64).reshape(len(out), 10, 2)

    def refine(self, pose: PoseSequence, passes: tuple[WalkingPass, ...]) -> PoseSequence:
        """The legs of side-view passes put right; what a person set and what is not seen stays as it is."""
        xy = pose.xy.astype(np.float64)
        for one in passes:
            for frames, tracks in read_leg_tracks(pose, one):
                moves = tracks.in_pixels(self.moves(tracks.features()))
                rows = slice(frames[0], frames[-1] + 1)
                points = leg_keypoints(one.near) if one.near is not None else []
                xy[rows, points] += on_grid(pose.times[rows], tracks.times, moves)
        fixed = pose.has_origin(Origin.CORRECTED, Origin.SPREAD)
        xy[fixed] = pose.xy[fixed]
        return pose.with_points(xy.astype(np.float32))


def _over_time(h: NDArray[np.float32], weight: NDArray[np.float32], dilation: int) -> NDArray[np.float32]:
    """A convolution of three taps: h [n, c], weight [d, c, 3] -> [n, d]; beyond the ends is 0."""
    padded = np.pad(h, ((dilation, dilation), (0, 0)))
    taps = [padded[tap * dilation : tap * dilation + len(h)] @ weight[:, :, tap].T for tap in range(3)]
    return np.asarray(taps[0] + taps[1] + taps[2], np.float32)


def _normalised(h: NDArray[np.float32]) -> NDArray[np.float32]:
    centred = h - h.mean(axis=1, keepdims=True)
    return np.asarray(centred / np.sqrt((centred**2).mean(axis=1, keepdims=True) + NORM_EPSILON), np.float32)
