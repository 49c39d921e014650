"""Tiny ViTPose checkpoints with random weights, in the layout in which the real ones are published."""

from __future__ import annotations

import json
from pathlib import Path

import torch
from safetensors.torch import save_file

from gaitviewer.pose.models import Network, Transformer
from gaitviewer.pose.vitpose import VitPose


def write_checkpoint(folder: Path, *, points: int, experts: int = 1) -> Path:
    """Two narrow blocks for pictures of 48 x 64 pixels."""
    torch.manual_seed(7)
    part = 4 if experts > 1 else 0
    sizes = Transformer(16, 2, 2, 2, 16, 1e-6, True, experts, part, 0, True, 4)
    network = Network(("",) * points, 48, 64, (0, 0, 0), (1, 1, 1), "torch", transformer=sizes)
    folder.mkdir(parents=True)
    save_file(VitPose(network).state_dict(), folder / "model.safetensors")
    backbone = {
        "model_type": "vitpose_backbone", "image_size": [64, 48], "patch_size": [16, 16], "hidden_size": 16,
        "num_hidden_layers": 2, "num_attention_heads": 2, "mlp_ratio": 2, "num_experts": experts,
        "part_features": part, "layer_norm_eps": 1e-6,
    }  # fmt: skip
    config = {"model_type": "vitpose", "backbone_config": backbone, "use_simple_decoder": True}
    (folder / "config.json").write_text(json.dumps(config))
    return folder
