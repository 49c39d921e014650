"""Own-site learning: calibration and sets that hold for people never seen, and what is missing otherwise."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gaitviewer.cli import main
from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.evgs import Grade
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.learning import ITEMS
from gaitviewer.core.output import UNTOLD, ModelOutput, Opinion
from gaitviewer.core.progress import no_progress
from gaitviewer.core.serialise import from_plain, to_plain
from gaitviewer.core.session import Session, Subject, Trial, VideoStream
from gaitviewer.core.timing import VideoInfo
from gaitviewer.errors import SettingsError
from gaitviewer.inference.evgs.predict import CLASSES, load_net, question
from gaitviewer.inference.evgs.site import Site, SiteItem, adapted
from gaitviewer.inference.models import open_model
from gaitviewer.research import adapt
from gaitviewer.research.adapt import GradedAnswers, adapt_model, learn_site

NAMES = {question(item, side): (item, side) for side in Side for item in range(1, ITEMS + 1)}


def draw(people: int, *, seed: int, visits: int = 1) -> GradedAnswers:
    """A model that is far too sure of itself, and says "atypical" too often; item 3 alone is graded."""
    rng = np.random.default_rng(seed)
    count = people * visits
    truth = np.full((count, 2, ITEMS), -1)
    truth[:, :, 2] = rng.random((count, 2)) < 0.4
    odds = 3.0 * np.where(truth == 1, 1.0, -1.0) + 3.0 + 4.0 * rng.normal(size=truth.shape)
    names = tuple(f"P{n // visits}" for n in range(count))
    return GradedAnswers(tuple(f"s{n}" for n in range(count)), names, 1 / (1 + np.exp(-odds)), truth)


def test_sets_hold_nine_of_ten_people_never_seen() -> None:
    site, reports = learn_site(draw(60, seed=1, visits=2))
    (made,) = site.items
    assert (made.item, made.limbs, made.people) == (3, 240, 60)
    report = reports[2]
    assert report.error[1] < 0.8 * report.error[0]
    assert report.coverage == pytest.approx(0.9, abs=0.04)
    fresh = draw(2000, seed=2)
    chances = [made.chance(one) for one in fresh.atypical[:, :, 2].ravel()]
    truth = fresh.graded[:, :, 2].ravel()
    sets = [made.answers(one) for one in chances]
    assert np.mean([true in held for true, held in zip(truth, sets, strict=True)]) == pytest.approx(
        0.9, abs=0.05
    )
    assert np.mean([len(held) for held in sets]) < 1.9
    assert np.mean((chances - truth) ** 2) < np.mean((fresh.atypical[:, :, 2].ravel() - truth) ** 2)


def test_a_good_model_is_left_as_it_is() -> None:
    rng = np.random.default_rng(4)
    answers = draw(80, seed=3)
    chance = rng.uniform(0.02, 0.98, answers.atypical.shape)
    truth = np.where(answers.graded >= 0, rng.random(chance.shape) < chance, -1)
    site, reports = learn_site(replace(answers, atypical=chance, graded=truth))
    assert site.items[0].slope == pytest.approx(1.0, abs=0.3)
    assert site.items[0].intercept == pytest.approx(0.0, abs=0.3)
    assert reports[2].error[1] <= reports[2].error[0]


def test_items_without_enough_grades_stay_as_they_are() -> None:
    answers = draw(40, seed=5)
    graded = answers.graded.copy()
    graded[:15, :, 6] = 1
    graded[:, :, 7] = 1
    few = replace(answers, graded=graded)
    site, reports = learn_site(few)
    assert [one.item for one in site.items] == [3]
    assert reports[6].reason == "5 more graded sessions are needed"
    assert reports[7].reason == "everybody was graded atypical"
    assert reports[0].reason == "20 more graded sessions are needed"
    two = replace(answers, people=tuple(f"P{n % 2}" for n in range(40)))
    with pytest.raises(SettingsError):
        learn_site(two)
    with pytest.raises(SettingsError, match="grade 8 more"):
        learn_site(draw(12, seed=6))


def test_answers_after_what_the_grades_said() -> None:
    site = Site(0.9, 30, 30, (SiteItem(3, 0.5, -1.0, 0.6, 60, 30),))
    opinions = [Opinion(question(item, Side.LEFT), CLASSES, (0.1, 0.9), label="atypical") for item in (3, 4)]
    opinions.append(Opinion(question(3, Side.RIGHT), CLASSES, None))
    assert adapted(opinions, {}, NAMES) == tuple(opinions)
    first, second, third = adapted(opinions, {"site": to_plain(site)}, NAMES)
    with pytest.raises(SettingsError):
        adapted(opinions, {"site": {"items": 3}}, NAMES)
    assert first.probabilities is not None
    assert first.probabilities[1] == pytest.approx(1 / (1 + np.exp(-(0.5 * np.log(9) - 1.0))))  # 0.52
    assert first.label == "normal or atypical"
    assert (second, third) == (opinions[1], opinions[2])
    sure = replace(site.items[0], limit=0.3)
    assert [sure.answers(chance) for chance in (0.75, 0.25, 0.6)] == [(1,), (0,), (1,)]  # a set is never empty


def _library(path: Path, sessions: int) -> Path:
    """Sessions of so many people, both limbs graded."""
    from gaitviewer.store import open_library
    from tests.support.made_up_session import walker

    pose = walker(View.SAGITTAL)
    info = VideoInfo(pose.width, pose.height, 0, pose.times, pose.rate_hz, len(pose), "h264")
    with open_library(path) as held:
        for number in range(sessions):
            stream = VideoStream(View.SAGITTAL, Path("gone.mp4"), f"{number:064d}", info)
            trial = TrialData(Trial("t1", ByView(stream, None)), ByView(pose, None))
            grades = tuple(Grade(3, side, number % 3, "R", "2026-01-02") for side in Side)
            held.save_session(
                Document(Session(f"s{number:02d}", Subject(f"P{number}")), (trial,), grades=grades)
            )
    return path


def test_a_library_adapts_the_model_in_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    library = _library(tmp_path / "library.db", 20)

    def answer(cases, *, model, device, tick):  # type: ignore[no-untyped-def]
        """Right in two of three, and sure of it."""
        for number, case in enumerate(cases):
            atypical = 0.95 if (case.document.grades[0].score > 0) == (number % 3 > 0) else 0.05
            opinions = tuple(Opinion(name, CLASSES, (1 - atypical, atypical)) for name in NAMES)
            yield ModelOutput(model.id, opinions, UNTOLD, model.synthetic)

    monkeypatch.setattr(adapt, "predict_many", answer)
    monkeypatch.setattr(adapt, "measure_document", lambda document: None)
    card, reports = adapt_model(library, out=tmp_path / "evgs-here", tick=no_progress)
    assert card.id == "evgs-here"
    assert card.statement == open_model("evgs").card.statement  # still trained on synthetic gait
    assert reports[2].sessions == 20
    assert card.metrics["own_site"]["items"] == 1
    assert card.metrics["own_site"]["squared_error"] <= card.metrics["own_site"]["squared_error_before"]
    model = open_model(tmp_path / "evgs-here")
    assert from_plain(model.settings["site"], Site).items[0].item == 3
    load_net(model)  # the network is what it was
    with pytest.raises(SettingsError, match="holds a model already"):
        adapt_model(library, out=tmp_path / "evgs-here", tick=no_progress)
    with pytest.raises(SettingsError, match="is a model for severity"):
        adapt_model(library, model="severity", out=tmp_path / "other", tick=no_progress)


def test_with_too_few_grades_it_says_how_many_are_missing(
    tmp_path: Path, own_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("gaitviewer.workflow.app.logs.start", lambda **rest: None)
    library = _library(tmp_path / "library.db", 3)
    assert main(["adapt", "evgs", "--library", str(library), "--out", str(tmp_path / "m")]) == 2
    assert "3 sessions have Edinburgh grades" in (said := capsys.readouterr().err)
    assert "grade 17 more" in said
    assert not (tmp_path / "m").exists()
