"""``events.csv``: one row for each gait event of each walking pass.

Columns: trial, view, pass, direction, side, event ("initial contact", "toe-off"), time_s (in the time of
that view's video), frame (the nearest one), sigma_s (standard error), agreed (whether the detectors agree),
corrected (set by a person), then one ``detector_<name>_s`` for each detector's own time.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from gaitviewer.core.gait import EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.measures import Measures, ViewMotion
from gaitviewer.errors import FormatError, reason_of
from gaitviewer.formats import _tables
from gaitviewer.formats._tables import number, truth
from gaitviewer.messages import message

COLUMNS = (
    "trial", "view", "pass", "direction", "side", "event", "time_s", "frame", "sigma_s", "agreed", "corrected"
)  # fmt: skip


def write_events(path: Path, measures: Measures) -> None:
    """Writes the events of all trials, views and passes.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    found = list(_events(measures))
    detectors = sorted({name for *_, event in found for name, _ in event.detectors})
    rows = []
    for trial, view, index, motion, event in found:
        own = dict(event.detectors)
        frame = int(np.argmin(np.abs(motion.pose.times - event.time_s)))
        rows.append(
            [
                trial,
                view.value,
                index,
                motion.passes[index].direction.value,
                event.side.value,
                event.kind.value,
                number(event.time_s),
                frame,
                number(event.sigma_s),
                truth(event.agreed),
                truth(event.corrected),
                *(number(own.get(name)) for name in detectors),
            ]
        )
    _tables.write_table(path, (*COLUMNS, *(f"detector_{name}_s" for name in detectors)), rows)


def _events(measures: Measures) -> Iterator[tuple[str, View, int, ViewMotion, GaitEvent]]:
    for trial in measures.motions:
        for view in View:
            motion = trial.views[view]
            if motion is None:
                continue
            for index, events in enumerate(motion.events):
                for event in events.events:
                    yield trial.trial.id, view, index, motion, event


def read_events(path: Path) -> dict[tuple[str, View], tuple[GaitEvents, ...]]:
    """Events by (trial, view): one :class:`GaitEvents` for each pass up to the last one with an event.

    Raises:
        FormatError: the file is missing or is not an events table.
    """
    found: dict[tuple[str, View], dict[int, list[GaitEvent]]] = {}
    for row in _tables.read_table(path, COLUMNS):
        try:
            view, side, kind = View(row["view"]), Side(row["side"]), EventKind(row["event"])
        except ValueError as error:
            raise FormatError(
                message("error.format.events.wrong_kind", file=path.name, reason=reason_of(error))
            ) from error
        time_s = _tables.parse_number(row, "time_s", path)
        if not np.isfinite(time_s):
            raise FormatError(message("error.format.events.no_time", file=path.name))
        detectors = tuple(
            (name.removeprefix("detector_").removesuffix("_s"), _tables.parse_number(row, name, path))
            for name in row
            if name.startswith("detector_") and row[name]
        )
        event = GaitEvent(
            kind,
            side,
            time_s,
            _tables.parse_number(row, "sigma_s", path),
            detectors,
            row["agreed"] == "yes",
            row["corrected"] == "yes",
        )
        passes = found.setdefault((row["trial"], view), {})
        passes.setdefault(_tables.parse_count(row, "pass", path), []).append(event)
    return {
        key: tuple(GaitEvents(tuple(passes.get(index, ()))) for index in range(max(passes) + 1))
        for key, passes in found.items()
    }
