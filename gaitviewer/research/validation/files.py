"""A validation as files: every table as CSV, and the whole as JSON and as text."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import Any

from gaitviewer.research.validation.summary import ValidationReport
from gaitviewer.research.validation.text import format_report, report_as_json
from gaitviewer.util import file_set

_TABLES = ("angles", "limbs", "events", "items", "certainty", "bodies")


def write_report(report: ValidationReport, folder: Path) -> tuple[Path, ...]:
    """Writes ``validation.txt``, ``validation.json`` and a CSV file for each table; all appear, or none.

    Args:
        report: what was found.
        folder: made if it is not there.

    Raises:
        OutputError: they cannot be written; the folder is as it was.
    """
    data = report_as_json(report)
    texts = {f"{name}.csv": _csv(data[name]) for name in _TABLES}
    texts["validation.json"] = json.dumps(data, indent=1) + "\n"
    texts["validation.txt"] = format_report(report) + "\n"
    return file_set.write_all(folder, {name: partial(_write, text=text) for name, text in texts.items()})


def _write(path: Path, *, text: str) -> None:
    path.write_text(text, encoding="utf-8", newline="\n")


def _csv(rows: list[dict[str, Any]]) -> str:
    """Rows with their inner tables as columns of their own ("tenths_0"); empty is not known."""
    flat = [_flat(row) for row in rows]
    out = io.StringIO()
    table = csv.DictWriter(out, list(flat[0]) if flat else [], lineterminator="\n")
    table.writeheader()
    table.writerows(flat)
    return out.getvalue()


def _flat(row: dict[str, Any]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, value in row.items():
        inner = dict(enumerate(value)) if isinstance(value, list | tuple) else value
        if isinstance(inner, Mapping):
            found |= {f"{name}_{key}": one for key, one in inner.items()}
        else:
            found[name] = value
    return found
