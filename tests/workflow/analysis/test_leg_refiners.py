"""Which network puts the legs of a side view right: that of the estimator that saw them, and no other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer import paths
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.output import SYNTHETIC_STATEMENT, Provenance
from gaitviewer.core.skeleton import Keypoint
from gaitviewer.nets.card import CARD, read_card
from gaitviewer.pose.estimator import make_estimator
from gaitviewer.workflow.analysis import leg_refiners
from gaitviewer.workflow.analysis.inputs import inputs_digest, is_made_from, same_inputs
from gaitviewer.workflow.analysis.leg_refiners import find_leg_refiner, leg_refiner_digest
from gaitviewer.workflow.analysis.measure import core_provenance, measure_document
from gaitviewer.workflow.app import settings


def _made_by(digest: str) -> Provenance:
    return Provenance("an estimator", digest, "cd" * 32, "0.1.0", "cpu", "2026-11-20T10:00:00Z", 1.0)


@pytest.fixture
def estimated() -> Provenance:
    """Of the estimator that the program ships."""
    return _made_by(make_estimator("full").weights_digest)


@pytest.fixture
def fresh_cards() -> Iterator[None]:
    leg_refiners._cards.cache_clear()
    leg_refiners._load.cache_clear()
    yield
    leg_refiners._cards.cache_clear()
    leg_refiners._load.cache_clear()


def _seen_by(document: Document, made: Provenance) -> Document:
    trials = tuple(replace(data, provenance=ByView(made, made)) for data in document.trials)
    return replace(document, trials=trials)


def test_the_shipped_estimator_has_one_and_others_have_none(estimated: Provenance) -> None:
    found = find_leg_refiner(estimated)
    assert found is not None
    assert found.digest == leg_refiner_digest(estimated)
    assert leg_refiner_digest(_made_by("ab" * 32)) is None
    assert leg_refiner_digest(_made_by("")) is None, "keypoints of no estimator"
    assert find_leg_refiner(None) is None


def test_its_card_names_the_estimator(estimated: Provenance) -> None:
    (folder,) = [
        file.parent
        for file in paths.models().glob(f"*/{CARD}")
        if read_card(file.parent).settings.get("pose_digest") == estimated.weights_digest
    ]
    assert read_card(folder).settings["pose_model"] == make_estimator("full").name


def test_one_switch_turns_it_off(estimated: Provenance) -> None:
    settings.save(settings.change(settings.load(), refine_legs=False))
    assert find_leg_refiner(estimated) is None
    settings.save(settings.change(settings.load(), refine_legs=True))
    assert find_leg_refiner(estimated) is not None


def test_the_provenance_names_it_and_what_it_learned_from(
    walker_document: Document, estimated: Provenance
) -> None:
    made = core_provenance(_seen_by(walker_document, estimated)).model
    assert "legs-full" in made
    assert SYNTHETIC_STATEMENT in made
    assert "legs" not in core_provenance(walker_document).model


def test_measures_follow_and_say_so_in_their_digest(walker_document: Document, estimated: Provenance) -> None:
    document = _seen_by(walker_document, estimated)
    plain = inputs_digest(walker_document)
    assert inputs_digest(document) != plain
    assert not same_inputs(document, walker_document)
    assert is_made_from(plain, document), "what was measured before there were refiners is of the same session"
    side, raw = (measure_document(one).motions[0].views.sagittal for one in (document, walker_document))
    assert side is not None
    assert raw is not None
    inside = slice(side.passes[0].start, side.passes[0].stop)
    moved = np.abs(side.pose.xy[inside, Keypoint.LEFT_KNEE] - raw.pose.xy[inside, Keypoint.LEFT_KNEE])
    assert np.nanmax(moved) > 0.5
    np.testing.assert_array_equal(side.raw.xy, raw.raw.xy)  # the estimate is still there


def test_hips_that_a_network_put_tell_no_pelvic_rotation(
    walker_document: Document, estimated: Provenance
) -> None:
    sheet = measure_document(_seen_by(walker_document, estimated)).evgs
    for side in Side:
        rotation = sheet.get(15, side)
        assert rotation.score is None
        assert rotation.reason.code == "reason.hips_put_right"


@pytest.mark.usefixtures("fresh_cards")
def test_a_damaged_card_is_left_out(
    tmp_path: Path, estimated: Provenance, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "legs-broken").mkdir()
    (tmp_path / "legs-broken" / CARD).write_text("id = ", encoding="utf-8")
    monkeypatch.setattr(paths, "models", lambda: tmp_path)
    assert find_leg_refiner(estimated) is None
    assert "left out" in caplog.text
