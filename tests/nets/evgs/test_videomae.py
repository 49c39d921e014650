"""The encoder against two independent references, and what it refuses to load."""

from __future__ import annotations

import math
import shlex
import sys
from pathlib import Path

import pytest
import torch
from safetensors.torch import save_file
from torch import Tensor

from gaitviewer.errors import SettingsError
from gaitviewer.nets.checkpoint_file import read_checkpoint
from gaitviewer.nets.evgs.videomae import (
    VideoMae,
    VideoShape,
    load_weights,
    position_table,
    published_names,
)

SMALL = VideoShape(width=48, depth=3, heads=3, size_px=32, patch_px=8, frames=4, classes=5)


def _model(shape: VideoShape = SMALL, seed: int = 0) -> VideoMae:
    torch.manual_seed(seed)
    model = VideoMae(shape)
    with torch.no_grad():
        for value in model.parameters():
            value.add_(0.1 * torch.randn_like(value))  # no bias may stay zero: it would hide a mistake
    return model.eval()


def _clip(shape: VideoShape = SMALL, batch: int = 2, seed: int = 1) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    return torch.randn(batch, 3, shape.frames, shape.size_px, shape.size_px, generator=generator)


def _reference(state: dict[str, Tensor], video: Tensor, shape: VideoShape) -> Tensor:
    """The published network once more, with loops and plain arithmetic in double precision."""
    w = {key: value.double() for key, value in state.items()}
    video = video.double()
    t, rows, columns = shape.grid
    p, d = shape.patch_px, shape.width
    tokens = []
    for a in range(t):
        for b in range(rows):
            for c in range(columns):
                cut = video[:, :, 2 * a : 2 * a + 2, b * p : (b + 1) * p, c * p : (c + 1) * p]
                made = torch.einsum("bctyx,octyx->bo", cut, w["patch_embed.proj.weight"])
                number = len(tokens)
                wave = torch.zeros(d, dtype=torch.float64)
                for j in range(d):
                    angle = number / 10000 ** (2 * (j // 2) / d)
                    wave[j] = math.sin(angle) if j % 2 == 0 else math.cos(angle)
                tokens.append(made + w["patch_embed.proj.bias"] + wave)
    x = torch.stack(tokens, dim=1)

    def norm(values: Tensor, name: str) -> Tensor:
        centred = values - values.mean(-1, keepdim=True)
        sd = (centred.pow(2).mean(-1, keepdim=True) + 1e-6).sqrt()
        return centred / sd * w[f"{name}.weight"] + w[f"{name}.bias"]

    for i in range(shape.depth):
        block = f"blocks.{i}"
        y = norm(x, f"{block}.norm1") @ w[f"{block}.attn.qkv.weight"].T
        q, k, v = y[..., :d], y[..., d : 2 * d], y[..., 2 * d :]
        q, v = q + w[f"{block}.attn.q_bias"], v + w[f"{block}.attn.v_bias"]
        width = d // shape.heads
        heads = []
        for h in range(shape.heads):
            part = slice(h * width, (h + 1) * width)
            weight = (q[..., part] @ k[..., part].transpose(1, 2) / math.sqrt(width)).softmax(-1)
            heads.append(weight @ v[..., part])
        x = x + torch.cat(heads, -1) @ w[f"{block}.attn.proj.weight"].T + w[f"{block}.attn.proj.bias"]
        y = norm(x, f"{block}.norm2") @ w[f"{block}.mlp.fc1.weight"].T + w[f"{block}.mlp.fc1.bias"]
        y = 0.5 * y * (1 + torch.erf(y / math.sqrt(2)))
        x = x + y @ w[f"{block}.mlp.fc2.weight"].T + w[f"{block}.mlp.fc2.bias"]
    return norm(x.mean(1), "fc_norm") @ w["head.weight"].T + w["head.bias"]


def test_an_independent_implementation_agrees() -> None:
    model, video = _model(), _clip()
    with torch.no_grad():
        given = model(video)
    assert torch.allclose(given.double(), _reference(model.state_dict(), video, SMALL), atol=1e-4)
    assert given.std() > 0.01


def test_the_published_network_of_another_library_agrees() -> None:
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification

    config = VideoMAEConfig(
        image_size=32,
        patch_size=8,
        num_frames=4,
        tubelet_size=2,
        hidden_size=48,
        num_hidden_layers=3,
        num_attention_heads=3,
        intermediate_size=192,
        layer_norm_eps=1e-6,
        use_mean_pooling=True,
        num_labels=5,
    )
    other = VideoMAEForVideoClassification(config).eval()
    other.fc_norm.eps = 1e-6
    model = _model()
    own = model.state_dict()
    names = {
        "videomae.embeddings.patch_embeddings.projection": "patch_embed.proj",
        "fc_norm": "fc_norm",
        "classifier": "head",
    }
    theirs = other.state_dict()
    for key in theirs:
        stem, kind = key.rsplit(".", 1)
        if stem in names:
            theirs[key] = own[f"{names[stem]}.{kind}"]
            continue
        if "layer." not in key:
            continue
        number, rest = key.split("layer.")[1].split(".", 1)
        block, part = f"blocks.{number}", rest.rsplit(".", 1)[0]
        third = {"query": 0, "key": 1, "value": 2}.get(part.rsplit(".", 1)[-1])
        if third is not None:
            stacked = own[f"{block}.attn.qkv.weight"].chunk(3)[third]
            bias = own.get(f"{block}.attn.{'qkv'[third]}_bias")
            theirs[key] = stacked if kind == "weight" else bias
        elif "layernorm" in part:
            theirs[key] = own[f"{block}.norm{1 if 'before' in part else 2}.{kind}"]
        elif "attention" in part:
            theirs[key] = own[f"{block}.attn.proj.{kind}"]
        else:
            theirs[key] = own[f"{block}.mlp.fc{1 if 'intermediate' in part or 'fc1' in part else 2}.{kind}"]
    assert all(value is not None for value in theirs.values())
    other.load_state_dict(theirs)
    video = _clip()
    with torch.no_grad():
        assert torch.allclose(other(video.transpose(1, 2)).logits, model(video), atol=1e-4)


def test_published_sizes_and_names() -> None:
    for shape, millions in ((VideoShape(), 21.9), (VideoShape(width=768, heads=12), 86.2)):
        with torch.device("meta"):
            model = VideoMae(shape)
        assert sum(v.numel() for v in model.parameters()) / 1e6 == pytest.approx(millions, abs=0.15)
        assert shape.grid == (8, 14, 14)
    names = set(_model().state_dict())
    block = {
        *(f"{norm}.{kind}" for norm in ("norm1", "norm2") for kind in ("weight", "bias")),
        "attn.q_bias",
        "attn.v_bias",
        "attn.qkv.weight",
        *(f"{layer}.{kind}" for layer in ("attn.proj", "mlp.fc1", "mlp.fc2") for kind in ("weight", "bias")),
    }
    outside = {
        f"{layer}.{kind}" for layer in ("patch_embed.proj", "fc_norm", "head") for kind in ("weight", "bias")
    }
    assert names == outside | {f"blocks.{i}.{name}" for i in range(3) for name in block}


def test_the_fused_attention_equals_the_explicit_one() -> None:
    attention = _model().blocks[1].attn
    tokens = torch.randn(2, 9, 48)
    keys = torch.ones(2, 9, dtype=torch.bool)
    keys[1, 6:] = False
    matrix = attention.matrix(tokens, keys)
    assert torch.allclose(matrix.sum(-1), torch.ones(2, 3, 9), atol=1e-6)
    assert float(matrix[1, :, :, 6:].detach().abs().max()) == 0.0
    value = attention.split(tokens)[2]
    explicit = attention.proj((matrix @ value).transpose(1, 2).flatten(2))
    assert torch.allclose(attention(tokens, keys), explicit, atol=1e-6)


def test_the_position_table_is_over_the_flat_number() -> None:
    table = position_table(1568, 384)
    assert table[0, 0::2].abs().max() == 0
    assert torch.equal(table[0, 1::2], torch.ones(192))
    assert float(table[7, 10]) == pytest.approx(math.sin(7 / 10000 ** (10 / 384)), abs=1e-6)
    assert float(table[1000, 11]) == pytest.approx(math.cos(1000 / 10000 ** (10 / 384)), abs=1e-6)


def _load(model: VideoMae, path: Path) -> set[str]:
    return set(load_weights(model, published_names(read_checkpoint(path), name=path.name), name=path.name))


def _same_tokens(one: VideoMae, other: VideoMae) -> bool:
    with torch.no_grad():
        return torch.allclose(one.encode(one.embed(_clip())), other.encode(other.embed(_clip())), atol=1e-5)


@pytest.mark.parametrize("prefix", ["", "_orig_mod.", "backbone.", "encoder.", "module.backbone.", "model."])
def test_a_fine_tuned_checkpoint_is_loaded(tmp_path: Path, prefix: str) -> None:
    source = _model(VideoShape(**{**_fields(SMALL), "classes": 710}))
    path = tmp_path / "vit.safetensors"
    save_file({prefix + key: value for key, value in source.state_dict().items()}, path)
    model = _model(seed=5)
    assert _load(model, path) == {"head.weight", "head.bias"}
    assert _same_tokens(model, source)
    assert torch.equal(model.fc_norm.weight, source.fc_norm.weight)


def test_the_same_head_is_taken_too(tmp_path: Path) -> None:
    source, model = _model(), _model(seed=3)
    save_file(source.state_dict(), tmp_path / "vit.safetensors")
    assert _load(model, tmp_path / "vit.safetensors") == set()
    with torch.no_grad():
        assert torch.equal(model(_clip()), source(_clip()))


def test_a_pre_trained_checkpoint_is_loaded_without_its_decoder(tmp_path: Path) -> None:
    source, model = _model(), _model(seed=3)
    fresh = model.fc_norm.weight.clone()
    state = {
        f"encoder.{key.replace('fc_norm', 'norm')}": value
        for key, value in source.state_dict().items()
        if not key.startswith("head.")
    }
    state |= {"mask_token": torch.zeros(1, 1, 24), "encoder_to_decoder.weight": torch.zeros(24, 48)}
    state |= {"decoder.blocks.0.norm1.weight": torch.zeros(24), "decoder.norm.weight": torch.zeros(24)}
    save_file(state, tmp_path / "pretrain.safetensors")
    anew = _load(model, tmp_path / "pretrain.safetensors")
    assert anew == {"fc_norm.weight", "fc_norm.bias", "head.weight", "head.bias"}
    assert _same_tokens(model, source)
    assert torch.equal(model.fc_norm.weight, fresh)


@pytest.mark.parametrize("biases", ["as written by version 5", "as written before"])
def test_hugging_face_names_are_loaded(tmp_path: Path, biases: str) -> None:
    from transformers import VideoMAEConfig, VideoMAEForVideoClassification

    torch.manual_seed(4)
    theirs = VideoMAEForVideoClassification(
        VideoMAEConfig(
            image_size=32, patch_size=8, num_frames=4, tubelet_size=2, hidden_size=48, num_hidden_layers=3,
            num_attention_heads=3, intermediate_size=192, num_labels=5, layer_norm_eps=1e-6,
        )
    ).eval()  # fmt: skip
    with torch.no_grad():
        for value in theirs.parameters():
            value.add_(0.1 * torch.randn_like(value))
    state = theirs.state_dict()
    if biases == "as written before":
        state = {k.replace("query.bias", "q_bias").replace("value.bias", "v_bias"): v for k, v in state.items()}
    save_file({key: value.contiguous() for key, value in state.items()}, tmp_path / "model.safetensors")
    model = _model(seed=6)
    assert _load(model, tmp_path / "model.safetensors") == set()
    with torch.no_grad():
        wanted = theirs(_clip().transpose(1, 2)).logits
        assert torch.allclose(model(_clip()), wanted, atol=1e-4)


# A pickle that calls print() when it is loaded, written out: nothing here makes or reads pickles.
_HOSTILE = b"cbuiltins\nprint\n(S'run by a weights file'\ntR."


def test_foreign_and_hostile_files_are_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "text.safetensors").write_text("not weights")
    (tmp_path / "hostile.pth").write_bytes(_HOSTILE)
    save_file({}, tmp_path / "nothing.safetensors")
    save_file({"patch_embed.proj.weight": torch.tensor([1.0, float("nan")])}, tmp_path / "broken.safetensors")
    for name, words in (
        ("text.safetensors", "damaged"),
        ("hostile.pth", "pickled PyTorch file"),
        ("nothing.safetensors", "holds no weights"),
        ("broken.safetensors", "no numbers, in patch_embed.proj.weight"),
        ("absent.safetensors", "There is no weights file"),
    ):
        with pytest.raises(SettingsError, match=words) as problem:
            read_checkpoint(tmp_path / name)
        assert name in str(problem.value)
    assert capsys.readouterr().out == ""


def test_the_way_to_convert_a_pickled_file_works(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source, model = _model(), _model(seed=3)
    torch.save({"module": source.state_dict(), "epoch": 3}, tmp_path / "my vit.pth")
    with pytest.raises(SettingsError) as problem:
        read_checkpoint(tmp_path / "my vit.pth")
    python, option, code, *files = shlex.split(str(problem.value).partition("you trust it: ")[2])
    assert (python, option, files) == ("python", "-c", ["my vit.pth", "my vit.safetensors"])
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(sys, "argv", ["-c", *files])
    exec(code, {})  # the sentence's own command
    assert _load(model, tmp_path / "my vit.safetensors") == set()


def test_weights_of_another_size_are_refused_with_what_differs() -> None:
    state = _model().state_dict()
    for shape in ({"width": 96}, {"depth": 2}, {"depth": 4}):
        other = VideoMae(VideoShape(**{**_fields(SMALL), **shape}))
        with pytest.raises(SettingsError, match=r"vit\.safetensors is 48 wide and 3 blocks deep"):
            load_weights(other, state, name="vit.safetensors")
    coarse = VideoMae(VideoShape(**{**_fields(SMALL), "patch_px": 16}))
    with pytest.raises(
        SettingsError, match=r"proj\.weight is 48 x 3 x 2 x 8 x 8 where 48 x 3 x 2 x 16 x 16 is"
    ):
        load_weights(coarse, state)
    del state["blocks.1.attn.v_bias"]
    with pytest.raises(SettingsError, match=r"it lacks blocks\.1\.attn\.v_bias 48;"):
        load_weights(_model(), state)


def test_a_network_of_another_kind_is_named() -> None:
    for key, words in (
        ("st_gcn_networks.0.gcn.conv.weight", "no VideoMAE v2 network but an ST-GCN: st_gcn"),
        ("conv.weight", "but one that is not known here: conv.weight 3"),
    ):
        with pytest.raises(SettingsError, match=words):
            published_names({key: torch.zeros(3)}, name="other.safetensors")


def _fields(shape: VideoShape) -> dict[str, object]:
    return {name: getattr(shape, name) for name in VideoShape.__dataclass_fields__}
