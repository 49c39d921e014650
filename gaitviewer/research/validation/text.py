"""A validation as text for people and as data for programs."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from gaitviewer.analysis.evgs.sheet import load_items
from gaitviewer.research.validation.certainty import CertaintyRow
from gaitviewer.research.validation.compare import FILE, MARKERS, Comparison
from gaitviewer.research.validation.items import FILE_ITEMS, MARKER_ITEMS
from gaitviewer.research.validation.projection import RATE_HZ
from gaitviewer.research.validation.scenes import bench_table
from gaitviewer.research.validation.summary import ItemRow, ValidationReport

_SCHEMA_VERSION = 1


def format_report(report: ValidationReport) -> str:
    """The report as text tables."""
    parts = [
        _head(report),
        _left_out(report),
        _angles(report),
        _limbs(report),
        _events(report),
        _items(report),
        _certainty(report),
        _bodies(report),
        _trials(report),
    ]
    return "\n\n".join(part for part in parts if part)


def _table(
    head: tuple[str, ...], rows: Sequence[tuple[str, ...]], groups: Sequence[tuple[str, int]] = ()
) -> str:
    """Text columns; ``groups`` are titles over so many of them each, after the first one."""
    lines = [head, *rows]
    widths = [max(len(line[i]) for line in lines) for i in range(len(head))]

    def show(line: tuple[str, ...]) -> str:
        cells = [
            cell.ljust(width) if i == 0 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, widths, strict=True))
        ]
        return "  ".join(cells).rstrip()

    over, at = " " * widths[0], 1
    for title, count in groups:
        over += "  " + title.center(sum(widths[at : at + count]) + 2 * (count - 1), "-" if title else " ")
        at += count
    return "\n".join(
        [*([over] if groups else []), show(head), "  ".join("-" * w for w in widths), *map(show, rows)]
    )


def _number(value: float | None, digits: int = 1) -> str:
    return "-" if value is None or math.isnan(value) else f"{value:.{digits}f}"


def _percent(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f} %"


def _head(report: ValidationReport) -> str:
    o = report.options
    rate = "the files' own rate" if o.rate_hz is None else f"{o.rate_hz:g} Hz"
    camera = "without perspective" if o.distance_m is None else f"{o.distance_m:g} m away"
    seen = f"noise {o.noise_px:g} px"
    if o.render:
        rate = f"{o.rate_hz or RATE_HZ:g} Hz"
        seen = f"from the pixels of a drawn body (pose model {o.pose_model})"
    if o.bodies:
        rate = rate if o.rate_hz else "rates of each body"
        camera = camera if o.distance_m else "of each body"
        seen = f"from the pixels of {o.bodies} drawn bodies a file (seed {o.seed}, pose model {o.pose_model})"
    refined = "; ".join(sorted({c.refined.split(" (")[0] for c in report.comparisons if c.refined}))
    return (
        f"{len(report.names)} trials, {report.runs} runs: {rate}, {seen},"
        + ("\n" if o.bodies else " ")
        + f"yaw {o.yaw_deg:g} deg, {o.pixels_per_metre:g} px/m, side camera {camera}"
        + (f"\n{refined or 'legs not put right'}" if o.render else "")
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


def _limbs(report: ValidationReport) -> str:
    rows = [
        (
            row.angle.split("_")[0], row.limb, row.legs, str(row.points), _number(row.mae),
            *map(_number, row.tenths),
            "-" if row.worst is None else f"{_number(row.tenths[row.worst])} at {10 * row.worst} %",
        )
        for row in report.limbs
    ]  # fmt: skip
    if not rows:
        return ""
    head = ("MAE (deg)", "limb", "legs", "points", "cycle", *(f"{10 * k}-" for k in range(10)), "worst")
    held = ", ".join(
        dict.fromkeys(f"{row.angle.split('_')[0]} against {row.reference}" for row in report.limbs)
    )
    note = (
        f"{held}; by tenths of the gait cycle\noverlap: both knees or both ankles closer than "
        f"{100 * bench_table().overlap_leg:.0f} % of the leg length in the side view"
    )
    return _table(head, rows) + "\n" + note


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


def _certainty(report: ValidationReport) -> str:
    """Kinds of points beside each other."""
    kinds = list(dict.fromkeys(row.seen for row in report.certainty))
    codes = {item.number: f"{item.number:2d} {item.code}" for item in load_items()} | {0: "all"}
    known = {(row.seen, row.number): row for row in report.certainty}
    numbers = sorted({row.number for row in report.certainty}, key=lambda number: number or 99)

    def cells(row: CertaintyRow | None) -> tuple[str, ...]:
        if row is None or not row.scored:
            return ("",) * 5
        sure = f"{row.sure_right}/{row.sure}" if row.sure else "-"
        covered = row.covered / row.values if row.values else math.nan
        return sure, _share(row.said), _share(row.right), _share(covered), _number(row.error)

    rows = [
        (
            codes[number],
            _number(known[kinds[-1], number].sigma) if (kinds[-1], number) in known else "",
            *(cell for seen in kinds for cell in cells(known.get((seen, number)))),
        )
        for number in numbers
    ]
    table = bench_table()
    names = ("sure", "said", "true", "in", "err")
    head = ("Score (%)", "SE", *(name for _ in kinds for name in names))
    note = (
        f"SE: RMS of the standard errors that the values carry; sure: right of the scores that say "
        f"{100 * table.sure:.0f} % or more;\nsaid, true: mean probability of the scores, share of true ones; "
        f"in: values with the truth in their {100 * table.interval:.0f} %\ninterval; err: RMS error of the "
        "values (all: in SE)"
    )
    groups = [("", 1), *((f" {seen} ", len(names)) for seen in kinds)]
    return _table(head, rows, groups) + "\n" + note


def _share(value: float) -> str:
    return "-" if math.isnan(value) else f"{100 * value:.0f}"


def _bodies(report: ValidationReport) -> str:
    if not report.bodies:
        return ""
    names = {
        "rate_hz": ("Hz", 0), "camera_height_m": ("high", 2), "distance_m": ("away", 1), "girth": ("girth", 2),
        "trousers": ("long", 2), "shorts_length": ("short", 2), "far_shade": ("far leg", 2),
        "skin": ("skin", 0), "gain": ("light", 2), "noise": ("noise", 0), "blur_px": ("blur", 1),
        "jpeg_quality": ("JPEG", 0),
    }  # fmt: skip
    rows = [
        (
            f"{row.trial} {row.number + 1}", *map(_number, row.mae.values()),
            *(_number(row.facts[fact], digits) for fact, (_, digits) in names.items()),
        )
        for row in report.bodies
    ]  # fmt: skip
    return _table(("Body", "knee", "hip", "ankle", *(name for name, _ in names.values())), rows)


def _trials(report: ValidationReport) -> str:
    what = "body" if report.options.bodies else "draw"
    lines = [f"{c.name}, {what} {c.seed + 1}: {c.failure}" for c in report.comparisons if c.failure]
    for c in report.comparisons:
        if not c.failure and not c.angles:
            reasons = dict.fromkeys(item.reason for item in c.items if item.reason)
            lines.append(f"{c.name}, {what} {c.seed + 1}: no stride counts: {'; '.join(reasons)}")
    lines += [f"{c.name}: {note}" for c in report.comparisons for note in c.notes]
    for c in report.comparisons:
        for e in c.events:
            if e.error_ms is None and not c.failure:
                where = f"{c.name}, {what} {c.seed + 1}"
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
        "limbs": [_clean(asdict(row)) for row in report.limbs],
        "certainty": [_clean(asdict(row)) for row in report.certainty],
        "bodies": [_clean(asdict(row)) for row in report.bodies],
        "comparisons": [_comparison(c) for c in report.comparisons],
    }


def _comparison(c: Comparison) -> dict[str, Any]:
    return {
        "trial": c.name,
        "seed": c.seed,
        "failure": c.failure,
        "refined": c.refined,
        "notes": [str(note) for note in c.notes],
        "events": [
            {"kind": e.kind.value, "side": e.side.value, "time_s": e.time_s, "error_ms": e.error_ms}
            for e in c.events
        ],
        "extra": [{"kind": e.kind.value, "side": e.side.value, "time_s": e.time_s} for e in c.extra],
        "items": [_clean({**asdict(p), "side": p.side.value}) for p in c.items],
    }


def _clean(value: Any) -> Any:
    """The same with null for every number that is not known."""
    if isinstance(value, Mapping):
        return {key: _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_clean(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
