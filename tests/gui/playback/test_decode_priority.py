"""Who makes pictures ahead waits for whoever is waited for."""

from __future__ import annotations

import threading

from gaitviewer.gui.playback.decode_priority import DecodePriority

LONG_S = 600.0  # nobody waits so long in a test: whoever does is found waiting


def wait_apart(rush: DecodePriority, owner: int, longest_s: float) -> threading.Event:
    """Wait in a thread of its own, which does not keep the tests from ending; set when the wait is over."""
    over = threading.Event()

    def ahead() -> None:
        rush.wait_for_urgent(owner, longest_s)
        over.set()

    threading.Thread(target=ahead, daemon=True).start()
    return over


def test_nobody_waits_for_nobody_or_for_himself() -> None:
    rush = DecodePriority()
    rush.begin(1)
    assert wait_apart(rush, 1, LONG_S).wait(60.0)
    rush.end(1)
    assert wait_apart(rush, 2, LONG_S).wait(60.0)


def test_others_wait_until_the_last_one_is_served() -> None:
    rush = DecodePriority()
    rush.begin(1)
    rush.begin(2)
    over = wait_apart(rush, 3, LONG_S)
    rush.end(1)
    assert not over.wait(0.1)
    rush.end(2)
    assert over.wait(60.0)


def test_waiting_has_an_end_although_nobody_says_so() -> None:
    rush = DecodePriority()
    rush.begin(1)
    assert wait_apart(rush, 2, 0.02).wait(60.0)
    over = wait_apart(rush, 2, LONG_S)
    assert not over.wait(0.1)
    rush.end(1)
    assert over.wait(60.0)
