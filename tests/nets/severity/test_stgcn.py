"""The network against the published definition, written out again without any modules."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch import Tensor
from torch.nn import functional

from gaitviewer.nets.severity.graphs import OPENPOSE_18, spatial_partition
from gaitviewer.nets.severity.stgcn import Stgcn, StgcnSettings

torch.set_num_threads(1)
PUBLISHED = StgcnSettings(layout="openpose-18")


def published_forward(state: dict[str, Tensor], x: Tensor) -> Tensor:
    """The published network in evaluation mode, from its state dict alone."""

    def norm(y: Tensor, name: str) -> Tensor:
        return functional.batch_norm(
            y, state[f"{name}.running_mean"], state[f"{name}.running_var"],
            state[f"{name}.weight"], state[f"{name}.bias"], training=False, eps=1e-5,
        )  # fmt: skip

    n, c, t, v, m = x.shape
    y = x.permute(0, 4, 3, 1, 2).contiguous().view(n * m, v * c, t)
    y = norm(y, "data_bn").view(n, m, v, c, t).permute(0, 1, 3, 4, 2).contiguous().view(n * m, c, t, v)
    for i in range(10):
        stride = 2 if i in (4, 7) else 1
        name = f"st_gcn_networks.{i}"
        if i == 0:
            residual: Tensor | float = 0.0
        elif i in (4, 7):
            residual = functional.conv2d(
                y, state[f"{name}.residual.0.weight"], state[f"{name}.residual.0.bias"], stride=(stride, 1)
            )
            residual = norm(residual, f"{name}.residual.1")
        else:
            residual = y
        z = functional.conv2d(y, state[f"{name}.gcn.conv.weight"], state[f"{name}.gcn.conv.bias"])
        a = state["A"] * state[f"edge_importance.{i}"]
        kinds = z.view(z.shape[0], 3, -1, z.shape[2], v)
        z = sum(kinds[:, k] @ a[k] for k in range(3))
        z = functional.relu(norm(z, f"{name}.tcn.0"))
        z = functional.conv2d(
            z, state[f"{name}.tcn.2.weight"], state[f"{name}.tcn.2.bias"], stride=(stride, 1), padding=(4, 0)
        )
        y = functional.relu(norm(z, f"{name}.tcn.3") + residual)
    y = functional.avg_pool2d(y, y.shape[2:]).view(n, m, -1, 1, 1).mean(dim=1)
    return functional.conv2d(y, state["fcn.weight"], state["fcn.bias"]).view(n, -1)


def random_state(model: Stgcn, seed: int = 1) -> dict[str, Tensor]:
    """Values of a trained kind: nothing left at its neutral start."""
    rng = torch.Generator().manual_seed(seed)
    state = {}
    for name, value in model.state_dict().items():
        if name == "A" or not value.is_floating_point():
            state[name] = value.clone()
        elif name.endswith("running_var") or name.startswith("edge_importance"):
            state[name] = 0.5 + torch.rand(value.shape, generator=rng)
        elif value.ndim == 1:
            state[name] = (1.0 if name.endswith("weight") else 0.0) + 0.2 * torch.randn(
                value.shape, generator=rng
            )
        else:
            fan = value[0].numel()
            state[name] = torch.randn(value.shape, generator=rng) / fan**0.5
    return state


def test_published_size() -> None:
    model = Stgcn(PUBLISHED)
    assert sum(p.numel() for p in model.parameters()) == 3_075_368


def test_published_keys() -> None:
    keys = set(Stgcn(PUBLISHED).state_dict())
    norm = ("weight", "bias", "running_mean", "running_var", "num_batches_tracked")
    wanted = {"A", "fcn.weight", "fcn.bias", *(f"data_bn.{part}" for part in norm)}
    for i in range(10):
        block = f"st_gcn_networks.{i}"
        wanted |= {f"{block}.gcn.conv.{p}" for p in ("weight", "bias")}
        wanted |= {f"{block}.tcn.2.{p}" for p in ("weight", "bias")} | {f"edge_importance.{i}"}
        wanted |= {f"{block}.tcn.{k}.{part}" for k in (0, 3) for part in norm}
        if i in (4, 7):
            wanted |= {f"{block}.residual.0.{p}" for p in ("weight", "bias")}
            wanted |= {f"{block}.residual.1.{part}" for part in norm}
    assert keys == wanted


@pytest.mark.parametrize(("frames", "people"), [(30, 2), (96, 1)])
def test_published_output(frames: int, people: int) -> None:
    model = Stgcn(PUBLISHED).eval()
    state = random_state(model)
    model.load_state_dict(state)
    x = torch.randn(2, 3, frames, 18, people, generator=torch.Generator().manual_seed(2))
    with torch.no_grad():
        ours, theirs = model(x), published_forward(state, x)
    assert float(theirs.std()) > 0.01  # the comparison says something
    torch.testing.assert_close(ours, theirs, rtol=1e-4, atol=1e-4)


def test_another_partition_is_another_network() -> None:
    published, real = Stgcn(PUBLISHED).eval(), Stgcn(StgcnSettings(layout="openpose-18", hops="true")).eval()
    state = random_state(published)
    published.load_state_dict(state)
    real.load_state_dict({**state, "A": real.A})
    x = torch.randn(1, 3, 16, 18, 1, generator=torch.Generator().manual_seed(3))
    with torch.no_grad():
        assert float((published(x) - real(x)).abs().max()) > 1e-3
    np.testing.assert_array_equal(published.A.numpy(), spatial_partition(OPENPOSE_18))


def test_a_quarter_of_the_frames_is_left_and_narrow_nets_are_narrow() -> None:
    model = Stgcn(StgcnSettings(width=0.25)).eval()
    with torch.no_grad():
        found = model.features(torch.zeros(1, 3, 96, 25, 1))
    assert found.shape == (1, 64, 24, 25)
    assert sum(p.numel() for p in model.parameters()) < 230_000
