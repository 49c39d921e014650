"""What is known of a video's time base. Presentation times are the only truth."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.messages import AS_WRITTEN, Message

# What the reader did to the pictures or the clock and later steps must know of. Libraries and result files keep
# a video's notes, so these facts are read off them, by their code.
MIRRORED, TONE_MAPPED, JOINED = "note.video.mirrored", "note.video.tone_mapped", "note.video.joined"
# Libraries of version 0.1.0 hold sentences: this is how those of these three begin.
_BEGINNINGS = {
    MIRRORED: "The file asks to be shown as a mirror image",
    TONE_MAPPED: "High dynamic range",
    JOINED: "Separate recordings are joined in this file",
}

PAUSE_S = 2.0
"""Real time put between joined recordings: how much really passed is not known, and no stride may bridge it."""


@dataclass(frozen=True, slots=True, eq=False)
class VideoInfo:
    """A video stream as it really is.

    Attributes:
        width, height: upright size in pixels (rotation applied).
        rotation_deg: clockwise rotation that the file asks for: 0, 90, 180 or 270; already applied.
        times: [T] f64 seconds of real time, the first frame at 0, strictly increasing. A slow-motion
            recording is already rescaled by ``time_scale``.
        announced_rate_hz, announced_frames: what the container claims (None if it claims nothing).
        time_scale: real seconds per second of the file (1, or e.g. 30/240 for slow motion).
        codec: name of the codec.
        notes: what is odd (``note.video.frames_announced``).
    """

    width: int
    height: int
    rotation_deg: int
    times: NDArray[np.float64]
    announced_rate_hz: float | None
    announced_frames: int | None
    codec: str
    time_scale: float = 1.0
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "times", readonly_array(self.times, np.float64, (None,), "times"))

    @property
    def frame_count(self) -> int:
        """Number of frames that are really shown."""
        return int(self.times.size)

    @property
    def rate_hz(self) -> float:
        """Median frame rate in real time, Hz (NaN for fewer than two frames)."""
        return float(1.0 / np.median(np.diff(self.times))) if self.times.size > 1 else float("nan")

    @property
    def mirrored(self) -> bool:
        """Whether the file asks to be shown as a mirror image (it is shown so): sides depend on it."""
        return self._noted(MIRRORED)

    @property
    def tone_mapped(self) -> bool:
        """Whether pictures of high dynamic range are brought into the usual range when they are read."""
        return self._noted(TONE_MAPPED)

    @property
    def joined(self) -> bool:
        """Whether separate recordings stand one after the other on this clock, with a made-up pause between."""
        return self._noted(JOINED)

    def _noted(self, code: str) -> bool:
        return any(
            note.code == code or (note.code == AS_WRITTEN and str(note).startswith(_BEGINNINGS[code]))
            for note in self.notes
        )

    @property
    def variable_rate(self) -> bool:
        """Whether frame intervals differ by more than a quarter of the median interval (pauses aside)."""
        gaps = np.diff(self.times)
        if self.joined:
            gaps = gaps[gaps < PAUSE_S]
        if gaps.size < 2:
            return False
        middle = float(np.median(gaps))
        return bool(np.any(np.abs(gaps - middle) > 0.25 * middle))

    @property
    def duration_s(self) -> float:
        """From the first frame to the end of the last one, seconds."""
        if self.times.size == 0:
            return 0.0
        last = float(np.median(np.diff(self.times))) if self.times.size > 1 else 0.0
        return float(self.times[-1] - self.times[0]) + last
