"""Asks a model about sessions of the library."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.learning import Picture, Pictures
from gaitviewer.core.output import ModelOutput
from gaitviewer.core.progress import Tick, part, silent
from gaitviewer.pose.masks import MaskSequence
from gaitviewer.workflow.masks import masks_of
from gaitviewer.workflow.measuring import measure_document
from gaitviewer.workflow.models import open_model
from gaitviewer.workflow.predict import Case, PicturesByView, Precision, check_device, predict_many


class VideoPictures:
    """Frames of a video file, with the outlines that pose estimation found."""

    def __init__(
        self, path: Path, masks: MaskSequence | None = None, *, recorded_at_hz: float | None = None
    ) -> None:
        self.path, self.masks, self.recorded_at_hz = path, masks, recorded_at_hz

    def read(self, frames: Sequence[int]) -> Iterator[Picture]:
        """Pictures of the given frame numbers, in their order (increasing)."""
        from gaitviewer.video import open_video

        wanted = set(frames)
        if not wanted:
            return
        with open_video(self.path, recorded_at_hz=self.recorded_at_hz) as reader:
            for index, rgb in reader.frames(min(wanted), max(wanted) + 1):
                if index in wanted:
                    yield Picture(rgb, self._mask(index))

    def _mask(self, frame: int) -> Any:
        known = self.masks is not None and frame < len(self.masks) and bool(self.masks.seen[frame])
        return self.masks.at(frame) if self.masks is not None and known else None


def pictures_of(document: Document) -> PicturesByView:
    """The pictures of all videos of a session that are still where they were."""
    found: dict[tuple[str, View], Pictures] = {}
    for data in document.trials:
        masks = masks_of(data)
        for view in View:
            stream = data.trial.videos[view]
            if stream is not None and stream.path.is_file():
                found[(data.trial.id, view)] = VideoPictures(
                    stream.path, masks[view], recorded_at_hz=stream.recorded_at_hz
                )
    return found


def ask_library(
    sessions: Sequence[str],
    *,
    model: str | Path,
    library: Path | None = None,
    device: str = "cpu",
    precision: Precision = "fp32",
    tick: Tick = silent,
) -> list[tuple[str, ModelOutput]]:
    """What a model says of sessions of the library, in the order given.

    Raises:
        StoreError: a session is not there.
        AnalysisError: a session was not analysed.
        SettingsError: no such model, or no such device.
    """
    from gaitviewer.store import open_library

    loaded = open_model(model)  # before anything that takes time
    check_device(device, precision)
    cases = []
    with open_library(library) as held:
        for number, name in enumerate(sessions):
            document = held.load_session(name)
            share = part(tick, 0.5 * number / len(sessions), 0.5 * (number + 1) / len(sessions))
            cases.append(Case(document, measure_document(document, tick=share), pictures_of(document)))
    answers = predict_many(cases, model=loaded, device=device, precision=precision, tick=part(tick, 0.5, 1.0))
    return list(zip(sessions, answers, strict=True))


def write_answers(path: Path, rows: Sequence[dict[str, Any]]) -> None:
    """Writes answers as JSON.

    Raises:
        OutputError: the file cannot be written; nothing was changed.
    """
    from gaitviewer.formats import _atomic

    _atomic.write_text(path, json.dumps(list(rows), indent=1, ensure_ascii=False) + "\n")
