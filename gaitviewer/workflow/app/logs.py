"""A rotating local log and crash files, both without paths and names; nothing is ever sent."""

from __future__ import annotations

import contextlib
import faulthandler
import io
import logging
import logging.handlers
import os
import platform
import sys
import threading
import traceback
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TextIO, cast

from gaitviewer import __version__, paths
from gaitviewer.util import atomic, private
from gaitviewer.workflow.app.privacy import hide, redact

__all__ = ["EXIT_CRASH", "hide", "redact", "report_crash", "start", "stop"]

EXIT_CRASH = 70  # EX_SOFTWARE of sysexits.h
_LOG_BYTES = 1_000_000
_LOG_FILES = 5
_CRASH_FILES = 20

_log = logging.getLogger("gaitviewer")
_faults: TextIO | None = None
_show: Callable[[str], None] | None = None


class PrivateFormatter(logging.Formatter):
    """Formats a record, its traceback included, and takes paths and names out of the result."""

    def format(self, record: logging.LogRecord) -> str:
        """The line or lines to write."""
        return redact(super().format(record))


class _PrivateFile(logging.handlers.RotatingFileHandler):
    """A rotating log for its owner alone."""

    def _open(self) -> io.TextIOWrapper:
        file = open(  # noqa: SIM115  the handler closes it
            self.baseFilename, self.mode, encoding=self.encoding, errors=self.errors, opener=private.opener
        )
        return cast(io.TextIOWrapper, file)


def start(
    *, verbose: bool = False, folder: Path | None = None, show: Callable[[str], None] | None = None
) -> None:
    """Starts the log and catches what nobody else catches; calling it again only changes the options.

    A log that cannot be written is left out: it never stops the program.

    Args:
        verbose: details and tracebacks go to standard error, too.
        folder: for log and crash files; by default the user's log folder.
        show: called with one sentence after a crash; by default it is printed to standard error.
    """
    global _show
    _show = show
    folder = folder or paths.log_dir()
    _log.setLevel(logging.DEBUG)
    _log.propagate = False
    for handler in tuple(_log.handlers):
        _log.removeHandler(handler)
        handler.close()
    _add_file(folder)
    if verbose:
        _add(logging.StreamHandler(sys.stderr), logging.DEBUG, "%(levelname)s %(name)s: %(message)s")
    if not _log.handlers:
        _log.addHandler(logging.NullHandler())
    _catch_faults(folder)
    sys.excepthook = _on_exception
    threading.excepthook = _on_thread_exception


def stop() -> None:
    """Ends the log and hands the hooks back."""
    global _faults
    sys.excepthook, threading.excepthook = sys.__excepthook__, threading.__excepthook__
    for handler in tuple(_log.handlers):
        _log.removeHandler(handler)
        handler.close()
    _log.propagate = True
    if _faults is not None:
        faulthandler.disable()
        _faults.close()
        _faults = None


def report_crash(error: BaseException, *, thread: str = "main") -> Path | None:
    """Writes a crash file for an error that nobody expected, logs it, and shows one sentence.

    Returns:
        The crash file; None where it could not be written.
    """
    path = _write_crash(error, thread)
    kept = f" Details are in {path}; they stay on this computer." if path else ""
    sentence = f"gaitviewer met an error of its own ({type(error).__name__}).{kept}"
    with contextlib.suppress(Exception):
        _log.critical("crash in thread %s", thread, exc_info=error)
    if _show is not None:
        _show(sentence)
    elif sys.stderr is not None:
        with contextlib.suppress(OSError, ValueError):
            print(sentence, file=sys.stderr)
    return path


def _add_file(folder: Path) -> None:
    try:
        private.make_folder(folder)
        handler = _PrivateFile(
            folder / "gaitviewer.log",
            maxBytes=_LOG_BYTES,
            backupCount=_LOG_FILES - 1,
            encoding="utf-8",
            errors="backslashreplace",
        )
    except OSError:
        return
    _add(handler, logging.INFO, "%(asctime)s %(levelname)s %(process)d %(name)s: %(message)s")


def _add(handler: logging.Handler, level: int, layout: str) -> None:
    handler.setLevel(level)
    handler.setFormatter(PrivateFormatter(layout))
    # A full disk or a closed standard error must not disturb the work.
    handler.handleError = lambda record: None  # type: ignore[method-assign]
    _log.addHandler(handler)


def _catch_faults(folder: Path) -> None:
    """Lets the interpreter write where it was when it dies of a signal."""
    global _faults
    path = folder / "faults.txt"
    try:
        too_long = path.exists() and path.stat().st_size > _LOG_BYTES
        file = open(path, "w" if too_long else "a", encoding="utf-8", opener=private.opener)  # noqa: SIM115
    except OSError:
        return
    faulthandler.enable(file=file)
    if _faults is not None:
        _faults.close()
    _faults = file


def _write_crash(error: BaseException, thread: str) -> Path | None:
    folder = paths.log_dir() if _faults is None else Path(_faults.name).parent
    now = datetime.now(UTC)
    path = folder / f"crash-{now.strftime('%Y%m%dT%H%M%S%f')}-{os.getpid()}.txt"
    text = io.StringIO()
    text.write(f"gaitviewer {__version__}, Python {platform.python_version()}, {platform.platform()}\n")
    text.write(f"{now.isoformat(timespec='seconds')}, thread {thread}\n\n")
    text.writelines(traceback.format_exception(error))
    try:
        atomic.write_bytes(path, redact(text.getvalue()).encode("utf-8", "backslashreplace"), durable=False)
        for old in sorted(folder.glob("crash-*.txt"))[:-_CRASH_FILES]:
            old.unlink(missing_ok=True)
    except OSError:
        return None
    return path


def _on_exception(kind: type[BaseException], error: BaseException, trace: TracebackType | None) -> None:
    if issubclass(kind, KeyboardInterrupt):
        raise SystemExit(130)
    report_crash(error)
    # The interpreter takes the exit code from a SystemExit that leaves this hook.
    raise SystemExit(EXIT_CRASH)


def _on_thread_exception(caught: threading.ExceptHookArgs) -> None:
    if caught.exc_value is None or issubclass(caught.exc_type, SystemExit):
        return
    report_crash(caught.exc_value, thread=caught.thread.name if caught.thread else "unknown")
