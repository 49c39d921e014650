"""Who was recorded, how, with which files, and where the results come from."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from PySide6.QtCore import QCoreApplication, Qt, Signal
from PySide6.QtWidgets import (
    QGridLayout,
    QHBoxLayout,
    QPushButton,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import View
from gaitviewer.core.numerals import DASH, number
from gaitviewer.core.output import Provenance
from gaitviewer.core.session import Affected, Rating, Session, VideoStream
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_open
from gaitviewer.gui.panels.common.exclude_trial import TrialOutBar
from gaitviewer.gui.panels.common.wording import tr, view_name
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea
from gaitviewer.gui.widgets.translation import say, translate_data
from gaitviewer.messages import named
from gaitviewer.workflow.analysis.inputs import shows_nobody

Facts = tuple[tuple[str, str], ...]


class DetailsPanel(Panel):
    """The facts of the session.

    Signals:
        edit_asked: the user wants to change the facts (the window shows its form).
    """

    edit_asked = Signal()

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("DetailsPanel", "Session")
        super().__init__(state, player, name="panel_details", title=title, parent=parent)
        self._scroller = TallArea("details_facts", self.tr("Facts of the session"))
        self.change = QPushButton(self.tr("Change…"))
        self.change.setObjectName("details_change")
        self.change.setAccessibleName(self.tr("Change the facts of the session"))
        self.change.clicked.connect(self.edit_asked)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 8)
        layout.addWidget(self._scroller, 1)
        self.trial_out = TrialOutBar(state, self.content)
        layout.addWidget(self.trial_out)
        below = QHBoxLayout()
        below.setContentsMargins(12, 0, 12, 0)  # where the facts begin
        below.addWidget(self.change)
        below.addStretch(1)
        layout.addLayout(below)
        self._shown: tuple[object, ...] = ()
        state.session_changed.connect(self._reload)
        state.document_changed.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        document = self.state.document
        if document is None:
            self._shown = ()
            self.show_empty(nothing_open())
            return
        facts = (document.session, *((d.trial, d.provenance) for d in document.trials))
        if facts != self._shown:
            self._shown = facts
            self._fill(document)
        self.show_content()

    def _fill(self, document: Document) -> None:
        inside = QWidget()
        grid = QGridLayout(inside)
        grid.setContentsMargins(12, 8, 12, 8)
        grid.setHorizontalSpacing(14)
        grid.setVerticalSpacing(3)
        grid.setColumnStretch(1, 1)
        row = 0
        for heading, facts in sections(document):
            title = PlainLabel(heading)
            title.setFont(theme.font("heading"))
            title.setContentsMargins(0, 8 if row else 0, 0, 2)
            grid.addWidget(title, row, 0, 1, 2)
            row += 1
            for name, value in facts:
                label = PlainLabel(name, quiet=True)
                told = PlainLabel(value, wraps=True, selectable=True)
                told.setAccessibleName(f"{name}: {value}")
                grid.addWidget(label, row, 0, Qt.AlignmentFlag.AlignTop)
                grid.addWidget(told, row, 1)
                row += 1
        grid.setRowStretch(row, 1)
        self._scroller.setWidget(inside)

    def retheme(self) -> None:
        """Fonts of the theme."""
        if self.state.document is not None:
            self._fill(self.state.document)


def sections(document: Document) -> tuple[tuple[str, Facts], ...]:
    """Headings with their facts, in the order of reading."""
    made = [(tr("Subject"), _subject(document.session)), (tr("Visit"), _visit(document.session))]
    for place, data in enumerate(document.trials, start=1):
        made.append((tr("Recording {n}").format(n=place), tuple(_recording(data))))
    return tuple(made)


def _subject(session: Session) -> Facts:
    subject = session.subject
    sex = {"F": tr("female"), "M": tr("male")}.get(subject.sex, _not_stated())
    age = (
        _not_stated()
        if session.age_years is None
        else tr("{age} years").format(age=number(session.age_years, 1))
    )
    return (
        (tr("Pseudonym"), subject.pseudonym),
        (tr("Age"), age),
        (tr("Sex"), sex),
        (tr("Diagnosis"), subject.diagnosis or _not_stated()),
        (tr("Affected side"), _affected(subject.affected)),
        (tr("Height"), _metres(session.height_m)),
        (tr("Leg length"), _metres(session.leg_length_m)),
        (tr("GMFCS"), _rating(session.gmfcs)),
        (tr("Cobb angle"), _rating(session.cobb)),
    )


def _not_stated() -> str:
    """The same words for every fact that nobody gave."""
    return tr("not stated")


def _affected(affected: Affected) -> str:
    words = {
        Affected.LEFT: tr("left"),
        Affected.RIGHT: tr("right"),
        Affected.BOTH: tr("both"),
        Affected.NONE: tr("none"),
        Affected.UNKNOWN: _not_stated(),
    }
    return words[affected]


def _visit(session: Session) -> Facts:
    return (
        (tr("Date"), _not_stated() if session.when is None else session.when.isoformat()),
        (tr("Footwear"), say(named(session.footwear))),
        (tr("Walking aid"), say(named(session.walking_aid))),
        (tr("Surgery"), _dates(session.surgery)),
        (tr("Botulinum toxin"), _dates(session.botulinum)),
        (tr("Mirror image"), tr("yes") if session.mirrored else tr("no")),
        (tr("Note"), session.note or DASH),
    )


def _recording(data: TrialData) -> Iterable[tuple[str, str]]:
    if data.trial.excluded:
        yield tr("Left out"), data.trial.excluded
    for view in View:
        stream = data.trial.videos[view]
        if stream is not None:
            yield view_name(view).capitalize(), _video(stream)
            made = data.provenance[view]
            if made is not None:
                words = _origin(made)
                if shows_nobody(data, view):
                    words = tr("nobody was found ({by})").format(by=words)
                yield tr("Keypoints"), words
    if data.trial.sync is not None:
        sync = data.trial.sync
        offset = tr("{offset} s ± {sigma} s, {source}").format(
            offset=number(sync.offset_s, 3), sigma=number(sync.sigma_s, 3), source=translate_data(sync.source)
        )
        yield tr("Offset"), offset


def _video(stream: VideoStream) -> str:
    info = stream.info
    rate = tr("variable rate, about {rate} Hz") if info.variable_rate else tr("{rate} Hz")
    parts = [
        stream.path.name,
        f"{info.width} × {info.height}",
        rate.format(rate=number(info.rate_hz, 0 if abs(info.rate_hz - round(info.rate_hz)) < 0.005 else 2)),
        tr("{time} s").format(time=number(info.duration_s, 1)),
    ]
    if stream.recorded_at_hz is not None:
        parts.append(tr("recorded at {rate} Hz").format(rate=number(stream.recorded_at_hz)))
    return ", ".join([*parts, *(say(note) for note in info.notes)])


def _origin(made: Provenance) -> str:
    return tr("{model}, {when}").format(model=made.model, when=made.when[:16].replace("T", " "))


def _metres(value: float | None) -> str:
    return _not_stated() if value is None else tr("{length} m").format(length=number(value, 2))


def _rating(rating: Rating | None) -> str:
    if rating is None:
        return _not_stated()
    when = f", {rating.when.isoformat()}" if rating.when is not None else ""
    return f"{rating.value} ({rating.rater}{when})"


def _dates(dates: tuple[date, ...]) -> str:
    return ", ".join(day.isoformat() for day in dates) or _not_stated()
