"""Where every frame of a video is, found by demuxing it once.

Presentation times are the only truth: containers announce frame counts and rates that are often wrong
(edit lists, variable rate, dropped frames). What a container announces is reported and, where it differs
from what the file holds, said in a plain sentence; it never enters a calculation.
"""

from __future__ import annotations

import json
import math
from bisect import bisect_right
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
from av.container import InputContainer
from av.packet import Packet
from av.video.stream import VideoStream
from numpy.typing import NDArray

from gaitviewer import errors
from gaitviewer.core.serialise import from_plain, from_stored, to_stored
from gaitviewer.core.timing import JOINED, PAUSE_S, VideoInfo
from gaitviewer.errors import SettingsError, VideoError
from gaitviewer.messages import Message, message
from gaitviewer.util.processes import run_module
from gaitviewer.video._container import READ_ERRORS, REFUSED, STREAMS, open_container, video_tracks
from gaitviewer.video._fields import FieldPairs
from gaitviewer.video._joined import joined_error, refuse_joined
from gaitviewer.video._picture import PictureLayout, first_picture_layout
from gaitviewer.video._slices import slices_in

# No camera in clinical use records faster, or plays slower, than this.
_FASTEST_HZ = 2000.0
_SLOWEST_PLAYBACK = 100.0
# Codecs without B-frames: what is decoded first is shown first.
_EACH_FRAME_ALONE = frozenset({"mjpeg", "rawvideo", "dvvideo", "huffyuv", "ffvhuff", "ffv1", "utvideo", "png"})
# Decoding times go up from packet to packet; by so much they leap between recordings only.
_BACK_S = 0.5
_AHEAD_S = 10.0
# Stamps in steps as wide as these may be rounded by so much that the rate is wrong (Matroska and WebM: 1 ms).
_COARSE_TICK = Fraction(1, 1000)
_ROUNDED_WITHIN = (
    1.5  # ticks between the earliest and the latest stamp against the even times; rounding gives 1
)
_COARSE_SHARE = 0.01  # of an interval that a tick is
# Packets that a file which was cut off may hold in part.
_MOST_IN_PART = 8


@dataclass(frozen=True, slots=True)
class Clip:
    """One of the recordings in a file.

    Attributes:
        start_byte: where its first packet begins.
        shift: what its times are moved by to follow those of the clip before, in the stream's own units.
    """

    start_byte: int
    shift: int


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
        in_fields: some frames are coded as two fields in packets of their own.
        partial_end: the last packets are not whole and are left out.
        clips: the recordings that are joined in the file, in its order; empty for one recording.
        key_bytes: [M] i64 where the packets of ``key_pts`` begin, -1 = not known; of joined recordings only, in
            which times tell no place of the file.
    """

    info: VideoInfo
    picture: PictureLayout
    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    counted: bool = False
    sliced: bool = False
    in_fields: bool = False
    partial_end: bool = False
    clips: tuple[Clip, ...] = ()
    key_bytes: NDArray[np.int64] = field(default_factory=lambda: np.empty(0, np.int64))

    def clip_at(self, byte: int) -> Clip:
        """The recording that a place of the file belongs to."""
        return self.clips[max(0, bisect_right(self.clips, byte, key=lambda clip: clip.start_byte) - 1)]

    def key_before(self, number: int) -> int:
        """Which of the key frames (0 to M - 1) a frame is decoded from; -1 = from the first packet."""
        return int(np.searchsorted(self.key_pts, self.pts[number], side="right")) - 1

    def way_to(self, number: int) -> int:
        """How many frames are shown from that key frame on before frame ``number``."""
        key = self.key_before(number)
        return number - (int(np.searchsorted(self.pts, self.key_pts[key])) if key >= 0 else 0)


@dataclass(slots=True)
class _Packets:
    """What one pass over the packets of one recording found (lists in file order; times in stream units)."""

    start_byte: int
    shown: list[int] = field(default_factory=list)
    keys: list[int] = field(default_factory=list)
    key_bytes: list[int] = field(default_factory=list)
    decoding: list[int] = field(default_factory=list)
    untimed: int = 0


@dataclass(slots=True)
class _Demuxed:
    """What one pass over the packets of a file found.

    Attributes:
        clips: the recordings in it, usually one.
        count: packets.   partial: those at the end that are not whole and left out.
        slices: in the first picture.   pairs: frames that are coded as two fields in packets of their own.
    """

    clips: list[_Packets]
    count: int = 0
    partial: int = 0
    slices: int = 0
    pairs: int = 0


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
    refuse_joined(path)
    picture = first_picture_layout(path)
    container, stream = open_container(path)
    try:
        found = _demux(path, container, stream)
        if found.pairs:  # the first frame may be a whole one
            picture = replace(picture, interlaced=True)
        if stream.time_base is None:
            raise VideoError(message("error.video.no_times", file=path.name))
        tick_s = float(stream.time_base)
        shown = _presentation(path, found)
        times, exact = _times(shown, stream.time_base, stream.average_rate)
        rate = float(stream.average_rate) if stream.average_rate else None
        announced = stream.frames or None
        notes = [*shown.notes, *exact]
        if found.partial:
            notes.append(message("note.video.end_missing", packets=found.partial))
        if len(tracks := video_tracks(container)) > 1:
            size = {"width": picture.width, "height": picture.height}
            notes.append(message("note.video.tracks", tracks=len(tracks), **size))
        notes += _differences(times, found.pairs, announced, rate) + picture.notes()
        if len(found.clips) == 1:
            notes += _missing_end(container, times)
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
        info = _rescale(path, info, recorded_at_hz, tick_s)
    if len(shown.starts) > 1:
        _refuse_other_sizes(path, picture, shown.clips)
        info = _with_pauses(info, shown.starts)
    return FrameIndex(
        info=info,
        picture=picture,
        pts=shown.pts,
        key_pts=shown.key_pts,
        counted=shown.counted,
        sliced=found.slices > 1,
        in_fields=found.pairs > 0,
        partial_end=found.partial > 0,
        clips=shown.clips,
        key_bytes=shown.key_bytes,
    )


def index_video(path: Path | str, *, recorded_at_hz: float | None = None) -> VideoInfo:
    """The true times, size and rotation of a video; see :func:`build_index` for the errors."""
    return build_index(path, recorded_at_hz=recorded_at_hz).info


def _demux(path: Path, container: InputContainer, stream: VideoStream) -> _Demuxed:
    clip = _Packets(start_byte=0)
    found = _Demuxed([clip])
    pairs = FieldPairs(stream)
    # An AVI file times the decoding only; FFmpeg's guess at the order of showing is wrong with B-frames.
    guessed = container.format.name == "avi" and stream.codec_context.name not in _EACH_FRAME_ALONE
    tick_s = float(stream.time_base or 1)
    last: int | None = None  # decoding time
    damaged = 0
    ends: deque[Packet[VideoStream]] = deque(maxlen=_MOST_IN_PART)
    try:
        for packet in container.demux(stream):
            if packet.size == 0:  # the end mark, or a frame that a camera dropped
                continue
            found.count += 1
            damaged += packet.is_corrupt
            ends.append(packet)
            if found.count == 1:
                found.slices = slices_in(packet, stream)
            if packet.dts is not None:
                if last is not None and not -_BACK_S <= (packet.dts - last) * tick_s <= _AHEAD_S:
                    clip = _next_clip(path, container, packet, clip, back=packet.dts < last)
                    if clip is not found.clips[-1]:
                        found.clips.append(clip)
                last = packet.dts
            if pairs.completes(packet):
                found.pairs += 1
                continue
            if packet.is_keyframe and packet.pts is not None:
                clip.keys.append(packet.pts)
                clip.key_bytes.append(-1 if packet.pos is None else packet.pos)
            if packet.is_discard:  # outside the edit list: may be needed for decoding, is never shown
                continue
            if packet.pts is None or guessed:
                clip.untimed += 1
            else:
                clip.shown.append(packet.pts)
            if packet.dts is not None:
                clip.decoding.append(packet.dts)
    except READ_ERRORS as error:
        raise VideoError(message("error.video.damaged_after", file=path.name, frame=found.count)) from error
    announced = stream.frames
    if "mp4" in container.format.name:
        if found.count < announced or damaged:
            raise VideoError(
                message(
                    "error.video.cut_off",
                    file=path.name,
                    frames=found.count - damaged,
                    total=max(announced, found.count),
                )
            )
    elif 0 < damaged == sum(packet.is_corrupt for packet in ends):
        _leave_out_partial(found, list(ends))
    return found


def _next_clip(
    path: Path, container: InputContainer, packet: Packet[VideoStream], clip: _Packets, *, back: bool
) -> _Packets:
    """The recording that begins where times start again or leap; the same one where they may.

    Raises:
        VideoError: another recording begins, in a file that cannot be read from there.
    """
    if container.format.name not in STREAMS:
        if back:
            raise joined_error(path)
        return clip
    if packet.pos is None:
        raise joined_error(path)
    return _Packets(start_byte=packet.pos)


def _leave_out_partial(found: _Demuxed, ends: list[Packet[VideoStream]]) -> None:
    """Take out the last packets from the first one on that is not whole."""
    first = next(number for number, packet in enumerate(ends) if packet.is_corrupt)
    clip, found.partial = found.clips[-1], len(ends) - first
    if clip.untimed:
        clip.untimed -= found.partial
        del clip.decoding[-found.partial :]
        return
    gone = {packet.pts for packet in ends[first:]}
    clip.shown = [time for time in clip.shown if time not in gone]


@dataclass(slots=True)
class _Presentation:
    """The frames of a file in the order of showing; arrays as in :class:`FrameIndex`.

    Attributes:
        starts: number of the first frame of each recording.   notes: what is odd.
    """

    pts: NDArray[np.int64]
    key_pts: NDArray[np.int64]
    key_bytes: NDArray[np.int64]
    clips: tuple[Clip, ...]
    starts: tuple[int, ...]
    counted: bool
    notes: list[Message]


def _presentation(path: Path, found: _Demuxed) -> _Presentation:
    """Presentation times of all recordings of a file, one after the other."""
    counted = any(clip.untimed for clip in found.clips)
    notes: list[Message] = []
    if counted:
        if len(found.clips) > 1:
            raise joined_error(path)
        notes.append(message("note.video.no_times"))
    times, keys, places = [], [], []
    clips: list[Clip] = []
    starts: list[int] = []
    headless = twice = count = 0
    end = 0  # when the next recording begins
    for clip in found.clips:
        pts, early, same = _times_of(path, clip)
        if pts.size == 0:
            continue
        shift = end - int(pts[0]) if clips else 0
        usual = max(1, int(np.median(np.diff(pts)))) if pts.size > 1 else 1
        end = int(pts[-1]) + shift + usual
        at = dict(zip(clip.keys, clip.key_bytes, strict=True))
        times.append(pts + shift)
        keys.append(np.array(sorted(at), dtype=np.int64) + shift)
        places.append(np.array([at[key] for key in sorted(at)], dtype=np.int64))
        clips.append(Clip(clip.start_byte, shift))
        starts.append(count)
        count, headless, twice = count + pts.size, headless + early, twice + same
    if not clips:
        raise VideoError(message("error.video.no_frames", file=path.name))
    if headless:
        notes.append(message("note.video.headless", frames=headless))
    if twice:
        notes.append(message("note.video.same_time", frames=twice))
    joined = len(clips) > 1
    return _Presentation(
        pts=np.concatenate(times),
        key_pts=np.concatenate(keys),
        key_bytes=np.concatenate(places) if joined else np.empty(0, np.int64),
        clips=tuple(clips) if joined else (),
        starts=tuple(starts),
        counted=counted,
        notes=notes,
    )


def _times_of(path: Path, clip: _Packets) -> tuple[NDArray[np.int64], int, int]:
    """Presentation times of one recording; how many came too early to be decoded, and how many twice."""
    times = clip.shown
    if clip.untimed:
        # Such files (AVI with B-frames) time the decoding of each frame; in order of showing the times
        # are the same ones, moved as a whole by the decoder's delay.
        times = clip.decoding
        if len(times) < len(clip.shown) + clip.untimed:
            raise VideoError(message("error.video.no_frame_times", file=path.name))
    pts = np.unique(np.array(times, dtype=np.int64))
    headless = 0
    first_key = min(clip.keys, default=None)
    if first_key is not None and not clip.untimed and (headless := int(np.sum(pts < first_key))):
        times = [time for time in times if time >= first_key]
        pts = pts[headless:]
    return pts, headless, len(times) - pts.size


def _times(
    shown: _Presentation, tick: Fraction, announced: Fraction | None
) -> tuple[NDArray[np.float64], list[Message]]:
    """Seconds from the first frame on, and a note where rounded times were read as the even ones they fit."""
    ticks = shown.pts - shown.pts[0]
    if tick >= _COARSE_TICK and len(shown.starts) == 1:
        even = _even_times(ticks, None if not announced else float(1 / (announced * tick)))
        if even is not None:
            times = even * float(tick)
            rate_hz = 1.0 / float(np.median(np.diff(times)))
            return times, [message("note.video.coarse_times", step_ms=1e3 * float(tick), rate_hz=rate_hz)]
    return ticks.astype(np.float64) * tick.numerator / tick.denominator, []


def _even_times(ticks: NDArray[np.int64], announced: float | None) -> NDArray[np.float64] | None:
    """Times [T] of an even rate of which the stamps are the rounded ones; None if they are not, or are even.

    Args:
        ticks: [T] stamps, from 0, increasing; frames may be missing.
        announced: interval that the container claims, in ticks; None = nothing.
    """
    gaps = np.diff(ticks).astype(np.float64)
    if gaps.size < 2 or gaps.min() == gaps.max():
        return None
    middle = float(np.median(gaps))
    usual = float(np.mean(gaps[np.abs(gaps - middle) < 0.5 * middle]))
    number = np.concatenate([[0.0], np.cumsum(np.round(gaps / usual))])
    if np.any(np.diff(number) < 1):
        return None
    fitted = float(np.polyfit(number, ticks, 1)[0])
    for interval in (announced, fitted):
        if interval is not None and np.ptp(ticks - number * interval) <= _ROUNDED_WITHIN:
            return np.asarray(number * interval, np.float64)
    return None


def _with_pauses(info: VideoInfo, starts: Sequence[int]) -> VideoInfo:
    """A pause of real time before each recording but the first: how much passed between them is not known."""
    times = info.times.copy()
    for start in starts[1:]:
        times[start:] += PAUSE_S
    begins = tuple(message("note.video.begins", seconds=float(times[start])) for start in starts[1:])
    note = message(JOINED, begins=begins, pause_s=PAUSE_S)
    return replace(info, times=times, notes=(*info.notes, note))


def _refuse_other_sizes(path: Path, picture: PictureLayout, clips: Sequence[Clip]) -> None:
    for clip in clips[1:]:
        other = first_picture_layout(path, at_byte=clip.start_byte)
        if replace(other, interlaced=picture.interlaced) != picture:
            raise VideoError(
                message(
                    "error.video.different_pictures",
                    file=path.name,
                    width=picture.width,
                    height=picture.height,
                    other_width=other.width,
                    other_height=other.height,
                )
            )


def _differences(
    times: NDArray[np.float64], pairs: int, announced: int | None, rate_hz: float | None
) -> list[Message]:
    """Where the container's claims and the frames differ, and on uneven times.

    A container may count, and time, each of the two fields of a frame (``pairs`` such frames).
    """
    notes = []
    if announced is not None and announced not in (times.size, times.size + pairs):
        notes.append(message("note.video.frames_announced", announced=announced, frames=int(times.size)))
    gaps = np.diff(times)
    if gaps.size == 0:
        return [*notes, message("note.video.single_frame")]
    middle = float(np.median(gaps))
    if rate_hz is not None and not pairs and abs(rate_hz * middle - 1) > 0.002:
        notes.append(message("note.video.rate_announced", announced_hz=rate_hz, rate_hz=1 / middle))
    uneven = np.abs(gaps - middle) > 0.25 * middle
    if uneven.any():
        worst = int(np.argmax(gaps))
        varying = message(
            "note.video.rate_varies",
            uneven=int(uneven.sum()),
            total=int(gaps.size),
            usual_ms=1e3 * middle,
            longest_ms=float(1e3 * gaps[worst]),
            at_s=float(times[worst]),
        )
        notes.append(varying)
    return notes


def _missing_end(container: InputContainer, times: NDArray[np.float64]) -> list[Message]:
    """A container that announces a length, not a frame count, shows only by it that its end is missing."""
    if container.duration is None or "mp4" in container.format.name:
        return []
    announced_s, held_s = container.duration / 1e6, float(times[-1])
    if announced_s - held_s <= max(1.0, 0.05 * announced_s):
        return []
    return [message("note.video.cut_off", announced_s=announced_s, held_s=held_s)]


def _rescale(path: Path, info: VideoInfo, recorded_at_hz: float, tick_s: float) -> VideoInfo:
    """Real times of a slow-motion recording."""
    if not math.isfinite(recorded_at_hz) or not 0 < recorded_at_hz <= _FASTEST_HZ:
        raise SettingsError(message("error.video.rate_impossible", rate_hz=recorded_at_hz, most_hz=_FASTEST_HZ))
    if info.frame_count < 2:
        raise VideoError(message("error.video.one_frame", file=path.name))
    stored_hz = info.rate_hz
    gaps = np.diff(info.times)
    if tick_s * stored_hz > _COARSE_SHARE and gaps.max() > gaps.min():
        # the median of uneven gaps in few ticks is a whole number of ticks; their mean is the rate
        stored_hz = 1.0 / float(np.mean(gaps[np.abs(gaps * stored_hz - 1.0) <= 0.25]))
    slower = recorded_at_hz / stored_hz
    if not 0.98 <= slower <= _SLOWEST_PLAYBACK:
        raise SettingsError(
            message(
                "error.video.rate_below_file",
                file=path.name,
                stored_hz=stored_hz,
                recorded_at_hz=recorded_at_hz,
            )
        )
    scale = 1.0 / slower
    note = message("note.video.slow_motion", recorded_hz=recorded_at_hz, stored_hz=stored_hz)
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
    arguments = [str(path), str(memory_mb), str(recorded_at_hz or 0)]
    try:
        code, said = run_module("gaitviewer.video._probe", arguments, timeout_s=timeout_s)
    except TimeoutError as error:
        raise VideoError(message("error.video.too_slow", file=path.name, timeout_s=timeout_s)) from error
    try:
        answer = json.loads(said)
    except ValueError as error:
        raise VideoError(message("error.video.decoder_crashed", file=path.name, code=code)) from error
    if code == REFUSED:
        raise getattr(errors, answer["kind"])(from_plain(answer["message"], Message))
    return info_from_json(answer)


def info_to_json(info: VideoInfo) -> dict[str, Any]:
    """Plain values of a :class:`VideoInfo`; the way back is :func:`info_from_json`."""
    fields = {name: getattr(info, name) for name in VideoInfo.__dataclass_fields__}
    return fields | {"times": info.times.tolist(), "notes": [to_stored(note) for note in info.notes]}


def info_from_json(fields: dict[str, Any]) -> VideoInfo:
    """Rebuild a :class:`VideoInfo` from :func:`info_to_json`."""
    return VideoInfo(**(fields | {"notes": tuple(from_stored(note) for note in fields["notes"])}))
