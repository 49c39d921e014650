"""The bar below the pictures: play, speed, where in time and in the gait cycle, and how the views agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QDoubleSpinBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.gui import theme
from gaitviewer.gui.player import SPEEDS, Player
from gaitviewer.gui.state import AppState
from gaitviewer.gui.tracks import SyncMeter
from gaitviewer.gui.words import translate_data

_REFRESH_MS = 50
# With less room than this the numbers of the frames stay on the pictures, and words are short.
_WIDE_PX = 1150
# With less than this there is no room beside the offset: its tooltip tells of the estimate.
_NARROW_PX = 800
StrideAt = Callable[[float], Stride | None]


class TransportBar(QWidget):
    """Buttons, speed, time, gait cycle, sync.

    Signals:
        offset_asked: this offset between the views (seconds), set by a person.
        estimate_asked: use the offset estimated from the gait again.
    """

    offset_asked = Signal(float)
    estimate_asked = Signal()

    def __init__(
        self,
        state: AppState,
        player: Player,
        actions: Mapping[str, QAction],
        *,
        stride_at: StrideAt,
        meter: Callable[[], SyncMeter],
        parent: QWidget | None = None,
    ) -> None:
        """Follow the clock; ``stride_at`` and ``meter`` answer for the moment that is shown."""
        super().__init__(parent)
        self.setObjectName("transport")
        self.setAccessibleName(self.tr("Playback"))
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._state, self._player = state, player
        self._stride_at, self._meter = stride_at, meter
        self._timer = QTimer(self)
        self._timer.setSingleShot(True)
        self._timer.setInterval(_REFRESH_MS)
        self._timer.timeout.connect(self._show_now)
        self._build(actions)
        # Twenty times a second is enough for words; the pictures must not wait for them.
        player.time_changed.connect(self.soon)
        player.speed_changed.connect(self._show_speed)
        player.playing_changed.connect(lambda _: self._show_now())
        for signal in (player.opened, player.offset_changed, state.measures_changed, state.trial_changed):
            signal.connect(self._show_all)
        theme.notifier().changed.connect(self._show_all)
        self._show_all()

    def _build(self, actions: Mapping[str, QAction]) -> None:
        row = QHBoxLayout(self)
        row.setContentsMargins(8, 3, 8, 3)
        row.setSpacing(2)
        for name in (
            *("player.start", "player.previous_event", "player.step_back", "player.play"),
            *("player.step_forward", "player.next_event", "player.end", "player.loop", "player.every_frame"),
        ):
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
        self.speed = QComboBox()
        self.speed.setObjectName("transport_speed")
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed (Up and Down)"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for value in SPEEDS:
            self.speed.addItem(f"{value:g}×", value)
        self.speed.activated.connect(lambda index: self._player.set_speed(self.speed.itemData(index)))
        row.addSpacing(4)
        row.addWidget(self.speed)
        row.addSpacing(8)
        self.now = QLabel()
        self.now.setObjectName("transport_now")
        self.now.setFont(theme.font("digits"))
        row.addWidget(self.now)
        row.addSpacing(10)
        self.cycle = QSlider(Qt.Orientation.Horizontal)
        self.cycle.setObjectName("transport_cycle")
        self.cycle.setAccessibleName(self.tr("Per cent of the gait cycle"))
        self.cycle.setToolTip(self.tr("Drag through the gait cycle at hand"))
        self.cycle.setRange(0, 1000)
        self.cycle.setMinimumWidth(60)
        self.cycle.setMaximumWidth(220)
        self.cycle.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cycle.setSingleStep(10)
        self.cycle.setPageStep(100)
        self.cycle.sliderMoved.connect(self._scrub)
        self.cycle.actionTriggered.connect(self._step_in_cycle)
        row.addWidget(self.cycle, 4)
        self.percent = QLabel()
        self.percent.setObjectName("transport_percent")
        self.percent.setMinimumWidth(74)
        row.addWidget(self.percent)
        row.addStretch(1)
        self._build_sync(row)

    def _build_sync(self, row: QHBoxLayout) -> None:
        self.sync = QLabel()
        self.sync.setObjectName("transport_sync")
        row.addWidget(self.sync)
        self.offset = QDoubleSpinBox()
        self.offset.setObjectName("transport_offset")
        self.offset.setAccessibleName(self.tr("Offset of the second view, seconds"))
        self.offset.setDecimals(3)
        self.offset.setSingleStep(0.01)
        self.offset.setRange(-3600.0, 3600.0)
        self.offset.setSuffix(" s")
        self.offset.setKeyboardTracking(False)
        self.offset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.offset.valueChanged.connect(self.offset_asked)
        row.addWidget(self.offset)
        self.offset.setFixedWidth(100)
        self.estimate_words = QLabel()
        self.estimate_words.setObjectName("transport_estimate_words")
        self.estimate_words.setContentsMargins(4, 0, 2, 0)
        self.estimate_words.setMinimumWidth(40)  # its tooltip says the same where it is cut off
        row.addWidget(self.estimate_words)
        self.estimate = QToolButton()
        self.estimate.setObjectName("transport_estimate")
        self.estimate.setText(self.tr("use"))
        self.estimate.setAccessibleName(self.tr("Use the estimated offset"))
        self.estimate.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.estimate.clicked.connect(self.estimate_asked)
        row.addWidget(self.estimate)

    # --- showing -------------------------------------------------------------------------------------

    def soon(self) -> None:
        """Show anew before long: time or pictures are others."""
        if not self._timer.isActive():
            self._timer.start()

    def _show_all(self) -> None:
        two = len(self._player.views) == 2
        for widget in (self.sync, self.offset):
            widget.setVisible(two)
        self.estimate_words.setVisible(two and self.width() >= _NARROW_PX)
        self.offset.blockSignals(True)
        self.offset.setValue(self._player.offset_s)
        self.offset.blockSignals(False)
        self._show_estimate()
        self._show_speed(self._player.speed)
        self._show_now()

    def _show_estimate(self) -> None:
        """The offset that the gait tells and how sure it is, also beside one that a person set."""
        data, motion = self._state.trial, self._state.motion
        own = data is not None and data.trial.sync is not None
        self.estimate.setVisible(own and len(self._player.views) == 2)
        found = motion.estimate if motion is not None else None
        self._colour(self.estimate_words, "muted")
        if found is None:
            self.estimate_words.setText("")
            words = self.tr("The offset is not known yet.")
        else:
            value, sigma = f"{found.offset_s:.3f}", f"{found.sigma_s:.3f}"
            short = (
                self.tr("estimate {value} ± {sigma} s") if self._wide else self.tr("est. {value} ± {sigma} s")
            )
            self.estimate_words.setText(short.format(value=value, sigma=sigma))
            words = self.tr("{source}: {value} ± {sigma} s. {note}").format(
                source=translate_data(found.source), value=value, sigma=sigma, note=translate_data(found.note)
            )
            if found.exchanged_s is not None and not own:
                self._colour(self.estimate_words, "warning")
        self.estimate_words.setToolTip(words)
        what = self.tr("Time of the front view minus time of the side view.\nF8 in both views sets it by eye.")
        self.offset.setToolTip(f"{what}\n{words}")
        if own:
            set_by = self.tr("The offset was set by a person. Use the one estimated from the gait again.")
            words = f"{set_by}\n{words}"
        self.estimate.setToolTip(words)

    @staticmethod
    def _colour(label: QLabel, name: str) -> None:
        """Only the label itself: a bare rule would colour its tooltip as well."""
        label.setStyleSheet(f"#{label.objectName()} {{ color: {getattr(theme.palette(), name)}; }}")

    @property
    def _wide(self) -> bool:
        return self.width() >= _WIDE_PX

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Longer words where there is room for them."""
        super().resizeEvent(event)
        before, now = event.oldSize().width(), self.width()
        if any((before >= limit) != (now >= limit) for limit in (_WIDE_PX, _NARROW_PX)):
            self._show_all()

    def _show_speed(self, speed: float) -> None:
        index = self.speed.findData(speed)
        if index >= 0:
            self.speed.setCurrentIndex(index)

    def _show_now(self) -> None:
        player = self._player
        names = {View.SAGITTAL: self.tr("side"), View.CORONAL: self.tr("front")}
        frames = " · ".join(f"{names[view]} {player.shown(view)}" for view in player.views)
        self.now.setText(f"{player.time_s:7.3f} s" + (f"  {frames}" if self._wide else ""))
        self.now.setToolTip(self.tr("Time of the side view; frames: {frames}").format(frames=frames))
        stride = self._stride_at(player.time_s)
        self.cycle.setEnabled(stride is not None)
        if stride is None:
            self.cycle.setValue(0)  # not where it was in another stride, or another session
            self.percent.setText("–")
        else:
            share = self._percent(stride)
            if not self.cycle.isSliderDown():
                self.cycle.setValue(round(10 * share))
            side = self.tr("left") if stride.side is Side.LEFT else self.tr("right")
            self.percent.setText(f"{side} {share:.0f} %")
        self._show_meter()

    def _percent(self, stride: Stride) -> float:
        shift = self._player.offset_s if stride.view is View.CORONAL else 0.0
        return 100.0 * (self._player.time_s + shift - stride.start_s) / stride.duration_s

    def _show_meter(self) -> None:
        if len(self._player.views) < 2:
            return
        meter = self._meter()
        if math.isnan(meter.error_s):
            words, colour = QCoreApplication.translate("TransportBar", "one view"), "muted"
        else:
            words = f"Δ {1e3 * meter.error_s:+.0f} ms"
            colour = "good" if abs(meter.error_s) <= meter.limit_s + 1e-6 else "warning"
        self.sync.setText(words)
        self._colour(self.sync, colour)
        self.sync.setToolTip(self.tr("How far apart the two pictures on the screen are from the offset set"))

    def _step_in_cycle(self) -> None:
        """Its keys, the wheel, a click beside its handle."""
        if not self.cycle.isSliderDown():
            self._scrub(self.cycle.sliderPosition())

    def _scrub(self, value: int) -> None:
        stride = self._stride_at(self._player.time_s)
        if stride is not None:
            shift = self._player.offset_s if stride.view is View.CORONAL else 0.0
            share = min(value, 999) / 1000.0
            self._player.pause()
            self._player.go_to(stride.start_s - shift + share * stride.duration_s)
