"""What an empty view says when its video is not where it was or cannot be read, with the way to mend it."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import QEvent, QObject, Qt, Signal
from PySide6.QtWidgets import QBoxLayout, QFrame, QPushButton, QVBoxLayout, QWidget

from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel

_WIDEST_PX = 460
_MARGIN_PX = 24
# Below the room of the banner where the skeleton is shown beneath.
_TOP_PX = 44


class MissingVideoNotice(QFrame):
    """A card on a view: which file is missing, where it was or what is wrong with it, and a button.

    Signals:
        find_asked: the user wants to say where it went.
    """

    find_asked = Signal()

    def __init__(self, canvas: QWidget) -> None:
        """Lie on ``canvas``, hidden."""
        super().__init__(canvas)
        self._canvas = canvas
        self.setObjectName("gone_notice")
        self.setProperty("card", "true")
        self._on_stage = False
        self.head = PlainLabel()
        self.head.setFont(theme.font("heading"))
        self.place = PlainLabel(name="gone_place")
        for label in (self.head, self.place):
            label.setWordWrap(True)
        self.button = QPushButton(self.tr("Find it…"))
        self.button.setObjectName("gone_find")
        self.button.setAccessibleName(self.tr("Say where the missing video is"))
        self.button.setProperty("primary", "true")
        self.button.clicked.connect(self.find_asked)
        column = QVBoxLayout()
        column.setSpacing(2)
        column.addWidget(self.head)
        column.addWidget(self.place)
        self._box = QBoxLayout(QBoxLayout.Direction.TopToBottom, self)
        self._box.setContentsMargins(12, 8, 12, 8)
        self._box.setSpacing(10)
        self._box.addLayout(column, 1)
        self._box.addWidget(self.button, 0, Qt.AlignmentFlag.AlignCenter)
        canvas.installEventFilter(self)
        self.hide()

    def tell(self, path: Path | None, *, why: str = "", on_stage: bool) -> None:
        """Say that a file is missing, or nothing with None.

        ``why``: the file is there, but cannot be shown, in words for the user.
        ``on_stage``: the skeleton is shown without it, so the card is a low one above it.
        """
        self.setVisible(path is not None)
        self._on_stage = on_stage
        if path is None:
            return
        head = self.tr("{name} cannot be shown") if why else self.tr("{name} is missing")
        self.head.setText(head.format(name=path.name))
        direction = QBoxLayout.Direction.LeftToRight if on_stage else QBoxLayout.Direction.TopToBottom
        self._box.setDirection(direction)
        middle = Qt.AlignmentFlag.AlignLeft if on_stage else Qt.AlignmentFlag.AlignHCenter
        for label in (self.head, self.place):
            label.setAlignment(middle)
        # A long path may break after each folder.
        folder = str(path.parent).replace("/", "/\u200b").replace("\\", "\\\u200b")
        self.place.setText(why or self.tr("It was last in {folder}").format(folder=folder))
        self._lay()

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: N802  Qt's name
        """Stay in the middle of the view."""
        if event.type() == QEvent.Type.Resize:
            self._lay()
        return super().eventFilter(watched, event)

    def _lay(self) -> None:
        room = self._canvas
        width = min(_WIDEST_PX, max(1, room.width() - 2 * _MARGIN_PX))
        height = max(self._box.totalHeightForWidth(width), self.minimumSizeHint().height())
        top = _TOP_PX if self._on_stage else max(0, (room.height() - height) // 2)
        self.setGeometry((room.width() - width) // 2, top, width, height)
