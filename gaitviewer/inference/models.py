"""The models that are there: shipped ones and those that a user added."""

from __future__ import annotations

import logging
import re
import shutil
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from gaitviewer import paths
from gaitviewer.core.serialise import quote
from gaitviewer.errors import OutputError, SettingsError, reason_of
from gaitviewer.inference.rehearsal import rehearse
from gaitviewer.messages import NOTHING, Message, message
from gaitviewer.nets.card import CARD, WEIGHTS, Card, LoadedModel, load_model, read_card
from gaitviewer.util import file_set
from gaitviewer.workflow.app import settings

TASKS = ("severity", "evgs", "scoliosis")  # what a model can be asked; "legs" works inside the analysis
_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class ModelEntry:
    """One model folder.

    Attributes:
        id: its name.   folder: where.   shipped: came with the program.
        card: what it is; None where the card is damaged, then ``problem`` says how.
    """

    id: str
    folder: Path
    shipped: bool
    card: Card | None
    problem: Message = NOTHING


def user_folder() -> Path:
    """Where added models are kept."""
    return paths.data_dir() / "models"


def list_models() -> tuple[ModelEntry, ...]:
    """All models by id; an added one hides a shipped one of the same id."""
    found: dict[str, ModelEntry] = {}
    for root, shipped in ((paths.models(), True), (user_folder(), False)):
        for file in sorted(root.glob(f"*/{CARD}")):
            folder = file.parent
            try:
                found[folder.name] = ModelEntry(folder.name, folder, shipped, read_card(folder))
            except SettingsError as problem:
                found[folder.name] = ModelEntry(folder.name, folder, shipped, None, problem.message)
    return tuple(found[name] for name in sorted(found))


def default_model(task: str) -> ModelEntry:
    """The model of a task that is used when none is named: that of the settings, else the shipped one.

    A model that was added is used by itself only where none was shipped.

    Raises:
        SettingsError: there is none.
    """
    mine = [entry for entry in list_models() if entry.card is not None and entry.card.task == task]
    if not mine:
        raise SettingsError(message("error.model.none_for_task", task=task))
    chosen = settings.load().default_models
    return max(mine, key=lambda entry: (entry.id in chosen, entry.shipped, _number(entry.id), entry.id))


def choose_default(entry: ModelEntry, chosen: tuple[str, ...]) -> tuple[str, ...]:
    """The setting ``default_models`` with this model in the place of the one of the same task."""
    task = {one.id: one.card.task for one in list_models() if one.card is not None}
    others = tuple(name for name in chosen if name in task and task[name] != task.get(entry.id))
    return (*others, entry.id)


def open_model(name: str | Path) -> LoadedModel:
    """Loads a model by id, by task or by folder, after checking it.

    Raises:
        SettingsError: there is none such, or it is damaged or foreign.
    """
    if str(name) in TASKS:
        return load_model(default_model(str(name)).folder)
    for entry in list_models():
        if entry.id == str(name):
            return load_model(entry.folder)
    folder = Path(name)
    if folder.is_dir():
        return load_model(folder)
    known = tuple(entry.id for entry in list_models()) or message("error.model.none")
    raise SettingsError(message("error.model.no_such_model", model=name, known=known))


def verify(entry: ModelEntry) -> Message:
    """What is wrong with a model; NOTHING if its weights are those of its card and its network answers."""
    if entry.card is None:
        return entry.problem
    try:
        loaded = load_model(entry.folder)
        if entry.card.task in TASKS:  # another one works inside the analysis
            rehearse(loaded)
    except SettingsError as problem:
        return problem.message
    return NOTHING if entry.card.id == entry.id else message("error.model.other_card", model=entry.card.id)


def add_model(source: Path) -> ModelEntry:
    """Copies a model folder to the user's own models after checking it and asking it once.

    It is asked by default only once it was chosen, or where there is no other of its task.

    Raises:
        SettingsError: it is no model folder of this program, its weights are not those of its card, or its
            network does not answer.
        OutputError: it cannot be copied; a model of this name that is there stays.
    """
    model = load_model(source)
    name = model.card.id
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,79}", name):
        raise SettingsError(message("error.model.impossible_id", folder=source, id=quote(name)))
    if model.card.task not in TASKS:
        raise SettingsError(message("error.model.foreign_task", folder=source, task=quote(model.card.task)))
    rehearse(model)
    target = user_folder() / name
    file_set.write_all(target, {file: partial(shutil.copyfile, source / file) for file in (CARD, WEIGHTS)})
    _log.info("model %s added", name)
    return ModelEntry(name, target, False, model.card)


def remove_model(name: str) -> None:
    """Takes away a model that was added; a shipped one of the same id is there again.

    Raises:
        SettingsError: no such model was added.
        OutputError: it cannot be removed.
    """
    entry = next((one for one in list_models() if one.id == name), None)
    if entry is None:
        raise SettingsError(message("error.cli.no_such_model", model=name))
    if entry.shipped:
        raise SettingsError(message("error.model.shipped", model=name))
    try:
        shutil.rmtree(entry.folder)
    except OSError as error:
        raise OutputError(
            message("error.model.not_removed", folder=entry.folder, reason=reason_of(error))
        ) from error
    _log.info("model %s removed", name)


def _number(name: str) -> int:
    digits = re.search(r"(\d+)$", name)
    return int(digits.group(1)) if digits else 0
