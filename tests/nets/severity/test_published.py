"""Published ST-GCN and ST-GCN++ weights, by official and by PYSKL's names."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gaitviewer.errors import SettingsError
from gaitviewer.nets.severity.graphs import COCO_17, spatial_partition
from gaitviewer.nets.severity.published import start_skeleton
from gaitviewer.nets.severity.stgcn import BLOCKS, Stgcn, StgcnSettings
from gaitviewer.nets.severity.stgcnpp import Stgcnpp

torch.set_num_threads(1)
WIDTH = 0.125
NARROW = StgcnSettings(layout="coco-17", width=WIDTH, classes=4)


def _filled(net: nn.Module, seed: int = 1) -> dict[str, Tensor]:
    """Random values in every weight, nothing neutral."""
    rng = torch.Generator().manual_seed(seed)
    return {
        key: value
        if key == "A" or not value.is_floating_point()
        else 0.5 + torch.rand(value.shape, generator=rng)
        for key, value in net.state_dict().items()
    }


class _Unit(nn.Module):
    """PYSKL's temporal unit: names ``conv`` and ``bn``."""

    def __init__(self, before: int, after: int, kernel: int, stride: int, *, norm: bool = True) -> None:
        super().__init__()
        self.conv = nn.Conv2d(before, after, (kernel, 1), (stride, 1), ((kernel - 1) // 2, 0))
        self.bn = nn.BatchNorm2d(after) if norm else nn.Identity()

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = self.bn(self.conv(x))
        return out


class _Graph(nn.Module):
    def __init__(self, before: int, after: int, a: Tensor) -> None:
        super().__init__()
        self.bn = nn.BatchNorm2d(after)
        self.register_buffer("A", a)
        self.PA = nn.Parameter(torch.ones_like(a))
        self.conv = nn.Conv2d(before, 3 * after, 1)

    def forward(self, x: Tensor) -> Tensor:
        n, _, t, v = x.shape
        y = torch.einsum("nkctv,kvw->nctw", self.conv(x).view(n, 3, -1, t, v), self.A * self.PA)
        return torch.relu(self.bn(y))


class _Block(nn.Module):
    def __init__(self, before: int, after: int, a: Tensor, stride: int, *, first: bool) -> None:
        super().__init__()
        self.gcn, self.tcn, self.first = _Graph(before, after, a), _Unit(after, after, 9, stride), first
        if not first and (before != after or stride != 1):
            self.residual = _Unit(before, after, 1, stride)

    def forward(self, x: Tensor) -> Tensor:
        y = self.tcn(self.gcn(x))
        if not self.first:
            y = y + (self.residual(x) if hasattr(self, "residual") else x)
        return torch.relu(y)


class _Pyskl(nn.Module):
    """PYSKL's ST-GCN, as its recogniser saves it: ``backbone`` and ``cls_head``."""

    def __init__(self) -> None:
        super().__init__()
        a = torch.from_numpy(spatial_partition(COCO_17).copy())
        widths = NARROW.widths
        self.backbone = nn.Module()
        self.backbone.data_bn = nn.BatchNorm1d(3 * 17)
        self.backbone.gcn = nn.ModuleList(
            _Block(before, after, a.clone(), stride, first=k == 0)
            for k, (before, after, (_, stride)) in enumerate(
                zip((3, *widths[:-1]), widths, BLOCKS, strict=True)
            )
        )
        self.cls_head = nn.Module()
        self.cls_head.fc_cls = nn.Linear(widths[-1], 4)

    def forward(self, x: Tensor) -> Tensor:
        """x: [N, M, T, V, C], as PYSKL has it."""
        n, m, t, v, c = x.shape
        y = self.backbone.data_bn(x.permute(0, 1, 3, 4, 2).reshape(n * m, v * c, t))
        y = y.view(n, m, v, c, t).permute(0, 1, 3, 4, 2).reshape(n * m, c, t, v)
        for block in self.backbone.gcn:
            y = block(y)
        out: Tensor = self.cls_head.fc_cls(y.mean(dim=(2, 3)).view(n, m, -1).mean(dim=1))
        return out


def _plain(state: dict[str, Tensor]) -> dict[str, Tensor]:
    return {key.removeprefix("backbone."): value for key, value in state.items()}  # as the reader gives them


def _pyskl_names(state: dict[str, Tensor]) -> dict[str, Tensor]:
    """Weights of our ST-GCN++ by the names that PYSKL gives them."""
    found = {}
    for key, value in state.items():
        for own, theirs in (
            (".gcn.adjacency", ".gcn.A"),
            (".tcn.mix.", ".tcn.transform."),
            (".residual.0.", ".residual.conv."),
            (".residual.1.", ".residual.bn."),
        ):
            key = key.replace(own, theirs)
        if ".tcn.branches." in key and ".3." in key:
            key = key.replace(".3.weight", ".3.conv.weight").replace(".3.bias", ".3.conv.bias")
        found[key.replace("fc.", "cls_head.fc_cls.") if key.startswith("fc.") else key] = value
    return found


def test_official_weights_of_the_same_skeleton_are_taken_whole() -> None:
    state = _filled(Stgcn(NARROW))
    net = Stgcn(NARROW)
    assert start_skeleton(net, state, name="st_gcn.safetensors") == ()
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


def test_pyskls_st_gcn_answers_the_same() -> None:
    theirs, net = _Pyskl().eval(), Stgcn(NARROW).eval()
    state = {
        k: (v if k.endswith(".A") else w)
        for (k, v), w in zip(theirs.state_dict().items(), _filled(theirs).values(), strict=True)
    }
    theirs.load_state_dict(state)
    assert start_skeleton(net, _plain(state), name="j.safetensors") == ()
    x = torch.randn(2, 2, 16, 17, 3, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        torch.testing.assert_close(net(x.permute(0, 4, 2, 3, 1)), theirs(x), rtol=1e-4, atol=1e-4)


def test_pyskls_st_gcn_pp_is_taken() -> None:
    state = _filled(Stgcnpp(NARROW))
    net = Stgcnpp(NARROW)
    assert start_skeleton(net, _pyskl_names(state), name="j.safetensors") == ()
    assert all(torch.equal(value, state[key]) for key, value in net.state_dict().items())


@pytest.mark.parametrize("network", [Stgcn, Stgcnpp])
def test_of_another_skeleton_all_but_what_belongs_to_joints_is_taken(network: type[Stgcn | Stgcnpp]) -> None:
    settings = StgcnSettings(layout="body-feet-25", width=WIDTH)
    source, net = network(NARROW), network(settings)
    state, before = _filled(source), {k: v.clone() for k, v in net.state_dict().items()}
    given = _pyskl_names(state) if network is Stgcnpp else state
    anew = start_skeleton(net, given, name="st_gcn.safetensors")
    assert {key.split(".")[0] for key in anew} <= {"A", "data_bn", "edge_importance", "gcn"}
    assert anew
    for key, value in net.state_dict().items():
        assert torch.equal(value, before[key] if key in anew else state[key])


@pytest.mark.parametrize("network", [Stgcn, Stgcnpp])
def test_twenty_five_joints_of_another_skeleton_are_not_ours(network: type[Stgcn | Stgcnpp]) -> None:
    settings = StgcnSettings(layout="body-feet-25", width=WIDTH)
    state = _filled(network(settings))
    if network is Stgcn:
        state["A"] = state["A"].flip(1).clone()  # the graph of another layout
    else:
        state = _pyskl_names(state)
    anew = start_skeleton(network(settings), state, name="ntu.safetensors")
    assert "data_bn.weight" in anew
    assert not any(".conv." in key for key in anew)


def test_what_does_not_fit_is_told() -> None:
    state = _filled(Stgcn(NARROW))
    with pytest.raises(
        SettingsError, match=r"st_gcn_networks\.0\.gcn\.conv\.weight is 24 x 3 x 1 x 1 where 48 x"
    ):
        start_skeleton(Stgcn(StgcnSettings(layout="coco-17", width=0.25)), state, name="s.safetensors")
    with pytest.raises(SettingsError, match=r"holds no ST-GCN\+\+ network but an ST-GCN: A 3 x 17 x 17"):
        start_skeleton(Stgcnpp(NARROW), state, name="s.safetensors")
    with pytest.raises(SettingsError, match=r"holds no ST-GCN network but an ST-GCN\+\+"):
        start_skeleton(Stgcn(NARROW), _filled(Stgcnpp(NARROW)), name="s.safetensors")
    with pytest.raises(SettingsError, match=r"ST-GCN or ST-GCN\+\+ network but a video transformer"):
        start_skeleton(Stgcn(NARROW), {"patch_embed.proj.weight": torch.zeros(2)}, name="s.safetensors")
    del state["st_gcn_networks.4.residual.0.bias"]
    with pytest.raises(SettingsError, match=r"it lacks st_gcn_networks\.4\.residual\.0\.bias 16"):
        start_skeleton(Stgcn(NARROW), state, name="s.safetensors")
