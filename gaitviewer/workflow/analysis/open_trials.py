"""From paths to checked recordings: probed, digested, sorted into trials."""

from __future__ import annotations

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.progress import Tick
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import UserError, VideoError
from gaitviewer.messages import Message, message
from gaitviewer.util.names import real_path
from gaitviewer.workflow.analysis.request import AnalyzeRequest

MIN_RATE_HZ = 12.0  # below this, a child's swing phase is seen in fewer than five frames
MIN_DURATION_S = 1.0


def check_usable(path: Path, stream: VideoStream) -> None:
    """Refuse what cannot hold one gait cycle.

    Raises:
        VideoError: a single frame, too short, or too few frames per second.
    """
    info = stream.info
    if info.frame_count < 2:
        raise VideoError(message("error.video.single_picture", file=path.name))
    if info.rate_hz < MIN_RATE_HZ:
        raise VideoError(
            message("error.video.rate_too_low", file=path.name, rate_hz=info.rate_hz, least_hz=MIN_RATE_HZ)
        )
    if info.duration_s < MIN_DURATION_S:
        raise VideoError(message("error.video.too_short", file=path.name, duration_s=info.duration_s))


def open_stream(path: Path, view: View, recorded_at_hz: float | None) -> VideoStream:
    """Probe one video and take its digest.

    Raises:
        VideoError: it cannot be read or cannot hold a gait cycle.
    """
    from gaitviewer import video

    path = real_path(path)
    info = video.probe_safely(path, recorded_at_hz=recorded_at_hz)
    stream = VideoStream(view, path, video.identity_of(path), info, recorded_at_hz)
    check_usable(path, stream)
    return stream


def open_trials(request: AnalyzeRequest, tick: Tick) -> tuple[Trial, ...]:
    """All recordings of a request, checked.

    Raises:
        VideoError: a video cannot be used, or the same video stands for two.
    """
    wanted = [(files[view], view) for files in request.recordings for view in View]
    # Each probe waits for a child process; meanwhile the slowest import of the analysis can be had.
    threading.Thread(target=importlib.import_module, args=("scipy.signal",), daemon=True).start()
    with ThreadPoolExecutor(max_workers=4) as pool:
        probes = [
            None if path is None else pool.submit(open_stream, path, view, request.recorded_at_hz)
            for path, view in wanted
        ]
        streams = []
        for number, (probe, (path, _)) in enumerate(zip(probes, wanted, strict=True)):
            if probe is not None and path is not None:
                tick(number / len(wanted), message("progress.reading", file=path.name))
            streams.append(None if probe is None else probe.result())
    _refuse_copies([stream for stream in streams if stream is not None])
    pairs = list(zip(streams[::2], streams[1::2], strict=True))
    for pair in pairs:
        _refuse_joined_pair([stream for stream in pair if stream is not None])
    return tuple(Trial(f"t{number}", ByView(*pair)) for number, pair in enumerate(pairs, start=1))


def _refuse_copies(streams: list[VideoStream]) -> None:
    seen: dict[str, str] = {}
    for stream in streams:
        if stream.sha256 in seen:
            raise VideoError(message("error.video.copy", file=stream.path.name, other=seen[stream.sha256]))
        seen[stream.sha256] = stream.path.name


def _refuse_joined_pair(streams: list[VideoStream]) -> None:
    """Each of the recordings in a file has an offset of its own to the other view: none holds for all."""
    joined = next((stream for stream in streams if stream.info.joined), None)
    if joined is not None and len(streams) > 1:
        raise VideoError(message("error.video.joined_pair", file=joined.path.name))


def describe_recording(path: Path) -> tuple[Message, bool]:
    """What a video is good for, or what is wrong with it, and whether it can be used at all."""
    from gaitviewer import video

    try:
        info = video.probe_safely(real_path(path))
        check_usable(path, VideoStream(View.SAGITTAL, path, "", info))
    except UserError as error:
        return error.message, False
    facts = message(
        "recording.facts",
        width=info.width,
        height=info.height,
        rate_hz=info.rate_hz,
        duration_s=info.duration_s,
    )
    joined = (message("recording.joined"),) if info.joined else ()
    mirrored = (message("recording.mirrored"),) if info.mirrored else ()
    return message("recording.described", facts=(facts, *joined), worth=(_worth(info), *mirrored)), True


def _worth(info: VideoInfo) -> Message:
    """What a frame rate is good for."""
    from gaitviewer.analysis.outcomes.quality import quality_limits

    limits = quality_limits().frame_rate
    if info.rate_hz < limits.refuse:
        return message("recording.worth.too_slow")
    if info.rate_hz < limits.note:
        return message("recording.worth.rough")
    if info.rate_hz < limits.good:
        return message("recording.worth.usable")
    return message("recording.worth.good")
