"""Synthetic cohorts: made from a seed, stored as one file a subject, read as labelled sessions.

A subject is a function of (seed, number, shift) alone, so that neither the number of processes nor an
interruption changes anything, and pictures need not be stored.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from concurrent.futures import FIRST_COMPLETED, wait
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.serialise import from_plain, parse_json
from gaitviewer.errors import FormatError, SettingsError, reason_of
from gaitviewer.messages import message
from gaitviewer.research.cohort.files import read_subject, write_subject
from gaitviewer.synthesis.gait.subjects import SHIFTS
from gaitviewer.util import atomic, private
from gaitviewer.util.processes import worker_pool

FORMAT = 1
# Counted up by whoever changes how subjects are drawn, walk, are filmed or labelled.
EDITION = 4
_INDEX = "cohort.json"
_MADE_FROM = ("format", "edition", "seed", "count", "shift")
_MOST = 100_000


@dataclass(frozen=True, slots=True)
class _Index:
    """``cohort.json``: what a cohort is made from; finished, also the digest of its files."""

    format: int
    edition: int
    seed: int
    count: int
    shift: str
    digest: str = ""


@dataclass(frozen=True, slots=True)
class SyntheticCohort:
    """A finished cohort on disk; see :class:`gaitviewer.core.learning.LearningData`.

    Attributes:
        folder: where it lies.
        seed, count, shift: what it was made from.
        digest: identity of what it was made from: seed, size, shift, generator. Another processor rounds
            differently, so the stored numbers of the same cohort may differ in their last digits.
    """

    folder: Path
    seed: int
    count: int
    shift: str
    digest: str

    @property
    def name(self) -> str:
        """Short name for tables."""
        kind = "synthetic" if self.shift == "none" else "synthetic, shifted"
        return f"{kind} (seed {self.seed}, {self.count} subjects)"

    @property
    def synthetic(self) -> bool:
        """Always."""
        return True

    def session_ids(self) -> tuple[str, ...]:
        """All sessions in the order of their numbers."""
        return tuple(session_id(self.seed, self.shift, index) for index in range(self.count))

    def read(self, session_id: str) -> LabelledSession:
        """One session.

        Raises:
            KeyError: the cohort has no such session.
            FormatError: its file is damaged.
        """
        if session_id not in self.session_ids():
            raise KeyError(session_id)
        index = int(session_id.rsplit("-", 1)[1])
        return read_subject(subject_file(self.folder, index), seed=self.seed, index=index, shift=self.shift)


def session_id(seed: int, shift: str, index: int) -> str:
    """Such as ``synthetic-1-00042``."""
    return f"{'shifted' if shift == 'shifted' else 'synthetic'}-{seed}-{index:05d}"


def subject_file(folder: Path, index: int) -> Path:
    """Where a subject's numbers lie."""
    return folder / f"subject-{index:05d}.npz"


def make_cohort(
    folder: Path,
    *,
    subjects: int,
    seed: int,
    shift: str = "none",
    workers: int = 2,
    tick: Tick = no_progress,
) -> SyntheticCohort:
    """Make a cohort, or finish one that was interrupted.

    Args:
        folder: made if it is not there; it may hold an unfinished cohort of the same seed, size and shift.
        subjects: how many.
        seed: the same seed gives the same cohort.
        shift: "none", or "shifted" for cameras, noise and mixtures of deviations that the ordinary cohort
            never holds.
        workers: processes.
        tick: progress.

    Raises:
        SettingsError: an impossible number or an unknown shift.
        FormatError: the folder holds something else.
    """
    if not 1 <= subjects <= _MOST:
        raise SettingsError(message("error.research.cohort.subjects", most=_MOST, subjects=subjects))
    if shift not in SHIFTS:
        raise SettingsError(message("error.research.cohort.shift", shift=shift, shifts=tuple(SHIFTS)))
    if seed < 0:
        raise SettingsError(message("error.research.cohort.seed", seed=seed))
    made_from = {"format": FORMAT, "edition": EDITION, "seed": seed, "count": subjects, "shift": shift}
    _check_folder(folder, made_from)
    private.make_folder(folder)
    if _is_finished(folder):
        return open_cohort(folder)
    _write_index(folder, made_from)
    missing = [index for index in range(subjects) if not subject_file(folder, index).exists()]
    for done, index in enumerate(_make_all(folder, missing, seed=seed, shift=shift, workers=workers), start=1):
        tick(done / max(1, len(missing)), message("progress.subject", number=index + 1, total=subjects))
    _write_index(folder, {**made_from, "digest": _identity(made_from), "contents": _contents(folder, subjects)})
    return open_cohort(folder)


def open_cohort(folder: Path) -> SyntheticCohort:
    """A finished cohort.

    Raises:
        FormatError: there is none, it is unfinished, or another version of the program made it.
    """
    index = _read_index(folder)
    if index is None:
        raise FormatError(message("error.research.cohort.none", folder=folder))
    _check_version(folder, index)
    if "digest" not in index:
        raise FormatError(message("error.research.cohort.unfinished", folder=folder))
    seed, count, shift = int(index["seed"]), int(index["count"]), str(index["shift"])
    return SyntheticCohort(folder, seed, count, shift, _identity(index))


def _read_index(folder: Path) -> Mapping[str, Any] | None:
    path = folder / _INDEX
    if not path.is_file():
        return None
    try:
        found = parse_json(path.read_bytes())
        from_plain(found, _Index, unknown="ignore")
    except (OSError, ValueError) as error:
        raise FormatError(
            message("error.research.cohort.not_index", path=path, reason=reason_of(error))
        ) from error
    return dict(found)


def _check_version(folder: Path, index: Mapping[str, Any]) -> None:
    if int(index["format"]) > FORMAT or int(index["edition"]) > EDITION:
        raise FormatError(message("error.research.cohort.newer", folder=folder))
    if int(index["format"]) < FORMAT or int(index["edition"]) < EDITION:
        raise FormatError(message("error.research.cohort.older", folder=folder))


def _check_folder(folder: Path, made_from: Mapping[str, Any]) -> None:
    """Refuse a folder that holds something else."""
    if folder.exists() and not folder.is_dir():
        raise FormatError(message("error.research.cohort.is_file", folder=folder))
    index = _read_index(folder)
    if index is None:
        if folder.is_dir() and any(folder.iterdir()):
            raise FormatError(message("error.research.cohort.not_empty", folder=folder))
        return
    _check_version(folder, index)
    other = [key for key in ("seed", "count", "shift") if index[key] != made_from[key]]
    if other:
        differing = tuple(f"{key} {index[key]}" for key in other)
        raise FormatError(message("error.research.cohort.other", folder=folder, differing=differing))


def _is_finished(folder: Path) -> bool:
    index = _read_index(folder)
    return index is not None and "digest" in index


def _write_index(folder: Path, index: Mapping[str, Any]) -> None:
    atomic.write_bytes(folder / _INDEX, (json.dumps(dict(index), indent=1) + "\n").encode(), durable=False)


def _identity(index: Mapping[str, Any]) -> str:
    made_from = {key: index[key] for key in _MADE_FROM}
    return hashlib.sha256(json.dumps(made_from, sort_keys=True).encode()).hexdigest()


def _contents(folder: Path, count: int) -> str:
    """Of the files: tells whether two copies are the same to the last digit."""
    total = hashlib.sha256()
    for index in range(count):
        total.update(hashlib.sha256(subject_file(folder, index).read_bytes()).digest())
    return total.hexdigest()


def _make_all(folder: Path, missing: list[int], *, seed: int, shift: str, workers: int) -> Iterable[int]:
    """Make subjects, yielding the number of each when it is written."""
    if workers <= 1 or len(missing) <= 1:
        for index in missing:
            _make_one(str(folder), seed, index, shift)
            yield index
        return
    with worker_pool(workers) as pool:
        waiting = {pool.submit(_make_one, str(folder), seed, index, shift) for index in missing}
        try:
            while waiting:
                done, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in done:
                    yield future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise


def _make_one(folder: str, seed: int, index: int, shift: str) -> int:
    write_subject(subject_file(Path(folder), index), seed=seed, index=index, shift=shift)
    return index
