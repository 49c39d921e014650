"""Speed of the skeleton network against a bare forward pass of the same convolutions, on two threads."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator

import pytest
import torch
from torch import Tensor, nn

from gaitviewer.nets.gradcam import grad_cam, of_class
from gaitviewer.nets.severity.stgcn import BLOCKS, Stgcn, StgcnSettings

pytestmark = pytest.mark.benchmark

FRAMES = 96
# Milliseconds for one clip of 96 frames, fp32, batch 1, two threads, on a desktop processor; and the limit.
FORWARD_MS, WITH_MAP_MS, LIMIT = 23.0, 35.0, 1.3


@pytest.fixture(autouse=True)
def two_threads() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


def milliseconds(work: Callable[[], object], *, repeats: int = 30) -> float:
    """The median of some runs, after a few to get warm."""
    for _ in range(5):
        work()
    found = []
    for _ in range(repeats):
        start = time.perf_counter()
        work()
        found.append(1000 * (time.perf_counter() - start))
    return sorted(found)[len(found) // 2]


class BareConvolutions(nn.Module):
    """The convolutions of the ten blocks one after the other, and nothing between them."""

    def __init__(self) -> None:
        super().__init__()
        inputs = (3, *(width for width, _ in BLOCKS[:-1]))
        self.layers = nn.ModuleList()
        for before, (width, stride) in zip(inputs, BLOCKS, strict=True):
            self.layers.append(nn.Conv2d(before, 3 * width, 1))
            self.layers.append(nn.Conv2d(width, width, (9, 1), (stride, 1), (4, 0)))

    def forward(self, x: Tensor) -> Tensor:
        for graph, temporal in zip(self.layers[::2], self.layers[1::2], strict=True):
            y = graph(x)
            x = temporal(y[:, : y.shape[1] // 3])
        return x


def test_forward_against_bare_convolutions(record_property: Callable[[str, object], None]) -> None:
    torch.manual_seed(1)
    for joints, layout in ((18, "openpose-18"), (25, "body-feet-25")):
        net, bare = Stgcn(StgcnSettings(layout=layout)).eval(), BareConvolutions().eval()
        clip = torch.randn(1, 3, FRAMES, joints, 1)
        with torch.inference_mode():
            own = milliseconds(lambda net=net, clip=clip: net(clip))
            least = milliseconds(lambda bare=bare, clip=clip: bare(clip[..., 0]))
        record_property(layout, {"ms": own, "bare_ms": least, "ratio": own / least})
        print(f"{layout}: {own:.1f} ms, bare convolutions {least:.1f} ms, ratio {own / least:.2f}")
        assert own / least < 2.0
        if joints == 18:
            assert own < LIMIT * FORWARD_MS


def test_with_a_map(record_property: Callable[[str, object], None]) -> None:
    torch.manual_seed(1)
    net = Stgcn(StgcnSettings(layout="openpose-18")).eval()
    clip = torch.randn(1, 3, FRAMES, 18, 1)
    weights = of_class(torch.tensor([1]), 4)
    own = milliseconds(lambda: grad_cam(net, lambda: net(clip), block=net.blocks[9], weights=weights))
    record_property("map_ms", own)
    print(f"with a map of the last block: {own:.1f} ms")
    assert own < LIMIT * WITH_MAP_MS
