"""The bar below the pictures: play, speed, where in time and in the gait cycle, and how the views agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import cast

from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolBar,
    QToolButton,
    QWidget,
)

from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.playback.player import SPEEDS, Player
from gaitviewer.gui.playback.timebase import SyncMeter
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.decimal_box import DecimalBox
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import say_sentence, translate_data

_REFRESH_MS = 50
_BESIDE_TIME_PX = 6
_OFFSET_PX = 88
# What matters least is last: the tool bar gives way from its end.
_BUTTONS = (
    *("player.step_back", "player.play", "player.step_forward", "player.previous_event", "player.next_event"),
    *("player.start", "player.end"),
)
_AT_END = ("player.loop", "player.every_frame")
_LEAST = 2  # so many buttons, up to play, are seen however narrow the bar is
StrideAt = Callable[[float], Stride | None]


class TransportBar(QWidget):
    """A tool bar with buttons, speed and gait cycle; beside it, always in sight, time, sync and offset.

    What has no room in the tool bar is behind its extension button; all of it is in the menus as well.

    Signals:
        offset_asked: this offset between the views (seconds), set by a person.
    """

    offset_asked = Signal(float)

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
        self._held: Stride | None = None
        self._timer = one_shot(self, _REFRESH_MS, self._show_now)
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
        row.setContentsMargins(6, 1, 8, 1)
        row.setSpacing(2)
        self.bar = QToolBar()
        self.bar.setObjectName("transport_bar")
        self.bar.setIconSize(QSize(18, 18))
        for name in _BUTTONS:
            self.bar.addAction(actions[name])
        self._build_speed()
        self._build_cycle()
        for name in _AT_END:
            self.bar.addAction(actions[name])
        self.estimate = self.bar.addAction(actions["player.use_estimate"].text())
        self.estimate.setIconText(self.tr("use"))
        self.estimate.triggered.connect(actions["player.use_estimate"].trigger)
        for button in self.bar.findChildren(QToolButton):
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.more = cast(QToolButton, self.bar.findChild(QToolButton, "qt_toolbar_ext_button"))
        self.more.setAccessibleName(self.tr("More"))
        self.more.setToolTip(self.tr("What has no room in the bar"))
        theme.set_icon(self.more, "more")
        row.addWidget(self.bar, 1)
        self.now = PlainLabel(name="transport_now")
        self.now.setFont(theme.font("digits"))
        self.now.setContentsMargins(_BESIDE_TIME_PX, 0, _BESIDE_TIME_PX, 0)
        row.addWidget(self.now)
        self.sync = PlainLabel(name="transport_sync")
        row.addWidget(self.sync)
        self.offset = DecimalBox()
        self.offset.setObjectName("transport_offset")
        self.offset.setAccessibleName(self.tr("Offset of the second view, seconds"))
        self.offset.setFixedWidth(_OFFSET_PX)
        self.offset.setDecimals(3)
        self.offset.setSingleStep(0.01)
        self.offset.setRange(-3600.0, 3600.0)
        self.offset.setSuffix(" s")
        self.offset.setKeyboardTracking(False)
        self.offset.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.offset.valueChanged.connect(self.offset_asked)
        row.addWidget(self.offset)
        self.estimate_words = PlainLabel(name="transport_estimate_words")
        self.estimate_words.setContentsMargins(4, 0, 2, 0)
        row.addWidget(self.estimate_words)

    def _build_speed(self) -> None:
        self.speed = QComboBox()
        self.speed.setObjectName("transport_speed")
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed (Up and Down)"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for value in SPEEDS:
            self.speed.addItem(f"{value:g}×", value)
        self.speed.activated.connect(lambda index: self._player.set_speed(self.speed.itemData(index)))
        self.bar.addWidget(self.speed)

    def _build_cycle(self) -> None:
        self.cycle = QSlider(Qt.Orientation.Horizontal)
        self.cycle.setObjectName("transport_cycle")
        self.cycle.setAccessibleName(self.tr("Per cent of the gait cycle"))
        self.cycle.setToolTip(self.tr("Drag through the gait cycle at hand"))
        self.cycle.setRange(0, 1000)
        self.cycle.setFixedWidth(100)
        self.cycle.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cycle.setSingleStep(10)
        self.cycle.setPageStep(100)  # a click beside the handle: ten per cent
        self.cycle.sliderPressed.connect(self._hold)
        self.cycle.sliderMoved.connect(self._scrub)
        self.cycle.sliderReleased.connect(self._let_go)
        self.cycle.actionTriggered.connect(self._step_in_cycle)
        self.bar.addWidget(self.cycle)
        self.percent = PlainLabel(name="transport_percent")
        self.percent.setContentsMargins(4, 0, 0, 0)
        metrics = self.percent.fontMetrics()
        widest = max(metrics.horizontalAdvance(f"{name} 100 %") for name in self._sides())
        self.percent.setFixedWidth(widest + 8)
        self.bar.addWidget(self.percent)

    @property
    def _two(self) -> bool:
        return len(self._player.views) == 2

    @property
    def _own_offset(self) -> bool:
        data = self._state.trial
        return data is not None and data.trial.sync is not None

    def _sides(self) -> tuple[str, str]:
        """Names of left and right."""
        return self.tr("left"), self.tr("right")

    # --- showing -------------------------------------------------------------------------------------

    def soon(self) -> None:
        """Show anew before long: time or pictures are others."""
        if not self._timer.isActive():
            self._timer.start()

    def _show_all(self) -> None:
        self.offset.blockSignals(True)
        self.offset.setValue(self._player.offset_s)
        self.offset.blockSignals(False)
        self._show_estimate()
        self._show_speed(self._player.speed)
        self.sync.setVisible(self._two)
        self.offset.setVisible(self._two)
        self.estimate.setVisible(self._two and self._own_offset)
        buttons = self.bar.findChildren(QToolButton, options=Qt.FindChildOption.FindDirectChildrenOnly)
        widest = max(button.sizeHint().width() for button in buttons)
        self.bar.setMinimumWidth(_LEAST * (widest + 2) + self.more.sizeHint().width() + 6)
        self._show_now()

    def _show_estimate(self) -> None:
        """The offset that the gait tells and how sure it is, also beside one that a person set."""
        motion, own = self._state.motion, self._own_offset
        found = motion.estimate if motion is not None else None
        self._colour(self.estimate_words, "muted")
        if found is None:
            self.estimate_words.setText("")
            words = self.tr("The offset is not known yet.")
        else:
            value, sigma = f"{found.offset_s:.3f}", f"{found.sigma_s:.3f}"
            self.estimate_words.setText(self.tr("est. {value} ± {sigma} s").format(value=value, sigma=sigma))
            words = self.tr("{source}: {value} ± {sigma} s. {note}").format(
                source=translate_data(found.source), value=value, sigma=sigma, note=say_sentence(found.note)
            )
            if found.exchanged_s is not None and not own:
                self._colour(self.estimate_words, "warning")
        self.estimate_words.setToolTip(plain_tip(words))
        what = self.tr("Time of the front view minus time of the side view.\nF8 in both views sets it by eye.")
        self.offset.setToolTip(plain_tip(f"{what}\n{words}"))
        if own:
            set_by = self.tr("The offset was set by a person. Use the one estimated from the gait again.")
            words = f"{set_by}\n{words}"
        self.estimate.setToolTip(plain_tip(words))

    @staticmethod
    def _colour(label: QLabel, name: str) -> None:
        """Only the label itself: a bare rule would colour its tooltip as well."""
        label.setStyleSheet(f"#{label.objectName()} {{ color: {getattr(theme.palette(), name)}; }}")

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """More words where there is room for them."""
        super().resizeEvent(event)
        self._show_now()

    def _show_speed(self, speed: float) -> None:
        index = self.speed.findData(speed)
        if index >= 0:
            self.speed.setCurrentIndex(index)

    def _fixed_px(self) -> int:
        """What stands beside the tool bar, in the fewest words."""
        time = self.now.fontMetrics().horizontalAdvance(self._time()) + 2 * _BESIDE_TIME_PX
        return time + (self.sync.sizeHint().width() + _OFFSET_PX) * self._two + 24

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """The first buttons and the fewest words: the bar may be made narrower than it is."""
        return QSize(self.bar.minimumWidth() + self._fixed_px(), super().minimumSizeHint().height())

    def _time(self) -> str:
        return f"{self._player.time_s:7.3f} s"

    def _show_now(self) -> None:
        frames = self._frames()
        room = self.width() - self.bar.sizeHint().width() - self._fixed_px()
        room -= self.estimate_words.sizeHint().width()
        self.estimate_words.setVisible(self._two and bool(self.estimate_words.text()) and room >= 0)
        with_frames = self.now.fontMetrics().horizontalAdvance(f"  {frames}") <= room
        self.now.setText(f"{self._time()}  {frames}" if with_frames else self._time())
        self.now.setToolTip(self.tr("Time of the side view; frames: {frames}").format(frames=frames))
        stride = self._at_hand()
        self.cycle.setEnabled(stride is not None)
        if stride is None:
            self.cycle.setValue(0)  # not where it was in another stride, or another session
            self.percent.setText("–")
        else:
            share = self._percent(stride)
            if not self.cycle.isSliderDown():
                self.cycle.setValue(round(10 * share))
            self.percent.setText(f"{self._sides()[stride.side is Side.RIGHT]} {share:.0f} %")
        self._show_meter()

    def _frames(self) -> str:
        names = {View.SAGITTAL: self.tr("side"), View.CORONAL: self.tr("front")}
        return " · ".join(f"{names[view]} {self._player.shown(view)}" for view in self._player.views)

    def _percent(self, stride: Stride) -> float:
        return self._player.clock.percent(stride, self._player.time_s)

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
        usual = self.sync.fontMetrics().horizontalAdvance("Δ +88 ms")
        self.sync.setMinimumWidth(max(usual, self.sync.sizeHint().width()))
        self._colour(self.sync, colour)
        self.sync.setToolTip(self.tr("How far apart the two pictures on the screen are from the offset set"))

    def _at_hand(self) -> Stride | None:
        """The stride that is dragged through, though another one began meanwhile; else that of the moment."""
        return self._held or self._stride_at(self._player.time_s)

    def _hold(self) -> None:
        self._held = self._stride_at(self._player.time_s)

    def _let_go(self) -> None:
        self._held = None
        self.soon()

    def _step_in_cycle(self, action: int) -> None:
        """Its keys, the wheel, a click beside its handle."""
        if action != QSlider.SliderAction.SliderMove.value:
            self._scrub(self.cycle.sliderPosition())

    def _scrub(self, value: int) -> None:
        stride = self._at_hand()
        if stride is not None:
            self._player.pause()
            self._player.go_to(self._player.clock.time_at(stride, min(value, 999) / 10.0))
