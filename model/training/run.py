"""One training run in a folder: claimed for its data and settings, stopped and taken up at will."""

from __future__ import annotations

import json
import time
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model import checkpoint
from model.checkpoint import Card
from model.networks import Pivot
from model.training.activations import lower_activations
from model.training.banks import SAMPLE, make_banks
from model.training.batches import KEYWORDS, Batches
from model.training.data import DataError, Photos
from model.training.finetuning import between
from model.training.frozen import pooled
from model.training.hyperparameters import Hyperparameters
from model.training.keywords import keywords
from model.training.likeness import learn_likeness
from model.training.trainer import Trainer

# Photos and captions that banks and likeness can be learned from. With fewer, those of the start do better.
ENOUGH = 4096
SAVE_AFTER = 60.0  # seconds: the state is several times the weights, and an epoch of 50 photos takes a second


def begin(out: Path, settings: Hyperparameters, data: dict[str, Any]) -> None:
    """Claim `out` for this run, or see that it holds this run already.

    Raises:
        DataError: it holds another run.
    """
    run = json.loads(json.dumps({"hyperparameters": asdict(settings), "data": data}))
    file = out / "run.json"
    if file.is_file() and json.loads(file.read_text(encoding="utf-8")) != run:
        raise DataError(f"{out} holds a run with other data or settings. Name another --out, or remove it.")
    out.mkdir(parents=True, exist_ok=True)
    file.write_text(json.dumps(run, indent=2) + "\n", encoding="utf-8")


def train(
    model: Pivot,
    sources: Sequence[Photos],
    out: Path,
    settings: Hyperparameters,
    data: dict[str, Any],
) -> Card:
    """Train, or go on with the training that `out` holds; the card of the checkpoint written to `out`."""
    start = {name: tensor.clone() for name, tensor in model.state_dict().items()}
    activations = [
        lower_activations(model, photos.paths, settings.frozen_blocks, out / "activations")
        for photos in sources
    ]
    if settings.keywords:
        sources = [
            _with_keywords(photos, rows, settings) for photos, rows in zip(sources, activations, strict=True)
        ]
    batches = Batches(sources, settings)
    if model.text.ngrams is not None and settings.often:
        model.text.ngrams.learn(batches.ngrams(), settings.often)
    steps = settings.epochs * len(batches)
    rows = activations if settings.image_rate else _pooled(model, activations, settings)
    trainer = Trainer(model, settings, steps)
    _epochs(trainer, batches, rows, out / "state.pt")
    trained = between(start, trainer.averaged(), settings.kept)
    texts = batches.sample(SAMPLE)
    if min(sum(map(len, activations)), len(texts)) >= ENOUGH:
        if trained.architecture.bank:
            features = _pooled(trained, activations, settings) if settings.image_rate else rows
            make_banks(trained, features, texts)
        if trained.architecture.likeness:
            learn_likeness(trained, texts)
    return checkpoint.save(trained, out, settings.scoring, asdict(settings), data)


def _pooled(
    model: Pivot, activations: Sequence[NDArray[np.float16]], settings: Hyperparameters
) -> list[NDArray[np.float16]]:
    return [pooled(model, rows, settings.frozen_blocks) for rows in activations]


def _epochs(
    trainer: Trainer, batches: Batches, activations: Sequence[NDArray[np.float16]], state: Path
) -> None:
    """All epochs that are not done yet, saving the state now and then and at the end."""
    epochs, saved = trainer.settings.epochs, time.monotonic()
    for epoch in range(trainer.resume(state) if state.is_file() else 0, epochs):
        # Dropout and crops draw from it, and a resumed run has to draw the same.
        torch.manual_seed(trainer.settings.seed + epoch)
        loss = _epoch(trainer, batches, activations, epoch)
        if epoch + 1 == epochs or time.monotonic() - saved >= SAVE_AFTER:
            trainer.save(state, epoch + 1)
            saved = time.monotonic()
        print(f"epoch {epoch + 1} of {epochs}: loss {loss:.4f}", flush=True)


def _with_keywords(photos: Photos, activations: NDArray[np.float16], settings: Hyperparameters) -> Photos:
    """The photos with what the ImageNet classifier calls them, as captions in a language of their own."""
    named = keywords(activations, settings.frozen_blocks, settings.keywords)
    return replace(photos, captions={**photos.captions, KEYWORDS: named})


def _epoch(
    trainer: Trainer, batches: Batches, activations: Sequence[NDArray[np.float16]], number: int
) -> float:
    """One pass over the photos; the mean loss."""
    losses = []
    with tqdm(batches.epoch(number), total=len(batches), desc=f"epoch {number + 1}", disable=None) as bar:
        for batch in bar:
            rows = torch.from_numpy(activations[batch.source][batch.photos]).float()
            losses.append(trainer.step(rows, batch))
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
    return sum(losses) / len(losses)
