"""A folder with weights: ``weights.safetensors`` and ``card.toml``, which says what they are and are good for.

Nothing is ever unpickled: tensors come from safetensors, everything else from TOML. The card holds the digest
of the weights; a file that is not the one the card was written for is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.core.serialise import MalformedError, from_plain, from_settings, load_toml
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import message
from gaitviewer.util import file_set

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray
    from torch import Tensor

T = TypeVar("T")

WEIGHTS, CARD = "weights.safetensors", "card.toml"
FORMAT = 1
LARGEST_CARD = 1_000_000  # bytes


@dataclass(frozen=True, slots=True)
class Card:
    """What is known of a model.

    Attributes:
        id: name of its folder, e.g. "severity-1".   task: "severity", "evgs", "scoliosis" or "legs".
        title: one line.   synthetic: trained on synthetic gait.
        sha256, bytes, parameters: of the weights.
        outputs: the questions it answers.   classes: the possible answers.
        data: name, digest, subjects, sessions and split of what it learned from.
        training: protocol, variant, seed, program, code, device, seconds.
        settings: what the network is built from.
        metrics: by test set, mean over outputs.
        licence, intended_use: words.   limits: sentences.
        statement: the sentence that goes with every output; "" if none must.
    """

    id: str
    task: str
    title: str
    synthetic: bool
    sha256: str
    bytes: int
    parameters: int
    outputs: tuple[str, ...]
    classes: tuple[str, ...]
    licence: str
    intended_use: str
    limits: tuple[str, ...] = ()
    statement: str = ""
    data: Mapping[str, Any] = field(default_factory=dict)
    training: Mapping[str, Any] = field(default_factory=dict)
    settings: Mapping[str, Any] = field(default_factory=dict)
    metrics: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    format: int = FORMAT

    def __post_init__(self) -> None:
        if self.synthetic and not self.statement.startswith(SYNTHETIC_STATEMENT):
            raise ValueError(f"a model trained on synthetic gait must say: {SYNTHETIC_STATEMENT}")

    @property
    def people(self) -> int:
        """How many people the model learned from; 0 where the card does not say."""
        subjects = self.data.get("subjects")
        learned = subjects.get("train", 0) if isinstance(subjects, Mapping) else 0
        return learned if isinstance(learned, int) else 0


@dataclass(frozen=True, slots=True, eq=False)
class LoadedModel:
    """Weights in memory.

    Attributes:
        card: what they are.   settings: what the network is built from.
        state: tensors of the network by name.
        extra: tensors that are not the network's ("familiar.mean").
        digest: SHA-256 of the weights file.   folder: where they came from.
    """

    card: Card
    settings: Mapping[str, Any]
    state: Mapping[str, Tensor]
    extra: Mapping[str, Tensor]
    digest: str
    folder: Path

    @property
    def id(self) -> str:
        """Identifier of the weights."""
        return self.card.id

    @property
    def synthetic(self) -> bool:
        """Trained on synthetic gait; must be shown wherever an output is."""
        return self.card.synthetic


def read_card(folder: Path) -> Card:
    """The card of a model folder.

    Raises:
        SettingsError: missing, damaged, or written by a newer program.
    """
    path = folder / CARD
    try:
        if path.stat().st_size > LARGEST_CARD:
            raise SettingsError(message("error.model.card.too_large", path=path))
        raw = load_toml(path, dict[str, Any])
    except FileNotFoundError as error:
        raise SettingsError(
            message("error.model.card.no_folder", folder=folder, card=CARD, weights=WEIGHTS)
        ) from error
    except (OSError, MalformedError) as error:
        raise SettingsError(message("error.model.card.not_read", path=path, reason=reason_of(error))) from error
    if isinstance(raw.get("format"), int) and raw["format"] > FORMAT:
        raise SettingsError(message("error.model.card.newer", path=path))
    try:
        return from_plain(raw, Card, unknown="ignore")  # what later versions say besides does no harm
    except MalformedError as error:
        raise SettingsError(
            message("error.model.card.incomplete", path=path, reason=reason_of(error))
        ) from error


def card_entry(settings: Mapping[str, Any], name: str, kind: type[T]) -> T:
    """An entry of a card's settings, as what it has to be.

    Raises:
        SettingsError: it is missing or wrong.
    """
    if name not in settings:
        raise SettingsError(message("error.model.card.setting_missing", card=CARD, setting=name))
    return from_settings({name: settings[name]}, dict[str, kind], f"The model's {CARD}")[name]  # type: ignore[valid-type]


def write_model(
    folder: Path,
    state: Mapping[str, Tensor],
    card: Mapping[str, Any],
    *,
    extra: Mapping[str, Tensor] | None = None,
) -> Card:
    """Writes weights and card; the card is completed with digest, size and number of parameters.

    Args:
        folder: made if missing.
        state: tensors of the network.
        card: the other fields of :class:`Card`.
        extra: further tensors, kept under "extra/".
    """
    import tomlkit
    from safetensors.torch import save_file

    tensors = {f"net/{name}": value.detach().cpu().contiguous().clone() for name, value in state.items()}
    tensors |= {
        f"extra/{name}": value.detach().cpu().contiguous().clone() for name, value in (extra or {}).items()
    }
    facts: dict[str, Any] = {**card, "format": FORMAT}

    def write_weights(path: Path) -> None:
        save_file(tensors, path, metadata={"id": str(card["id"]), "task": str(card["task"])})
        facts["sha256"], facts["bytes"] = _digest(path), path.stat().st_size
        facts["parameters"] = sum(value.numel() for value in state.values() if value.is_floating_point())

    def write_card(path: Path) -> None:
        made.append(from_plain(_plain(facts), Card))
        simple = {key: value for key, value in facts.items() if not isinstance(value, Mapping)}
        tables = {key: value for key, value in facts.items() if isinstance(value, Mapping)}
        text = tomlkit.dumps({key: _plain(value) for key, value in {**simple, **tables}.items()})
        path.write_text(text, encoding="utf-8")

    made: list[Card] = []
    # A model is passed on, and may be installed for all users of a computer.
    file_set.write_all(folder, {WEIGHTS: write_weights, CARD: write_card}, shared=True)
    return made[0]


def load_arrays(folder: Path, *, task: str) -> tuple[Card, dict[str, NDArray[np.float32]]]:
    """Card and tensors of the network as numpy arrays, without torch; checked like :func:`load_model`.

    Raises:
        SettingsError: missing, damaged, foreign or wrong, with what to do.
    """
    from safetensors.numpy import load_file

    card, tensors = _read_tensors(folder, task, load_file)
    return card, {name.removeprefix("net/"): value for name, value in tensors.items()}


def load_model(folder: Path, *, task: str = "") -> LoadedModel:
    """Reads a model folder after checking it.

    Args:
        folder: with card and weights.
        task: refuse a model of any other task; "" takes any.

    Raises:
        SettingsError: missing, damaged, foreign or wrong, with what to do.
    """
    from safetensors.torch import load_file

    card, tensors = _read_tensors(folder, task, load_file)
    groups: dict[str, dict[str, Tensor]] = {"net": {}, "extra": {}}
    for key, value in tensors.items():
        group, _, name = key.partition("/")
        if group not in groups:
            raise SettingsError(message("error.model.weights_foreign", path=folder / WEIGHTS, key=key))
        groups[group][name] = value
    return LoadedModel(card, card.settings, groups["net"], groups["extra"], card.sha256, folder)


def _read_tensors(
    folder: Path, task: str, load_file: Callable[[Path], dict[str, T]]
) -> tuple[Card, dict[str, T]]:
    """Card and tensors of a folder whose weights are those of its card."""
    from safetensors import SafetensorError

    file_set.settle(folder / CARD)
    card, path = read_card(folder), folder / WEIGHTS
    if task and card.task != task:
        raise SettingsError(message("error.model.other_task", folder=folder, task=card.task, wanted=task))
    if not path.is_file():
        raise SettingsError(message("error.model.weights_missing", path=path))
    digest = _digest(path)
    if digest != card.sha256:
        raise SettingsError(
            message("error.model.weights_differ", path=path, digest=digest[:12], expected=card.sha256[:12])
        )
    try:
        return card, load_file(path)
    except (SafetensorError, OSError, ValueError) as error:
        raise SettingsError(
            message("error.model.weights_damaged", path=path, reason=reason_of(error))
        ) from error


def _digest(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _plain(value: Any) -> Any:
    """TOML values only: numpy numbers become Python's, tuples lists, what is None is left out."""
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items() if inner is not None}
    if isinstance(value, list | tuple):
        return [_plain(inner) for inner in value]
    if isinstance(value, str | bool | int | float):
        return value
    if hasattr(value, "item"):
        return value.item()
    return str(value)
