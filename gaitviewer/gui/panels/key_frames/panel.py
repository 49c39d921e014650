"""Pictures that a person picked for the report, with their captions."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QCoreApplication, QPoint, QRect, QSize, Qt, Signal
from PySide6.QtGui import QIcon, QPainter, QPixmap
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QHeaderView,
    QPushButton,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.core import edits
from gaitviewer.core.document import KeyImage
from gaitviewer.core.gait import View
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.common.base import Panel, nothing_open
from gaitviewer.gui.panels.common.wording import recording_name, time_text, tr, view_name
from gaitviewer.gui.panels.key_frames.captions import CaptionDelegate
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel, plain_tip

WHERE, CAPTION = 0, 1
PICTURE = QSize(96, 60)
Spot = tuple[str, View, int]  # recording, view, frame


def spot_of(image: KeyImage) -> Spot:
    """Which picture a key image is."""
    return image.trial, image.view, image.frame


class KeyImagesPanel(Panel):
    """A list of key images: a click goes there, the caption is edited in place.

    Signals:
        pictures_wanted: key images of the list whose small pictures are not there (tuple of ``KeyImage``).
    """

    pictures_wanted = Signal(object)

    def __init__(self, state: AppState, player: Player, parent: QWidget | None = None) -> None:
        title = QCoreApplication.translate("KeyImagesPanel", "Key images")
        super().__init__(state, player, name="panel_key_images", title=title, parent=parent)
        self._shown: tuple[KeyImage, ...] | None = None
        self._pictures: dict[Spot, QIcon] = {}
        self.hint = PlainLabel(
            self.tr("No key images yet. Go to a telling moment and press Ins: it goes into the report."),
            name="key_images_hint",
            wraps=True,
            quiet=True,
        )
        self.hint.setAlignment(Qt.AlignmentFlag.AlignCenter)
        self.hint.setMargin(24)
        self.table = QTableWidget(0, 2)
        self.table.setObjectName("key_images_table")
        self.table.setAccessibleName(self.tr("Key images with captions"))
        self.table.setHorizontalHeaderLabels([self.tr("Picture"), self.tr("Caption")])
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setSelectionMode(QAbstractItemView.SelectionMode.SingleSelection)
        self.table.setEditTriggers(
            QAbstractItemView.EditTrigger.DoubleClicked | QAbstractItemView.EditTrigger.EditKeyPressed
        )
        self.table.setShowGrid(False)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(PICTURE.height() + 6)
        self.table.setIconSize(PICTURE)
        self.table.setItemDelegateForColumn(CAPTION, CaptionDelegate(self.table))
        header = self.table.horizontalHeader()
        header.setSectionsClickable(False)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        header.setSectionResizeMode(WHERE, QHeaderView.ResizeMode.ResizeToContents)
        header.setSectionResizeMode(CAPTION, QHeaderView.ResizeMode.Stretch)
        self.table.cellClicked.connect(self._go)
        self.table.cellActivated.connect(self._go)
        self.table.itemChanged.connect(self._rename)
        self.add = QPushButton(self.tr("Add this picture"))
        self.add.setObjectName("key_images_add")
        self.add.clicked.connect(self.add_shown)
        self.remove = QPushButton(self.tr("Remove"))
        self.remove.setObjectName("key_images_remove")
        self.remove.clicked.connect(self.remove_selected)
        self.table.itemSelectionChanged.connect(self._allow)
        self._lay_out()
        for signal in (state.session_changed, state.document_changed):
            signal.connect(self._reload)
        for signal in (player.opened, player.time_changed):
            signal.connect(self._allow)
        self._reload()

    def _lay_out(self) -> None:
        row = QHBoxLayout()
        row.setContentsMargins(10, 4, 10, 8)
        row.addWidget(self.add)
        row.addStretch(1)
        row.addWidget(self.remove)
        layout = QVBoxLayout(self.content)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(2)
        layout.addWidget(self.hint, 1)
        layout.addWidget(self.table, 1)
        layout.addLayout(row)

    def _reload(self) -> None:
        document = self.state.document
        if document is None:
            self._shown = None
            self.show_empty(nothing_open())
            return
        self.show_content()
        if document.key_images != self._shown:
            before, self._shown = self._shown, document.key_images
            self._fill(document.key_images)
            self._show_added(before or ())
        self._allow()

    def _fill(self, images: tuple[KeyImage, ...]) -> None:
        kept = self.table.currentRow()
        blocked = self.table.blockSignals(True)
        self.table.setRowCount(len(images))
        several = len({image.trial for image in images}) > 1
        for row, image in enumerate(images):
            words = f"{view_name(image.view)}, {time_text(image.time_s)}"
            recording = recording_name(self.state.document, image.trial)
            place = QTableWidgetItem(f"{recording}, {words}" if several else words)
            place.setIcon(self._icon(image))
            place.setFlags(place.flags() & ~Qt.ItemFlag.ItemIsEditable)
            place.setToolTip(tr("Frame {n} of {trial}").format(n=image.frame, trial=recording))
            caption = QTableWidgetItem(image.caption)
            caption.setToolTip(
                plain_tip(image.caption or self.tr("Double-click or press F2 to write a caption"))
            )
            spoken = image.caption or self.tr("no caption")
            caption.setData(Qt.ItemDataRole.AccessibleTextRole, spoken)
            self.table.setItem(row, WHERE, place)
            self.table.setItem(row, CAPTION, caption)
        if 0 <= kept < len(images):
            self.table.setCurrentCell(kept, CAPTION)
        self.table.blockSignals(blocked)
        self.hint.setVisible(not images)
        self.table.setVisible(bool(images))
        if self.missing:
            self.pictures_wanted.emit(self.missing)

    def _show_added(self, before: tuple[KeyImage, ...]) -> None:
        """Select the picture that was just added, wherever its place in the list is."""
        known = {spot_of(image) for image in before}
        added = [row for row, image in enumerate(self._shown or ()) if spot_of(image) not in known]
        if len(added) == 1:
            self.table.setCurrentCell(added[0], CAPTION)
            self.table.scrollTo(self.table.currentIndex())

    def _icon(self, image: KeyImage) -> QIcon:
        """The small picture; until it is there a drawing as large, so that nothing jumps."""
        found = self._pictures.get(spot_of(image))
        if found is not None:
            return found
        ratio = self.devicePixelRatioF()
        pixmap = QPixmap(PICTURE * ratio)
        pixmap.setDevicePixelRatio(ratio)
        pixmap.fill(theme.palette().colour("canvas"))
        painter = QPainter(pixmap)
        spot = QRect(0, 0, 24, 24)
        spot.moveCenter(QRect(QPoint(0, 0), PICTURE).center())
        theme.icon("key_image", "muted").paint(painter, spot)
        painter.end()
        return QIcon(pixmap)

    @property
    def missing(self) -> tuple[KeyImage, ...]:
        """Key images whose small pictures are not there."""
        return tuple(image for image in self._shown or () if spot_of(image) not in self._pictures)

    def set_pictures(self, pictures: Mapping[Spot, QIcon]) -> None:
        """Show these small pictures."""
        self._pictures.update(pictures)
        blocked = self.table.blockSignals(True)
        for row, image in enumerate(self._shown or ()):
            place = self.table.item(row, WHERE)
            if spot_of(image) in pictures and place is not None:
                place.setIcon(self._icon(image))
        self.table.blockSignals(blocked)
        self.table.viewport().update()

    def forget_pictures(self) -> None:
        """Another session: its recordings have the same names."""
        self._pictures.clear()
        self._fill(self._shown or ())

    def _allow(self) -> None:
        self.add.setEnabled(self._view() is not None)
        self.remove.setEnabled(self.table.currentRow() >= 0 and bool(self._shown))

    def _view(self) -> View | None:
        """The view worked in last, else the first that is there."""
        there = self.player.views
        if self.player.active_view in there:
            return self.player.active_view
        return there[0] if there else None

    def add_shown(self) -> None:
        """Keep the picture that is shown in the view at hand."""
        document, view = self.state.document, self._view()
        frame = self.player.shown(view) if view is not None else None
        if document is None or view is None or frame is None:
            return
        image = KeyImage(self.state.trial_id, view, frame, self.player.track(view).own_time(frame))
        self.state.edit(edits.add_key_image(document, image), self.tr("Key image"))

    def remove_selected(self) -> None:
        """Take the selected key image out."""
        document, row = self.state.document, self.table.currentRow()
        if document is not None and 0 <= row < len(document.key_images):
            self.state.edit(edits.remove_key_image(document, row), self.tr("Remove a key image"))

    def _go(self, row: int, column: int) -> None:
        images = self._shown or ()
        if 0 <= row < len(images):
            image = images[row]
            if image.trial != self.state.trial_id:
                self.state.set_trial(image.trial)
            if image.view in self.player.views:
                self.player.go_to_frame(image.view, image.frame)

    def _rename(self, item: QTableWidgetItem) -> None:
        document = self.state.document
        if document is not None and item.column() == CAPTION and item.row() < len(document.key_images):
            after = edits.set_caption(document, item.row(), item.text().strip())
            self.state.edit(after, self.tr("Caption of a key image"))

    def retheme(self) -> None:
        """Icons in the colours of the theme."""
        self._fill(self._shown or ())
