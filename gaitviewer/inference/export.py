"""The explanations of an answer as files: arrays, saliency on the video, the knowledge map as pictures."""

from __future__ import annotations

from functools import partial
from pathlib import Path

from gaitviewer.core.document import Document
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import Answer
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.saliency import has_evidence, scale_top
from gaitviewer.util.file_set import Writer, write_all

ARRAYS = "explanations.npz"


def export_answer(
    folder: Path, document: Document, measures: Measures, answer: Answer, *, tick: Tick = no_progress
) -> tuple[Path, ...]:
    """Write what explains an answer, all of it or nothing.

    A map without evidence, or of a view whose keypoints are not there, gets no picture; its arrays are written
    all the same.

    Args:
        folder: made if it is not there.
        document: the session, for its videos.
        measures: of the same document, for its keypoints.
        answer: what a model said.
        tick: carries progress out.

    Returns:
        The files; none where the model gave no map.

    Raises:
        OutputError: nothing was changed in ``folder``.
        VideoError: a video is damaged; nothing was changed either.
    """
    from gaitviewer.formats import explanation_arrays, write_explanations

    writers: dict[str, Writer] = {}
    if explanation_arrays([answer]):
        writers[ARRAYS] = lambda path: write_explanations(path, [answer])
    writers |= _videos(document, measures, answer, tick)
    writers |= _map_pictures(answer)
    return write_all(folder, writers) if writers else ()


def _videos(document: Document, measures: Measures, answer: Answer, tick: Tick) -> dict[str, Writer]:
    from gaitviewer.inference.saliency_video import write_saliency_video

    output, found = answer.output, dict[str, Writer]()
    streams = {data.trial.id: data.trial.videos for data in document.trials}
    for drawn in output.saliency:
        motion = next((m.views[drawn.view] for m in measures.motions if m.trial.id == drawn.trial), None)
        if motion is None or not len(motion.pose) or not has_evidence([drawn]):
            continue
        videos = streams.get(drawn.trial)
        stem = f"saliency-{drawn.trial}-{drawn.view.value}"
        number = sum(name.startswith(stem) for name in found) + 1
        found[f"{stem}-{number}.mp4"] = partial(
            write_saliency_video, drawn=drawn, motion=motion, stream=videos[drawn.view] if videos else None,
            top=scale_top(output), statement=output.statement, tick=tick,
        )  # fmt: skip
    return found


def _map_pictures(answer: Answer) -> dict[str, Writer]:
    from gaitviewer.report.figures.models import has_importance
    from gaitviewer.report.map_picture import map_figure, map_png, map_svg
    from gaitviewer.util import atomic
    from gaitviewer.workflow.results.export import map_rows

    output = answer.output
    drawn = next((one for one in output.maps if one.kind == "importance" and has_importance(one)), None)
    if drawn is None:
        return {}
    figure = partial(map_figure, drawn, map_rows(), output.findings, statement=output.statement)
    return {
        "knowledge-map.png": lambda path: atomic.write_output(path, map_png(figure())),
        "knowledge-map.svg": lambda path: atomic.write_output(path, map_svg(figure())),
    }
