"""ST-GCN++: the same ten stages with a learnt graph and a multi-branch temporal part.

Duan H, Wang J, Chen K, Lin D. PYSKL: towards good practices for skeleton action recognition. ACM MM 2022,
arXiv 2205.09443. About 1.4 million parameters at full width.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from gaitviewer.nets.severity.graphs import PARTITIONS, get_layout, spatial_partition
from gaitviewer.nets.severity.stgcn import BLOCKS, StgcnSettings

DILATIONS = (1, 2, 3, 4)
_BRANCHES = len(DILATIONS) + 2  # and one of pooling, one of a plain 1x1 convolution


class LearntGraphConvolution(nn.Module):
    """Graph convolution whose adjacency starts at the spatial partition and is learnt, with a residual."""

    def __init__(self, channels_in: int, channels_out: int, adjacency: Tensor) -> None:
        super().__init__()
        self.adjacency = nn.Parameter(adjacency.clone())
        self.conv = nn.Conv2d(channels_in, channels_out * PARTITIONS, 1)
        self.bn = nn.BatchNorm2d(channels_out)
        self.down: nn.Module = nn.Identity()
        if channels_in != channels_out:
            self.down = nn.Sequential(nn.Conv2d(channels_in, channels_out, 1), nn.BatchNorm2d(channels_out))

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, T, V] -> [N, C', T, V]."""
        y = self.conv(x)
        count, channels, frames, joints = y.shape
        y = y.view(count, PARTITIONS, channels // PARTITIONS, frames, joints)
        y = torch.einsum("nkctv,kvw->nctw", y, self.adjacency).contiguous()
        return torch.relu(self.bn(y) + self.down(x))


class MultiBranchTemporal(nn.Module):
    """Dilated, pooled and plain temporal branches side by side, mixed by a 1x1 convolution."""

    def __init__(self, channels: int, *, stride: int, dropout: float) -> None:
        super().__init__()
        own = channels // _BRANCHES
        widths = [channels - own * (_BRANCHES - 1), *[own] * (_BRANCHES - 1)]
        branches: list[nn.Module] = [
            nn.Sequential(
                nn.Conv2d(channels, width, 1),
                nn.BatchNorm2d(width),
                nn.ReLU(),
                nn.Conv2d(width, width, (3, 1), (stride, 1), (dilation, 0), (dilation, 1)),
            )
            for width, dilation in zip(widths, DILATIONS, strict=False)
        ]
        branches.append(
            nn.Sequential(
                nn.Conv2d(channels, own, 1),
                nn.BatchNorm2d(own),
                nn.ReLU(),
                nn.MaxPool2d((3, 1), (stride, 1), (1, 0)),
            )
        )
        branches.append(nn.Conv2d(channels, own, 1, (stride, 1)))
        self.branches = nn.ModuleList(branches)
        self.mix = nn.Sequential(nn.BatchNorm2d(channels), nn.ReLU(), nn.Conv2d(channels, channels, 1))
        self.bn = nn.BatchNorm2d(channels)
        self.dropout = nn.Dropout(dropout)

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, T, V] -> [N, C, T / stride, V]."""
        joined = torch.cat([branch(x) for branch in self.branches], dim=1)
        found: Tensor = self.dropout(self.bn(self.mix(joined)))
        return found


class StgcnppBlock(nn.Module):
    """Learnt graph convolution, multi-branch temporal part, residual."""

    def __init__(
        self,
        channels_in: int,
        channels_out: int,
        adjacency: Tensor,
        *,
        stride: int,
        residual: bool,
        dropout: float,
    ) -> None:
        super().__init__()
        self.gcn = LearntGraphConvolution(channels_in, channels_out, adjacency)
        self.tcn = MultiBranchTemporal(channels_out, stride=stride, dropout=dropout)
        self.has_residual = residual
        self.residual: nn.Module = nn.Identity()
        if residual and (stride != 1 or channels_in != channels_out):
            self.residual = nn.Sequential(
                nn.Conv2d(channels_in, channels_out, 1, (stride, 1)), nn.BatchNorm2d(channels_out)
            )

    def forward(self, x: Tensor) -> Tensor:
        """[N, C, T, V] -> [N, C', T / stride, V]."""
        y = self.tcn(self.gcn(x))
        return torch.relu(y + self.residual(x) if self.has_residual else y)


class Stgcnpp(nn.Module):
    """Skeleton clips [N, C, T, V, M] to logits [N, classes]; used in place of :class:`Stgcn`."""

    def __init__(self, settings: StgcnSettings | None = None) -> None:
        super().__init__()
        self.settings = settings or StgcnSettings()
        layout = get_layout(self.settings.layout)
        adjacency = torch.from_numpy(spatial_partition(layout, hops=self.settings.hops).copy())
        joints, widths = len(layout), self.settings.widths
        self.data_bn = nn.BatchNorm1d(self.settings.channels * joints)
        inputs = (self.settings.channels, *widths[:-1])
        self.gcn = nn.ModuleList(
            StgcnppBlock(
                before,
                after,
                adjacency,
                stride=stride,
                residual=number > 0,
                dropout=self.settings.dropout if number > 0 else 0.0,
            )
            for number, (before, after, (_, stride)) in enumerate(zip(inputs, widths, BLOCKS, strict=True))
        )
        self.fc = nn.Linear(widths[-1], self.settings.classes)

    @property
    def blocks(self) -> nn.ModuleList:
        """The blocks, first to last: where explanations can be read."""
        return self.gcn

    @property
    def answer(self) -> nn.Module:
        """The layer that gives the logits: of no use where only the features are wanted."""
        return self.fc

    def features(self, x: Tensor) -> Tensor:
        """[N, C, T, V, M] -> [N * M, C', T / 4, V]: output of the last block."""
        count, channels, frames, joints, people = x.shape
        y = x.permute(0, 4, 3, 1, 2).reshape(count * people, joints * channels, frames)
        y = self.data_bn(y).view(count * people, joints, channels, frames)
        y = y.permute(0, 2, 3, 1).contiguous()
        for block in self.gcn:
            y = block(y)
        found: Tensor = y
        return found

    def forward(self, x: Tensor) -> Tensor:
        """Logits [N, classes] of clips [N, C, T, V, M]."""
        pooled = self.features(x).mean(dim=(2, 3)).view(x.shape[0], x.shape[4], -1).mean(dim=1)
        logits: Tensor = self.fc(pooled)
        return logits
