"""Small pictures of sessions for the list, kept in the cache folder."""

from __future__ import annotations

import contextlib
import hashlib
import io
from pathlib import Path

import numpy as np

from gaitviewer import paths
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import View
from gaitviewer.errors import UserError
from gaitviewer.util import atomic

WIDTH_PX, HEIGHT_PX = 256, 160
_AROUND = 1.25  # height of the cut-out over the height of the person


def thumbnail_file(session_id: str) -> Path:
    """Where the picture of a session is kept, whether it is there or not."""
    name = hashlib.sha256(session_id.encode()).hexdigest()[:24]
    return paths.cache_dir() / "thumbnails" / f"{name}.png"


def make_thumbnail(document: Document) -> Path | None:
    """Draw the picture of a session; None where no video gives one. What is there already is kept."""
    path = thumbnail_file(document.session.id)
    if path.is_file():
        return path
    for data in document.trials:
        for view in View:
            with contextlib.suppress(UserError, OSError):
                if _draw(data, view, path):
                    return path
    return None


def forget_thumbnail(session_id: str) -> None:
    """Remove the picture of a session: it is drawn anew when the session is listed again."""
    with contextlib.suppress(OSError):
        thumbnail_file(session_id).unlink(missing_ok=True)


def best_frame(data: TrialData, view: View) -> int:
    """The frame in which most points are seen best; the middle one without keypoints."""
    pose, stream = data.poses[view], data.trial.videos[view]
    if pose is None or not len(pose):
        return 0 if stream is None else stream.info.frame_count // 2
    seen = np.isfinite(pose.xy).all(axis=2)
    height = np.where(seen, pose.xy[..., 1], np.nan)
    sure = np.where(seen, pose.score, 0.0).mean(axis=1)
    tall = np.zeros(len(pose))
    some = seen.any(axis=1)
    tall[some] = np.nanmax(height[some], axis=1) - np.nanmin(height[some], axis=1)
    return int(np.argmax(sure * np.sqrt(np.maximum(tall, 1.0))))


def _draw(data: TrialData, view: View, path: Path) -> bool:
    from PIL import Image

    from gaitviewer.video import open_recorded

    stream = data.trial.videos[view]
    if stream is None:
        return False
    frame = best_frame(data, view)
    with open_recorded(stream) as reader:
        rgb = reader.frame(min(frame, reader.info.frame_count - 1))
    picture = Image.fromarray(rgb).crop(around_person(data, view, frame, rgb.shape[1], rgb.shape[0]))
    picture = picture.resize((WIDTH_PX, HEIGHT_PX), Image.Resampling.LANCZOS)
    written = io.BytesIO()
    picture.save(written, "PNG")
    atomic.write_bytes(path, written.getvalue(), durable=False)
    return True


def around_person(
    data: TrialData, view: View, frame: int, width: int, height: int
) -> tuple[int, int, int, int]:
    """The person with some room around, in the shape of the thumbnail; the middle without keypoints."""
    shape = WIDTH_PX / HEIGHT_PX
    pose = data.poses[view]
    middle, tall = (width / 2, height / 2), float(height)
    if pose is not None and frame < len(pose):
        points = pose.xy[frame][np.isfinite(pose.xy[frame]).all(axis=1)]
        if len(points) > 3:
            low, high = points.min(axis=0), points.max(axis=0)
            middle = (float(low[0] + high[0]) / 2, float(low[1] + high[1]) / 2)
            tall = _AROUND * float(high[1] - low[1])
    tall = min(max(tall, 40.0), float(height), width / shape)
    wide = tall * shape
    left = min(max(0.0, middle[0] - wide / 2), width - wide)
    top = min(max(0.0, middle[1] - tall / 2), height - tall)
    return round(left), round(top), round(left + wide), round(top + tall)
