"""What explains an answer, as files that other programs open."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, View
from gaitviewer.core.maps import SaliencyMap
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Answer
from gaitviewer.core.saliency import joint_xy
from gaitviewer.core.session import Trial, VideoStream
from gaitviewer.errors import OutputError
from gaitviewer.inference.export import export_answer
from gaitviewer.inference.saliency_video import frames_of
from gaitviewer.report.figures.style import SALIENCY
from gaitviewer.video import digest_file, index_video, open_video, write_video
from tests.support import made_up_answers as made
from tests.support import made_up_session

MEASURES = made_up_session.build()
BARE = Document(MEASURES.session, ())
NAN = float("nan")


def motion() -> Any:
    return MEASURES.motions[0].views.sagittal


def decoded(path: Path) -> list[np.ndarray]:
    with open_video(path) as reader:
        return [rgb for _, rgb in reader.frames()]


def near_orange(rgb: np.ndarray) -> np.ndarray:
    """Where a frame has the colour of evidence, which the red of the left limb is not."""
    red, green, blue = (rgb[..., k].astype(int) for k in range(3))
    return (red > 120) & (red - green > 40) & (green - blue > 30)


def short(view: View = View.SAGITTAL) -> SaliencyMap:
    """Of a third of a second: quickly drawn."""
    values = np.full((4, len(made.JOINTS)), 0.02)
    values[:, 0] = 0.021  # the same everywhere would be no evidence
    return replace(made.saliency(values, view), times_s=np.linspace(1.0, 1.3, 4))


def export(folder: Path, answer: Answer, document: Document = BARE, measures: Any = MEASURES) -> list[str]:
    return sorted(path.name for path in export_answer(folder, document, measures, answer))


@pytest.fixture(scope="module")
def filmed(tmp_path_factory: pytest.TempPathFactory) -> Document:
    """The made-up walk with a real video of a grey room."""
    path = tmp_path_factory.mktemp("video") / "side.mp4"
    pose = motion().pose
    grey = np.full((pose.height, pose.width, 3), 90, np.uint8)
    write_video(path, (grey for _ in range(len(pose))), times=pose.times, preset="ultrafast")
    stream = VideoStream(View.SAGITTAL, path, digest_file(path), index_video(path))
    trial = Trial("t1", ByView(stream, None))
    return Document(MEASURES.session, (TrialData(trial, ByView(pose, None)),))


def test_the_strongest_joint_is_marked_where_it_is(tmp_path: Path, filmed: Document) -> None:
    answer = made.severity()
    assert export(tmp_path / "a", answer, filmed) == ["explanations.npz", "saliency-t1-sagittal-1.mp4"]
    frames = frames_of(answer.output.saliency[0], motion())
    shown = decoded(tmp_path / "a" / "saliency-t1-sagittal-1.mp4")
    assert len(shown) == len(frames)
    assert shown[0].shape == (720 + 64, 1280, 3)
    peak = int(np.argmin(np.abs(motion().pose.times[frames] - answer.output.saliency[0].times_s[25])))
    x, y = joint_xy(np.asarray(motion().pose.xy[frames[peak]], float), motion().pose.skeleton, "right_knee")
    mask = near_orange(shown[peak])
    around = mask[int(y) - 12 : int(y) + 13, int(x) - 12 : int(x) + 13]
    assert around.mean() > 0.6
    assert abs(int(shown[peak][100, 100, 0]) - 90) < 6  # the video itself is below
    assert mask[720:].any()  # statement and scale
    with open_video(tmp_path / "a" / "saliency-t1-sagittal-1.mp4") as reader:
        expected = motion().pose.times[frames]
        np.testing.assert_allclose(reader.info.times, expected - expected[0], atol=1e-3)


def test_a_video_that_is_gone_leaves_the_skeleton(tmp_path: Path, filmed: Document) -> None:
    data = filmed.trials[0]
    stream = data.trial.videos.sagittal
    assert stream is not None
    away = replace(stream, path=tmp_path / "gone.mp4")
    moved = replace(filmed, trials=(replace(data, trial=replace(data.trial, videos=ByView(away, None))),))
    for name, document in (("moved", moved), ("bare", BARE)):
        assert "saliency-t1-sagittal-1.mp4" in export(tmp_path / name, made.severity(short()), document)
        frame = decoded(tmp_path / name / "saliency-t1-sagittal-1.mp4")[3]
        assert frame[5, 5].min() > 230  # plain ground
        assert near_orange(frame[:720]).any()


@pytest.mark.parametrize("value", [0.0, NAN], ids=["zeros", "unknown"])
def test_a_map_without_evidence_gives_arrays_and_no_picture(tmp_path: Path, value: float) -> None:
    empty = made.severity(made.saliency(np.full((made.CELLS, len(made.JOINTS)), value)))
    assert export(tmp_path / "s", empty) == ["explanations.npz"]
    nothing = made.scoliosis(made.importance(np.full((238, 96), value)))
    assert export(tmp_path / "k", nothing) == ["explanations.npz"]


def test_saliency_that_is_the_same_everywhere_is_no_evidence(tmp_path: Path) -> None:
    constant = made.severity(made.saliency(np.full((made.CELLS, len(made.JOINTS)), 0.02)))
    assert export(tmp_path, constant) == ["explanations.npz"]


def test_a_map_of_one_frame_and_what_speaks_against(tmp_path: Path) -> None:
    one = np.full((1, len(made.JOINTS)), NAN)
    one[0, 13] = -0.04
    assert "saliency-t1-sagittal-1.mp4" in export(tmp_path, made.severity(made.saliency(one)))
    (frame,) = decoded(tmp_path / "saliency-t1-sagittal-1.mp4")
    assert not near_orange(frame[:720]).any()
    blue = frame[:720, :, 2].astype(int) - frame[:720, :, 0] > 40
    number = frames_of(made.saliency(one), motion())[0]
    x, y = joint_xy(np.asarray(motion().pose.xy[number], float), motion().pose.skeleton, "left_knee")
    assert blue[int(y) - 26 : int(y) + 27, int(x) - 26 : int(x) + 27].any()


def test_a_missing_view_or_no_opinion_gives_no_video(tmp_path: Path) -> None:
    front = made_up_session.build(views=(View.CORONAL,))
    assert export(tmp_path / "front", made.severity(), measures=front) == ["explanations.npz"]
    for task in ("severity", "evgs", "scoliosis"):
        assert export(tmp_path / task, made.silent(task)) == []
        assert not (tmp_path / task).exists()


def test_two_walks_are_two_videos(tmp_path: Path) -> None:
    assert export(tmp_path, made.severity(short(), short(View.CORONAL), short())) == [
        "explanations.npz",
        "saliency-t1-coronal-1.mp4",
        "saliency-t1-sagittal-1.mp4",
        "saliency-t1-sagittal-2.mp4",
    ]


def test_the_knowledge_map_as_pictures(tmp_path: Path) -> None:
    assert export(tmp_path, made.scoliosis()) == ["explanations.npz", "knowledge-map.png", "knowledge-map.svg"]
    picture = np.asarray(Image.open(tmp_path / "knowledge-map.png").convert("RGB"))
    red, _, blue = SALIENCY.bitmap_rgb()
    assert red > blue
    assert near_orange(picture[150:]).sum() > 200  # the row of the shoulders, and the scale
    assert near_orange(picture[150:]).mean() < 0.05  # nothing else
    svg = (tmp_path / "knowledge-map.svg").read_text(encoding="utf-8")
    for words in (
        SYNTHETIC_STATEMENT,
        "tilt of the shoulder line",
        "0.0089",
        "140 rows",
        "image/png;base64",
    ):
        assert words in svg


def test_nothing_is_left_where_it_cannot_be_written(tmp_path: Path) -> None:
    place = tmp_path / "taken"
    place.write_text("mine")
    with pytest.raises(OutputError):
        export_answer(place, BARE, MEASURES, made.scoliosis())
    assert place.read_text() == "mine"
