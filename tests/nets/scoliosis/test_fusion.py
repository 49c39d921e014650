"""Fusion of map, video and text: clocks, subsets, missing pictures, importance."""

from __future__ import annotations

from dataclasses import replace
from itertools import chain, combinations

import numpy as np
import pytest
import torch

from gaitviewer.nets.scoliosis.fusion import FUSIONS, MODALITIES, MapFusionNet, ScoliosisNetSettings
from gaitviewer.nets.scoliosis.importance import (
    METHODS,
    explain_map,
    integrated_gradients,
    leave_rows_out,
    map_importance,
)

SETTINGS = ScoliosisNetSettings(
    width=32, heads=2, mlp=2.0, layers_alone=2, layers_fused=1, latents=4, latent_heads=2,
    map_patch=(34, 16), clip=(6, 32), tubelet=(2, 16),
)  # fmt: skip


def batch_of(count: int = 3) -> dict[str, torch.Tensor]:
    generator = torch.Generator().manual_seed(7)
    return {
        "map": torch.randn(count, 238, 96, generator=generator),
        "unknown": torch.rand(count, 238, generator=generator) < 0.1,
        "map_times": torch.arange(96.0).repeat(count, 1) / 30,
        "video": torch.randint(0, 256, (count, 6, 32, 32, 3), generator=generator).to(torch.uint8),
        "video_times": torch.linspace(0, 3.2, 6).repeat(count, 1),
        "video_there": torch.ones(count, dtype=torch.bool),
        "text": torch.randn(count, 4, 384, generator=generator),
        "text_mask": torch.tensor([[True, True, False, False]] * count),
    }


def net_of(settings: ScoliosisNetSettings = SETTINGS, seed: int = 0) -> MapFusionNet:
    torch.manual_seed(seed)
    return MapFusionNet(settings).eval()


SUBSETS = list(chain.from_iterable(combinations(MODALITIES, n) for n in (1, 2, 3)))


@pytest.mark.parametrize("fusion", FUSIONS)
@pytest.mark.parametrize("modalities", SUBSETS, ids="+".join)
def test_any_subset_and_any_fusion_answers_and_learns(modalities: tuple[str, ...], fusion: str) -> None:
    net = net_of(
        replace(SETTINGS, modalities=modalities, fusion=fusion, token_dropout=0.3, modality_dropout=0.5)
    )
    net.train()
    logits = net(batch_of())
    assert logits.shape == (3,)
    logits.sum().backward()
    silent = [name for name, value in net.named_parameters() if value.grad is None]
    assert silent == []


def test_both_clocks_shifted_together_change_nothing_and_one_alone_does() -> None:
    net, batch = net_of(), batch_of()
    with torch.no_grad():
        whole = net(batch)
        both = batch | {key: batch[key] + 4.0 for key in ("map_times", "video_times")}
        torch.testing.assert_close(net(both), whole, atol=2e-4, rtol=1e-3)
        one = batch | {"video_times": batch["video_times"] + 0.4}
        assert (net(one) - whole).abs().max() > 1e-4


def test_by_number_no_clock_matters() -> None:
    net, batch = net_of(replace(SETTINGS, aligned=False)), batch_of()
    with torch.no_grad():
        moved = batch | {"video_times": batch["video_times"] + 0.4}
        torch.testing.assert_close(net(moved), net(batch))


@pytest.mark.parametrize("fusion", FUSIONS)
def test_missing_pictures_are_not_seen(fusion: str) -> None:
    net, batch = net_of(replace(SETTINGS, fusion=fusion)), batch_of()
    batch["video_there"] = torch.tensor([True, False, True])
    other = batch | {"video": 255 - batch["video"]}
    with torch.no_grad():
        first, second = net(batch), net(other)
    assert first[1] == pytest.approx(float(second[1]), abs=1e-6)
    assert (first - second)[[0, 2]].abs().min() > 1e-6


def test_sentences_that_are_not_there_are_not_read() -> None:
    net, batch = net_of(), batch_of()
    other = batch["text"].clone()
    other[:, 2:] = 9.0
    with torch.no_grad():
        torch.testing.assert_close(net(batch), net(batch | {"text": other}))


def test_unknown_rows_count_as_the_average_child() -> None:
    net, batch = net_of(), batch_of()
    net.map_mean.fill_(3.0)
    values = batch["map"].clone()
    values[batch["unknown"]] = 77.0
    with torch.no_grad():
        torch.testing.assert_close(net(batch), net(batch | {"map": values}))
    assert (net.standardise(batch)[batch["unknown"]] == 0).all()


def test_statistics_travel_with_the_weights() -> None:
    net = net_of()
    net.map_sd.fill_(2.0)
    net.statement_sd.fill_(3.0)
    other = net_of(seed=1)
    other.load_state_dict(net.state_dict())
    batch = batch_of()
    with torch.no_grad():
        torch.testing.assert_close(net(batch), other(batch))
    assert (other.statement_sd == 3.0).all()


@pytest.mark.parametrize("layer", ["encoded", "patches"])
def test_importance_is_raw_and_of_the_patches_that_matter(layer: str) -> None:
    net, batch = net_of(replace(SETTINGS, modalities=("map",))), batch_of()
    found = map_importance(net, batch, layer=layer)
    assert found.shape == (3, 238, 96)
    assert (found >= 0).all()
    assert found.max() > 0
    with torch.no_grad():
        np.testing.assert_allclose(map_importance(net, batch, layer=layer), found, atol=1e-9)
        net.head.weight.zero_()
    assert map_importance(net, batch, layer=layer).max() == 0  # no evidence: an empty map


def test_importance_and_leave_one_out_find_the_planted_patch() -> None:
    """A network that reads one patch only: both ways must point at it."""
    net = net_of(replace(SETTINGS, modalities=("map",), fusion="cat", layers_alone=0))
    batch = batch_of(1)
    batch["unknown"][:] = False
    batch["map"][:] = 0.0
    batch["map"][0, 34:68, 32:48] = 3.0  # patch (1, 2) of 7 x 6
    for values in (map_importance(net, batch), map_importance(net, batch, sign=-1.0)):
        if values.max() > 0:
            peak = np.unravel_index(int(values[0].argmax()), values[0].shape)
            break
    assert 34 <= peak[0] < 68
    assert 32 <= peak[1] < 48


LEVELS = replace(SETTINGS, modalities=("map",), map_levels=True, cell_weight=0.5)


def levels_net() -> tuple[MapFusionNet, dict[str, torch.Tensor]]:
    net, batch = net_of(LEVELS), batch_of()
    batch["unknown"][:] = False
    assert net.levels is not None
    rows = torch.arange(238).reshape(-1, 2).flip(1).reshape(-1)
    net.levels.learn(net.standardise(batch), batch["unknown"], rows=rows, signs=torch.ones(238))
    return net, batch


def test_levels_reach_the_answer_and_travel_with_the_weights() -> None:
    net, batch = levels_net()
    other = net_of(LEVELS, seed=1)
    other.load_state_dict(net.state_dict())
    with torch.no_grad():
        whole = net(batch)
        torch.testing.assert_close(other(batch), whole)
        none = net.patches(batch, level_input=torch.zeros(3, 238, 4))
        assert (net.decide(net.encode(none, batch)) - whole).abs().max() > 1e-5
    without = net_of(replace(LEVELS, map_levels=False))
    assert not [name for name in without.state_dict() if "levels" in name]


@pytest.mark.parametrize("levels", [False, True])
def test_integrated_gradients_add_up_to_the_difference_of_the_logits(levels: bool) -> None:
    net, batch = levels_net() if levels else (net_of(replace(LEVELS, map_levels=False)), batch_of())
    away = [integrated_gradients(net, batch, sign=sign, steps=64) for sign in (1.0, -1.0)]
    assert min(one.min() for one in away) >= 0
    zero = torch.zeros(3, 238, 96)
    with torch.no_grad():
        average = net.patches(batch, map_input=zero, level_input=torch.zeros(3, 238, 4) if levels else None)
        difference = (net(batch) - net.decide(net.encode(average, batch))).numpy()
    found = (away[0] - away[1]).sum(axis=(1, 2))
    np.testing.assert_allclose(found, difference, atol=0.02 * np.abs(difference).max() + 1e-4)


def test_every_method_explains_in_the_same_shape_and_others_are_refused() -> None:
    net, batch = levels_net()
    one = {name: value[:1] for name, value in batch.items()}
    for method in METHODS:
        found = explain_map(net, one, method=method)
        assert found.shape == (1, 238, 96)
        assert np.isfinite(found).all()
        assert found.min() >= 0
    with pytest.raises(ValueError, match="one of"):
        explain_map(net, one, method="guess")


def test_a_row_left_out_is_the_fall_of_the_logit() -> None:
    net, batch = levels_net()
    one = {name: value[:1] for name, value in batch.items()}
    lost = (leave_rows_out(net, one) - leave_rows_out(net, one, sign=-1.0)).sum(axis=2)[0]
    with torch.no_grad():
        values = net.standardise(one)
        values[0, 17] = 0.0
        fall = net(one) - net.decide(net.encode(net.patches(one, map_input=values), one))
    assert lost[17] == pytest.approx(float(fall), abs=1e-5)


def test_impossible_settings_are_refused() -> None:
    with pytest.raises(ValueError, match="modalities"):
        ScoliosisNetSettings(modalities=("map", "sound"))
    with pytest.raises(ValueError, match="fusion"):
        ScoliosisNetSettings(fusion="sum")
