"""From paths to checked recordings: probed, digested, sorted into trials."""

from __future__ import annotations

import importlib
import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from gaitviewer.core.gait import ByView, View
from gaitviewer.core.messages import message
from gaitviewer.core.progress import Tick
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.errors import UserError, VideoError
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
        raise VideoError(f"{path.name} holds a single frame: a picture shows no gait, give a video.")
    if info.rate_hz < MIN_RATE_HZ:
        raise VideoError(
            f"{path.name} has {info.rate_hz:.1f} frames per second, too few to see a gait cycle: "
            f"at least {MIN_RATE_HZ:g} are needed and 60 are better."
        )
    if info.duration_s < MIN_DURATION_S:
        raise VideoError(
            f"{path.name} lasts {info.duration_s:.2f} s, too short for one gait cycle: record the whole walk."
        )


def open_stream(path: Path, view: View, recorded_at_hz: float | None) -> VideoStream:
    """Probe one video and take its digest.

    Raises:
        VideoError: it cannot be read or cannot hold a gait cycle.
    """
    from gaitviewer import video

    path = path.expanduser()
    info = video.probe_safely(path, recorded_at_hz=recorded_at_hz)
    stream = VideoStream(view, path.resolve(), video.digest_file(path), info, recorded_at_hz)
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
    pairs = zip(streams[::2], streams[1::2], strict=True)
    return tuple(Trial(f"t{number}", ByView(*pair)) for number, pair in enumerate(pairs, start=1))


def _refuse_copies(streams: list[VideoStream]) -> None:
    seen: dict[str, str] = {}
    for stream in streams:
        if stream.sha256 in seen:
            raise VideoError(
                f"{stream.path.name} is a copy of {seen[stream.sha256]}: give each recording once, "
                "and the other camera's video for the other view."
            )
        seen[stream.sha256] = stream.path.name


def describe_recording(path: Path, *, recorded_at_hz: float | None = None) -> tuple[str, bool]:
    """What a video is good for, in one line, and whether it can be used at all."""
    from gaitviewer import video
    from gaitviewer.analysis.outcomes.quality import quality_limits

    try:
        info = video.probe_safely(path.expanduser(), recorded_at_hz=recorded_at_hz)
        check_usable(path, VideoStream(View.SAGITTAL, path, "", info, recorded_at_hz))
    except UserError as error:
        return str(error), False
    facts = f"{info.width} × {info.height}, {info.rate_hz:.0f} Hz, {info.duration_s:.1f} s"
    limits = quality_limits().frame_rate
    if info.rate_hz < limits.refuse:
        return f"{facts}: too slow to time foot contacts", True
    if info.rate_hz < limits.note:
        return f"{facts}: foot contacts will be rough", True
    if info.rate_hz < limits.good:
        return f"{facts}: usable, 60 Hz is better", True
    return f"{facts}: good", True
