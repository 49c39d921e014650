"""Joint angles that another program computed from the same markers (.mot, .sto), as outputs of the trial.

A .trc file holds markers alone. OpenSim writes the angles of its inverse kinematics into a file of their own,
whose name begins like that of the markers ("walk1.trc", "walk1_ik.mot").
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side
from gaitviewer.errors import FormatError
from gaitviewer.formats.markers import MarkerTrial
from gaitviewer.formats.mot import MotionTable, read_mot
from gaitviewer.messages import message

ENDINGS = (".mot", ".sto")

# Coordinates of OpenSim's models, the first one present counts. {r} is l or r.
_COORDINATES = {
    "Hip": ("hip_flexion_{r}", "hip_flex_{r}"),
    "Knee": ("knee_angle_{r}", "knee_flexion_{r}", "knee_flex_{r}"),
    "Ankle": ("ankle_angle_{r}", "ankle_flexion_{r}", "ankle_flex_{r}"),
}
_SHARED = 0.5  # of the markers' time that the angles must cover


def pair_files(paths: Sequence[Path]) -> list[tuple[Path, Path | None]]:
    """Every file of markers with the file of angles that was named with it, in the order given.

    Raises:
        FormatError: a file of angles belongs to none of the markers.
    """
    markers = [path for path in paths if path.suffix.lower() not in ENDINGS]
    own: dict[Path, Path] = {}
    for path in paths:
        if path in markers:
            continue
        fits = [m for m in markers if m.suffix.lower() == ".trc" and path.stem.startswith(m.stem)]
        if not fits:
            raise FormatError(message("error.research.validation.angles_alone", file=path.name))
        own[max(fits, key=lambda m: len(m.stem))] = path  # "walk1.trc" is not of "walk12_ik.mot"
    return [(path, own.get(path)) for path in markers]


def add_joint_angles(trial: MarkerTrial, path: Path) -> MarkerTrial:
    """The trial with hip, knee and ankle angles from a file of another program as its outputs.

    Raises:
        FormatError: the file cannot be read, has no such angles, or is of another time.
    """
    table = read_mot(path)
    times = table.times - trial.first_frame / trial.rate_hz
    edge = 0.5 / trial.rate_hz  # times are rounded
    covered = (trial.times >= times[0] - edge) & (trial.times <= times[-1] + edge)
    if covered.mean() < _SHARED:
        raise FormatError(
            message("error.research.validation.angles_of_other_time", file=path.name, trial=trial.name)
        )
    labels, columns = [], []
    for side in Side:
        for joint, names in _COORDINATES.items():
            curve = _flexion(table, (name.format(r=side.name[0].lower()) for name in names), joint)
            if curve is not None:
                labels.append(f"{side.name[0]}{joint}Angles")
                columns.append(np.where(covered, np.interp(trial.times, times, curve), np.nan))
    if not labels:
        raise FormatError(message("error.research.validation.no_angles", file=path.name))
    outputs = np.full((len(trial), len(labels), 3), np.nan)
    outputs[:, :, 0] = np.stack(columns, axis=1)
    return replace(trial, output_labels=tuple(labels), outputs=outputs)


def _flexion(table: MotionTable, names: Iterable[str], joint: str) -> NDArray[np.float64] | None:
    """[T] degrees, flexion positive; None if the table has none of the coordinates."""
    name = next((name for name in names if name in table.labels), None)
    if name is None:
        return None
    curve = table.column(name) if table.in_degrees else np.degrees(table.column(name))
    # In some of OpenSim's models a bent knee is negative; knees bend far in one direction only.
    if joint == "Knee" and -np.nanmin(curve) > np.nanmax(curve):
        curve = -curve
    return curve
