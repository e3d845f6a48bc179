"""How a trained model is taught some photos more without forgetting what it knows."""

from __future__ import annotations

import math
from dataclasses import replace

import torch
from torch import Tensor

from model.checkpoint import Card
from model.networks import Pivot
from model.training.hyperparameters import Hyperparameters

# Chosen on photos of Flickr8k's dev split with captions in Turkish, of which training had seen none.
KEPT = 0.5  # of the start's weights: without, English and German lost up to 3 points while Turkish gained
# From so many photos on, this share of the rates from scratch. All of them cost 40 photos 8 points of recall.
SLOWER = {0: 0.1, 500: 0.2}
BATCH = 64  # photos
STEPS, FEWEST_EPOCHS, MOST_EPOCHS = 66, 4, 20


def gentle(photos: int, languages: tuple[str, ...], start: Card) -> Hyperparameters:
    """Hyper-parameters for going on from `start` with so many photos: about STEPS steps at low rates.

    By hand: 40 photos make a step an epoch, hence 20 epochs; 700 make 11, hence 6; 10,000 make 157, hence 4.
    """
    defaults = Hyperparameters()
    epochs = min(max(STEPS // math.ceil(photos / BATCH), FEWEST_EPOCHS), MOST_EPOCHS)
    slower = SLOWER[max(count for count in SLOWER if count <= photos)]
    return replace(
        defaults,
        languages=languages,
        epochs=epochs,
        batch=BATCH,
        captions=2,
        scoring=start.scoring,
        head_rate=slower * defaults.head_rate,
        image_rate=slower * defaults.image_rate,
        encoder_rate=slower * defaults.encoder_rate,
        ngram_rate=slower * defaults.ngram_rate,
        kept=KEPT,
        keywords=0.0,  # they need the train extra
        often=0,  # at these rates, new n-grams would remain noise
    )


def between(start: dict[str, Tensor], end: Pivot, kept: float) -> Pivot:
    """A model with the share `kept` of the start's weights and the rest of the end's.

    It keeps more of what the start knew than the end does, and most of what the end learned (WiSE-FT,
    Wortsman et al. 2022, section 3). By hand: where the weights are 1 and 3, half of each is 2.
    """
    model = Pivot(end.architecture)
    model.load_state_dict(
        {
            name: torch.lerp(tensor, start[name], kept) if tensor.is_floating_point() else tensor
            for name, tensor in end.state_dict().items()
        }
    )
    return model.eval()
