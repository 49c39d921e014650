"""A validation as text for people and as data for programs."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.research.validation.compare import FILE, MARKERS, Comparison
from gaitviewer.research.validation.items import FILE_ITEMS, MARKER_ITEMS
from gaitviewer.research.validation.projection import RATE_HZ
from gaitviewer.research.validation.summary import ItemRow, ValidationReport

_SCHEMA_VERSION = 1


def format_report(report: ValidationReport) -> str:
    """The report as text tables."""
    parts = [
        _head(report),
        _left_out(report),
        _angles(report),
        _events(report),
        _items(report),
        _trials(report),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(head: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def show(line: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([show(head), "  ".join("-" * w for w in widths), *map(show, rows)])


def _number(value: float, digits: int = 1) -> str:
    return "-" if math.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def _head(report: ValidationReport) -> str:
    o = report.options
    rate = "the files' own rate" if o.rate_hz is None else f"{o.rate_hz:g} Hz"
    camera = "without perspective" if o.distance_m is None else f"{o.distance_m:g} m away"
    if o.render:
        rate = f"{o.rate_hz or RATE_HZ:g} Hz"
    seen = (
        f"from the pixels of a drawn body (pose model {o.pose_model})"
        if o.render
        else f"noise {o.noise_px:g} px"
    )
    return (
        f"{len(report.names)} trials, {report.runs} runs: {rate}, {seen}, "
        f"yaw {o.yaw_deg:g} deg, {o.pixels_per_metre:g} px/m, side camera {camera}"
    )


def _left_out(report: ValidationReport) -> str:
    return "\n".join(f"Left out: {reason}" for reason in report.left_out)


def _angles(report: ValidationReport) -> str:
    rows = [
        (
            row.angle, row.reference, _number(row.mae), _number(row.rmse), f"{row.bias:+.1f}",
            _number(row.mae_no_offset), _number(row.rmse_no_offset),
            *((_number(row.mae_near), _number(row.mae_far)) if report.options.render else ()),
            f"{row.worst_trial:.1f} {row.worst_name}",
        )
        for row in report.angles
    ]  # fmt: skip
    limbs = ("near", "far") if report.options.render else ()  # exact points hide behind nothing
    head = ("Angle (deg)", "against", "MAE", "RMSE", "bias", "MAE*", "RMSE*", *limbs, "worst trial")
    return _table(head, rows) + "\n* without the trial's mean offset; lateral shift in % of the leg length"


def _events(report: ValidationReport) -> str:
    if not any(row.found + row.missed for row in report.events):
        if any(c.sideless for c in report.comparisons):
            return "The files mark events, but none of a foot that is known."
        return "The files mark no events."
    rows = [
        (
            row.kind, _number(row.median_abs_ms), _number(row.p90_abs_ms), _number(row.median_signed_ms),
            str(row.found), str(row.missed), str(row.extra),
        )
        for row in report.events
    ]  # fmt: skip
    head = ("Events (ms)", "median |e|", "90th", "signed", "found", "missed", "extra")
    return _table(head, rows)


def _item_line(name: str, row: ItemRow) -> tuple[str, ...]:
    if not row.pairs:
        return (name, "", "", "", "", "", "", "", _percent(row.nonzero_measured))
    return (
        name, row.reference, f"{row.assessed}/{row.pairs}", _percent(row.agreement),
        f"{row.clear_agreed}/{row.clear}", _percent(row.clear_agreement), _number(row.mean_error),
        _percent(row.nonzero_true), _percent(row.nonzero_measured),
    )  # fmt: skip


def _items(report: ValidationReport) -> str:
    codes = {item.number: item.code for item in load_items()}
    rows = [_item_line(f"{row.number:2d} {codes[row.number]}", row) for row in report.items]
    rows.append(_item_line("file's angles", report.pooled(FILE_ITEMS)))
    rows.append(_item_line("3D markers", report.pooled(MARKER_ITEMS)))
    head = (
        "EVGS item", "against", "assessed", "agree", "clear", "agree", "mean |e|", "true > 0", "score > 0",
    )  # fmt: skip
    note = "clear: true value more than 2 deg (or 0.4 standard errors) from a band edge"
    return _table(head, rows) + "\n" + note


def _trials(report: ValidationReport) -> str:
    lines = [f"{c.name}, draw {c.seed + 1}: {c.failure}" for c in report.comparisons if c.failure]
    lines += [f"{c.name}: {note}" for c in report.comparisons for note in c.notes]
    for c in report.comparisons:
        for e in c.events:
            if e.error_ms is None and not c.failure:
                where = f"{c.name}, draw {c.seed + 1}"
                lines.append(f"{where}: {e.side.value} {e.kind.value} at {e.time_s:.2f} s missed")
    return "\n".join(lines[:40])


def report_as_json(report: ValidationReport) -> dict[str, Any]:
    """The report as JSON-ready data; what is not known is null."""
    return {
        "schema_version": _SCHEMA_VERSION,
        "options": asdict(report.options),
        "trials": list(report.names),
        "runs": report.runs,
        "left_out": list(report.left_out),
        "angles": [_clean(asdict(row)) for row in report.angles],
        "events": [_clean(asdict(row)) for row in report.events],
        "items": [
            _clean({**asdict(row), "agreement": row.agreement, "clear_agreement": row.clear_agreement})
            for row in report.items
        ],
        "pooled": {
            name: _clean({**asdict(row), "agreement": row.agreement, "clear_agreement": row.clear_agreement})
            for name, row in (
                (FILE, report.pooled(FILE_ITEMS)),
                (MARKERS, report.pooled(MARKER_ITEMS)),
            )
        },
        "comparisons": [_comparison(c) for c in report.comparisons],
    }


def _comparison(c: Comparison) -> dict[str, Any]:
    return {
        "trial": c.name,
        "seed": c.seed,
        "failure": c.failure,
        "notes": [str(note) for note in c.notes],
        "events": [
            {"kind": e.kind.value, "side": e.side.value, "time_s": e.time_s, "error_ms": e.error_ms}
            for e in c.events
        ],
        "extra": [{"kind": e.kind.value, "side": e.side.value, "time_s": e.time_s} for e in c.extra],
        "items": [_clean({**asdict(p), "side": p.side.value}) for p in c.items],
    }


def _clean(row: dict[str, Any]) -> dict[str, Any]:
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in row.items()}
