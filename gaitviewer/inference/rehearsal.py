"""A model is asked once about nothing, before anybody relies on it: its network is built and has to answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import numpy as np

from gaitviewer.core.skeleton import BODY_FEET_23
from gaitviewer.errors import SettingsError, reason_of
from gaitviewer.messages import message
from gaitviewer.nets.card import card_entry

if TYPE_CHECKING:
    from torch import Tensor

    from gaitviewer.nets.card import LoadedModel


def rehearse(model: LoadedModel) -> None:
    """Build the network of a model and ask it about an empty clip.

    Raises:
        SettingsError: the weights do not fit the network of their card, or its answer is no number.
    """
    import torch

    try:
        with torch.no_grad():
            answer = _REHEARSALS[model.card.task](model)
    except SettingsError:
        raise
    except Exception as error:  # whatever a card makes a network do
        reason = reason_of(error)
        raise SettingsError(message("error.model.other_network", model=model.id, reason=reason)) from error
    if not bool(torch.isfinite(answer).all()):
        raise SettingsError(message("error.model.no_number", model=model.id))


def _severity(model: LoadedModel) -> Tensor:
    import torch

    from gaitviewer.inference.severity.clips import JOINTS, SkeletonClipSettings
    from gaitviewer.inference.severity.predict import build_network

    net = build_network(model.settings, model.state)
    clip = card_entry(model.settings, "clips", SkeletonClipSettings)
    features = card_entry(model.settings, "features", tuple[str, ...])
    answer: Tensor = net(torch.zeros(1, 3, clip.frames, len(JOINTS), 1), torch.full((1, len(features)), np.nan))
    return answer


def _evgs(model: LoadedModel) -> Tensor:
    import torch

    from gaitviewer.inference.evgs.predict import load_net
    from gaitviewer.nets.evgs.inputs import ClipPixels, cut_tokens
    from gaitviewer.nets.evgs.pruning import pad_patches

    net, settings = load_net(model)
    side, frames = settings.size_px, settings.frames
    points = np.full((frames, len(BODY_FEET_23.keypoints), 2), np.nan, np.float32)
    pixels = np.zeros((frames, side, side, 3), np.uint8)
    tokens = cut_tokens(ClipPixels(pixels, np.ones(pixels.shape[:3], np.bool_), points), settings)
    arrays = pad_patches([tokens.patches], [tokens.index])
    found = net(*(torch.from_numpy(array) for array in arrays), torch.zeros(1).long())
    return torch.cat([found.items.flatten(), found.score.flatten()])


def _scoliosis(model: LoadedModel) -> Tensor:
    import torch

    from gaitviewer.analysis.knowledge_map.features import load_map_features
    from gaitviewer.analysis.knowledge_map.statements import load_statements
    from gaitviewer.inference.scoliosis.inputs import probabilities, video_settings
    from gaitviewer.inference.scoliosis.predict import build_network

    net = build_network(model.settings, model.state).eval()
    rows, video = len(load_map_features().features), video_settings()
    clip = {
        "map": np.zeros((rows, 96), np.float32),
        "unknown": np.zeros(rows, np.bool_),
        "map_times": np.arange(96, dtype=np.float32) / 30,
        "statements": np.zeros(len(load_statements().statement), np.float32),
        "video_times": np.arange(video.frames, dtype=np.float32) / 30,
    }
    return torch.from_numpy(probabilities(net, [clip]))


_REHEARSALS: Mapping[str, Callable[[LoadedModel], Tensor]] = {
    "severity": _severity,
    "evgs": _evgs,
    "scoliosis": _scoliosis,
}
