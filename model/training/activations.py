"""What the frozen lower blocks of the image network make of every photo, computed once.

Fine-tuning the upper blocks then costs a fraction of the network. Half floats on disk: 69 KB a photo.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from tqdm import tqdm

from model.image import network_input
from model.networks import Pivot
from model.training.data import open_photo

AT_ONCE = 4
SMALLEST_CROP = 0.75  # of each side


@torch.inference_mode()
def lower_activations(model: Pivot, paths: Sequence[Path], blocks: int, folder: Path) -> NDArray[np.float16]:
    """`(n, channels, h, w) float16`, a row a photo, mapped from `folder`; goes on where it was stopped."""
    folder.mkdir(parents=True, exist_ok=True)
    name = _name(model, paths, blocks)
    file, progress = folder / f"{name}.npy", folder / f"{name}.json"
    done = json.loads(progress.read_text()) if progress.is_file() and file.is_file() else 0
    if done == len(paths):
        return _mapped(file)
    size = model.architecture.image_size
    shape = tuple(model.image.network.lower(torch.zeros(1, 3, size, size), blocks).shape[1:])
    mode = "r+" if done else "w+"
    rows = np.lib.format.open_memmap(file, mode=mode, dtype=np.float16, shape=(len(paths), *shape))
    with tqdm(total=len(paths), initial=done, desc="lower blocks", unit="photo", disable=None) as bar:
        for start in range(done, len(paths), AT_ONCE):
            pixels = network_input([open_photo(path) for path in paths[start : start + AT_ONCE]], size)
            rows[start : start + len(pixels)] = model.image.network.lower(pixels, blocks).numpy()
            bar.update(len(pixels))
            if start % 256 == 0:
                rows.flush()
                progress.write_text(json.dumps(start))
    rows.flush()
    progress.write_text(json.dumps(len(paths)))
    return _mapped(file)


def _mapped(file: Path) -> NDArray[np.float16]:
    rows: NDArray[np.float16] = np.load(file, mmap_mode="r")
    return rows


def augmented(activations: Tensor) -> Tensor:
    """`(n, channels, h, w)` -> `(n, channels, h', w')`: one random crop of the batch, half of it mirrored.

    Cropping and mirroring activations stands in for doing it to the photos, which would need every lower
    block again. The network is convolutional, so the two nearly agree.
    """
    rows, columns = (_window(side) for side in activations.shape[2:])
    crop = activations[:, :, rows, columns]
    mirrored = torch.rand(len(crop), 1, 1, 1) < 0.5
    return torch.where(mirrored, crop.flip(3), crop)


def _window(side: int) -> slice:
    size = int(torch.randint(int(SMALLEST_CROP * side), side + 1, ()))
    start = int(torch.randint(0, side - size + 1, ()))
    return slice(start, start + size)


def _name(model: Pivot, paths: Sequence[Path], blocks: int) -> str:
    """Changes with the photos, the size, and the weights that the activations depend on."""
    digest = hashlib.sha256(f"{model.architecture.image_size} {blocks}".encode())
    for path in paths:
        digest.update(f"{path.name} {path.stat().st_size}\n".encode())
    for tensor in model.image.network.stem.state_dict().values():
        digest.update(tensor.numpy().tobytes())
    return digest.hexdigest()[:16]
