"""The knowledge map beside its top features; a click goes to the frame and marks the joints."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QCoreApplication, QSize, Qt, Signal
from PySide6.QtGui import QColor, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLineEdit,
    QPushButton,
    QSizePolicy,
    QSlider,
    QSpinBox,
    QSplitter,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core.maps import FeatureFinding, KnowledgeMap
from gaitviewer.core.numerals import number, significant
from gaitviewer.core.output import Answer
from gaitviewer.gui.model.map_features import MapFeature, MapLine, kept, lines_of, map_features, point_at
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.answer_head import AnswerHead, answer_or_why, no_opinion_words
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.wording import sentence, sentence_start, time_text, view_name, with_unit
from gaitviewer.gui.panels.knowledge_map.legend import MapLegend, end_words, unit_words
from gaitviewer.gui.panels.knowledge_map.picture import Layer, Rgb, blend, layer_of
from gaitviewer.gui.panels.knowledge_map.view import MapView
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.one_shot import one_shot
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea
from gaitviewer.gui.widgets.translation import say_sentence, translate_data
from gaitviewer.messages import message

_NOW_MS = 50  # the line of now moves at 20 Hz: it must not cost the video its frames
_WIDE_PX = 620
_LEAST_PX = (260, 100)
_KINDS = ("values", "importance", "attention")
_LOW, _HIGH, _AGAINST = "#2b6fb3", "#c8741a", "#1f8a70"


class KnowledgeMapPanel(Panel):
    """238 features over time in clinical groups, on the video's clock."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("KnowledgeMapPanel", "Asymmetry map")
        super().__init__(state, player, name="panel_knowledge_map", title=title, parent=parent)
        self._answer: Answer | None = None
        self._maps: dict[str, KnowledgeMap] = {}
        self._layers: dict[str, Layer] = {}
        self._features: tuple[MapFeature, ...] = ()
        self._collapsed: set[str] = set()
        self._strongest: NDArray[np.float64] | None = None
        self.lines: tuple[MapLine, ...] = ()
        self._build()
        self._timer = one_shot(self, _NOW_MS, self._move_line)
        for signal in (state.session_changed, state.document_changed, state.measures_changed):
            signal.connect(self._reload)
        for signal in (state.settings_changed, state.answers.changed):
            signal.connect(self._reload)
        state.trial_changed.connect(self._move_line)
        state.answers.pointed_changed.connect(self._frame)
        player.time_changed.connect(self._soon)
        player.offset_changed.connect(lambda _: self._draw())
        self._reload()

    # --- what it is made of --------------------------------------------------------------------------

    def _build(self) -> None:
        self.view = MapView()
        self.view.clicked.connect(self._click)
        self.view.tip_of = self.tip
        self.legend = MapLegend()
        self.empty_words = PlainLabel(name="knowledge_map_empty_words", wraps=True, quiet=True)
        self.empty_words.setContentsMargins(8, 2, 8, 2)
        left = QWidget()
        column = QVBoxLayout(left)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(2)
        column.addLayout(self._build_layers())
        column.addLayout(self._build_filters())
        column.addWidget(self.view, 1)
        column.addWidget(self.empty_words)
        column.addWidget(self.legend)
        self.map_side = left
        self.head = AnswerHead("knowledge_map")
        self.warning = PlainLabel(name="knowledge_map_warning", wraps=True)
        self.reason = PlainLabel(name="knowledge_map_reason", wraps=True, selectable=True)
        self.findings_title = PlainLabel(self.tr("What mattered most"), name="knowledge_map_findings_title")
        self.findings: list[FindingButton] = []
        self.findings_place = QVBoxLayout()
        self.findings_place.setSpacing(6)
        self.text = PlainLabel(name="knowledge_map_text", wraps=True, selectable=True)
        inside = QWidget()
        words = QVBoxLayout(inside)
        words.setContentsMargins(10, 8, 10, 8)
        words.setSpacing(8)
        for widget in (self.head, self.warning, self.reason, self.findings_title):
            words.addWidget(widget)
        words.addLayout(self.findings_place)
        words.addWidget(self.text)
        words.addStretch(1)
        area = TallArea("knowledge_map_words", self.tr("What mattered most"))
        area.setWidget(inside)
        self.splitter = QSplitter(Qt.Orientation.Horizontal)
        self.splitter.setObjectName("knowledge_map_splitter")
        self.splitter.addWidget(left)
        self.splitter.addWidget(area)
        self.splitter.setStretchFactor(0, 3)
        self.splitter.setStretchFactor(1, 1)
        self.splitter.setSizes([640, 270])
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(self.splitter)

    def _build_layers(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 4, 8, 0)
        row.setSpacing(4)
        names = (self.tr("Values"), self.tr("Importance"), self.tr("Attention"))
        self.buttons: dict[str, QPushButton] = {}
        for kind, name in zip(_KINDS, names, strict=True):
            button = QPushButton(name)
            button.setObjectName(f"knowledge_map_{kind}")
            button.setCheckable(True)
            button.setChecked(True)
            button.toggled.connect(lambda _: self._draw())
            row.addWidget(button)
            self.buttons[kind] = button
        self.blend = QSlider(Qt.Orientation.Horizontal)
        self.blend.setObjectName("knowledge_map_blend")
        self.blend.setAccessibleName(self.tr("How much of the upper layer is seen"))
        self.blend.setToolTip(self.tr("Blend: values on the left, importance on the right"))
        self.blend.setRange(0, 100)
        self.blend.setValue(75)
        self.blend.setFixedWidth(80)
        self.blend.valueChanged.connect(lambda _: self._draw())
        row.addWidget(self.blend)
        row.addStretch(1)
        self.fold = QPushButton(self.tr("Groups only"))
        self.fold.setObjectName("knowledge_map_fold")
        self.fold.setCheckable(True)
        self.fold.setToolTip(
            self.tr("Collapse all groups, or open them; a click on a group's name does it for one")
        )
        self.fold.toggled.connect(self._fold_all)
        row.addWidget(self.fold)
        return row

    def _build_filters(self) -> QHBoxLayout:
        row = QHBoxLayout()
        row.setContentsMargins(8, 0, 8, 2)
        row.setSpacing(4)
        self.word = QLineEdit()
        self.word.setObjectName("knowledge_map_word")
        self.word.setPlaceholderText(self.tr("Find a feature"))
        self.word.setAccessibleName(self.tr("Find a feature"))
        self.word.setClearButtonEnabled(True)
        self.word.textChanged.connect(lambda _: self._draw())
        self.group = QComboBox()
        self.group.setObjectName("knowledge_map_group")
        self.group.setAccessibleName(self.tr("Group"))
        self.group.setMinimumContentsLength(9)
        self.group.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        self.side = QComboBox()
        self.side.setObjectName("knowledge_map_side")
        self.side.setAccessibleName(self.tr("Side"))
        for words, value in (
            (self.tr("All sides"), ""),
            (self.tr("Left"), "left"),
            (self.tr("Right"), "right"),
            (self.tr("Middle or both"), "middle"),
        ):
            self.side.addItem(words, value)
        self.least = QSpinBox()
        self.least.setObjectName("knowledge_map_least")
        self.least.setAccessibleName(self.tr("Least importance, per cent of the scale"))
        self.least.setToolTip(self.tr("Only features whose importance reaches this part of the scale"))
        self.least.setRange(0, 100)
        self.least.setPrefix("\u2265 ")
        self.least.setSuffix(" %")
        self.least.valueChanged.connect(lambda _: self._draw())
        row.addWidget(self.word, 1)
        for box in (self.group, self.side):
            box.currentIndexChanged.connect(lambda _: self._draw())
            row.addWidget(box)
        row.addWidget(self.least)
        return row

    def minimumSizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """No more than the panels that it shares its place with: they may be made as low as without it."""
        return QSize(*_LEAST_PX)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """The words stand beside the map where there is room, else below."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_PX
        self.splitter.setOrientation(Qt.Orientation.Horizontal if wide else Qt.Orientation.Vertical)

    # --- what is shown -------------------------------------------------------------------------------

    def _reload(self) -> None:
        answer, why = answer_or_why(self.state, "scoliosis")
        if answer is None:
            self._answer = None
            self._maps, self._layers, self.lines = {}, {}, ()
            self.show_empty(why)
            return
        self.show_content()
        if answer is not self._answer:
            self._answer = answer
            self._take(answer)
            self._fill_words(answer)
            self._draw()

    def _take(self, answer: Answer) -> None:
        output = answer.output
        maps = output.maps if any(one.probabilities is not None for one in output.opinions) else ()
        first = next((one for one in maps if one.kind == "values"), maps[0] if maps else None)
        self._maps = {
            one.kind: one
            for one in maps
            if first is not None
            and (one.trial, one.view, one.features, len(one.times_s))
            == (first.trial, first.view, first.features, len(first.times_s))
            and len(one.times_s)
        }
        self._features = map_features(first.features) if first is not None else ()
        self._layers = {kind: layer_of(one, self._features) for kind, one in self._maps.items()}
        evidence = self._layers.get("importance") or self._layers.get("attention")
        self._strongest = None
        if evidence is not None:
            self._strongest = np.nan_to_num(np.abs(evidence.shares)).max(axis=1)
        for kind, button in self.buttons.items():
            button.setVisible(kind in self._layers)
        self.blend.setVisible(len(self._layers) > 1)
        self.group.blockSignals(True)
        self.group.clear()
        self.group.addItem(self.tr("All groups"), "")
        for group in dict.fromkeys(one.group for one in self._features):
            self.group.addItem(sentence_start(translate_data(group)), group)
        self.group.blockSignals(False)
        self.map_side.setVisible(bool(self._maps))

    def _fill_words(self, answer: Answer) -> None:
        output = answer.output
        told = next((one for one in output.opinions if one.probabilities is not None), None)
        title = self.tr("Asymmetry screening")
        if told is not None and told.probabilities is not None:
            chance = number(100 * max(told.probabilities))
            label = translate_data(told.label)
            title = self.tr("{label}, probability {n} %").format(label=sentence_start(label), n=chance)
        self.head.show_answer(title, answer)
        self.warning.setText(say_sentence(message("answer.asymmetry")))
        silent = no_opinion_words(output)
        self.reason.setText(self.tr("There is no opinion, and no map is drawn. {why}").format(why=silent))
        self.reason.setVisible(told is None)
        for old in self.findings:
            self.findings_place.removeWidget(old)
            old.hide()
            old.deleteLater()
        shown = output.findings if told is not None and self._maps else ()
        self.findings = [FindingButton(one, self._finding_words(one)) for one in shown]
        for button in self.findings:
            button.chosen.connect(self.play)
            self.findings_place.addWidget(button)
        self.findings_title.setFont(theme.font("heading"))
        self.findings_title.setVisible(bool(self.findings))
        self.text.setText("\n".join(translate_data(words) for words in output.texts))
        self.text.setVisible(told is not None and bool(output.texts))

    def _finding_words(self, finding: FeatureFinding) -> str:
        feature = next((one for one in self._features if one.name == finding.feature), None)
        name = translate_data(feature.title) if feature is not None else finding.words
        start, stop = (self._on_clock(t) for t in (finding.start_s, finding.stop_s))
        words = self.tr("{name}, {start} to {stop}").format(
            name=sentence_start(name), start=time_text(start), stop=time_text(stop)
        )
        if feature is not None and feature.known is not None:
            words += f": {translate_data(feature.known.wording)}"
        value = _value_words(finding)
        return f"{words}. {value}" if value else f"{words}."

    # --- the map -------------------------------------------------------------------------------------

    @property
    def _map(self) -> KnowledgeMap | None:
        return next(iter(self._maps.values()), None)

    def _on_clock(self, time_s: float) -> float:
        drawn = self._map
        return time_s if drawn is None else self.player.clock.from_view(time_s, drawn.view)

    def _shown(self) -> tuple[Layer | None, Layer | None]:
        """The ground and what is laid over it."""
        on = {kind: layer for kind, layer in self._layers.items() if self.buttons[kind].isChecked()}
        above = on.get("importance") or on.get("attention")
        return on.get("values"), above

    def _draw(self) -> None:
        drawn = self._map
        if drawn is None or self._answer is None:
            return
        features = kept(
            self._features,
            word=self.word.text(),
            group=self.group.currentData() or "",
            side=self.side.currentData() or "",
            strongest=self._strongest,
            least=self.least.value() / 100,
        )
        self.lines = lines_of(features, self._collapsed)
        self.view.names.collapsed = frozenset(self._collapsed)
        ground, above = self._shown()
        picture = blend(self.lines, ground, above, share_above=self.blend.value() / 100, colours=_colours())
        times = drawn.times_s
        step = float(np.median(np.diff(times))) if len(times) > 1 else 1 / 30
        span = (self._on_clock(float(times[0]) - step / 2), self._on_clock(float(times[-1]) + step / 2))
        self.view.show_picture(picture, self.lines, span)
        self._frame()
        self._move_line()
        self._say_empty(ground, above)
        self._show_legend(ground, above)

    def _say_empty(self, ground: Layer | None, above: Layer | None) -> None:
        lines = []
        if not self.lines:
            lines.append(self.tr("No feature passes the filters."))
        for layer in (ground, above):
            if layer is not None and layer.is_empty:
                name = self.buttons[layer.kind].text()
                lines.append(
                    self.tr("{layer}: nothing is drawn, it is the same everywhere.").format(layer=name)
                )
        self.empty_words.setText(" ".join(lines))
        self.empty_words.setVisible(bool(lines))

    def _show_legend(self, ground: Layer | None, above: Layer | None) -> None:
        colours = {name: QColor(*rgb).name() for name, rgb in _colours().items()}
        entries, tip = [], ""
        if ground is not None and not ground.is_empty:
            entries.append(
                (
                    self.buttons["values"].text(),
                    *end_words(ground),
                    (colours["low"], colours["base"], colours["high"]),
                )
            )
            tip = self.tr("The scale of values ends at {units}; beyond, colours stay as they are.").format(
                units=unit_words(ground)
            )
        if above is not None and not above.is_empty:
            low, high = colours["base"], colours["above"]
            middle = _mixed(low, high) if not above.is_signed else low
            low = colours["against"] if above.is_signed else low
            entries.append((self.buttons[above.kind].text(), *end_words(above), (low, middle, high)))
        self.legend.show_layers(tuple(entries), tip)

    def _frame(self) -> None:
        """The windows of the top features, and the feature that is pointed at."""
        if self._map is None or self._answer is None:
            return
        place = {line.feature.name: n for n, line in enumerate(self.lines) if line.feature is not None}
        windows = [
            (place[one.feature], self._on_clock(one.start_s), self._on_clock(one.stop_s), False)
            for one in self._answer.output.findings
            if one.feature in place
        ]
        pointed = self.state.answers.pointed
        if pointed is not None and pointed.name in place:
            times = self._map.times_s
            ends = self._on_clock(float(times[0])), self._on_clock(float(times[-1]))
            windows.append((place[pointed.name], *ends, True))
        self.view.frame(windows)

    def _soon(self) -> None:
        if self._map is not None and not self._timer.isActive():
            self._timer.start()

    def _move_line(self) -> None:
        if self._map is not None:
            self.view.set_now(self.player.time_s)

    # --- hands ---------------------------------------------------------------------------------------

    def tip(self, line: int, time_s: float) -> str:
        """A line at a moment in words: clinical name, value with unit, norm, importance."""
        drawn, one = self._map, self.lines[line]
        if drawn is None:
            return ""
        if one.feature is None:
            return self.tr("{group}: {n} features. A click opens or collapses it.").format(
                group=sentence_start(translate_data(one.group)), n=len(one.rows)
            )
        own = self.player.clock.to_view(time_s, drawn.view)
        frame, row = int(np.argmin(np.abs(drawn.times_s - own))), one.feature.row
        words = [sentence_start(translate_data(one.feature.title)) + "."]
        if one.feature.known is not None:
            words.append(sentence(translate_data(one.feature.known.wording)))
        facts = [f"{view_name(drawn.view).capitalize()}, {time_text(time_s)}"]
        if "values" in self._maps:
            value = float(self._maps["values"].values[row, frame])
            facts.append(
                f"{significant(value)} {one.feature.unit}".rstrip()
                if one.feature.unit != "deg"
                else with_unit(value, "deg", 1)
            )
        finding = (
            next((f for f in self._answer.output.findings if f.feature == one.feature.name), None)
            if (self._answer is not None)
            else None
        )
        if finding is not None and math.isfinite(finding.norm):
            facts.append(_norm_words(finding))
        else:
            facts.append(self.tr("no norm is known"))
        for kind in ("importance", "attention"):
            if kind in self._maps:
                raw = significant(float(self._maps[kind].values[row, frame]))
                facts.append(f"{self.buttons[kind].text().lower()} {raw}")
        words.append("; ".join(facts) + ".")
        return "\n".join(words)

    def _click(self, line: int, time_s: float) -> None:
        one, drawn = self.lines[line], self._map
        if drawn is None:
            return
        if one.feature is None:
            self._collapsed ^= {one.group}
            self._draw()
            return
        self._go_to(drawn, time_s)
        self.state.answers.point_at(point_at(one.feature, drawn.trial, drawn.view))

    def _go_to(self, drawn: KnowledgeMap, time_s: float) -> None:
        trials = self.state.document.trials if self.state.document is not None else ()
        if any(data.trial.id == drawn.trial for data in trials):
            self.state.set_trial(drawn.trial)
        self.player.pause()
        self.player.go_to(time_s, anchor=drawn.view if drawn.view in self.player.views else None)

    def play(self, finding: FeatureFinding) -> None:
        """Play the window of a feature over and over, its joints marked."""
        drawn = self._map
        if drawn is None:
            return
        start, stop = self._on_clock(finding.start_s), self._on_clock(finding.stop_s)
        self._go_to(drawn, start)
        feature = next((one for one in self._features if one.name == finding.feature), None)
        if feature is not None:
            self.state.answers.point_at(point_at(feature, drawn.trial, drawn.view))
        if stop > start:
            self.player.set_loop(start, stop)
            self.player.play()

    def _fold_all(self, folded: bool) -> None:
        self._collapsed = {one.group for one in self._features} if folded else set()
        self._draw()

    def retheme(self) -> None:
        """Colours and fonts of the theme."""
        self._answer = None
        self._reload()


class FindingButton(QPushButton):
    """A top feature in words; pressed, its window is played.

    Signals:
        chosen: the :class:`FeatureFinding`.
    """

    chosen = Signal(object)

    def __init__(self, finding: FeatureFinding, words: str) -> None:
        super().__init__()
        self.setObjectName("knowledge_map_finding")
        self.setAccessibleName(words)
        self.setToolTip(self.tr("Play this window"))
        self.words = PlainLabel(words, wraps=True)
        self.words.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(10, 6, 10, 6)
        layout.addWidget(self.words)
        # As high as its words, which wrap; a button alone is as high as a line.
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Preferred)
        self.clicked.connect(lambda: self.chosen.emit(finding))


def _value_words(finding: FeatureFinding) -> str:
    if not math.isfinite(finding.value):
        return ""
    words = with_unit(finding.value, finding.unit, 1)
    if math.isfinite(finding.norm):
        words += f"; {_norm_words(finding)}"
    return sentence(words)


def _norm_words(finding: FeatureFinding) -> str:
    tr = QCoreApplication.translate
    spread = f" \u00b1 {number(finding.norm_sd, 1)}" if math.isfinite(finding.norm_sd) else ""
    return tr("KnowledgeMapPanel", "healthy children {mean}{spread}").format(
        mean=with_unit(finding.norm, finding.unit, 1), spread=spread
    )


def _mixed(low: str, high: str) -> str:
    a, b = QColor(low), QColor(high)
    return QColor(*((x + y) // 2 for x, y in zip(_rgb(a), _rgb(b), strict=True))).name()


def _rgb(colour: QColor) -> Rgb:
    return colour.red(), colour.green(), colour.blue()


def _colours() -> dict[str, Rgb]:
    palette = theme.palette()
    fixed = {"low": _LOW, "high": _HIGH, "against": _AGAINST}
    found = {name: _rgb(QColor(text)) for name, text in fixed.items()}
    for name, own in (
        ("base", "base"),
        ("above", "model"),
        ("unknown", "not_assessable"),
        ("heading", "window"),
    ):
        found[name] = _rgb(palette.colour(own))
    return found
