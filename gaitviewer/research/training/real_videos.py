"""Trained weights on real sessions that nobody has labelled: does what they say hang together?

No accuracy can be measured there. What can: how many questions get an answer, whether the Edinburgh answers
agree with the measured scores, whether two halves of the strides give the same answers, and whether the mirror
image of the session gives the mirrored ones.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from gaitviewer.core.document import Document, TrialData
from gaitviewer.core.gait import ByView, Side, View
from gaitviewer.core.learning import MaskedPicture, MaskedPictures
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import ModelOutput, Opinion
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.errors import SettingsError
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.inference.predict import PicturesByView, predict
from gaitviewer.messages import message
from gaitviewer.nets.card import LoadedModel
from gaitviewer.workflow.analysis.measure import measure_document

_HALVED = "left out to compare two halves"
_OTHER = {"left": "right", "right": "left"}
_ATYPICAL = 0.5  # P(atypical) from which an answer says "atypical"


@dataclass(frozen=True, slots=True)
class MirroredPictures:
    """Mirror images of pictures."""

    pictures: MaskedPictures

    def read(self, frames: Sequence[int]) -> Iterator[MaskedPicture]:
        """As :meth:`Pictures.read`."""
        for picture in self.pictures.read(frames):
            mask = None if picture.mask is None else np.ascontiguousarray(picture.mask[:, ::-1])
            yield MaskedPicture(np.ascontiguousarray(picture.rgb[:, ::-1]), mask)


def compare_videos(model: LoadedModel, library: Path, *, device: str, tick: Tick) -> list[dict[str, str]]:
    """Rows "what" and "value" for all analysed sessions of a library that are not deleted.

    Args:
        model: trained weights.
        library: file of a session library.
        device: "cpu" or "cuda:0".
        tick: progress.

    Raises:
        SettingsError: no session of the library was analysed.
    """
    from gaitviewer.store import open_library

    with open_library(library) as held:
        documents = [held.load_session(row.id) for row in held.list_sessions()]
    documents = [one for one in documents if any(t.poses[v] is not None for t in one.trials for v in View)]
    if not documents:
        raise SettingsError(message("error.research.no_analysed_session", library=library))
    told = _Told()
    for number, document in enumerate(documents):
        share = subprogress(tick, number / len(documents), (number + 1) / len(documents))
        share(0.0, message("progress.asking", model=model.id, session=document.session.id))
        told.add(document, model, device)
    return told.rows(len(documents))


def mirrored(document: Document) -> Document:
    """The session as mirrored videos would show it: what was left is right. Corrected events are left out."""
    return replace(document, trials=tuple(_mirrored_trial(data) for data in document.trials))


def _mirrored_trial(data: TrialData) -> TrialData:
    poses = [None if pose is None else _mirrored_pose(pose) for pose in (data.poses[view] for view in View)]
    return replace(data, poses=ByView(*poses), events=ByView(None, None), excluded_strides=())


def _mirrored_pose(pose: PoseSequence) -> PoseSequence:
    xy = pose.xy.copy()
    xy[..., 0] = pose.width - 1 - xy[..., 0]
    return pose.with_points(xy).flipped_labels()


def half_of(document: Document, measures: Measures, half: int) -> Document:
    """The session with every other stride of each limb and view left out."""
    gone: dict[str, list[str]] = {}
    for motion in measures.motions:
        for view in View:
            seen = motion.views[view]
            for side in Side if seen is not None else ():
                own = sorted((s for s in seen.strides if s.side is side), key=lambda s: s.start_s)  # type: ignore[union-attr]
                gone.setdefault(motion.trial.id, []).extend(stride.key for stride in own[1 - half :: 2])
    trials = tuple(
        replace(
            data,
            excluded_strides=(
                *data.excluded_strides,
                *((key, _HALVED) for key in gone.get(data.trial.id, [])),
            ),
        )
        for data in document.trials
    )
    return replace(document, trials=trials)


class _Told:
    """What was compared so far."""

    def __init__(self) -> None:
        self.asked = self.answered = 0
        self.agree: list[bool] = []
        self.halves: list[tuple[float, bool]] = []
        self.mirror: list[tuple[float, bool]] = []

    def add(self, document: Document, model: LoadedModel, device: str) -> None:
        """Compares the answers to one session."""
        measures, pictures = measure_document(document), open_pictures(document)

        def ask(other: Document, shown: PicturesByView) -> ModelOutput:
            return predict(other, measure_document(other), model=model, pictures=shown, device=device)

        whole = ask(document, pictures)
        self.asked += len(whole.opinions)
        self.answered += sum(bool(opinion.label) for opinion in whole.opinions)
        if model.card.task == "evgs":
            self.agree += _agreement(whole, measures)
        first, second = (_answers(ask(half_of(document, measures, half), pictures)) for half in (0, 1))
        self.halves += _differences(first, second)
        turned = _answers(
            ask(mirrored(document), {key: MirroredPictures(value) for key, value in pictures.items()})
        )
        self.mirror += _differences(
            _answers(whole), {_other_side(name): opinion for name, opinion in turned.items()}
        )

    def rows(self, sessions: int) -> list[dict[str, str]]:
        """The table."""
        found = [("sessions", str(sessions)), ("questions answered", f"{self.answered} of {self.asked}")]
        if self.agree:
            agree = f"{sum(self.agree)} of {len(self.agree)}"
            found.append(("agrees with the measured Edinburgh score (0, or more)", agree))
        for what, pairs in (("two halves of the strides", self.halves), ("the mirror image", self.mirror)):
            if not pairs:
                found.append((f"{what}: same answer", "no question has two answers"))
                continue
            same, apart = sum(same for _, same in pairs), float(np.mean([apart for apart, _ in pairs]))
            found.append((f"{what}: same answer", f"{same} of {len(pairs)}"))
            found.append((f"{what}: mean difference of the probabilities", f"{apart:.3f}"))
        return [{"what": what, "value": value} for what, value in found]


def _answers(output: ModelOutput) -> dict[str, Opinion]:
    return {opinion.name: opinion for opinion in output.opinions if opinion.probabilities is not None}


def _other_side(name: str) -> str:
    """The same question of the other limb ("3 SAD left"); others have no side."""
    head, _, last = name.rpartition(" ")
    return f"{head} {_OTHER[last]}" if last in _OTHER else name


def _differences(first: Mapping[str, Opinion], second: Mapping[str, Opinion]) -> list[tuple[float, bool]]:
    """Half the summed difference of the probabilities, and whether the likeliest answer is the same."""
    found = []
    for name in first.keys() & second.keys():
        one, other = (np.asarray(held[name].probabilities, float) for held in (first, second))
        found.append((float(np.abs(one - other).sum() / 2), bool(one.argmax() == other.argmax())))
    return found


def _agreement(output: ModelOutput, measures: Measures) -> list[bool]:
    """For each measured item that was answered: whether both say normal, or both do not."""
    measured = {
        f"{one.item.number} {side.value}": one.score
        for side in Side
        for one in measures.evgs.measures[side]
        if one.score is not None
    }
    found = []
    for opinion in output.opinions:
        number, _, rest = opinion.name.partition(" ")
        score = measured.get(f"{number} {rest.rpartition(' ')[2]}")
        if opinion.probabilities is not None and score is not None:
            found.append((opinion.probabilities[-1] >= _ATYPICAL) == (score >= 1))
    return found
