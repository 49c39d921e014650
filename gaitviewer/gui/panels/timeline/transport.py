"""The bar below the pictures: play, speed, where in time and in the gait cycle, and how the views agree."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping

from PySide6.QtCore import QCoreApplication, QSize, Qt, QTimer, Signal
from PySide6.QtGui import QAction, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QSlider,
    QToolButton,
    QWidget,
)

from gaitviewer.core.gait import Side, Stride, View
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.playback.player import SPEEDS, Player
from gaitviewer.gui.playback.timebase import SyncMeter
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.decimal_box import DecimalBox
from gaitviewer.gui.widgets.overflow import SPACING_PX, Overflow, Part, part
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip
from gaitviewer.gui.widgets.translation import say_sentence, translate_data

_REFRESH_MS = 50
_MARGIN_PX, _BESIDE_TIME_PX = 8, 6
# The box of the offset, with some room beside its number and with none.
_OFFSET_PX = (100, 84)
_BUTTONS = (
    *("player.start", "player.previous_event", "player.step_back", "player.play"),
    *("player.step_forward", "player.next_event", "player.end", "player.loop", "player.every_frame"),
)
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
        self._held: Stride | None = None
        # Whether frames are named beside the time, and whether words are short: as there is room.
        self._with_frames, self._short = False, False
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
        row.setContentsMargins(_MARGIN_PX, 3, _MARGIN_PX, 3)
        row.setSpacing(SPACING_PX)
        buttons: dict[str, QToolButton] = {}
        for name in _BUTTONS:
            button = QToolButton()
            button.setDefaultAction(actions[name])
            button.setAutoRaise(True)
            button.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonIconOnly)
            button.setFocusPolicy(Qt.FocusPolicy.TabFocus)
            row.addWidget(button)
            buttons[name] = button
        self.more = Overflow()
        row.addWidget(self.more)
        self.speed = QComboBox()
        self.speed.setObjectName("transport_speed")
        self.speed.setAccessibleName(self.tr("Speed"))
        self.speed.setToolTip(self.tr("Speed (Up and Down)"))
        self.speed.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        for value in SPEEDS:
            self.speed.addItem(f"{value:g}×", value)
        self.speed.activated.connect(lambda index: self._player.set_speed(self.speed.itemData(index)))
        row.addWidget(self.speed)
        self.now = PlainLabel()
        self.now.setObjectName("transport_now")
        self.now.setFont(theme.font("digits"))
        self.now.setContentsMargins(_BESIDE_TIME_PX, 0, _BESIDE_TIME_PX, 0)
        row.addWidget(self.now)
        self.cycle = QSlider(Qt.Orientation.Horizontal)
        self.cycle.setObjectName("transport_cycle")
        self.cycle.setAccessibleName(self.tr("Per cent of the gait cycle"))
        self.cycle.setToolTip(self.tr("Drag through the gait cycle at hand"))
        self.cycle.setRange(0, 1000)
        self.cycle.setMinimumWidth(60)
        self.cycle.setMaximumWidth(220)
        self.cycle.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.cycle.setSingleStep(10)
        self.cycle.setPageStep(100)  # a click beside the handle: ten per cent
        self.cycle.sliderPressed.connect(self._hold)
        self.cycle.sliderMoved.connect(self._scrub)
        self.cycle.sliderReleased.connect(self._let_go)
        self.cycle.actionTriggered.connect(self._step_in_cycle)
        row.addWidget(self.cycle, 4)
        self.percent = PlainLabel()
        self.percent.setObjectName("transport_percent")
        row.addWidget(self.percent)
        row.addStretch(1)
        self._build_sync(row)
        self._set_parts(buttons, actions)

    def _build_sync(self, row: QHBoxLayout) -> None:
        self.sync = PlainLabel()
        self.sync.setObjectName("transport_sync")
        row.addWidget(self.sync)
        self.offset = DecimalBox()
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
        self.estimate_words = PlainLabel()
        self.estimate_words.setObjectName("transport_estimate_words")
        self.estimate_words.setContentsMargins(4, 0, 2, 0)
        row.addWidget(self.estimate_words)
        self.estimate = QToolButton()
        self.estimate.setObjectName("transport_estimate")
        self.estimate.setText(self.tr("use"))
        self.estimate.setAccessibleName(self.tr("Use the estimated offset"))
        self.estimate.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        self.estimate.clicked.connect(self.estimate_asked)
        row.addWidget(self.estimate)

    def _set_parts(self, buttons: Mapping[str, QToolButton], actions: Mapping[str, QAction]) -> None:
        """What gives way in a narrow window, first what other things tell or do as well."""
        use = self._menu_only(self.tr("Use the estimated offset"), self.estimate_asked.emit)
        steps = self.cycle.SliderAction
        in_cycle = (
            self._menu_only(
                self.tr("A tenth of the gait cycle back"),
                lambda: self.cycle.triggerAction(steps.SliderPageStepSub),
            ),
            self._menu_only(
                self.tr("A tenth of the gait cycle on"),
                lambda: self.cycle.triggerAction(steps.SliderPageStepAdd),
            ),
        )

        def some(*names: str, stays: bool = False) -> Part:
            own = tuple(actions[name] for name in names)
            return part(*(buttons[name] for name in names), actions=own, stays=stays)

        speeds = tuple(actions[f"player.{name}"] for name in ("slower", "faster", "normal_speed"))
        parts = (
            Part(lambda: self._now_px(frames=True) - self._now_px(frames=False), self._show_frames),
            part(self.estimate_words, wanted=lambda: self._two and bool(self.estimate_words.text())),
            some("player.start", "player.end"),
            some("player.every_frame"),
            some("player.previous_event", "player.next_event"),
            Part(self._spared_px, self._show_roomy),
            part(self.estimate, actions=(use,), wanted=lambda: self._two and self._own_offset),
            some("player.loop"),
            part(self.cycle, actions=in_cycle),
            Part(lambda: SPACING_PX + self._percent_px(short=True), self.percent.setVisible),
            part(self.speed, actions=speeds),
            part(self.sync, wanted=lambda: self._two),
            some("player.step_back", "player.play", "player.step_forward", stays=True),
            Part(lambda: SPACING_PX + self._now_px(frames=False), self.now.setVisible, stays=True),
            Part(
                lambda: SPACING_PX + _OFFSET_PX[1],
                self.offset.setVisible,
                wanted=lambda: self._two,
                stays=True,
            ),
        )
        self.more.set_parts(parts, (*(actions[name] for name in _BUTTONS), *in_cycle, *speeds, use))

    def _menu_only(self, words: str, command: Callable[[], object]) -> QAction:
        """What a control of the bar does, for the menu while the control has no room."""
        action = QAction(words, self)
        action.triggered.connect(lambda: command())
        return action

    @property
    def _two(self) -> bool:
        return len(self._player.views) == 2

    @property
    def _own_offset(self) -> bool:
        data = self._state.trial
        return data is not None and data.trial.sync is not None

    def _now_words(self, *, frames: bool) -> str:
        return f"{self._player.time_s:7.3f} s" + (f"  {self._frames()}" if frames else "")

    def _now_px(self, *, frames: bool) -> int:
        return self.now.fontMetrics().horizontalAdvance(self._now_words(frames=frames)) + 2 * _BESIDE_TIME_PX

    def _show_frames(self, shown: bool) -> None:
        self._with_frames = shown

    def _spared_px(self) -> int:
        """What short words and a tight box spare."""
        roomy, short = (self._percent_px(short=short) for short in (False, True))
        return roomy - short + (_OFFSET_PX[0] - _OFFSET_PX[1] if self._two else 0)

    def _percent_px(self, *, short: bool) -> int:
        """The widest that the words on the gait cycle can be."""
        metrics = self.percent.fontMetrics()
        return max(metrics.horizontalAdvance(f"{name} 100 %") for name in self._sides(short)) + 4

    def _show_roomy(self, roomy: bool) -> None:
        self._short = not roomy
        self.offset.setFixedWidth(_OFFSET_PX[self._short])
        self.percent.setMinimumWidth(self._percent_px(short=self._short))

    def _sides(self, short: bool) -> tuple[str, str]:
        """Names of left and right."""
        return (self.tr("L"), self.tr("R")) if short else (self.tr("left"), self.tr("right"))

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
        self._show_now()
        self._fit()

    def _fit(self) -> None:
        self.more.fit(self.width() - 2 * _MARGIN_PX)
        self._show_words()

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """What is left where everything has given way: the bar may be made narrower than it is."""
        return QSize(self.more.least_px + 2 * _MARGIN_PX, super().minimumSizeHint().height())

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
        """More, and longer words, where there is room for them."""
        super().resizeEvent(event)
        self._fit()

    def _show_speed(self, speed: float) -> None:
        index = self.speed.findData(speed)
        if index >= 0:
            self.speed.setCurrentIndex(index)

    def _show_now(self) -> None:
        self._show_words()
        row = self.layout()
        if self.isVisible() and row is not None and row.minimumSize().width() > self.width():
            self._fit()  # words are longer than they were

    def _show_words(self) -> None:
        self.now.setText(self._now_words(frames=self._with_frames))
        self.now.setToolTip(self.tr("Time of the side view; frames: {frames}").format(frames=self._frames()))
        stride = self._at_hand()
        self.cycle.setEnabled(stride is not None)
        if stride is None:
            self.cycle.setValue(0)  # not where it was in another stride, or another session
            self.percent.setText("–")
        else:
            share = self._percent(stride)
            if not self.cycle.isSliderDown():
                self.cycle.setValue(round(10 * share))
            name = self._sides(self._short)[stride.side is Side.RIGHT]
            self.percent.setText(f"{name} {share:.0f} %")
            self.percent.setToolTip(plain_tip(self._sides(False)[stride.side is Side.RIGHT]))
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
