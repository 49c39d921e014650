"""What a person asks for when recordings are to be analysed, checked before any work starts."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path

from gaitviewer.core.gait import BySide, ByView, View
from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.report_options import WHOLE_REPORT, ReportOptions
from gaitviewer.core.serialise import quote
from gaitviewer.core.session import Affected, Footwear, Session, Subject, WalkingAid
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.util.names import real_path, require_text

_NO_ZEROS: BySide[float | None] = BySide(None, None)


@dataclass(frozen=True, slots=True)
class AnalyzeRequest:
    """One session to analyse.

    Attributes:
        recordings: the videos of each trial, in order.
        session: facts on the subject and the visit; its ``id`` may be "" (made from the videos then).
        out: folder for the results.
        offset_s: known offset, coronal time = sagittal time + offset (None: estimated from the gait).
        recorded_at_hz: true recording rate of slow-motion files.
        report: paper, names or none, sections; ``anonymous`` counts for all result files.
        library: library file (None: the user's own); ``keep`` False stores nothing.
        workers: processes for pose estimation.      use_cache: read and write the pose cache.
        pose_model: name of the pose model, or "best" for the best one that is here.
        foot_zero_deg: zero of each ankle angle set by a person; None = from flat-foot frames.
    """

    recordings: tuple[ByView[Path | None], ...]
    session: Session
    out: Path
    offset_s: float | None = None
    recorded_at_hz: float | None = None
    report: ReportOptions = WHOLE_REPORT
    library: Path | None = None
    keep: bool = True
    workers: int = 2
    use_cache: bool = True
    pose_model: str = "best"
    foot_zero_deg: BySide[float | None] = _NO_ZEROS

    def __post_init__(self) -> None:
        if not any(r.sagittal or r.coronal for r in self.recordings):
            raise SettingsError(message("error.request.no_video"))
        for path in (*(file for pair in self.recordings for file in pair), self.out, self.library):
            if path is not None:
                real_path(path)
        if self.recorded_at_hz is not None and not 10 <= self.recorded_at_hz <= 2000:
            raise SettingsError(message("error.request.rate", rate_hz=self.recorded_at_hz))
        if self.offset_s is not None and abs(self.offset_s) > 3600:
            raise SettingsError(message("error.request.offset", offset_s=self.offset_s))
        if self.workers < 1:
            raise SettingsError(message("error.request.workers"))


def pair_recordings(given: Sequence[tuple[View, Path]]) -> tuple[ByView[Path | None], ...]:
    """Sort the videos of a command line into trials.

    As many sagittal as coronal videos: the first goes with the first, and so on. Otherwise a video joins the
    one named just before it if that one is of the other view and still alone; else it is a trial by itself.

    Raises:
        SettingsError: the same file is named twice.
    """
    seen: set[Path] = set()
    for _, path in given:
        real = real_path(path)
        if real in seen:
            raise SettingsError(message("error.request.named_twice", file=path.name))
        seen.add(real)
    side = [path for view, path in given if view is View.SAGITTAL]
    front = [path for view, path in given if view is View.CORONAL]
    if side and front and len(side) == len(front):
        return tuple(ByView[Path | None](a, b) for a, b in zip(side, front, strict=True))
    trials: list[ByView[Path | None]] = []
    for view, path in given:
        if trials and trials[-1][view] is None:
            trials[-1] = replace(trials[-1], **{view.value: path})
        else:
            empty = ByView[Path | None](None, None)
            trials.append(replace(empty, **{view.value: path}))
    return tuple(trials)


def parse_length_m(text: str, *, what: str) -> float:
    """A body measure in metres from "1.35", "1.35 m" or "135 cm"; plain numbers from 20 on are centimetres.

    Raises:
        SettingsError: not a length of a human body.
    """
    match = re.fullmatch(r"\s*([0-9]+(?:[.,][0-9]+)?)\s*(m|cm)?\s*", text)
    if match:
        value = parse_decimal(match[1])
        centimetres = match[2] == "cm" or (match[2] is None and value >= 20)
        metres = value / 100 if centimetres else value
        if 0.2 <= metres <= 2.5:
            return metres
    raise SettingsError(message("error.request.length", what=what, found=quote(text)))


def parse_date(text: str, *, what: str) -> date:
    """An ISO date.

    Raises:
        SettingsError: not a date.
    """
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise SettingsError(message("error.request.date", what=what, found=quote(text))) from None


def age_at(birth: date, when: date) -> float:
    """Age in years at a date."""
    return (when - birth).days / 365.25


def make_session(
    pseudonym: str,
    *,
    when: date | None = None,
    birth: date | None = None,
    age_years: float | None = None,
    sex: str = "",
    diagnosis: str = "",
    affected: Affected = Affected.UNKNOWN,
    height_m: float | None = None,
    leg_length_m: float | None = None,
    footwear: Footwear = Footwear.UNKNOWN,
    walking_aid: WalkingAid = WalkingAid.UNKNOWN,
    mirrored: bool = False,
    note: str = "",
) -> Session:
    """A session from the facts that a person gave.

    Raises:
        SettingsError: facts that contradict each other or cannot be.
    """
    name = pseudonym.strip()
    if not name:
        raise SettingsError(message("error.request.no_pseudonym"))
    if len(name) > 80 or any(ord(letter) < 32 for letter in name):
        raise SettingsError(message("error.request.pseudonym"))
    for given in (name, sex, diagnosis, note):
        require_text(given)
    if birth and when:
        if birth >= when:
            raise SettingsError(message("error.request.birth_after_visit", birth=str(birth), visit=str(when)))
        computed = age_at(birth, when)
        if age_years is not None and abs(computed - age_years) > 1.1:
            raise SettingsError(
                message("error.request.age_contradicts", age_years=age_years, computed=computed)
            )
        age_years = computed
    if age_years is not None and not 0 < age_years < 120:
        raise SettingsError(message("error.request.age", age_years=age_years))
    if height_m and leg_length_m and not 0.35 <= leg_length_m / height_m <= 0.65:
        raise SettingsError(message("error.request.leg_length", leg_length_m=leg_length_m, height_m=height_m))
    subject = Subject(name, birth=birth, sex=sex, diagnosis=diagnosis, affected=affected)
    return Session(
        "",
        subject,
        when=when,
        age_years=age_years,
        height_m=height_m,
        leg_length_m=leg_length_m,
        footwear=footwear,
        walking_aid=walking_aid,
        mirrored=mirrored,
        note=note,
    )


def session_id(session: Session, digests: Sequence[str]) -> str:
    """A stable identifier: the same subject, date and videos give the same session."""
    if session.id:
        return session.id
    made_of = "|".join([session.subject.pseudonym, str(session.when), *digests])
    return hashlib.sha256(made_of.encode()).hexdigest()[:12]
