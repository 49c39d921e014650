"""What is said of a video: true times, size, rotation, and where the file's own claims are wrong."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from gaitviewer.core.timing import MIRRORED
from gaitviewer.errors import SettingsError, VideoError
from gaitviewer.messages import message
from gaitviewer.util import processes
from gaitviewer.video import index_video, open_video, probe_safely, write_video
from tests.support.said import codes

REAL = {
    "clinic/sagittal.mp4": (351, 1280, 720, 30.0),
    "clinic/coronal.mp4": (457, 1280, 720, 30.0),
    "street/sagittal.mp4": (230, 1768, 994, 30.0),
    "two_camera/cam02.mp4": (100, 1080, 1920, 60.0),
    "two_camera/cam03.mp4": (100, 1088, 1920, 60.0),
    "odd/edit_list.mp4": (75, 720, 1280, 60.0),
}


@pytest.mark.parametrize("name", REAL)
def test_real_recordings(shared_data: Path, name: str) -> None:
    count, width, height, rate_hz = REAL[name]
    with open_video(shared_data / name) as reader:
        info = reader.info
        assert (info.frame_count, info.width, info.height) == (count, width, height)
        assert info.rate_hz == pytest.approx(rate_hz, rel=1e-6)
        assert not info.variable_rate
        run = {index: float(rgb.mean()) for index, rgb in reader.frames(max_height=90)}
        assert list(run) == list(range(count))
        for index in (count - 1, count // 2, 0, count // 3):
            assert float(reader.frame(index, max_height=90).mean()) == run[index]


def test_the_edit_list_is_told(shared_data: Path) -> None:
    info = index_video(shared_data / "odd/edit_list.mp4")
    assert info.announced_frames == 271
    assert message("note.video.frames_announced", announced=271, frames=75) in info.notes


def test_nothing_odd_nothing_said(plain: Any) -> None:
    info = index_video(plain.path)
    assert info.notes == ()
    assert (info.codec, info.announced_frames, info.announced_rate_hz) == ("h264", 90, 30.0)
    assert info.time_scale == 1.0


def test_a_variable_rate_is_told(tmp_path: Path, counter: Any) -> None:
    times = np.concatenate([np.arange(20), np.arange(25, 45)]) / 30
    write_video(tmp_path / "gap.mp4", counter.pictures(40), times=times)
    info = index_video(tmp_path / "gap.mp4")
    np.testing.assert_allclose(info.times, times, atol=1e-4)
    assert info.variable_rate
    assert info.rate_hz == pytest.approx(30, rel=1e-3)
    assert any("longest is 200.0 ms at 0.63 s" in str(note) for note in info.notes)


def test_frames_with_the_same_time_are_told(tmp_path: Path, counter: Any) -> None:
    path = tmp_path / "twice.mkv"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = counter.width_px, counter.height_px, "yuv420p"
        stream.codec_context.gop_size = 1
        for number in range(12):
            frame = av.VideoFrame.from_ndarray(counter.picture(number), format="rgb24")
            for packet in stream.encode(frame):
                packet.pts = packet.dts = packet.pts - (number >= 6)
                file.mux(packet)
    with open_video(path) as reader:
        assert reader.info.frame_count == 11
        assert message("note.video.same_time", frames=1) in reader.info.notes
        shown = [counter.read(rgb) for _, rgb in reader.frames()]
        assert shown == [0, 1, 2, 3, 4, 5, 7, 8, 9, 10, 11]
        assert [counter.read(reader.frame(index)) for index in reversed(range(11))] == shown[::-1]


def test_a_picture_with_oblong_pixels_is_widened(tmp_path: Path, counter: Any) -> None:
    path = tmp_path / "wide.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = counter.width_px, counter.height_px, "yuv420p"
        stream.codec_context.sample_aspect_ratio = 2
        for number in range(3):
            file.mux(stream.encode(av.VideoFrame.from_ndarray(counter.picture(number), format="rgb24")))
        file.mux(stream.encode())
    with open_video(path) as reader:
        assert (reader.info.width, reader.info.height) == (2 * counter.width_px, counter.height_px)
        assert reader.frame(1).shape == (counter.height_px, 2 * counter.width_px, 3)
        assert "note.video.oblong_pixels" in codes(reader.info.notes)


def test_a_mirrored_display_is_applied_and_told(tmp_path: Path, counter: Any) -> None:
    path = tmp_path / "selfie.mp4"
    with av.open(str(path), "w") as file:
        stream = file.add_stream("libx264", rate=30)
        stream.width, stream.height, stream.pix_fmt = counter.width_px, counter.height_px, "yuv420p"
        stream.set_display_rotation(0, hflip=True)
        for number in range(3):
            picture = np.ascontiguousarray(counter.picture(number)[:, ::-1])
            file.mux(stream.encode(av.VideoFrame.from_ndarray(picture, format="rgb24")))
        file.mux(stream.encode())
    with open_video(path) as reader:
        assert counter.read(reader.frame(2)) == 2
        assert MIRRORED in codes(reader.info.notes)


def test_slow_motion_rescales_all_times(plain: Any) -> None:
    ordinary, slow = index_video(plain.path), index_video(plain.path, recorded_at_hz=240)
    assert slow.time_scale == pytest.approx(30 / 240)
    np.testing.assert_allclose(slow.times, ordinary.times * 30 / 240)
    assert slow.rate_hz == pytest.approx(240)
    assert slow.announced_rate_hz == 30
    assert "note.video.slow_motion" in codes(slow.notes)
    with open_video(plain.path, recorded_at_hz=240) as reader:
        np.testing.assert_array_equal(reader.info.times, slow.times)


@pytest.mark.parametrize("rate_hz", [0.0, -30.0, float("nan"), float("inf"), 15.0, 5000.0, 1e9])
def test_impossible_recording_rates(plain: Any, rate_hz: float) -> None:
    with pytest.raises(SettingsError, match="give the"):
        index_video(plain.path, recorded_at_hz=rate_hz)


def test_a_single_frame_is_readable(tmp_path: Path, counter: Any) -> None:
    write_video(tmp_path / "one.mp4", counter.pictures(1), rate_hz=30)
    with open_video(tmp_path / "one.mp4") as reader:
        assert reader.info.frame_count == 1
        assert counter.read(reader.frame(0)) == 0
        assert len(list(reader.frames())) == 1
        assert message("note.video.single_frame") in reader.info.notes
    with pytest.raises(VideoError, match="one frame only"):
        index_video(tmp_path / "one.mp4", recorded_at_hz=240)


def test_probing_in_a_child_gives_the_same(recording: Any) -> None:
    here, there = index_video(recording.path), probe_safely(recording.path)
    for name in type(here).__dataclass_fields__:
        np.testing.assert_array_equal(getattr(here, name), getattr(there, name))


def test_probing_takes_names_of_any_kind(plain: Any, tmp_path: Path) -> None:
    odd = tmp_path / "--Gäng 1: [ä%d] 'x'.mp4"
    odd.write_bytes(plain.path.read_bytes())
    assert probe_safely(odd, recorded_at_hz=60).rate_hz == pytest.approx(60)


def test_a_child_that_takes_too_long_or_too_much(plain: Any) -> None:
    with pytest.raises(VideoError, match=r"within 0\.001 s"):
        probe_safely(plain.path, timeout_s=0.001)
    if sys.platform.startswith("linux"):
        with pytest.raises(VideoError, match=r"memory|brought the video decoder down"):
            probe_safely(plain.path, memory_mb=16)


def test_a_child_that_crashes(plain: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    def crash(module: str, arguments: list[str]) -> subprocess.Popen[bytes]:
        return subprocess.Popen([sys.executable, "-c", "import os; os._exit(134)"], stdout=subprocess.PIPE)

    monkeypatch.setattr(processes, "start_module", crash)
    with pytest.raises(VideoError, match="exit 134"):
        probe_safely(plain.path)
