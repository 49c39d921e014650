"""Measures that were computed before: kept in the cache under a digest of everything they depend on.

Opening a session then needs neither scipy nor the computation. What is read is data only: a file may name no
other classes than those of :mod:`gaitviewer.core` and a few of the standard library, and is used only if
program, resources and the whole document are the very same.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.util import atomic
from gaitviewer.workflow.analysis.measure import inputs_digest, measure_document
from gaitviewer.workflow.analysis.results_cache import code_stamp

_MOST_FILES = 300
_SIDE_EFFECT_FREE = {
    ("builtins", "frozenset"),
    ("builtins", "set"),
    ("copyreg", "__newobj__"),
    ("datetime", "date"),
    ("datetime", "datetime"),
    ("pathlib", "Path"),
    ("pathlib", "PosixPath"),
    ("pathlib", "WindowsPath"),
    (__name__, "_array"),
    (__name__, "_number"),
}
# What a damaged or foreign file can raise when it is read.
_UNREADABLE = (OSError, pickle.UnpicklingError, EOFError, ValueError, TypeError, AttributeError, ImportError,
               KeyError, IndexError)  # fmt: skip


def cached_measures(document: Document, *, tick: Tick = no_progress) -> Measures:
    """:func:`~gaitviewer.workflow.analysis.measure.measure_document`, or what it said before about the same.

    Raises:
        AnalysisError: see there.
    """
    path = _file(document)
    known = _read(path)
    if known is not None:
        return known
    measures = measure_document(document, tick=tick)
    _write(path, measures)
    return measures


def _file(document: Document) -> Path:
    """Where the measures of this very document are."""
    total = hashlib.sha256(f"{code_stamp()} {inputs_digest(document)}".encode())
    for data in document.trials:
        for view in View:
            pose, stream = data.poses[view], data.trial.videos[view]
            total.update(f"{data.trial.id} {data.trial.notes} {stream and stream.path}\n".encode())
            if stream is not None:
                total.update(f"{stream.recorded_at_hz} {stream.info.width} {stream.info.height}".encode())
                total.update(stream.info.times.tobytes())
            if pose is not None:
                total.update(f"{pose.width} {pose.height} {pose.skeleton}".encode())
                for array in (pose.xy, pose.score, pose.times, pose.origin):
                    total.update(array.tobytes())
    return _folder() / f"{_mark(document.session.id)}-{total.hexdigest()}.measures"


def _folder() -> Path:
    return paths.cache_dir() / "measures"


def _mark(session_id: str) -> str:
    """What the names of all files of a session begin with."""
    return hashlib.sha256(session_id.encode()).hexdigest()[:16]


def forget_measures(session_id: str) -> None:
    """Removes what is kept of a session, and files of earlier versions, which do not tell whose they are."""
    for file in _folder().glob("*"):
        mark, dash, _ = file.name.lstrip(".").partition("-")
        if not dash or mark == _mark(session_id):
            with contextlib.suppress(OSError):
                file.unlink(missing_ok=True)


def _read(path: Path) -> Measures | None:
    try:
        found = _Reader(io.BytesIO(path.read_bytes())).load()
    except _UNREADABLE:
        return None
    return found if isinstance(found, Measures) else None


def _write(path: Path, measures: Measures) -> None:
    """A cache that cannot be written is left out."""
    try:
        buffer = io.BytesIO()
        _Writer(buffer, protocol=5).dump(measures)
        atomic.write_bytes(path, buffer.getvalue(), durable=False)
        _forget_the_oldest(path.parent)
    except OSError:
        return


def _forget_the_oldest(folder: Path) -> None:
    files = sorted(folder.glob("*.measures"), key=lambda file: file.stat().st_mtime)
    for file in files[:-_MOST_FILES]:
        file.unlink(missing_ok=True)


def _array(dtype: str, shape: tuple[int, ...], data: bytes) -> NDArray[Any]:
    """A read-only array, as everything in ``core`` holds them."""
    return np.frombuffer(data, dtype=np.dtype(dtype)).reshape(shape)


def _number(dtype: str, data: bytes) -> Any:
    return np.frombuffer(data, dtype=np.dtype(dtype))[0]


class _Writer(pickle.Pickler):
    """Arrays as their bytes, so that reading needs nothing of numpy's own."""

    def reducer_override(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return _array, (value.dtype.str, value.shape, value.tobytes())
        if isinstance(value, np.generic):
            return _number, (value.dtype.str, value.tobytes())
        return NotImplemented


class _Reader(pickle.Unpickler):
    """Refuses every class that is not plain data."""

    def find_class(self, module: str, name: str) -> Any:
        own = module.startswith("gaitviewer.core.") and "." not in name
        if not own and (module, name) not in _SIDE_EFFECT_FREE:
            raise pickle.UnpicklingError(f"{module}.{name} has no place in measures")
        found = super().find_class(module, name)
        if own and not isinstance(found, type):
            raise pickle.UnpicklingError(f"{module}.{name} is no class")
        return found
