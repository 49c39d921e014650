"""System 3: screening for scoliosis from knowledge map, video and generated text.

The method of Chen et al. (arXiv 2602.06743). Only children without cerebral palsy: the question is whether gait
shows an asymmetry of the kind that goes with a Cobb angle of 10 degrees or more.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import torch

from gaitviewer.core.gait import View
from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.errors import SettingsError
from gaitviewer.inference.scoliosis.clips import read_clips
from gaitviewer.inference.scoliosis.inputs import (
    arrays_of,
    encode_sentences,
    group_of,
    input_view,
    network_settings,
    scoliosis_tables,
    video_settings,
)
from gaitviewer.messages import message
from gaitviewer.nets.scoliosis.fusion import MapFusionNet
from gaitviewer.research.training.checkpoint import copy_of
from gaitviewer.research.training.loop import LoopSettings, fit
from gaitviewer.research.training.scoliosis.baselines import BASELINES, baseline_probabilities, fit_baseline
from gaitviewer.research.training.scoliosis.batches import (
    Augmentation,
    CollateMaps,
    ScoliosisLoss,
    SessionClips,
    by_session,
    group_effects,
    learn_statistics,
    log_score,
    predictions_of,
    session_probabilities,
    values_for,
)
from gaitviewer.research.training.scoliosis.checks import check_importance
from gaitviewer.research.training.scoliosis.injected_fault import check_injected_fault, learning_cases
from gaitviewer.research.training.task import Example, ExampleSets, RunContext, RunResult, Variant

PROTOCOLS = ("tiny", "small", "full")
log = logging.getLogger(__name__)

_ALL = ["map", "video", "text"]
_CELLS = {"map_levels": False, "cell_weight": 1.0}
VARIANTS: tuple[Variant, ...] = (
    Variant("map+video+text", "all three, latent attention, aligned", {"modalities": _ALL}),
    Variant("map-only", "knowledge map alone", {"modalities": ["map"]}),
    Variant("video-only", "video alone", {"modalities": ["video"]}),
    Variant("text-only", "generated text alone", {"modalities": ["text"]}),
    Variant("map+video", "knowledge map and video", {"modalities": ["map", "video"]}),
    Variant("logistic", "logistic regression on summaries of the map", {"kind": "logistic"}),
    Variant("boosting", "gradient boosting on summaries of the map", {"kind": "boosting"}),
    Variant("majority", "always the more frequent answer", {"kind": "majority"}),
    Variant("map+text", "knowledge map and text", {"modalities": ["map", "text"]}, "modalities"),
    Variant("cat", "all three, side by side (Cat)", {"modalities": _ALL, "fusion": "cat"}, "fusion"),
    Variant("cat+att", "all three, one query (Cat+Att)", {"modalities": _ALL, "fusion": "att"}, "fusion"),
    Variant("not-aligned", "all three, times by number", {"modalities": _ALL, "aligned": False}, "alignment"),
    Variant("no-levels", "knowledge map alone, cells only", {"modalities": ["map"], **_CELLS}, "levels"),
    Variant(
        "planted-trunk",
        "knowledge map alone, learned from children with a planted asymmetry of the trunk",
        {"kind": "planted", "modalities": ["map"]},
        "explanations",
    ),
)


class ScoliosisTask:
    """System 3 as a task."""

    name = "scoliosis"
    version = "1"

    def prepare(self, session: LabelledSession, measures: Measures) -> list[Example]:
        """One example for each clip; [] for children with cerebral palsy, without label or without a clip."""
        labels = session.labels
        if labels.asymmetry is None:
            log.info("scoliosis: session %s has no label of an asymmetry", session.id)
            return []
        if labels.severity not in (0, None):
            log.info("scoliosis: session %s is of a child with cerebral palsy", session.id)
            return []
        clips, reasons = read_clips(
            measures,
            session.pictures,
            view=input_view(),
            video=video_settings(),
            most=int(scoliosis_tables()["input"]["clips_per_session"]),
        )
        if not clips:
            log.info("scoliosis: session %s gives no clip: %s", session.id, "; ".join(map(str, reasons)))
        return [
            {
                "subject": session.subject,
                "session": session.id,
                "asymmetry": int(labels.asymmetry),
                "cobb_deg": float("nan") if labels.cobb_deg is None else float(labels.cobb_deg),
                "start_s": one.clip.start_s,
                **arrays_of(one),
            }
            for one in clips
        ]

    def variants(self, protocol: str) -> tuple[Variant, ...]:
        """All variants; the first one is shipped."""
        read_protocol(protocol)
        return VARIANTS

    def check_checkpoint(self, file: Path, protocol: str) -> Sequence[str]:
        """Never: this network has no published weights."""
        raise SettingsError(message("error.model.checkpoint.no_checkpoint", system=self.name))

    def run(self, variant: Variant, context: RunContext) -> RunResult:
        """Train and predict.

        Raises:
            SettingsError: unknown protocol or setting, or one of the two answers never occurs in training.
        """
        tables = read_protocol(context.protocol)
        kind = str(variant.settings.get("kind", "network"))
        changes = {key: value for key, value in variant.settings.items() if key != "kind"}
        video = kind == "network" and "video" in changes.get("modalities", _ALL)
        train = by_session(context.sets.train, video=video)
        if {case.target for case in train} != {0, 1}:
            raise SettingsError(message("error.research.scoliosis.one_answer"))
        if kind in BASELINES:
            return _run_baseline(kind, train, context)
        torch.set_num_threads(context.threads)
        if kind == "planted":
            tables = {**tables, "planted": {**tables["planted"], "check": True}}
            train, valid = learning_cases(context.seed, tables["planted"])
            return _run_network(tables, changes, train, context, video=False, valid=valid)
        return _run_network(tables, changes, train, context, video=video)


def read_protocol(name: str) -> Mapping[str, Any]:
    """The tables of a protocol.

    Raises:
        SettingsError: there is no such protocol.
    """
    if name not in PROTOCOLS:
        raise SettingsError(
            message(
                "error.research.no_such_protocol_of", protocol=name, system="scoliosis", known=tuple(PROTOCOLS)
            )
        )
    tables: Mapping[str, Any] = scoliosis_tables()[name]
    return tables


def _test_sets(sets: ExampleSets, *, video: bool) -> dict[str, tuple[SessionClips, ...]]:
    return {name: by_session(examples, video=video) for name, examples in sets.held.items()}


def _run_baseline(kind: str, train: Sequence[SessionClips], context: RunContext) -> RunResult:
    model = fit_baseline(kind, train, seed=context.seed)
    return RunResult(
        predictions={
            name: predictions_of(cases, baseline_probabilities(model, cases))
            for name, cases in _test_sets(context.sets, video=False).items()
        },
        state=None,
        settings={"kind": kind, **scoliosis_tables()["baselines"]},
    )


def _run_network(
    tables: Mapping[str, Any],
    changes: Mapping[str, Any],
    train: Sequence[SessionClips],
    context: RunContext,
    *,
    video: bool,
    valid: Sequence[SessionClips] = (),
) -> RunResult:
    sets = _test_sets(context.sets, video=video)
    augment = tables["augment"]
    # the side view has no mirror image: the near side stays the near side
    mirror = float(augment["mirror"]) if input_view() is View.CORONAL else 0.0
    settings = network_settings(
        tables["network"], modality_dropout=float(augment["modality_dropout"]), **changes
    )
    torch.manual_seed(context.seed)
    net = MapFusionNet(settings)
    learn_statistics(net, train, mirrored=mirror > 0)
    positive = sum(case.target for case in train)
    group = group_of(net)
    collate = CollateMaps(
        settings,
        group,
        net.map_sd.numpy().copy(),
        Augmentation(mirror, float(augment["noise"])),
    )
    valid = valid or sets["valid"] or tuple(train)
    fitted = fit(
        net,
        train=[case.as_example() for case in train],
        collate=collate,
        loss=ScoliosisLoss((len(train) - positive) / max(1, positive)),
        validate=lambda model: log_score(valid, session_probabilities(net, valid, context.device)),
        settings=LoopSettings.read(tables["loop"]),
        folder=context.folder,
        seed=context.seed,
        device=context.device,
        tick=context.tick,
        name="scoliosis",
        threads=context.threads,
    )
    extras: dict[str, Any] = {
        "best_epoch": fitted.best_epoch,
        "train_seconds": round(fitted.seconds, 1),
        "parameters": int(sum(value.numel() for value in net.parameters())),
        "clips": {name: sum(len(case.clips) for case in cases) for name, cases in sets.items()},
        "group_effects": group_effects(train),
    }
    if "map" in settings.modalities and sets["test"]:
        extras["importance"] = check_importance(net, sets["test"], seed=context.seed, encode=encode_sentences)
    planted = tables["planted"]
    if "map" in settings.modalities and planted["check"]:
        extras["planted"] = check_injected_fault(
            net, seed=context.seed, count=int(planted["held_out"]), encode=encode_sentences
        )
    return RunResult(
        predictions={
            name: predictions_of(cases, session_probabilities(net, cases, context.device))
            for name, cases in sets.items()
        },
        state=copy_of(net.state_dict()),
        settings={"network": values_for(settings), "loop": dict(tables["loop"]), "augment": dict(augment)},
        extras=extras,
    )
