"""A box for a number in which both the point and the comma part the decimals."""

from __future__ import annotations

from PySide6.QtGui import QValidator
from PySide6.QtWidgets import QDoubleSpinBox


class DecimalBox(QDoubleSpinBox):
    """A spin box that takes "1.2" and "1,2" whatever the language of the system is."""

    def validate(self, text: str, position: int) -> tuple[QValidator.State, str, int]:
        """As Qt does, once the mark is the system's own."""
        return super().validate(self._own(text), position)

    def valueFromText(self, text: str) -> float:  # noqa: N802  Qt's name
        """The number in a text that may hold either mark."""
        return super().valueFromText(self._own(text))

    def _own(self, text: str) -> str:
        mark = self.locale().decimalPoint()
        return text.replace(",", mark).replace(".", mark)
