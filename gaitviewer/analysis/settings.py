"""The settings of the motion half (``resources/events.toml``), read once into typed records."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

from gaitviewer.core.serialise import read_resource


@dataclass(frozen=True, slots=True)
class CleaningSettings:
    """Section ``cleaning``; the file explains each entry."""

    score_gate: float
    fill_limit_s: float
    spike_window_frames: int
    spike_spread: float
    spike_least: float
    pause_s: float
    cutoff_slow_hz: float
    cutoff_fast_hz: float
    slow_rate_hz: float
    fast_rate_hz: float


@dataclass(frozen=True, slots=True)
class PassSettings:
    """Section ``passes``; the file explains each entry."""

    least_rate_hz: float
    speed_window_s: float
    scale_window_s: float
    walking_speed: float
    steady_share: float
    bridge_s: float
    hidden_s: float
    hidden_room: float
    least_duration_s: float
    least_travel: float
    margin: float
    reach: float
    focal_length: float
    facing_share: float
    view_sure: float


@dataclass(frozen=True, slots=True)
class TreadmillSettings:
    """Section ``treadmill``; the file explains each entry."""

    window_s: float
    foot_window_s: float
    least_belt: float
    most_drift: float
    least_swing: float
    least_strides: int
    uneven: float
    even_share: float


@dataclass(frozen=True, slots=True)
class SideSettings:
    """Section ``sides``; the file explains each entry."""

    fringe_s: float
    switch_cost: float
    longest_jump: float
    together: float
    way_weight: float
    score_scale: float
    floor_scale: float
    size_scale: float
    score_weight: float
    floor_weight: float
    size_weight: float
    trust: float
    apart: float
    off_way: float
    exchange_saves: float
    lost_s: float


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """Known bias and spread of one event detector: found minus true time."""

    bias_stride: float
    bias_s: float
    sd_s: float

    def bias(self, stride_s: float) -> float:
        """Bias in seconds for strides of ``stride_s`` seconds."""
        return self.bias_s + self.bias_stride * stride_s


@dataclass(frozen=True, slots=True)
class CoronalSettings:
    """Section ``events.coronal.<direction>``; the file explains each entry."""

    base_sd_s: float
    search_s: float
    contact: dict[str, DetectorSettings]
    toe_off: dict[str, DetectorSettings]


@dataclass(frozen=True, slots=True)
class EventSettings:
    """Section ``events``; the file explains each entry."""

    cutoff_hz: float
    grid_hz: float
    apart_s: float
    prominence: float
    reach: float
    edge_s: float
    search_s: float
    contact_speed: float
    toe_off_speed: float
    forefoot_first_s: float
    disagree_s: float
    near_s: float
    base_sd_s: float
    ankle_sd_s: float
    hidden_sd_s: float
    order_s: float
    contact: dict[str, DetectorSettings]
    toe_off: dict[str, DetectorSettings]
    coronal: dict[str, CoronalSettings]


@dataclass(frozen=True, slots=True)
class StrideSettings:
    """Section ``strides``; the file explains each entry."""

    shortest_s: float
    longest_s: float
    least_stance: float
    most_stance: float
    slow_share: float
    end_view_share: float
    edge_s: float
    edge_share: float
    unlike_share: float
    usual_s: float
    slow_motion_s: float
    flight_s: float
    flight_share: float
    least_flights: int
    running_stance: float


@dataclass(frozen=True, slots=True)
class SyncSettings:
    """Section ``sync``; the file explains each entry."""

    step_s: float
    equal_start_s: float
    unseen: float
    event_sd_s: float
    outlier_share: float
    event_weight: float
    size_sd: float
    impossible: float
    usable_s: float
    exchange: float


@dataclass(frozen=True, slots=True)
class PossibleSettings:
    """Section ``possible``; the file explains each entry."""

    stride_s: tuple[float, float]
    stride_ratio: float
    stance: tuple[float, float]
    least_single_support: float
    most_double_support: float
    slack: float
    slack_sigmas: float
    refused_share: float
    angles_deg: Mapping[str, tuple[float, float]]


@dataclass(frozen=True, slots=True)
class MotionSettings:
    """All sections of ``resources/events.toml``."""

    cleaning: CleaningSettings
    passes: PassSettings
    treadmill: TreadmillSettings
    sides: SideSettings
    events: EventSettings
    strides: StrideSettings
    possible: PossibleSettings
    sync: SyncSettings


@lru_cache(maxsize=1)
def motion_settings() -> MotionSettings:
    """Read and check ``resources/events.toml``.

    Raises:
        SettingsError: an entry is missing, unknown or of a wrong type.
    """
    return read_resource("events.toml", MotionSettings)
