"""Drawn walkers with their true keypoints, and what the pose estimator makes of them in the side view.

Pictures are drawn, spoiled a little (blur, noise, light, compression) and looked at, but not kept. A walker is
a function of the seed and its number alone, so an interrupted run goes on where it was.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Direction, Side, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message
from gaitviewer.pose.estimator import BodyCircle, Estimate, PoseEstimator
from gaitviewer.pose.scan import cut_square
from gaitviewer.research.spoiling import Spoiling
from gaitviewer.synthesis.body.appearance import draw_look, draw_room
from gaitviewer.synthesis.filming.film import film_trial
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import paint
from gaitviewer.synthesis.gait.model import WalkerGait
from gaitviewer.synthesis.gait.subjects import draw_subject, random_for
from gaitviewer.util import private

if TYPE_CHECKING:
    from gaitviewer.synthesis.demo import FilmedView

_CAMERAS, _LOOK, _ROOM, _PICTURES = 100, 300, 400, 777  # parts of a subject's chance
_RATES_HZ = (25.0, 30.0, 50.0, 60.0)
_MOST_FRAMES = 110  # of a pass
LARGEST_BYTES = 64 * 2**20  # of a walker, unpacked
_ROOM_AROUND = 1.3  # of the cut, for an estimator that turns and shifts its square
_KEEP_STEP = 0.6  # of the last step, where the subject is looked for next


@dataclass(frozen=True, slots=True, eq=False)
class SeenWalk:
    """One walker in the side view.

    Attributes:
        number: in the cohort.
        pose: what the estimator said, in the frames that it was shown.
        passes: with the near limb.
        true: [T, 23, 2] pixels.
    """

    number: int
    pose: PoseSequence
    passes: tuple[WalkingPass, ...]
    true: NDArray[np.float64]


def film_walks(
    folder: Path, estimator: PoseEstimator, numbers: Sequence[int], *, seed: int, tick: Tick = no_progress
) -> None:
    """Let a started estimator see walkers, a file each; those that are there are left.

    Args:
        folder: made if it is not there.
        estimator: who looks.
        numbers: of the walkers, in the cohort of ``seed``.
        seed: of the cohort.
        tick: progress.

    Raises:
        OutputError: a file cannot be written.
    """
    private.make_folder(folder)
    for done, number in enumerate(numbers):
        tick(done / len(numbers), message("progress.subject", number=done + 1, total=len(numbers)))
        file = walk_file(folder, seed, number)
        if not file.exists():
            write_walk(file, see_walk(estimator, seed=seed, number=number))


def walk_file(folder: Path, seed: int, number: int) -> Path:
    """Where a walker lies."""
    return folder / f"walk-{seed}-{number:05d}.npz"


def see_walk(estimator: PoseEstimator, *, seed: int, number: int) -> SeenWalk:
    """Draw one walker of the cohort and look at the middle of both of his passes in the side view."""
    return see_gait(draw_subject(seed, number).gait, estimator, seed=seed, number=number, most=_MOST_FRAMES)


def see_gait(
    gait: WalkerGait, estimator: PoseEstimator, *, seed: int, number: int, most: int | None = None
) -> SeenWalk:
    """Film somebody who walks like that and look at both passes in the side view.

    Args:
        gait: of the walker.
        estimator: a started one.
        seed: with the number it draws cameras, looks and how the pictures are spoiled.
        number: of the walker.
        most: frames of a pass that are looked at, in its middle; all if None.
    """
    random = random_for(seed, number, _PICTURES)
    scene = film_trial(
        gait, random_for(seed, number, _CAMERAS), rate_hz=float(random.choice(_RATES_HZ)),
        look=draw_look(random_for(seed, number, _LOOK)), room=draw_room(random_for(seed, number, _ROOM)),
    )  # fmt: skip
    filmed = scene.views.sagittal
    spoiling = Spoiling.draw(random)
    xy = np.full((len(filmed.times), 23, 2), np.nan, np.float32)
    score = np.zeros(xy.shape[:2], np.float32)
    for one in filmed.passes():
        length = one.stop - one.start if most is None else most
        spare = max(0, one.stop - one.start - length) // 2
        frames = range(one.start + spare, min(one.stop, one.start + spare + length))
        backward = bool(random.random() < 0.5)
        for frame, found in _follow(
            filmed, estimator, reversed(frames) if backward else frames, spoiling, random
        ):
            xy[frame], score[frame] = found.xy, found.score
    pose = PoseSequence(xy, score, filmed.times, filmed.camera.width, filmed.camera.height)
    return SeenWalk(number, pose, tuple(filmed.passes()), np.asarray(filmed.points_px, np.float64))


def _follow(
    filmed: FilmedView,
    estimator: PoseEstimator,
    frames: Iterator[int] | range,
    spoiling: Spoiling,
    random: np.random.Generator,
) -> Iterator[tuple[int, Estimate]]:
    """Frame by frame, each looked at where the last answer leads; keypoints in pixels of the whole picture."""
    backdrop = paint(filmed.room, filmed.camera)
    last: BodyCircle | None = None
    step = (0.0, 0.0)
    for frame in frames:
        points = filmed.points_px[frame]
        if not np.isfinite(points).all():
            last = None
            continue
        look = _around(points) if last is None else BodyCircle(
            last.x + step[0], last.y + step[1], last.radius, last.tilt_rad
        )  # fmt: skip
        drawn = render_pose(
            filmed.motion.points[frame],
            filmed.camera,
            backdrop=backdrop,
            gait=filmed.motion.gait,
            look=filmed.look,
        )
        side = int(estimator.square_scale * look.radius * _ROOM_AROUND)
        square, left, top = cut_square(drawn.rgb, look.x, look.y, side)
        found = estimator.estimate(spoiling.apply(square, random), look.moved(-left, -top, 1.0))
        if found is None:
            last = None
            continue
        body = found.body.moved(left, top, 1.0)
        if last is not None:
            step = (
                _KEEP_STEP * step[0] + (1 - _KEEP_STEP) * (body.x - last.x),
                _KEEP_STEP * step[1] + (1 - _KEEP_STEP) * (body.y - last.y),
            )
        last = body
        yield frame, Estimate(found.xy + np.array([left, top], np.float32), found.score, body, None)


def _around(points: NDArray[np.float64]) -> BodyCircle:
    """The circle of a body that stands upright."""
    hips = points[[11, 12]].mean(axis=0)
    reach = float(np.max(np.linalg.norm(points - hips, axis=1)))
    return BodyCircle(float(hips[0]), float(hips[1]), 1.05 * reach, 0.0)


def write_walk(path: Path, walk: SeenWalk) -> None:
    """Write a walker.

    Raises:
        OutputError: the file cannot be written.
    """
    import io

    from gaitviewer.util import atomic

    buffer = io.BytesIO()
    spans = [
        (one.start, one.stop, one.direction.value, one.near.value if one.near else "") for one in walk.passes
    ]
    pose = walk.pose
    np.savez_compressed(
        buffer, xy=pose.xy, score=pose.score, times=pose.times, true=walk.true.astype(np.float32),
        size=np.array([pose.width, pose.height]),
        passes=np.array([[str(value) for value in span] for span in spans], str).reshape(len(spans), 4),
    )  # fmt: skip
    atomic.write_bytes(path, buffer.getvalue(), durable=False)


def read_walks(folder: Path) -> list[SeenWalk]:
    """All walkers of a folder, in the order of their numbers.

    Raises:
        FormatError: a file is damaged, or there is none.
    """
    files = sorted(folder.glob("walk-*.npz"))
    if not files:
        raise FormatError(message("error.research.no_walkers", folder=folder))
    return [read_walk(file) for file in files]


def read_walk(path: Path) -> SeenWalk:
    """Read a walker that :func:`write_walk` wrote.

    Raises:
        FormatError: the file is damaged.
    """
    from gaitviewer.core.serialise import MalformedError, load_arrays

    try:
        found = load_arrays(path, largest_bytes=LARGEST_BYTES)
        width, height = (int(value) for value in found["size"])
        pose = PoseSequence(found["xy"], found["score"], found["times"], width, height)
        passes = tuple(
            WalkingPass(View.SAGITTAL, Direction(direction), int(start), int(stop), Side(near))
            for start, stop, direction, near in found["passes"].tolist()
        )
        true = np.asarray(found["true"], np.float64)
        if true.shape != pose.xy.shape:
            raise ValueError("as many true points as estimated ones are needed")
    except (KeyError, ValueError, OSError, MalformedError) as error:
        raise FormatError(
            message("error.research.walker_damaged", path=path, reason=reason_of(error))
        ) from error
    return SeenWalk(int(path.stem.rsplit("-", 1)[1]), pose, passes, true)
