"""Thresholds of finding and following the subject, read from ``resources/pose/tracking.toml``."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import lru_cache

from gaitviewer import paths
from gaitviewer.core.serialise import read_resource


@dataclass(frozen=True, slots=True)
class ScanSettings:
    """How the picture is searched for people; see the data file for each value."""

    rate_hz: float
    max_height_px: int
    window_rate_hz: float
    window_side: float
    window_overlap: float
    min_score: float
    min_radius_px: float
    duplicate_distance: float


@dataclass(frozen=True, slots=True)
class LinkSettings:
    """When two sightings are the same person."""

    max_gap_s: float
    max_distance: float
    max_distance_per_s: float
    vertical_weight: float
    max_size_ratio: float
    min_sightings: int
    min_likeness: float


@dataclass(frozen=True, slots=True)
class SubjectSettings:
    """Who of the people seen is the walking subject."""

    min_travel: float
    depth_weight: float
    max_overlap_s: float
    min_standing_score: float
    min_height_px: float


@dataclass(frozen=True, slots=True)
class FollowSettings:
    """How the subject is followed from frame to frame."""

    lead_s: float
    reach_s: float
    give_up_s: float
    crop_scale: float
    crop_min_px: int
    block_frames: int
    max_step: float
    max_size_step: float
    max_off_path: float


@dataclass(frozen=True, slots=True)
class MergeSettings:
    """How the two runs become one pose."""

    agree: float
    swap_cost: float
    twist_cost: float
    switch_cost: float
    doubt: float
    min_score: float
    min_leg_score: float
    min_leg_score_cut_off: float
    border: float
    max_limb: float
    min_points: int
    min_frames: int


@dataclass(frozen=True, slots=True)
class HiddenSettings:
    """When something stands in front of the walkway, and what it hides."""

    edge_share: float
    still_way: float
    narrowest: float
    widest: float
    trunk: float
    least_travel: float
    margin: float


@dataclass(frozen=True, slots=True)
class TrackingSettings:
    """All of them."""

    scan: ScanSettings
    link: LinkSettings
    subject: SubjectSettings
    follow: FollowSettings
    merge: MergeSettings
    hidden: HiddenSettings

    @property
    def digest(self) -> str:
        """SHA-256 of the file that they come from."""
        return _file_digest()


@lru_cache(maxsize=1)
def load_settings() -> TrackingSettings:
    """The shipped settings.

    Raises:
        SettingsError: an entry is missing, unknown or of a wrong type.
    """
    return read_resource("pose/tracking.toml", TrackingSettings)


@lru_cache(maxsize=1)
def _file_digest() -> str:
    return hashlib.sha256((paths.resources() / "pose" / "tracking.toml").read_bytes()).hexdigest()
