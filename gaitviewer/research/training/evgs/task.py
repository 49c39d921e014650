"""System 2: the Edinburgh Visual Gait Score from video, 17 items and two limbs.

After ChildGait-Video (Shen et al., Decoding children's gait behavior, ECCV 2026): clips placed on the phases of
the items, the skeleton drawn onto the frames, only patches with foreground computed, binary answers averaged
over the clips of a session, and a regression of the Gait Variable Score.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from gaitviewer.core.learning import ITEMS, LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.core.progress import subprogress
from gaitviewer.core.serialise import to_plain
from gaitviewer.errors import SettingsError
from gaitviewer.inference.evgs.strips import clip_table, read_strips
from gaitviewer.messages import message
from gaitviewer.nets.checkpoint_file import read_checkpoint
from gaitviewer.nets.evgs.inputs import EvgsSettings
from gaitviewer.nets.evgs.network import Answers, EvgsNet, items_loss, looks_loss, probabilities, seen_loss
from gaitviewer.nets.evgs.pruning import normalise_patches
from gaitviewer.nets.evgs.videomae import VideoShape, load_weights, published_names
from gaitviewer.research.training.checkpoint import copy_of
from gaitviewer.research.training.evgs.answers import by_session, visible_mean
from gaitviewer.research.training.evgs.baselines import logistic_probabilities, majority_probabilities
from gaitviewer.research.training.evgs.calibration import calibrate_thresholds
from gaitviewer.research.training.evgs.examples import CollateClips, Variety, clip_cases, pack, strip_key
from gaitviewer.research.training.evgs.settings import (
    VARIANTS,
    network_settings,
    read_protocol,
)
from gaitviewer.research.training.loop import LoopSettings, fit
from gaitviewer.research.training.protocols import Tables
from gaitviewer.research.training.task import Example, Predictions, RunContext, RunResult, Variant

_BATCH = 32  # clips at a time outside training
log = logging.getLogger(__name__)


class EvgsTask:
    """System 2 as a task; clips that were cut are kept for the next run with the same settings."""

    name = "evgs"
    version = "1"

    def __init__(self) -> None:
        self._settings: object = None
        self._kept: dict[tuple[str, ...], tuple[bool, list[Example]]] = {}

    def prepare(self, session: LabelledSession, measures: Measures) -> list[Example]:
        """One example for each limb and view; [] where there are no pictures of a stride that counts."""
        strips = read_strips(measures, session.pictures, most=clip_table().crop.strides_to_learn)
        examples = [pack(strip, session) for strip in strips]
        if not examples:
            why = "no pictures" if not session.pictures else "no stride counts"
            log.info("evgs: session %s gives no clip: %s", session.id, why)
        return examples

    def variants(self, protocol: str) -> tuple[Variant, ...]:
        """All variants; the first one is shipped."""
        read_protocol(protocol)
        return VARIANTS

    def check_checkpoint(self, file: Path, protocol: str) -> Sequence[str]:
        """Weights of the encoder that would start anew."""
        settings = network_settings(read_protocol(protocol))
        return start_encoder(EvgsNet(settings, kinds=len(clip_table().kinds)), file)

    def run(self, variant: Variant, context: RunContext) -> RunResult:
        """Train and predict.

        Raises:
            SettingsError: unknown protocol or setting, or nothing to learn from.
        """
        tables = read_protocol(context.protocol, variant.settings)
        settings = network_settings(tables)
        variety = Variety.read(tables["augment"]) if tables["kind"] == "video" else None
        cases = self._cases(context, settings, variety)
        if not any((case["labels"] >= 0).any() for case in cases["train"]):
            raise SettingsError(message("error.research.evgs.no_examples"))
        if tables["kind"] != "video":
            return _run_baseline(tables["kind"], cases, context)
        torch.set_num_threads(context.threads)
        return _Run(tables, settings, cases, context).finish()

    def _cases(
        self, context: RunContext, settings: EvgsSettings, variety: Variety | None
    ) -> dict[str, list[Example]]:
        """Cases of every set by name; without pixels where no variety is given."""
        sets = {"train": context.sets.train, **context.sets.held}
        if self._settings != (settings.inputs(), variety):
            self._settings, self._kept = (settings.inputs(), variety), {}
        tick = _counting(context, sum(len(held) for held in sets.values()))
        found: dict[str, list[Example]] = {}
        for name, held in sets.items():
            learned = name == "train" and variety is not None
            found[name] = []
            for example in held:
                found[name] += self._cut(example, settings, variety, learned=learned)
                tick()
        return found

    def _cut(
        self, example: Example, settings: EvgsSettings, variety: Variety | None, *, learned: bool
    ) -> list[Example]:
        """The clips of a strip, with further cuts if it is learned from."""
        key = strip_key(example)
        there = self._kept.get(key)
        if there is None or (learned and not there[0]):
            anew = variety if learned else None
            made = clip_cases([example], settings, pixels=variety is not None, variety=anew, tick=lambda: None)
            self._kept[key] = there = (learned, made)
        return there[1]


def start_encoder(net: EvgsNet, file: Path) -> Sequence[str]:
    """Start the encoder from a VideoMAE v2 checkpoint; returns the names of its weights that start anew.

    Raises:
        SettingsError: the file cannot be read, or is of another network.
    """
    state = published_names(read_checkpoint(file), name=file.name)
    anew = load_weights(net.encoder, state, name=file.name)
    log.info("evgs: encoder started from %s, without %s", file.name, ", ".join(anew) or "nothing")
    return anew


def _counting(context: RunContext, total: int) -> Callable[[], None]:
    done = 0

    def tick() -> None:
        nonlocal done
        done += 1
        context.tick(
            0.1 * done / max(1, total), message("progress.clips_of_strips", task="evgs", done=done, total=total)
        )

    return tick


@dataclass(frozen=True, slots=True, eq=False)
class EvgsLoss:
    """Loss of a batch.

    Attributes:
        weight: [17, levels] of the positive answers.   tables: weights of the parts.   shape: of a clip.
    """

    weight: Tensor
    tables: dict[str, float]
    shape: VideoShape

    @classmethod
    def of(
        cls, train: Sequence[Example], tables: dict[str, float], settings: EvgsSettings, *, levels: int
    ) -> EvgsLoss:
        """Weights that make both answers of an item count alike, up to the limit."""
        labels = np.stack([case["labels"] for case in train])
        weights = np.ones((ITEMS, levels))
        for level in range(levels):
            yes, known = (labels > level).sum(axis=0), (labels >= 0).sum(axis=0)
            ratio = (known - yes) / np.maximum(yes, 1)
            weights[:, level] = np.clip(ratio, 1 / tables["balance_limit"], tables["balance_limit"])
        return cls(torch.from_numpy(weights).float(), tables, settings.shape)

    def __call__(self, model: nn.Module, batch: dict[str, Tensor]) -> Tensor:
        """Mean over what the clips are asked."""
        pixels = normalise_patches(batch["patches"])
        if "gain" in batch:
            colours = pixels.unflatten(-1, (3, -1)) * batch["gain"] + batch["offset"]
            pixels = colours.flatten(-2)
        found: Answers = model(pixels, batch["index"], batch.get("keys"), batch["kind"])
        rows = torch.arange(len(batch["kind"]), device=batch["kind"].device)
        weight = self.weight.to(pixels.device)
        total = items_loss(found.items[rows, batch["limb"]].float(), batch["labels"], weight)
        if self.tables["score"] > 0:
            score = found.score[rows, batch["limb"]].float()
            total = total + self.tables["score"] * seen_loss(score, batch["profile"])
        if found.keypoints is not None and self.tables["keypoints"] > 0:
            keypoints = seen_loss(found.keypoints.places, batch["places"])
            looks = looks_loss(found.keypoints, batch["index"], batch["places"], self.shape)
            total = total + self.tables["keypoints"] * keypoints + self.tables["looks"] * looks
        return total


class _Run:
    """One run of the network."""

    def __init__(
        self, tables: Tables, settings: EvgsSettings, cases: dict[str, list[Example]], context: RunContext
    ) -> None:
        self.tables, self.settings, self.cases, self.context = tables, settings, cases, context
        self.collate = CollateClips.of(cases["train"], tables["augment"])
        self.mean, self.sd = self.collate.mean, self.collate.sd

    def finish(self) -> RunResult:
        """Train, answer, measure the speed."""
        net = self._network()
        valid = self.cases["valid"] or self.cases["train"]
        result = fit(
            net,
            train=self.cases["train"],
            collate=self.collate,
            loss=EvgsLoss.of(self.cases["train"], self.tables["loss"], self.settings, levels=net.levels),
            validate=lambda model: self._judge(model, valid),
            settings=LoopSettings.read(self.tables["loop"]),
            folder=self.context.folder,
            seed=self.context.seed,
            device=self.context.device,
            tick=subprogress(self.context.tick, 0.1, 0.95),
            name="evgs",
            threads=self.context.threads,
        )
        if self.tables["balance"]["settle"] and self.cases["valid"]:
            self._settle(net, self.cases["valid"])
        found = {name: self._predictions(net, held) for name, held in self._held()}
        seen = len(self.cases["train"]) * result.epochs
        extras = {
            "best_epoch": result.best_epoch,
            "training_clips": len(self.cases["train"]),
            "training_clips_per_s": round(seen / max(result.seconds, 1e-9), 1),
            "visible": {name: visible_mean(one) for name, one in found.items()},
            **self._speed(net),
        }
        if self.settings.ordinal:
            extras["ordinal_qwk"] = {name: self._ordinal(net, held) for name, held in self._held()}
        return RunResult(
            predictions=found,
            state=copy_of(net.state_dict()),
            settings={**to_plain(self.settings), **self._score_scale()},
            extras=extras,
        )

    def _score_scale(self) -> dict[str, float]:
        """Of the Gait Variable Score; nothing where nobody had one: such a head says nothing."""
        known = any(np.isfinite(case["profile"]) for case in self.cases["train"])
        return {"score_mean": self.mean, "score_sd": self.sd} if known else {}

    def _network(self) -> EvgsNet:
        torch.manual_seed(self.context.seed)
        net = EvgsNet(self.settings, kinds=len(clip_table().kinds))
        if self.tables["checkpoint"]:
            start_encoder(net, Path(self.tables["checkpoint"]))
        return net

    def _held(self) -> list[tuple[str, list[Example]]]:
        return [(name, held) for name, held in self.cases.items() if name != "train" and held]

    def _judge(self, model: nn.Module, cases: list[Example]) -> float:
        """Mean area under the curve of the items, single clips: steadier than any limit on few subjects."""
        from sklearn.metrics import roc_auc_score

        answers, _ = self._answers(model, cases)
        labels = np.stack([case["labels"] for case in cases])
        areas = []
        for item in range(ITEMS):
            known = labels[:, item] >= 0
            true = labels[known, item] >= 1
            if true.any() and not true.all():
                areas.append(float(roc_auc_score(true, 1.0 - answers[known, item, 0])))
        return float(np.mean(areas)) if areas else 0.0

    def _settle(self, net: EvgsNet, cases: list[Example]) -> None:
        """Settles the limits of the answers on sessions that were not trained on."""
        with torch.no_grad():
            net.eval()
            parts = [self._ask(net, cases[k : k + _BATCH])[0] for k in range(0, len(cases), _BATCH)]
        labels = torch.from_numpy(np.stack([case["labels"] for case in cases]))
        limbs = torch.tensor([int(case["limb"]) for case in cases])
        calibrate_thresholds(net, torch.cat(parts).cpu(), labels, limbs, trust=self.tables["balance"]["trust"])

    def _ask(self, model: nn.Module, cases: list[Example]) -> tuple[Tensor, Tensor]:
        """Logits [N, 17, levels] and standardised scores [N] of the limb of each case."""
        batch = {key: value.to(self.context.device) for key, value in self.collate(cases, None).items()}
        found: Answers = model(batch["patches"], batch["index"], batch.get("keys"), batch["kind"])
        rows = torch.arange(len(cases), device=found.items.device)
        return found.items[rows, batch["limb"]], found.score[rows, batch["limb"]]

    @torch.no_grad()
    def _answers(
        self, model: nn.Module, cases: Sequence[Example]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Chances [N, 17, C] of the limb of each case, and its score [N] in degrees."""
        model.eval()
        answers, scores = [], []
        for start in range(0, len(cases), _BATCH):
            items, score = self._ask(model, list(cases[start : start + _BATCH]))
            answers.append(probabilities(items.double()).cpu().numpy())
            scores.append(score.double().cpu().numpy())
        return np.concatenate(answers), np.concatenate(scores) * self.sd + self.mean

    def _predictions(self, model: nn.Module, cases: list[Example]) -> Predictions:
        answers, scores = self._answers(model, cases)
        return by_session(cases, 1.0 - answers[..., 0], scores)

    def _ordinal(self, model: nn.Module, cases: list[Example]) -> float | None:
        """Mean quadratic kappa of 0 / 1 / 2 over the questions, averaged chances of a session."""
        from sklearn.metrics import cohen_kappa_score

        answers, _ = self._answers(model, cases)
        parts = [by_session(cases, answers[..., level]) for level in range(answers.shape[-1])]
        probability = np.stack([one.probability[..., 1] for one in parts], axis=-1)
        full = by_session(cases, answers[..., 0], binary=False).target
        found = []
        for question in range(probability.shape[1]):
            known = (full[:, question] >= 0) & np.isfinite(probability[:, question]).all(axis=1)
            true, said = full[known, question], probability[known, question].argmax(axis=1)
            if len(np.unique(true)) > 1:
                found.append(cohen_kappa_score(true, said, labels=[0, 1, 2], weights="quadratic"))
        return float(np.mean(found)) if found else None

    @torch.no_grad()
    def _speed(self, model: nn.Module, *, repeats: int = 5) -> dict[str, float]:
        """Clips a second of the network itself, and its mean tokens."""
        cases = (self.cases["test"] or self.cases["train"])[:16]
        batch = {key: value.to(self.context.device) for key, value in self.collate(cases, None).items()}
        model.eval()
        best = float("inf")
        for _ in range(repeats):
            started = time.perf_counter()
            model(batch["patches"], batch["index"], batch.get("keys"), batch["kind"])
            if torch.device(self.context.device).type == "cuda":
                torch.cuda.synchronize()
            best = min(best, time.perf_counter() - started)
        tokens = float(np.mean([len(case["index"]) for case in cases]))
        return {"clips_per_s": round(len(cases) / best, 1), "tokens": round(tokens, 1)}


def _run_baseline(kind: str, cases: dict[str, list[Example]], context: RunContext) -> RunResult:
    found = {}
    for name, held in cases.items():
        if name == "train" or not held:
            continue
        if kind == "majority":
            probability = majority_probabilities(cases["train"], held)
        else:
            probability = logistic_probabilities(cases["train"], held, seed=context.seed)
        found[name] = by_session(held, probability)
    note = message("progress.variant_done", variant=f"evgs, {kind}")
    context.tick(1.0, note)
    extras = {"visible": {name: visible_mean(one) for name, one in found.items()}}
    return RunResult(found, None, {"kind": kind}, extras)
