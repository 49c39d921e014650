"""What a user chooses once for all sessions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QIcon, QPixmap
from PySide6.QtWidgets import (
    QCheckBox,
    QColorDialog,
    QComboBox,
    QDialog,
    QDialogButtonBox,
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
from gaitviewer.workflow.app.settings import Settings, change, save

if TYPE_CHECKING:
    from gaitviewer.inference.ask import Device

_GB = 1e9


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
        self._add_models(form)
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

    def _add_models(self, form: QFormLayout) -> None:
        """Where learned models compute; what there is besides the processor is found out by asking."""
        self.device = QComboBox()
        self.device.setObjectName("settings_device")
        chosen = self.settings.model_device
        self.device.addItem(self.tr("{device}, being looked for").format(device=chosen), chosen)
        add_plain_row(form, self.tr("Models compute on"), self.device)
        self.precision = QComboBox()
        self.precision.setObjectName("settings_precision")
        self.precision.addItem(self.tr("32 bits (fp32)"), "fp32")
        self.precision.addItem(self.tr("16 bits where the device can (bf16)"), "bf16")
        self.precision.setCurrentIndex(self.precision.findData(self.settings.model_precision))
        add_plain_row(form, self.tr("Precision of models"), self.precision)
        self.ask_after = QCheckBox(self.tr("Ask all models after every analysis"))
        self.ask_after.setChecked(self.settings.ask_after_analysis)
        add_plain_row(form, "", self.ask_after)

    def show_devices(self, devices: tuple[Device, ...]) -> None:
        """What models can compute on, with name and memory; one that is chosen and gone stays in the list."""
        chosen = self.device.currentData()
        self.device.clear()
        for device in devices:
            words = self.tr("{device}: {name}, {gb} GB") if device.memory_bytes else self.tr("{device}: {name}")
            gb = f"{device.memory_bytes / _GB:.0f}"
            self.device.addItem(words.format(device=device.id, name=device.name, gb=gb), device.id)
        if self.device.findData(chosen) < 0:
            self.device.addItem(self.tr("{device} (not here)").format(device=chosen), chosen)
        self.device.setCurrentIndex(self.device.findData(chosen))

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
                memory_mb=self.memory.value(),
                refine_legs=self.refine_legs.isChecked(),
                model_device=self.device.currentData(),
                model_precision=self.precision.currentData(),
                ask_after_analysis=self.ask_after.isChecked(),
                **self._colours,
            )
            save(chosen)
        except UserError as error:
            self.problem.setText(say_sentence(error.message))
            return
        self.chosen.emit(chosen)
        super().accept()
