"""One way to ask any of the learned systems: a document in, answers with raw explanations out."""

from __future__ import annotations

import hashlib
import importlib
import math
import time
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, Protocol

import numpy as np

from gaitviewer import __version__
from gaitviewer.core.document import Document
from gaitviewer.core.gait import View
from gaitviewer.core.learning import MaskedPictures
from gaitviewer.core.maps import FeatureFinding
from gaitviewer.core.measures import Measures
from gaitviewer.core.output import UNTOLD, MeasuredBasis, ModelOutput, Opinion, Provenance
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.core.serialise import quote
from gaitviewer.errors import SettingsError
from gaitviewer.inference import abstention as inference_abstention
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.workflow.analysis.inputs import inputs_digest

if TYPE_CHECKING:
    from gaitviewer.nets.card import LoadedModel

Precision = Literal["fp32", "bf16"]
PicturesByView = Mapping[tuple[str, View], MaskedPictures]

_ROUNDED = 1e-3  # by how much probabilities may miss their sum
SYSTEMS: Mapping[str, str] = {
    "severity": "gaitviewer.inference.severity.predict",
    "evgs": "gaitviewer.inference.evgs.predict",
    "scoliosis": "gaitviewer.inference.scoliosis.predict",
}
"""Where each system's ``predict`` is; imported when first asked."""


class System(Protocol):
    """What a learned system's module gives."""

    def predict(
        self,
        document: Document,
        measures: Measures,
        *,
        model: LoadedModel,
        pictures: PicturesByView,
        device: str,
        precision: Precision,
    ) -> ModelOutput:
        """Its answers; questions that it cannot answer have a reason instead."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Case:
    """One session to ask about."""

    document: Document
    measures: Measures
    pictures: PicturesByView = field(default_factory=dict)


def predict(
    document: Document,
    measures: Measures,
    *,
    model: str | Path | LoadedModel,
    pictures: PicturesByView | None = None,
    device: str = "cpu",
    precision: Precision = "fp32",
) -> ModelOutput:
    """What a model says of a session, or why it says nothing.

    Args:
        document: the session.
        measures: of the same document.
        model: id, task, folder or loaded weights.
        pictures: by (trial id, view), for models that look at them.
        device: "cpu", "cuda" or "cuda:0".
        precision: "bf16" halves time and memory where the device can; on a CPU it may be slower.

    Raises:
        SettingsError: no such model, damaged weights, or a device that is not there.
    """
    return next(
        predict_many(
            [Case(document, measures, pictures or {})], model=model, device=device, precision=precision
        )
    )


def predict_many(
    cases: Iterable[Case],
    *,
    model: str | Path | LoadedModel,
    device: str = "cpu",
    precision: Precision = "fp32",
    tick: Tick = no_progress,
) -> Iterator[ModelOutput]:
    """The same for many sessions: the weights are read once. One answer for each case, in order."""
    from gaitviewer.inference.models import open_model
    from gaitviewer.nets.card import LoadedModel

    loaded = model if isinstance(model, LoadedModel) else open_model(model)
    check_device(device, precision)
    held = list(cases)
    for number, case in enumerate(held):
        tick(number / len(held), message("progress.asking", model=loaded.id, session=case.document.session.id))
        yield _answer(case, loaded, device, precision)
    tick(1.0, message("progress.asked", model=loaded.id))


def check_device(device: str, precision: str) -> None:
    """Raises a SettingsError where device or precision cannot be used here."""
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise SettingsError(message("error.model.no_such_device", device=device)) from error
    if kind not in ("cpu", "cuda"):
        raise SettingsError(message("error.model.device_not_supported", device=device))
    if kind == "cuda" and not torch.cuda.is_available():
        raise SettingsError(message("error.model.no_cuda"))
    if precision not in ("fp32", "bf16"):
        raise SettingsError(message("error.model.precision", precision=precision))


def _answer(case: Case, model: LoadedModel, device: str, precision: Precision) -> ModelOutput:
    started = time.perf_counter()
    reason = abstention(case.measures, model)
    if reason:
        measured = getattr(_system(model.card.task), "basis", None)  # of a system that rests on measured values
        basis = measured(case.measures) if measured is not None else ()
        found = ModelOutput(model.id, _silent(model, reason), UNTOLD, model.synthetic, basis=basis)
    else:
        found = _system(model.card.task).predict(
            case.document,
            case.measures,
            model=model,
            pictures=case.pictures,
            device=device,
            precision=precision,
        )
    _check(found, model)
    made = Provenance(
        model=model.id,
        weights_digest=model.digest,
        inputs_digest=_inputs(case.document, model),
        program=__version__,
        device=device,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=time.perf_counter() - started,
    )
    few = inference_abstention.too_few(model.card.people)
    return replace(found, model=model.id, synthetic=model.synthetic, few=few, provenance=made)


def _check(output: ModelOutput, model: LoadedModel) -> None:
    """Raises a ValueError where a system gives what no probability can be: a defect of it, never an answer."""
    for opinion in output.opinions:
        given = opinion.probabilities
        if given is None:
            continue
        if len(given) != len(opinion.classes) or not all(0.0 <= p <= 1.0 for p in given):
            raise ValueError(f"{model.id} gives probabilities outside 0 to 1 for {opinion.name}: {given}")
        if abs(sum(given) - 1.0) > _ROUNDED:
            raise ValueError(f"probabilities of {model.id} for {opinion.name} sum to {sum(given)}, not to 1")


def abstention(measures: Measures, model: LoadedModel) -> Message:
    """Why no model should say anything of this session, or NOTHING."""
    reason = inference_abstention.quality_reason(measures, model.card.task)
    if reason:
        return message("reason.recording_not_good_enough", why=reason)
    familiar = training_distribution(model)
    return NOTHING if familiar is None else familiar.reason(inference_abstention.describe(measures))


def training_distribution(model: LoadedModel) -> inference_abstention.TrainingDistribution | None:
    """What the sessions looked like that the model learned from; None if it does not say."""
    names = ("familiar.mean", "familiar.covariance", "familiar.limit")
    if any(name not in model.extra for name in names):
        return None
    mean, covariance, limit = (np.asarray(model.extra[name].double().numpy(), np.float64) for name in names)
    return inference_abstention.TrainingDistribution(mean, covariance, float(limit))


def output_as_json(output: ModelOutput) -> dict[str, Any]:
    """Answers, reasons and provenance as plain values; raw maps are given by their size only."""
    return {
        "model": output.model,
        "statement": output.statement,
        "opinions": [
            {
                "name": opinion.name,
                "label": opinion.label,
                "reason": str(opinion.reason),
                "probabilities": None
                if opinion.probabilities is None
                else dict(zip(opinion.classes, opinion.probabilities, strict=True)),
            }
            for opinion in output.opinions
        ],
        "findings": [_finite(finding) for finding in output.findings],
        "basis": [_finite(row) for row in output.basis],
        "texts": list(output.texts),
        "ranking": [list(row) for row in output.ranking],
        "provenance": {name: getattr(output.provenance, name) for name in Provenance.__slots__},
    }


def _finite(row: MeasuredBasis | FeatureFinding) -> dict[str, Any]:
    """Its fields; None for a number that is not known."""
    found = {name: getattr(row, name) for name in type(row).__slots__}
    return {k: None if isinstance(v, float) and not math.isfinite(v) else v for k, v in found.items()}


def _system(task: str) -> System:
    if task not in SYSTEMS:
        raise SettingsError(message("error.model.unknown_system", task=quote(task)))
    module: Any = importlib.import_module(SYSTEMS[task])
    return module  # type: ignore[no-any-return]  # modules are checked by their tests


def _silent(model: LoadedModel, reason: Message) -> tuple[Opinion, ...]:
    return tuple(Opinion(name, model.card.classes, None, reason) for name in model.card.outputs)


def _inputs(document: Document, model: LoadedModel) -> str:
    """Another session or other weights: another digest."""
    return hashlib.sha256(f"{inputs_digest(document)}/{model.digest}".encode()).hexdigest()
