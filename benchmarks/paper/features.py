"""What the frozen image network makes of every photo, computed once."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from model.efficientnet import EfficientNetLite
from model.image import network_input
from model.networks import Architecture
from model.training.data import open_photo
from model.training.start import imagenet_weights

AT_ONCE = 16


@torch.inference_mode()
def features(paths: Sequence[Path], folder: Path) -> Tensor:
    """The pooled features of the published EfficientNet-Lite2, `(n, 1280) float32`, kept in `folder`."""
    file = folder / f"features-{fingerprint(paths)}.npy"
    if file.is_file():
        return torch.from_numpy(np.load(file))
    network, size = _network()
    rows = [
        network(network_input([open_photo(path) for path in paths[start : start + AT_ONCE]], size))
        for start in tqdm(range(0, len(paths), AT_ONCE), desc="features", unit="batch", disable=None)
    ]
    aside = folder / f"{file.stem}.new.npy"
    np.save(aside, torch.cat(rows).numpy())
    aside.replace(file)
    return torch.from_numpy(np.load(file))


def fingerprint(paths: Sequence[Path]) -> str:
    """Changes with the photos."""
    listing = "".join(f"{path.name} {path.stat().st_size}\n" for path in paths)
    return hashlib.sha256(listing.encode()).hexdigest()[:12]


def _network() -> tuple[EfficientNetLite, int]:
    """As trained on ImageNet, and the side of the squares that it takes."""
    architecture = Architecture()
    network = EfficientNetLite(architecture.width, architecture.depth).eval()
    network.load_state_dict(imagenet_weights())
    return network.to(memory_format=torch.channels_last), architecture.image_size  # type: ignore[call-overload]
