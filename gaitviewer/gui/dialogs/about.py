"""What the program is, and what it is not."""

from __future__ import annotations

from PySide6.QtCore import QCoreApplication, Qt
from PySide6.QtWidgets import QDialog, QDialogButtonBox, QHBoxLayout, QVBoxLayout, QWidget

from gaitviewer import __version__, paths
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel


class AboutDialog(QDialog):
    """Name, version, limits, where things are kept."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("about_dialog")
        self.setWindowTitle(self.tr("About GaitViewer"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.setFixedWidth(520)
        picture = PlainLabel()
        picture.setPixmap(theme.icon("app", "accent").pixmap(56, 56))
        title = PlainLabel(f"GaitViewer {__version__}")
        title.setFont(theme.font("title"))
        row = QHBoxLayout()
        row.addWidget(picture)
        row.addWidget(title, 1)
        self.disclaimer = PlainLabel(disclaimer(), wraps=True)
        where = PlainLabel(
            self.tr("Library: {library}\nLogs: {logs}\nNothing is sent anywhere.").format(
                library=paths.library_file(), logs=paths.log_dir()
            ),
            wraps=True,
            quiet=True,
            selectable=True,
        )
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Close)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(20, 20, 20, 14)
        layout.setSpacing(12)
        layout.addLayout(row)
        layout.addWidget(self.disclaimer)
        layout.addWidget(where)
        layout.addWidget(buttons)


def disclaimer() -> str:
    """The limits of the program, said once."""
    return QCoreApplication.translate(
        "AboutDialog",
        "For research and teaching. GaitViewer measures angles in the image plane of ordinary videos and is "
        "not a medical device: it supports the judgement of a trained observer and does not replace it. "
        "A measured score is never a diagnosis, and only grades given by a person are signed.",
    )
