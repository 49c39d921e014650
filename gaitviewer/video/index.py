"""Where every frame of a video is, found by demuxing it once.

Presentation times are the only truth: containers announce frame counts and rates that are often wrong
(edit lists, variable rate, dropped frames). What a container announces is reported and, where it differs
from what the file holds, said in a plain sentence; it never enters a calculation.
"""

from __future__ import annotations

import json
import math
import os
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.video.stream import VideoStream
from numpy.typing import NDArray

from gaitviewer import errors
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import SettingsError, VideoError
from gaitviewer.video._container import READ_ERRORS, REFUSED, open_container
from gaitviewer.video._picture import PictureLayout, first_picture_layout
from gaitviewer.video._slices import slices_in

# No camera in clinical use records faster, or plays slower, than this.
_FASTEST_HZ = 2000.0
_SLOWEST_PLAYBACK = 100.0
# Codecs without B-frames: what is decoded first is shown first.
_EACH_FRAME_ALONE = frozenset({"mjpeg", "rawvideo", "dvvideo", "huffyuv", "ffvhuff", "ffv1", "utvideo", "png"})


@dataclass(frozen=True, slots=True, eq=False)
class FrameIndex:
    """The frames of one video in the order in which they are shown.

    Attributes:
        info: what is known of the video; ``info.times[i]`` belongs to ``pts[i]``.
        picture: how a decoded picture becomes an upright one.
        pts: [T] i64 presentation times in the stream's own units, strictly increasing.
        key_pts: [M] i64 presentation times of the frames where decoding can start, increasing.
        counted: the packets carry no presentation times; a frame is known by counting from the start.
        sliced: pictures are coded in several slices, which several processors decode at once.
    """

    info: VideoInfo
    picture: PictureLayout
    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    counted: bool = False
    sliced: bool = False

    def key_before(self, number: int) -> int:
        """Which of the key frames (0 to M - 1) a frame is decoded from; -1 = from the first packet."""
        return int(np.searchsorted(self.key_pts, self.pts[number], side="right")) - 1

    def way_to(self, number: int) -> int:
        """How many frames are shown from that key frame on before frame ``number``."""
        key = self.key_before(number)
        return number - (int(np.searchsorted(self.pts, self.key_pts[key])) if key >= 0 else 0)


@dataclass(slots=True)
class _Packets:
    """What one pass over the file's packets found (lists in file order; times in stream units)."""

    shown: list[int]
    keys: list[int]
    decoding: list[int]
    count: int = 0
    damaged: int = 0
    untimed: int = 0
    slices: int = 0


def build_index(path: Path | str, *, recorded_at_hz: float | None = None) -> FrameIndex:
    """Index a video: demux every packet, decode the first picture only.

    Args:
        path: the video file.
        recorded_at_hz: true recording rate of slow motion; all times are rescaled by it.

    Raises:
        VideoError: the file cannot be read, is cut off, or holds no picture.
        SettingsError: ``recorded_at_hz`` is impossible for this file.
    """
    path = Path(path)
    picture = first_picture_layout(path)
    container, stream = open_container(path)
    try:
        packets = _demux(path, container, stream)
        if stream.time_base is None:
            raise VideoError(f"{path.name} carries no times; convert it to an MP4 file first.")
        pts, counted, notes = _presentation(path, packets)
        times = (pts - pts[0]).astype(np.float64) * stream.time_base.numerator / stream.time_base.denominator
        rate = float(stream.average_rate) if stream.average_rate else None
        announced = stream.frames or None
        notes += _differences(times, packets, announced, rate) + picture.notes()
        notes += _missing_end(container, times)
        keys = np.unique(np.array(packets.keys, dtype=np.int64))
        info = VideoInfo(
            width=picture.upright_width,
            height=picture.upright_height,
            rotation_deg=picture.rotation_deg,
            times=times,
            announced_rate_hz=rate,
            announced_frames=announced,
            codec=stream.codec_context.name,
            notes=tuple(notes),
        )
    finally:
        container.close()
    if recorded_at_hz is not None:
        info = _rescale(path, info, recorded_at_hz)
    return FrameIndex(info, picture, pts, keys, counted, sliced=packets.slices > 1)


def index_video(path: Path | str, *, recorded_at_hz: float | None = None) -> VideoInfo:
    """The true times, size and rotation of a video; see :func:`build_index` for the errors."""
    return build_index(path, recorded_at_hz=recorded_at_hz).info


def _demux(path: Path, container: InputContainer, stream: VideoStream) -> _Packets:
    found = _Packets([], [], [])
    # An AVI file times the decoding only; FFmpeg's guess at the order of showing is wrong with B-frames.
    guessed = container.format.name == "avi" and stream.codec_context.name not in _EACH_FRAME_ALONE
    try:
        for packet in container.demux(stream):
            if packet.size == 0:  # the end mark, or a frame that a camera dropped
                continue
            found.count += 1
            found.damaged += packet.is_corrupt
            if found.count == 1:
                found.slices = slices_in(packet, stream)
            if packet.is_keyframe and packet.pts is not None:
                found.keys.append(packet.pts)
            if packet.is_discard:  # outside the edit list: may be needed for decoding, is never shown
                continue
            if packet.pts is None or guessed:
                found.untimed += 1
            else:
                found.shown.append(packet.pts)
            if packet.dts is not None:
                found.decoding.append(packet.dts)
    except READ_ERRORS as error:
        raise VideoError(
            f"{path.name} is damaged after frame {found.count}; copy the file again from the camera."
        ) from error
    announced = stream.frames
    if "mp4" in container.format.name and (found.count < announced or found.damaged):
        whole = found.count - found.damaged
        raise VideoError(
            f"{path.name} is cut off: only {whole} of its {max(announced, found.count)} frames are there; "
            "copy the file again from the camera."
        )
    return found


def _presentation(path: Path, packets: _Packets) -> tuple[NDArray[np.int64], bool, list[str]]:
    """Presentation times in the order of showing, whether they were only counted, and notes."""
    notes: list[str] = []
    times, counted = packets.shown, packets.untimed > 0
    if counted:
        # Such files (AVI with B-frames) time the decoding of each frame; in order of showing the times
        # are the same ones, moved as a whole by the decoder's delay.
        times = packets.decoding
        if len(times) < len(packets.shown) + packets.untimed:
            raise VideoError(f"{path.name} carries no frame times; convert it to an MP4 file first.")
        notes.append("The file carries no presentation times: they are taken from the order of decoding.")
    pts = np.unique(np.array(times, dtype=np.int64))
    first_key = min(packets.keys, default=None)
    if first_key is not None and not counted and (headless := int(np.sum(pts < first_key))):
        notes.append(f"Frames left out because they come before the first one that can be decoded: {headless}.")
        times = [time for time in times if time >= first_key]
        pts = pts[headless:]
    if pts.size == 0:
        raise VideoError(f"{path.name} holds no frames; record it again or give another file.")
    if twice := len(times) - pts.size:
        notes.append(f"Frames left out because they carry the time of the frame before: {twice}.")
    return pts, counted, notes


def _differences(
    times: NDArray[np.float64], packets: _Packets, announced: int | None, rate_hz: float | None
) -> list[str]:
    """Sentences on where the container's claims and the frames differ, and on uneven times."""
    notes = []
    if announced is not None and announced != times.size:
        notes.append(f"The file announces {announced} frames and shows {times.size}.")
    gaps = np.diff(times)
    if gaps.size == 0:
        return [*notes, "The file holds a single frame."]
    middle = float(np.median(gaps))
    if rate_hz is not None and abs(rate_hz * middle - 1) > 0.002:
        notes.append(
            f"The file announces {rate_hz:.2f} Hz; its frames follow each other at {1 / middle:.2f} Hz."
        )
    uneven = np.abs(gaps - middle) > 0.25 * middle
    if uneven.any():
        worst = int(np.argmax(gaps))
        notes.append(
            f"The frame rate varies: {int(uneven.sum())} of {gaps.size} intervals differ from the usual "
            f"{1e3 * middle:.1f} ms, the longest is {1e3 * gaps[worst]:.1f} ms at {times[worst]:.2f} s."
        )
    return notes


def _missing_end(container: InputContainer, times: NDArray[np.float64]) -> list[str]:
    """A container that announces a length, not a frame count, shows only by it that its end is missing."""
    if container.duration is None or "mp4" in container.format.name:
        return []
    announced_s, held_s = container.duration / 1e6, float(times[-1])
    if announced_s - held_s <= max(1.0, 0.05 * announced_s):
        return []
    return [
        f"The file announces {announced_s:.1f} s and its pictures end after {held_s:.1f} s: it may be cut off."
    ]


def _rescale(path: Path, info: VideoInfo, recorded_at_hz: float) -> VideoInfo:
    """Real times of a slow-motion recording."""
    if not math.isfinite(recorded_at_hz) or not 0 < recorded_at_hz <= _FASTEST_HZ:
        raise SettingsError(
            f"A recording rate of {recorded_at_hz:g} Hz is impossible; give the camera's rate, at most "
            f"{_FASTEST_HZ:g} Hz."
        )
    if info.frame_count < 2:
        raise VideoError(f"{path.name} holds one frame only, so a recording rate cannot be applied to it.")
    slower = recorded_at_hz / info.rate_hz
    if not 0.98 <= slower <= _SLOWEST_PLAYBACK:
        raise SettingsError(
            f"{path.name} plays at {info.rate_hz:.1f} Hz and cannot have been recorded at "
            f"{recorded_at_hz:g} Hz; give the rate of the camera, which is that of the file or higher."
        )
    scale = 1.0 / slower
    note = f"Slow motion: recorded at {recorded_at_hz:g} Hz, stored at {info.rate_hz:.2f} Hz."
    notes = info.notes if abs(slower - 1) < 0.02 else (*info.notes, note)
    return replace(info, times=info.times * scale, time_scale=scale, notes=notes)


def probe_safely(
    path: Path | str, *, recorded_at_hz: float | None = None, timeout_s: float = 30.0, memory_mb: int = 2048
) -> VideoInfo:
    """Index a foreign file in a child process, so that a crash inside FFmpeg costs a sentence only.

    Args:
        path: the video file.
        recorded_at_hz: as in :func:`build_index`.
        timeout_s: the child is ended after this many seconds.
        memory_mb: most address space that the child may take (not enforced on Windows).

    Raises:
        VideoError, SettingsError: as :func:`build_index`; also when the child crashed or took too long.
    """
    path = Path(path)
    command = [sys.executable, "-P", "-m", "gaitviewer.video._probe"]
    command += [str(path), str(memory_mb), str(recorded_at_hz or 0)]
    try:
        child = subprocess.run(
            command, capture_output=True, timeout=timeout_s, check=False, env=_child_environment()
        )
    except subprocess.TimeoutExpired as error:
        raise VideoError(
            f"{path.name} could not be read within {timeout_s:g} s; it is probably damaged: copy it again."
        ) from error
    try:
        answer = json.loads(child.stdout)
    except ValueError as error:
        raise VideoError(
            f"{path.name} brought the video decoder down (exit {child.returncode}); "
            "it is damaged: copy it again."
        ) from error
    if child.returncode == REFUSED:
        raise getattr(errors, answer["kind"])(answer["error"])
    return info_from_json(answer)


def _child_environment() -> dict[str, str]:
    """The child finds the package where this process found it, whatever the working folder is."""
    paths = [str(Path(__file__).resolve().parents[2]), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(filter(None, paths))}


def info_to_json(info: VideoInfo) -> dict[str, Any]:
    """Plain values of a :class:`VideoInfo`; the way back is :func:`info_from_json`."""
    fields = {name: getattr(info, name) for name in VideoInfo.__dataclass_fields__}
    return fields | {"times": info.times.tolist(), "notes": list(info.notes)}


def info_from_json(fields: dict[str, Any]) -> VideoInfo:
    """Rebuild a :class:`VideoInfo` from :func:`info_to_json`."""
    return VideoInfo(**(fields | {"notes": tuple(fields["notes"])}))
