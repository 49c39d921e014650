"""Who makes pictures ahead waits for whoever is waited for."""

from __future__ import annotations

import threading
import time

from gaitviewer.gui.playback.decode_priority import DecodePriority


def test_nobody_waits_for_nobody_or_for_himself() -> None:
    rush = DecodePriority()
    rush.begin(1)
    began = time.perf_counter()
    rush.wait_for_urgent(1, 5.0)
    rush.end(1)
    rush.wait_for_urgent(2, 5.0)
    assert time.perf_counter() - began < 4.0


def test_others_wait_until_the_last_one_is_served() -> None:
    rush = DecodePriority()
    rush.begin(1)
    rush.begin(2)
    gone_on = threading.Event()

    def ahead() -> None:
        rush.wait_for_urgent(3, 20.0)
        gone_on.set()

    thread = threading.Thread(target=ahead)
    thread.start()
    rush.end(1)
    assert not gone_on.wait(0.1)
    rush.end(2)
    assert gone_on.wait(10.0)
    thread.join()


def test_waiting_has_an_end() -> None:
    rush = DecodePriority()
    rush.begin(1)
    rush.wait_for_urgent(2, 0.02)  # returns although nobody says that it is over
