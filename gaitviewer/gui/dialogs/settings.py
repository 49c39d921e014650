"""What a user chooses once for all sessions."""

from __future__ import annotations

from pathlib import Path

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QFileDialog,
    QFormLayout,
    QLineEdit,
    QPushButton,
    QSpinBox,
    QVBoxLayout,
    QWidget,
)

from gaitviewer.errors import UserError
from gaitviewer.gui.widgets.plain import PlainLabel, add_plain_row
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.pose.models import BEST, NAMES, add_model_file, pose_model, problem_of
from gaitviewer.workflow.app.settings import Settings, change, save


class SettingsDialog(QDialog):
    """A form of the settings; they are kept when it is accepted.

    Signals:
        chosen: the new :class:`Settings`, already written.
    """

    chosen = Signal(object)

    def __init__(self, settings: Settings, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("settings_dialog")
        self.setWindowTitle(self.tr("Settings"))
        self.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        self.settings = settings
        self.setMinimumWidth(440)
        form = QFormLayout()
        self.rater = QLineEdit(settings.rater)
        self.rater.setMaxLength(200)
        self.rater.setPlaceholderText(self.tr("Name or initials, kept with each grade"))
        add_plain_row(form, self.tr("Rater"), self.rater)
        self.hide_values = QCheckBox(self.tr("Hide measured and model values until I have graded"))
        self.hide_values.setChecked(settings.hide_until_graded)
        add_plain_row(form, "", self.hide_values)
        self.paper = QComboBox()
        self.paper.addItems(["A4", "Letter"])
        self.paper.setCurrentText(settings.paper)
        add_plain_row(form, self.tr("Paper of the report"), self.paper)
        self.workers = QSpinBox()
        self.workers.setRange(0, 64)
        self.workers.setSpecialValueText(self.tr("automatic"))
        self.workers.setValue(settings.workers)
        add_plain_row(form, self.tr("Processes for the analysis"), self.workers)
        self._add_pose_model(form)
        self.memory = QSpinBox()
        self.memory.setRange(64, 65536)
        self.memory.setSingleStep(128)
        self.memory.setSuffix(" MB")
        self.memory.setValue(settings.memory_mb)
        self.memory.setToolTip(self.tr("Counts from the next start"))
        add_plain_row(form, self.tr("Memory for pictures"), self.memory)
        self.refine_legs = QCheckBox(self.tr("Put legs right where the estimator draws both as one"))
        self.refine_legs.setToolTip(self.tr("A network trained on synthetic gait; from the next measuring on"))
        self.refine_legs.setChecked(settings.refine_legs)
        add_plain_row(form, "", self.refine_legs)
        self._colours = {"left_colour": settings.left_colour, "right_colour": settings.right_colour}
        for name, words in (("left_colour", self.tr("Left side")), ("right_colour", self.tr("Right side"))):
            add_plain_row(form, words, self._colour_button(name))
        self.problem = PlainLabel(wraps=True)
        buttons = QDialogButtonBox(QDialogButtonBox.StandardButton.Ok | QDialogButtonBox.StandardButton.Cancel)
        buttons.accepted.connect(self.accept)
        buttons.rejected.connect(self.reject)
        layout = QVBoxLayout(self)
        layout.addLayout(form)
        layout.addWidget(self.problem)
        layout.addWidget(buttons)

    def _add_pose_model(self, form: QFormLayout) -> None:
        """What finds the keypoints; a model that is not here can be added from its file."""
        self.pose_model = QComboBox()
        self.pose_model.setObjectName("settings_pose_model")
        self.pose_model.addItem(self.tr("the best one that is here"), BEST)
        for name in NAMES:
            self.pose_model.addItem(pose_model(name).card.title, name)
        self.pose_model.setCurrentIndex(self.pose_model.findData(self.settings.pose_model))
        add_plain_row(form, self.tr("Pose model"), self.pose_model)
        self.pose_model_problem = PlainLabel(wraps=True)
        self.add_pose_model = QPushButton(self.tr("Add its file…"))
        self.add_pose_model.setObjectName("settings_add_pose_model")
        self.add_pose_model.clicked.connect(self._choose_pose_model)
        form.addRow(self.pose_model_problem)
        form.addRow("", self.add_pose_model)
        self._show_missing()

    def _show_missing(self) -> None:
        missing = problem_of(pose_model("heavy"))
        self.pose_model_problem.setText(say_sentence(missing))
        self.pose_model_problem.setVisible(bool(missing))
        self.add_pose_model.setVisible(bool(missing))

    def _choose_pose_model(self) -> None:
        name, _ = QFileDialog.getOpenFileName(
            self, self.tr("File of a pose model"), "", self.tr("Pose models (*.tflite)")
        )
        if name:
            self.take_pose_model(Path(name))

    def take_pose_model(self, file: Path) -> None:
        """Add a pose model from its file; a problem is said here."""
        try:
            add_model_file(file)
        except UserError as error:
            self.problem.setText(say_sentence(error.message))
            return
        self.problem.setText("")
        self._show_missing()

    def _colour_button(self, name: str) -> QPushButton:
        button = QPushButton()
        button.setObjectName(f"settings_{name}")

        def show() -> None:
            swatch = QPixmap(16, 16)
            swatch.fill(self._colours[name])
            button.setIcon(QIcon(swatch))
            button.setText(self._colours[name])

        def choose() -> None:
            dialog = QColorDialog(Qt.GlobalColor.black, self)
            dialog.setCurrentColor(self._colours[name])
            dialog.setOption(QColorDialog.ColorDialogOption.DontUseNativeDialog)
            if dialog.exec():
                self._colours[name] = dialog.currentColor().name()
                show()

        show()
        button.clicked.connect(choose)
        return button

    def accept(self) -> None:
        """Write and use them; a problem is said here and the dialog stays."""
        try:
            chosen = change(
                self.settings,
                rater=self.rater.text().strip(),
                hide_until_graded=self.hide_values.isChecked(),
                paper=self.paper.currentText(),
                workers=self.workers.value(),
                pose_model=self.pose_model.currentData(),
                memory_mb=self.memory.value(),
                refine_legs=self.refine_legs.isChecked(),
                **self._colours,
            )
            save(chosen)
        except UserError as error:
            self.problem.setText(say_sentence(error.message))
            return
        self.chosen.emit(chosen)
        super().accept()
