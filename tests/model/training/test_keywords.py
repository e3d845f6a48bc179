from __future__ import annotations

from pathlib import Path

import numpy as np
import skimage.data
import torch
from PIL import Image
from sklearn.datasets import load_sample_image

from model.image import network_input
from model.networks import Architecture
from model.training.keywords import class_names, keywords
from model.training.start import published

BLOCKS = 15


def activations(photos: list[Image.Image]) -> np.ndarray[tuple[int, ...], np.dtype[np.float16]]:
    with torch.inference_mode():
        lower = published(Architecture()).image.network.eval().lower(network_input(photos, 260), BLOCKS)
    return lower.numpy().astype(np.float16)


def test_every_class_has_a_name() -> None:
    names = class_names()

    assert len(names) == 1000
    assert all(names)
    assert names[281] == "tabby cat"


def test_photos_are_called_what_they_show_and_only_where_the_network_is_sure() -> None:
    cat = Image.open(Path(skimage.data.data_dir) / "chelsea.png").convert("RGB")
    coffee = Image.open(Path(skimage.data.data_dir) / "coffee.png").convert("RGB")
    temple = Image.fromarray(load_sample_image("china.jpg"))
    rows = activations([cat, coffee, temple])

    sure, all_of_them = keywords(rows, BLOCKS, 0.5), keywords(rows, BLOCKS, 0.0)

    assert {"espresso"} <= {caption.text for caption in all_of_them if caption.image == 1}
    assert {caption.image for caption in all_of_them} == {0, 1, 2}
    assert {caption.image for caption in sure} < {0, 1, 2}
    assert set(sure) <= set(all_of_them)
