"""Write what version 0.1.0 (commit 19abab4) kept beside its library: settings, keys, window, caches, a result.

    git archive 19abab4 gaitviewer resources | tar -x -C OLD
    GAITVIEWER_HOME=tests/e2e/earlier PYTHONPATH=OLD QT_QPA_PLATFORM=offscreen \
        python tests/e2e/earlier/make.py

The walker is the program's own. The result is packed.
"""

from __future__ import annotations

import gzip
from pathlib import Path
from typing import Any

import numpy as np
from gaitviewer.gui.look import choose_next
from gaitviewer.gui.main_window import window_file
from gaitviewer.synthesis.keypoints import observe
from gaitviewer.workflow.measured import measures_of
from gaitviewer.workflow.measuring import core_provenance, measure_document
from PySide6.QtCore import QSettings

from gaitviewer import formats, paths
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.output import Provenance
from gaitviewer.core.session import Footwear, Session, Subject, Trial, VideoStream, WalkingAid
from gaitviewer.core.timing import VideoInfo
from gaitviewer.gui import keys
from gaitviewer.pose.cache import store_result
from gaitviewer.pose.masks import MaskSequence, pack_mask
from gaitviewer.pose.result import PoseResult
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.workflow import settings

WHEN = "2026-01-01T00:00:00+00:00"
POSE_KEY = "ef" * 32


def document(frames: int | None = None) -> Document:
    film = demo_scene(1, size=(480, 240)).views[View.SAGITTAL]
    times = np.asarray(film.times)[:frames]
    pose = observe(film.motion.points[:frames], film.camera, times=times, noise_px=0.5, seed=3)
    info = VideoInfo(480, 240, 0, times, 30.0, len(times), "h264")
    stream = VideoStream(View.SAGITTAL, Path("/videos/walk.mp4"), "a" * 64, info)
    session = Session(
        "walk1", Subject("P001"), height_m=1.2, footwear=Footwear.BAREFOOT, walking_aid=WalkingAid.NONE
    )
    trial = Trial("t1", ByView[Any](stream, None))
    grade = Grade(3, Side.LEFT, 2, "Dr. A", WHEN, "early")
    return Document(session, (TrialData(trial, ByView(pose, None)),), (grade,))


def outlines() -> PoseResult:
    """Four frames, in the second of which nobody is."""
    pose = document(4).trials[0].poses.sagittal
    assert pose is not None
    inside = np.zeros((240, 480), bool)
    inside[60:180, 200:280] = True
    packed = pack_mask(inside, left_px=0.0, top_px=0.0, scale=1.0, size=(480, 240))
    masks = {} if packed is None else {number: packed for number in (0, 2, 3)}
    made = Provenance("estimator 1", "ab" * 32, POSE_KEY, "0.1.0", "cpu", WHEN, 12.5)
    return PoseResult(pose, MaskSequence.collect(masks, frames=4, width=480, height=240), made, ("odd",))


def main() -> None:
    settings.save(settings.Settings(left_colour="#112233", rater="Dr. A", workers=3, hide_until_graded=True))
    keys.save_keys({"player.play": ("P",), "grade.1": ("Ctrl+1", "1")})
    places = QSettings(str(window_file()), QSettings.Format.IniFormat)
    choose_next(places)
    places.setValue("report/paper", "Letter")
    places.setValue("report/anonymous", "true")
    places.setValue("report/left_out", "method strides")
    places.setValue("report/folder", "/reports")
    places.sync()
    store_result(paths.cache_dir(), POSE_KEY, outlines())
    walk = document()
    text = formats.assessment_text(
        measure_document(walk), walk, core=core_provenance(walk, seconds=0.0), made_utc=WHEN
    )
    measures_of(document(30))
    home = paths.config_dir().parent
    (home / "assessment.json.gz").write_bytes(gzip.compress(text.encode("utf-8"), mtime=0))


if __name__ == "__main__":
    main()
