"""What is said of a video before anything is analysed, and which videos do not go together."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest
from numpy.typing import NDArray

from gaitviewer.core.gait import ByView
from gaitviewer.core.progress import no_progress
from gaitviewer.core.session import Session, Subject
from gaitviewer.errors import VideoError
from gaitviewer.video import write_video
from gaitviewer.workflow.analysis.open_trials import describe_recording, open_trials
from gaitviewer.workflow.analysis.request import AnalyzeRequest


def _pictures(count: int, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    noise = np.random.default_rng(seed)
    return (noise.integers(0, 255, (64, 96, 3), dtype=np.uint8) for _ in range(count))


@pytest.fixture
def joined(tmp_path: Path) -> Path:
    """Two recordings of a second each, copied one behind the other."""
    parts = []
    for seed in range(2):
        write_video(tmp_path / f"{seed}.ts", _pictures(60, seed), rate_hz=60)
        parts.append((tmp_path / f"{seed}.ts").read_bytes())
    path = tmp_path / "both.mts"
    path.write_bytes(b"".join(parts))
    return path


def _request(tmp_path: Path, sagittal: Path, coronal: Path | None = None) -> AnalyzeRequest:
    session = Session("s", Subject("P1"))
    return AnalyzeRequest(recordings=(ByView(sagittal, coronal),), session=session, out=tmp_path / "out")


def test_joined_recordings_are_read_by_themselves(tmp_path: Path, joined: Path) -> None:
    said, usable = describe_recording(joined)
    assert usable
    assert str(said) == "96 × 64, 60 Hz, 4.0 s, recordings joined in one file: good"
    (trial,) = open_trials(_request(tmp_path, joined), no_progress)
    assert trial.videos.sagittal is not None
    assert trial.videos.sagittal.info.frame_count == 120


@pytest.mark.parametrize("first", [True, False])
def test_joined_recordings_have_no_one_offset_to_another_view(
    tmp_path: Path, joined: Path, first: bool
) -> None:
    write_video(tmp_path / "other.mp4", _pictures(120, 7), rate_hz=60)
    views = (joined, tmp_path / "other.mp4") if first else (tmp_path / "other.mp4", joined)
    with pytest.raises(VideoError, match=r"both\.mts is two or more recordings.*files of their own"):
        open_trials(_request(tmp_path, *views), no_progress)


def test_a_mirrored_file_is_told_where_videos_are_chosen(tmp_path: Path) -> None:
    path = tmp_path / "selfie.mp4"
    with av.open(str(path), "w") as file:
        stream: Any = file.add_stream("libx264", rate=60)
        stream.width, stream.height, stream.pix_fmt = 96, 64, "yuv420p"
        stream.set_display_rotation(0, hflip=True)
        for picture in _pictures(80):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    said, usable = describe_recording(path)
    assert usable
    assert str(said).endswith("good; the file asks to be shown as a mirror image: sides depend on it")


def test_what_cannot_be_read_is_refused_with_the_reason(tmp_path: Path) -> None:
    path = tmp_path / "picture.mp4"
    path.write_bytes(b"\x89PNG\r\n\x1a\n" + bytes(900))
    said, usable = describe_recording(path)
    assert not usable
    assert str(said) == "picture.mp4 is a picture (PNG); give the video recording itself."
