"""Recordings that were joined by copying one file behind the other (``cat a.mp4 b.mp4 > both.mp4``).

A transport or program stream made so is a whole one whose times start again, and is read as what it is. An MP4
or AVI file is not: players show the first recording, or run the second one straight on.
"""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO

from gaitviewer.errors import VideoError
from gaitviewer.messages import message

_MOST_BOXES = (
    100_000  # a film in pieces of a second has some thousand; a damaged file may seem to have any number
)


def refuse_joined(path: Path) -> None:
    """Look through the outermost boxes of an MP4 or AVI file for a second recording.

    Raises:
        VideoError: there is one.
    """
    try:
        with path.open("rb") as file:
            head = file.read(12)
            if head[:4] == b"RIFF" and head[8:] == b"AVI ":
                twice = _second_riff(file)
            elif head[4:8] == b"ftyp":
                twice = _second_index(file)
            else:
                return
    except OSError:  # said better by whoever reads on
        return
    if twice:
        raise joined_error(path)


def joined_error(path: Path) -> VideoError:
    """What is said of a file whose recordings cannot be told apart by their times."""
    return VideoError(message("error.video.joined", file=path.name))


def _second_riff(file: BinaryIO) -> bool:
    """Whether another AVI begins behind the first; continuations of large files are marked otherwise."""
    place = 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(12)
        if len(head) < 12 or head[:4] != b"RIFF":
            return False
        if place and head[8:] == b"AVI ":
            return True
        size = int.from_bytes(head[4:8], "little")
        place += 8 + size + size % 2
    return False


def _second_index(file: BinaryIO) -> bool:
    """Whether an MP4 file has two movie boxes (ISO/IEC 14496-12, 8.2.1: exactly one)."""
    place = found = 0
    for _ in range(_MOST_BOXES):
        file.seek(place)
        head = file.read(16)
        if len(head) < 8:
            return False
        size = int.from_bytes(head[:4], "big")
        if size == 1:
            size = int.from_bytes(head[8:16], "big")
        found += head[4:8] == b"moov"
        if found > 1:
            return True
        if size < 8:  # the last box reaches to the end
            return False
        place += size
    return False
