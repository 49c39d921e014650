"""Every error the program raises on purpose.

    GaitViewerError
    ├── UserError                 the user can mend it; one clear sentence, exit code 2
    │   ├── VideoError            a video cannot be read, or not as what it claims to be
    │   ├── PoseError             nobody, or nobody usable, was found in a video
    │   ├── AnalysisError         poses were found, but no gait can be measured from them
    │   ├── FormatError           an exchange file (C3D, TRC, CSV, ...) cannot be read
    │   ├── StoreError            the library is damaged, newer than the program, or not writable
    │   │   ├── ChangedElsewhereError  another program saved the session after it was opened here
    │   │   └── DamagedLibraryError    the library's file is damaged; a copy may be put in its place
    │   ├── OutputError           a result cannot be written
    │   ├── SettingsError         an option or a setting has an impossible value
    │   ├── InferenceError        a learned model could not be asked
    │   └── NotInstalledError     a part of the program is not installed
    └── Cancelled                 the user stopped a running job

Each carries a :class:`Message`, a code with values, that says what happened, to what, and what to do; its
sentence stands in the catalogue under ``error``. Anything else that escapes is a bug.
"""

from __future__ import annotations

import copyreg
import re
from typing import Any

from gaitviewer.messages import Message, as_written

_LONGEST = 300  # characters of a text in a message about a file


def shorten(text: str, longest: int = 200) -> str:
    """A text for a sentence: in one line, cut in the middle where it is longer than ``longest`` characters."""
    if len(text) > 2 * longest:  # a cell of a damaged file can have any length; most of it is not looked at
        text = f"{text[:longest]} {text[-longest:]}"
    text = re.sub(r"\s*[\r\n]+\s*", " ", text.strip())
    if len(text) <= longest:
        return text
    tail = longest // 3
    return f"{text[: longest - tail - 3]}...{text[-tail:]}"


def reason_of(error: BaseException) -> Message:
    """What an error says, to be quoted in another one: its message, or the words of the system, kept short."""
    said = getattr(error, "message", None)
    if isinstance(said, Message):
        return said
    return as_written(shorten(str(getattr(error, "strerror", None) or error)))


class GaitViewerError(Exception):
    """Base of all errors raised on purpose."""


class UserError(GaitViewerError):
    """Something that the user can mend; ``str(error)`` is the sentence in English.

    Attributes:
        message: what to tell.
    """

    def __init__(self, message: Message) -> None:
        super().__init__(message)
        self.message = message

    def __reduce__(self) -> tuple[Any, ...]:
        """For another process; kinds may take more than the message."""
        return copyreg.__newobj__, (type(self), *self.args), self.__dict__  # type: ignore[attr-defined]


class VideoError(UserError):
    """A video cannot be read, or is not what it claims to be."""


class PoseError(UserError):
    """Nobody, or nobody usable, was found in a video."""


class NobodyError(PoseError):
    """A video was searched from end to end, and nobody usable is in it; searching again finds nobody either.

    Attributes:
        digest: SHA-256 of the video.   model: name and version of the estimator that searched.
    """

    def __init__(self, message: Message, *, digest: str = "", model: str = "") -> None:
        super().__init__(message)
        self.digest = digest
        self.model = model


class AnalysisError(UserError):
    """Poses were found, but no gait can be measured from them."""


class FormatError(UserError):
    """An exchange file cannot be read or written; what is quoted from a damaged file is kept short."""

    def __init__(self, message: Message) -> None:
        short = [
            (name, shorten(one, _LONGEST) if isinstance(one, str) else one) for name, one in message.values
        ]
        super().__init__(Message(message.code, tuple(short)))


class StoreError(UserError):
    """The session library is damaged, newer than the program, or not writable."""


class ChangedElsewhereError(StoreError):
    """Another program saved the session after it was opened here; nothing was written."""


class DamagedLibraryError(StoreError):
    """The file of the library, or a page of it, is damaged, or it is no library; it was left as it is."""


class OutputError(UserError):
    """A result cannot be written."""


class SettingsError(UserError):
    """An option or a setting has an impossible value."""


class InferenceError(UserError):
    """A learned model could not be asked; nothing that is stored has changed."""


class NotInstalledError(UserError):
    """A part of the program, or what it needs, is not installed."""


class Cancelled(GaitViewerError):  # noqa: N818  the word every tick uses
    """The user stopped a running job; nothing was changed."""
