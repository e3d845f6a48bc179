"""What a training run depends on besides its data; saved inside the checkpoint."""

from __future__ import annotations

from dataclasses import dataclass

from model.similarity import Scoring


@dataclass(frozen=True)
class Hyperparameters:
    """The defaults are for training from scratch; model/weights/pivot.json says what the weights here had."""

    languages: tuple[str, ...] = ("en", "de")
    epochs: int = 12
    batch: int = 192  # photos a step
    captions: int = 1  # a photo, a language and a step
    others: int = 0  # of the languages after the first two, how many take part in a step; 0: all
    further: float = 1.0  # the share of each data folder after the first that an epoch takes
    scoring: Scoring = "symmetric"
    margin: float = 0.0
    temperature: float | None = 0.03  # None: the sum of hinges, as in the paper
    head_rate: float = 2e-3
    image_rate: float = 4e-4  # of the image network; 0: it stays as it is
    encoder_rate: float = 4e-4  # of the sentence encoder; 0: it stays as it is
    ngram_rate: float = 8e-3  # a row of the table learns only when its n-gram comes up
    often: int = 2  # captions that a new n-gram must be in to be learned; 0: none is
    relational: float = 0.0  # the weight of the loss that keeps captions as alike as their sentence vectors
    weight_decay: float = 0.01
    dropout: float = 0.1
    image_dropout: float = 0.1
    ngram_dropout: float = 0.1  # the share of a caption's n-grams that are left out
    wordless: float = 0.3  # the share of captions whose n-grams are left out
    gistless: float = 0.1  # the share of the rest whose sentence vector is left out
    keywords: float = 0.4  # how sure the ImageNet classifier must be to name a photo; 0: it names none
    frozen_blocks: int = 15  # of the image network's 21
    averaging: float = 0.99  # the share of the past in the averaged weights, which are what is kept
    kept: float = 0.0  # the share of the start's weights in those of the checkpoint
    seed: int = 0
