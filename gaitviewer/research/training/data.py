"""Bodies of labelled sessions: a synthetic cohort, the program's own library, a folder in the CGV layout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, Side, View
from gaitviewer.core.learning import ITEMS, LabelledSession, LearningData, SessionLabels
from gaitviewer.core.serialise import read_resource
from gaitviewer.core.session import Session, Subject, Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import FormatError
from gaitviewer.formats.cgv import CgvClip, looks_like_cgv, read_clip, read_folder
from gaitviewer.formats.labels import LabelRow, LabelTable, read_labels, row_of
from gaitviewer.inference.pictures import VideoPictures, open_pictures
from gaitviewer.messages import message
from gaitviewer.research.training.mask_files import read_masks
from gaitviewer.video.identity import identity_of
from gaitviewer.workflow.sessions.demo import is_demo

LABELS = "labels.csv"  # in a folder in the CGV layout: read without being named


def open_data(path: Path, labels: Path | None = None) -> LearningData:
    """Data to learn from or to be judged on.

    Args:
        path: folder of a synthetic cohort, a session library (file, or folder with ``library.db``), or a
            folder in the CGV layout.
        labels: table of labels (:mod:`gaitviewer.formats.labels`), which count before those in the data.

    Raises:
        FormatError: it is none of these, or damaged; or the table fits nobody.
    """
    if (path / "cohort.json").is_file():
        from gaitviewer.research.cohort.make import open_cohort

        if labels is not None:
            raise FormatError(message("error.research.data.cohort_labels", path=path))
        return open_cohort(path)
    library = path / "library.db" if path.is_dir() else path
    if library.is_file() and library.suffix == ".db":
        return LibraryData(library, labels)
    if path.is_dir() and looks_like_cgv(path):
        return CgvData(path, labels)
    if not path.exists():
        raise FormatError(message("error.research.data.missing", path=path))
    raise FormatError(message("error.research.data.wrong_kind", path=path))


@dataclass(frozen=True, slots=True)
class DataNotes:
    """What of some data is not learned from, by name.

    Attributes:
        unlabelled: clips or sessions that no label is of.
        unmatched: labels of nobody in the data.
        videos_alone: clips with a video and no keypoints.
        twice: the same recording under the names of two subjects: the same child would be on both sides.
    """

    unlabelled: tuple[str, ...] = ()
    unmatched: tuple[str, ...] = ()
    videos_alone: tuple[str, ...] = ()
    twice: tuple[tuple[str, str], ...] = ()


def notes_of(data: LearningData) -> DataNotes:
    """What was left out when data that people graded were opened; nothing for others."""
    return data.notes if isinstance(data, _Graded) else DataNotes()


def names_of(data: LearningData) -> dict[str, str]:
    """The subject of each name that the files of a folder in the CGV layout use: subjects, sessions, clips."""
    return data.names if isinstance(data, CgvData) else {}


@dataclass(frozen=True, slots=True)
class _CobbRule:
    least_deg: float


@dataclass(frozen=True, slots=True)
class _LabelTable:
    """``resources/models/labels.toml``."""

    gmfcs: dict[str, int]
    cobb: _CobbRule


@cache
def _tables() -> _LabelTable:
    return read_resource("models/labels.toml", _LabelTable)


def labels_of(document: Document) -> SessionLabels:
    """What people said of a session: their grades, the GMFCS level and the Cobb angle that were entered.

    Of several grades of an item the latest counts. GMFCS levels become levels of severity by the table in
    ``resources/models/labels.toml``.
    """
    session = document.session
    cobb = _number(session.cobb.value) if session.cobb is not None else None
    gmfcs = _level(session.gmfcs.value) if session.gmfcs is not None else None
    raters = {grade.rater for grade in document.grades if grade.rater}
    return SessionLabels(
        evgs=BySide(_scores(document.grades, Side.LEFT), _scores(document.grades, Side.RIGHT)),
        severity=gmfcs,
        asymmetry=None if cobb is None else cobb >= _tables().cobb.least_deg,
        cobb_deg=cobb,
        source=f"graded by {len(raters)} people" if len(raters) > 1 else "graded by a person",
    )


def with_row(labels: SessionLabels, row: LabelRow | None) -> SessionLabels:
    """The same labels after what a line of a table says; what it leaves empty stays.

    Where it grades any item, its items alone count, as those of others may be merged otherwise.
    """
    if row is None:
        return labels
    graded = any(score is not None for limb in row.scores for score in limb)
    return replace(
        labels,
        evgs=row.scores if graded else labels.evgs,
        merged=row.merged if graded else labels.merged,
        severity=_tables().gmfcs.get(row.gmfcs) if row.gmfcs else labels.severity,
        asymmetry=labels.asymmetry if row.cobb_deg is None else row.cobb_deg >= _tables().cobb.least_deg,
        cobb_deg=labels.cobb_deg if row.cobb_deg is None else row.cobb_deg,
        source=labels.source or "graded by people",
    )


def is_labelled(labels: SessionLabels) -> bool:
    """Whether anything at all is known of a session."""
    rated = labels.severity is not None or labels.asymmetry is not None
    return rated or any(score is not None for limb in labels.evgs for score in limb)


def _table_of(labels: Path | None) -> LabelTable:
    return {} if labels is None else read_labels(labels)


def _unmatched(table: LabelTable, used: set[tuple[str, str]], labels: Path | None) -> tuple[str, ...]:
    """Names of lines that are of nobody.

    Raises:
        FormatError: all are.
    """
    left = tuple(row.name for key, row in table.items() if key not in used)
    if labels is not None and len(left) == len(table):
        raise FormatError(message("error.research.data.no_match", file=labels.name, name=left[0]))
    return left


def _scores(grades: Sequence[Grade], side: Side) -> tuple[int | None, ...]:
    latest: dict[int, Grade] = {}
    for grade in sorted((one for one in grades if one.side is side), key=lambda one: one.when):
        latest[grade.item] = grade
    return tuple(latest[item].score if item in latest else None for item in range(1, ITEMS + 1))


def _level(text: str) -> int | None:
    word = re.sub(r"^(GMFCS|LEVEL|\s|:)+", "", text.strip().upper())
    numerals = {"1": "I", "2": "II", "3": "III", "4": "IV", "5": "V"}
    return _tables().gmfcs.get(numerals.get(word, word))


def _number(text: str) -> float | None:
    found = re.search(r"\d+(?:[.,]\d+)?", text)
    return float(found.group().replace(",", ".")) if found else None


@dataclass(frozen=True, kw_only=True)
class _Found:
    """What was found out once when data that people graded were opened."""

    ids: tuple[str, ...]
    digest: str
    notes: DataNotes


class _Graded:
    """Data that people graded."""

    _found: _Found

    @property
    def digest(self) -> str:
        """Of what is learned from: keypoints, as far as they are known, and labels."""
        return self._found.digest

    @property
    def notes(self) -> DataNotes:
        """What is not learned from."""
        return self._found.notes

    @property
    def synthetic(self) -> bool:
        """Never: people graded it."""
        return False

    def session_ids(self) -> tuple[str, ...]:
        """All sessions with labels, sorted."""
        return self._found.ids


class LibraryData(_Graded):
    """Sessions of a library that people graded or rated; the demo walker counts as nobody.

    Known by the sessions, when they were saved, and the labels.
    """

    def __init__(self, path: Path, labels: Path | None = None) -> None:
        """A library; ``labels``: a table that names subjects, and visits by session id or date."""
        from gaitviewer.store import open_library

        self.path, self._table = path, _table_of(labels)
        held: list[str] = []
        unlabelled: list[str] = []
        used: set[tuple[str, str]] = set()
        videos: dict[str, str] = {}
        twice: list[tuple[str, str]] = []
        total = hashlib.sha256()
        with open_library(path) as library:
            for row in sorted(library.list_sessions(), key=lambda one: one.id):
                if not row.poses or is_demo(row.subject):
                    continue
                document = library.load_session(row.id)
                given = self._row(document)
                if given is not None:
                    used.add((given.subject, given.session))
                found = with_row(labels_of(document), given)
                if not is_labelled(found):
                    unlabelled.append(f"{row.id} ({row.subject})")
                    continue
                held.append(row.id)
                total.update(f"{row.id}/{row.saved_utc}/{found}\n".encode())
                for data in document.trials:
                    for stream in data.trial.videos:
                        if stream is not None:
                            other = videos.setdefault(stream.sha256, row.subject)
                            if other != row.subject:
                                twice.append((other, row.subject))
        unmatched = _unmatched(self._table, used, labels)
        if not held:
            raise FormatError(message("error.research.data.ungraded", path=path))
        notes = DataNotes(tuple(unlabelled), unmatched, twice=tuple(dict.fromkeys(twice)))
        self._found = _Found(ids=tuple(held), digest=total.hexdigest(), notes=notes)

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"library ({len(self.session_ids())} sessions)"

    def _row(self, document: Document) -> LabelRow | None:
        session = document.session
        when = () if session.when is None else (session.when.isoformat(),)
        return row_of(self._table, session.subject.pseudonym, session.id, *when)

    def read(self, session_id: str) -> LabelledSession:
        """One session with the pictures of its videos, as far as they are still there."""
        from gaitviewer.store import open_library

        with open_library(self.path) as library:
            document = library.load_session(session_id)
        labels = with_row(labels_of(document), self._row(document))
        return LabelledSession(document, labels, open_pictures(document))


class CgvData(_Graded):
    """A folder in the CGV layout; clips of one ``<subject>-<session>`` are the trials of a session."""

    def __init__(self, folder: Path, labels: Path | None = None) -> None:
        """A folder; ``labels``: a table, by default the ``labels.csv`` that it holds."""
        own = folder / LABELS
        labels = own if labels is None and own.is_file() else labels
        self.folder, self._held, self._table = folder, read_folder(folder), _table_of(labels)
        self._sessions: dict[str, list[CgvClip]] = {}
        unlabelled: list[str] = []
        used: set[tuple[str, str]] = set()
        total = hashlib.sha256(repr(sorted(self._held.scores.items())).encode())
        if self._table:
            total.update(repr(sorted(self._table.items())).encode())
        for clip in self._held.clips:
            row = row_of(self._table, clip.subject, clip.session)
            if row is not None:
                used.add((row.subject, row.session))
            if is_labelled(self._labels(clip)):
                self._sessions.setdefault(f"{clip.subject}-{clip.session}", []).append(clip)
            else:
                unlabelled.append(clip.name)
            total.update(f"{clip.name}/{len(clip.frames)}/{clip.video is not None}\n".encode())
            if clip.masks:
                total.update(f"{len(clip.masks)} masks\n".encode())
            for frame in clip.frames:
                total.update(frame.read_bytes())
        unmatched = _unmatched(self._table, used, labels)
        seen = {name for clip in self._held.clips for name in (clip.subject, f"{clip.subject}-{clip.session}")}
        unmatched = (*sorted(self._held.scores.keys() - seen), *unmatched)
        if not self._sessions:
            raise FormatError(
                message(
                    "error.research.data.no_labels",
                    folder=folder,
                    count=len(self._held.clips),
                    clip=self._held.clips[0].name,
                )
            )
        notes = DataNotes(tuple(unlabelled), unmatched, self._held.videos_alone, _twice(self._held.clips))
        self._found = _Found(ids=tuple(sorted(self._sessions)), digest=total.hexdigest(), notes=notes)

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"{self.folder.name} ({len(self.session_ids())} sessions)"

    @property
    def names(self) -> dict[str, str]:
        """The pseudonym of each subject, session and clip that is learned from."""
        return {
            name: f"{self.folder.name}-{clip.subject}"
            for session, clips in self._sessions.items()
            for clip in clips
            for name in (clip.subject, session, clip.name)
        }

    def clips_of(self, session_id: str) -> Sequence[CgvClip]:
        """The clips of a session."""
        return tuple(self._sessions[session_id])

    def labels_of(self, session_id: str) -> SessionLabels:
        """What is known of a session; scores of label files say 0 or "1 or 2"."""
        return self._labels(self._sessions[session_id][0])

    def _labels(self, clip: CgvClip) -> SessionLabels:
        scores = self._held.scores.get(f"{clip.subject}-{clip.session}", self._held.scores.get(clip.subject))
        nothing = SessionLabels(source="graded by people")
        labels = nothing if scores is None else replace(nothing, evgs=scores, merged=True)
        return with_row(labels, row_of(self._table, clip.subject, clip.session))

    def read(self, session_id: str) -> LabelledSession:
        """One session."""
        clips = self._sessions[session_id]
        session = Session(session_id, Subject(f"{self.folder.name}-{clips[0].subject}"))
        document = Document(session, tuple(_trial(clip) for clip in clips))
        pictures = open_pictures(document)
        for clip in clips:
            shown = pictures.get((clip.name, clip.view))
            if clip.masks and isinstance(shown, VideoPictures):
                pose = shown.pose
                masks = read_masks(clip.masks, frames=len(pose), width=pose.width, height=pose.height)
                pictures[clip.name, clip.view] = replace(shown, masks=masks)
        return LabelledSession(document, self.labels_of(session_id), pictures)


def _twice(clips: Sequence[CgvClip]) -> tuple[tuple[str, str], ...]:
    """Pairs of clips of two subjects with the same video, or the same keypoints."""
    sizes: dict[tuple[int, ...], list[CgvClip]] = {}
    for clip in clips:
        if clip.video is not None:
            sizes.setdefault((clip.video.stat().st_size,), []).append(clip)
        sizes.setdefault((len(clip.frames), *(path.stat().st_size for path in clip.frames)), []).append(clip)
    found: dict[tuple[str, str], None] = {}
    for key, alike in sizes.items():
        if len({clip.subject for clip in alike}) < 2:
            continue
        seen: dict[str, CgvClip] = {}
        for clip in alike:
            files = (clip.video,) if len(key) == 1 and clip.video is not None else clip.frames
            digest = hashlib.sha256(b"".join(path.read_bytes() for path in files)).hexdigest()
            other = seen.setdefault(digest, clip)
            if other.subject != clip.subject:
                found[other.name, clip.name] = None
    return tuple(found)


def _trial(clip: CgvClip) -> TrialData:
    pose = read_clip(clip)
    info = VideoInfo(pose.width, pose.height, 0, pose.times, pose.rate_hz, len(pose), "")
    if clip.video is not None:
        stream = VideoStream(clip.view, clip.video, identity_of(clip.video), info)
    else:
        digest = hashlib.sha256(clip.name.encode()).hexdigest()
        stream = VideoStream(clip.view, Path(f"{clip.name}.mp4"), digest, info)
    if clip.view is View.SAGITTAL:
        return TrialData(Trial(clip.name, ByView(stream, None)), ByView(pose, None))
    return TrialData(Trial(clip.name, ByView(None, stream)), ByView(None, pose))
