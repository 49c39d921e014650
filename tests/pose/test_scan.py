"""Searching a picture: cutting, duplicates, windows."""

from __future__ import annotations

import numpy as np

from gaitviewer.pose.estimator import BodyCircle
from gaitviewer.pose.scan import Scanner, clothes_colours, cut_square, drop_duplicates
from gaitviewer.pose.settings import load_settings


def test_squares_beyond_the_picture_are_black_there():
    rgb = np.full((100, 200, 3), 7, np.uint8)
    square, left, top = cut_square(rgb, 0, 0, 60)
    assert (left, top) == (-30, -30)
    assert (square[30:, 30:] == 7).all()
    assert not square[:30].any()
    assert not square[:, :30].any()
    gone, _, _ = cut_square(rgb, 900, 900, 60)
    assert gone.shape == (60, 60, 3)
    assert not gone.any()


def test_the_surest_of_near_finds_stays():
    people = [(BodyCircle(100, 100, 50), 0.6), (BodyCircle(110, 100, 50), 0.9), (BodyCircle(300, 100, 50), 0.5)]
    kept = drop_duplicates(people, 0.5)
    assert [score for _, score in kept] == [0.9, 0.5]


def test_colours_tell_shirts_apart_and_the_edge_is_unknown():
    rgb = np.zeros((400, 400, 3), np.uint8)
    rgb[:, :200] = (250, 20, 20)
    rgb[:, 200:] = (20, 250, 20)
    red, green = (clothes_colours(rgb, BodyCircle(x, 200, 100)) for x in (100, 300))
    assert abs(sum(red) - 1) < 1e-9
    assert sum(a * b for a, b in zip(red, green, strict=True)) == 0
    assert sum(clothes_colours(rgb, BodyCircle(900, 200, 100))) == 0


class SmallPersonDetector:
    """Sees a bright square as a person if it fills a tenth of the picture or more."""

    name, weights_digest, square_scale = "squares", "", 2.5

    def find_people(self, rgb):
        ys, xs = np.nonzero(rgb[..., 0] > 100)
        if not len(ys) or np.ptp(ys) < 0.1 * max(rgb.shape[:2]):
            return []
        return [(BodyCircle(xs.mean(), ys.mean(), (np.ptp(ys) + 1) / 2), 0.95)]


def test_a_far_person_is_found_in_a_window_and_kept_without():
    settings = load_settings().scan
    scanner = Scanner(SmallPersonDetector(), settings)
    rgb = np.zeros((720, 1280, 3), np.uint8)
    rgb[300:380, 900:930] = 255  # 80 px: too small for the whole picture of 1280
    assert scanner.look(rgb, windows=False) == []
    (body, score), *others = scanner.look(rgb, windows=True)
    assert not others
    assert abs(body.x - 914.5) < 1
    assert abs(body.y - 339.5) < 1
    assert score == 0.95
    again = scanner.look(np.roll(rgb, 6, axis=1), windows=False)
    assert len(again) == 1
    assert abs(again[0][0].x - 920.5) < 1
