"""Over the pictures while a tool is in hand: what to click, and what can be done with the result."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, QEvent, QObject, Qt
from PySide6.QtGui import QKeySequence
from PySide6.QtWidgets import QWidget

from gaitviewer.core.gait import Side
from gaitviewer.gui.model.manual_tools import ToolKind
from gaitviewer.gui.panels.common.wording import side_name
from gaitviewer.gui.widgets.keys import load_keys
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import translate_data
from gaitviewer.workflow.app.tables import evgs_items

_MARGIN_PX = 10


class ToolHint(PlainLabel):
    """A badge at the upper edge of the pictures, where no feet are; clicks go through it."""

    def __init__(self, views: QWidget) -> None:
        super().__init__(views)
        self._views = views
        self.setObjectName("tool_hint")
        self.setProperty("card", "true")
        self.setWordWrap(True)
        self.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.setMargin(6)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self.hide()
        views.installEventFilter(self)

    def show_tool(self, kind: ToolKind | None, item: int | None, side: Side | None) -> None:
        """Explain this tool; None takes the badge away."""
        self.setVisible(kind is not None)
        if kind is not None:
            self.setText(words_of(kind, item, side))
            self._place()
            self.raise_()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Stay at the upper edge."""
        if event.type() == QEvent.Type.Resize and not self.isHidden():
            self._place()
        return False

    def _place(self) -> None:
        room = self._views.rect().adjusted(_MARGIN_PX, _MARGIN_PX, -_MARGIN_PX, 0)
        line = self.fontMetrics().horizontalAdvance(self.text()) + 4 * self.margin()
        wide = min(room.width(), line)
        high = self.heightForWidth(wide)
        self.setGeometry(room.center().x() - wide // 2, room.top(), wide, high)


def words_of(kind: ToolKind, item: int | None, side: Side | None) -> str:
    """What a tool wants, and what follows, with the keys as the user has them."""
    tr = QCoreApplication.translate
    clicks = {
        ToolKind.GONIOMETER: tr("ToolHint", "Goniometer: click 3 points \u2013 proximal, joint, distal."),
        ToolKind.VERTICAL: tr("ToolHint", "Line against the vertical: click its 2 ends."),
        ToolKind.DISTANCE: tr("ToolHint", "Distance: click its 2 ends."),
    }[kind]
    keys = load_keys()
    keep, away = (_first(keys[name].keys) for name in ("tool.take_over", "tool.none"))
    name = next((one.name for one in evgs_items() if one.number == item), "")
    if name and side is not None:
        words = tr("ToolHint", "{key} keeps it for \u201c{item}, {side}\u201d.")
        then = words.format(key=keep, item=translate_data(name), side=side_name(side)) if keep else ""
    else:
        words = tr("ToolHint", "With an item of the score selected, {key} keeps it for that item.")
        then = words.format(key=keep) if keep else ""
    end = tr("ToolHint", "{key} puts the tool away.").format(key=away) if away else ""
    return " ".join(part for part in (clicks, then, end) if part)


def _first(keys: tuple[str, ...]) -> str:
    return QKeySequence(keys[0]).toString(QKeySequence.SequenceFormat.NativeText) if keys else ""
