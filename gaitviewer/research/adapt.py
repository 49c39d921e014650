"""Own-site learning: the video model's answers calibrated by grades that people gave in this library.

For each item a line on the log odds is fitted, held near to "as it is", and used where it makes the squared
error of people left out smaller. Sets of answers are conformal: what the chance against the true answer was for
other people (each by a line fitted without them) limits the set. All figures are of people left out, one at a
time.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.gait import Side
from gaitviewer.core.learning import ITEMS
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.core.serialise import to_plain
from gaitviewer.errors import OutputError, SettingsError, reason_of
from gaitviewer.inference.evgs.predict import question
from gaitviewer.inference.evgs.site import SITE, Site, SiteItem, log_odds
from gaitviewer.inference.models import list_models, open_model, user_folder
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.inference.predict import Case, predict_many
from gaitviewer.messages import message
from gaitviewer.nets.card import CARD, Card, write_model
from gaitviewer.research.training.data import LibraryData
from gaitviewer.workflow.analysis.measure import measure_document

COVERAGE = 0.90
LEAST_SESSIONS = 20
LEAST_PEOPLE = 10  # with fewer no set of 90 % can leave an answer out
_HOLD = 2.0  # how strongly a line is held near to "as it is", in graded limbs

Floats = NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class GradedAnswers:
    """Answers of a model beside grades of people.

    Attributes:
        sessions: [N].   people: [N].
        atypical: [N, 2, 17] chances (left and right limb), NaN = no opinion.
        graded: [N, 2, 17] 0, or 1 for a score of 1 or 2; -1 = not graded.
    """

    sessions: tuple[str, ...]
    people: tuple[str, ...]
    atypical: Floats
    graded: NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class ItemReport:
    """An item before and after, of people left out.

    Attributes:
        item: number.   sessions, people, limbs: graded and answered.
        reason: why it stays as it is, "" = it was adapted.
        error: squared error of the chances, before and after.
        coverage: share of true answers in the sets.   size: mean number of answers in them.
    """

    item: int
    sessions: int
    people: int
    limbs: int
    reason: str = ""
    error: tuple[float, float] = (math.nan, math.nan)
    coverage: float = math.nan
    size: float = math.nan


def adapt_model(
    library: Path, *, model: str | Path = "evgs", out: Path | None = None, device: str = "cpu", tick: Tick
) -> tuple[Card, tuple[ItemReport, ...]]:
    """Calibrates the video model by the library's grades and writes the result as a new model folder.

    Args:
        library: a session library.
        model: of the Edinburgh score: id, system or folder.
        out: the model folder; None = the next free one of the user's models.
        device: "cpu" or "cuda".
        tick: progress; raises Cancelled.

    Raises:
        FormatError: no library, or nobody graded anything in it.
        SettingsError: too few graded sessions, with how many are missing; no such model; ``out`` is taken.
        OutputError: the folder cannot be written.
    """
    loaded = open_model(model)
    if loaded.card.task != "evgs":
        raise SettingsError(
            message("error.research.adapt.other_system", model=loaded.id, system=loaded.card.task)
        )
    folder = out if out is not None else _next_folder()
    if (folder / CARD).exists():
        raise SettingsError(message("error.research.model_there", folder=folder))
    answers = read_answers(library, loaded, device=device, tick=subprogress(tick, 0.0, 0.95))
    site, reports = learn_site(answers)
    card = to_plain(loaded.card)
    card |= {
        "id": folder.name,
        "title": f"{loaded.card.title}; calibrated by {site.sessions} graded sessions of {site.people} people",
        "settings": {**loaded.settings, SITE: to_plain(site)},
        "training": {**loaded.card.training, "adapted_from": loaded.id},
        "metrics": {**loaded.card.metrics, "own_site": _means(reports)},
    }
    try:
        written = write_model(folder, loaded.state, card, extra=loaded.extra)
    except OSError as error:
        raise OutputError(
            message("error.research.model_not_written", folder=folder, reason=reason_of(error))
        ) from error
    tick(1.0, message("progress.model_written", model=folder.name))
    return written, reports


def read_answers(library: Path, model: Any, *, device: str, tick: Tick) -> GradedAnswers:
    """What a model says of every session with Edinburgh grades.

    Raises:
        FormatError: there is none.
        SettingsError: there are too few.
    """
    data = LibraryData(library)
    cases, people, grades = [], [], []
    for name in data.session_ids():
        held = data.read(name)
        graded = np.array([[-1 if one is None else min(one, 1) for one in limb] for limb in held.labels.evgs])
        if (graded >= 0).any():
            cases.append((name, held.document))
            people.append(held.subject)
            grades.append(graded)
    if len(cases) < LEAST_SESSIONS:  # told before anything is measured
        raise _too_few(len(cases))
    asked = (Case(one, measure_document(one), open_pictures(one)) for _, one in cases)
    found = predict_many(asked, model=model, device=device, tick=tick)
    atypical = np.full((len(cases), 2, ITEMS), np.nan)
    places = {
        question(item, side): (k, item - 1) for k, side in enumerate(Side) for item in range(1, ITEMS + 1)
    }
    for number, output in enumerate(found):
        for opinion in output.opinions:
            if opinion.probabilities is not None:
                atypical[(number, *places[opinion.name])] = opinion.probabilities[1]
    return GradedAnswers(tuple(name for name, _ in cases), tuple(people), atypical, np.array(grades))


def learn_site(answers: GradedAnswers) -> tuple[Site, tuple[ItemReport, ...]]:
    """Lines and limits of the items, and what they are worth for people left out.

    Raises:
        SettingsError: no item has enough grades, with how many sessions are missing.
    """
    items, reports = [], []
    for item in range(1, ITEMS + 1):
        made, report = _learn_item(answers, item)
        reports.append(report)
        if made is not None:
            items.append(made)
    if not items:
        raise _too_few(max(report.sessions for report in reports))
    count = len(set(answers.people))
    return Site(COVERAGE, len(answers.sessions), count, tuple(items)), tuple(reports)


def _learn_item(answers: GradedAnswers, item: int) -> tuple[SiteItem | None, ItemReport]:
    chance, true = answers.atypical[:, :, item - 1], answers.graded[:, :, item - 1]
    session, limb = np.nonzero(np.isfinite(chance) & (true >= 0))
    who = np.array(answers.people)[session]
    everyone = np.unique(who)
    report = ItemReport(item, len(set(session.tolist())), len(everyone), len(session))
    odds = np.array([log_odds(one) for one in chance[session, limb]])
    y = true[session, limb].astype(np.float64)
    if report.sessions < LEAST_SESSIONS:
        return None, _stays(report, f"{LEAST_SESSIONS - report.sessions} more graded sessions are needed")
    if report.people < LEAST_PEOPLE:
        return None, _stays(report, f"{LEAST_PEOPLE - report.people} more people are needed")
    if y.min() == y.max():
        return None, _stays(report, f"everybody was graded {'atypical' if y.max() else 'normal'}")
    left_out = np.zeros_like(y)
    for person in everyone:
        own = who == person
        left_out[own] = _chance(odds[own], _fit(odds[~own], y[~own]))
    before, after = float(np.mean((_chance(odds, (1.0, 0.0)) - y) ** 2)), float(np.mean((left_out - y) ** 2))
    better = after < before
    line = _fit(odds, y) if better else (1.0, 0.0)
    judged = left_out if better else _chance(odds, (1.0, 0.0))
    against = np.abs(y - judged)  # the chance against the true answer
    covered, sizes = np.zeros(len(y)), np.zeros(len(y))
    for person in everyone:
        own = who == person
        limit = _limit(against[~own], who[~own])
        for k in np.flatnonzero(own):
            answers_of_set = SiteItem(item, *line, limit, 0, 0).answers(float(judged[k]))
            covered[k], sizes[k] = int(y[k]) in answers_of_set, len(answers_of_set)
    made = SiteItem(item, *line, _limit(against, who), report.limbs, report.people)
    figures = ItemReport(
        item, report.sessions, report.people, report.limbs,
        error=(before, after if better else before), coverage=float(covered.mean()), size=float(sizes.mean()),
    )  # fmt: skip
    return made, figures


def _stays(report: ItemReport, reason: str) -> ItemReport:
    return ItemReport(report.item, report.sessions, report.people, report.limbs, reason)


def _fit(odds: Floats, y: Floats) -> tuple[float, float]:
    """Slope and intercept with the least loss, held near to 1 and 0."""
    from scipy.optimize import minimize

    def loss(line: Floats) -> float:
        z = line[0] * odds + line[1]
        return float(
            np.logaddexp(0.0, z).sum() - (y * z).sum() + 0.5 * _HOLD * ((line[0] - 1) ** 2 + line[1] ** 2)
        )

    slope, intercept = minimize(loss, np.array([1.0, 0.0]), method="BFGS").x
    return float(slope), float(intercept)


def _chance(odds: Floats, line: tuple[float, float]) -> Floats:
    found: Floats = 1.0 / (1.0 + np.exp(-(line[0] * odds + line[1])))
    return found


def _limit(against: Floats, who: NDArray[Any]) -> float:
    """The conformal limit: each person weighs the same, and one more, who has not come yet, lies above all."""
    _, place, counts = np.unique(who, return_inverse=True, return_counts=True)
    order = np.argsort(against)
    share = np.cumsum((1.0 / counts[place])[order]) / (len(counts) + 1)
    enough = np.flatnonzero(share >= COVERAGE - 1e-9)
    return float(against[order][enough[0]]) if len(enough) else 1.0


def _means(reports: Sequence[ItemReport]) -> dict[str, float]:
    """Of the items that were adapted, of people left out."""
    made = [one for one in reports if not one.reason]
    return {
        "items": len(made),
        "squared_error_before": round(float(np.mean([one.error[0] for one in made])), 4),
        "squared_error": round(float(np.mean([one.error[1] for one in made])), 4),
        "coverage_of_sets": round(float(np.mean([one.coverage for one in made])), 4),
        "answers_in_sets": round(float(np.mean([one.size for one in made])), 4),
    }


def _too_few(sessions: int) -> SettingsError:
    return SettingsError(
        message(
            "error.research.adapt.too_few",
            count=sessions,
            least=LEAST_SESSIONS,
            missing=LEAST_SESSIONS - sessions,
        )
    )


def _next_folder() -> Path:
    taken = [re.fullmatch(r"evgs-site-(\d+)", entry.id) for entry in list_models()]
    return user_folder() / f"evgs-site-{max((int(one[1]) for one in taken if one), default=0) + 1}"


def report_lines(reports: Sequence[ItemReport], codes: Mapping[int, str]) -> list[str]:
    """A table for people: before and after side by side; ``codes`` by item."""
    lines = ["item      sessions people limbs  squared error  in the set  answers in it"]
    for one in reports:
        name = f"{one.item} {codes[one.item]}"
        counts = f"{name:9s} {one.sessions:8d} {one.people:6d} {one.limbs:5d}"
        if one.reason:
            lines.append(f"{counts}  as it was: {one.reason}")
        else:
            before, after = one.error
            lines.append(
                f"{counts}  {before:.3f} -> {after:.3f}  {100 * one.coverage:8.0f} %  {one.size:13.2f}"
            )
    return lines
