"""Sagittal pattern by the plantarflexor-knee extension couple, and how far each angle is from the norm."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass

from PySide6.QtCore import QCoreApplication, QEvent, QObject, QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QPainter, QPaintEvent, QPen
from PySide6.QtWidgets import QSizePolicy, QVBoxLayout, QWidget

from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.measures import Measures, SagittalPattern
from gaitviewer.core.numerals import number
from gaitviewer.gui.model.blinding import is_any_hidden
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel
from gaitviewer.gui.panels.common.score_painting import side_colour, side_pen
from gaitviewer.gui.panels.common.wording import sentence, side_name, tr
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, TallArea, plain_tip
from gaitviewer.gui.widgets.translation import say, translate_data
from gaitviewer.messages import message
from gaitviewer.workflow.app.tables import angle_kinds

_LEAST_REACH = 3.5  # z that the plot shows at least to each side
_MARKER_PX = 7.0
_PLOT_PX = (112, 300)  # height of the plot: the words in its fields need the first
_LOW_PX, _WIDE_PX = 220.0, 420.0  # below the first the map is as wide as the second


class PatternPanel(Panel):
    """The pattern of each limb in words and as a map, and the profile of the angles as bars."""

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("PatternPanel", "Gait pattern")
        super().__init__(state, player, name="panel_pattern", title=title, parent=parent)
        self.words = PlainLabel(name="pattern_words", wraps=True)
        self.plot = PatternPlot()
        self.bars = ProfileBars()
        self.notes = PlainLabel(
            self.tr(
                "Knee and ankle against healthy children over 20 to 45 % of the cycle (Sangeux 2015). "
                "The profile is the root mean square distance from the normal mean in 2D; it is not a Gait "
                "Profile Score. The notch is the part of the shape alone, without a constant offset."
            ),
            wraps=True,
            quiet=True,
        )
        inside = QWidget()
        column = QVBoxLayout(inside)
        column.setContentsMargins(10, 6, 10, 8)
        column.setSpacing(8)
        for widget in (self.words, self.plot, self.bars, self.notes):
            column.addWidget(widget)
        column.addStretch(1)
        self.scroller = scroller = TallArea("pattern_scroll", title)
        scroller.setWidget(inside)
        scroller.viewport().installEventFilter(self)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.addWidget(scroller)
        for signal in (state.session_changed, state.measures_changed, state.document_changed):
            signal.connect(self._reload)
        state.settings_changed.connect(self._reload)
        self._shown: Measures | None = None
        self._reload()

    def _reload(self) -> None:
        measures = self.measures_or_why(self._why_nothing)
        if measures is not None and measures is not self._shown:
            self._shown = measures
            self._fill(measures)

    def _why_nothing(self, measures: Measures) -> str:
        if is_any_hidden(self.state.document, self.state.settings, measures):
            return self.tr("The pattern is hidden until you have graded all items of both limbs.")
        return ""

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """The whole plot is seen below its words where the panel is low."""
        if watched is self.scroller.viewport() and event.type() == QEvent.Type.Resize:
            self._fit_plot()
        return super().eventFilter(watched, event)

    def _fit_plot(self) -> None:
        viewport = self.scroller.viewport()
        words = self.words.heightForWidth(max(1, viewport.width() - 20))
        self.plot.fit(viewport.height() - words - 22)  # margins, and the space between

    def _fill(self, measures: Measures) -> None:
        self.words.setText("\n".join(pattern_lines(measures.patterns)))
        self.plot.show_patterns(measures.patterns)
        self.bars.show_rows(profile_rows(measures))
        self._fit_plot()

    def retheme(self) -> None:
        """Colours of the theme."""
        self.plot.update()
        self.bars.update()


def pattern_lines(patterns: BySide[SagittalPattern]) -> list[str]:
    """The pattern of each limb, and what a normal one leaves open."""
    lines = [pattern_words(patterns[side]) for side in Side]
    if any(pattern.label.code == "pattern.normal" for pattern in patterns):
        lines.append(sentence(message("pattern.normal_ankle_unsure")))
    return lines


def pattern_words(pattern: SagittalPattern) -> str:
    """The pattern of a limb in one line."""
    side = side_name(pattern.side).capitalize()
    if not math.isfinite(pattern.knee_z):
        return tr("{side}: not assessable, {reason}").format(side=side, reason=sentence(pattern.reason))
    weighed = [f"{say(label)} {100 * chance:.0f} %" for label, chance in pattern.probabilities]
    words = {"side": side, "knee": number(pattern.knee_z, 1), "ankle": number(pattern.ankle_z, 1)}
    if not pattern.label:
        return tr("{side}: knee z {knee}, ankle z {ankle}; no pattern is named, {reason} ({likely})").format(
            **words, reason=say(pattern.reason), likely=", ".join(weighed)
        )
    (_, chance), *_ = pattern.probabilities
    said = tr("{side}: knee z {knee}, ankle z {ankle}; {label}, probability {chance} %").format(
        **words, label=say(pattern.label), chance=f"{100 * chance:.0f}"
    )
    return f"{said} ({', '.join(weighed[1:])})" if weighed[1:] else said


@dataclass(frozen=True, slots=True)
class ProfileRow:
    """One row of the bars: (raw, shape only) of each limb in degrees, or None."""

    name: str
    values: BySide[tuple[float, float] | None]
    total: bool = False


def profile_rows(measures: Measures) -> tuple[ProfileRow, ...]:
    """The variable scores in the order of the angles, then the profile score."""

    def pair(angle: str, side: Side) -> tuple[float, float] | None:
        found = [s for s in measures.variable_scores if (s.angle, s.side) == (angle, side)]
        return (found[0].raw, found[0].shape_only) if found else None

    there = {score.angle for score in measures.variable_scores}
    rows = [
        ProfileRow(translate_data(kind.title), BySide(*(pair(kind.name, side) for side in Side)))
        for kind in angle_kinds()
        if kind.name in there
    ]
    scores = {score.side: (score.raw, score.shape_only) for score in measures.profile_scores}
    if scores:
        both = BySide(scores.get(Side.LEFT), scores.get(Side.RIGHT))
        rows.append(ProfileRow(tr("2D sagittal profile"), both, total=True))
    return tuple(rows)


class PatternPlot(QWidget):
    """Knee against ankle in z: each stride a dot, the limb a ring (left, dashed) or a disc (right)."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("pattern_plot")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._patterns: BySide[SagittalPattern] | None = None
        self._height = _PLOT_PX[1]

    def show_patterns(self, patterns: BySide[SagittalPattern]) -> None:
        """Show both limbs."""
        self._patterns = patterns
        words = " ".join(pattern_words(patterns[side]) for side in Side)
        self.setAccessibleName(words)
        self.update()

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """Nearly square at the usual width of the panel."""
        return QSize(380, self._height)

    def fit(self, room: int) -> None:
        """As high as there is room, within limits."""
        height = min(_PLOT_PX[1], max(_PLOT_PX[0], room))
        if height != self._height:
            self._height = height
            self.updateGeometry()

    def reach(self) -> float:
        """How far the axes go, in z."""
        every = [_LEAST_REACH]
        for pattern in self._patterns or ():
            for point in (*pattern.points, (pattern.knee_z, pattern.ankle_z)):
                every += [abs(value) + 0.5 for value in point if math.isfinite(value)]
        return min(12.0, max(every))

    def box(self) -> QRectF:
        """The map inside the axes: square; wider where it is low, so that the names of the fields fit."""
        high = self.height() - 30.0
        wide = min(self.width() - 44.0, high if high >= _LOW_PX else max(high, _WIDE_PX))
        return QRectF((self.width() - wide) / 2 + 12, 4, wide, min(high, wide))

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Regions, axes, limbs."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self.box()
        reach = self.reach()

        def at(ankle: float, knee: float) -> QPointF:
            x = box.center().x() + max(-reach, min(reach, ankle)) / reach * box.width() / 2
            return QPointF(x, box.center().y() - max(-reach, min(reach, knee)) / reach * box.height() / 2)

        self._paint_ground(painter, box, at(-1, 1), at(1, -1))
        spots = {
            p.side: at(p.ankle_z, p.knee_z)
            for p in self._patterns or ()
            if math.isfinite(p.knee_z) and math.isfinite(p.ankle_z)
        }
        for pattern in self._patterns or ():
            colour = side_colour(pattern.side)
            painter.setPen(QPen(colour, 1.2))
            left = pattern.side is Side.LEFT
            painter.setBrush(Qt.BrushStyle.NoBrush if left else colour)
            for knee, ankle in pattern.points:
                painter.drawEllipse(at(ankle, knee), 2.2, 2.2)
            if pattern.side in spots:
                painter.setPen(side_pen(pattern.side, 2.0))
                painter.drawEllipse(spots[pattern.side], _MARKER_PX, _MARKER_PX)
        for side, place in letter_places(spots, box).items():
            painter.setPen(side_colour(side))
            letter = tr("L") if side is Side.LEFT else tr("R")
            painter.drawText(place, Qt.AlignmentFlag.AlignCenter, letter)

    def _paint_ground(self, painter: QPainter, box: QRectF, first: QPointF, second: QPointF) -> None:
        colours = theme.palette()
        painter.fillRect(box, colours.colour("base"))
        normal = QRectF(first, second)
        painter.fillRect(normal, colours.colour("band"))
        painter.setPen(QPen(colours.colour("border"), 1.0))
        painter.drawRect(box)
        for x in (first.x(), second.x()):
            painter.drawLine(QPointF(x, box.top()), QPointF(x, box.bottom()))
        painter.drawLine(QPointF(box.left(), first.y()), QPointF(box.right(), first.y()))
        painter.drawLine(QPointF(first.x(), second.y()), QPointF(box.right(), second.y()))
        painter.setFont(theme.font("small"))
        painter.setPen(colours.colour("muted"))
        self._name_fields(painter, box, first, second)
        self._name_axes(painter, box)

    def _name_fields(self, painter: QPainter, box: QRectF, first: QPointF, second: QPointF) -> None:
        left, middle, right = box.left(), first.x(), second.x()
        wide = right - middle
        low, foot = box.height() < _LOW_PX, max(second.y(), box.bottom() - 34)
        names = (
            (left, box.top() + 2, middle - left, tr("jump gait")),
            (middle, box.top() + 2, wide, tr("apparent\nequinus")),
            (right, box.top() + 2, box.right() - right, tr("crouch gait")),
            (left, foot, middle - left, tr("true equinus")),
            (middle, foot, wide, tr("knee\nrecurvatum")),
            (right, foot, box.right() - right, tr("not\nclassified")),
            (right, max(first.y(), second.y() - 34), box.right() - right, tr("undetermined")),
        )
        for x, y, width, words in names:
            words = words.replace("\n", " ") if low else words
            align = Qt.AlignmentFlag.AlignHCenter
            align |= Qt.AlignmentFlag.AlignTop if y < first.y() else Qt.AlignmentFlag.AlignBottom
            high = min(32.0, (second.y() if y < second.y() else box.bottom()) - 2 - y)
            painter.drawText(QRectF(x - 8, y, width + 16, high), align, words)

    def _name_axes(self, painter: QPainter, box: QRectF) -> None:
        place = QRectF(box.left() - 30, box.bottom() + 3, box.width() + 60, 20)
        centre = Qt.AlignmentFlag.AlignCenter
        painter.drawText(place, centre, tr("\u2190 plantarflexed   ankle z   dorsiflexed \u2192"))
        painter.save()
        painter.translate(box.left() - 12, box.center().y())
        painter.rotate(-90)
        axis = tr("knee z \u2192") if box.height() < _LOW_PX else tr("\u2190 extended   knee z   flexed \u2192")
        painter.drawText(QRectF(-120, -10, 240, 20), centre, axis)
        painter.restore()


def letter_places(spots: Mapping[Side, QPointF], box: QRectF) -> dict[Side, QRectF]:
    """Where the letters of the limbs stand: beside their markers, off both markers and off each other."""
    ring = _MARKER_PX + 1.0
    taken = [QRectF(s.x() - ring, s.y() - ring, 2 * ring, 2 * ring) for s in spots.values()]
    found: dict[Side, QRectF] = {}
    for side, spot in spots.items():
        first = -18.0 if side is Side.LEFT else 18.0
        ways = [(first, 0.0), (-first, 0.0), (0.0, -19.0), (0.0, 19.0), (first, -19.0), (-first, 19.0)]
        places = [QRectF(spot.x() + x - 8, spot.y() + y - 9, 16, 18) for x, y in ways]
        free = (p for p in places if box.contains(p) and not any(p.intersects(t) for t in taken))
        found[side] = next(free, places[0])
        taken.append(found[side])
    return found


class ProfileBars(QWidget):
    """How far each angle is from the normal mean, in degrees: a bar for each limb."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("profile_bars")
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self._rows: tuple[ProfileRow, ...] = ()

    def show_rows(self, rows: tuple[ProfileRow, ...]) -> None:
        """Show these rows."""
        self._rows = rows
        lines = []
        for row in rows:
            said = [
                f"{side_name(side)} {number(pair[0], 1)}°"
                for side in Side
                if (pair := row.values[side]) is not None
            ]
            lines.append(f"{row.name}: {', '.join(said)}")
        self.setAccessibleName("; ".join(lines))
        self.setToolTip(plain_tip("\n".join(lines)))
        self.updateGeometry()
        self.update()

    def _row_height(self) -> int:
        return max(28, self.fontMetrics().height() + 10)

    def sizeHint(self) -> QSize:  # noqa: N802  Qt's name
        """A row for each."""
        return QSize(320, self._row_height() * len(self._rows) + 2)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: N802  Qt's name
        """Names, bars, values; a notch for the part of the shape alone."""
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        colours, high = theme.palette(), self._row_height()
        names = max((self.fontMetrics().horizontalAdvance(r.name) for r in self._rows), default=0) + 12
        room = max(40.0, self.width() - names - 46.0)
        top = max([10.0, *(p[0] for r in self._rows for p in r.values if p is not None)])
        for index, row in enumerate(self._rows):
            y = index * high
            painter.setFont(theme.font())
            if row.total:
                painter.setPen(colours.colour("border"))
                painter.drawLine(QPointF(0, y), QPointF(self.width(), y))
            painter.setPen(colours.colour("text"))
            place = QRectF(0, y, names - 8, high)
            painter.drawText(place, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, row.name)
            for line, side in enumerate(Side):
                bar = QRectF(names, y + 4 + line * 11, room, 9)
                self._paint_bar(painter, row.values[side], side, bar, top)

    def _paint_bar(
        self, painter: QPainter, pair: tuple[float, float] | None, side: Side, box: QRectF, top: float
    ) -> None:
        if pair is None or not math.isfinite(pair[0]):
            return
        colour = QColor(side_colour(side))
        bar = QRectF(box.left(), box.top(), max(1.0, box.width() * pair[0] / top), box.height())
        fill = QColor(colour)
        fill.setAlphaF(0.35 if side is Side.LEFT else 0.75)
        painter.fillRect(bar, fill)
        painter.setPen(side_pen(side, 1.0))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawRect(bar)
        if math.isfinite(pair[1]):
            x = box.left() + box.width() * pair[1] / top
            painter.setPen(QPen(theme.palette().colour("text"), 1.6))
            painter.drawLine(QPointF(x, bar.top() - 1), QPointF(x, bar.bottom() + 1))
        painter.setFont(theme.font("small"))
        painter.setPen(theme.palette().colour("muted"))
        words = QRectF(bar.right() + 5, box.top() - 3, 44, box.height() + 6)
        align = Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft
        painter.drawText(words, align, f"{number(pair[0], 1)}°")
