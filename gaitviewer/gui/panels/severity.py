"""The gait severity estimate: its levels, where it looked beside the population, and what it rests on."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QPainter, QPaintEvent, QPen, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QGridLayout, QSizePolicy, QVBoxLayout, QWidget

from gaitviewer.analysis.outcomes.gait_features import load_features
from gaitviewer.core.maps import FeatureFinding
from gaitviewer.core.numerals import DASH, number, significant
from gaitviewer.core.output import Answer, MeasuredBasis, ModelOutput
from gaitviewer.core.saliency import BODY_BONES, BODY_PLACES, has_evidence, joint_means, scale_top
from gaitviewer.gui.model.explanations import LEAST_SHARE
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.answer_head import AnswerHead, answer_or_why, no_opinion_words
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.wording import joint_name, sentence, sentence_start, tr, with_unit
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea, plain_tip
from gaitviewer.gui.widgets.translation import translate_data

_WIDE_PX = 640  # from this width on, the parts stand beside each other
_BODY_PX, _ROW_PX = 120.0, 15


class SeverityPanel(Panel):
    """Four levels or the reason for none, the body chart, gait features, measured values."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("SeverityPanel", "Severity")
        super().__init__(state, player, name="panel_severity", title=title, parent=parent)
        self.head = AnswerHead("severity")
        self.levels = LevelBars()
        self.reason = PlainLabel(name="severity_reason", wraps=True, selectable=True)
        self.chart = JointChart()
        self.chart_words = PlainLabel(name="severity_chart_words", wraps=True, quiet=True)
        self.features = _Table("severity_features")
        self.basis = _Table("severity_basis")
        inside = QWidget()
        self._parts = QBoxLayout(QBoxLayout.Direction.TopToBottom, inside)
        self._parts.setContentsMargins(10, 8, 10, 8)
        self._parts.setSpacing(14)
        for widgets in (
            (self.head, self.levels, self.reason, self.basis),
            (self.chart, self.chart_words),
            (self.features,),
        ):
            part = QWidget()
            column = QVBoxLayout(part)
            column.setContentsMargins(0, 0, 0, 0)
            column.setSpacing(8)
            for widget in widgets:
                column.addWidget(widget)
            column.addStretch(1)
            self._parts.addWidget(part, 1)
        self._parts.addStretch(0)
        area = TallArea("severity_area", self.tr("Gait severity estimate"))
        area.setWidget(inside)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(area)
        for signal in (state.session_changed, state.document_changed, state.measures_changed):
            signal.connect(self._reload)
        state.settings_changed.connect(self._reload)
        state.answers.changed.connect(self._reload)
        self._shown: Answer | None = None
        self._reload()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: N802  Qt's name
        """Beside each other where there is room."""
        super().resizeEvent(event)
        wide = self.width() >= _WIDE_PX
        self._parts.setDirection(QBoxLayout.Direction.LeftToRight if wide else QBoxLayout.Direction.TopToBottom)

    def _reload(self) -> None:
        answer, why = answer_or_why(self.state, "severity")
        if answer is None:
            self._shown = None
            self.show_empty(why)
            return
        self.show_content()
        if answer is not self._shown:
            self._shown = answer
            self._fill(answer)

    def _fill(self, answer: Answer) -> None:
        output = answer.output
        silent = no_opinion_words(output)
        told = next((one for one in output.opinions if one.probabilities is not None), None)
        title = self.tr("Gait severity estimate")
        if told is not None:
            title = self.tr("Gait severity estimate: {level}").format(level=translate_data(told.label))
        self.head.show_answer(title, answer)
        chances = told.probabilities if told is not None else None
        self.levels.show_levels(told.classes if told is not None else (), chances or ())
        self.reason.setText(self.tr("No level is given, and nothing is drawn. {why}").format(why=silent))
        self.reason.setVisible(told is None)
        self._fill_chart(output if told is not None else None)
        self.features.show_rows(
            self.tr("Gait features that entered"),
            (self.tr("Feature"), self.tr("Value"), self.tr("Healthy"), self.tr("Weight")),
            [feature_row(one) for one in output.findings] if told is not None else [],
        )
        self.basis.show_rows(
            self.tr("Measured values that it rests on"),
            (self.tr("Measure"), self.tr("Value"), self.tr("Limit")),
            [basis_row(one) for one in output.basis],
        )

    def _fill_chart(self, output: ModelOutput | None) -> None:
        empty = output is not None and not has_evidence(output.saliency)
        self.chart.show_output(None if empty else output)
        if output is None:
            words = ""
        elif empty:
            words = self.tr("Nothing is drawn: the maps of this clip hold no evidence of any joint.")
        elif output.ranking:
            words = self.tr(
                "Mean saliency over the clips of this session. The line with its bar: mean and interval of the "
                "population that the model was ranked on. It tells where the model looked, not what is ill."
            )
        else:
            words = self.tr(
                "Mean saliency over the clips of this session; the model gives no population to compare with."
            )
        self.chart_words.setText(words)
        self.chart_words.setVisible(bool(words))

    def retheme(self) -> None:
        """Colours and fonts of the theme."""
        self._shown = None
        self._reload()


def feature_row(finding: FeatureFinding) -> tuple[str, ...]:
    """A gait feature: title, value, norm, and what the probability of the answer would lose without it."""
    titles = {one.name: one.title for one in load_features()}
    told = math.isfinite(finding.value)
    words = titles.get(finding.feature, finding.words) if told else finding.words
    norm = DASH
    if math.isfinite(finding.norm):
        norm = with_unit(finding.norm, finding.unit, 1)
        if math.isfinite(finding.norm_sd):
            spread = number(finding.norm_sd, 1)
            norm = tr("{mean} ± {sd}").format(mean=number(finding.norm, 1), sd=with_unit_of(spread, finding))
    value = with_unit(finding.value, finding.unit, 1) if told else DASH
    return sentence_start(translate_data(words)), value, norm, f"{number(100 * finding.weight, 1)} %"


def with_unit_of(words: str, finding: FeatureFinding) -> str:
    """A number that is written already, with the unit of a feature."""
    return with_unit(0.0, finding.unit, 0).replace("0", words, 1)


def basis_row(basis: MeasuredBasis) -> tuple[str, ...]:
    """A measured value: title, value with its standard error, limit."""
    digits = 1 if basis.unit else 2
    value = with_unit(basis.value, basis.unit, digits)
    if math.isfinite(basis.error) and math.isfinite(basis.value):
        value = tr("{value} ± {error}").format(value=value, error=number(basis.error, digits))
    limit = with_unit(basis.limit, basis.unit, digits)
    beyond = math.isfinite(basis.limit) and basis.value > basis.limit
    return sentence_start(translate_data(basis.title)), value, limit + (tr(" (beyond)") if beyond else "")


class _Table(QWidget):
    """A heading and rows of words; the first column wraps."""

    def __init__(self, name: str, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName(name)
        self.rows: list[tuple[str, ...]] = []
        self._grid = QGridLayout(self)
        self._grid.setContentsMargins(0, 0, 0, 0)
        self._grid.setHorizontalSpacing(12)
        self._grid.setVerticalSpacing(4)
        self._grid.setColumnStretch(0, 1)

    def show_rows(self, title: str, heads: Sequence[str], rows: list[tuple[str, ...]]) -> None:
        """Show these rows; nothing without any."""
        self.rows = rows
        while (item := self._grid.takeAt(0)) is not None:
            widget = item.widget()
            if widget is not None:
                widget.hide()
                widget.deleteLater()
        self.setVisible(bool(rows))
        if not rows:
            return
        heading = PlainLabel(title, wraps=True)
        heading.setFont(theme.font("heading"))
        self._grid.addWidget(heading, 0, 0, 1, len(heads))
        top = Qt.AlignmentFlag.AlignTop
        for column, words in enumerate(heads):
            align = (Qt.AlignmentFlag.AlignRight if column else Qt.AlignmentFlag.AlignLeft) | top
            self._grid.addWidget(PlainLabel(words, quiet=True), 1, column, align)
        for index, row in enumerate(rows, start=2):
            self._grid.addWidget(PlainLabel(row[0], wraps=True, selectable=True), index, 0)
            for column, words in enumerate(row[1:], start=1):
                align = Qt.AlignmentFlag.AlignRight | top
                self._grid.addWidget(PlainLabel(words, selectable=True), index, column, align)


class LevelBars(QWidget):
    """The levels with their probabilities."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("severity_levels")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.levels: tuple[tuple[str, float], ...] = ()

    def show_levels(self, names: Sequence[str], chances: Sequence[float]) -> None:
        """Show these; nothing without any."""
        self.levels = tuple(zip(map(translate_data, names), chances, strict=True))
        words = ", ".join(f"{name} {number(100 * chance)} %" for name, chance in self.levels)
        self.setAccessibleName(words)
        self.setVisible(bool(self.levels))
        self.updateGeometry()
        self.update()

    def _row_px(self) -> int:
        return self.fontMetrics().height() + 7

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A row for each level."""
        return QSize(240, self._row_px() * len(self.levels))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Name, bar, per cent."""
        painter = QPainter(self)
        colours, metrics, high = theme.palette(), self.fontMetrics(), self._row_px()
        names = max((metrics.horizontalAdvance(name) for name, _ in self.levels), default=0) + 10
        shares = metrics.horizontalAdvance("100 %") + 8
        room = max(20.0, self.width() - names - shares)
        middle = Qt.AlignmentFlag.AlignVCenter
        best = max((chance for _, chance in self.levels), default=0.0)
        for index, (name, chance) in enumerate(self.levels):
            y = index * high
            painter.setPen(colours.colour("text"))
            painter.drawText(QRectF(0, y, names, high), middle, name)
            painter.fillRect(QRectF(names, y + 4, room, high - 8), colours.colour("grid"))
            colour = colours.colour("model", 1.0 if chance == best else 0.5)
            painter.fillRect(QRectF(names, y + 4, room * min(1.0, chance), high - 8), colour)
            right = QRectF(names + room, y, shares, high)
            painter.drawText(right, middle | Qt.AlignmentFlag.AlignRight, f"{number(100 * chance)} %")


@dataclass(frozen=True, slots=True)
class JointRow:
    """One joint: its mean over the clips (NaN: unknown), and mean, low and high of the population."""

    name: str
    value: float
    population: tuple[float, float, float] | None


def joint_rows_of(output: ModelOutput) -> tuple[JointRow, ...]:
    """Every joint that the maps or the ranking know, those with most evidence in this session first."""
    means = joint_means(output.saliency)
    population = {name: (mean, low, high) for name, mean, low, high in output.ranking}
    names = dict.fromkeys([*(name for one in output.saliency for name in one.keypoints), *population])
    rows = [JointRow(name, means.get(name, math.nan), population.get(name)) for name in names]
    return tuple(sorted(rows, key=lambda row: -abs(row.value) if math.isfinite(row.value) else 1.0))


class JointChart(QWidget):
    """A body whose joints carry their mean saliency, and a bar for each joint beside the population."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("severity_joints")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.rows: tuple[JointRow, ...] = ()
        self.top = 0.0

    def show_output(self, output: ModelOutput | None) -> None:
        """Show the maps of an output; nothing without one."""
        self.rows = joint_rows_of(output) if output is not None else ()
        self.top = scale_top(output) if output is not None else 0.0
        lines = [_joint_words(row) for row in self.rows]
        self.setAccessibleName("; ".join(lines))
        self.setToolTip(plain_tip("\n".join(lines)))
        self.setVisible(bool(self.rows))
        self.updateGeometry()
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A row for each joint, and the axis."""
        return QSize(320, max(220, self._row_px() * len(self.rows) + self._axis_px()))

    def _row_px(self) -> int:
        return max(_ROW_PX, self.fontMetrics().height() - 1)

    def _axis_px(self) -> int:
        return self.fontMetrics().height() + 8

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """The body on the left, the bars on the right."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setFont(theme.font("small"))
        self._paint_body(painter, QRectF(0, 4, _BODY_PX, min(260.0, self.height() - 8)))
        self._paint_bars(painter, QRectF(_BODY_PX + 8, 0, self.width() - _BODY_PX - 8, self.height()))

    def _paint_body(self, painter: QPainter, box: QRectF) -> None:
        colours = theme.palette()
        head = painter.fontMetrics().height() + 4
        scale = (box.height() - head - 12) / 1.02

        def place(name: str) -> QPointF:
            x, y = BODY_PLACES[name]
            return QPointF(box.center().x() + x * scale, box.top() + head + (0.98 - y) * scale)

        pen = QPen(colours.colour("border"), 3.0)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        painter.setPen(pen)
        for a, b in BODY_BONES:
            painter.drawLine(place(a), place(b))
        for row in self.rows:
            share = row.value / self.top if self.top > 0 else math.nan
            if row.name in BODY_PLACES and abs(share) >= LEAST_SHARE:
                radius = 22.0 * math.sqrt(min(1.0, abs(share)))
                painter.setPen(QPen(colours.colour("model"), 1.4))
                painter.setBrush(colours.colour("model", 0.5 if share > 0 else 0.0))
                painter.drawEllipse(place(row.name), radius, radius)
        for words, colour, align in (
            (tr("R"), "right", Qt.AlignmentFlag.AlignLeft),
            (tr("L"), "left", Qt.AlignmentFlag.AlignRight),
        ):
            painter.setPen(colours.colour(colour))
            painter.drawText(box.adjusted(14, 0, -14, 0), align | Qt.AlignmentFlag.AlignTop, words)

    def reach(self) -> float:
        """Where the axis of the bars ends."""
        known = [abs(row.value) for row in self.rows if math.isfinite(row.value)]
        known += [row.population[2] for row in self.rows if row.population is not None]
        return max(known, default=0.0)

    def _paint_bars(self, painter: QPainter, box: QRectF) -> None:
        colours, metrics, reach = theme.palette(), painter.fontMetrics(), self.reach()
        if reach <= 0:
            return
        names = max(metrics.horizontalAdvance(joint_name(row.name)) for row in self.rows) + 8
        wide, high = max(20.0, box.width() - names - 6), self._row_px()
        left, right = box.left() + names, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter
        for index, row in enumerate(self.rows):
            y = box.top() + index * high
            painter.setPen(colours.colour("text"))
            painter.drawText(QRectF(box.left(), y, names - 6, high), right, joint_name(row.name))
            if math.isfinite(row.value) and row.value:
                bar = QRectF(left, y + 3, wide * abs(row.value) / reach, high - 6)
                painter.setPen(QPen(colours.colour("model"), 1.0))
                painter.setBrush(colours.colour("model", 0.55 if row.value > 0 else 0.0))
                painter.drawRect(bar)
            if row.population is not None:
                mean, low, most = (left + wide * max(0.0, value) / reach for value in row.population)
                middle = y + high / 2
                painter.setPen(QPen(colours.colour("text"), 1.4))
                painter.drawLine(QPointF(low, middle), QPointF(most, middle))
                painter.drawLine(QPointF(mean, y + 2), QPointF(mean, y + high - 2))
        y = box.top() + len(self.rows) * high + 2
        painter.setPen(QPen(colours.colour("border"), 1.0))
        painter.drawLine(QPointF(left, y), QPointF(left + wide, y))
        painter.setPen(colours.colour("muted"))
        axis = QRectF(left, y, wide, self._axis_px())
        painter.drawText(axis, Qt.AlignmentFlag.AlignVCenter, "0")
        painter.drawText(axis, right, significant(reach))


def _joint_words(row: JointRow) -> str:
    value = significant(row.value) if math.isfinite(row.value) else DASH
    words = f"{joint_name(row.name)}: {value}"
    if row.population is not None:
        mean, low, high = map(significant, row.population)
        words += tr(", population {mean} ({low} to {high})").format(mean=mean, low=low, high=high)
    return sentence(words).rstrip(".")
