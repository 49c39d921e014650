"""Write a library as an earlier version of the program made it: run it with that version's tree as PYTHONPATH.

    git archive COMMIT gaitviewer resources | tar -x -C OLD
    PYTHONPATH=OLD python tests/support/earlier_library.py tests/store/libraries/0005.sql

All data are invented. What a version did not know yet is left out.
"""

from __future__ import annotations

import dataclasses
import importlib
import json
import sqlite3
import sys
import tempfile
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from gaitviewer import __version__
from gaitviewer.core import document as core
from gaitviewer.core import session as who
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import BySide, ByView, EventKind, GaitEvent, GaitEvents, Side, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.timing import VideoInfo
from gaitviewer.store import open_library

NAN = float("nan")


def of_its_time(names: tuple[str, ...]) -> Any:
    """The first of some functions that the version has; None if it has none of them."""
    for name in names:
        module, _, function = name.rpartition(".")
        try:
            return getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError):
            continue
    return None


# A sentence was a text before it was a message.
said: Any = of_its_time(("gaitviewer.messages.as_written",)) or str


def pose(frames: int) -> PoseSequence:
    xy = np.arange(frames * 46, dtype=np.float32).reshape(frames, 23, 2) / 8
    score = np.full((frames, 23), 0.75, np.float32)
    origin = np.zeros((frames, 23), np.uint8)
    xy[1, 4], score[1, 4], origin[2, 5] = np.nan, 0, 2
    return PoseSequence(xy, score, np.arange(frames) / 25, 640, 480, origin)


def video(view: View, letter: str, frames: int) -> who.VideoStream:
    info = VideoInfo(640, 480, 90, np.arange(frames) / 25, 30.0, None, "h264", 0.125, (said("an odd file"),))
    return who.VideoStream(view, Path(f"/videos/{view.value}.mp4"), letter * 64, info, 240.0)


def remarks() -> tuple[Any, Any]:
    """What was noticed in the one video, and why the other one could not be used."""
    own: Any = importlib.import_module("gaitviewer.core.remarks")
    noticed = (
        own.Remark(own.RemarkKind.PERSON_BESIDE, ((0, 1), (3, 3))),
        own.Remark(own.RemarkKind.NOBODY_WALKS),
    )
    failure = importlib.import_module("gaitviewer.messages").message("error.pose.failed", what="b", reason="x")
    return own.ViewRemarks(noticed, own.Light(0.25, 0.125)), own.ViewRemarks(failure=failure, video="b" * 64)


def corrected(data: Any) -> Any:
    """What a person set: a point that is moved, one that is hidden, an event and none where one is."""
    own: Any = importlib.import_module("gaitviewer.core.corrections")
    said: Any = importlib.import_module("gaitviewer.core.gait").HandEvent
    events = (
        said(EventKind.INITIAL_CONTACT, Side.LEFT, 0.1), said(EventKind.TOE_OFF, Side.RIGHT, 0.12, True),
    )  # fmt: skip
    data = dataclasses.replace(data, hand_events=ByView(events, ()))
    return own.set_points(data, View.SAGITTAL, [3 * 23 + 13, 3 * 23 + 14], [[1.5, 2.25], [NAN, NAN]], [2, 5])


def build() -> core.Document:
    affected = who.Affected.LEFT if hasattr(who, "Affected") else Side.LEFT
    session = who.Session(
        "s1", who.Subject("P001", date(2015, 4, 3), "F", "diplegia ≤ II", affected), when=date(2024, 2, 29),
        age_years=8.5, height_m=1.31, footwear=who.Footwear.BAREFOOT, walking_aid=who.WalkingAid.CRUTCHES,
        mirrored=True, surgery=(date(2020, 1, 2),), botulinum=(date(2022, 5, 6),),
        gmfcs=who.Rating("II", "Dr. N", date(2024, 1, 1)), cobb=who.Rating("12 deg", "X"), note="a note",
    )  # fmt: skip
    contact = GaitEvent(
        EventKind.INITIAL_CONTACT, Side.LEFT, 0.04, 0.012, (("a", 0.05), ("b", NAN)), False, True
    )
    toe_off = GaitEvent(EventKind.TOE_OFF, Side.RIGHT, 0.08, NAN)
    when = "2024-03-01T10:00:00+00:00"
    made = Provenance("estimator 1", "ab" * 32, "cd" * 32, "0.1.0", "cpu", when, 12.5)
    sync = who.Sync(0.25, NAN, "estimated from the gait", said("sure"))
    first = core.TrialData(
        who.Trial(
            "t1", ByView(video(View.SAGITTAL, "a", 4), video(View.CORONAL, "b", 5)), sync, notes=(said("n"),)
        ),
        ByView(pose(4), pose(5)),
        events=ByView((GaitEvents((contact, toe_off)), GaitEvents(())), None),
        excluded_strides=(("t1/sagittal/p0/left/1", "stumbled"),),
        provenance=ByView(made, None),
    )
    second = core.TrialData(
        who.Trial("t0", ByView(None, video(View.CORONAL, "c", 3)), excluded="wrong child"),
        ByView(None, None),
        events=ByView(None, ()),
    )
    grades = (
        Grade(3, Side.LEFT, 2, "rater A", when, "early"),
        Grade(3, Side.LEFT, None, "rater B", when),
    )
    if hasattr(first, "remarks"):
        first = dataclasses.replace(first, remarks=ByView(*remarks()))
    if hasattr(first, "hand_events"):
        first = corrected(first)
    document = core.Document(session, (first, second), grades)
    measured: Any = getattr(core, "ManualMeasurement", None) or getattr(core, "HandMeasure", None)
    added: dict[str, Any] = {"foot_zero_deg": BySide(-3.5, None)}
    if measured is not None:
        added |= {
            "key_images": (core.KeyImage("t1", View.SAGITTAL, 2, 0.08, "contact"),),
            "hand_measures": (
                measured(
                    "goniometer", 132.5, "deg", "t1", View.CORONAL, 1, ((1.5, 2.0), (3.0, 4.25), (5.0, 6.0)),
                    item=8, side=Side.RIGHT, rater="rater A", when=when, note="hind foot",
                ),
                measured("distance", NAN, "px", "t1", View.SAGITTAL, 3, ()),
            ),
            "texts": core.Texts("walks on toes", "", "a plan"),
        }  # fmt: skip
    known = {field.name for field in dataclasses.fields(document)}
    return dataclasses.replace(document, **{name: value for name, value in added.items() if name in known})


def answer() -> Any:
    """What a model said, with a map and a value that is not known."""
    said: Any = importlib.import_module("gaitviewer.core.output")
    maps: Any = importlib.import_module("gaitviewer.core.maps")
    why = importlib.import_module("gaitviewer.messages").message("reason.few_angles")
    made = Provenance("severity-2", "ab" * 32, "cd" * 32, "0.1.0", "cpu", "2024-03-01T10:00:00+00:00", NAN)
    seen = maps.SaliencyMap(
        np.arange(6.0).reshape(3, 2) / 8, np.arange(3) / 25, ("a", "b"), "t1", View.SAGITTAL, "input", "level 2"
    )
    opinions = (
        said.Opinion("severity", ("1", "2"), (0.25, 0.75), label="2"),
        said.Opinion("x", ("1",), None, why),
    )
    return said.ModelOutput(
        "severity-2", opinions, made, True, (seen,), ranking=(("left_knee", 0.5, 0.25, 0.75),),
        basis=(said.MeasuredBasis("speed", "walking speed", NAN, "m/s", 0.125, NAN),),
    )  # fmt: skip


def sign(library: Any, document: core.Document, revision: object) -> None:
    """As the version signs, but for the measures, which are none here."""
    inputs = of_its_time(
        ("gaitviewer.workflow.analysis.inputs.inputs_digest",
         "gaitviewer.workflow.analysis.measure.inputs_digest",
         "gaitviewer.workflow.measuring.inputs_digest")
    )  # fmt: skip
    contents = of_its_time(("gaitviewer.core.content.content_digests",))
    grades = [dataclasses.asdict(grade) | {"side": grade.side.value} for grade in document.grades]
    digest = inputs(document) if inputs else ""
    text = json.dumps({"grades": grades, "core": {"inputs_digest": digest, "program": __version__}})
    more = {"content": contents(document), "revision": revision} if contents else {}
    library.add_snapshot("s1", text, who="Dr. A", **more)


def edit(library: Any, document: core.Document, revision: str) -> str:
    """A text is changed and changed back: two entries in the journal."""
    history: Any = importlib.import_module("gaitviewer.core.journal").History()
    after = dataclasses.replace(document, texts=dataclasses.replace(document.texts, plan="another plan"))
    history.record(
        document, after, "Type in the report", who="AB", when="2026-01-01T00:00:00.000+00:00", why="x"
    )
    history.undo(after, who="AB", when="2026-01-01T00:00:01.000+00:00")
    return str(library.save_session(document, opened=revision, before=document, entries=history.pending))


def main(out: Path) -> None:
    document = build()
    bare = core.Document(who.Session("s2", who.Subject("P002")), ())
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "library.db"
        with open_library(path) as library:
            revision = library.save_session(document)
            if hasattr(document.trials[0], "hand_events"):
                revision = edit(library, document, revision)
            sign(library, document, revision)
            if hasattr(library, "save_answer"):
                library.save_answer("s1", "severity", answer())
            library.add_output("s1", Path("/reports/report.pdf"), kind="report.pdf", sha256="d" * 64)
            library.save_session(bare)
            if hasattr(library, "delete_session"):
                library.delete_session("s2")
        database = sqlite3.connect(path)
        mark = database.execute("PRAGMA application_id").fetchone()[0]
        lines = [f"PRAGMA application_id = {mark};", *database.iterdump()]
        database.close()
    out.write_text("\n".join(lines) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
