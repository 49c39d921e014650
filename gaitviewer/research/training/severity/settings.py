"""What a run of the severity system is made of: the protocol's tables with what a variant changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from gaitviewer.analysis.outcomes.gait_features import load_features
from gaitviewer.inference.severity.normal_gate import severity_tables
from gaitviewer.nets.severity.fusion import SeverityNetSettings
from gaitviewer.nets.severity.stgcn import StgcnSettings
from gaitviewer.research.training.protocols import Tables, change_tables, choose_protocol
from gaitviewer.research.training.task import Variant

VARIANTS: tuple[Variant, ...] = (
    Variant(
        "fusion",
        "skeleton and features from the top-ranked keypoints, cross-attention",
        {"kind": "cross", "check_maps": True},
    ),
    Variant("skeleton-only", "ST-GCN alone", {"kind": "skeleton"}),
    Variant("features-only", "clinical gait features alone, feature encoder", {"kind": "features"}),
    Variant("concat", "skeleton and features, concatenated", {"kind": "concat"}),
    Variant("logistic", "logistic regression on all features", {"kind": "logistic", "features.choose": "all"}),
    Variant("boosting", "gradient boosting on all features", {"kind": "boosting", "features.choose": "all"}),
    Variant("majority", "always the most frequent level", {"kind": "majority"}),
    Variant(
        "best-reachable",
        "what a measurement without error would reach: labels of synthetic children are jittered",
        {"kind": "best"},
        "ceiling",
    ),
    Variant("st-gcn++", "fusion on ST-GCN++", {"kind": "cross", "backbone": "st-gcn++"}, "backbone"),
    Variant(
        "features-random",
        "fusion, features from random body parts",
        {"kind": "cross", "features.choose": "random"},
        "features",
    ),
    Variant(
        "features-all",
        "fusion, features from all body parts",
        {"kind": "cross", "features.choose": "all"},
        "features",
    ),
    Variant(
        "no-label-forming",
        "fusion without the features that the labels are computed from",
        {"kind": "cross", "features.label_forming": False},
        "label-forming",
    ),
    Variant(
        "all-no-label-forming",
        "fusion, all features but those that the labels are computed from",
        {"kind": "cross", "features.choose": "all", "features.label_forming": False},
        "label-forming",
    ),
    Variant(
        "logistic-no-label-forming",
        "logistic regression without the label-forming features",
        {"kind": "logistic", "features.choose": "all", "features.label_forming": False},
        "label-forming",
    ),
    Variant(
        "planted-knee",
        "ST-GCN on healthy children with a planted fault of one knee: can the maps be believed",
        {"kind": "planted", "check_maps": True},
        "explanations",
    ),
    Variant(
        "true-hops",
        "fusion, partition by true distances to the pelvis",
        {"kind": "cross", "hops": "true"},
        "hops",
    ),
)


def read_protocol(name: str, changes: Mapping[str, Any] | None = None) -> Tables:
    """The tables of a protocol, changed by "table.key" or "key".

    Raises:
        SettingsError: there is no such protocol, or a change of something unknown.
    """
    tables = choose_protocol(severity_tables().protocols, name, system="severity")
    own = {"kind": "cross", "check_maps": False, "checkpoint": ""}
    return change_tables(tables | own, changes, system="severity")


def network_settings(tables: Tables, *, kind: str, chosen: Sequence[int]) -> SeverityNetSettings:
    """The network of a run."""
    network = tables["network"]
    return SeverityNetSettings(
        kind=kind,
        backbone=tables["backbone"],
        skeleton=StgcnSettings(
            layout=tables["layout"],
            hops=tables["hops"],
            width=network["width"],
            dropout=network["skeleton_dropout"],
        ),
        all_features=len(load_features()),
        chosen=tuple(chosen),
        width=network["feature_width"],
        heads=network["heads"],
        depth=network["depth"],
        tokens=network["tokens"],
        dropout=network["dropout"],
        feature_dropout=network["feature_dropout"],
        frame_step=network["frame_step"],
        map_layer=tables["explain"]["layer"],
        branch_dropout=network["branch_dropout"],
    )
