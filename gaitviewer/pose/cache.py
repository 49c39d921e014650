"""Results by content: the same video, estimator and settings are never computed twice.

A file that cannot be read is ignored and made anew; one that cannot be written is only logged.
"""

from __future__ import annotations

import hashlib
import json
import logging
from pathlib import Path

import numpy as np

from gaitviewer.core.output import Provenance
from gaitviewer.core.pose import PoseSequence
from gaitviewer.core.remarks import ViewRemarks
from gaitviewer.core.serialise import NPZ_DAMAGE, from_plain, parse_json, to_plain
from gaitviewer.core.timing import VideoInfo
from gaitviewer.pose.masks import MaskSequence
from gaitviewer.pose.result import PoseResult
from gaitviewer.util import atomic

_LOG = logging.getLogger(__name__)

CODE_VERSION = 3
"""Raised whenever a change of this package changes its results."""


def result_key(digest: str, info: VideoInfo, *, estimator: str, weights: str, settings: str) -> str:
    """SHA-256 over everything that a result depends on.

    The frame rate counts: thresholds in seconds become frames with it.
    """
    facts = [digest, info.width, info.height, info.frame_count, round(info.rate_hz, 3)]
    if info.tone_mapped:  # earlier versions estimated on the grey pictures as they are stored
        facts.append("usual range")
    text = json.dumps([*facts, estimator, weights, settings, CODE_VERSION])
    return hashlib.sha256(text.encode()).hexdigest()


def _file(folder: Path, key: str) -> Path:
    return folder / "pose" / f"{key}.npz"


def load_result(folder: Path, key: str, info: VideoInfo) -> PoseResult | None:
    """What was stored under ``key``, or None if there is nothing (or nothing usable)."""
    path = _file(folder, key)
    try:
        with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
            facts = parse_json(str(stored["facts"]))
            pose = PoseSequence(stored["xy"], stored["score"], info.times, info.width, info.height)
            masks = MaskSequence(info.width, info.height, stored["boxes"], stored["offsets"], stored["bits"])
        if len(masks) != len(pose):
            raise ValueError("masks and pose differ in length")
        provenance = from_plain(facts["provenance"], Provenance)
        remarks = from_plain(facts.get("remarks", {}), ViewRemarks)  # version 1 kept sentences instead
        return PoseResult(pose, masks, provenance, remarks, from_cache=True)
    except FileNotFoundError:
        return None
    except NPZ_DAMAGE as error:
        _LOG.warning("a cached pose cannot be read and is made anew: %s", error)
        return None


def remove_result(folder: Path, key: str) -> None:
    """Forget what was stored under ``key``."""
    try:
        _file(folder, key).unlink(missing_ok=True)
    except OSError as error:
        _LOG.warning("a cached pose cannot be removed: %s", error)


def store_result(folder: Path, key: str, result: PoseResult) -> None:
    """Write a result under ``key``, whole or not at all."""
    path = _file(folder, key)
    facts = json.dumps({"provenance": to_plain(result.provenance), "remarks": to_plain(result.remarks)})
    try:
        with atomic.replacing(path, durable=False) as part, part.open("wb") as file:
            np.savez(
                file,
                xy=result.pose.xy,
                score=result.pose.score,
                boxes=result.masks.boxes,
                offsets=result.masks.offsets,
                bits=result.masks.bits,
                facts=np.array(facts),
            )
    except OSError as error:
        _LOG.warning("the pose cannot be cached: %s", error)
