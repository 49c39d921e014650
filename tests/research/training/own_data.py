"""A small folder in the layout that models/DATA.md describes, made anew for each test."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from gaitviewer.video import write_video

SIZE = (64, 48)
Box = Sequence[float]


def person(x: float = 30.0, box: Box | None = None) -> dict[str, object]:
    """Somebody around column ``x``, rows 10 to 40."""
    points = [[x + (k % 3) - 1.0, 10.0 + 30.0 * k / 22] for k in range(23)]
    found: dict[str, object] = {"keypoints": points, "keypoint_scores": [0.9] * 23}
    return found if box is None else {**found, "bbox": [list(box)], "bbox_score": 0.9}


def write_clip(folder: Path, name: str, *, frames: int = 4, x: float = 30.0, fps: float = 30.0) -> Path:
    """All frames of a clip in one JSON file."""
    info = {
        "video_name": f"{name}.mp4",
        "width": SIZE[0],
        "height": SIZE[1],
        "fps": fps,
        "total_frames": frames,
    }
    rows = [
        {"video_info": info, "frame_index": number, "instance_info": [person(x + number)]}
        for number in range(frames)
    ]
    path = folder / f"{name}.json"
    path.write_text(json.dumps(rows))
    return path


def write_pictures(path: Path, *, frames: int = 4, value: int = 90) -> None:
    """A grey video of the clip's size."""
    write_video(path, (np.full((SIZE[1], SIZE[0], 3), value + k, np.uint8) for k in range(frames)), rate_hz=30)


def write_labels(path: Path, rows: Sequence[Mapping[str, object]]) -> Path:
    """A table with the columns of all rows."""
    columns = list(dict.fromkeys(name for row in rows for name in row))
    lines = [",".join(columns), *(",".join(str(row.get(name, "")) for name in columns) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return path


def three_files(folder: Path) -> Path:
    """The example of models/DATA.md: keypoints of a clip, its video, a table of labels."""
    folder.mkdir(parents=True, exist_ok=True)
    write_clip(folder, "12-1_left_0-143")
    write_pictures(folder / "12-1_left_0-143.mp4")
    write_labels(
        folder / "labels.csv", [{"subject": "12", "gmfcs": "II", "cobb_deg": 14, "left_1": 1, "left_2": 0}]
    )
    return folder


def many(folder: Path, subjects: int = 8) -> Path:
    """Subjects 1, 2, ... with a clip each and a level; subject 1 came twice."""
    folder.mkdir(parents=True, exist_ok=True)
    names = [f"{subject}-1_left_0-9" for subject in range(1, subjects + 1)]
    for number, name in enumerate([*names, "1-2_left_0-9"]):
        write_clip(folder, name, x=20.0 + 0.5 * number)
    rows = [{"subject": subject, "gmfcs": subject % 4 + 1} for subject in range(1, subjects + 1)]
    write_labels(folder / "labels.csv", rows)
    return folder
