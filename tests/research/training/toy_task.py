"""A learned system small enough for tests: a linear network on random numbers."""

from __future__ import annotations

import logging
from typing import Any, ClassVar

import numpy as np
import torch
from torch import nn

from gaitviewer.core.learning import LabelledSession
from gaitviewer.core.measures import Measures
from gaitviewer.research.training.loop import LoopSettings, fit
from gaitviewer.research.training.task import Example, Predictions, RunContext, RunResult, Variant

CLASSES = ("low", "high")


class ToyTask:
    name = "severity"  # one that the rest of the program knows
    version = "toy"
    runs: ClassVar[list[str]] = []

    def prepare(self, session: LabelledSession, measures: Measures) -> list[Example]:
        if session.labels.severity is None:
            logging.getLogger("gaitviewer.toy").info("toy: session %s has no level", session.id)
            return []
        side = measures.evgs.measures.left
        x = np.array([m.score if m.score is not None else np.nan for m in side], np.float32)
        big = np.arange(200_000, dtype=np.float64)
        return [{"subject": session.subject, "session": session.id, "x": x, "big": big, "side": "left", "n": 3}]

    def variants(self, protocol: str) -> tuple[Variant, ...]:
        return (
            Variant("linear", "a linear network", {"use": 4}),
            Variant("majority", "the commonest answer"),
            Variant("one number", "sees one number", {"use": 1}, "inputs"),
        )

    def run(self, variant: Variant, context: RunContext) -> RunResult:
        type(self).runs.append(f"{variant.name}/{context.seed}")
        use = variant.settings.get("use", 0)
        sets = context.sets.held
        if not use:
            return RunResult({k: _answers(v, np.full(len(v), 0.5)) for k, v in sets.items()}, None, {})
        torch.manual_seed(context.seed)
        net = nn.Linear(use, 1)

        def collate(held: list[Example], generator: np.random.Generator | None) -> dict[str, torch.Tensor]:
            y = torch.tensor([float(e["level"]) for e in held])
            return {"x": torch.from_numpy(np.stack([e["x"][:use] for e in held])), "y": y}

        def loss(model: nn.Module, batch: dict[str, Any]) -> torch.Tensor:
            return nn.functional.binary_cross_entropy_with_logits(model(batch["x"])[:, 0], batch["y"])

        def probabilities(held: tuple[Example, ...]) -> np.ndarray:
            with torch.no_grad():
                return torch.sigmoid(net(collate(list(held), None)["x"])[:, 0]).double().numpy()

        result = fit(
            net,
            train=context.sets.train,
            collate=collate,
            loss=loss,
            settings=LoopSettings(epochs=8, learning_rate=0.1),
            validate=lambda model: -float(loss(model, collate(list(context.sets.valid), None))),
            folder=context.folder,
            seed=context.seed,
            device=context.device,
            tick=context.tick,
            name="toy",
        )
        predictions = {k: _answers(v, probabilities(v)) for k, v in sets.items()}
        return RunResult(predictions, net.state_dict(), {"use": use}, {"epochs": result.epochs})


def _answers(held: tuple[Example, ...], probability: np.ndarray) -> Predictions:
    return Predictions(
        tuple(e["session"] for e in held),
        tuple(e["subject"] for e in held),
        ("severity",),
        CLASSES,
        np.stack([1 - probability, probability], axis=1)[:, None],
        np.array([[e["level"]] for e in held], np.int64),
    )
