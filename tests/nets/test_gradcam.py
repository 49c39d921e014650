"""Maps of evidence on networks small enough to be computed by hand."""

from __future__ import annotations

import pytest
import torch
from torch import Tensor, nn

from gaitviewer.nets.gradcam import grad_cam, integrated_gradients, of_class, of_order
from gaitviewer.nets.severity.evidence import evidence
from gaitviewer.nets.severity.fusion import INPUT, FusionNet, SeverityNetSettings
from gaitviewer.nets.severity.stgcn import Stgcn, StgcnSettings

torch.set_num_threads(1)


class TwoChannels(nn.Module):
    """F = (x, 2 x); Y_0 = mean F_0 - 3 mean F_1, Y_1 = -Y_0 + mean(F_0)."""

    def __init__(self) -> None:
        super().__init__()
        self.block = nn.Conv2d(1, 2, 1, bias=False)
        self.head = nn.Linear(2, 2, bias=False)
        with torch.no_grad():
            self.block.weight.copy_(torch.tensor([1.0, 2.0]).view(2, 1, 1, 1))
            self.head.weight.copy_(torch.tensor([[1.0, -3.0], [0.0, 3.0]]))

    def forward(self, x: Tensor) -> Tensor:
        return self.head(self.block(x).mean(dim=(2, 3)))


def test_hand_computed() -> None:
    model = TwoChannels().eval()
    x = torch.tensor([[1.0, -2.0, 0.0], [4.0, 0.5, -1.0]]).view(1, 1, 2, 3)
    # dY_0/dF = (1, -3) / 6 everywhere: the map is ReLU((1 * x - 3 * 2 x) / 6) = ReLU(-5 x / 6)
    raw, logits = grad_cam(model, lambda: model(x), block=model.block, weights=of_class(torch.tensor([0]), 2))
    torch.testing.assert_close(raw[0], torch.relu(-5.0 / 6.0 * x[0, 0]))
    raw, _ = grad_cam(model, lambda: model(x), block=model.block, weights=of_class(torch.tensor([1]), 2))
    torch.testing.assert_close(raw[0], torch.relu(6.0 / 6.0 * x[0, 0]))
    torch.testing.assert_close(logits[0], torch.tensor([-5.0, 6.0]) * x.mean())


def test_raw_values_are_not_stretched() -> None:
    model = TwoChannels().eval()
    x = torch.full((2, 1, 2, 3), 0.25)
    x[1] = 0.0
    raw, _ = grad_cam(model, lambda: model(x), block=model.block, weights=of_class(torch.tensor([1, 1]), 2))
    torch.testing.assert_close(raw[0], torch.full((2, 3), 0.25))
    assert float(raw[1].max()) == 0.0  # no evidence looks empty


def test_cases_of_a_batch_do_not_mix() -> None:
    torch.manual_seed(4)
    model = Stgcn(StgcnSettings(width=0.125)).eval()
    x = torch.randn(3, 3, 32, 25, 1)
    weights = of_class(torch.tensor([0, 2, 3]), 4)
    for number, frames in ((0, 32), (5, 16), (9, 8)):
        block = model.blocks[number]
        together, _ = grad_cam(model, lambda: model(x), block=block, weights=weights)
        assert together.shape == (3, frames, 25)
        alone, _ = grad_cam(model, lambda: model(x[1:2]), block=block, weights=weights[1:2])
        torch.testing.assert_close(together[1:2], alone, rtol=1e-4, atol=1e-6)
        assert float(together.min()) >= 0.0


def test_a_model_in_training_mode_is_refused() -> None:
    model = TwoChannels().train()
    with pytest.raises(ValueError, match="evaluation"):
        grad_cam(
            model,
            lambda: model(torch.ones(1, 1, 1, 1)),
            block=model.block,
            weights=of_class(torch.tensor([0]), 2),
        )


def test_a_block_that_takes_no_part_is_refused() -> None:
    model = TwoChannels().eval()
    with pytest.raises(ValueError, match="no part"):
        grad_cam(
            model,
            lambda: model(torch.ones(1, 1, 1, 1)),
            block=nn.Conv2d(1, 1, 1),
            weights=of_class(torch.tensor([0]), 2),
        )


def test_evidence_for_a_higher_level() -> None:
    model = TwoChannels().eval()
    weights = of_order(1, 2)
    assert weights.tolist() == [[-0.5, 0.5]]
    assert of_order(2, 4).sum(dim=1).tolist() == [0.0, 0.0]
    x = torch.tensor([[1.0, -2.0, 0.0], [4.0, 0.5, -1.0]]).view(1, 1, 2, 3)
    # Y = (Y_1 - Y_0) / 2: half of 6 x / 6 + 5 x / 6
    raw, _ = grad_cam(model, lambda: model(x), block=model.block, weights=weights)
    torch.testing.assert_close(raw[0], torch.relu(11.0 / 12.0 * x[0, 0]))


def test_what_reference_cases_show_is_no_evidence() -> None:
    model = TwoChannels().eval()
    weights = of_class(torch.tensor([1]), 2)
    x = torch.tensor([[1.0, -2.0, 0.0], [4.0, 0.5, -1.0]]).view(1, 1, 2, 3)
    usual = x[0, 0].mean(dim=0)  # of each joint over time
    reference = torch.stack([usual, 2 * usual])
    raw, _ = grad_cam(model, lambda: model(x), block=model.block, weights=weights, reference=reference)
    torch.testing.assert_close(raw[0], torch.relu(x[0, 0] - usual))
    still = usual.expand(1, 1, 2, 3)
    raw, _ = grad_cam(model, lambda: model(still), block=model.block, weights=weights, reference=reference)
    assert float(raw.max()) == 0.0


def test_contributions_of_the_input_add_up_to_what_the_answer_gained() -> None:
    torch.manual_seed(5)
    model = Stgcn(StgcnSettings(width=0.125)).eval()
    x = torch.randn(2, 3, 16, 25, 1)
    start = torch.randn(2, 25)
    weights = of_order(2, 4)
    found = integrated_gradients(model, x, start=start, weights=weights, steps=200)
    assert found.shape == (2, 16, 25)
    begin = x.clone()
    begin[:, :2] = start[None, :, None, :, None]
    with torch.no_grad():
        gained = (weights * (model(x) - model(begin))).sum(dim=1)
    torch.testing.assert_close(found.sum(dim=(1, 2)), gained, atol=0.02, rtol=0.02)


def test_a_joint_that_stands_where_the_reference_has_it_adds_nothing() -> None:
    torch.manual_seed(6)
    model = Stgcn(StgcnSettings(width=0.125)).eval()
    x = torch.randn(1, 3, 16, 25, 1)
    start = torch.randn(2, 25)
    x[:, :2, :, 4] = start[None, :, None, 4, None]
    found = integrated_gradients(model, x, start=start, weights=of_order(1, 4), steps=3)
    assert (found[..., 4] == 0).all()
    assert (found[..., 5] != 0).any()


def _skeleton_net(layer: int) -> FusionNet:
    torch.manual_seed(6)
    skeleton = StgcnSettings(width=0.125)
    return FusionNet(
        SeverityNetSettings(kind="skeleton", skeleton=skeleton, frame_step=2, map_layer=layer)
    ).eval()


def test_evidence_at_the_input_is_of_the_frames_that_are_looked_at() -> None:
    net = _skeleton_net(INPUT)
    assert tuple(net.reference.shape) == (2, 25)
    x, features = torch.randn(2, 3, 32, 25, 1), torch.zeros(2, 0)
    x[1, :2, :, :, 0] = net.reference[:, None] + 0.0  # stands as the reference does
    raw = evidence(net, x, features, layer=INPUT, weights=of_order(2, 4), reference=net.reference)
    assert raw.shape == (2, 16, 25)
    assert float(raw[0].max()) > 0
    assert float(raw[1].max()) == 0.0
    with pytest.raises(ValueError, match="reference"):
        evidence(net, x, features, layer=INPUT, weights=of_order(2, 4))


def test_evidence_at_a_block_is_grad_cam() -> None:
    net = _skeleton_net(2)
    x, features = torch.randn(2, 3, 32, 25, 1), torch.zeros(2, 0)
    weights = of_class(torch.tensor([1, 3]), 4)
    raw = evidence(net, x, features, layer=2, weights=weights)
    expected, _ = grad_cam(net, lambda: net(x, features), block=net.blocks[2], weights=weights)
    torch.testing.assert_close(raw, expected)
