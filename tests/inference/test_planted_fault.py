"""Our walker with a stiff right knee and the shipped model: the fault leads in chart, frames and files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from gaitviewer.analysis.measure import measure_session
from gaitviewer.analysis.walking.trial import read_trial
from gaitviewer.core.document import Document
from gaitviewer.core.gait import ByView, Side
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer
from gaitviewer.core.report_options import ReportOptions
from gaitviewer.core.saliency import joint_means
from gaitviewer.core.session import Session, Subject, Trial
from gaitviewer.formats import read_explanations
from gaitviewer.inference.export import export_answer
from gaitviewer.inference.models import default_model
from gaitviewer.inference.predict import predict
from gaitviewer.report import render_report
from gaitviewer.report.figures.models import saliency_shots
from gaitviewer.report.preview import open_pdf
from gaitviewer.synthesis.demo import demo_scene
from gaitviewer.synthesis.gait.model import normal_gait
from gaitviewer.synthesis.gait.patterns import add_pattern
from tests.support import pdf
from tests.support.walkers import observe


@pytest.fixture(scope="module")
def stiff() -> tuple[Document, Measures, Answer]:
    gait = add_pattern(normal_gait(), Side.RIGHT, "stiff_knee", 1.3)
    film = demo_scene(1, gait=gait).views.sagittal
    pose = observe(film.motion.points, film.camera, times=film.times, noise_px=1.0)
    seen = read_trial(Trial("t1", ByView(None, None)), ByView(pose, None))
    measures = measure_session(Session("walk", Subject("P1"), height_m=gait.height_m), (seen,))
    document = Document(measures.session, ())
    output = predict(document, measures, model=default_model("severity").folder)
    return document, measures, Answer("severity", output)


def test_the_stiff_knee_leads(stiff: tuple[Document, Measures, Answer], tmp_path: Path) -> None:
    document, measures, answer = stiff
    assert answer.output.opinions[0].probabilities is not None
    means = joint_means(answer.output.saliency)
    assert max(means, key=means.__getitem__) == "right_knee"
    assert means["right_knee"] > 1.5 * means["left_knee"]
    arrays = read_explanations(export_answer(tmp_path, document, measures, answer)[0])
    values = [arrays[name] for name in arrays if name.endswith(".values")]
    names = arrays["severity.saliency.0.keypoints"]
    assert names[int(np.argmax(np.concatenate(values).mean(axis=0)))] == "right_knee"


def test_it_is_the_first_bar_and_the_largest_dot(stiff: tuple[Document, Measures, Answer]) -> None:
    _, measures, answer = stiff
    shots = saliency_shots(measures, answer)
    assert shots
    strongest = max(shots, key=lambda shot: max(share for _, _, share in shot.marks))
    assert "right knee" in strongest.detail
    data = render_report(
        measures, options=ReportOptions(anonymous=True, sections=frozenset({"saliency"})), answers=[answer],
        pictures=lambda *_: None, provenance=(), created="2026-01-01",
    )  # fmt: skip
    with open_pdf(data) as file:
        (page,) = [pdf.in_one_line(words) for words in pdf.texts_of(file) if "severity model looked" in words][
            -1:
        ]
    places = {name: page.find(name.replace("_", " ")) for name in joint_means(answer.output.saliency)}
    assert min((at, name) for name, at in places.items() if at > 0)[1] == "right_knee"
