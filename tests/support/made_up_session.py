"""A made-up but complete session: a two-sided walk with known angles, all 17 items, both views."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import gaitviewer.core.measures as cm
from gaitviewer.core.evgs import Band, EvgsItem, EvgsMeasure, EvgsSheet, Evidence
from gaitviewer.core.gait import BySide, ByView, Direction, GaitEvents, LeftOut, Side, Stride, View, WalkingPass
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.session import Affected, Footwear, Session, Subject, Sync, Trial, VideoStream, WalkingAid
from gaitviewer.core.skeleton import BODY_FEET_23, Keypoint
from gaitviewer.core.timing import VideoInfo
from gaitviewer.messages import NOTHING, as_written, message

RATE, FRAMES, WIDTH, HEIGHT = 30.0, 150, 1280, 720
CYCLE_S = 1.1
KNOTS = {
    "hip_flexion": ((0, 36), (14, 30), (30, 10), (50, -6), (60, 2), (85, 37), (94, 36)),
    "knee_flexion": ((0, 6), (13, 19), (40, 6), (60, 36), (72, 59), (88, 25), (96, 4)),
    "ankle_dorsiflexion": ((0, 0), (7, -5), (30, 8), (46, 12), (62, -16), (80, 2), (92, 1)),
    "foot_pitch": ((0, 20), (10, 0), (38, 0), (60, -60), (75, -30), (90, 15)),
    "trunk_tilt": ((0, 2), (30, 3), (50, 2), (80, 3)),
    "pelvic_obliquity": ((0, 1), (20, 4), (50, -1), (70, -4)),
    "trunk_lateral_lean": ((0, 0), (25, 2), (50, 0), (75, -2)),
    "trunk_lateral_shift": ((0, 0), (25, 1.5), (50, 0), (75, -1.5)),
}
LACK = {"knee_flexion": -13.0, "ankle_dorsiflexion": -7.0}  # what the right limb lacks


def curve(angle: str, side: Side) -> NDArray[np.float64]:
    at, values = np.array(KNOTS[angle], float).T
    grid = np.arange(101.0)
    base = np.interp(grid, at, values, period=100)
    kernel = np.exp(-0.5 * (np.arange(-6, 7) / 2.5) ** 2)
    smooth = np.convolve(np.concatenate([base[-7:-1], base, base[1:7]]), kernel / kernel.sum(), "valid")
    lack = LACK.get(angle, 0.0) if side is Side.RIGHT else 0.0
    return smooth + lack * np.exp(-0.5 * ((grid - 70) / 12) ** 2)


def walker(view: View) -> PoseSequence:
    """Keypoints of a stick figure that walks left to right, or towards the camera."""
    times = np.arange(FRAMES) / RATE
    xy = np.full((FRAMES, 23, 2), np.nan)
    put = lambda name, at: xy.__setitem__((slice(None), Keypoint[name.upper()]), at)  # noqa: E731
    thigh = shank = 92.0
    travel = 60 + 205 * times if view is View.SAGITTAL else np.full(FRAMES, 640.0)
    hip = np.stack([travel, 380 + 5 * np.cos(4 * np.pi * times / CYCLE_S)], 1)
    scale = 1.0 if view is View.SAGITTAL else 0.8
    for side, shift in ((Side.LEFT, 0.0), (Side.RIGHT, 0.5)):
        phase = ((times / CYCLE_S + shift) % 1) * 100
        sign = 1 if side is Side.LEFT else -1
        wide = 6.0 * sign if view is View.SAGITTAL else 24.0 * sign
        read = lambda angle: np.radians(np.interp(phase, np.arange(101), curve(angle, side)))  # noqa: B023, E731
        flat = 1.0 if view is View.SAGITTAL else 0.12
        down = lambda angle, length: length * np.stack([flat * np.sin(angle), np.cos(angle)], 1)  # noqa: B023, E731
        leg = read("hip_flexion") - np.radians(12)
        own_hip = hip + np.array([wide, 0])
        knee = own_hip + scale * down(leg, thigh)
        ankle = knee + scale * down(leg - read("knee_flexion"), shank)
        foot = read("foot_pitch")
        along = np.stack([flat * np.cos(foot), -np.sin(foot)], 1)
        shoulder = hip + np.array([wide * 1.5 + 4, -125 * scale])
        elbow = shoulder + down(-leg * 0.8, 60 * scale)
        name = side.value
        put(f"{name}_hip", own_hip)
        put(f"{name}_knee", knee)
        put(f"{name}_ankle", ankle)
        put(f"{name}_heel", ankle - 16 * along + [0, 14])
        put(f"{name}_big_toe", ankle + 40 * along + [0, 14])
        put(f"{name}_shoulder", shoulder)
        put(f"{name}_elbow", elbow)
        put(f"{name}_wrist", elbow + down(-leg * 0.8 + 0.4 * flat, 55 * scale))
        put(f"{name}_ear", hip + np.array([3 * sign, -165 * scale]))
    put("nose", hip + np.array([16, -160 * scale]))
    return PoseSequence(
        xy=xy, score=np.where(np.isfinite(xy[..., 0]), 0.87, 0.0), times=times, width=WIDTH, height=HEIGHT,
        skeleton=BODY_FEET_23,
    )  # fmt: skip


def strides(view: View, trial: str = "t1") -> tuple[Stride, ...]:
    made = []
    gone, doubt = as_written("the foot leaves the picture"), as_written("detectors differ by 70 ms")
    for side, shift in ((Side.LEFT, 0.0), (Side.RIGHT, 0.5)):
        for number in range(3):
            start = (number + shift) * CYCLE_S + 0.05
            made.append(
                Stride(
                    trial=trial, view=view, pass_index=0, number=number, side=side, start_s=start,
                    toe_off_s=start + 0.6 * CYCLE_S, stop_s=start + CYCLE_S,
                    opposite_toe_off_s=start + 0.11 * CYCLE_S, opposite_contact_s=start + 0.5 * CYCLE_S,
                    far=side is Side.LEFT and view is View.SAGITTAL,
                    excluded=gone if (number, side) == (2, Side.LEFT) else NOTHING,
                    flags=(doubt,) if (number, side) == (1, Side.RIGHT) else (),
                )
            )  # fmt: skip
    return tuple(made)


def _deg(code: str, *bands: tuple[int, int | None, int | None, str]) -> tuple[Band, ...]:
    return tuple(Band(*band) for band in bands)


def _words(*bands: tuple[int, str]) -> tuple[Band, ...]:
    return tuple(Band(score, None, None, label) for score, label in bands)


ITEMS = tuple(
    EvgsItem(number, code, name, view, phase, quantity, unit, bands, sigma)
    for number, code, name, view, phase, quantity, unit, bands, sigma in (
        (1, "IC", "Initial contact", View.SAGITTAL, "initial contact", "part of the foot", "",
         _words((0, "heel"), (1, "flat foot"), (2, "toe")), 3.0),
        (2, "HL", "Heel lift", View.SAGITTAL, "stance", "moment of heel rise", "",
         _words((2, "no forefoot contact"), (1, "delayed"), (0, "normal"), (1, "early"),
                (2, "no heel contact")), 1.0),
        (3, "SAD", "Maximum ankle dorsiflexion, stance", View.SAGITTAL, "stance", "ankle", "deg",
         _deg("SAD", (2, 41, None, "excessive"), (1, 26, 40, "increased"), (0, 5, 25, "normal"),
              (1, -10, 4, "reduced"), (2, None, -11, "marked plantarflexion")), 4.0),
        (4, "HVV", "Hindfoot varus/valgus", View.CORONAL, "mid-stance", "hindfoot", "deg",
         _deg("HVV", (0, 0, 5, "neutral")), 4.0),
        (5, "FRT", "Foot rotation relative to the knee", View.CORONAL, "mid-stance", "foot", "deg",
         _deg("FRT", (0, 0, 20, "normal")), 6.0),
        (6, "FCL", "Foot clearance, swing", View.SAGITTAL, "swing", "toe height", "",
         _words((1, "high steps"), (0, "full"), (1, "reduced"), (2, "none")), 1.0),
        (7, "WAD", "Maximum ankle dorsiflexion, swing", View.SAGITTAL, "swing", "ankle", "deg",
         _deg("WAD", (2, 31, None, "excessive"), (1, 16, 30, "increased"), (0, -5, 15, "normal"),
              (1, -20, -6, "reduced"), (2, None, -21, "marked plantarflexion")), 4.0),
        (8, "KPA", "Knee progression angle", View.CORONAL, "mid-stance", "kneecap", "",
         _words((0, "neutral"), (1, "internal"), (2, "marked internal")), 1.0),
        (9, "KEX", "Peak knee extension, stance", View.SAGITTAL, "stance", "knee", "deg",
         _deg("KEX", (2, 26, None, "severe flexion"), (1, 16, 25, "flexed"), (0, 0, 15, "normal"),
              (1, -10, -1, "hyperextended"), (2, None, -11, "severe hyperextension")), 4.0),
        (10, "KPS", "Knee position, terminal swing", View.SAGITTAL, "terminal swing", "knee", "deg",
         _deg("KPS", (2, 31, None, "severe flexion"), (1, 16, 30, "flexed"), (0, 5, 15, "normal"),
              (1, -10, 4, "extended"), (2, None, -11, "hyperextended")), 4.0),
        (11, "KFX", "Peak knee flexion, swing", View.SAGITTAL, "swing", "knee", "deg",
         _deg("KFX", (2, 86, None, "severely increased"), (1, 71, 85, "increased"), (0, 50, 70, "normal"),
              (1, 35, 49, "reduced"), (2, None, 34, "severely reduced")), 4.0),
        (12, "HEX", "Peak hip extension, stance", View.SAGITTAL, "terminal stance", "hip", "deg",
         _deg("HEX", (2, 16, None, "severe flexion"), (1, 1, 15, "flexed"), (0, -20, 0, "normal"),
              (1, -35, -21, "extended"), (2, None, -36, "severely extended")), 8.0),
        (13, "HFX", "Peak hip flexion, swing", View.SAGITTAL, "swing", "hip", "deg",
         _deg("HFX", (2, 61, None, "marked"), (1, 46, 60, "increased"), (0, 25, 45, "normal"),
              (1, 10, 24, "reduced"), (2, None, 9, "severely reduced")), 8.0),
        (14, "POB", "Pelvic obliquity, stance side", View.CORONAL, "mid-stance", "pelvis", "deg",
         _deg("POB", (2, 16, None, "marked up"), (1, 6, 15, "up"), (0, 0, 5, "normal"),
              (1, -10, -1, "down"), (2, None, -11, "marked down")), 2.0),
        (15, "PRT", "Pelvic rotation", View.CORONAL, "mid-stance", "pelvis", "deg",
         _deg("PRT", (0, -5, 10, "normal")), 6.0),
        (16, "TSG", "Peak sagittal trunk position", View.SAGITTAL, "stance", "trunk", "deg",
         _deg("TSG", (2, 16, None, "marked forward"), (1, 6, 15, "forward"), (0, -5, 5, "normal"),
              (1, None, -6, "backward")), 3.0),
        (17, "TLT", "Maximum trunk lateral shift", View.CORONAL, "stance", "trunk", "mm",
         _deg("TLT", (2, 71, None, "marked"), (1, 46, 70, "moderate"), (0, 0, 45, "normal"),
              (1, None, -1, "reduced")), 12.0),
    )
)  # fmt: skip

# number: (angle, value left, value right, cycle fraction of the evidence, parts)
_READ: dict[int, tuple[str, float, float, float, tuple[str, ...]]] = {
    3: ("ankle_dorsiflexion", 12, 3, 0.46, ("knee", "ankle", "heel", "big_toe")),
    7: ("ankle_dorsiflexion", 2, -7, 0.8, ("knee", "ankle", "heel", "big_toe")),
    9: ("knee_flexion", 6, 7, 0.4, ("hip", "knee", "ankle")),
    10: ("knee_flexion", 6, 7, 0.99, ("hip", "knee", "ankle")),
    11: ("knee_flexion", 59, 45, 0.72, ("hip", "knee", "ankle")),
    12: ("hip_flexion", -6, -5, 0.5, ("shoulder", "hip", "knee")),
    13: ("hip_flexion", 37, 37, 0.86, ("shoulder", "hip", "knee")),
    14: ("pelvic_obliquity", 3, 4, 0.3, ("hip",)),
    16: ("trunk_tilt", 3, 3, 0.3, ("shoulder", "hip")),
    17: ("trunk_lateral_shift", 12, 14, 0.3, ("shoulder", "hip")),
}
_SEEN = {1: ("foot_pitch", "heel", "flat foot", 0.0, ("heel", "big_toe")),
         2: ("", "normal", "early", 0.35, ("heel",)),
         6: ("", "full", "reduced", 0.8, ("big_toe",))}  # fmt: skip
_REASONS = {
    4: "the hindfoot is not among the keypoints; a person has to measure it on the rear view",
    5: "it is the foot against the knee, and item 8 (knee progression) is not assessable",
    8: "the kneecap is not among the keypoints; a person has to judge it on the front view",
    15: "a front view does not show pelvic rotation and the hips were not apart enough in the side view",
}


def _score(item: EvgsItem, value: float) -> Band:
    whole = round(value)
    return next(
        b for b in item.bands if (b.low is None or b.low <= whole) and (b.high is None or whole <= b.high)
    )


def _edge(item: EvgsItem, value: float) -> float:
    edges = [b.low - 0.5 for b in item.bands if b.low is not None]
    return min(abs(value - edge) for edge in edges)


def measure_of(item: EvgsItem, side: Side, made: tuple[Stride, ...]) -> EvgsMeasure:
    if item.number in _REASONS:
        return EvgsMeasure(
            item,
            side,
            None,
            "",
            None,
            None,
            None,
            False,
            None,
            (),
            (),
            reason=as_written(_REASONS[item.number]),
        )
    own = [s for s in made if s.side is side and s.view is item.view and s.counts]
    far = (as_written("far limb: partly hidden, lower confidence"),) if own[0].far else ()
    if item.number in _SEEN:
        angle, on_left, on_right, part, parts = _SEEN[item.number]
        category = on_right if side is Side.RIGHT else on_left
        score = next(b.score for b in item.bands if b.label == category)
        value, shown, edge, spread = None, float("nan"), None, None
        probabilities = tuple(
            float(p)
            for p in np.array([0.8, 0.15, 0.05])[np.argsort(np.argsort([-(k == score) for k in range(3)]))]
        )
        borderline = False
    else:
        angle, left_value, right_value, part, parts = _READ[item.number]
        value = float(right_value if side is Side.RIGHT else left_value)
        band = _score(item, value)
        score, category, shown, spread = band.score, band.label, value + 0.4, 2.3
        edge = _edge(item, value)
        borderline = edge < item.sigma
        sure, other = (0.6, 0.2) if borderline else (0.9, 0.05)
        probabilities = tuple(sure if k == score else other for k in range(3))
    evidence = tuple(
        Evidence(
            trial=s.trial, view=s.view, frame=round((s.start_s + part * CYCLE_S) * RATE),
            time_s=round((s.start_s + part * CYCLE_S) * RATE) / RATE,
            keypoints=tuple(f"{side.value}_{p}" for p in parts), stride=s.key, angle=angle, value=shown,
        )
        for s in own
    )  # fmt: skip
    remarks = far + ((as_written("hip against the trunk line + 12°"),) if angle == "hip_flexion" else ())
    return EvgsMeasure(
        item, side, value, category, score, probabilities, edge, borderline, spread, tuple(s.key for s in own),
        evidence, remarks=remarks,
    )  # fmt: skip


def _video(view: View) -> VideoStream:
    info = VideoInfo(WIDTH, HEIGHT, 0, np.arange(FRAMES) / RATE, RATE, FRAMES, "h264")
    return VideoStream(view, Path(f"{view.value}.mp4"), "5f" * 32, info)


def _motion(view: View) -> cm.ViewMotion:
    pose = walker(view)
    way = Direction.LEFT_TO_RIGHT if view is View.SAGITTAL else Direction.TOWARDS
    near = Side.RIGHT if view is View.SAGITTAL else None
    return cm.ViewMotion(
        pose=pose, raw=pose, passes=(WalkingPass(view, way, 2, 130, near=near, out_of_plane_deg=6.0),),
        left_out=(
            LeftOut(0, 2, as_written("half in the picture")), LeftOut(130, 150, as_written("turning")),
        ), events=(GaitEvents(()),),
        strides=strides(view),
    )  # fmt: skip


_SESSION = Session(
    "s1",
    Subject("P001", sex="F", diagnosis="bilateral spastic cerebral palsy", affected=Affected.RIGHT),
    when=date(2026, 11, 19),
    age_years=9.4,
    height_m=1.34,
    leg_length_m=0.68,
    footwear=Footwear.BAREFOOT,
    walking_aid=WalkingAid.NONE,
    botulinum=(date(2025, 3, 2),),
)


def build(
    *, views: tuple[View, ...] = (View.SAGITTAL, View.CORONAL), sides: tuple[Side, ...] = tuple(Side)
) -> cm.Measures:
    """The session, or the part of it with these views and sides."""
    rng = np.random.default_rng(1)
    found = [_motion(v) if v in views else None for v in View]
    motions = ByView(*(m and replace(m, strides=tuple(s for s in m.strides if s.side in sides)) for m in found))
    videos = ByView(*(_video(v) if v in views else None for v in View))
    sync = Sync(1.2, 0.03, "estimated from the gait", as_written("rhythms agree")) if len(views) == 2 else None
    trial = cm.TrialMotion(Trial("t1", videos), motions, sync)
    made = tuple(s for m in trial.views_present for s in m.strides)
    seen = [
        a for a in KNOTS if (View.CORONAL if a.startswith(("pelvic", "trunk_l")) else View.SAGITTAL) in views
    ]
    curves, means, bands = [], [], []
    for angle in seen:
        view = View.CORONAL if angle.startswith(("pelvic", "trunk_l")) else View.SAGITTAL
        for side in sides:
            own = [s for s in made if s.side is side and s.view is view]
            noise = [rng.normal(0, 1.5) + rng.normal(0, 0.4, 101) for _ in own]
            of_side = [cm.Curve(angle, s, curve(angle, side) + n) for s, n in zip(own, noise, strict=True)]
            curves += of_side
            values = np.array([c.values for c in of_side if c.stride.counts])
            means.append(
                cm.MeanCurve(angle, side, values.mean(0), values.std(0, ddof=1), len(values), 60.0, 11.0, 50.0,
                          far=own[0].far)
            )  # fmt: skip
        if angle not in ("trunk_tilt", "trunk_lateral_lean", "trunk_lateral_shift"):
            bands.append(
                cm.NormalBand(angle, "free", curve(angle, Side.LEFT) + 1, np.full(101, 5.0),
                           "Schwartz et al. 2008, J Biomech 41:1639", comparable=angle != "foot_pitch",
                           note=as_written("" if angle != "foot_pitch" else "made from ankle and shank"))
            )  # fmt: skip
    return cm.Measures(
        session=_SESSION,
        motions=(trial,), curves=tuple(curves), means=tuple(means), bands=tuple(bands), speed_group="free",
        speed_note=as_written("dimensionless speed 0.41 is in the group “free” (0.363 to 0.500)"),
        parameters=_parameters(sides),
        variable_scores=tuple(
            cm.VariableScore(a, s, 5.0 + 4 * (s is Side.RIGHT), 3.0 + 2 * (s is Side.RIGHT))
            for a in seen[:3] for s in sides
        ),
        profile_scores=tuple(cm.ProfileScore(s, 6.0, 3.9, tuple(seen[:3])) for s in sides),
        patterns=BySide(*(_pattern(s, s in sides) for s in Side)),
        evgs=_sheet(made, views, sides), quality=_quality(), flat_foot_zero_deg=BySide(4.2, None),
    )  # fmt: skip


def _sheet(made: tuple[Stride, ...], views: tuple[View, ...], sides: tuple[Side, ...]) -> EvgsSheet:
    def one(item: EvgsItem, side: Side) -> EvgsMeasure:
        why = "" if item.view in views else f"there is no {item.view.value} view"
        why = why or ("" if side in sides else f"no {side.value} stride counts")
        if why and item.number not in _REASONS:
            return EvgsMeasure(
                item, side, None, "", None, None, None, False, None, (), (), reason=as_written(why)
            )
        return measure_of(item, side, made)

    return EvgsSheet(BySide(*(tuple(one(item, side) for item in ITEMS) for side in Side)))


def _pattern(side: Side, there: bool) -> cm.SagittalPattern:
    if not there:
        return cm.SagittalPattern(
            side, np.nan, np.nan, NOTHING, np.nan, (), reason=as_written("no stride of this side")
        )
    low = -2.4 * (side is Side.RIGHT)
    label = message("pattern.true_equinus" if side is Side.RIGHT else "pattern.normal")
    return cm.SagittalPattern(
        side, 0.4, -0.3 + low, label, 0.6, ((0.2, -0.5 + low), (0.7, -0.2 + low)), ((label, 0.83),)
    )


_TABLE = (
    ("speed", "Walking speed", "m/s", (1.05, 1.04, 0.04), (1.16, 0.18), 1.0),
    ("cadence", "Cadence", "steps/min", (109, 109, 3), (123, 16), 0.0),
    ("stride_time", "Stride time", "s", (1.10, 1.10, 0.03), None, 0.0),
    ("step_length", "Step length", "m", (0.61, 0.53, 0.03), (0.57, 0.09), 14.0),
    ("stance", "Stance", "%", (60, 61.5, 1.1), (59, 2), -2.5),
)


def _parameters(sides: tuple[Side, ...]) -> tuple[cm.Parameter, ...]:
    rows = []
    for name, title, unit, (left, right, sd), norm, index in _TABLE:
        values = ((Side.LEFT, left), (Side.RIGHT, right))
        pair = BySide(*(cm.Stat(value, sd, 3) if side in sides else None for side, value in values))
        source = "Schwartz et al. 2008" if norm else ""
        both = index if len(sides) == 2 else None
        rows.append(
            cm.Parameter(
                name,
                as_written(title),
                unit,
                pair,
                norm,
                source,
                both,
                as_written("" if sides else "no stride counts"),
            )
        )
    reason = as_written("the floor scale of the front view is not known")
    return (*rows, cm.Parameter("base", as_written("Base of support"), "m", BySide(None, None), reason=reason))


def _quality() -> tuple[cm.QualityFinding, ...]:
    return (
        cm.QualityFinding(cm.FindingSeverity.WARNING, message("topic.frame_rate"),
                       as_written("30 fps: events are known to about 17 ms at best"),
                       as_written("record at 60 fps or more"), ("IC", "HL"), "t1", View.SAGITTAL),
        cm.QualityFinding(cm.FindingSeverity.NOTE, message("topic.far_limb"),
                       as_written("the left limb is never near"), as_written("walk both ways")),
        cm.QualityFinding(cm.FindingSeverity.GOOD, message("topic.size"), as_written("310 px leg, 3 px noise")),
    )  # fmt: skip


def frame_of(trial: str, view: View, frame: int) -> NDArray[np.uint8]:
    """A plain room: a wall and a floor."""
    rows = np.linspace(225, 200, HEIGHT)[:, None, None] * np.array([1.0, 0.98, 0.94])
    picture = np.repeat(rows, WIDTH, axis=1)
    picture[570:] *= 0.8
    return picture.astype(np.uint8)
