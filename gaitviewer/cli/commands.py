"""What each command does."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from gaitviewer.cli import EXIT_USER_ERROR
from gaitviewer.cli.progress import ProgressLine
from gaitviewer.core.gait import BySide, Side
from gaitviewer.core.output import Answer
from gaitviewer.core.progress import subprogress
from gaitviewer.core.report_options import ReportOptions, parse_sections
from gaitviewer.core.session import Affected, Footwear, Session, WalkingAid
from gaitviewer.core.wording import total_words
from gaitviewer.messages import english, message
from gaitviewer.util import file_set
from gaitviewer.workflow.analysis.request import (
    AnalyzeRequest,
    make_session,
    pair_recordings,
    parse_date,
    parse_length_m,
)

if TYPE_CHECKING:
    from gaitviewer.core.document import Document
    from gaitviewer.core.measures import Measures
    from gaitviewer.core.progress import Tick
    from gaitviewer.workflow.analysis.run import AnalyzeResult


def run_analyze(options: argparse.Namespace) -> int:
    """``gaitviewer analyze``."""
    request = AnalyzeRequest(
        recordings=pair_recordings(options.recordings),
        session=_session(options),
        out=options.out,
        offset_s=options.offset,
        recorded_at_hz=options.recorded_at,
        foot_zero_deg=BySide(options.foot_zero_left, options.foot_zero_right),
        **_outputs(options),
    )
    with ProgressLine() as tick:
        lines = _answer(request, tick)
    print("\n".join(lines))
    return 0


def _outputs(options: argparse.Namespace) -> dict[str, Any]:
    """What ``analyze`` and ``demo`` say of the results, as a request takes it."""
    return {
        "report": _report_options(options),
        "library": options.library,
        "keep": not options.no_library,
        "workers": options.workers,
        "use_cache": not options.no_cache,
        "pose_model": _pose_model(options),
    }


def run_demo(options: argparse.Namespace) -> int:
    """``gaitviewer demo``."""
    from gaitviewer.workflow.sessions.demo import demo_request

    outputs = _outputs(options)
    with ProgressLine() as tick:
        request = demo_request(options.out, seed=options.seed, tick=subprogress(tick, 0.0, 0.4))
        lines = _answer(replace(request, **outputs), subprogress(tick, 0.4, 1.0))
    print("\n".join(lines))
    return 0


def run_validate(options: argparse.Namespace) -> int:
    """``gaitviewer validate``."""
    from gaitviewer.research.validation import run as validation_run

    wanted = validation_run.ValidationOptions(
        rate_hz=options.rate,
        noise_px=options.noise,
        yaw_deg=options.yaw,
        pixels_per_metre=options.pixels_per_metre or (300.0 if options.render else 450.0),
        seeds=options.seeds,
        render=options.render,
        bodies=options.bodies,
        seed=options.seed,
        subject=options.subject,
        pose_model=_pose_model(options),
        use_cache=not options.no_cache,
    )
    if options.out is not None:
        file_set.check_folder(options.out)  # better known before the work than after it
    with ProgressLine() as tick:
        report = validation_run.validate_files(options.files, wanted, tick)
    if options.out is not None:
        validation_run.write_report(report, options.out)
    if options.json:
        print(json.dumps(validation_run.report_as_json(report), indent=1))
    else:
        print(validation_run.format_report(report))
    return 0 if report.complete else EXIT_USER_ERROR


def _session(options: argparse.Namespace) -> Session:
    height, leg = options.height, options.leg_length
    return make_session(
        options.subject,
        when=parse_date(options.date, what="The date") if options.date else None,
        birth=parse_date(options.birth, what="The birth date") if options.birth else None,
        age_years=options.age,
        sex=options.sex,
        diagnosis=options.diagnosis,
        affected=Affected(options.affected) if options.affected else Affected.UNKNOWN,
        height_m=parse_length_m(height, what="The height") if height else None,
        leg_length_m=parse_length_m(leg, what="The leg length") if leg else None,
        footwear=Footwear[(options.footwear or "unknown").upper()],
        walking_aid=WalkingAid[(options.aid or "unknown").upper()],
        mirrored=options.mirrored,
    )


def _pose_model(options: argparse.Namespace) -> str:
    from gaitviewer.workflow.app import settings

    return options.pose_model or settings.load().pose_model


def _report_options(options: argparse.Namespace) -> ReportOptions:
    from gaitviewer.workflow.app import settings

    chosen = ReportOptions(
        paper=options.paper or settings.load().paper, anonymous=getattr(options, "anonymous", False)
    )
    return chosen if options.sections is None else replace(chosen, sections=parse_sections(options.sections))


def _answer(request: AnalyzeRequest, tick: Tick) -> list[str]:
    """What to say of the results of a request, analysing only what is not there already."""
    from gaitviewer.workflow.analysis import results_cache

    models = request.report.shows_models  # they may be others since: always asked anew
    found = None if models else results_cache.find_cached_results(request)
    if found is not None:
        return [*found.summary, "Nothing has changed since these results were written; they are up to date."]
    from gaitviewer.workflow.analysis.run import analyze

    result = analyze(request, ask=_ask_models if models else None, tick=tick)
    summary = _summary(result)
    if not models:
        results_cache.remember(request, result.document.session.id, result.files, summary)
    return [*summary, f"Done in {result.seconds:.1f} s."]


def _ask_models(document: Document, measures: Measures, tick: Tick) -> tuple[Answer, ...]:
    """What the model of each system says, on the processor."""
    from gaitviewer.inference.models import TASKS
    from gaitviewer.inference.pictures import open_pictures
    from gaitviewer.inference.predict import predict

    pictures, answers = open_pictures(document), []
    for number, task in enumerate(TASKS):
        tick(number / len(TASKS), message("progress.asking", model=task, session=document.session.id))
        answers.append(Answer(task, predict(document, measures, model=task, pictures=pictures)))
    return tuple(answers)


def _summary(result: AnalyzeResult) -> list[str]:
    measures = result.measures
    counted = [stride for stride in measures.strides if stride.counts]
    return [
        f"Session {result.document.session.id}: {len(counted)} of {len(measures.strides)} strides count.",
        *(f"EVGS {side.value:5}  {total_words(measures.evgs.total(side))}" for side in Side),
        *(
            f"{finding.level.value}: {english().sentence(finding.text)}"
            for finding in measures.quality
            if finding.level.value in ("warning", "refused")
        ),
        *(str(path) for path in result.files),
    ]
