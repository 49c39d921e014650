"""The pose estimator's errors, measured on rendered walkers whose true keypoints are known.

What comes out is the text of ``resources/synthesis/pose_errors.toml``: synthetic keypoints are drawn from it.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import F8, segments
from gaitviewer.core.gait import Direction, View
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.messages import message
from gaitviewer.synthesis.body.appearance import draw_look, draw_room
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.filming.pose_errors import LEG_PARTS, behind, hidden, leg_px, part_name
from gaitviewer.synthesis.gait.subjects import draw_subject, random_for
from gaitviewer.util.temporary import TemporaryFolder

if TYPE_CHECKING:
    from gaitviewer.synthesis.demo import FilmedView


PARTS = tuple(dict.fromkeys(part_name(keypoint) for keypoint in Keypoint))
_RATE_HZ = 30.0
_ROBUST = 1.4826  # SD of a normal distribution over its median absolute deviation
_SWAPPED_BY = 0.06  # legs are exchanged where that brings them nearer by this much, leg lengths
_GROSS = 0.35  # farther off than this is another person or a wall, not an error of the keypoint


@dataclass(frozen=True, slots=True, eq=False)
class Residuals:
    """One recording's errors on its walking passes, in leg lengths.

    Attributes:
        view: which.
        xy: [T, K, 2] forward (sagittal) or towards the point's own side (coronal), and down; NaN outside.
        score: [T, K].
        behind, hidden: [T, K] limb on the far side, and hidden by the near one.
        swapped: [T] legs exchanged.
        lost: [T] nobody found although all of him is in the picture.
        seconds: of walking.
        step_s: between frames.
    """

    view: View
    xy: F8
    score: F8
    behind: NDArray[np.bool_]
    hidden: NDArray[np.bool_]
    swapped: NDArray[np.bool_]
    lost: NDArray[np.bool_]
    seconds: float
    step_s: float


def fit_errors(
    *, walkers: int, seed: int = 1, workers: int = 2, pose_model: str = "full", tick: Tick = no_progress
) -> str:
    """Film walkers, let the pose estimator follow them, and describe its errors as TOML.

    Args:
        walkers: how many, each in both views.
        seed: of the cohort they are drawn from.
        workers: processes of the estimator.
        pose_model: name of the pose model.
        tick: progress.

    Raises:
        PoseError: nobody was found.
        SettingsError: the pose model is not here.
        VideoError: a video cannot be written.
    """
    found: list[Residuals] = []
    with TemporaryFolder() as folder:
        for number in range(walkers):
            inner = subprogress(tick, number / walkers, (number + 1) / walkers)
            found += _follow(seed, number, folder, workers, pose_model, inner)
    return describe(found, walkers=walkers, seed=seed, pose_model=pose_model)


def _follow(seed: int, number: int, folder: Path, workers: int, pose_model: str, tick: Tick) -> list[Residuals]:
    """Render one walker, run the estimator on both views."""
    from gaitviewer.pose import FrameSource, VideoJob, estimate_many
    from gaitviewer.video import index_video, write_video

    subject = draw_subject(seed, number)
    scene = film_trial(
        subject.gait, random_for(seed, number, 100), rate_hz=_RATE_HZ,
        look=draw_look(random_for(seed, number, 300)), room=draw_room(random_for(seed, number, 400)),
    )  # fmt: skip
    jobs = {}
    for view in View:
        path = folder / f"{number}-{view.value}.mp4"
        filmed = scene.views[view]
        write_video(path, _pictures(filmed, tick), times=filmed.times, gop=30)
        source = FrameSource("gaitviewer.video:open_video", (str(path),))
        jobs[view] = VideoJob(source=source, info=index_video(path), name=path.name)
    results = estimate_many(jobs, workers=workers, use_cache=False, model=pose_model)
    return [measure_residuals(scene.views[view], results[view].pose) for view in View]


def _pictures(filmed: FilmedView, tick: Tick) -> Iterator[NDArray[np.uint8]]:
    for number, frame in enumerate(filmed.frames()):
        tick(number / len(filmed.times), message("progress.filming_walker", view=filmed.view.value))
        yield frame.rgb


def measure_residuals(filmed: FilmedView, pose: PoseSequence) -> Residuals:
    """How far estimated keypoints lie from the true ones, on the walking passes."""
    true, leg = filmed.points_px, leg_px(filmed)
    sign = np.zeros(len(true))
    for walked in filmed.passes():
        inside = slice(walked.start, walked.stop)
        sign[inside] = 1.0 if walked.direction in (Direction.LEFT_TO_RIGHT, Direction.TOWARDS) else -1.0
    walking = sign != 0
    xy = (np.asarray(pose.xy, np.float64) - true) / leg[:, None, None]
    flips = list(BODY_FEET_23.flips)
    legs = [k for k in Keypoint if part_name(k) in LEG_PARTS and pose.seen[:, k].any()]
    crossed = (np.asarray(pose.xy[:, flips], np.float64) - true) / leg[:, None, None]
    gain = _size(xy[:, legs]) - _size(crossed[:, legs])
    seen = np.isfinite(xy).all(axis=2)
    swapped = walking & np.where(seen[:, legs].all(axis=1), gain > _SWAPPED_BY, False)
    xy[..., 0] *= sign[:, None]
    if filmed.view is View.CORONAL:
        # Towards a camera the left side is on the right of the picture.
        xy[..., 0] *= np.asarray([-1.0 if k.name.startswith("RIGHT") else 1.0 for k in Keypoint])
    usable = walking & ~swapped
    xy[~usable] = np.nan
    xy[_size3(xy) > _GROSS] = np.nan
    step = float(np.median(np.diff(filmed.times)))
    return Residuals(
        filmed.view, xy, np.where(usable[:, None] & seen, pose.score, np.nan).astype(np.float64),
        behind(filmed), hidden(filmed, true, leg), swapped, walking & ~seen.any(axis=1),
        float(walking.sum() * step), step,
    )  # fmt: skip


def _size3(xy: F8) -> F8:
    return np.asarray(np.hypot(xy[..., 0], xy[..., 1]), np.float64)


def _size(xy: F8) -> F8:
    """[T] mean distance over the points; NaN where any is missing."""
    return np.asarray(_size3(xy).mean(axis=1), np.float64)


def _of_part(found: Sequence[Residuals], name: str, *, near: bool = True) -> list[F8]:
    """[T, 2] of every keypoint of that name; only where it is not on the far side, if ``near``."""
    columns = []
    for one in found:
        for keypoint in Keypoint:
            if part_name(keypoint) == name:
                wanted = ~one.behind[:, keypoint] if near else one.behind[:, keypoint]
                columns.append(np.where(wanted[:, None], one.xy[:, keypoint], np.nan))
    return columns


def _centre(columns: Sequence[F8]) -> F8:
    """[2] median over everything."""
    return np.asarray(np.nanmedian(np.concatenate(columns), axis=0), np.float64)


def _spread(columns: Sequence[F8]) -> float:
    """Robust SD of an axis about each recording's own median."""
    inner = [column - np.nanmedian(column, axis=0) for column in columns if _enough(column)]
    values = np.concatenate([column.ravel() for column in inner])
    return float(_ROBUST * np.nanmedian(np.abs(values)))


def _enough(column: F8) -> bool:
    return int(np.isfinite(column).all(axis=1).sum()) > 15


def _decay_s(columns: Sequence[F8], step_s: float) -> float:
    """Time in which the autocorrelation falls to 1/e, from lag one."""
    up, down = 0.0, 0.0
    for column in columns:
        if not _enough(column):
            continue
        inner = column - np.nanmedian(column, axis=0)
        limit = 3 * _ROBUST * np.nanmedian(np.abs(inner))
        inner = np.where(np.abs(inner) > limit, np.nan, inner)
        product = inner[1:] * inner[:-1]
        up += float(np.nansum(product))
        down += float(np.nansum(np.where(np.isfinite(product), (inner[1:] ** 2 + inner[:-1] ** 2) / 2, np.nan)))
    rho = float(np.clip(up / down, 0.05, 0.98)) if down > 0 else 0.5
    return -step_s / float(np.log(rho))


def _between(columns: Sequence[F8]) -> float:
    """Spread of the recordings' medians."""
    middles = np.array([np.nanmedian(column, axis=0) for column in columns if _enough(column)])
    return float(_ROBUST * np.median(np.abs(middles - np.median(middles, axis=0))))


def describe(found: Sequence[Residuals], *, walkers: int, seed: int, pose_model: str = "full") -> str:
    """The figures as TOML."""
    lines = [
        "# How a pose estimator errs, measured on rendered walkers whose true keypoints are known:",
        f"#   gaitviewer cohort fit-errors --walkers {walkers} --seed {seed} --pose-model {pose_model}",
        "# Lengths as fractions of the leg (hip to ankle) in the picture; robust figures, so that gross errors",
        "# do not enter. bias: forward (side view) or towards the own side (front view), and down, median over",
        "# all; jitter: SD of an axis about a recording's own median; decay_s: autocorrelation of that to 1/e.",
    ]
    for view in View:
        own = [one for one in found if one.view is view]
        lines += ["", f"[{view.value}]"]
        steps = float(np.median([one.step_s for one in own]))
        columns = {name: _of_part(own, name) for name in PARTS}
        seen = [name for name in PARTS if any(_enough(column) for column in columns[name])]
        for title, values in (
            ("jitter", [f"{name} = {_spread(columns[name]):.4f}" for name in seen]),
            ("decay_s", [f"{name} = {_decay_s(columns[name], steps):.3f}" for name in seen]),
            ("bias", [f"{n} = [{_centre(columns[n])[0]:.4f}, {_centre(columns[n])[1]:.4f}]" for n in seen]),
        ):
            lines.append(f"{title} = {{ {', '.join(values)} }}")
        lines.append(f"bias_spread = {np.median([_between(columns[name]) for name in seen]):.4f}")
        lines.append(f"never_seen = {[name for name in PARTS if name not in seen]}".replace("'", '"'))
        if view is View.SAGITTAL:
            lines += _far_lines(own)
    return "\n".join(lines + _rest_lines(found)) + "\n"


def _far_lines(own: Sequence[Residuals]) -> list[str]:
    """How much worse the limb is that is far away, and hidden."""
    factors = {"far": [], "hidden": []}  # type: dict[str, list[float]]
    for name in PARTS:
        if name in ("nose", "eye", "ear"):
            continue
        columns = [column for column in _of_part(own, name) if _enough(column)]
        base = _spread(columns) if columns else 0.0
        for title, sizes in factors.items():
            rows = own if title == "far" else [replace(one, behind=one.hidden) for one in own]
            columns = [c for c in _of_part(rows, name, near=False) if _enough(c)]
            if columns and base > 0:
                sizes.append(_spread(columns) / base)
    return [f"{title}_factor = {np.median(values):.2f}" for title, values in factors.items()]


def _rest_lines(found: Sequence[Residuals]) -> list[str]:
    """Exchanged legs, lost frames, scores."""
    seconds = sum(one.seconds for one in found)
    lines = ["", f"# On {seconds:.0f} seconds of walking."]
    for title, rows in (("swap", [o.swapped for o in found]), ("dropped", [o.lost for o in found])):
        lengths = [
            (stop - start) * one.step_s
            for one, row in zip(found, rows, strict=True)
            for start, stop in segments(row)
        ]
        low, high = np.percentile(lengths, [10, 90]) if lengths else (0.03, 0.1)
        rate = max(len(lengths), 0.5) / seconds
        lines += [f"[{title}]", f"a_second = {rate:.3f}", f"seconds = [{low:.3f}, {high:.3f}]", ""]
    error = np.concatenate([_size3(one.xy).ravel() for one in found])
    score = np.concatenate([one.score.ravel() for one in found])
    good = np.isfinite(error) & np.isfinite(score)
    slope, full = np.polyfit(error[good], score[good], 1)
    rest = float(np.std(score[good] - full - slope * error[good]))
    return [
        *lines, "[score]", f"full = {full:.3f}", f"per_error = {max(0.0, -slope):.2f}", f"noise = {rest:.3f}"
    ]  # fmt: skip
