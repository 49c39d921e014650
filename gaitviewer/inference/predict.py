"""One way to ask any of the learned systems: a document in, answers with raw explanations out."""

from __future__ import annotations

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
from gaitviewer.core.output import (
    FAMILIARITY,
    UNTOLD,
    MeasuredBasis,
    ModelOrigin,
    ModelOutput,
    Opinion,
    Provenance,
)
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.core.serialise import quote
from gaitviewer.errors import InferenceError, SettingsError
from gaitviewer.inference import abstention as inference_abstention
from gaitviewer.inference import memory
from gaitviewer.inference.answers import answer_digest
from gaitviewer.messages import NOTHING, Message, message

if TYPE_CHECKING:
    from gaitviewer.nets.card import Card, LoadedModel

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
        tick: Tick,
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
        device: "cpu", "cuda", "cuda:0" or "mps".
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
        share = subprogress(tick, number / len(held), (number + 1) / len(held))
        yield answer(case, loaded, device=device, precision=precision, tick=share)
    tick(1.0, message("progress.asked", model=loaded.id))


def check_device(device: str, precision: str) -> None:
    """Raises a SettingsError where device or precision cannot be used here."""
    import torch

    try:
        kind = torch.device(device).type
    except RuntimeError as error:
        raise SettingsError(message("error.model.no_such_device", device=device)) from error
    if kind not in ("cpu", "cuda", "mps"):
        raise SettingsError(message("error.model.device_not_supported", device=device))
    if kind == "mps" and not torch.backends.mps.is_available():
        raise SettingsError(message("error.model.no_mps"))
    if kind == "cuda" and not torch.cuda.is_available():
        raise SettingsError(message("error.model.no_cuda"))
    if precision not in ("fp32", "bf16"):
        raise SettingsError(message("error.model.precision", precision=precision))


def answer(
    case: Case,
    model: LoadedModel,
    *,
    device: str = "cpu",
    precision: Precision = "fp32",
    tick: Tick = no_progress,
) -> ModelOutput:
    """What loaded weights say of one session.

    Where the memory of the device is too small even for the smallest batch, the processor answers, and the
    provenance says so.

    Raises:
        InferenceError: the memory is too small for the processor, too.
    """
    started, ran = time.perf_counter(), device if precision == "fp32" else f"{device} {precision}"
    system, reason = _system(model.card.task), abstention(case.measures, model)
    familiarity = measured_familiarity(case.measures, model)
    found: ModelOutput | None = None
    if reason:
        measured = getattr(system, "basis", None)  # of a system that rests on measured values
        basis = measured(case.measures) if measured is not None else ()
        found = ModelOutput(model.id, _silent(model, reason), UNTOLD, model.synthetic, basis=basis)
    else:
        try:
            found = system.predict(
                case.document,
                case.measures,
                model=model,
                pictures=case.pictures,
                device=device,
                precision=precision,
                tick=tick,
            )
        except Exception as error:
            if not memory.is_out_of_memory(error):
                raise
            if device == "cpu":
                raise InferenceError(message("error.model.no_memory", model=model.id)) from error
    if found is None:  # not in the handler, which holds on to what fills the memory of the device
        memory.free()
        tick(0.0, message("progress.model_on_cpu", device=device))
        found, ran = answer(case, model, tick=tick), f"cpu (out of memory on {device})"
    _check(found, model)
    made = Provenance(
        model=model.id,
        weights_digest=model.digest,
        inputs_digest=answer_digest(case.document, model.digest),
        program=__version__,
        device=ran,
        when=datetime.now(UTC).isoformat(timespec="seconds"),
        seconds=time.perf_counter() - started,
    )
    return replace(
        found, model=model.id, synthetic=model.synthetic, provenance=made, origin=origin_of(model.card),
        few=inference_abstention.too_few(model.card.people),
        basis=(*(one for one in found.basis if one.name != FAMILIARITY), *familiarity),
    )  # fmt: skip


def origin_of(card: Card) -> ModelOrigin:
    """What goes with every answer of a model: what it learned from, how well it did, what it cannot do."""
    figures = tuple(
        (name, figure, float(row[figure]))
        for name, row in card.metrics.items()
        for figure in ("balanced_accuracy", "auroc")
        if figure in row
    )
    return ModelOrigin(card.title, str(card.data.get("name", "")), card.limits, figures)


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


def measured_familiarity(measures: Measures, model: LoadedModel) -> tuple[MeasuredBasis, ...]:
    """How far a session lies from those that a model learned from; nothing if the model does not say."""
    familiar = training_distribution(model)
    if familiar is None:
        return ()
    distance = familiar.distance(inference_abstention.describe(measures))
    title = str(message("basis.familiarity"))
    return (MeasuredBasis(FAMILIARITY, title, distance, "", math.nan, familiar.limit),)


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
