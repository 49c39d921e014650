from __future__ import annotations

from itertools import permutations
from pathlib import Path

import pytest

from gaitviewer.core.gait import View
from gaitviewer.workflow.analysis.pairing import Dropped, propose_pairs, view_of_name


def names(*files: Dropped) -> list[tuple[str | None, str | None]]:
    found = propose_pairs(files)
    return [tuple(p.name if p else None for p in (one.videos.sagittal, one.videos.coronal)) for one in found]


def video(name: str, ended_s: float | None = None) -> Dropped:
    return Dropped(Path("/videos") / name, ended_s)


@pytest.mark.parametrize(
    ("name", "view"),
    [
        ("P001-side-2.mp4", View.SAGITTAL),
        ("sagittal.mp4", View.SAGITTAL),
        ("SUBJ01_Left_12-80.mp4", View.SAGITTAL),
        ("SUBJ01-1_backward_1-99.mp4", View.CORONAL),
        ("Gang vorne.MOV", View.CORONAL),
        ("IMG_0012.MOV", None),
        ("frontier.mp4", None),
        ("front and side.mp4", None),
    ],
)
def test_the_view_is_read_from_whole_words_of_the_name(name: str, view: View | None) -> None:
    assert view_of_name(Path(name)) is view


def test_names_that_differ_in_the_view_are_pairs_in_any_order() -> None:
    files = [video(n) for n in ("w1-side.mp4", "w1-front.mp4", "w2-front.mp4", "w2-side.mp4")]
    for order in permutations(files):
        assert set(names(*order)) == {("w1-side.mp4", "w1-front.mp4"), ("w2-side.mp4", "w2-front.mp4")}


def test_names_decide_against_times() -> None:
    files = [
        video("w1-side.mp4", 100.0),
        video("w2-front.mp4", 101.0),
        video("w1-front.mp4", 900.0),
        video("w2-side.mp4", 901.0),
    ]
    assert set(names(*files)) == {("w1-side.mp4", "w1-front.mp4"), ("w2-side.mp4", "w2-front.mp4")}


def test_videos_that_ended_together_are_a_pair_which_a_person_should_check() -> None:
    found = propose_pairs([video("IMG_1.MOV", 50.0), video("MVI_7.MP4", 53.0), video("IMG_2.MOV", 400.0)])
    assert [(p.videos.sagittal, p.videos.coronal) for p in found] == [
        (Path("/videos/IMG_1.MOV"), Path("/videos/MVI_7.MP4")),
        (Path("/videos/IMG_2.MOV"), None),
    ]
    assert [p.sure for p in found] == [False, False]


def test_a_known_view_puts_the_unknown_partner_into_the_other_one() -> None:
    assert names(video("front.mp4", 10.0), video("IMG_3.mov", 12.0)) == [("IMG_3.mov", "front.mp4")]
    assert names(video("IMG_3.mov", 12.0), video("side.mp4", 10.0)) == [("side.mp4", "IMG_3.mov")]


def test_two_side_views_are_never_a_pair() -> None:
    assert names(video("side a.mp4", 1.0), video("side b.mp4", 2.0)) == [
        ("side a.mp4", None),
        ("side b.mp4", None),
    ]


def test_a_front_view_alone_stays_a_front_view_and_doubles_count_once() -> None:
    assert names(video("front.mp4", 1.0), video("front.mp4", 1.0)) == [(None, "front.mp4")]


def test_nothing_dropped_is_nothing_proposed() -> None:
    assert propose_pairs([]) == ()
