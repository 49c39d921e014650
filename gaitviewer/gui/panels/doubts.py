"""Why the results, and above all the answers of learned models, should be doubted."""

from __future__ import annotations

from itertools import groupby

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QVBoxLayout, QWidget

from gaitviewer.analysis.outcomes.doubts import find_doubts
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Doubt
from gaitviewer.core.wording import answer_title
from gaitviewer.gui.model.blinding import is_any_hidden
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.wording import sentence, sentence_start
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea, plain_tip
from gaitviewer.gui.widgets.translation import say

_ICON_PX = 18


class DoubtsPanel(Panel):
    """Reasons to doubt as cards, one for each topic."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("DoubtsPanel", "Doubts")
        super().__init__(state, player, name="panel_doubts", title=title, parent=parent)
        self.heading = PlainLabel(name="doubts_heading", wraps=True)
        self.heading.setContentsMargins(10, 6, 10, 4)
        self._scroller = TallArea("doubts_list", self.tr("Why you should doubt this"))
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(0)
        layout.addWidget(self.heading)
        layout.addWidget(self._scroller, 1)
        self._shown: tuple[Doubt, ...] | None = None
        for signal in (state.session_changed, state.measures_changed, state.document_changed):
            signal.connect(self._reload)
        state.settings_changed.connect(self._reload)
        state.answers.changed.connect(self._reload)
        self._reload()

    def _reload(self) -> None:
        measures, document = self.measures_or_why(self._why_nothing), self.state.document
        if measures is None or document is None:
            return
        doubts = find_doubts(document, measures, self.state.answers.all)
        if doubts != self._shown:
            self._shown = doubts
            self._fill(doubts)

    def _why_nothing(self, measures: Measures) -> str:
        if is_any_hidden(self.state.document, self.state.settings, measures):
            return self.tr(
                "What speaks against the results is hidden until you have graded all items of both limbs."
            )
        return ""

    def _fill(self, doubts: tuple[Doubt, ...]) -> None:
        serious = sum(doubt.serious for doubt in doubts)
        if not doubts:
            self.heading.setText(self.tr("Nothing was found that speaks against what was measured."))
        elif self.state.answers.all:
            words = self.tr("Why you should doubt this: {serious} serious reasons of {n}.")
            self.heading.setText(words.format(serious=serious, n=len(doubts)))
        else:
            words = self.tr(
                "Why you should doubt what was measured: {serious} serious reasons of {n}. No model was asked."
            )
            self.heading.setText(words.format(serious=serious, n=len(doubts)))
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(8, 2, 8, 8)
        column.setSpacing(6)
        for _, group in groupby(doubts, key=lambda doubt: doubt.topic.code):
            column.addWidget(_card(tuple(group)))
        column.addStretch(1)
        self._scroller.setWidget(inside)

    def retheme(self) -> None:
        """Icons in the colours of the theme."""
        self._shown = None
        self._reload()


def _card(doubts: tuple[Doubt, ...]) -> QFrame:
    card = QFrame()
    card.setProperty("card", "true")
    row = QHBoxLayout(card)
    row.setContentsMargins(10, 8, 10, 8)
    row.setSpacing(10)
    serious = any(doubt.serious for doubt in doubts)
    kind, tr = "warning" if serious else "note", QCoreApplication.translate
    mark = PlainLabel()
    mark.setPixmap(theme.icon(kind, kind).pixmap(_ICON_PX, _ICON_PX))
    level = tr("DoubtsPanel", "serious") if serious else tr("DoubtsPanel", "to be borne in mind")
    mark.setAccessibleName(level)
    mark.setToolTip(plain_tip(level))
    row.addWidget(mark, 0, Qt.AlignmentFlag.AlignTop)
    column = QVBoxLayout()
    column.setSpacing(4)
    column.addWidget(PlainLabel(sentence_start(say(doubts[0].topic)), quiet=True, wraps=True))
    for doubt in doubts:
        whose = f"{sentence_start(say(answer_title(doubt.task)))}: " if doubt.task else ""
        column.addWidget(PlainLabel(f"{whose}{sentence(doubt.text)}", wraps=True, selectable=True))
    row.addLayout(column, 1)
    return card
