"""What the search for the subject noticed besides the keypoints, on made-up sightings."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import Light, RemarkKind, ViewRemarks
from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.pose.estimator import BodyCircle, Sighting
from gaitviewer.pose.follow import Run
from gaitviewer.pose.remarks import remarks_on
from gaitviewer.pose.scan import light_around, two_persons
from gaitviewer.pose.settings import load_settings
from gaitviewer.pose.tracking import PersonTrack, SubjectTracks

FRAMES, STEP, SPEED, RADIUS = 150, 8, 6.0, 100.0


def walk(doubled: tuple[int, ...] = (), *, light: Light | None = None) -> PersonTrack:
    """Somebody who walks from the left to the right; in some frames the detector saw two."""
    body = [(frame, BodyCircle(150 + SPEED * frame, 400, RADIUS)) for frame in range(0, FRAMES, STEP)]
    return PersonTrack(tuple(Sighting(f, b, 0.95, (), light, f in doubled) for f, b in body))


def stand(x: float, score: float) -> PersonTrack:
    """Somebody (or, with a low score, something) that does not move."""
    body = BodyCircle(x, 380, RADIUS)
    return PersonTrack(tuple(Sighting(frame, body, score) for frame in range(0, FRAMES, STEP)))


def pose_of(track: PersonTrack) -> PoseSequence:
    """All points within 40 pixels of the hips."""
    spread = np.random.default_rng(0).uniform(-40, 40, (len(BODY_FEET_23), 2))
    hips = np.array([(150 + SPEED * frame, 400.0) for frame in range(FRAMES)])
    xy = (hips[:, None] + spread).astype(np.float32)
    return PoseSequence(xy, np.ones(xy.shape[:2], np.float32), np.arange(FRAMES) / 30, 1280, 720)


def without(pose: PoseSequence, start: int, stop: int) -> PoseSequence:
    xy, score = pose.xy.copy(), pose.score.copy()
    xy[start:stop], score[start:stop] = np.nan, 0
    return pose.with_points(xy, score=score)


def remarks(
    track: PersonTrack,
    *others: PersonTrack,
    pose: PoseSequence | None = None,
    run: Run | None = None,
    walks: bool = True,
) -> ViewRemarks:
    subject = SubjectTracks((track,), others, walks)
    runs = {} if run is None else {(0, False): run}
    return remarks_on(subject, pose or pose_of(track), runs, load_settings().company)


def test_a_walk_alone_needs_no_remark() -> None:
    assert remarks(walk()) == ViewRemarks()
    assert remarks(walk((64,))) == ViewRemarks(), "one odd find is no person"


def test_two_persons_found_in_place_of_one_are_side_by_side() -> None:
    (span,) = remarks(walk((48, 64, 72))).spans(RemarkKind.PERSON_BESIDE)
    assert span[0] in range(30, 49)
    assert span[1] in range(72, 90)


def test_a_bystander_is_beside_while_the_walker_passes() -> None:
    found = remarks(walk(), stand(600, 0.95))
    assert found.spans(RemarkKind.ANOTHER_PERSON) == ((0, 144),)
    assert found.spans(RemarkKind.PERSON_BESIDE) == ((59, 91),), (
        "nearer than a radius, 20 pixels apart in height"
    )


def test_furniture_is_nobody() -> None:
    assert remarks(walk(), stand(600, 0.7)) == ViewRemarks()


def test_a_gap_is_told_where_the_subject_had_not_left_the_picture() -> None:
    pose = pose_of(walk())
    assert remarks(walk(), pose=without(pose, 60, 70)).spans(RemarkKind.NOT_FOUND) == ((60, 69),)
    left = replace(pose, width=int(150 + SPEED * 60 + 40))
    assert not remarks(walk(), pose=without(left, 60, 70)).spans(RemarkKind.NOT_FOUND)


@pytest.mark.parametrize("frames", [2, 5])
def test_legs_that_one_look_took_for_each_other(frames: int) -> None:
    pose = pose_of(walk())
    xy = pose.xy.copy()
    xy[40 : 40 + frames] = xy[40 : 40 + frames][:, list(BODY_FEET_23.flips)]
    run = Run(np.arange(FRAMES), xy, pose.score.copy())
    found = remarks(walk(), pose=pose, run=run).spans(RemarkKind.LEGS_EXCHANGED)
    assert found == (((40, 44),) if frames == 5 else ())


def test_nobody_walks_and_how_bright_it_is() -> None:
    found = remarks(walk(light=Light(0.25, 0.125)), walks=False)
    assert [one.kind for one in found.noticed] == [RemarkKind.NOBODY_WALKS]
    assert found.light == Light(0.25, 0.125)


def test_light_is_measured_around_the_person() -> None:
    rgb = np.zeros((200, 400, 3), np.uint8)
    rgb[:, 200:] = 200
    rgb[::8, 200:] = 100
    assert light_around(rgb, BodyCircle(80, 100, 60)) == Light(0.0, 0.0)
    bright = light_around(rgb, BodyCircle(320, 100, 60))
    assert bright is not None
    assert bright.brightness == pytest.approx(150 / 255, abs=0.05)
    assert bright.contrast == pytest.approx(50 / 255, abs=0.02)
    assert light_around(rgb, BodyCircle(900, 100, 60)) is None


@pytest.mark.parametrize(
    ("other", "two"),
    [
        (BodyCircle(125, 85, 120), True),
        (BodyCircle(103, 104, 60), False),  # the same hips once more
        (BodyCircle(190, 100, 100), False),  # somebody else, farther away
        (BodyCircle(120, 90, 300), False),  # no person of like size
    ],
)
def test_two_persons_in_one_place(other: BodyCircle, two: bool) -> None:
    here = BodyCircle(100, 100, 100)
    assert two_persons([BodyCircle(101, 99, 98), other], here) is two
    assert not two_persons([other], here)
