"""Fusion of skeleton and features: missing values, branches, cross-attention by hand."""

from __future__ import annotations

import math

import pytest
import torch

from gaitviewer.core.serialise import from_plain, to_plain
from gaitviewer.nets.severity.fusion import (
    KINDS,
    CrossAttention,
    FeatureEncoder,
    FusionNet,
    SeverityNetSettings,
)
from gaitviewer.nets.severity.stgcn import StgcnSettings
from gaitviewer.nets.severity.stgcnpp import Stgcnpp

torch.set_num_threads(1)  # small networks gain nothing from more
NARROW = StgcnSettings(width=0.125)


def settings(kind: str = "cross", **more: object) -> SeverityNetSettings:
    values: dict[str, object] = {"all_features": 7, "chosen": (0, 2, 5), "width": 16, "heads": 2, **more}
    return SeverityNetSettings(kind=kind, skeleton=NARROW, **values)  # type: ignore[arg-type]


def batch(count: int = 3, seed: int = 1) -> tuple[torch.Tensor, torch.Tensor]:
    rng = torch.Generator().manual_seed(seed)
    return torch.randn(count, 3, 8, 25, 1, generator=rng), torch.randn(count, 7, generator=rng)


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("backbone", ["st-gcn", "st-gcn++"])
def test_every_kind_answers_and_learns(kind: str, backbone: str) -> None:
    torch.manual_seed(1)
    net = FusionNet(settings(kind, backbone=backbone))
    logits = net(*batch())
    assert logits.shape == (3, 4)
    logits.square().sum().backward()
    idle = [n for n, p in net.named_parameters() if p.requires_grad and p.grad is None]
    assert not idle


def test_branches_look_at_what_they_should() -> None:
    torch.manual_seed(1)
    x, features = batch()
    other = features.clone()
    other[:, 0] += 1.0
    unused = features.clone()
    unused[:, 1] += 1.0
    for kind in KINDS:
        net = FusionNet(settings(kind)).eval()
        with torch.no_grad():
            plain = net(x, features)
            assert torch.equal(net(x, unused), plain)  # a feature that was not chosen
            assert torch.equal(net(x, other), plain) == (kind == "skeleton")
            assert torch.equal(net(x + 0.5, features), plain) == (kind == "features")


def test_missing_features_are_the_mean_with_a_flag() -> None:
    torch.manual_seed(2)
    encoder = FeatureEncoder(settings()).eval()
    encoder.mean.copy_(torch.arange(7.0))
    encoder.sd.fill_(2.0)
    features = encoder.mean.repeat(2, 1)
    features[1, 2] = math.nan
    z, gone = encoder.standardise(features)
    assert torch.equal(z, torch.zeros(2, 3))
    assert gone.tolist() == [[False, False, False], [False, True, False]]
    with torch.no_grad():
        tokens = encoder(features)
        torch.testing.assert_close(tokens[0], tokens[1])  # the flag starts neutral ...
        encoder.missing[1] += 1.0
        tokens = encoder(features)
    assert not torch.equal(tokens[0, 1], tokens[1, 1])  # ... and then says that it is missing
    assert torch.isfinite(tokens).all()


def test_features_are_fitted_without_what_is_missing() -> None:
    net = FusionNet(settings())
    features = torch.tensor([[1.0] * 7, [3.0] * 7, [math.nan] * 7])
    features[:, 6] = math.nan
    net.fit_features(features)
    torch.testing.assert_close(net.encoder.mean[:6], torch.full((6,), 2.0))
    torch.testing.assert_close(net.encoder.sd[:6], torch.full((6,), 1.0))
    assert torch.isfinite(net.encoder.sd).all()


def test_far_values_are_cut() -> None:
    encoder = FeatureEncoder(settings()).eval()
    z, _ = encoder.standardise(torch.full((1, 7), 1e6))
    assert float(z.max()) == 4.0


def test_cross_attention_by_hand() -> None:
    torch.manual_seed(3)
    layer = CrossAttention(4, 1, 0.0).eval()
    own, other = torch.randn(1, 2, 4), torch.randn(1, 3, 4)
    with torch.no_grad():
        got = layer(own, other)
        weight, bias = layer.attention.in_proj_weight, layer.attention.in_proj_bias
        q = layer.norm_own(own) @ weight[:4].T + bias[:4]
        k = layer.norm_other(other) @ weight[4:8].T + bias[4:8]
        v = layer.norm_other(other) @ weight[8:].T + bias[8:]
        seen = (q @ k.transpose(1, 2) / 2.0).softmax(dim=2) @ v
        h = own + layer.attention.out_proj(seen)
        wanted = h + layer.feed(h)
    torch.testing.assert_close(got, wanted, rtol=1e-5, atol=1e-6)


def test_order_of_feature_tokens_does_not_matter() -> None:
    torch.manual_seed(4)
    net = FusionNet(settings()).eval()
    turned = FusionNet(settings(chosen=(5, 0, 2))).eval()
    state = net.state_dict()
    for name in ("weight", "bias", "missing"):
        state[f"encoder.{name}"] = state[f"encoder.{name}"][[2, 0, 1]]
    state["encoder.chosen"] = turned.encoder.chosen
    turned.load_state_dict(state)
    with torch.no_grad():
        torch.testing.assert_close(net(*batch()), turned(*batch()), rtol=1e-5, atol=1e-6)


def test_settings_survive_a_file() -> None:
    one = settings(tokens="cells", depth=2)
    assert from_plain(to_plain(one), SeverityNetSettings) == one


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown"):
        settings("sum")
    with pytest.raises(ValueError, match="features"):
        settings("cross", chosen=())


def test_stgcnpp_has_the_published_size() -> None:
    count = sum(p.numel() for p in Stgcnpp(StgcnSettings()).parameters())
    assert 1_370_000 < count < 1_400_000


def test_cells_give_the_attention_every_joint_at_every_time() -> None:
    torch.manual_seed(5)
    x, features = batch()
    for tokens, count in (("joints", 25), ("cells", 2 * 25)):
        net = FusionNet(settings(tokens=tokens)).eval()
        with torch.no_grad():
            seen = net.seen_by_skeleton(x)
            assert seen.shape == (3, 32, count)
            assert torch.equal(net(seen, features), net(x, features))  # may be computed before


def test_frames_can_be_left_out() -> None:
    torch.manual_seed(6)
    x, features = batch()
    every, second = FusionNet(settings()).eval(), FusionNet(settings(frame_step=2)).eval()
    second.load_state_dict(every.state_dict())
    with torch.no_grad():
        assert torch.equal(second(x, features), every(x[:, :, ::2], features))
        x[:, :, 1::2] = 0.0
        assert torch.equal(second(x, features), every(x[:, :, ::2], features))


def test_hidden_skeleton_tokens_leave_the_features_alone_to_answer() -> None:
    torch.manual_seed(1)
    x, features = batch()
    for kind in ("cross", "concat"):
        net = FusionNet(settings(kind, branch_dropout=1.0, dropout=0.0, feature_dropout=0.0))
        net.train()
        net.skeleton.eval()  # its batch statistics are no concern here
        with torch.no_grad():
            assert torch.equal(net(x, features), net(x + 0.5, features))
            assert not torch.equal(net(x, features), net(x, features + 0.5))
            net.eval()
            assert not torch.equal(net(x, features), net(x + 0.5, features))
