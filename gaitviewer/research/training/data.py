"""Bodies of labelled sessions: a synthetic cohort, the program's own library, a folder in the CGV layout."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
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
from gaitviewer.formats.cgv import CgvClip, CgvFolder, looks_like_cgv, read_clip, read_folder
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.messages import message
from gaitviewer.video.identity import identity_of
from gaitviewer.workflow.sessions.demo import is_demo


def open_data(path: Path) -> LearningData:
    """Data to learn from or to be judged on.

    Args:
        path: folder of a synthetic cohort, a session library (file, or folder with ``library.db``), or a
            folder in the CGV layout.

    Raises:
        FormatError: it is none of these, or damaged.
    """
    if (path / "cohort.json").is_file():
        from gaitviewer.research.cohort.make import open_cohort

        return open_cohort(path)
    library = path / "library.db" if path.is_dir() else path
    if library.is_file() and library.suffix == ".db":
        return LibraryData(library)
    if path.is_dir() and looks_like_cgv(path):
        return CgvData(path)
    if not path.exists():
        raise FormatError(message("error.research.data.missing", path=path))
    raise FormatError(message("error.research.data.wrong_kind", path=path))


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


class _Graded:
    """What was found out once when data that people graded were opened."""

    @property
    def digest(self) -> str:
        """Of what is learned from: keypoints, as far as they are known, and labels."""
        digest: str = self.__dict__["_digest"]
        return digest

    @property
    def synthetic(self) -> bool:
        """Never: people graded it."""
        return False

    def session_ids(self) -> tuple[str, ...]:
        """All sessions with labels, sorted."""
        ids: tuple[str, ...] = self.__dict__["_ids"]
        return ids


@dataclass(frozen=True)
class LibraryData(_Graded):
    """Sessions of a library that people graded or rated; the demo walker counts as nobody.

    Known by the sessions, when they were saved, and the labels.
    """

    path: Path

    def __post_init__(self) -> None:
        from gaitviewer.store import open_library

        held: list[str] = []
        total = hashlib.sha256()
        with open_library(self.path) as library:
            for row in sorted(library.list_sessions(), key=lambda one: one.id):
                if not row.poses or is_demo(row.subject):
                    continue
                labels = labels_of(library.load_session(row.id))
                rated = labels.severity is not None or labels.asymmetry is not None
                if rated or any(score is not None for side in labels.evgs for score in side):
                    held.append(row.id)
                    total.update(f"{row.id}/{row.saved_utc}/{labels}\n".encode())
        if not held:
            raise FormatError(message("error.research.data.ungraded", path=self.path))
        object.__setattr__(self, "_ids", tuple(held))
        object.__setattr__(self, "_digest", total.hexdigest())

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"library ({len(self.session_ids())} sessions)"

    def read(self, session_id: str) -> LabelledSession:
        """One session with the pictures of its videos, as far as they are still there."""
        from gaitviewer.store import open_library

        with open_library(self.path) as library:
            document = library.load_session(session_id)
        return LabelledSession(document, labels_of(document), open_pictures(document))


@dataclass(frozen=True)
class CgvData(_Graded):
    """A folder in the CGV layout; clips of one ``<subject>-<session>`` are the trials of a session."""

    folder: Path

    def __post_init__(self) -> None:
        held = read_folder(self.folder)
        sessions: dict[str, list[CgvClip]] = {}
        for clip in held.clips:
            if clip.subject in held.scores:
                sessions.setdefault(f"{clip.subject}-{clip.session}", []).append(clip)
        if not sessions:
            raise FormatError(message("error.research.data.no_labels", folder=self.folder))
        total = hashlib.sha256(repr(sorted(held.scores.items())).encode())
        for clip in held.clips:
            total.update(f"{clip.name}/{len(clip.frames)}/{clip.video is not None}\n".encode())
            for frame in clip.frames:
                total.update(frame.read_bytes())
        object.__setattr__(self, "_held", held)
        object.__setattr__(self, "_sessions", sessions)
        object.__setattr__(self, "_ids", tuple(sorted(sessions)))
        object.__setattr__(self, "_digest", total.hexdigest())

    @property
    def name(self) -> str:
        """Short name for tables."""
        return f"{self.folder.name} ({len(self.session_ids())} sessions)"

    def read(self, session_id: str) -> LabelledSession:
        """One session; scores say 0 or "1 or 2"."""
        held: CgvFolder = self.__dict__["_held"]
        clips: list[CgvClip] = self.__dict__["_sessions"][session_id]
        labels = SessionLabels(evgs=held.scores[clips[0].subject], merged=True, source="graded by people")
        session = Session(session_id, Subject(f"{self.folder.name}-{clips[0].subject}"))
        document = Document(session, tuple(_trial(clip) for clip in clips))
        return LabelledSession(document, labels, open_pictures(document))


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
