"""``gaitviewer validate``: the measuring core against motion capture.

Markers are projected into two virtual cameras; the keypoints go through the very same measuring core as
those of a video; what it says is held against the file's own angles and events and the 3D markers. With
``render`` a body drawn on the markers is filmed instead, and the whole program measures from its pixels.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView
from gaitviewer.core.measures import Measures
from gaitviewer.core.messages import message
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.session import Footwear, Session, Subject, WalkingAid
from gaitviewer.errors import AnalysisError, FormatError, PoseError
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.formats.markers import BodyMeasures, MarkerTrial
from gaitviewer.formats.trc import read_trc
from gaitviewer.research.validation.compare import Comparison, compare, failed
from gaitviewer.research.validation.projection import (
    ValidationOptions,
    WalkingBody,
    film,
    find_body,
    trial_of,
)
from gaitviewer.research.validation.summary import ValidationReport, summarise
from gaitviewer.research.validation.text import format_report, report_as_json
from gaitviewer.research.validation.truth import Truth, find_truth

__all__ = [
    "ValidationOptions",
    "ValidationReport",
    "format_report",
    "measure_markers",
    "report_as_json",
    "validate_files",
]

_READERS = {".c3d": read_c3d, ".trc": read_trc}


def validate_files(
    paths: Iterable[Path], options: ValidationOptions | None = None, tick: Tick = no_progress
) -> ValidationReport:
    """Validates the measuring core on marker files.

    Args:
        paths: .c3d files (or .trc files, which have no angles and events of their own).
        options: how the virtual cameras see the markers.
        tick: told about every measured trial.

    Raises:
        FormatError: a file cannot be read or used.
        Cancelled: the tick asked for it.
    """
    options = ValidationOptions() if options is None else options
    files = [Path(path) for path in paths]
    if not files:
        raise FormatError("There is no file to validate with; name at least one C3D file.")
    draws = options.seeds if options.noise_px > 0 else 1
    comparisons: list[Comparison] = []
    for number, path in enumerate(files):
        trial = read_markers(path)
        body = find_body(trial)
        truth = find_truth(trial, body)
        if options.render:
            inner = subprogress(tick, number / len(files), (number + 1) / len(files))
            comparisons.append(_compare_pixels(trial, truth, options, inner))
            continue
        for seed in range(draws):
            tick(
                (number + seed / draws) / len(files),
                message("progress.draw", trial=trial.name, draw=seed + 1, total=draws),
            )
            comparisons.append(_compare_once(path, truth, options, trial.body, seed=seed))
    note = message("progress.done")
    tick(1.0, note)
    return summarise(options, tuple(comparisons))


def _compare_once(
    path: Path, truth: Truth, options: ValidationOptions, measured: BodyMeasures, *, seed: int
) -> Comparison:
    try:
        measures = measure_markers(path, truth.body, options, measured, seed=seed)
    except AnalysisError as error:
        return failed(truth, str(error), seed=seed)
    return compare(truth, measures, seed=seed)


def _compare_pixels(trial: MarkerTrial, truth: Truth, options: ValidationOptions, tick: Tick) -> Comparison:
    """The same from the pixels of a body that is drawn on the markers."""
    from gaitviewer.research.validation.body import complete_body
    from gaitviewer.research.validation.render import measure_pixels

    drawn = complete_body(trial, truth.body)
    try:
        measures = measure_pixels(drawn, options, _session(truth.body, trial.body), tick=tick)
    except (AnalysisError, PoseError) as error:
        return replace(failed(truth, str(error), seed=0), notes=drawn.notes)
    return replace(compare(truth, measures, seed=0), notes=drawn.notes)


def read_markers(path: Path) -> MarkerTrial:
    """A marker file by its ending.

    Raises:
        FormatError: it is of another kind, or cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise FormatError(f"{path.name} is no marker file; .c3d and .trc can be read.")
    return reader(path)


def measure_markers(
    path: Path,
    body: WalkingBody,
    options: ValidationOptions,
    measured: BodyMeasures | None = None,
    *,
    seed: int = 0,
) -> Measures:
    """What the measuring core says about a walk that two virtual cameras film.

    Raises:
        AnalysisError: no gait can be measured.
    """
    measured = BodyMeasures() if measured is None else measured
    poses = film(body, options, seed=seed)
    trial = trial_of(body, poses, path)
    either: ByView[PoseSequence | None] = ByView(poses.sagittal, poses.coronal)
    motion = read_trial(trial, either, sync=trial.sync)
    return measure_session(_session(body, measured), (motion,))


def _session(body: WalkingBody, measured: BodyMeasures) -> Session:
    return Session(
        id=body.name,
        subject=Subject(body.name),
        height_m=measured.height_m,
        leg_length_m=measured.leg_length_m,
        footwear=Footwear.BAREFOOT,
        walking_aid=WalkingAid.NONE,
    )
