"""What the recordings are good for, and what to do better next time."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from gaitviewer.core.measures import FindingSeverity, QualityFinding
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.wording import joined, many, recording_name, sentence, view_name
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea, plain_tip
from gaitviewer.gui.widgets.translation import say
from gaitviewer.messages import named

_ICONS = {
    FindingSeverity.GOOD: "good",
    FindingSeverity.NOTE: "note",
    FindingSeverity.WARNING: "warning",
    FindingSeverity.REFUSED: "error",
}
_ICON_PX = 18


class QualityPanel(Panel):
    """Findings as cards, most serious first."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("QualityPanel", "Quality")
        super().__init__(state, player, name="panel_quality", title=title, parent=parent)
        self.summary = PlainLabel(name="quality_summary", wraps=True)
        self.summary.setContentsMargins(10, 6, 10, 4)
        self._scroller = TallArea("quality_findings", self.tr("Findings on the recordings"))
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.summary)
        layout.addWidget(self._scroller, 1)
        state.session_changed.connect(self._reload)
        state.measures_changed.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        nothing = self.tr("Nothing was found that limits what these recordings can be used for.")
        measures = self.measures_or_why(lambda found: "" if found.quality else nothing)
        if measures is not None:
            self._fill(measures.quality)

    def _fill(self, findings: tuple[QualityFinding, ...]) -> None:
        self.summary.setText(summary(findings))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 2, 8, 8)
        column.setSpacing(6)
        several = len({f.trial for f in findings if f.trial}) > 1
        for finding in findings:
            column.addWidget(
                _card(finding, recording_name(self.state.document, finding.trial) if several else "")
            )
        column.addStretch(1)
        self._scroller.setWidget(inside)

    def retheme(self) -> None:
        """Icons in the colours of the theme."""
        self._reload()


def summary(findings: tuple[QualityFinding, ...]) -> str:
    """How many findings of each kind, and which items they cost."""
    tr = QCoreApplication.translate
    counts = {level: sum(f.level is level for f in findings) for level in FindingSeverity}
    words = (
        (FindingSeverity.REFUSED, tr("QualityPanel", "not usable"), tr("QualityPanel", "not usable")),
        (FindingSeverity.WARNING, tr("QualityPanel", "warning"), tr("QualityPanel", "warnings")),
        (FindingSeverity.NOTE, tr("QualityPanel", "note"), tr("QualityPanel", "notes")),
        (FindingSeverity.GOOD, tr("QualityPanel", "good"), tr("QualityPanel", "good")),
    )
    text = sentence(joined(many(counts[level], one, more) for level, one, more in words if counts[level]))
    lost = sorted({code for f in findings for code in f.items})
    if lost:
        text += " " + tr("QualityPanel", "Not assessable for this reason: {items}.").format(items=joined(lost))
    return text


def _line(words: str, *, quiet: bool = False) -> QLabel:
    return PlainLabel(words, wraps=True, quiet=quiet, selectable=True)


def _card(finding: QualityFinding, recording: str) -> QFrame:
    card = QFrame()
    card.setProperty("card", "true")
    row = QHBoxLayout(card)
    row.setContentsMargins(10, 8, 10, 8)
    row.setSpacing(10)
    mark = PlainLabel()
    mark.setPixmap(theme.icon(_ICONS[finding.level], _ICONS[finding.level]).pixmap(_ICON_PX, _ICON_PX))
    level = say(named(finding.level))
    mark.setAccessibleName(level)
    mark.setToolTip(plain_tip(level))
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    where = [say(finding.topic)]
    if finding.view is not None:
        where.append(view_name(finding.view))
    if recording:
        where.append(recording)
    column = QVBoxLayout()
    column.setSpacing(2)
    column.addWidget(_line(", ".join(where), quiet=True))
    column.addWidget(_line(sentence(finding.text)))
    if finding.advice:
        column.addWidget(_line("\u2192 " + sentence(finding.advice), quiet=True))
    if finding.items:
        lost = QCoreApplication.translate("QualityPanel", "Not assessable: {items}.")
        column.addWidget(_line(lost.format(items=joined(finding.items))))
    row.addLayout(column, 1)
    return card
