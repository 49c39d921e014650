"""Trained weights on sessions without labels: halves of the strides, the mirror image, and the table of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.gait import Side, View
from gaitviewer.core.learning import MaskedPicture
from gaitviewer.core.progress import no_progress
from gaitviewer.errors import SettingsError
from gaitviewer.inference.models import open_model
from gaitviewer.research.training.real_videos import MirroredPictures, compare_videos, half_of, mirrored
from gaitviewer.store import open_library
from gaitviewer.workflow.analysis.measure import measure_document


def test_halves_share_no_stride_and_together_are_the_whole(walker_document: Document) -> None:
    measures = measure_document(walker_document)
    counting = {stride.key for stride in measures.strides if not stride.excluded}
    halves = []
    for half in (0, 1):
        again = measure_document(half_of(walker_document, measures, half))
        halves.append({stride.key for stride in again.strides if not stride.excluded})
    assert all(halves)
    assert not halves[0] & halves[1]
    assert halves[0] | halves[1] == counting


def test_the_mirror_image_exchanges_the_limbs(walker_document: Document) -> None:
    turned = mirrored(walker_document)
    before, after = measure_document(walker_document), measure_document(turned)
    for side, other in ((Side.LEFT, Side.RIGHT), (Side.RIGHT, Side.LEFT)):
        values = {m.item.number: m.value for m in before.evgs.measures[side] if isinstance(m.value, float)}
        found = {m.item.number: m.value for m in after.evgs.measures[other] if isinstance(m.value, float)}
        same = [number for number in values if number in found]
        assert same
        for number in same:
            assert found[number] == pytest.approx(values[number], abs=0.6), (number, side)
    twice = mirrored(turned)
    for data, again in zip(walker_document.trials, twice.trials, strict=True):
        for view in View:
            pose, other_pose = data.poses[view], again.poses[view]
            if pose is not None and other_pose is not None:
                np.testing.assert_allclose(pose.xy, other_pose.xy, atol=1e-3)


def test_pictures_are_mirrored_with_their_outline() -> None:
    rgb = np.arange(24, dtype=np.uint8).reshape(2, 4, 3)
    mask = np.array([[True, False, False, False], [False, True, False, False]])

    class Two:
        def read(self, frames: object) -> object:
            yield MaskedPicture(rgb, mask)
            yield MaskedPicture(rgb, None)

    first, second = MirroredPictures(Two()).read([0, 1])  # type: ignore[arg-type]
    assert np.array_equal(first.rgb[:, ::-1], rgb)
    assert first.mask is not None
    assert np.array_equal(first.mask[:, ::-1], mask)
    assert second.mask is None


def test_a_library_is_told_of_in_rows(walker_document: Document, tmp_path: Path) -> None:
    file = tmp_path / "library.db"
    with open_library(file):
        pass
    model = open_model("severity")
    with pytest.raises(SettingsError, match="holds no analysed session"):
        compare_videos(model, file, device="cpu", tick=no_progress)
    with open_library(file) as library:
        library.save_session(walker_document)
    rows = {row["what"]: row["value"] for row in compare_videos(model, file, device="cpu", tick=no_progress)}
    assert rows["sessions"] == "1"
    answered, asked = (int(part) for part in rows["questions answered"].split(" of "))
    assert 0 <= answered <= asked
    assert asked > 0
    assert any(what.startswith("the mirror image") for what in rows)
