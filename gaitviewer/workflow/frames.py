"""Pictures of a session's videos, by trial, view and frame number."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from types import TracebackType
from typing import TYPE_CHECKING, Self

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import View
from gaitviewer.core.session import Trial

if TYPE_CHECKING:
    from gaitviewer.video import VideoReader


class TrialPictures:
    """Frames of all videos of a session; each video is opened when it is first asked for.

    A video that has gone since it was analysed gives no pictures; the report then draws skeletons alone.
    """

    def __init__(self, trials: Sequence[Trial]) -> None:
        self._trials = {trial.id: trial for trial in trials}
        self._stack = contextlib.ExitStack()
        self._readers: dict[tuple[str, View], VideoReader | None] = {}

    def __call__(self, trial: str, view: View, frame: int) -> NDArray[np.uint8] | None:
        """u8 [H, W, 3] upright RGB, or None where there is no such picture."""
        reader = self._reader(trial, view)
        if reader is None or not 0 <= frame < reader.info.frame_count:
            return None
        return reader.frame(frame)

    def _reader(self, trial: str, view: View) -> VideoReader | None:
        from gaitviewer.errors import VideoError
        from gaitviewer.video import open_video

        if (trial, view) not in self._readers:
            stream = self._trials[trial].videos[view] if trial in self._trials else None
            reader = None
            if stream is not None:
                with contextlib.suppress(VideoError):
                    reader = open_video(stream.path, recorded_at_hz=stream.recorded_at_hz)
                    self._stack.enter_context(reader)
            self._readers[(trial, view)] = reader
        return self._readers[(trial, view)]

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stack.close()
