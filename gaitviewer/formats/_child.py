"""Runs a reader built on a C library in a child process with limits on time and memory.

A damaged file can crash or hang such a library, or make it ask for all the memory there is; here that
costs the file, not the program.
"""

from __future__ import annotations

import contextlib
import time
from pathlib import Path

from gaitviewer.core.serialise import MalformedError, from_plain, parse_json
from gaitviewer.errors import FormatError
from gaitviewer.messages import Message, message
from gaitviewer.util.processes import Child, start_module

_POLL_S = 0.02
UNDERSTOOD = 3  # exit status of a child that says itself, by a message on its standard output, what is wrong


def run_reader(module: str, path: Path, target: Path, *, timeout_s: float, memory_mb: int) -> None:
    """Runs ``python -m module path target memory_mb`` until it has written ``target``.

    Raises:
        FormatError: the reader crashed, took too long or too much memory, or refused the file.
    """
    import psutil

    said = target.with_suffix(".said")
    environment = {
        "PYTHONIOENCODING": "utf-8",
        "OPENBLAS_NUM_THREADS": "1",  # each thread reserves address space that the limit would count
        "OMP_NUM_THREADS": "1",
    }
    with said.open("wb") as out:
        child = start_module(
            module, (str(path), str(target), str(memory_mb)), output=out, environment=environment
        )
        try:
            _watch(psutil.Process(child.pid), child, path, timeout_s=timeout_s, memory_mb=memory_mb)
        except psutil.NoSuchProcess:
            child.wait()
        finally:
            if child.poll() is None:
                child.kill()
                child.wait()
    if child.returncode == UNDERSTOOD:
        with contextlib.suppress(MalformedError):  # the library may have written between
            reason = from_plain(parse_json(said.read_bytes()), Message)
            raise FormatError(message("error.format.not_read", file=path.name, reason=reason))
    if child.returncode != 0 or not target.exists():
        raise FormatError(message("error.format.reader_failed", file=path.name))


def _watch(process: object, child: Child, path: Path, *, timeout_s: float, memory_mb: int) -> None:
    """Waits for the child; stops waiting with an error when it passes a limit."""
    import psutil

    assert isinstance(process, psutil.Process)
    deadline = time.monotonic() + timeout_s
    while child.poll() is None:
        if time.monotonic() > deadline:
            raise FormatError(message("error.format.reader_too_slow", file=path.name, timeout_s=timeout_s))
        if process.memory_info().rss > memory_mb * 2**20:
            raise FormatError(message("error.format.reader_too_large", file=path.name, memory_mb=memory_mb))
        time.sleep(_POLL_S)
