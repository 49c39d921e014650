"""The sections of a report to choose from."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QListWidget, QListWidgetItem, QWidget

from gaitviewer.core.report_options import MODEL_SECTIONS, SECTIONS, USUAL_SECTIONS
from gaitviewer.gui.widgets.plain import plain_tip

_GAP_PX = 2
NEEDS_NO_MODEL = USUAL_SECTIONS | {"doubts"}  # what was measured can be doubted, too


class SectionList(QListWidget):
    """The sections of the report, each with a box to leave it out.

    Those of learned models begin switched off, whatever was chosen for the last report: whoever prints what a
    model says decides it for this session.
    """

    def __init__(
        self, parent: QWidget | None = None, *, left_out: frozenset[str] = frozenset(), asked: bool = False
    ) -> None:
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
            flags = Qt.ItemFlag.ItemIsSelectable | Qt.ItemFlag.ItemIsUserCheckable
            if asked or name in NEEDS_NO_MODEL:
                flags |= Qt.ItemFlag.ItemIsEnabled
            else:
                item.setToolTip(plain_tip(self.tr("No model was asked about this session.")))
            item.setFlags(flags)
            off = name in left_out or name in MODEL_SECTIONS
            item.setCheckState(Qt.CheckState.Unchecked if off else Qt.CheckState.Checked)
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
