"""The bench: bodies drawn by chance, legs that overlap, and certainty held against the truth."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.gait import Side
from gaitviewer.core.session import Session, Subject
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.errors import SettingsError
from gaitviewer.formats.markers import BodyMeasures, MarkerTrial
from gaitviewer.messages import Message
from gaitviewer.research.spoiling import Spoiling
from gaitviewer.research.validation.body import DrawnBody, complete_body
from gaitviewer.research.validation.certainty import certainty_rows
from gaitviewer.research.validation.compare import FILE, MARKERS, AngleErrors, Comparison, ItemPair, compare
from gaitviewer.research.validation.files import write_report
from gaitviewer.research.validation.films import film_body, film_folder
from gaitviewer.research.validation.projection import ValidationOptions, WalkingBody, place_cameras
from gaitviewer.research.validation.render import measure_pixels
from gaitviewer.research.validation.run import format_report, measure_markers, report_as_json
from gaitviewer.research.validation.scenes import bench_table, find_scenes
from gaitviewer.research.validation.summary import summarise
from gaitviewer.research.validation.truth import find_truth, legs_overlap
from gaitviewer.synthesis.body.figure import Look
from gaitviewer.synthesis.filming.pixels import render_pose
from gaitviewer.synthesis.filming.room import Room, paint
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.walker import simulate
from gaitviewer.video import open_video
from tests.support.walkers import steady

DIGEST, OTHER = "ab" * 32, "cd" * 32
DRAWN = ValidationOptions(render=True, bodies=12, pixels_per_metre=60.0)


def walk(*, duration_s: float = 2.0, rate_hz: float = 60.0) -> WalkingBody:
    """The walker as a laboratory sees it, in the middle of the walkway."""
    motion = simulate(steady(normal_gait()), seed=1, duration_s=duration_s, rate_hz=rate_hz)
    points = np.array(motion.points)
    hips = points[:, [Keypoint.LEFT_HIP, Keypoint.RIGHT_HIP]].mean(axis=(0, 1))
    points[..., :2] -= hips[:2]
    return WalkingBody("walker", points, motion.times, Side.RIGHT)


def drawn(body: WalkingBody) -> DrawnBody:
    trial = MarkerTrial("walker", (), np.zeros((len(body.times), 0, 3)), 60.0, 0, 2, body=BodyMeasures(1.35))
    return complete_body(trial, body)


# --- bodies


def test_a_body_is_a_function_of_file_seed_and_number_alone() -> None:
    scenes = find_scenes(DRAWN, DIGEST)
    assert find_scenes(DRAWN, DIGEST) == scenes
    assert find_scenes(replace(DRAWN, bodies=3), DIGEST) == [
        replace(s, options=replace(s.options, bodies=3)) for s in scenes[:3]
    ]
    for others in (find_scenes(DRAWN, OTHER), find_scenes(replace(DRAWN, seed=1), DIGEST), scenes[1:]):
        assert all(a.look != b.look and a.room != b.room for a, b in zip(scenes, others, strict=False))


def test_bodies_differ_within_the_ranges_of_the_data_file() -> None:
    table = bench_table().bodies
    scenes = find_scenes(replace(DRAWN, bodies=100), DIGEST)
    heights = [s.options.camera_height_m for s in scenes]
    assert table.camera_height_m[0] <= min(heights) < max(heights) <= table.camera_height_m[1]
    away = [s.options.distance_m for s in scenes]
    assert 10 < away.count(None) < 45
    assert all(table.distance_m[0] <= one <= table.distance_m[1] for one in away if one is not None)
    assert {s.options.rate_hz for s in scenes} == set(table.rates_hz)
    trousers = [s.look.trousers for s in scenes if s.look.trousers]
    assert 20 < len(trousers) < 50
    assert all(table.looseness[0] <= one <= table.looseness[1] for one in trousers)
    assert len({s.spoiling for s in scenes}) == 100


def test_what_is_asked_for_is_not_drawn() -> None:
    asked = replace(DRAWN, rate_hz=25.0, camera_height_m=1.1, distance_m=4.0)
    for scene in find_scenes(asked, DIGEST):
        assert (scene.options.rate_hz, scene.options.camera_height_m, scene.options.distance_m) == (25, 1.1, 4)


def test_without_bodies_the_plain_one_is_filmed_once() -> None:
    (scene,) = find_scenes(ValidationOptions(render=True), DIGEST)
    assert scene.look == Look()
    assert scene.spoiling is None
    assert (scene.options.rate_hz, scene.options.distance_m) == (60.0, None)


def test_bodies_without_films_are_refused(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SettingsError, match="--render"):
        ValidationOptions(bodies=2)
    assert main(["validate", "walk.c3d", "--bodies", "2"]) == 2
    assert "--render" in capsys.readouterr().err


@pytest.mark.parametrize("distance_m", [None, 4.0])
def test_cameras_stand_as_high_as_asked_and_see_the_walk(distance_m: float | None) -> None:
    body = walk()
    for camera in place_cameras(body, replace(DRAWN, camera_height_m=0.7, distance_m=distance_m)):
        assert camera.position[2] == pytest.approx(0.7)
        seen = camera.project(body.points)
        assert (seen >= 0).all()
        assert (seen < [camera.width, camera.height]).all()


def test_loose_trousers_cover_the_shin() -> None:
    body = walk(duration_s=0.1)
    gait = normal_gait()
    camera = place_cameras(body, replace(DRAWN, pixels_per_metre=150.0)).sagittal
    room, green = paint(Room(), camera), (0.0, 255.0, 0.0)

    def green_pixels(trousers: float) -> int:
        look = Look(shorts=green, shorts_length=0.3, trousers=trousers)
        rgb = render_pose(body.points[0], camera, backdrop=room, gait=gait, look=look).rgb.astype(int)
        knee = int(camera.project(body.points[0, Keypoint.RIGHT_KNEE])[1])
        return int((rgb[knee:, :, 1] > rgb[knee:].max(axis=2) - 1)[rgb[knee:, :, 0] < 40].sum())

    assert green_pixels(0.0) == 0
    assert green_pixels(1.4) > green_pixels(1.0) > 500


def test_a_cheap_camera_darkens_and_spoils_its_pictures_the_same_way_each_time() -> None:
    picture = np.full((40, 60, 3), 200, np.uint8)
    camera = Spoiling(jpeg_quality=50, noise=6.0, blur_px=0.6, gain=0.6)
    first, again, other = (camera.apply(picture, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()
    assert first.mean() == pytest.approx(120, abs=2)
    assert 2.0 < first.std() < 9.0


def test_the_same_walk_and_scene_give_the_very_same_films(tmp_path: Path) -> None:
    body = drawn(walk(duration_s=0.5))
    first, second = find_scenes(replace(DRAWN, bodies=2, rate_hz=15.0), DIGEST)
    films = []
    for number, scene in enumerate((first, first, second)):
        folder = tmp_path / str(number)
        folder.mkdir()
        videos = film_body(body, scene, folder)
        with open_video(videos.sagittal) as reader:
            assert reader.info.frame_count == 8
        films.append([video.read_bytes() for video in videos])
    assert films[0] == films[1]
    assert films[0] != films[2]


def test_films_have_one_place_in_the_cache_for_each_walk_and_scene() -> None:
    body = drawn(walk(duration_s=0.5))
    first, second = find_scenes(replace(DRAWN, bodies=2), DIGEST)
    place = film_folder(body, first)
    points = np.nextafter(body.body.points, 9.0)  # what is computed differs by a last bit from run to run
    assert film_folder(replace(body, body=replace(body.body, points=points)), first) == place
    measured = replace(first, options=replace(first.options, pose_model="heavy", bodies=9))
    assert film_folder(body, measured) == place
    moved = replace(body, body=replace(body.body, points=body.body.points + 0.001))
    higher = replace(first, options=replace(first.options, camera_height_m=1.33))
    others = [film_folder(moved, first), film_folder(body, higher), film_folder(body, second)]
    assert len({place, *others}) == 4


@pytest.mark.slow
def test_films_and_keypoints_of_a_second_run_come_from_the_cache() -> None:
    body = drawn(walk(duration_s=2.5))
    (scene,) = find_scenes(ValidationOptions(render=True, rate_hz=30.0, pixels_per_metre=200.0), DIGEST)
    session = Session(id="walker", subject=Subject("walker"))

    def run(**changes: bool) -> tuple[object, set[str]]:
        said: list[Message] = []
        this = replace(scene, options=replace(scene.options, **changes))
        found, refined = measure_pixels(body, this, session, tick=lambda share, note: said.append(note))
        assert refined.startswith("legs put right by ")
        codes = {note.code for note in said}
        return [m.value for side in Side for m in found.evgs.measures[side]], codes

    values, did = run()
    assert {"progress.filming", "progress.pose"} <= did
    again, did = run()
    assert again == values
    assert not {"progress.filming", "progress.pose"} & did
    anew, did = run(use_cache=False)
    assert anew == values
    assert {"progress.filming", "progress.pose"} <= did


# --- overlapping legs


def test_legs_overlap_where_knees_or_ankles_pass_each_other() -> None:
    body = walk()
    camera = place_cameras(body, replace(DRAWN, pixels_per_metre=300.0)).sagittal
    truth = find_truth(MarkerTrial("walker", (), np.zeros((120, 0, 3)), 60.0, 0, 2), body)
    overlap = legs_overlap(truth, camera, limit=0.15)
    apart = {
        part: np.abs(body.part(Side.LEFT, part) - body.part(Side.RIGHT, part))[:, 0]
        for part in ("knee", "ankle")
    }
    closest = np.minimum(apart["knee"], apart["ankle"])
    assert overlap[closest < 0.05].all()
    assert not overlap[closest > 0.16 * truth.leg_m].any()
    assert 0.1 < overlap.mean() < 0.6
    assert not legs_overlap(truth, camera, limit=0.0).any()


def errors(side: Side, values: np.ndarray, *, angle: str = "knee_flexion") -> AngleErrors:
    """One stride: 101 errors; the legs overlap from 20 to 29 % of the cycle."""
    percent = np.arange(101)
    return AngleErrors(
        angle, FILE, side, values, np.minimum(percent // 10, 9), (percent >= 20) & (percent < 30),
        far=side is Side.LEFT,
    )  # fmt: skip


def test_errors_are_told_apart_by_limb_overlap_and_tenth() -> None:
    percent = np.arange(101.0)
    near = np.where((percent >= 20) & (percent < 30), -8.0, 1.0)
    far = np.where(percent >= 90, 5.0, 0.0)
    comparison = Comparison(
        "a", 0, (errors(Side.RIGHT, near), errors(Side.LEFT, far)), (), (), (), (),
        facts=find_scenes(DRAWN, DIGEST)[0].facts(),
    )  # fmt: skip
    report = summarise(DRAWN, (comparison,))
    rows = {(row.limb, row.legs): row for row in report.limbs}
    assert rows["near", "overlap"].mae == 8.0
    assert rows["near", "overlap"].points == 10
    assert rows["near", "apart"].mae == 1.0
    assert rows["near", "all"].mae == pytest.approx((80 + 91) / 101)
    assert rows["near", "all"].worst == 2
    assert np.isnan(rows["near", "apart"].tenths[2])
    assert rows["far", "all"].worst == 9
    assert rows["far", "all"].tenths[9] == 5.0
    assert rows["far", "overlap"].mae == 0.0
    assert report.bodies[0].mae["knee_flexion"] == pytest.approx((171 + 55) / 202)
    text = format_report(report)
    assert "8.0 at 20 %" in text
    assert "5.0 at 90 %" in text
    assert max(map(len, text.splitlines())) <= 112


def test_measured_points_know_their_tenth_and_whether_the_legs_overlap(tmp_path: Path) -> None:
    body = walk(duration_s=4.0)
    truth = find_truth(MarkerTrial("walker", (), np.zeros((240, 0, 3)), 60.0, 0, 2), body)
    options = ValidationOptions()
    measures = measure_markers(tmp_path / "walker.c3d", body, options, BodyMeasures(1.35))
    camera = place_cameras(body, options).sagittal
    found = compare(truth, measures, seed=0, side_camera=camera)
    knees = [e for e in found.angles if (e.angle, e.reference) == ("knee_flexion", MARKERS)]
    assert {e.far for e in knees} == {True, False}
    for e in knees:
        assert e.errors.shape == e.tenths.shape == e.overlap.shape
        assert np.bincount(e.tenths).tolist() == (e.errors.size // 101 * np.r_[[10] * 9, 11]).tolist()
        assert not e.overlap[e.tenths == 0].any()  # the feet are a step apart at contact
        assert e.overlap[(e.tenths >= 2) & (e.tenths <= 3)].any()
    for one in (m for side in Side for m in measures.evgs.measures[side]):
        assert (one.sigma is None) == (one.value is None)
        assert one.sigma is None or one.sigma >= one.item.sigma  # the events' error comes on top
    nowhere = compare(truth, measures, seed=0)
    assert not any(e.overlap.any() for e in nowhere.angles)


# --- certainty


def pair(value: float, sigma: float | None, probability: float, *, right: bool = True) -> ItemPair:
    return ItemPair(
        9, Side.LEFT, 10.0, 0, True, value, 0 if right else 1, "", probability=probability, sigma=sigma
    )  # fmt: skip


def test_certainty_is_held_against_the_truth() -> None:
    pairs = (
        pair(11.0, 2.0, 0.95),
        pair(14.0, 2.0, 0.92, right=False),
        pair(7.0, 2.0, 0.60),
        pair(10.0, None, 0.50, right=False),
        replace(pair(10.0, 1.0, 0.9), score=None, value=None, probability=None, sigma=None),
    )
    exact = Comparison("a", 0, (), (), (), pairs[:1], ())
    pixels = Comparison("a", 0, (), (), (), pairs, (), seen="pixels")
    rows = {(row.seen, row.number): row for row in certainty_rows((exact, pixels))}
    assert list(rows) == [("exact", 9), ("exact", 0), ("pixels", 9), ("pixels", 0)]
    row = rows["pixels", 9]
    assert (row.scored, row.sure, row.sure_right, row.values, row.covered) == (4, 2, 1, 3, 2)
    assert row.said == pytest.approx((0.95 + 0.92 + 0.6 + 0.5) / 4)
    assert row.right == 0.5
    assert row.error == pytest.approx(np.sqrt((1 + 16 + 9) / 3))
    assert row.sigma == 2.0
    assert rows["pixels", 0].error == pytest.approx(np.sqrt((1 + 16 + 9) / 3) / 2)
    assert rows["pixels", 0].sigma == 1.0


def test_all_kinds_of_points_stand_in_one_table_and_in_the_files(tmp_path: Path) -> None:
    percent = np.arange(101.0)
    scene = find_scenes(DRAWN, DIGEST)[0]
    pixels = Comparison(
        "walker", 0, (errors(Side.RIGHT, percent),), (), (), (pair(11.0, 2.0, 0.95),), (),
        facts=scene.facts(), seen="pixels",
    )  # fmt: skip
    beside = [replace(pixels, facts={}, seen=seen) for seen in ("exact", "noise 5 px")]
    report = summarise(replace(DRAWN, pose_model="full"), (pixels,), tuple(beside))
    assert report.runs == 1
    text = format_report(report)
    assert all(f" {seen} -" in text for seen in ("exact", "noise 5 px", "pixels"))
    assert "12 drawn bodies a file (seed 0, pose model full)" in text
    assert "walker 1" in text
    assert "legs not put right" in text
    assert max(map(len, text.splitlines())) <= 112
    files = write_report(report, tmp_path / "out")
    assert {file.name for file in files} == {
        "angles.csv", "limbs.csv", "events.csv", "items.csv", "certainty.csv", "bodies.csv",
        "validation.json", "validation.txt",
    }  # fmt: skip
    tables = {
        file.stem: list(csv.DictReader(file.read_text().splitlines()))
        for file in files
        if file.suffix == ".csv"
    }
    assert [row["seen"] for row in tables["certainty"] if row["number"] == "9"] == [
        "exact",
        "noise 5 px",
        "pixels",
    ]
    assert float(tables["limbs"][0]["tenths_9"]) == 95.0
    assert float(tables["bodies"][0]["facts_rate_hz"]) == scene.options.rate_hz
    saved = json.loads((tmp_path / "out" / "validation.json").read_text())
    assert saved == json.loads(json.dumps(report_as_json(report), allow_nan=False))
    assert (tmp_path / "out" / "validation.txt").read_text() == text + "\n"
