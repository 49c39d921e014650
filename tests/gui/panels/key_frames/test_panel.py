"""Small pictures of the key images come by themselves and never hold anything up."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gaitviewer.core.document import Document, KeyImage
from gaitviewer.core.gait import View
from gaitviewer.core.progress import no_progress
from gaitviewer.gui.model.state import AppState
from gaitviewer.gui.panels.key_frames.panel import PICTURE, WHERE, KeyImagesPanel
from gaitviewer.gui.panels.key_frames.pictures import KeyPictures, decode
from gaitviewer.gui.playback.player import Player
from gaitviewer.gui.services.jobs import Jobs
from gaitviewer.workflow.app.settings import Settings

FRAMES = (5, 37)


@pytest.fixture
def shown(qtbot: Any, two_view_document: Document) -> Iterator[tuple[KeyImagesPanel, AppState, Jobs]]:
    state, jobs = AppState(Settings()), Jobs()
    panel = KeyImagesPanel(state, Player())
    qtbot.addWidget(panel)
    pictures = KeyPictures(state, jobs, panel)
    images = tuple(KeyImage("t1", View.SAGITTAL, frame, frame / 30) for frame in FRAMES)
    state.open_session(replace(two_view_document, key_images=images))
    yield panel, state, jobs
    assert pictures.parent() is panel
    jobs.shutdown()


def colours(panel: KeyImagesPanel, row: int) -> set[int]:
    image = panel.table.item(row, WHERE).icon().pixmap(PICTURE).toImage()
    return {image.pixel(x, y) for x in range(0, image.width(), 3) for y in range(0, image.height(), 3)}


def test_a_drawing_stands_there_until_the_picture_comes(
    qtbot: Any, shown: tuple[KeyImagesPanel, AppState, Jobs]
) -> None:
    panel, state, jobs = shown
    before = [colours(panel, row) for row in range(2)]
    assert panel.missing == state.document.key_images
    qtbot.waitUntil(lambda: not panel.missing, timeout=20_000)
    assert jobs.get("key images") is None
    for row in range(2):
        assert colours(panel, row) != before[row]
        assert panel.table.item(row, WHERE).icon().availableSizes()[0].width() == PICTURE.width()


def test_only_what_is_new_is_decoded_and_another_session_starts_anew(
    qtbot: Any, shown: tuple[KeyImagesPanel, AppState, Jobs]
) -> None:
    panel, state, _ = shown
    qtbot.waitUntil(lambda: not panel.missing, timeout=20_000)
    document = state.document
    more = KeyImage("t1", View.CORONAL, 9, 0.36)
    state.edit(replace(document, key_images=(*document.key_images, more)), "one more")
    assert panel.missing == (more,)
    qtbot.waitUntil(lambda: not panel.missing, timeout=20_000)
    state.open_session(replace(document, trials=document.trials[:1]))
    assert len(panel.missing) == len(FRAMES)
    qtbot.waitUntil(lambda: not panel.missing, timeout=20_000)


def test_a_video_that_is_gone_keeps_the_drawing(
    qtbot: Any, two_view_document: Document, tmp_path: Path
) -> None:
    data = two_view_document.trials[0]
    gone = replace(data.trial.videos.sagittal, path=tmp_path / "gone.mp4")
    trial = replace(data.trial, videos=replace(data.trial.videos, sagittal=gone))
    wanted = (("t1", View.SAGITTAL, 5), ("t1", View.CORONAL, 9), ("t9", View.SAGITTAL, 1))
    made = decode((replace(data, trial=trial),), wanted, PICTURE, no_progress)
    assert set(made) == {wanted[1]}
    image = made[wanted[1]]
    assert image.width() == PICTURE.width()
    assert abs(image.height() - PICTURE.height()) <= 1
