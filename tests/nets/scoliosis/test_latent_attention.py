"""Latent attention pooling against an independent plain computation."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch

from gaitviewer.nets.scoliosis.latent_attention import LatentAttention


def _norm(x: np.ndarray, weight: np.ndarray, bias: np.ndarray) -> np.ndarray:
    mean = x.mean(axis=-1, keepdims=True)
    return (x - mean) / np.sqrt(x.var(axis=-1, keepdims=True) + 1e-5) * weight + bias


def _gelu(x: np.ndarray) -> np.ndarray:
    return 0.5 * x * (1 + np.vectorize(math.erf)(x / math.sqrt(2)))


def _plain(pool: LatentAttention, tokens: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """Written out with loops over cases and heads, in double precision."""
    p = {name: value.detach().double().numpy() for name, value in pool.state_dict().items()}
    latents = _norm(p["latents"], p["norm_latents.weight"], p["norm_latents.bias"])
    width = tokens.shape[-1]
    head = width // pool.heads
    keys, values = (latents @ p["to_kv.weight"].T)[:, :width], (latents @ p["to_kv.weight"].T)[:, width:]
    out = []
    for case, counts in zip(tokens, mask, strict=True):
        query = _norm(case, p["norm.weight"], p["norm.bias"]) @ p["to_q.weight"].T
        taken = np.zeros_like(case)
        for h in range(pool.heads):
            part = slice(h * head, (h + 1) * head)
            scores = query[:, part] @ keys[:, part].T / math.sqrt(head)
            weights = np.exp(scores - scores.max(axis=1, keepdims=True))
            taken[:, part] = weights / weights.sum(axis=1, keepdims=True) @ values[:, part]
        hidden = taken @ p["to_out.weight"].T + case
        inner = _norm(hidden, p["norm_ff.weight"], p["norm_ff.bias"]) @ p["ff.0.weight"].T + p["ff.0.bias"]
        hidden = (
            inner[:, : 4 * width] * _gelu(inner[:, 4 * width :]) @ p["ff.2.weight"].T + p["ff.2.bias"] + hidden
        )
        mean = hidden[counts].mean(axis=0)
        out.append(mean / np.linalg.norm(mean))
    return np.stack(out)


@pytest.fixture
def pool() -> LatentAttention:
    torch.manual_seed(4)
    made = LatentAttention(24, latents=5, heads=3)
    for value in made.parameters():  # norms and biases too
        torch.nn.init.normal_(value, std=0.4)
    return made.eval()


def test_it_is_the_published_computation(pool: LatentAttention) -> None:
    tokens = torch.randn(3, 7, 24)
    mask = torch.rand(3, 7) > 0.4
    mask[:, 0] = True
    with torch.no_grad():
        found = pool(tokens, mask).numpy()
    np.testing.assert_allclose(found, _plain(pool, tokens.double().numpy(), mask.numpy()), atol=2e-5)
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1.0, atol=1e-6)


def test_its_projections_have_no_bias_and_the_inner_layer_is_gated(pool: LatentAttention) -> None:
    assert pool.to_q.bias is None
    assert pool.to_kv.bias is None
    assert pool.to_out.bias is None
    assert pool.ff[0].out_features == 8 * 24
    assert pool.ff[2].in_features == 4 * 24


def test_tokens_that_do_not_count_change_nothing_and_order_does_not_matter(pool: LatentAttention) -> None:
    tokens, mask = torch.randn(2, 6, 24), torch.ones(2, 6, dtype=torch.bool)
    mask[:, 4:] = False
    other = tokens.clone()
    other[:, 4:] = 99.0
    order = torch.tensor([3, 0, 5, 1, 4, 2])
    with torch.no_grad():
        first = pool(tokens, mask)
        torch.testing.assert_close(first, pool(other, mask))
        torch.testing.assert_close(first, pool(tokens[:, :4]))
        torch.testing.assert_close(first, pool(tokens[:, order], mask[:, order]))


def test_heads_must_divide_the_width() -> None:
    with pytest.raises(ValueError, match="divide"):
        LatentAttention(10, heads=3)
