"""Weights of a published ST-GCN or ST-GCN++, to start a training from.

Names of the official ST-GCN, of PYSKL (whose layers MMAction2 took over) and of this program are understood.
What belongs to the joints (``data_bn``, the graph and its weights) is taken only where the file is of the same
skeleton; all other layers know nothing of joints. The answers' layer starts anew unless it has the same
classes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

import torch
from torch import Tensor

from gaitviewer.nets.checkpoint_file import check_fit, foreign
from gaitviewer.nets.severity.graphs import BODY_FEET_25
from gaitviewer.nets.severity.stgcn import Stgcn
from gaitviewer.nets.severity.stgcnpp import Stgcnpp

_OFFICIAL = "st_gcn_networks.0.gcn.conv.weight"
_PYSKL = "gcn.0.tcn.conv.weight"
_BRANCHES = "gcn.0.tcn.branches.0.0.weight"
_PYSKL_GRAPH = "gcn.0.gcn.A"
_FROM_PYSKL = (
    (r"^gcn\.(\d+)\.gcn\.conv\.", r"st_gcn_networks.\1.gcn.conv."),
    (r"^gcn\.(\d+)\.gcn\.bn\.", r"st_gcn_networks.\1.tcn.0."),
    (r"^gcn\.(\d+)\.gcn\.PA$", r"edge_importance.\1"),
    (r"^gcn\.0\.gcn\.A$", "A"),
    (r"^gcn\.(\d+)\.tcn\.conv\.", r"st_gcn_networks.\1.tcn.2."),
    (r"^gcn\.(\d+)\.tcn\.bn\.", r"st_gcn_networks.\1.tcn.3."),
    (r"^gcn\.(\d+)\.residual\.conv\.", r"st_gcn_networks.\1.residual.0."),
    (r"^gcn\.(\d+)\.residual\.bn\.", r"st_gcn_networks.\1.residual.1."),
    (r"^cls_head\.fc_cls\.", "fcn."),
)
_PP_FROM_PYSKL = (
    (r"\.gcn\.A$", ".gcn.adjacency"),
    (r"(\.tcn\.branches\.\d\.3\.)conv\.", r"\1"),
    (r"\.tcn\.transform\.", ".tcn.mix."),
    (r"\.residual\.conv\.", ".residual.0."),
    (r"\.residual\.bn\.", ".residual.1."),
    (r"^cls_head\.fc_cls\.", "fc."),
)
_JOINTS = re.compile(r"^(A|data_bn\..*|edge_importance\.\d+|gcn\.\d+\.gcn\.adjacency)$")
_ANSWER = re.compile(r"^(fcn|fc)\.")


def backbone_of(state: Mapping[str, Tensor], *, name: str) -> str:
    """Which of the two a file is of: "st-gcn" or "st-gcn++".

    Args:
        state: of :func:`gaitviewer.nets.checkpoint_file.read_checkpoint`.
        name: of the file.

    Raises:
        SettingsError: neither.
    """
    plain = {key.removeprefix("skeleton.") for key in state}
    if _BRANCHES in plain:
        return "st-gcn++"
    if plain.isdisjoint((_OFFICIAL, _PYSKL)):
        raise foreign(state, name=name, wanted="ST-GCN or ST-GCN++")
    return "st-gcn"


def start_skeleton(net: Stgcn | Stgcnpp, state: Mapping[str, Tensor], *, name: str) -> Sequence[str]:
    """Put published weights into a skeleton network; returns the names of its own that start anew.

    Args:
        net: ST-GCN or ST-GCN++.
        state: of :func:`gaitviewer.nets.checkpoint_file.read_checkpoint`.
        name: of the file.

    Raises:
        SettingsError: the file is of another network, or of another size.
    """
    own, learnt_graph = net.state_dict(), isinstance(net, Stgcnpp)
    plain = {key.removeprefix("skeleton."): value for key, value in state.items()}
    if (backbone_of(plain, name=name) == "st-gcn++") != learnt_graph:
        raise foreign(plain, name=name, wanted="ST-GCN++" if learnt_graph else "ST-GCN")
    pyskl = _PYSKL_GRAPH in plain
    if pyskl:
        plain = _renamed(plain, _PP_FROM_PYSKL if learnt_graph else _FROM_PYSKL)
    if "fcn.weight" in plain and plain["fcn.weight"].ndim == 2:
        plain["fcn.weight"] = plain["fcn.weight"][:, :, None, None]
    fits = {key for key in own if key in plain and plain[key].shape == own[key].shape}
    same = all(key in fits for key in own if _JOINTS.match(key))
    if learnt_graph:
        # A learnt graph no longer tells its joints: published ones can have 25 as well, but others than ours.
        same = same and not (pyskl and net.settings.layout == BODY_FEET_25.name)
    else:
        same = same and torch.allclose(plain["A"].float(), own["A"])
    free = {key for key in own if _ANSWER.match(key) or (_JOINTS.match(key) and not same)}
    check_fit(own, plain, name=name, free=free)
    taken = {key: plain[key] for key in fits if same or not _JOINTS.match(key)}
    net.load_state_dict(taken, strict=False)
    return tuple(key for key in own if key not in taken)


def _renamed(state: Mapping[str, Tensor], rules: Sequence[tuple[str, str]]) -> dict[str, Tensor]:
    found = {}
    for key, value in state.items():
        for pattern, place in rules:
            key = re.sub(pattern, place, key)
        found[key] = value
    return found
