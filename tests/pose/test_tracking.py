"""Who is the subject, and where: on made-up sightings."""

from __future__ import annotations

import numpy as np
import pytest

from gaitviewer.pose.estimator import BodyCircle, Sighting
from gaitviewer.pose.settings import TrackingSettings, load_settings
from gaitviewer.pose.tracking import choose_subject, likeness, link_sightings, path_of

RATE = 30.0
STEP = 6
RED = tuple(np.eye(64)[48].tolist())
GREEN = tuple(np.eye(64)[12].tolist())


@pytest.fixture(scope="module")
def settings() -> TrackingSettings:
    return load_settings()


def see(
    frame: int, x: float, y: float = 500, radius: float = 100, score: float = 0.95, colours=RED
) -> Sighting:
    return Sighting(frame, BodyCircle(x, y, radius), score, colours)


def walk(start: int, stop: int, x0: float, speed: float, **kwargs) -> list[Sighting]:
    """Sightings of somebody who walks sideways, ``speed`` pixels a frame."""
    return [see(f, x0 + speed * (f - start), **kwargs) for f in range(start, stop, STEP)]


def subject_of(sightings, settings):
    tracks = link_sightings(sightings, RATE, settings.link)
    return tracks, choose_subject(tracks, RATE, settings.subject, settings.link)


def test_walker_is_chosen_and_bystander_left_out(settings):
    therapist = walk(0, 240, 900, 0.0, y=480, radius=120, colours=GREEN)
    tracks, subject = subject_of(walk(60, 160, 100, 8) + therapist, settings)
    assert len(tracks) == 2
    assert subject.walks
    assert [t.start for t in subject.tracks] == [60]
    assert subject.others[0].sightings[0].body.radius == 120


def test_passing_a_bystander_swaps_nobody(settings):
    """They cross in the picture, a radius apart in height; each track keeps its own height."""
    tracks, subject = subject_of(walk(0, 150, 100, 8, y=520) + walk(0, 150, 700, 0.0, y=400), settings)
    assert len(tracks) == 2
    assert {s.body.y for s in subject.tracks[0].sightings} == {520}


def test_same_walker_twice_is_two_stretches(settings):
    there, back = walk(0, 100, 100, 8), walk(200, 300, 900, -8)
    _, subject = subject_of(there + back, settings)
    assert [t.start for t in subject.tracks] == [0, 200]


def test_second_walker_at_the_same_time_is_somebody_else(settings):
    main = walk(0, 160, 100, 8)
    other = walk(100, 220, 1200, -4, y=520)
    _, subject = subject_of(main + other, settings)
    assert len(subject.tracks) == 1
    assert len(subject.others) == 1


def test_walker_in_other_clothes_is_somebody_else(settings):
    _, subject = subject_of(walk(0, 160, 100, 8) + walk(240, 330, 100, 8, colours=GREEN), settings)
    assert [t.start for t in subject.tracks] == [0]


def test_walker_towards_the_camera_moves_by_growing(settings):
    growing = [see(f, 640, radius=80 * 2 ** (f / 80)) for f in range(0, 160, STEP)]
    standing = walk(0, 160, 200, 0.0, radius=100, colours=GREEN)
    _, subject = subject_of(growing + standing, settings)
    assert subject.walks
    assert subject.tracks[0].sightings[0].body.x == 640


def test_jittering_furniture_is_no_walker(settings):
    rng = np.random.default_rng(1)
    chair = [
        see(f, 900 + rng.normal(0, 15), radius=110 * rng.uniform(0.8, 1.25), score=rng.uniform(0.5, 0.75))
        for f in range(0, 300, STEP)
    ]
    _, subject = subject_of(chair, settings)
    assert subject is None or not subject.walks


def test_nobody(settings):
    assert subject_of([], settings)[1] is None


def test_one_wild_sighting_does_not_move_the_path(settings):
    sightings = walk(0, 120, 100, 8)
    wild = sightings[8]
    sightings[8] = see(wild.frame, wild.body.x + 60, 430)
    _, subject = subject_of(sightings, settings)
    path = path_of(subject.tracks[0])
    here = path.at(wild.frame)
    assert here.y == 500
    assert abs(here.x - wild.body.x) <= 8 * STEP + 1


def test_path_goes_straight_on_beyond_its_ends(settings):
    _, subject = subject_of(walk(30, 120, 100, 8), settings)
    path = path_of(subject.tracks[0])
    assert path.at(20).x == pytest.approx(100 - 80, abs=1)
    assert path.at(33).x == pytest.approx(124, abs=1)
    assert path.at(path.stop + 9).x == pytest.approx(100 + 8 * (path.stop + 9 - 30), abs=1)
    assert path.at(20).radius == 100


def test_mirrored_sightings_choose_the_same_person(settings):
    sightings = walk(60, 160, 100, 8) + walk(0, 240, 900, 0.0, y=480, colours=GREEN)
    mirrored = [see(s.frame, 1279 - s.body.x, s.body.y, s.body.radius, colours=s.colours) for s in sightings]
    _, subject = subject_of(mirrored, settings)
    assert [t.start for t in subject.tracks] == [60]


def test_likeness():
    assert likeness(RED, RED) == pytest.approx(1)
    assert likeness(RED, GREEN) == 0
    assert likeness(RED, (0.0,) * 64) == 1
