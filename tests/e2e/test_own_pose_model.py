"""The main job with a network of one's own: tiny and poor, but the whole way from its file to the results."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from gaitviewer import formats
from gaitviewer.analysis.evgs.score import blur_of_size, load_items
from gaitviewer.cli import main
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.pose.estimator import BodyCircle, make_estimator
from gaitviewer.pose.topdown import ORDERS, Rectangle
from gaitviewer.workflow.analysis.request import AnalyzeRequest, make_session
from gaitviewer.workflow.analysis.run import analyze
from tests.support import pdf
from tests.support.onnx_files import learned_file

if TYPE_CHECKING:
    from tests.support.demo import Cutter

pytestmark = pytest.mark.slow

WIDTH, HEIGHT = 48, 64
FRAMES = slice(0, 110)
LEGS = slice(11, 17)


def _teach(cutter: Cutter, path: Path, points: int) -> Path:
    """A network of ``points`` points that learned the demo's first frames from their true keypoints."""
    truth = cutter.demo.scene.views[View.SAGITTAL]
    xy = truth.points_px[FRAMES]
    ours = [ORDERS[133].index(name) if name in ORDERS[133][:23] else 0 for name in ORDERS[points]]
    random = np.random.default_rng(5)
    pictures, places = [], []
    mean, std = (np.array(v, np.float32) for v in ((123.675, 116.28, 103.53), (58.395, 57.12, 57.375)))
    for frame, rgb in enumerate(cutter.frames(View.SAGITTAL, 0, FRAMES.stop)):
        if not truth.inside[frame]:
            continue
        hips = xy[frame, [11, 12]].mean(axis=0)
        radius = 1.1 * np.linalg.norm(xy[frame, [15, 16]] - hips, axis=1).max()
        for _ in range(4):
            x, y = hips + 0.15 * radius * random.standard_normal(2)
            body = BodyCircle(float(x), float(y), float(radius * random.uniform(0.9, 1.15)))
            part = Rectangle.around(body, WIDTH, HEIGHT)
            pictures.append(((part.cut(rgb) - mean) / std).transpose(2, 0, 1))
            middle = np.array([(WIDTH - 1) / 2, (HEIGHT - 1) / 2])
            places.append(((xy[frame] - (body.x, body.y)) * part.scale + middle)[ours])
    return learned_file(path, np.array(pictures, np.float32), np.array(places, np.float32))


def _request(cutter: Cutter, out: Path, model: str, *, use_cache: bool = True) -> AnalyzeRequest:
    video = cutter.folder / "walk.mp4"
    if not video.exists():
        cutter.write(video.name, cutter.frames(View.SAGITTAL, 0, FRAMES.stop), rate_hz=30.0)
    pair = (ByView[Path | None](video, None),)
    session = make_session("P1", height_m=1.3)
    return AnalyzeRequest(pair, session, out, pose_model=model, use_cache=use_cache, keep=False)


def test_a_network_with_feet_goes_all_the_way(cutter: Cutter, tmp_path: Path) -> None:
    assert main(["models", "add", str(_teach(cutter, tmp_path / "tiny.onnx", 26))]) == 0
    result = analyze(_request(cutter, tmp_path / "out", "tiny"))
    (data,) = result.document.trials
    pose, made = data.poses.sagittal, data.provenance.sagittal
    assert pose is not None
    assert made is not None

    truth = cutter.demo.scene.views[View.SAGITTAL]
    inside = truth.inside[FRAMES]
    off = np.linalg.norm(pose.xy - truth.points_px[FRAMES], axis=2)[inside]
    leg = np.linalg.norm(truth.points_px[:, 11] - truth.points_px[:, 15], axis=1).mean()
    assert np.isfinite(off[:, LEGS]).mean() > 0.9
    assert np.nanmedian(off[:, LEGS]) < 0.12 * leg  # its bins are as coarse as 4 % of the leg

    assert made.model.startswith("RTMPose, 26 points, 48 x 64 (tiny), opencv-contrib-python 4.")
    assert made.weights_digest == make_estimator("tiny").weights_digest
    said = {finding.text.code for finding in result.measures.quality}
    assert "finding.remark.error_unknown" in said
    assert "finding.remark.no_feet" not in said
    (motion,) = result.measures.motions
    assert motion.views.sagittal is not None
    assert not motion.views.sagittal.legs_put_right
    sigmas = {m.item.code: m.sigma for side in Side for m in result.measures.evgs.measures[side] if m.sigma}
    widest = {item.code: item.sigma * blur_of_size(60.0) for item in load_items()}
    assert len(sigmas) >= 5
    assert all(sigma >= widest[code] for code, sigma in sigmas.items())

    again = analyze(_request(cutter, tmp_path / "again", "tiny", use_cache=False))
    other = again.document.trials[0].poses.sagittal
    assert other is not None
    np.testing.assert_array_equal(other.xy, pose.xy)  # bit for bit
    np.testing.assert_array_equal(other.score, pose.score)


def test_without_feet_foot_items_are_refused_and_that_is_said(cutter: Cutter, tmp_path: Path) -> None:
    assert main(["models", "add", str(_teach(cutter, tmp_path / "tiny.onnx", 17))]) == 0
    result = analyze(_request(cutter, tmp_path / "out", "tiny"))
    pose = result.document.trials[0].poses.sagittal
    assert pose is not None
    assert pose.seen[:, :17].any()
    assert not pose.seen[:, 17:].any()
    for side in Side:
        measured = {m.item.code: m for m in result.measures.evgs.measures[side]}
        for code in ("IC", "HL", "SAD", "FCL", "WAD"):
            assert measured[code].score is None
    assessed = [m for side in Side for m in result.measures.evgs.measures[side] if m.score is not None]
    assert {m.item.code for m in assessed} >= {"KEX", "KFX"}
    reasons = {
        m.reason.code for side in Side for m in result.measures.evgs.measures[side] if m.item.code == "WAD"
    }
    assert "finding.remark.no_feet" in reasons
    said = [finding.text.code for finding in result.measures.quality]
    assert said.count("finding.remark.no_feet") == 1
    assert "finding.feet.seldom_seen" not in said
    feet = [c for c in result.measures.curves if c.angle in ("ankle_dorsiflexion", "foot_pitch")]
    assert not any(np.isfinite(curve.values).any() for curve in feet)
    text = "".join(pdf.page_texts(tmp_path / "out" / "report.pdf"))
    assert "pose model has no heels and toes: foot items" in " ".join(text.split())
    assert formats.read_assessment(tmp_path / "out" / "assessment.json")["provenance"]
