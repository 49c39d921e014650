"""A folder in the layout of the ChildGait-Video data set.

Keypoints: a JSON file for each frame, ``{video_info: {video_name, width, height, fps, total_frames},
frame_index, instance_info: [{keypoints: [[x, y], ...], keypoint_scores: [...], ...}]}``, of which the first 23
points are COCO-17 and six of the feet. Videos: ``<subject>-<session>_<backward|forward|left|right>_<first>-
<last>.mp4``. Labels: JSON by patient, ``{"patient_id": 1, "left": {"1": 0, ...}, "right": {...}}``, with the
scores 1 and 2 merged. In which sub-folders they lie does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer.core.gait import BySide, View
from gaitviewer.core.learning import ITEMS
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.serialise import MalformedError, parse_json
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.messages import message

_NAME = re.compile(
    r"(?P<subject>[^-_]+)-(?P<session>[^_]+)_(?P<way>backward|forward|left|right)_(?P<first>\d+)-(?P<last>\d+)$"
)
_POINTS = len(BODY_FEET_23)
# What values of other types than those of the layout raise.
_DAMAGE = (KeyError, IndexError, TypeError, ValueError, AttributeError, OverflowError)
_LARGEST_JSON = 64_000_000  # bytes


@dataclass(frozen=True, slots=True)
class CgvClip:
    """One stretch of walking.

    Attributes:
        name: the video's name without its ending.
        subject, session: as in the name.   way: "left", "right", "forward" or "backward".
        video: the mp4 file, or None.   frames: its JSON files, sorted by name.
    """

    name: str
    subject: str
    session: str
    way: str
    video: Path | None
    frames: tuple[Path, ...]

    @property
    def view(self) -> View:
        """The plane that its camera shows."""
        return View.SAGITTAL if self.way in ("left", "right") else View.CORONAL


@dataclass(frozen=True, slots=True)
class CgvFolder:
    """What a folder holds: clips by name, and the merged scores (0, or 1 for "1 or 2") by subject."""

    clips: tuple[CgvClip, ...]
    scores: Mapping[str, BySide[tuple[int | None, ...]]]


def looks_like_cgv(folder: Path) -> bool:
    """Whether there is a clip named as in this layout, or a folder or frame of one."""
    return any(_clip_of(path) is not None for path in folder.rglob("*"))


def read_folder(folder: Path) -> CgvFolder:
    """Finds clips and labels; keypoints are read later.

    Raises:
        FormatError: there are no clips, or a label file is damaged.
    """
    videos: dict[str, Path] = {}
    frames: dict[str, list[Path]] = {}
    scores: dict[str, BySide[tuple[int | None, ...]]] = {}
    for path in sorted(folder.rglob("*")):
        name = _clip_of(path)
        if name is not None and path.suffix.lower() == ".mp4":
            videos[name] = path
        elif path.suffix.lower() == ".json":
            if name is None:
                scores.update(_labels(path))
            else:
                frames.setdefault(name, []).append(path)
    clips = []
    for name, files in sorted(frames.items()):
        parts = _NAME.match(name)
        assert parts is not None
        clips.append(
            CgvClip(name, parts["subject"], parts["session"], parts["way"], videos.get(name), tuple(files))
        )
    if not clips:
        raise FormatError(message("error.format.cgv.no_keypoints", folder=folder))
    return CgvFolder(tuple(clips), scores)


def read_clip(clip: CgvClip) -> PoseSequence:
    """The keypoints of a clip; row i is frame i of its video.

    Raises:
        FormatError: a file is damaged or of another layout.
    """
    found: dict[int, Mapping[str, Any]] = {}
    info: Mapping[str, Any] = {}
    for path in clip.frames:
        for one in _frames_of(path):
            try:
                info = one["video_info"]
                found[int(one["frame_index"])] = one
            except _DAMAGE as error:
                raise FormatError(
                    message("error.format.cgv.not_frame", path=path, reason=reason_of(error))
                ) from error
    try:
        return _sequence(clip, found, info)
    except _DAMAGE as error:
        raise FormatError(
            message("error.format.cgv.clip_damaged", clip=clip.name, reason=reason_of(error))
        ) from error


def _sequence(clip: CgvClip, found: Mapping[int, Mapping[str, Any]], info: Mapping[str, Any]) -> PoseSequence:
    numbers = sorted(found)
    # Frames may be counted in the clip or in the recording that it was cut from.
    total = max(int(info.get("total_frames", 0)), len(numbers))
    start = numbers[0] if numbers[-1] >= total else 0
    count = max(total, numbers[-1] - start + 1)
    if count > 100 * len(numbers) + 1000:
        raise ValueError("frame numbers far apart")
    xy = np.full((count, _POINTS, 2), np.nan, np.float32)
    score = np.zeros((count, _POINTS), np.float32)
    for number in numbers:
        people = found[number]["instance_info"]
        if not people:
            continue
        points = np.asarray(people[0]["keypoints"], np.float32)[:_POINTS]
        trust = np.asarray(people[0]["keypoint_scores"], np.float32)[:_POINTS]
        if points.shape != (_POINTS, 2) or trust.shape != (_POINTS,):
            raise ValueError(f"frame {number} has not {_POINTS} points")
        seen = np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)
        xy[number - start] = np.where(seen[:, None], points, np.nan)
        score[number - start] = np.where(seen, np.clip(trust, 0.0, 1.0), 0.0)
    rate = float(info["fps"])
    if not 1.0 <= rate <= 1000.0:
        raise ValueError(f"{rate} frames per second")
    return PoseSequence(xy, score, np.arange(count) / rate, int(info["width"]), int(info["height"]))


def _clip_of(path: Path) -> str | None:
    """Name of the clip that a file belongs to: its own name, or that of a folder above it."""
    for part in (path.stem, path.name, *(parent.name for parent in path.parents)):
        if _NAME.match(part):
            return part
    # "12-1_left_0-143_000017.json" or "..._frame17.json"
    shorter = re.sub(r"[_.-](frame)?_?\d+$", "", path.stem)
    return shorter if _NAME.match(shorter) else None


def _frames_of(path: Path) -> Iterator[Mapping[str, Any]]:
    raw = _json(path)
    yield from raw if isinstance(raw, list) else [raw]


def _labels(path: Path) -> dict[str, BySide[tuple[int | None, ...]]]:
    raw = _json(path)
    rows = raw if isinstance(raw, list) else [raw]
    found: dict[str, BySide[tuple[int | None, ...]]] = {}
    for row in rows:
        if isinstance(row, Mapping) and "patient_id" in row:
            try:
                found[str(row["patient_id"])] = BySide(_limb(row["left"]), _limb(row["right"]))
            except _DAMAGE as error:
                raise FormatError(
                    message(
                        "error.format.cgv.labels_damaged",
                        file=path.name,
                        patient=row["patient_id"],
                        reason=reason_of(error),
                    )
                ) from error
    return found


def _limb(raw: Mapping[str, Any]) -> tuple[int | None, ...]:
    def score(number: int) -> int | None:
        value = raw.get(str(number))
        if value is None:
            return None
        if int(value) not in (0, 1, 2):
            raise ValueError(f"item {number} is {value}")
        return min(int(value), 1)  # 1 and 2 were merged; a 2 would mean the same

    return tuple(score(number) for number in range(1, ITEMS + 1))


def _json(path: Path) -> Any:
    try:
        if path.stat().st_size > _LARGEST_JSON:
            raise FormatError(message("error.format.cgv.too_large", path=path))
        return parse_json(path.read_bytes())
    except (OSError, MalformedError) as error:
        raise FormatError(message("error.format.cgv.not_json", path=path, reason=reason_of(error))) from error
