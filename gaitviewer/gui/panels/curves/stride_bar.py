"""The selected stride: what it is, go there, repeat it, leave it out with a reason."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QToolButton, QWidget

from gaitviewer.core.gait import Stride
from gaitviewer.core.timebase import TrialClock
from gaitviewer.core.wording import listed
from gaitviewer.gui.panels.common.wording import sentence, side_name, time_text, view_name
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.elided import ElidedLabel
from gaitviewer.gui.widgets.plain import plain_tip
from gaitviewer.gui.widgets.reason_box import ReasonBox, leave_out_row


class StrideBar(QFrame):
    """One line in the place of the legend, hidden while no stride is selected: the curves keep their room.

    Signals:
        left_out: the stride is to be left out for this reason.   taken_back: it is to count again.
        went_to, looped: go to its start, repeat it.   closed: select none.
    """

    left_out = Signal(str)
    taken_back = Signal()
    went_to = Signal()
    looped = Signal()
    closed = Signal()

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("stride_bar")
        self.setAccessibleName(self.tr("The selected stride"))
        self.words = ElidedLabel()
        self.words.setObjectName("stride_words")
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 0, 4, 0)
        row.setSpacing(4)
        row.addWidget(self.words, 2)
        row.addLayout(self._build_reasons(), 1)
        for icon, tip, signal in (
            ("to_start", self.tr("To its start"), self.went_to),
            ("loop", self.tr("Repeat it"), self.looped),
            ("close", self.tr("Select no stride"), self.closed),
        ):
            button = QToolButton()
            button.setObjectName(f"stride_{icon}")
            button.setAutoRaise(True)
            button.setToolTip(plain_tip(tip))
            button.setAccessibleName(tip)
            theme.set_icon(button, icon)
            button.clicked.connect(signal)
            row.addWidget(button)
        self.hide()

    def _build_reasons(self) -> QHBoxLayout:
        self.reason = ReasonBox("stride_reason", self.tr("Why the stride is left out"), self._usual_reasons())
        self.reason.editTextChanged.connect(self._allow)
        self.reason.setMinimumWidth(60)
        row, self.button, self.back = leave_out_row(
            self.reason, name="stride", leave_out=self._leave_out, take_back=self.taken_back.emit
        )
        return row

    def _usual_reasons(self) -> list[str]:
        return [
            self.tr("stumbles"),
            self.tr("turns or slows down"),
            self.tr("is helped or touched"),
            self.tr("keypoints are wrong"),
            self.tr("not typical of this walk"),
        ]

    def show_stride(self, stride: Stride | None, *, by_hand: str, views: int, clock: TrialClock) -> None:
        """Show a stride, or nothing.

        Args:
            stride: the selected one.
            by_hand: why a person left it out, "" if nobody did.
            views: in how many views it was seen.
            clock: the trial's clock.
        """
        self.setVisible(stride is not None)
        if stride is None:
            return
        lines = [
            self.tr("Stride {n}, {side}, {view}, {start} to {stop}").format(
                n=stride.number + 1,
                side=side_name(stride.side),
                view=view_name(stride.view),
                start=time_text(clock.span(stride)[0]),
                stop=time_text(clock.span(stride)[1]),
            )
        ]
        if stride.flags:
            lines.append(sentence(listed(stride.flags)))
        why = by_hand or stride.excluded
        if why:
            who = self.tr("Left out by you: {why}") if by_hand else self.tr("Does not count: {why}")
            lines.append(who.format(why=sentence(why)))
        elif views > 1:
            lines.append(self.tr("Seen in both views; it is left out of both."))
        self.words.setText("\n".join(lines))
        self.reason.setVisible(not why)
        self.button.setVisible(not why)
        self.back.setVisible(bool(by_hand))
        self._allow()

    def _allow(self) -> None:
        self.button.setEnabled(bool(self.reason.words))

    def _leave_out(self) -> None:
        reason = self.reason.words
        if reason:
            self.left_out.emit(reason)
            self.reason.empty()
