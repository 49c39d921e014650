"""``gaitviewer validate``: the measuring core against motion capture.

Markers are projected into two virtual cameras; the keypoints go through the very same measuring core as
those of a video; what it says is held against the file's own angles and events and the 3D markers. With
``render`` a body drawn on the markers is filmed instead, and the whole program measures from its pixels.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.gait import ByView
from gaitviewer.core.measures import Measures
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.serialise import quote
from gaitviewer.core.session import Footwear, Session, Subject, WalkingAid
from gaitviewer.errors import AnalysisError, FormatError, PoseError, UserError, reason_of
from gaitviewer.formats.c3d import read_c3d
from gaitviewer.formats.markers import BodyMeasures, MarkerTrial
from gaitviewer.formats.trc import read_trc
from gaitviewer.messages import Message, message
from gaitviewer.pose.models import choose_model
from gaitviewer.research.validation.compare import Comparison, compare, failed
from gaitviewer.research.validation.event_sides import find_event_sides
from gaitviewer.research.validation.files import write_report
from gaitviewer.research.validation.joint_angles import add_joint_angles, pair_files
from gaitviewer.research.validation.projection import (
    ValidationOptions,
    WalkingBody,
    film,
    find_body,
    missing_parts,
    place_cameras,
    trial_of,
)
from gaitviewer.research.validation.scenes import Scene, bench_table, find_scenes
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
    "write_report",
]

_log = logging.getLogger(__name__)
_READERS = {".c3d": read_c3d, ".trc": read_trc}


def validate_files(
    paths: Iterable[Path], options: ValidationOptions | None = None, tick: Tick = no_progress
) -> ValidationReport:
    """Validates the measuring core on marker files.

    A file that cannot be used is left out, and the report says why.

    Args:
        paths: .c3d files, or .trc files, which have no events of their own; the joint angles that another
            program computed for those may be named with them (.mot, .sto).
        options: how the virtual cameras see the markers.
        tick: told about every measured trial.

    Raises:
        FormatError: no file can be read and used.
        SettingsError: the pose model is not here.
        Cancelled: the tick asked for it.
    """
    options = ValidationOptions() if options is None else options
    if options.render:
        options = replace(options, pose_model=choose_model(options.pose_model).name)
    files = pair_files([Path(path) for path in paths])
    if not files:
        raise FormatError(message("error.research.validation.no_file"))
    comparisons: list[Comparison] = []
    beside: list[Comparison] = []
    left_out: list[Message] = []
    for number, (path, angles) in enumerate(files):
        inner = subprogress(tick, number / len(files), (number + 1) / len(files))
        try:
            found, points = _compare_file(path, angles, options, inner)
            comparisons += found
            beside += points
        except FormatError as error:
            left_out.append(error.message)
        except (UserError, ValueError) as error:  # whatever a file does to the program, the others count
            _log.exception("a file could not be validated")
            reason = reason_of(error)
            left_out.append(message("error.research.validation.file_failed", file=path.name, reason=reason))
    if not comparisons:
        raise FormatError(message("error.research.validation.none_usable", reasons=tuple(left_out)))
    note = message("progress.done")
    tick(1.0, note)
    report = summarise(options, tuple(comparisons), tuple(beside))
    return replace(report, left_out=tuple(str(one) for one in left_out))


def _compare_file(
    path: Path, angles: Path | None, options: ValidationOptions, tick: Tick
) -> tuple[list[Comparison], list[Comparison]]:
    """One comparison for each draw of the noise, or each filmed body, and those of mere points beside films.

    Raises:
        FormatError: the file cannot be read or used.
    """
    trial, truth = _read_walk(path, angles, options.subject)
    beside: list[Comparison] = []
    if options.render:
        scenes = find_scenes(options, hashlib.sha256(path.read_bytes()).hexdigest())
        found = []
        for number, scene in enumerate(scenes):
            inner = subprogress(tick, number / len(scenes), (number + 1) / len(scenes))
            found.append(_compare_pixels(trial, truth, scene, inner))
        for points in points_beside(options):
            beside += _compare_points(path, trial, truth, points, no_progress)
    else:
        found = _compare_points(path, trial, truth, options, tick)
    found[0] = replace(found[0], notes=trial.notes + found[0].notes)  # once, not with every draw
    return found, beside


def points_beside(options: ValidationOptions) -> tuple[ValidationOptions, ...]:
    """Exact and noisy points in the plain cameras, which certainties from pixels are held against."""
    table = bench_table()
    exact = replace(options, render=False, bodies=0)
    return exact, replace(exact, noise_px=table.noise_px, seeds=table.noise_draws)


def _compare_points(
    path: Path, trial: MarkerTrial, truth: Truth, options: ValidationOptions, tick: Tick
) -> list[Comparison]:
    found = []
    draws = options.seeds if options.noise_px > 0 else 1
    for seed in range(draws):
        tick(seed / draws, message("progress.draw", trial=trial.name, draw=seed + 1, total=draws))
        found.append(_compare_once(path, truth, options, trial.body, seed=seed))
    seen = f"noise {options.noise_px:g} px" if options.noise_px > 0 else "exact"
    return [replace(one, seen=seen) for one in found]


def _read_walk(path: Path, angles: Path | None, subject: str) -> tuple[MarkerTrial, Truth]:
    """A trial of one person and what motion capture knows of it; all notes are the trial's.

    Raises:
        FormatError: the file cannot be read or used.
    """
    trial = choose_subject(read_markers(path), subject)
    if angles is not None:
        trial = add_joint_angles(trial, angles)
    body = find_body(trial)
    events, notes = find_event_sides(trial.events, body)
    trial = replace(trial, events=events, notes=trial.notes + body.notes + notes)
    return trial, find_truth(trial, body)


def choose_subject(trial: MarkerTrial, wanted: str = "") -> MarkerTrial:
    """The trial of one person: the one who is wanted, else the only one whose legs have all their markers.

    Raises:
        FormatError: the wanted one is not in the file, or several could be meant.
    """
    if wanted and trial.subjects:
        found = [name for name in trial.subjects if name.casefold() == wanted.casefold()]
        if not found:
            raise FormatError(
                message(
                    "error.research.validation.no_such_subject",
                    trial=trial.name,
                    subject=quote(wanted),
                    subjects=tuple(trial.subjects),
                )
            )
        return trial.of_subject(found[0]) if len(trial.subjects) > 1 else trial
    if len(trial.subjects) < 2:
        return trial
    whole = [name for name in trial.subjects if not missing_parts(trial.of_subject(name))]
    if len(whole) != 1:
        raise FormatError(
            message(
                "error.research.validation.several_subjects",
                trial=trial.name,
                count=len(trial.subjects),
                subjects=tuple(trial.subjects),
            )
        )
    note = message("note.markers.only_one", subjects=trial.subjects, subject=whole[0])
    return replace(trial.of_subject(whole[0]), notes=(*trial.notes, note))


def _compare_once(
    path: Path, truth: Truth, options: ValidationOptions, measured: BodyMeasures, *, seed: int
) -> Comparison:
    try:
        measures = measure_markers(path, truth.body, options, measured, seed=seed)
    except AnalysisError as error:
        return failed(truth, str(error), seed=seed)
    camera = place_cameras(truth.body, options).sagittal
    return compare(truth, measures, seed=seed, side_camera=camera)


def _compare_pixels(trial: MarkerTrial, truth: Truth, scene: Scene, tick: Tick) -> Comparison:
    """The same from the pixels of a body that is drawn on the markers."""
    from gaitviewer.research.validation.body import complete_body
    from gaitviewer.research.validation.render import measure_pixels

    drawn, refined = complete_body(trial, truth.body), ""
    try:
        measures, refined = measure_pixels(drawn, scene, _session(truth.body, trial.body), tick=tick)
    except (AnalysisError, PoseError) as error:
        found = failed(truth, str(error), seed=scene.number)
    else:
        camera = place_cameras(drawn.body, scene.options).sagittal
        found = compare(truth, measures, seed=scene.number, side_camera=camera)
    notes = drawn.notes if scene.number == 0 else ()
    facts = scene.facts() if scene.options.bodies else {}
    return replace(found, notes=notes, facts=facts, seen="pixels", refined=refined)


def read_markers(path: Path) -> MarkerTrial:
    """A marker file by its ending.

    Raises:
        FormatError: it is of another kind, or cannot be read.
    """
    reader = _READERS.get(path.suffix.lower())
    if reader is None:
        raise FormatError(message("error.research.validation.no_marker_file", file=path.name))
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
