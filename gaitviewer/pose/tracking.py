"""Who is the walking subject, and where: sightings are linked to tracks, and one person is chosen.

Pure functions of sightings; nothing here sees a picture.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from gaitviewer.pose.estimator import BodyCircle, Sighting
from gaitviewer.pose.settings import LinkSettings, SubjectSettings

_DOUBTFUL, _SURE = 0.6, 0.85  # detector scores between which a find passes from furniture to person


def _steady_range(values: NDArray[np.float64]) -> float:
    """10th to 90th percentile of a course, less what it jitters from step to step."""
    if values.size < 3:
        return 0.0
    middle = np.median(np.stack([values[:-2], values[1:-1], values[2:]]), axis=0)
    jitter = float(np.median(np.abs(np.diff(values, 2)))) if values.size > 3 else 0.0
    return max(0.0, float(np.ptp(np.percentile(middle, [10, 90]))) - jitter)


@dataclass(frozen=True, slots=True)
class PersonTrack:
    """Sightings of one person without a long gap, in order of frames."""

    sightings: tuple[Sighting, ...]

    @property
    def start(self) -> int:
        """Frame of the first sighting."""
        return self.sightings[0].frame

    @property
    def stop(self) -> int:
        """One past the frame of the last sighting."""
        return self.sightings[-1].frame + 1

    @property
    def radius(self) -> float:
        """Median radius, pixels."""
        return float(np.median([s.body.radius for s in self.sightings]))

    def travel(self, depth_weight: float) -> float:
        """How far the person moved: sideways in radii, or in depth as weighted log2 of the size.

        Jitter is taken off, and a doubtful person (a piece of furniture, mostly) counts less.
        """
        x = np.array([s.body.x for s in self.sightings]) / self.radius
        size = np.log2([s.body.radius for s in self.sightings])
        sure = float(np.clip((self.score - _DOUBTFUL) / (_SURE - _DOUBTFUL), 0, 1))
        return sure * float(np.hypot(_steady_range(x), depth_weight * _steady_range(size)))

    @property
    def score(self) -> float:
        """Median confidence of the detector."""
        return float(np.median([s.score for s in self.sightings]))

    def overlap(self, other: PersonTrack) -> int:
        """Number of frames in which both are there."""
        return max(0, min(self.stop, other.stop) - max(self.start, other.start))


@dataclass(frozen=True, slots=True, eq=False)
class BodyPath:
    """Where the subject is over a stretch of frames, interpolated between sightings.

    Attributes:
        frames: [N] int, frames of the sightings, increasing.      x, y, radius: [N] f64, pixels.
    """

    frames: NDArray[np.int64]
    x: NDArray[np.float64]
    y: NDArray[np.float64]
    radius: NDArray[np.float64]

    @property
    def start(self) -> int:
        """First sighting's frame."""
        return int(self.frames[0])

    @property
    def stop(self) -> int:
        """One past the last sighting's frame."""
        return int(self.frames[-1]) + 1

    def at(self, frame: int) -> BodyCircle:
        """Where the subject is (or should be: straight on beyond the ends, size kept) at ``frame``."""
        inside = float(np.clip(frame, self.frames[0], self.frames[-1]))
        x, y, radius = (float(np.interp(inside, self.frames, v)) for v in (self.x, self.y, self.radius))
        if frame != inside and len(self.frames) > 1:
            count = min(4, len(self.frames))
            end = slice(None, count) if frame < inside else slice(-count, None)
            span = float(self.frames[end][-1] - self.frames[end][0])
            x += float(self.x[end][-1] - self.x[end][0]) / span * (frame - inside)
        return BodyCircle(x, y, radius)

    def distance(self, body: BodyCircle, frame: int) -> float:
        """How far ``body`` is from the path at ``frame``, in radii."""
        here = self.at(frame)
        return float(np.hypot(body.x - here.x, body.y - here.y)) / max(here.radius, 1e-6)


@dataclass(frozen=True, slots=True)
class SubjectTracks:
    """The person chosen.

    Attributes:
        tracks: one for each time the subject is in the picture, in order.
        others: tracks of other people.
        walks: whether the subject moves through the picture.
    """

    tracks: tuple[PersonTrack, ...]
    others: tuple[PersonTrack, ...]
    walks: bool


def likeness(first: Sequence[float], second: Sequence[float]) -> float:
    """Bhattacharyya coefficient of two histograms, 0..1; 1 where one of them is unknown."""
    a, b = np.asarray(first, float), np.asarray(second, float)
    if a.size != b.size or a.sum() == 0 or b.sum() == 0:
        return 1.0
    return float(np.sqrt(a * b).sum())


def _expected(track: list[Sighting], frame: int) -> BodyCircle:
    """Sideways straight on at the median speed of late, up and down where the hips were of late.

    Medians, for a single find may be off; and hips do not rise or sink quickly.
    """
    recent = [s.body for s in track[-4:]]
    frames = [s.frame for s in track[-4:]]
    last = recent[-1]
    speed = 0.0
    if len(recent) > 1:
        steps = zip(recent[:-1], recent[1:], frames[:-1], frames[1:], strict=True)
        speed = float(np.median([(b.x - a.x) / (j - i) for a, b, i, j in steps]))
    y = float(np.median([body.y for body in recent[-3:]]))
    radius = float(np.median([body.radius for body in recent[-3:]]))
    return BodyCircle(last.x + speed * (frame - frames[-1]), y, radius)


def link_sightings(sightings: Sequence[Sighting], rate_hz: float, settings: LinkSettings) -> list[PersonTrack]:
    """Join sightings of the same person: near where expected, of like size and in like clothes.

    Args:
        sightings: of everybody, in any order.
        rate_hz: frames per second.
        settings: gates.
    """
    open_tracks: list[list[Sighting]] = []
    done: list[list[Sighting]] = []
    for frame in sorted({s.frame for s in sightings}):
        here = [s for s in sightings if s.frame == frame]
        late = [t for t in open_tracks if (frame - t[-1].frame) / rate_hz > settings.max_gap_s]
        done += late
        open_tracks = [t for t in open_tracks if t not in late]
        pairs = []
        for i, track in enumerate(open_tracks):
            for j, sighting in enumerate(here):
                cost = _link_cost(track, sighting, rate_hz, settings)
                if cost is not None:
                    pairs.append((cost, i, j))
        taken_tracks: set[int] = set()
        taken: set[int] = set()
        for _, i, j in sorted(pairs):
            if i not in taken_tracks and j not in taken:
                taken_tracks.add(i)
                taken.add(j)
                open_tracks[i].append(here[j])
        open_tracks += [[s] for j, s in enumerate(here) if j not in taken]
    tracks = [PersonTrack(tuple(t)) for t in done + open_tracks if len(t) >= settings.min_sightings]
    return sorted(tracks, key=lambda track: track.start)


def _link_cost(
    track: list[Sighting], sighting: Sighting, rate_hz: float, settings: LinkSettings
) -> float | None:
    """Distance from where the track's person is expected, in radii; None = somebody else."""
    last = track[-1]
    gap_s = (sighting.frame - last.frame) / rate_hz
    expected = _expected(track, sighting.frame)
    radius = expected.radius
    upwards = settings.vertical_weight * (sighting.body.y - expected.y)
    distance = float(np.hypot(sighting.body.x - expected.x, upwards)) / radius
    ratio = max(sighting.body.radius, radius) / min(sighting.body.radius, radius)
    if distance > settings.max_distance + settings.max_distance_per_s * gap_s:
        return None
    if ratio > settings.max_size_ratio * (1 + gap_s):
        return None
    alike = likeness(sighting.colours, last.colours)
    if alike < settings.min_likeness:
        return None
    return distance + float(np.log(ratio)) + (1 - alike)


def choose_subject(
    tracks: Sequence[PersonTrack], rate_hz: float, subject: SubjectSettings, link: LinkSettings
) -> SubjectTracks | None:
    """The person who moves through the picture, each time that person is there.

    The farthest walker is the subject. Whoever is seen at the same time is somebody else; so is whoever
    wears other colours or does not move. If nobody walks, the person seen longest is taken, and furniture is
    told from people by the detector's confidence alone.

    Returns:
        None if there is nobody.
    """
    if not tracks:
        return None
    by_travel = sorted(tracks, key=lambda t: -t.travel(subject.depth_weight))
    main = by_travel[0]
    if main.travel(subject.depth_weight) < subject.min_travel:
        people = [t for t in tracks if t.score >= subject.min_standing_score]
        if not people:
            return None
        main = max(people, key=lambda t: len(t.sightings) * t.radius)
        return SubjectTracks((main,), tuple(t for t in tracks if t is not main), walks=False)
    chosen = [main]
    colours = np.mean([s.colours for s in main.sightings], axis=0)
    for track in by_travel[1:]:
        together = any(track.overlap(c) > subject.max_overlap_s * rate_hz for c in chosen)
        alike = likeness(np.mean([s.colours for s in track.sightings], axis=0).tolist(), colours.tolist())
        walks = track.travel(subject.depth_weight) >= subject.min_travel
        if walks and not together and alike >= link.min_likeness:
            chosen.append(track)
    rest = tuple(t for t in tracks if t not in chosen)
    return SubjectTracks(tuple(sorted(chosen, key=lambda t: t.start)), rest, walks=True)


def path_of(track: PersonTrack) -> BodyPath:
    """The track's course; each value is the median of three neighbours, against single bad sightings."""
    frames = np.array([s.frame for s in track.sightings], np.int64)
    rows = np.array([(s.body.x, s.body.y, s.body.radius) for s in track.sightings], np.float64)
    smooth = rows.copy()
    if len(rows) >= 3:
        stacked = np.stack([rows[:-2], rows[1:-1], rows[2:]])
        smooth[1:-1] = np.median(stacked, axis=0)
    return BodyPath(frames, smooth[:, 0], smooth[:, 1], smooth[:, 2])
