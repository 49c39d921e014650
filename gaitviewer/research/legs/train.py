"""The leg network learns from walkers that the estimator saw."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from gaitviewer import __version__
from gaitviewer.analysis.signal.leg_refiner import (
    DILATIONS,
    FEATURES,
    PARTS,
    LegTracks,
    leg_keypoints,
    on_grid,
    read_leg_tracks,
)
from gaitviewer.core.arrays import F8
from gaitviewer.core.output import SYNTHETIC_STATEMENT
from gaitviewer.core.progress import Tick, no_progress
from gaitviewer.errors import SettingsError
from gaitviewer.messages import message
from gaitviewer.nets.card import Card, write_model
from gaitviewer.nets.legs.network import LegNetwork
from gaitviewer.research.legs.walks import SeenWalk

VALID_EVERY = 8  # each eighth walker is kept for the figures in the card
_HIP, _ANKLE, _HEEL, _TOE = (PARTS.index(part) for part in ("HIP", "ANKLE", "HEEL", "BIG_TOE"))
_BATCH, _WINDOW = 16, 96
_RATE = 2e-3
_FOOT_TURN_DEG = 8.0  # SD of the angle by which feet are turned about the ankle while it learns


@dataclass(frozen=True, slots=True, eq=False)
class LegExample:
    """One stretch of a pass: what the estimator said, and [n, 10, 2] where the points are, likewise."""

    tracks: LegTracks
    true: F8


@dataclass(frozen=True, slots=True)
class LegErrors:
    """Mean absolute errors over all moments of some stretches.

    Attributes:
        knee_deg, ankle_deg: of the near and the far limb.
        points: of all ten points, per cent of the leg.
    """

    knee_deg: tuple[float, float]
    ankle_deg: tuple[float, float]
    points: float


def leg_examples(walks: Sequence[SeenWalk]) -> list[LegExample]:
    """Every stretch of every walker's passes in which both legs are seen."""
    found = []
    for walk in walks:
        for one in walk.passes:
            for frames, tracks in read_leg_tracks(walk.pose, one):
                points = leg_keypoints(one.near) if one.near is not None else []
                seen = on_grid(tracks.times, walk.pose.times[frames], walk.true[frames][:, points])
                found.append(LegExample(tracks, tracks.in_walker(seen)))
    return found


def to_learn(example: LegExample) -> LegExample:
    """The example with a truth that keeps what the estimator knows better than drawn bodies can teach.

    Hips and toes keep their constant offset: where an estimator takes a hip joint and the tip of a toe to be is
    another place in a drawn body than in a clothed or shod one; learned, that offset made both worse on real
    recordings (the frames placed by eye); heels keep none, which made them worse there. Toes keep their height,
    from which foot clearance is read to thousandths of the leg: learned from drawn feet, it came out 10 to 20
    of them too low.
    """
    points, true = example.tracks.points, example.true.copy()
    kept = [point for point in range(points.shape[1]) if point % len(PARTS) in (_HIP, _TOE)]
    true[:, kept] -= np.median(true[:, kept] - points[:, kept], axis=0)
    toes = [point for point in kept if point % len(PARTS) == _TOE]
    true[:, toes, 1] = points[:, toes, 1]
    return LegExample(example.tracks, true)


def train_legs(
    walks: Sequence[SeenWalk],
    folder: Path,
    *,
    pose_model: str,
    pose_digest: str,
    epochs: int = 100,
    seed: int = 0,
    tick: Tick = no_progress,
) -> Card:
    """Train, judge on walkers left out, and write a model folder.

    Args:
        walks: of :func:`~gaitviewer.research.legs.walks.film_walks`.
        folder: of the model; its name is the model's id.
        pose_model: name of the estimator that saw them.
        pose_digest: of its weights.
        epochs: how often each stretch is used on average.
        seed: of order, noise and start.
        tick: progress.

    Raises:
        SettingsError: there are too few walkers.
    """
    valid = [walk for walk in walks if walk.number % VALID_EVERY == 0]
    learners = [walk for walk in walks if walk.number % VALID_EVERY != 0]
    if not valid or not learners:
        raise SettingsError(message("error.research.few_walkers", walkers=len(walks), least=VALID_EVERY))
    began = time.monotonic()
    network = fit([to_learn(one) for one in leg_examples(learners)], epochs=epochs, seed=seed, tick=tick)
    judged = leg_examples(valid)
    before, after = errors(judged), errors(judged, network)
    return write_model(
        folder,
        network.state_dict(),
        {
            "id": folder.name,
            "task": "legs",
            "title": "Puts the legs of a walking pass right where the estimator draws both as one",
            "synthetic": True,
            "statement": SYNTHETIC_STATEMENT,
            "outputs": ["keypoints of both legs"],
            "classes": [],
            "licence": "Apache-2.0",
            "intended_use": "Inside the analysis of side views, for keypoints of the estimator that it names.",
            "limits": ["Learned from drawn walkers; clothes and aids that hide a leg are unknown to it."],
            "settings": {"pose_model": pose_model, "pose_digest": pose_digest},
            "data": {"walkers": len(learners), "walkers_judged": len(valid)},
            "training": {
                "epochs": epochs,
                "seed": seed,
                "program": __version__,
                "seconds": round(time.monotonic() - began),
            },
            "metrics": {"estimated": _as_table(before), "refined": _as_table(after)},
        },
    )


def _as_table(found: LegErrors) -> dict[str, float]:
    return {
        "knee_near_deg": round(found.knee_deg[0], 2), "knee_far_deg": round(found.knee_deg[1], 2),
        "ankle_near_deg": round(found.ankle_deg[0], 2), "ankle_far_deg": round(found.ankle_deg[1], 2),
        "points_percent_of_leg": round(found.points, 2),
    }  # fmt: skip


def fit(examples: Sequence[LegExample], *, epochs: int, seed: int, tick: Tick = no_progress) -> LegNetwork:
    """The network after training; the same examples and seed give the same weights on one machine.

    The loss holds distances of points, errors of knee and ankle angles, and jumps from frame to frame.
    """
    torch.manual_seed(seed)
    random = np.random.default_rng(seed)
    network = LegNetwork(FEATURES, DILATIONS)
    steps = max(20, epochs * len(examples) // _BATCH)
    optimiser = torch.optim.AdamW(network.parameters(), _RATE, weight_decay=1e-2)
    schedule = torch.optim.lr_scheduler.OneCycleLR(optimiser, _RATE, total_steps=steps)
    lengths = np.array([len(one.tracks.times) for one in examples], float)
    network.train()
    for step in range(steps):
        picked = random.choice(len(examples), _BATCH, p=lengths / lengths.sum())
        batch = [_varied(examples[number], random) for number in picked]
        features, points, true = (
            torch.tensor(np.stack([one[part] for one in batch]), dtype=torch.float32) for part in range(3)
        )
        loss = _loss(points + network(features).reshape(points.shape), true)
        optimiser.zero_grad()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 1.0)
        optimiser.step()
        schedule.step()
        if step % 20 == 0:
            tick(step / steps, message("progress.legs_learn", step=step, total=steps, loss=loss.item()))
    network.eval()
    return network


def _varied(one: LegExample, random: np.random.Generator) -> tuple[F8, F8, F8]:
    """A window of a stretch: [W, 42] features, [W, 10, 2] points and truth; body, camera and estimator vary."""
    one = _with_turned_feet(one, random)
    first = int(random.integers(max(1, len(one.tracks.times) - _WINDOW + 1)))
    rows = np.arange(first, first + _WINDOW).clip(max=len(one.tracks.times) - 1)
    points, true = one.tracks.points[rows].copy(), one.true[rows].copy()
    score, shoulders = one.tracks.score[rows], one.tracks.shoulders[rows]
    # Where an estimator sees a joint differs from body to body: what is constant is not to be taken away.
    constant = random.normal(0, 0.012, (1, 10, 2))
    points, true = points + constant, true + constant
    points = points + random.normal(0, 0.004, points.shape)
    angle, scale = random.normal(0, 0.03), random.uniform(0.92, 1.08)
    turn = scale * np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
    points, true, shoulders = points @ turn, true @ turn, shoulders @ turn
    score = np.clip(score + random.normal(0, 0.05) + random.normal(0, 0.02, score.shape), 0, 1)
    still = np.zeros((_WINDOW, 2))
    seen = LegTracks(np.arange(_WINDOW) / 1.0, points, score, shoulders, still, 1.0, 1)
    return seen.features(), points, true


def _with_turned_feet(one: LegExample, random: np.random.Generator) -> LegExample:
    """The example with each foot turned about its ankle by one angle, in what was seen and in truth alike.

    So the network learns feet of every pitch: on bodies that it did not know, ankles came out better.
    """
    points, true = one.tracks.points.copy(), one.true.copy()
    for limb in (0, len(PARTS)):
        angle = np.radians(random.normal(0, _FOOT_TURN_DEG))
        turn = np.array([[np.cos(angle), np.sin(angle)], [-np.sin(angle), np.cos(angle)]])
        for part in (_HEEL, _TOE):
            for track in (points, true):
                ankle = track[:, limb + _ANKLE]
                track[:, limb + part] = ankle + (track[:, limb + part] - ankle) @ turn
    return LegExample(replace(one.tracks, points=points), true)


def _loss(points: Tensor, true: Tensor) -> Tensor:
    off = points - true
    distance = torch.sqrt((off**2).sum(-1) + 1e-5).mean()
    jumps = (off[:, 1:] - off[:, :-1]).abs().mean()
    return 20 * distance + 2 * _angle_errors(points, true).abs().mean() + 10 * jumps


def _angle_errors(points: Tensor, true: Tensor) -> Tensor:
    """[..., 4] radians: knees of the near and far limb, then ankles."""
    difference = _angles(points) - _angles(true)
    return torch.atan2(difference.sin(), difference.cos())


def _angles(points: Tensor) -> Tensor:
    hip, knee, ankle, heel, toe = points.unflatten(-2, (2, 5)).unbind(-2)
    knees = _between(hip - knee, knee - ankle)
    return torch.cat([knees, _between(knee - ankle, toe - heel)], dim=-1)


def _between(one: Tensor, other: Tensor) -> Tensor:
    return torch.atan2(one[..., 0] * other[..., 1] - one[..., 1] * other[..., 0], (one * other).sum(-1))


def errors(examples: Sequence[LegExample], network: LegNetwork | None = None) -> LegErrors:
    """How far off the legs are, as estimated or as the network puts them."""
    angles, points = [], []
    for one in examples:
        moved = torch.tensor(one.tracks.points)
        if network is not None:
            with torch.no_grad():
                features = torch.tensor(one.tracks.features()[None], dtype=torch.float32)
                moved = moved + network(features)[0].reshape(moved.shape)
        true = torch.tensor(one.true)
        angles.append(_angle_errors(moved, true).abs().rad2deg().numpy())
        points.append(torch.linalg.vector_norm(moved - true, dim=-1).numpy())
    mean = np.concatenate(angles).mean(axis=0)
    off = 100 * float(np.concatenate(points).mean())
    return LegErrors((float(mean[0]), float(mean[1])), (float(mean[2]), float(mean[3])), off)
