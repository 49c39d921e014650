"""The facts of a session as a form that says at once what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import date
from functools import partial
from typing import Any, TypeVar

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QCheckBox, QComboBox, QGridLayout, QLineEdit, QWidget

from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.session import Affected, Footwear, Session, WalkingAid
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.gui.widgets import theme
from gaitviewer.gui.widgets.plain import PlainLabel
from gaitviewer.gui.widgets.translation import say_sentence
from gaitviewer.workflow.analysis.request import make_session, parse_date, parse_length_m

T = TypeVar("T")


class FactsForm(QWidget):
    """Who, when, how tall, on what feet.

    Attributes:
        problems: what is wrong, by field, in words.

    Signals:
        edited: something was typed or chosen.
    """

    edited = Signal()

    def __init__(self, session: Session | None = None, parent: QWidget | None = None) -> None:
        """Start with the facts of ``session``; without one, empty and for today."""
        super().__init__(parent)
        self.problems: dict[str, str] = {}
        self._before = session
        self._lines: list[QLineEdit] = []
        self._build()
        self.fill(session)
        for line in self._lines:
            line.textChanged.connect(self.edited)

    def _build(self) -> None:
        self.subject = self._line("subject", self.tr("for example P001"))
        self.when = self._line("when", self.tr("2026-03-09"))
        self.birth = self._line("birth", self.tr("2017-05-21"))
        self.age = self._line("age", self.tr("years, if no birth date"))
        self.sex = self._choice(
            "sex", ((self.tr("not stated"), ""), (self.tr("female"), "F"), (self.tr("male"), "M"))
        )
        self.tall = self._line("height", self.tr("1.35 m or 135 cm"))
        self.leg = self._line("leg_length", self.tr("0.68 m or 68 cm"))
        self.footwear = self._choice(
            "footwear",
            (
                (self.tr("not stated"), Footwear.UNKNOWN),
                (self.tr("barefoot"), Footwear.BAREFOOT),
                (self.tr("shoes"), Footwear.SHOES),
                (self.tr("AFO"), Footwear.AFO),
            ),
        )
        self.aid = self._choice(
            "aid",
            (
                (self.tr("not stated"), WalkingAid.UNKNOWN),
                (self.tr("none"), WalkingAid.NONE),
                (self.tr("crutches or canes"), WalkingAid.CRUTCHES),
                (self.tr("walker"), WalkingAid.WALKER),
                (self.tr("hand held"), WalkingAid.HELD),
            ),
        )
        self.affected = self._choice(
            "affected",
            (
                (self.tr("not stated"), Affected.UNKNOWN),
                (self.tr("left"), Affected.LEFT),
                (self.tr("right"), Affected.RIGHT),
                (self.tr("both"), Affected.BOTH),
                (self.tr("none"), Affected.NONE),
            ),
        )
        self.diagnosis = self._line("diagnosis", "")
        self.surgery = self._line("surgery", self.tr("dates, with commas between"))
        self.botulinum = self._line("botulinum", self.tr("dates, with commas between"))
        self.note = self._line("note", "")
        self.mirrored = QCheckBox(self.tr("The videos are mirrored"))
        fields: tuple[tuple[str, QWidget], ...] = (
            (self.tr("Subject (pseudonym)"), self.subject),
            (self.tr("Date of the visit"), self.when),
            (self.tr("Birth date"), self.birth),
            (self.tr("Age"), self.age),
            (self.tr("Sex"), self.sex),
            (self.tr("Diagnosis"), self.diagnosis),
            (self.tr("Height"), self.tall),
            (self.tr("Leg length"), self.leg),
            (self.tr("Feet"), self.footwear),
            (self.tr("Walking aid"), self.aid),
            (self.tr("Affected side"), self.affected),
            (self.tr("Note"), self.note),
            (self.tr("Surgery"), self.surgery),
            (self.tr("Botulinum"), self.botulinum),
        )
        self._lay_out(fields)

    def _lay_out(self, fields: tuple[tuple[str, QWidget], ...]) -> None:
        grid = QGridLayout(self)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(10)
        grid.setVerticalSpacing(6)
        for number, (words, field) in enumerate(fields):
            row, column = divmod(number, 2)
            label = PlainLabel(words)
            label.setBuddy(field)
            field.setAccessibleName(words)
            grid.addWidget(label, row, 2 * column)
            grid.addWidget(field, row, 2 * column + 1)
        grid.addWidget(self.mirrored, (len(fields) + 1) // 2, 1)
        grid.setColumnStretch(1, 1)
        grid.setColumnStretch(3, 1)

    def _line(self, name: str, hint: str) -> QLineEdit:
        line = QLineEdit()
        line.setObjectName(f"facts_{name}")
        line.setPlaceholderText(hint)
        self._lines.append(line)
        return line

    def _choice(self, name: str, choices: tuple[tuple[str, object], ...]) -> QComboBox:
        box = QComboBox()
        box.setObjectName(f"facts_{name}")
        for words, value in choices:
            box.addItem(words, value)
        box.currentIndexChanged.connect(self.edited)
        return box

    def fill(self, session: Session | None) -> None:
        """Show these facts."""
        if session is None:
            self.when.setText(date.today().isoformat())
            return
        subject = session.subject
        words: tuple[tuple[QLineEdit, str], ...] = (
            (self.subject, subject.pseudonym),
            (self.when, session.when.isoformat() if session.when else ""),
            (self.birth, subject.birth.isoformat() if subject.birth else ""),
            (self.age, f"{session.age_years:g}" if session.age_years and not subject.birth else ""),
            (self.diagnosis, subject.diagnosis),
            (self.tall, f"{session.height_m:g} m" if session.height_m else ""),
            (self.leg, f"{session.leg_length_m:g} m" if session.leg_length_m else ""),
            (self.note, session.note),
            (self.surgery, ", ".join(day.isoformat() for day in session.surgery)),
            (self.botulinum, ", ".join(day.isoformat() for day in session.botulinum)),
        )
        for line, text in words:
            line.setText(text)
        choices: tuple[tuple[QComboBox, Any], ...] = (
            (self.sex, subject.sex),
            (self.footwear, session.footwear),
            (self.aid, session.walking_aid),
            (self.affected, subject.affected),
        )
        for box, value in choices:
            # Qt does not find None and members of enumerations by itself.
            box.setCurrentIndex(next(n for n in range(box.count()) if box.itemData(n) == value))
        self.mirrored.setChecked(session.mirrored)

    # --- reading -------------------------------------------------------------------------------------

    def session(self) -> Session | None:
        """The facts as a session; None while something is wrong (:attr:`problems` says what)."""
        self.problems = {}
        return self._read()

    def mark(self) -> None:
        """Draw a frame around what is wrong; an empty field is not yet a mistake."""
        for line in self._lines:
            wrong = line.objectName().removeprefix("facts_") in self.problems and bool(line.text())
            line.setStyleSheet(f"QLineEdit {{ border: 1px solid {theme.palette().error}; }}" if wrong else "")

    def attempt(self, field: str, read: Callable[[], T]) -> T | None:
        """What ``read`` gives; None where it refuses, and its words are kept as a problem of the field."""
        try:
            return read()
        except (SettingsError, ValueError) as error:
            self.problems[field] = say_sentence(reason_of(error))
            return None

    def _date(self, field: str, line: QLineEdit, what: str) -> date | None:
        text = line.text().strip()
        return self.attempt(field, lambda: parse_date(text, what=what)) if text else None

    def _length(self, field: str, line: QLineEdit, what: str) -> float | None:
        text = line.text().strip()
        return self.attempt(field, lambda: parse_length_m(text, what=what)) if text else None

    def _dates(self, field: str, line: QLineEdit, what: str) -> tuple[date, ...]:
        words = [word.strip() for word in line.text().split(",") if word.strip()]
        return self.attempt(field, lambda: tuple(parse_date(word, what=what) for word in words)) or ()

    def number(self, field: str, line: QLineEdit, what: str, low: float, high: float) -> float | None:
        """The number in a field; None where it is empty or out of range."""
        text = line.text().strip()
        if not text:
            return None

        def read() -> float:
            try:
                value = parse_decimal(text)
            except ValueError:
                value = float("nan")
            if not low <= value <= high:
                raise ValueError(
                    self.tr("{what} must be a number from {low} to {high}.").format(
                        what=what, low=f"{low:g}", high=f"{high:g}"
                    )
                )
            return value

        return self.attempt(field, read)

    def _read(self) -> Session | None:
        if not self.subject.text().strip():
            self.problems["subject"] = self.tr("The subject needs a pseudonym (no real name).")
        when = self._date("when", self.when, self.tr("The date of the visit"))
        birth = self._date("birth", self.birth, self.tr("The birth date"))
        age = self.number("age", self.age, self.tr("The age"), 0.5, 119)
        height = self._length("height", self.tall, self.tr("The height"))
        leg = self._length("leg_length", self.leg, self.tr("The leg length"))
        surgery = self._dates("surgery", self.surgery, self.tr("A date of surgery"))
        botulinum = self._dates("botulinum", self.botulinum, self.tr("A date of botulinum"))
        groups: tuple[tuple[str, dict[str, Any]], ...] = (
            ("subject", {}),
            ("birth" if birth else "age", {"when": when, "birth": birth, "age_years": age}),
            ("leg_length", {"height_m": height, "leg_length_m": leg}),
        )
        for field, facts in groups:  # each on its own, so that the right field is marked
            if not self.problems:
                self.attempt(field, partial(make_session, self.subject.text(), **facts))
        if self.problems:
            return None
        together = {name: value for _, facts in groups for name, value in facts.items()}
        session = make_session(
            self.subject.text(),
            sex=self.sex.currentData(),
            diagnosis=self.diagnosis.text().strip(),
            affected=self.affected.currentData(),
            footwear=self.footwear.currentData(),
            walking_aid=self.aid.currentData(),
            mirrored=self.mirrored.isChecked(),
            note=self.note.text().strip(),
            **together,
        )
        session = replace(session, surgery=surgery, botulinum=botulinum)
        before = self._before
        if before is None:
            return session
        return replace(session, id=before.id, gmfcs=before.gmfcs, cobb=before.cobb)
