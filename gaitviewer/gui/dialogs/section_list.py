"""The sections of a report to choose from."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from gaitviewer.core.report_options import SECTIONS
from gaitviewer.gui.widgets.plain import plain_tip

_GAP_PX = 2


class SectionList(QListWidget):
    """The sections of the report, each with a box to leave it out."""

    def __init__(self, parent: QWidget | None = None, *, left_out: frozenset[str] = frozenset()) -> None:
        super().__init__(parent)
        self.setObjectName("report_sections")
        self.setAccessibleName(self.tr("Sections"))
        self.setTextElideMode(Qt.TextElideMode.ElideRight)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        for name, title in SECTIONS.items():
            words = QCoreApplication.translate("Sections", title)
            item = QListWidgetItem(words, self)
            item.setToolTip(plain_tip(words))
            item.setData(Qt.ItemDataRole.UserRole, name)
            item.setFlags(
                Qt.ItemFlag.ItemIsEnabled | Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            )
            item.setCheckState(Qt.CheckState.Unchecked if name in left_out else Qt.CheckState.Checked)
        self.ensurePolished()  # else the height is that of another font
        self.setSpacing(_GAP_PX)
        row_px = self.sizeHintForRow(0) + 2 * _GAP_PX
        self.setFixedHeight(self.count() * row_px + 2 * self.frameWidth() + 2)

    def chosen(self) -> frozenset[str]:
        """Names of the sections that are to be printed."""
        items = (self.item(row) for row in range(self.count()))
        return frozenset(
            str(item.data(Qt.ItemDataRole.UserRole))
            for item in items
            if item.checkState() is Qt.CheckState.Checked
        )
