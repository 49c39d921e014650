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
from gaitviewer.gui.services.jobs import JobFailure, Jobs
from gaitviewer.gui.widgets.plain import PlainLabel, add_plain_row
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.pose.added import add_pose_model
from gaitviewer.pose.models import (
    BEST,
    NAMES,
    PoseModel,
    added_models,
    added_names,
    limit_of,
    pose_model,
    problem_of,
    remove_added,
)
from gaitviewer.workflow.app.settings import Settings, change, save

_ADDING = "add pose model"


class SettingsDialog(QDialog):
    """A form of the settings; they are kept when it is accepted.

    Signals:
        chosen: the new :class:`Settings`, already written.
    """

    chosen = Signal(object)

    def __init__(self, settings: Settings, jobs: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._jobs = jobs
        self.finished.connect(lambda: jobs.cancel(_ADDING))
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
        self._fill_pose_models(self.settings.pose_model)
        self.pose_model.currentIndexChanged.connect(self._show_pose_model)
        add_plain_row(form, self.tr("Pose model"), self.pose_model)
        self.pose_model_problem = PlainLabel(wraps=True)
        self.add_pose_model = QPushButton(self.tr("Add a pose model…"))
        self.add_pose_model.setObjectName("settings_add_pose_model")
        self.add_pose_model.clicked.connect(self._choose_pose_model)
        self.remove_pose_model = QPushButton(self.tr("Remove it"))
        self.remove_pose_model.setObjectName("settings_remove_pose_model")
        self.remove_pose_model.clicked.connect(self._remove_pose_model)
        form.addRow(self.pose_model_problem)
        form.addRow("", self.add_pose_model)
        form.addRow("", self.remove_pose_model)
        self._show_pose_model()

    def _fill_pose_models(self, chosen: str) -> None:
        self.pose_model.clear()
        self.pose_model.addItem(self.tr("the best one that is here"), BEST)
        for name in NAMES:
            self.pose_model.addItem(pose_model(name).card.title, name)
        for model in added_models():
            self.pose_model.addItem(f"{model.name} ({model.card.title})", model.name)
        self.pose_model.setCurrentIndex(max(0, self.pose_model.findData(chosen)))

    def _show_pose_model(self) -> None:
        """What is wrong with the chosen model, or what is missing for a better one."""
        added = self.pose_model.currentData() in added_names()
        model = pose_model(self.pose_model.currentData() if added else "heavy")
        missing = problem_of(model) or limit_of(model)
        self.pose_model_problem.setText(say_sentence(missing))
        self.pose_model_problem.setVisible(bool(missing))
        self.remove_pose_model.setVisible(added)

    def _choose_pose_model(self) -> None:
        kinds = self.tr("Pose models: BlazePose, RTMPose, ViTPose (*.tflite *.onnx *.safetensors)")
        name, _ = QFileDialog.getOpenFileName(self, self.tr("File of a pose model"), "", kinds)
        if name:
            self.take_pose_model(Path(name))

    def take_pose_model(self, file: Path) -> None:
        """Try a pose model and add it from its file; a problem is said here."""

        def done(model: PoseModel) -> None:
            self.add_pose_model.setEnabled(True)
            self.problem.setText("")
            self._fill_pose_models(model.name)

        def failed(failure: JobFailure) -> None:
            self.add_pose_model.setEnabled(True)
            self.problem.setText(say_sentence(failure.message))

        self.add_pose_model.setEnabled(False)
        self.problem.setText(self.tr("The pose model is being tried…"))
        self._jobs.start(_ADDING, lambda tick: add_pose_model(file), done=done, failed=failed)

    def _remove_pose_model(self) -> None:
        try:
            remove_added(self.pose_model.currentData())
        except UserError as error:
            self.problem.setText(say_sentence(error.message))
        self._fill_pose_models(BEST)

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
