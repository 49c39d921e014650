"""The one training loop.

Everything random in an epoch comes from (seed, epoch, process): an epoch that is done again after a kill
gives the same numbers, so a resumed training ends with the same weights, bit for bit, on the same machine.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import logging
import math
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal

import numpy as np
import torch
from torch import Tensor, nn

from gaitviewer.core.progress import Tick
from gaitviewer.core.serialise import from_settings
from gaitviewer.errors import SettingsError
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.research.training import checkpoint, distributed
from gaitviewer.research.training.checkpoint import Progress
from gaitviewer.research.training.task import Example
from gaitviewer.util import atomic

Batch = dict[str, Tensor]
Collate = Callable[[list[Example], np.random.Generator | None], Batch]
log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class LoopSettings:
    """How to train.

    Attributes:
        epochs: at most.   batch_size: examples a step, over all processes together.
        learning_rate: at its highest.   weight_decay: "adamw" leaves out biases and norms.
        optimiser: "sgd" or "adamw".   momentum, nesterov: of "sgd".
        schedule: "cosine" falls to zero over all epochs, "constant" stays; both after the warm-up.
        warmup_epochs: of a linear rise.   patience: epochs without a better value before stopping; 0 = never.
        amp: half precision on a GPU (bfloat16 where it can).
        amp_on_cpu: bfloat16 on a processor that multiplies it in hardware; elsewhere full precision.
        clip_norm: of all gradients; 0 = not clipped.
        log_every: steps between two lines of the log.
    """

    epochs: int = 50
    batch_size: int = 16
    learning_rate: float = 1e-3
    weight_decay: float = 1e-4
    optimiser: Literal["sgd", "adamw"] = "adamw"
    momentum: float = 0.9
    nesterov: bool = True
    schedule: Literal["cosine", "constant"] = "cosine"
    warmup_epochs: float = 1.0
    patience: int = 0
    amp: bool = True
    amp_on_cpu: bool = False
    clip_norm: float = 1.0
    log_every: int = 20

    def __post_init__(self) -> None:
        if self.epochs < 1 or self.batch_size < 1 or self.learning_rate <= 0:
            raise SettingsError(message("error.research.training.settings"))
        if self.optimiser not in ("sgd", "adamw") or self.schedule not in ("cosine", "constant"):
            raise SettingsError(message("error.research.training.optimiser"))

    @classmethod
    def read(cls, table: Mapping[str, Any]) -> LoopSettings:
        """From a table of a protocol.

        Raises:
            SettingsError: an entry is unknown or wrong.
        """
        return from_settings(dict(table), cls, "The table of the training loop")


@dataclass(frozen=True, slots=True)
class FitResult:
    """How a training went: the best epoch (from 1), its value, epochs done, seconds over all parts."""

    best_epoch: int
    best_value: float
    epochs: int
    seconds: float


def has_bf16_cpu() -> bool:
    """Whether this processor multiplies bfloat16 in hardware; emulated it is slower than full precision."""
    return any(
        bool(getattr(torch.cpu, name, bool)())
        for name in ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    )


def fit(
    model: nn.Module,
    *,
    train: Sequence[Example],
    collate: Collate,
    loss: Callable[[nn.Module, Batch], Tensor],
    validate: Callable[[nn.Module], float],
    settings: LoopSettings,
    folder: Path,
    seed: int,
    device: str,
    tick: Tick,
    name: str,
    threads: int | None = None,
) -> FitResult:
    """Trains ``model`` and leaves its best weights in it; goes on from ``folder`` if it was killed there.

    Args:
        model: its first weights are the caller's choice (seed them).
        train: examples.
        collate: makes a batch; given a generator it may augment.
        loss: mean loss of a batch; must call the module it is given (with several processes a wrapper).
        validate: value of the model in evaluation mode without gradients, higher is better.
        settings: how.
        folder: for the checkpoint, ``log.csv`` and TensorBoard events.
        seed: of order, augmentation and dropout.
        device: "cpu", "cuda" or "cuda:0".
        tick: progress with the time left; raises Cancelled.
        name: what is trained, for the notes.
        threads: of torch; None = as they are.

    Raises:
        SettingsError: there is nothing to train on, or the loss is no longer finite.
    """
    if not train:
        raise SettingsError(message("error.research.training.no_examples", name=name))
    device = distributed.rank_device(device)
    with distributed.threads(threads), distributed.deterministic(device):
        trainer = _Trainer(model, train, collate, loss, validate, settings, folder, seed, device, name)
        return trainer.run(tick)


def learning_rate_at(settings: LoopSettings, step: int, steps_per_epoch: int) -> float:
    """Learning rate of a step (from 0): a linear rise, then half a cosine down to zero."""
    warmup = settings.warmup_epochs * steps_per_epoch
    total = settings.epochs * steps_per_epoch
    if step < warmup:
        return settings.learning_rate * (step + 1) / (warmup + 1)
    if settings.schedule == "constant":
        return settings.learning_rate
    return settings.learning_rate * 0.5 * (1 + math.cos(math.pi * (step - warmup) / max(1.0, total - warmup)))


def make_optimiser(model: nn.Module, settings: LoopSettings) -> torch.optim.Optimizer:
    """The optimiser over the parameters that learn."""
    learning = [value for value in model.parameters() if value.requires_grad]
    if settings.optimiser == "sgd":
        return torch.optim.SGD(
            learning,
            settings.learning_rate,
            momentum=settings.momentum,
            nesterov=settings.nesterov and settings.momentum > 0,
            weight_decay=settings.weight_decay,
        )
    groups = [
        {"params": [value for value in learning if value.ndim > 1], "weight_decay": settings.weight_decay},
        {"params": [value for value in learning if value.ndim <= 1], "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], settings.learning_rate)


@dataclass(eq=False)
class _Trainer:
    """The state of one call of :func:`fit`."""

    model: nn.Module
    train: Sequence[Example]
    collate: Collate
    loss: Callable[[nn.Module, Batch], Tensor]
    validate: Callable[[nn.Module], float]
    settings: LoopSettings
    folder: Path
    seed: int
    device: str
    name: str

    def __post_init__(self) -> None:
        self.model.to(self.device)
        self.optimiser = make_optimiser(self.model, self.settings)
        self.cuda = torch.device(self.device).type == "cuda"
        fine = not self.cuda or torch.cuda.is_bf16_supported()
        self.half = torch.bfloat16 if fine else torch.float16
        self.amp = self.settings.amp if self.cuda else self.settings.amp_on_cpu and has_bf16_cpu()
        self.scaler = torch.amp.GradScaler(self.device, enabled=self.amp and self.half is torch.float16)
        self.batches = math.ceil(len(self.train) / self.settings.batch_size)
        self.file = self.folder / "checkpoint.safetensors"
        self.progress = Progress(self._fingerprint())
        self.best = checkpoint.copy_of(self.model.state_dict())
        self._resume()
        self.wrapped = distributed.wrap_ddp(self.model, self.device)

    def run(self, tick: Tick) -> FitResult:
        """All epochs that are left."""
        started, first = time.monotonic(), self.progress.epoch
        before = self.progress.seconds
        with _EventLog(self.folder, first * self.batches) as events:
            while not self.progress.finished:
                epoch = self.progress.epoch
                left = _time_left(started, epoch - first, self.settings.epochs - epoch)
                mean = self._epoch(epoch, tick, events, left)
                self.progress.seconds = before + time.monotonic() - started
                self._conclude(epoch, mean, events)
        self.model.load_state_dict(self.best)
        self.model.eval()
        done = self.progress
        tick(1.0, message("progress.trained", name=self.name, best=done.best_epoch, total=done.epoch))
        return FitResult(done.best_epoch, done.best_value, done.epoch, done.seconds)

    def _epoch(self, epoch: int, tick: Tick, events: Any, left: Message) -> float:
        """One pass over the examples; the mean loss of its steps."""
        settings = self.settings
        torch.manual_seed(_mixed(self.seed, epoch, distributed.rank()))
        self.wrapped.train()
        losses: list[float] = []
        for number, batch in enumerate(self._made_batches(epoch)):
            step = epoch * self.batches + number
            rate = learning_rate_at(settings, step, self.batches)
            losses.append(self._step(batch, rate))
            if not math.isfinite(losses[-1]):
                raise SettingsError(
                    message(
                        "error.research.training.diverged",
                        name=self.name,
                        epoch=epoch + 1,
                        learning_rate=settings.learning_rate,
                    )
                )
            if step % max(1, settings.log_every) == 0:
                events.add_scalar("train/loss", losses[-1], step)
                events.add_scalar("train/learning_rate", rate, step)
            done = (epoch + (number + 1) / self.batches) / settings.epochs
            note = message(
                "progress.epoch",
                name=self.name,
                epoch=epoch + 1,
                total=settings.epochs,
                loss=float(np.mean(losses)),
                left=left,
            )
            tick(min(done, 1.0), note)
        return float(np.mean(losses))

    def _step(self, batch: Batch, rate: float) -> float:
        for group in self.optimiser.param_groups:
            group["lr"] = rate
        self.optimiser.zero_grad(set_to_none=True)
        batch = {key: value.to(self.device, non_blocking=True) for key, value in batch.items()}
        with torch.autocast(torch.device(self.device).type, self.half, enabled=self.amp):
            value = self.loss(self.wrapped, batch)
        self.scaler.scale(value).backward()
        if self.settings.clip_norm > 0:
            self.scaler.unscale_(self.optimiser)
            nn.utils.clip_grad_norm_(self.model.parameters(), self.settings.clip_norm)
        self.scaler.step(self.optimiser)
        self.scaler.update()
        return float(value.detach())

    def _made_batches(self, epoch: int) -> Iterator[Batch]:
        """Batches of nearly equal size, so that none is too small for batch normalisation."""
        order = np.random.default_rng([self.seed, epoch]).permutation(len(self.train))
        world, rank = distributed.world_size(), distributed.rank()
        generator = np.random.default_rng([self.seed, epoch, rank, 1])
        parts = [
            part[: len(part) // world * world][rank::world] for part in np.array_split(order, self.batches)
        ]
        if not all(len(part) for part in parts):
            raise SettingsError(
                message(
                    "error.research.training.step_too_small", examples=self.settings.batch_size, processes=world
                )
            )

        def make(part: np.ndarray[Any, Any]) -> Batch:
            return self.collate([self.train[int(index)] for index in part], generator)

        # One thread, in order: the generator gives the same numbers. It pays where the GPU does the rest.
        return _ahead(make, parts) if self.cuda else map(make, parts)

    def _conclude(self, epoch: int, mean: float, events: Any) -> None:
        """Validates, remembers the best, writes checkpoint and logs."""
        state = self.progress
        self.model.eval()
        value = 0.0
        if distributed.rank() == 0:
            with torch.no_grad():
                value = float(self.validate(self.model))
        value = distributed.broadcast_from_rank0(value, self.device)
        self.model.eval()
        if value > state.best_value:
            state.best_value, state.best_epoch = value, epoch + 1
            self.best = checkpoint.copy_of(self.model.state_dict())
        state.epoch = epoch + 1
        waited = state.epoch - state.best_epoch
        state.finished = state.epoch >= self.settings.epochs or 0 < self.settings.patience <= waited
        state.history.append(
            {"epoch": epoch + 1, "loss": mean, "value": value, "seconds": round(state.seconds, 3)}
        )
        state.scaler = self.scaler.state_dict() if self.scaler.is_enabled() else {}
        events.add_scalar("valid/value", value, state.epoch * self.batches)
        if distributed.rank() == 0:
            _write_csv(self.folder / "log.csv", state.history)
            checkpoint.save(
                self.file,
                progress=state,
                model=checkpoint.copy_of(self.model.state_dict()),
                best=self.best,
                optimiser=checkpoint.optimiser_tensors(self.optimiser),
            )
        distributed.broadcast_from_rank0(0.0, self.device)  # nobody goes on before the checkpoint is there
        if distributed.world_size() > 1 and state.finished:
            self._resume()  # running statistics differ between processes: all end with those of process 0
            distributed.broadcast_from_rank0(0.0, self.device)  # the caller of process 0 may delete the file

    def _resume(self) -> None:
        found = checkpoint.load(self.file, self.progress.fingerprint)
        if found is None:
            if self.file.exists():
                log.info(
                    "%s: the checkpoint in %s is of another training; starting anew", self.name, self.folder
                )
            return
        self.progress, groups = found
        self.model.load_state_dict(groups["model"])
        self.best = groups["best"]
        checkpoint.restore_optimiser(self.optimiser, groups["optimiser"])
        if self.progress.scaler:
            self.scaler.load_state_dict(self.progress.scaler)

    def _fingerprint(self) -> str:
        """Of everything that must be the same when a training goes on."""
        facts = {
            "name": self.name,
            "seed": self.seed,
            "settings": asdict(self.settings),
            "world": distributed.world_size(),
            "examples": [f"{example.get('subject')}/{example.get('session')}" for example in self.train],
            "tensors": {key: list(value.shape) for key, value in self.model.state_dict().items()},
        }
        return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()


def _mixed(*numbers: int) -> int:
    """One seed out of several numbers."""
    return int(np.random.SeedSequence(numbers).generate_state(1, np.uint64)[0])


def _ahead(make: Callable[[Any], Batch], parts: Sequence[Any]) -> Iterator[Batch]:
    """Results of ``make`` in order, each begun while the one before is used."""
    with ThreadPoolExecutor(1) as pool:
        waiting = pool.submit(make, parts[0])
        for part in parts[1:]:
            batch, waiting = waiting.result(), pool.submit(make, part)
            yield batch
        yield waiting.result()


def _time_left(started: float, done: int, left: int) -> Message:
    if done == 0:
        return NOTHING
    seconds = (time.monotonic() - started) / done * left
    if seconds < 90:
        return message("progress.epochs_seconds_left", seconds=seconds)
    return message("progress.epochs_minutes_left", minutes=seconds / 60)


def _write_csv(path: Path, history: list[dict[str, float]]) -> None:
    text = io.StringIO()
    writer = csv.DictWriter(text, list(history[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(history)
    atomic.write_bytes(path, text.getvalue().encode("utf-8"), durable=False)


class _EventLog:
    """A TensorBoard log; written by process 0 only."""

    def __init__(self, folder: Path, step: int) -> None:
        self.writer: Any = None
        if distributed.rank() == 0:
            from tensorboardX import SummaryWriter

            self.writer = SummaryWriter(str(folder / "events"), purge_step=step or None)

    def add_scalar(self, tag: str, value: float, step: int) -> None:
        """One value."""
        if self.writer is not None:
            self.writer.add_scalar(tag, value, step)

    def __enter__(self) -> _EventLog:
        return self

    def __exit__(self, *what: object) -> None:
        if self.writer is not None:
            self.writer.close()
