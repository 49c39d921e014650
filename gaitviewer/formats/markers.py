"""What a motion capture file holds: markers, model outputs, events and body measures."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from gaitviewer.core.arrays import readonly_array
from gaitviewer.core.gait import EventKind, Side
from gaitviewer.messages import Message


@dataclass(frozen=True, slots=True)
class MarkerEvent:
    """An event that the laboratory marked.

    Attributes:
        label: as the file writes it ("Foot Strike").
        side: the foot, None for events of the whole body and where the file does not tell it.
        kind: the gait event that the label stands for, None for any other.
        time_s: seconds after the first sample of the data (may lie outside what was recorded).
        subject: whose event it is, "" where the file does not say.
    """

    label: str
    side: Side | None
    kind: EventKind | None
    time_s: float
    subject: str = ""


@dataclass(frozen=True, slots=True)
class BodyMeasures:
    """Body measures that the file gives; None where it gives none."""

    height_m: float | None = None
    left_leg_length_m: float | None = None
    right_leg_length_m: float | None = None
    mass_kg: float | None = None

    @property
    def leg_length_m(self) -> float | None:
        """Mean of the leg lengths that are known, metres."""
        known = [v for v in (self.left_leg_length_m, self.right_leg_length_m) if v is not None]
        return sum(known) / len(known) if known else None


@dataclass(frozen=True, slots=True, eq=False)
class MarkerTrial:
    """One motion capture recording.

    Attributes:
        name: file name without its ending.
        labels: name of each marker (measured or computed points, not model outputs); a subject's name
            before it ("Patient3:LTIO") is taken off where the file holds one subject.
        points: [T, N, 3] f64 metres in the laboratory's axes, NaN where a marker was not seen.
        rate_hz: sampling rate.
        first_frame: number of the first sample, counted from 0 at the start of the capture.
        up_axis: 0, 1 or 2, the axis of ``points`` that points upwards by the file or the habit of its kind.
        events: what the laboratory marked, sorted by time.
        output_labels: name of each model output (joint angles, moments, ...).
        outputs: [T, M, 3] f64 in the file's own units (degrees for angles), NaN where not computed.
        body: body measures from the file's parameters.
        subjects: who is in the file, where the labels tell it; see :meth:`of_subject` if there are several.
        notes: what had to be understood or was left out when the file was read.
    """

    name: str
    labels: tuple[str, ...]
    points: NDArray[np.float64]
    rate_hz: float
    first_frame: int
    up_axis: int
    events: tuple[MarkerEvent, ...] = ()
    output_labels: tuple[str, ...] = ()
    outputs: NDArray[np.float64] = field(default_factory=lambda: np.zeros((0, 0, 3)))
    body: BodyMeasures = BodyMeasures()
    subjects: tuple[str, ...] = ()
    notes: tuple[Message, ...] = ()

    def __post_init__(self) -> None:
        put = object.__setattr__
        put(self, "points", readonly_array(self.points, np.float64, (None, len(self.labels), 3), "points"))
        outputs = self.outputs if self.outputs.size else np.zeros((len(self), len(self.output_labels), 3))
        put(
            self,
            "outputs",
            readonly_array(outputs, np.float64, (len(self), len(self.output_labels), 3), "outputs"),
        )
        put(self, "events", tuple(sorted(self.events, key=lambda e: e.time_s)))
        if not self.rate_hz > 0:
            raise ValueError(f"a sampling rate of {self.rate_hz} Hz")

    def __len__(self) -> int:
        return int(self.points.shape[0])

    @property
    def times(self) -> NDArray[np.float64]:
        """[T] seconds after the first sample."""
        return np.arange(len(self), dtype=np.float64) / self.rate_hz

    def of_subject(self, name: str) -> MarkerTrial:
        """One of several :attr:`subjects` alone, with the name taken off its labels.

        The file's body measures are left out: it does not say whose they are.

        Raises:
            KeyError: the file holds no such subject, or just one.
        """
        if name not in self.subjects or len(self.subjects) < 2:
            raise KeyError(name)
        prefix = f"{name}:"
        own = [i for i, label in enumerate(self.labels) if label.startswith(prefix)]
        own_outputs = [i for i, label in enumerate(self.output_labels) if label.startswith(prefix)]
        return replace(
            self,
            name=f"{self.name}, {name}",
            labels=tuple(self.labels[i].removeprefix(prefix) for i in own),
            points=self.points[:, own],
            output_labels=tuple(self.output_labels[i].removeprefix(prefix) for i in own_outputs),
            outputs=self.outputs[:, own_outputs],
            events=tuple(event for event in self.events if event.subject in ("", name)),
            body=BodyMeasures(),
            subjects=(name,),
        )

    def marker(self, *names: str) -> NDArray[np.float64]:
        """[T, 3] metres of the first of ``names`` that the file has, all NaN if it has none of them."""
        for name in names:
            if name in self.labels:
                found: NDArray[np.float64] = self.points[:, self.labels.index(name)]
                return found
        return np.full((len(self), 3), np.nan)

    def output(self, name: str) -> NDArray[np.float64] | None:
        """[T, 3] of a model output, or None if the file has none of that name."""
        if name not in self.output_labels:
            return None
        found: NDArray[np.float64] = self.outputs[:, self.output_labels.index(name)]
        return found


def hide_unseen(points: NDArray[np.float64]) -> None:
    """Makes NaN, in place, of every position [..., 3] that is not whole or lies exactly at the origin.

    Some writers leave an unseen marker there instead of marking it as invalid.
    """
    points[(points == 0).all(axis=-1)] = np.nan
    points[~np.isfinite(points).all(axis=-1)] = np.nan


def name_subjects(owners: Sequence[tuple[str, str]]) -> tuple[tuple[str, ...], list[str]]:
    """The subjects of a file and the labels of its points, from (subject, marker) of each.

    The name of the only subject is taken off; those of several stay ("A:LTIO").
    """
    subjects = tuple(dict.fromkeys(owner for owner, _ in owners if owner))
    if len(subjects) > 1:
        return subjects, [f"{owner}:{name}" if owner else name for owner, name in owners]
    taken = {name for owner, name in owners if not owner}
    return subjects, [f"{owner}:{name}" if owner and name in taken else name for owner, name in owners]
