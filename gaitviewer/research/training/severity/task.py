"""System 1: severity of motor impairment from skeleton clips and contribution-guided clinical features.

The method of Yang, Chen, He (Electronic Imaging 2026, arXiv 2603.22371), in order: train a skeleton network;
read from its maps which keypoints matter; choose the clinical features that are built from these; train the
fusion of both, starting from the skeleton network. Only children whose gait deviates have one of four levels.
"""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError
from safetensors.torch import load_file

from gaitviewer.analysis.outcomes.gait_features import (
    features_for,
    features_of,
    load_features,
    rank_parts,
    without_label_forming,
)
from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import Tick, subprogress
from gaitviewer.core.serialise import canonical_bytes, to_plain
from gaitviewer.errors import SettingsError
from gaitviewer.inference.severity.clips import skeleton_clips
from gaitviewer.inference.severity.normal_gate import Verdict, judge_normal, severity_tables
from gaitviewer.messages import message
from gaitviewer.nets.checkpoint_file import read_checkpoint
from gaitviewer.nets.severity.fusion import FusionNet
from gaitviewer.nets.severity.published import backbone_of, start_skeleton
from gaitviewer.research.training import distributed
from gaitviewer.research.training.as_used import NO_OPINION, NONE, Told, counts_of
from gaitviewer.research.training.checkpoint import copy_of, save_atomically
from gaitviewer.research.training.loop import LoopSettings, fit
from gaitviewer.research.training.protocols import Tables
from gaitviewer.research.training.severity.baselines import (
    BASELINES,
    fit_baseline,
    per_session,
    probabilities_of,
)
from gaitviewer.research.training.severity.batches import (
    Batches,
    CollateExplained,
    CollateSkeletons,
    SeverityLoss,
    by_session,
    clip_probabilities,
    labelled,
    score,
    see,
)
from gaitviewer.research.training.severity.ceiling import best_probabilities
from gaitviewer.research.training.severity.explain import (
    Ranking,
    block_name,
    check_injected_fault,
    check_maps,
    rank_keypoints,
    reference_of,
)
from gaitviewer.research.training.severity.sets import (
    learned,
    measured_normal,
    planted_sets,
)
from gaitviewer.research.training.severity.settings import (
    VARIANTS,
    network_settings,
    read_protocol,
)
from gaitviewer.research.training.task import Example, Predictions, RunContext, RunResult, Variant

log = logging.getLogger(__name__)
_MEASURED = {Verdict.NORMAL: 1, Verdict.DEVIATES: 0, Verdict.UNSURE: -1}


class SeverityTask:
    """System 1 as a task; a trained skeleton network is kept on disk for the other variants of its seed."""

    name = "severity"
    version = "2"

    def prepare(self, session: LabelledSession, measures: Measures) -> list[Example]:
        """One example for each clip; [] where no clip can be cut or no severity is known."""
        if session.labels.severity is None:
            log.info("severity: session %s has no level", session.id)
            return []
        clips, reasons = skeleton_clips(measures, severity_tables().clips)
        if not clips:
            log.info("severity: session %s gives no clip: %s", session.id, "; ".join(map(str, reasons)))
            return []
        features = features_of(measures).astype(np.float32)
        judged = judge_normal(measures)
        return [
            {
                "subject": session.subject,
                "session": session.id,
                "severity": int(session.labels.severity),
                "view": clip.view.value,
                "x": clip.values,
                "features": features,
                "measured_normal": _MEASURED[judged.verdict],
                "points": judged.basis[0].value,
            }
            for clip in clips
        ]

    def variants(self, protocol: str) -> tuple[Variant, ...]:
        """All variants; the first one is shipped."""
        read_protocol(protocol)
        return VARIANTS

    def check_checkpoint(self, file: Path, protocol: str) -> Sequence[str]:
        """Weights of the skeleton network that would start anew."""
        tables = _with_backbone(read_protocol(protocol, {"checkpoint": str(file)}))
        net = FusionNet(network_settings(tables, kind="skeleton", chosen=()))
        return start_skeleton(net.skeleton, read_checkpoint(file), name=file.name)

    def run(self, variant: Variant, context: RunContext) -> RunResult:
        """Train and predict.

        Raises:
            SettingsError: unknown protocol or setting, or nobody deviates.
        """
        tables = _with_backbone(read_protocol(context.protocol, variant.settings))
        train = labelled(context.sets.train)
        if not train:
            raise SettingsError(message("error.research.severity.no_examples"))
        if tables["kind"] == "best":
            return _run_best(context)
        if tables["kind"] in BASELINES:
            return _run_baseline(tables, train, context)
        torch.set_num_threads(context.threads)
        if tables["kind"] == "planted":
            context = replace(context, sets=planted_sets(context, tables["explain"]["plant_levels"]))
            loss = {**tables["loss"], "healthy": 0.0}  # only the fault tells the levels
            tables, train = {**tables, "kind": "skeleton", "loss": loss}, labelled(context.sets.train)
        skeleton = self._skeleton(tables, train, context) if tables["kind"] != "features" else None
        return _Run(tables, train, context).finish(skeleton)

    def _skeleton(self, tables: Tables, train: Sequence[Example], context: RunContext) -> FusionNet:
        """The skeleton network, trained; the same for all variants with the same graph and seed."""
        settings = network_settings(tables, kind="skeleton", chosen=())
        key = _key(settings, tables, context, train)
        kept = context.folder.parent / "skeletons" / f"{key[:24]}.safetensors"
        torch.manual_seed(context.seed)
        net = FusionNet(settings)
        if _read_skeleton(net, kept):
            return net.to(context.device).eval()
        if tables["checkpoint"]:
            file = Path(tables["checkpoint"])
            start_skeleton(net.skeleton, read_checkpoint(file), name=file.name)
        clips = learned(tables, train, context)
        _fit(net, "skeleton", tables, clips, context, subprogress(context.tick, 0.0, 0.6))
        if distributed.rank() == 0:
            save_atomically(copy_of(net.skeleton.state_dict()), kept, {})
        return net.eval()


def _with_backbone(tables: Tables) -> Tables:
    """The network that the file to start from is of."""
    if not tables["checkpoint"]:
        return tables
    file = Path(tables["checkpoint"])
    return {**tables, "backbone": backbone_of(read_checkpoint(file), name=file.name)}


def _read_skeleton(net: FusionNet, file: Path) -> bool:
    """Take the weights of the skeleton branch from a file, if it is there and whole."""
    if not file.is_file():
        return False
    try:
        net.skeleton.load_state_dict(load_file(file))
    except (SafetensorError, OSError, RuntimeError) as error:
        log.info("severity: %s cannot be used (%s) and is made again", file.name, error)
        return False
    return True


class _Run:
    """One run of a network, from the skeleton network on."""

    def __init__(self, tables: Tables, train: Sequence[Example], context: RunContext) -> None:
        self.tables, self.train, self.context = tables, train, context
        self.valid = labelled(context.sets.valid)
        self.normal = measured_normal(context.sets.train) if tables["explain"]["contrast"] else []

    def finish(self, skeleton: FusionNet | None) -> RunResult:
        """Ranking, choice of features, fusion, answers, checks."""
        tables, context, kind = self.tables, self.context, self.tables["kind"]
        self._compare_with_normal(skeleton)
        ranking = self._ranking(skeleton)
        chosen = choose_features(tables, ranking, seed=context.seed)
        net = skeleton
        if kind != "skeleton" or net is None:
            net = self._fusion(kind, chosen, skeleton)
            self._compare_with_normal(net if kind != "features" else None)
        extras: dict[str, Any] = {"as used": self._as_used(net)}
        if skeleton is not None:
            extras |= {"ranking": [list(row) for row in ranking]}
            extras |= {"layer": tables["explain"]["layer"] + 1, "target": tables["explain"]["target"]}
        if skeleton is not None and tables["check_maps"]:
            extras["maps"] = self._checks(skeleton)
            extras["planted knee"] = self._planted_knee({"skeleton": skeleton, kind: net}, extras["maps"])
        if kind != "skeleton":
            extras["features"] = [load_features()[k].name for k in chosen]
        return RunResult(
            predictions=self._predictions(net),
            state=copy_of(net.state_dict()),
            settings=self._settings(net, ranking),
            extras=extras,
        )

    def _compare_with_normal(self, net: FusionNet | None) -> None:
        """Maps show how a child differs from the healthy ones of the training set."""
        if net is not None:
            layer, device = net.settings.map_layer, self.context.device
            net.reference.copy_(reference_of(net, self.normal, layer=layer, device=device))

    def _ranking(self, skeleton: FusionNet | None) -> Ranking:
        if skeleton is None:
            return []
        explain = self.tables["explain"]
        return rank_keypoints(
            skeleton,
            self.valid or self.train,
            layer=explain["layer"],
            target=explain["target"],
            draws=explain["draws"],
            seed=self.context.seed,
            device=self.context.device,
        )

    def _fusion(self, kind: str, chosen: Sequence[int], skeleton: FusionNet | None) -> FusionNet:
        torch.manual_seed(self.context.seed + 1)
        net = FusionNet(network_settings(self.tables, kind=kind, chosen=chosen))
        net.fit_features(torch.from_numpy(np.stack([e["features"] for e in per_session(self.train)])))
        if skeleton is not None and kind in ("cross", "concat"):
            net.skeleton.load_state_dict(skeleton.skeleton.state_dict())
        tick = subprogress(self.context.tick, 0.6 if skeleton is not None else 0.0, 0.95)
        if kind == "features" or not self.tables["fusion"]["freeze"]:
            _fit(net, "fusion", self.tables, learned(self.tables, self.train, self.context), self.context, tick)
            return net
        net.skeleton.requires_grad_(False)
        net.to(self.context.device)
        clips = learned(self.tables, self.train, self.context)
        train, valid = (see(net, examples, self.context.device) for examples in (clips, self.valid))
        collate = CollateExplained(float(self.tables["augment"]["flip"]))
        _fit(net, "fusion", self.tables, train, self.context, tick, collate=collate, valid=valid)
        net.skeleton.requires_grad_(True)  # maps are read from its blocks
        return net

    def _checks(self, skeleton: FusionNet) -> dict[str, Any]:
        """The block is chosen on clips of the validation, and judged on those of the test."""
        clips = np.stack([np.asarray(e["x"], np.float32)[..., :2].mean(axis=0) for e in self.train])
        return {
            name: check_maps(
                skeleton,
                labelled(held),
                measured_normal(held),
                self.normal,
                clips.mean(axis=0),
                self.tables["explain"],
                seed=self.context.seed,
                device=self.context.device,
            )
            for name, held in self._held()
            if name in self.tables["explain"]["checked"]
        }

    def _planted_knee(self, nets: Mapping[str, FusionNet], maps: Mapping[str, Any]) -> dict[str, Any]:
        """The named check: at the block of the maps, is a planted fault among the first three keypoints?"""
        explain, context = self.tables["explain"], self.context
        block = block_name(explain["layer"])
        found: dict[str, Any] = {"block": block, "needed": explain["planted_needed"]}
        for name, net in nets.items():
            for held, examples in self._held():
                rows = maps.get(held, {})
                if name != "skeleton" or not rows:
                    table = {**explain, "layers": [explain["layer"]]}
                    rows = check_injected_fault(
                        net,
                        measured_normal(examples),
                        self.normal,
                        table,
                        seed=context.seed,
                        device=context.device,
                    )
                if "planted" in rows.get(block, {}):
                    share = rows[block]["planted"]
                    found[f"{name}, {held}"] = share
                    found[f"{name}, {held}, passed"] = share >= explain["planted_needed"]
        return found

    def _held(self) -> list[tuple[str, Sequence[Example]]]:
        return [("valid", self.context.sets.valid), ("test", self.context.sets.test)]

    def _predictions(self, net: FusionNet) -> dict[str, Predictions]:
        return {
            name: by_session(held, clip_probabilities(net, held, self.context.device))
            for name, examples in self.context.sets.held.items()
            if (held := labelled(examples))
        }

    def _as_used(self, net: FusionNet) -> dict[str, dict[str, dict[str, int]]]:
        """By set, true level and answer: the sessions, those included that the network is not asked about."""
        return {name: counts_of(self._told(net, held)) for name, held in self.context.sets.held.items()}

    def _told(self, net: FusionNet, examples: Sequence[Example]) -> list[Told]:
        asked = [e for e in examples if int(e["measured_normal"]) == _MEASURED[Verdict.DEVIATES]]
        levels: dict[str, str] = {}
        if asked:
            found = by_session(asked, clip_probabilities(net, asked, self.context.device))
            best = found.probability[:, 0].argmax(axis=1)
            levels = {case: found.classes[k] for case, k in zip(found.cases, best, strict=True)}
        unasked = {_MEASURED[Verdict.NORMAL]: NONE, _MEASURED[Verdict.UNSURE]: NO_OPINION}
        return [
            Told(
                str(e["session"]), str(e["subject"]), int(e["severity"]),
                levels.get(str(e["session"]), unasked.get(int(e["measured_normal"]), NO_OPINION)),
            )
            for e in per_session(examples)
        ]  # fmt: skip

    def _settings(self, net: FusionNet, ranking: Ranking) -> dict[str, Any]:
        return {
            "network": to_plain(net.settings),
            "features": [feature.name for feature in load_features()],
            "clips": to_plain(severity_tables().clips),
            "target": str(self.tables["explain"]["target"]),
            "ranking": [list(row) for row in ranking],
            "norms": healthy_norms(self.context.sets.train),
        }


def healthy_norms(examples: Sequence[Example]) -> dict[str, list[float]]:
    """Mean and standard deviation of each feature in the children who do not deviate, by name."""
    healthy = [e for e in per_session(examples) if e["severity"] is not None and int(e["severity"]) == 0]
    found = {}
    for k, feature in enumerate(load_features()):
        values = np.array([float(e["features"][k]) for e in healthy])
        values = values[np.isfinite(values)]
        if len(values) > 1:
            found[feature.name] = [float(values.mean()), float(values.std(ddof=1))]
    return found


def choose_features(tables: Tables, ranking: Ranking, *, seed: int) -> tuple[int, ...]:
    """Indices of the features of the top-ranked, of random, or of all body parts."""
    table = tables["features"]
    everything = tuple(range(len(load_features())))
    if table["choose"] == "all" or not ranking:
        chosen = everything
    else:
        parts = rank_parts([(name, mean) for name, mean, _, _ in ranking])
        if table["choose"] == "random":
            order = np.random.default_rng([seed, 3]).permutation(len(parts))
            parts = tuple(sorted(parts)[k] for k in order)
        chosen = features_for(parts[: table["parts"]], least_share=table["least_share"]) or everything
    if not table["label_forming"]:
        chosen = without_label_forming(chosen) or without_label_forming(everything)
    return chosen


def _run_baseline(tables: Tables, train: Sequence[Example], context: RunContext) -> RunResult:
    chosen = choose_features(tables, [], seed=context.seed)
    model = fit_baseline(tables["kind"], per_session(train), chosen, seed=context.seed)
    found = _by_set(context, lambda held: probabilities_of(model, held, chosen))
    context.tick(1.0, message("progress.variant_done", variant=str(tables["kind"])))
    return RunResult(found, None, {"kind": tables["kind"], "features": len(chosen)})


def _run_best(context: RunContext) -> RunResult:
    found = _by_set(context, best_probabilities)
    context.tick(1.0, message("progress.variant_done", variant="best reachable"))
    return RunResult(found, None, {"kind": "best"})


def _by_set(
    context: RunContext, answer: Callable[[Sequence[Example]], NDArray[np.float64]]
) -> dict[str, Predictions]:
    """What is answered for the sessions of each set."""
    sets = {name: per_session(labelled(examples)) for name, examples in context.sets.held.items()}
    return {name: by_session(held, answer(held)) for name, held in sets.items() if held}


def _fit(
    net: FusionNet,
    stage: str,
    tables: Tables,
    train: Sequence[Example],
    context: RunContext,
    tick: Tick,
    *,
    collate: Batches | None = None,
    valid: Sequence[Example] | None = None,
) -> None:
    held = labelled(context.sets.valid) if valid is None else valid
    fit(
        net,
        train=train,
        collate=collate or CollateSkeletons(tables["augment"]),
        loss=SeverityLoss.of(train, tables["loss"]),
        validate=lambda model: score(model, held, context.device, collate),
        settings=LoopSettings.read(tables[f"{stage}_loop"]),
        folder=context.folder / stage,
        seed=context.seed,
        device=context.device,
        tick=tick,
        name=f"severity, {stage}",
        threads=context.threads,
    )


def _key(settings: Any, tables: Tables, context: RunContext, train: Sequence[Example]) -> str:
    """Of everything that the skeleton network depends on (not of where its maps are read)."""
    settings = replace(settings, map_layer=0)
    total = hashlib.sha256(canonical_bytes([settings, tables["skeleton_loop"], tables["augment"]]))
    train = learned(tables, train, context)
    total.update(canonical_bytes([tables["loss"], context.seed, str(context.device), context.threads]))
    if tables["checkpoint"]:
        total.update(Path(tables["checkpoint"]).read_bytes())
    for example in (*train, *labelled(context.sets.valid)):
        total.update(f"{example['session']}/{example['severity']}".encode())
        total.update(np.ascontiguousarray(example["x"]).tobytes())
    return total.hexdigest()
