"""Asking models about a session, finding devices, checking and adding models: what a window's worker does.

Everything here can be called in any process that may hold torch; ``tell`` hands out what is there before the
end.
"""

from __future__ import annotations

import contextlib
import logging
import platform
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from gaitviewer.core.document import Document
from gaitviewer.core.output import ModelOutput
from gaitviewer.core.progress import Tick, no_progress, subprogress
from gaitviewer.errors import Cancelled, InferenceError, UserError, reason_of
from gaitviewer.inference import memory
from gaitviewer.inference.models import TASKS, add_model, list_models, open_model, verify
from gaitviewer.inference.pictures import open_pictures
from gaitviewer.inference.predict import Case, Precision, answer, check_device
from gaitviewer.messages import Message, as_written, message
from gaitviewer.workflow.analysis.measures_cache import cached_measures

_LOG = logging.getLogger(__name__)
_MEASURED = 0.15
_CPU = "cpu"


@dataclass(frozen=True, slots=True)
class Device:
    """Where models can compute.

    Attributes:
        id: as torch calls it ("cpu", "cuda:0", "mps").   name: for people.   memory_bytes: 0 = not known.
    """

    id: str
    name: str
    memory_bytes: int


def ask_models(
    document: Document,
    models: Sequence[str | Path],
    device: str,
    precision: Precision,
    *,
    tick: Tick = no_progress,
    tell: Callable[[tuple[str, ModelOutput]], None],
) -> tuple[Message, ...]:
    """Asks models about a session, one after the other.

    Args:
        document: the session.
        models: ids, tasks or folders.
        device: "cpu", "cuda:0" or "mps".
        precision: "fp32" or "bf16".
        tick: told of each model and stage.
        tell: gets each answer with its task as soon as it is there.

    Returns:
        Why models could not be asked; the others were.

    Raises:
        AnalysisError: the session was not analysed.
        SettingsError: no such device.
    """
    check_device(device, precision)
    measures = cached_measures(document, tick=subprogress(tick, 0.0, _MEASURED))
    case = Case(document, measures, open_pictures(document))
    problems = []
    for number, name in enumerate(models):
        share = (1.0 - _MEASURED) / len(models)
        start = _MEASURED + share * number
        title = message(f"system.{name}") if name in TASKS else as_written(str(name))
        own = _of_model(subprogress(tick, start, start + share), title)
        try:
            own(0.0, message("progress.model_loads"))
            model = open_model(name)
            found = answer(case, model, device=device, precision=precision, tick=own)
        except (Cancelled, InferenceError):
            raise
        except UserError as problem:
            problems.append(message("error.model.not_asked", model=title, reason=problem.message))
            continue
        except Exception as error:  # of one model; the others are asked all the same
            _LOG.exception("the model %s failed", name)
            why = message("error.model.failed", reason=reason_of(error))
            problems.append(message("error.model.not_asked", model=title, reason=why))
            continue
        finally:
            memory.free()
        tell((model.card.task, found))
    return tuple(problems)


def _of_model(tick: Tick, model: Message) -> Tick:
    def inner(fraction: float, stage: Message) -> None:
        tick(fraction, message("progress.of_model", model=model, stage=stage))

    return inner


def find_devices() -> tuple[Device, ...]:
    """The processor, and every other device that torch can use here."""
    import psutil
    import torch

    found = [Device(_CPU, _processor(), psutil.virtual_memory().total)]
    for number in range(torch.cuda.device_count()):
        facts = torch.cuda.get_device_properties(number)
        found.append(Device(f"cuda:{number}", facts.name, facts.total_memory))
    if torch.backends.mps.is_available():
        found.append(Device("mps", f"Apple GPU ({platform.machine()})", psutil.virtual_memory().total))
    return tuple(found)


def _processor() -> str:
    """What the processor is called; Linux does not tell Python."""
    with contextlib.suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8", errors="replace").splitlines()
        return next(line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return platform.processor() or platform.machine()


def list_devices(*, tick: Tick, tell: Callable[[object], None]) -> tuple[Device, ...]:
    """:func:`find_devices`, for the worker."""
    return find_devices()


def verify_model(name: str, *, tick: Tick, tell: Callable[[object], None]) -> Message:
    """What is wrong with a model of this id, or NOTHING."""
    entry = next((one for one in list_models() if one.id == name), None)
    return message("error.cli.no_such_model", model=name) if entry is None else verify(entry)


def add_folder(folder: Path, *, tick: Tick, tell: Callable[[object], None]) -> str:
    """The id of a model that was checked, asked once and added; see :func:`add_model`."""
    return add_model(folder).id
