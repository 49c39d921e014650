"""Whether an answer is still about the session, without torch."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import pytest

from gaitviewer.core.document import Document
from gaitviewer.core.edits import change_trial
from gaitviewer.core.output import UNTOLD, ModelOutput
from gaitviewer.inference.answers import answer_digest, judged, weights_digests
from tests.support import earlier_library


@pytest.fixture
def document() -> Document:
    return earlier_library.build()


def made_of(document: Document, digest: str, model: str = "severity-9") -> dict[str, ModelOutput]:
    made = replace(UNTOLD, weights_digest=digest, inputs_digest=answer_digest(document, digest))
    return {"severity": ModelOutput(model, (), made, True)}


def is_old(outputs: dict[str, ModelOutput], document: Document, weights: dict[str, str]) -> bool:
    (answer,) = judged(outputs, document, weights)
    assert (answer.task, answer.output) == ("severity", outputs["severity"])
    return answer.out_of_date


def test_an_answer_is_about_these_keypoints_events_and_facts(document: Document) -> None:
    outputs, weights = made_of(document, "a" * 64), {"severity-9": "a" * 64}
    assert not is_old(outputs, document, weights)
    assert not is_old(outputs, replace(document, grades=(), texts=replace(document.texts, plan="x")), weights)
    pose = document.trials[0].poses.sagittal
    assert pose is not None
    xy = pose.xy.copy()
    xy[2, 3] += 1
    moved = replace(document.trials[0].poses, sagittal=replace(pose, xy=xy))
    for other in (
        change_trial(document, "t1", lambda data: replace(data, poses=moved)),
        change_trial(document, "t1", lambda data: replace(data, excluded_strides=())),
        change_trial(document, "t1", lambda data: replace(data, events=replace(data.events, sagittal=None))),
        replace(document, session=replace(document.session, height_m=1.5)),
    ):
        assert is_old(outputs, other, weights)


def test_an_answer_is_of_weights_that_are_there(document: Document) -> None:
    outputs = made_of(document, "a" * 64)
    assert is_old(outputs, document, {"severity-9": "b" * 64})
    assert is_old(outputs, document, {"severity-8": "a" * 64})
    assert is_old(outputs, document, {})


def test_digests_of_the_shipped_weights_are_those_of_their_cards(own_home: object) -> None:
    found = weights_digests()
    assert {name.partition("-")[0] for name in found} >= {"severity", "evgs", "scoliosis"}
    assert all(len(digest) == 64 for digest in found.values())


def test_judging_needs_no_torch() -> None:
    code = "import sys, gaitviewer.inference.answers as a; a.weights_digests(); print('torch' in sys.modules)"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"
