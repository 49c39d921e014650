"""Errors: a message to show, the sentence for logs, and the way to another process."""

from __future__ import annotations

import multiprocessing
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path
from typing import Any

import pytest

from gaitviewer import errors
from gaitviewer.core.serialise import MalformedError
from gaitviewer.errors import FormatError, NobodyError, UserError, VideoError, reason_of
from gaitviewer.messages import as_written, message
from gaitviewer.video.digest import digest_file
from gaitviewer.workflow.analysis.run_session import NothingFoundError

EMPTY = message("error.video.empty", file="side.mp4")


def kinds(root: type[UserError]) -> Iterator[type[UserError]]:
    yield root
    for kind in root.__subclasses__():
        yield from kinds(kind)


def sent_over(error: Exception) -> Any:
    """The error as another process gets it."""
    ours, theirs = multiprocessing.Pipe()
    with ours, theirs:
        ours.send(error)
        return theirs.recv()


def test_an_error_is_its_message() -> None:
    error = VideoError(EMPTY)
    assert error.message == EMPTY
    assert str(error) == "side.mp4 is empty (0 bytes); copy the file again from the camera."


@pytest.mark.parametrize("kind", [one for one in kinds(UserError) if one is not NothingFoundError])
def test_every_kind_can_be_sent(kind: type[UserError]) -> None:
    sent = sent_over(kind(EMPTY))
    assert type(sent) is kind
    assert sent.message == EMPTY
    assert str(sent) == str(EMPTY)


def test_what_a_kind_has_besides_is_sent_along() -> None:
    nobody = sent_over(NobodyError(EMPTY, digest="ab", model="m 1"))
    assert (nobody.message, nobody.digest, nobody.model) == (EMPTY, "ab", "m 1")
    nothing = sent_over(NothingFoundError([EMPTY], None))  # type: ignore[arg-type]
    assert (nothing.message, nothing.document) == (EMPTY, None)
    malformed = sent_over(MalformedError(message("error.data.missing"), "a.b"))
    assert str(malformed) == "a.b: is missing"


def test_an_error_comes_back_from_a_worker(tmp_path: Path) -> None:
    missing = tmp_path / "side.mp4"
    with (
        ProcessPoolExecutor(1, mp_context=multiprocessing.get_context("spawn")) as pool,
        pytest.raises(VideoError, match=r"side\.mp4 cannot be read") as caught,
    ):
        pool.submit(digest_file, missing).result()
    assert caught.value.message.code == "error.video.not_read"
    assert caught.value.message["file"] == "side.mp4"


def test_a_quoted_error_is_said_within() -> None:
    damaged = MalformedError(message("error.data.too_deep"))
    error = FormatError(message("error.format.assessment.not_json", file="a.json", reason=reason_of(damaged)))
    assert error.message["reason"] == message("error.data.too_deep")
    assert str(error) == "a.json is not JSON (it is nested too deeply); it is damaged or no assessment."
    assert reason_of(OSError(13, "Permission denied", "/somewhere")) == as_written("Permission denied")
    assert reason_of(ValueError("x" * 10_000))["text"] == errors.shorten("x" * 10_000)
