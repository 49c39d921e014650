"""GMFCS levels, Cobb angles and Edinburgh grades of many sessions in one CSV table.

Columns: ``subject`` (needed), ``session`` (the visit; empty = every visit of the subject), ``gmfcs`` (I to V,
or 0 for a child without motor impairment), ``cobb_deg``, ``left_1`` ... ``left_17``, ``right_1`` ...
``right_17`` (0, 1, 2; empty = not graded) and ``merged`` (yes: 1 means "1 or 2"). ``split`` and ``note`` may
stand there, too.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.learning import ITEMS
from gaitviewer.core.numbers import parse_decimal
from gaitviewer.core.serialise import quote
from gaitviewer.errors import FormatError
from gaitviewer.formats._tables import read_table
from gaitviewer.messages import Message, message

_ITEMS = {side: tuple(f"{side.value}_{item}" for item in range(1, ITEMS + 1)) for side in Side}
_VALUES = ("gmfcs", "cobb_deg", *_ITEMS[Side.LEFT], *_ITEMS[Side.RIGHT])
COLUMNS = ("subject", "session", *_VALUES, "merged", "split", "note")
_GMFCS = {"0": "0", "1": "I", "2": "II", "3": "III", "4": "IV", "5": "V"}
_MOST_DEG = 180.0


@dataclass(frozen=True, slots=True)
class LabelRow:
    """What a line says of a subject, or of one visit.

    Attributes:
        subject, session: whose; session "" = every visit.
        gmfcs: "0", "I" ... "V", or "".   cobb_deg: degrees, or None.
        scores: per limb 17 scores or None.   merged: scores 1 and 2 were not told apart.
        line: in the file.
    """

    subject: str
    session: str
    gmfcs: str
    cobb_deg: float | None
    scores: BySide[tuple[int | None, ...]]
    merged: bool
    line: int

    @property
    def name(self) -> str:
        """The subject, with the visit if it is of one."""
        return f"{self.subject}, {self.session}" if self.session else self.subject


LabelTable = Mapping[tuple[str, str], LabelRow]


def read_labels(path: Path) -> LabelTable:
    """Rows by (subject, session).

    Raises:
        FormatError: no such table; or an unknown column, a wrong value or a row that is there twice, with its
            line.
    """
    rows = read_table(path, ("subject",))
    if not rows:
        raise FormatError(message("error.format.labels.empty", file=path.name))
    unknown = [name for name in rows[0] if name not in COLUMNS]
    if unknown:
        raise FormatError(
            message("error.format.labels.unknown", file=path.name, column=quote(unknown[0]), columns=COLUMNS)
        )
    if not any(name in rows[0] for name in _VALUES):
        raise FormatError(message("error.format.labels.no_values", file=path.name))
    found: dict[tuple[str, str], LabelRow] = {}
    for line, raw in enumerate(rows, start=2):
        row = _row({name: text.strip() for name, text in raw.items()}, path, line)
        key = (row.subject, row.session)
        if key in found:
            raise FormatError(
                message(
                    "error.format.labels.twice", file=path.name, line=line, name=row.name, first=found[key].line
                )
            )
        found[key] = row
    return found


def row_of(table: LabelTable, subject: str, *sessions: str) -> LabelRow | None:
    """What a table says of a visit, known by any of these names; else of the subject's every visit."""
    known = (table.get((subject, session)) for session in (*sessions, ""))
    return next((row for row in known if row is not None), None)


def _row(raw: Mapping[str, str], path: Path, line: int) -> LabelRow:
    def wrong(column: str, expected: Message) -> FormatError:
        return FormatError(
            message(
                "error.format.labels.value",
                file=path.name,
                line=line,
                column=column,
                found=quote(raw[column]),
                expected=expected,
            )
        )

    def score(column: str) -> int | None:
        text = raw.get(column, "")
        if text not in ("", "0", "1", "2"):
            raise wrong(column, message("error.format.labels.expected.score"))
        return int(text) if text else None

    if not raw["subject"]:
        raise FormatError(message("error.format.labels.no_subject", file=path.name, line=line))
    level = raw.get("gmfcs", "").upper().removeprefix("GMFCS").removeprefix("LEVEL").strip()
    level = _GMFCS.get(level, level)
    if level not in ("", *_GMFCS.values()):
        raise wrong("gmfcs", message("error.format.labels.expected.gmfcs"))
    cobb = None
    if text := raw.get("cobb_deg", "").removesuffix("°").strip():
        try:
            cobb = parse_decimal(text)
        except ValueError as error:
            raise wrong("cobb_deg", message("error.format.labels.expected.cobb")) from error
        if not 0.0 <= cobb <= _MOST_DEG:
            raise wrong("cobb_deg", message("error.format.labels.expected.cobb"))
    merged = raw.get("merged", "").lower()
    if merged not in ("", "yes", "no"):
        raise wrong("merged", message("error.format.labels.expected.merged"))
    left, right = (tuple(score(column) for column in _ITEMS[side]) for side in (Side.LEFT, Side.RIGHT))
    session = raw.get("session", "")
    return LabelRow(raw["subject"], session, level, cobb, BySide(left, right), merged == "yes", line)
