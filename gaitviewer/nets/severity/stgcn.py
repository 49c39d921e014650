"""ST-GCN with the structure and the state-dict keys of the published network.

Yan S, Xiong Y, Lin D. Spatial temporal graph convolutional networks for skeleton-based action recognition.
AAAI 2018, arXiv 1801.07455. With 18 joints, three channels and four classes it has 3 075 368 parameters.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from gaitviewer.nets.severity.graphs import PARTITIONS, get_layout, spatial_partition

TEMPORAL_KERNEL = 9
# (width, stride) of the ten blocks; the first one has no residual.
BLOCKS = ((64, 1), (64, 1), (64, 1), (64, 1), (128, 2), (128, 1), (128, 1), (256, 2), (256, 1), (256, 1))


@dataclass(frozen=True, slots=True)
class StgcnSettings:
    """How the network is built.

    Attributes:
        layout: name of the skeleton graph.   hops: "published" or "true".
        channels: of the input (x, y, score).   classes: of the answer.
        width: factor on the published widths (1 = published; smaller for the small protocol).
        dropout: inside the blocks.
        edge_importance: whether the graph's edges are weighted by learnt factors.
    """

    layout: str = "body-feet-25"
    hops: str = "published"
    channels: int = 3
    classes: int = 4
    width: float = 1.0
    dropout: float = 0.0
    edge_importance: bool = True

    @property
    def widths(self) -> tuple[int, ...]:
        """Channels of each block."""
        return tuple(max(4, round(width * self.width)) for width, _ in BLOCKS)


class GraphConvolution(nn.Module):
    """One 1x1 convolution for each partition, then the sum over neighbours."""

    def __init__(self, channels_in: int, channels_out: int) -> None:
        super().__init__()
        self.conv = nn.Conv2d(channels_in, channels_out * PARTITIONS, kernel_size=1)

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """[N, C, T, V] with [3, V, V] -> [N, C', T, V]."""
        y = self.conv(x)
        count, channels, frames, joints = y.shape
        y = y.view(count, PARTITIONS, channels // PARTITIONS, frames, joints)
        return torch.einsum("nkctv,kvw->nctw", y, adjacency).contiguous()


class StgcnBlock(nn.Module):
    """Graph convolution, temporal convolution, residual."""

    def __init__(
        self, channels_in: int, channels_out: int, *, stride: int, residual: bool, dropout: float
    ) -> None:
        super().__init__()
        self.gcn = GraphConvolution(channels_in, channels_out)
        self.tcn = nn.Sequential(
            nn.BatchNorm2d(channels_out),
            nn.ReLU(),
            nn.Conv2d(
                channels_out,
                channels_out,
                (TEMPORAL_KERNEL, 1),
                (stride, 1),
                ((TEMPORAL_KERNEL - 1) // 2, 0),
            ),
            nn.BatchNorm2d(channels_out),
            nn.Dropout(dropout),
        )
        self.has_residual = residual
        self.residual: nn.Module = nn.Identity()
        if residual and (stride != 1 or channels_in != channels_out):
            self.residual = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, kernel_size=1, stride=(stride, 1)),
                nn.BatchNorm2d(channels_out),
            )
        self.relu = nn.ReLU()

    def forward(self, x: Tensor, adjacency: Tensor) -> Tensor:
        """[N, C, T, V] -> [N, C', T / stride, V]."""
        y = self.tcn(self.gcn(x, adjacency))
        out: Tensor = self.relu(y + self.residual(x) if self.has_residual else y)
        return out


class Stgcn(nn.Module):
    """Skeleton clips [N, C, T, V, M] to logits [N, classes]."""

    A: Tensor

    def __init__(self, settings: StgcnSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or StgcnSettings()
        layout = get_layout(self.settings.layout)
        adjacency = spatial_partition(layout, hops=self.settings.hops)
        self.register_buffer("A", torch.from_numpy(adjacency.copy()))
        joints, widths = len(layout), self.settings.widths
        self.data_bn = nn.BatchNorm1d(self.settings.channels * joints)
        inputs = (self.settings.channels, *widths[:-1])
        self.st_gcn_networks = nn.ModuleList(
            StgcnBlock(
                before,
                after,
                stride=stride,
                residual=number > 0,
                dropout=self.settings.dropout if number > 0 else 0.0,
            )
            for number, (before, after, (_, stride)) in enumerate(zip(inputs, widths, BLOCKS, strict=True))
        )
        ones = (torch.ones_like(self.A) for _ in BLOCKS)
        self.edge_importance = nn.ParameterList(
            nn.Parameter(one, requires_grad=self.settings.edge_importance) for one in ones
        )
        self.fcn = nn.Conv2d(widths[-1], self.settings.classes, kernel_size=1)

    @property
    def blocks(self) -> nn.ModuleList:
        """The blocks, first to last: where explanations can be read."""
        return self.st_gcn_networks

    @property
    def answer(self) -> nn.Module:
        """The layer that gives the logits: of no use where only the features are wanted."""
        return self.fcn

    def features(self, x: Tensor) -> Tensor:
        """[N, C, T, V, M] -> [N * M, C', T / 4, V]: output of the last block."""
        count, channels, frames, joints, people = x.shape
        y = x.permute(0, 4, 3, 1, 2).reshape(count * people, joints * channels, frames)
        y = self.data_bn(y).view(count * people, joints, channels, frames)
        y = y.permute(0, 2, 3, 1).contiguous()
        for block, importance in zip(self.st_gcn_networks, self.edge_importance, strict=True):
            y = block(y, self.A * importance)
        found: Tensor = y
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, classes] of clips [N, C, T, V, M]."""
        count, people = x.shape[0], x.shape[4]
        pooled = self.features(x).mean(dim=(2, 3))
        pooled = pooled.view(count, people, -1, 1, 1).mean(dim=1)
        logits: Tensor = self.fcn(pooled).flatten(1)
        return logits
