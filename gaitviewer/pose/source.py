"""Where the frames come from: a picklable recipe that a worker turns into an open video.

The pose layer may not know the video layer; whoever starts an estimation names the function that opens
the video.
"""

from __future__ import annotations

import importlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol, cast

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.timing import VideoInfo


class FrameReader(Protocol):
    """What an opened video must be able to do."""

    def frames(
        self, start: int = 0, stop: int | None = None, *, step: int = 1, max_height: int | None = None
    ) -> Iterator[tuple[int, NDArray[np.uint8]]]:
        """(frame number, u8 [H, W, 3] RGB upright) in order, smaller if ``max_height`` is given."""
        ...

    def close(self) -> None:
        """Let go of the file."""
        ...


@dataclass(frozen=True, slots=True)
class FrameSource:
    """How to open a video in another process.

    Attributes:
        opener: "module:function"; the function returns a :class:`FrameReader`.
        args, kwargs: what it is called with; all of it picklable.
    """

    opener: str
    args: tuple[Any, ...] = ()
    kwargs: Mapping[str, Any] = field(default_factory=dict)

    def open(self) -> FrameReader:
        """Call the opener; its errors pass through."""
        module, _, name = self.opener.partition(":")
        opened = getattr(importlib.import_module(module), name)(*self.args, **dict(self.kwargs))
        return cast(FrameReader, opened)


@dataclass(frozen=True, slots=True)
class VideoJob:
    """One video whose subject's pose is wanted.

    Attributes:
        source: how to open it.      info: its time base and size.
        digest: SHA-256 of the file's bytes, its identity in the cache ("" = never cached).
        name: what to call it in messages.
    """

    source: FrameSource
    info: VideoInfo
    digest: str = ""
    name: str = "the video"
