"""A folder in the layout of the ChildGait-Video data set.

Keypoints: a JSON file for each frame, ``{video_info: {video_name, width, height, fps, total_frames},
frame_index, instance_info: [{keypoints: [[x, y], ...], keypoint_scores: [...], ...}]}``, of which the first 23
points are COCO-17 and six of the feet; of several people the one whose ``bbox`` goes on from frame to frame
counts. Videos: ``<subject>-<session>_<backward|forward|left|right>_<first>-<last>.mp4``. Labels: JSON by
patient, ``{"patient_id": 1, "left": {"1": 0, ...}, "right": {...}}``, with the scores 1 and 2 merged; with a
``session`` they are of that visit alone. Masks: below a folder whose name begins with "mask", a PNG for each
frame in a folder named as the clip, or a video; what is not black is the person. In which sub-folders the rest
lies does not matter.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

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
        masks: PNG files of the person's outline, or one video of them; () = none.
    """

    name: str
    subject: str
    session: str
    way: str
    video: Path | None
    frames: tuple[Path, ...]
    masks: tuple[Path, ...] = ()

    @property
    def view(self) -> View:
        """The plane that its camera shows."""
        return View.SAGITTAL if self.way in ("left", "right") else View.CORONAL


@dataclass(frozen=True, slots=True)
class CgvFolder:
    """What a folder holds.

    Attributes:
        clips: by name.
        scores: merged scores (0, or 1 for "1 or 2") by subject, or by "<subject>-<session>" for one visit.
        videos_alone: clips that have a video and no keypoints.
    """

    clips: tuple[CgvClip, ...]
    scores: Mapping[str, BySide[tuple[int | None, ...]]]
    videos_alone: tuple[str, ...] = ()


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
    masks: dict[str, list[Path]] = {}
    scores: dict[str, BySide[tuple[int | None, ...]]] = {}
    for path in sorted(folder.rglob("*")):
        name, ending = _clip_of(path), path.suffix.lower()
        if any(part.lower().startswith("mask") for part in path.relative_to(folder).parts[:-1]):
            if name is not None and ending in (".png", ".mp4"):
                masks.setdefault(name, []).append(path)
        elif name is not None and ending == ".mp4":
            videos[name] = path
        elif ending == ".json":
            if name is None:
                _add_labels(path, scores)
            else:
                frames.setdefault(name, []).append(path)
    clips = []
    for name, files in sorted(frames.items()):
        parts = _NAME.match(name)
        assert parts is not None
        clips.append(
            CgvClip(
                name,
                parts["subject"],
                parts["session"],
                parts["way"],
                videos.get(name),
                tuple(files),
                tuple(masks.get(name, ())),
            )
        )
    if not clips:
        raise FormatError(message("error.format.cgv.no_keypoints", folder=folder))
    return CgvFolder(tuple(clips), scores, tuple(sorted(videos.keys() - frames.keys())))


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
    box: NDArray[np.float64] | None = None
    for number in numbers:
        people = found[number]["instance_info"]
        if not people:
            continue
        person, box = _the_person(people, box)
        points = np.asarray(person["keypoints"], np.float32)[:_POINTS]
        trust = np.asarray(person["keypoint_scores"], np.float32)[:_POINTS]
        if points.shape != (_POINTS, 2) or trust.shape != (_POINTS,):
            raise ValueError(f"frame {number} has not {_POINTS} points")
        seen = np.isfinite(points).all(axis=1) & (points != 0).any(axis=1)
        xy[number - start] = np.where(seen[:, None], points, np.nan)
        score[number - start] = np.where(seen, np.clip(trust, 0.0, 1.0), 0.0)
    rate = float(info["fps"])
    if not 1.0 <= rate <= 1000.0:
        raise ValueError(f"{rate} frames per second")
    return PoseSequence(xy, score, np.arange(count) / rate, int(info["width"]), int(info["height"]))


def _the_person(
    people: Sequence[Mapping[str, Any]], last: NDArray[np.float64] | None
) -> tuple[Mapping[str, Any], NDArray[np.float64] | None]:
    """Of several the one whose box overlaps most with the last one; at first the surest, then the largest."""
    boxes = [_box(person) for person in people]
    if len(people) == 1 or all(box is None for box in boxes):
        return people[0], boxes[0] if boxes[0] is not None else last

    def worth(k: int) -> tuple[float, ...]:
        box = boxes[k]
        if box is None:
            return (-1.0,)
        size = float(np.prod(box[2:] - box[:2]))
        if last is None:
            return float(people[k].get("bbox_score", 1.0)), size
        common = np.clip(np.minimum(box[2:], last[2:]) - np.maximum(box[:2], last[:2]), 0.0, None).prod()
        return (float(common / (size + np.prod(last[2:] - last[:2]) - common)),)

    best = max(range(len(people)), key=worth)
    return people[best], boxes[best]


def _box(person: Mapping[str, Any]) -> NDArray[np.float64] | None:
    """[x1, y1, x2, y2] of ``bbox``, which may stand in a list of its own; None without one."""
    raw = person.get("bbox")
    if raw is None:
        return None
    box = np.asarray(raw, np.float64).reshape(-1)
    if box.shape != (4,) or not np.isfinite(box).all() or (box[2:] <= box[:2]).any():
        raise ValueError(f"a box is {raw}")
    return box


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


def _add_labels(path: Path, scores: dict[str, BySide[tuple[int | None, ...]]]) -> None:
    raw = _json(path)
    for row in raw if isinstance(raw, list) else [raw]:
        if not isinstance(row, Mapping) or "patient_id" not in row:
            continue
        patient = str(row["patient_id"])
        name = f"{patient}-{row['session']}" if "session" in row else patient
        try:
            found = BySide(_limb(row["left"]), _limb(row["right"]))
        except _DAMAGE as error:
            raise FormatError(
                message(
                    "error.format.cgv.labels_damaged", file=path.name, patient=patient, reason=reason_of(error)
                )
            ) from error
        if scores.setdefault(name, found) != found:
            raise FormatError(message("error.format.cgv.labels_differ", file=path.name, patient=name))


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
