"""Train the two towers on photos with captions.

    python -m model.training.train --data DIR --out DIR

After every epoch the state is saved in OUT; the same command goes on from there, to the same weights as
without the stop. The finished checkpoint lies in OUT, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from dataclasses import asdict, fields
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model import checkpoint
from model.checkpoint import Card
from model.networks import Architecture
from model.similarity import Scoring
from model.training.activations import lower_activations
from model.training.batches import Batches
from model.training.data import DataError, Photos, read_photos
from model.training.hyperparameters import Hyperparameters
from model.training.start import StartMissingError, published
from model.training.trainer import Trainer


def train(
    photos: Photos, out: Path, architecture: Architecture, settings: Hyperparameters, data: dict[str, Any]
) -> Card:
    """Train, or go on with the training that `out` holds; the card of the checkpoint written to `out`."""
    torch.manual_seed(settings.seed)
    model = published(architecture)
    activations = lower_activations(model, photos.paths, settings.frozen_blocks, out / "activations")
    batches = Batches(photos, settings)
    trainer = Trainer(model, settings, settings.epochs * len(batches))
    state = out / "state.pt"
    done = trainer.resume(state) if state.is_file() else 0
    for epoch in range(done, settings.epochs):
        torch.manual_seed(settings.seed + epoch)  # dropout and crops, so that a resumed run draws the same
        loss = _epoch(trainer, batches, activations, epoch)
        trainer.save(state, epoch + 1)
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {loss:.4f}", flush=True)
    return checkpoint.save(trainer.averaged(), out, settings.scoring, asdict(settings), data)


def _epoch(trainer: Trainer, batches: Batches, activations: NDArray[np.float16], number: int) -> float:
    """One pass over the photos; the mean loss."""
    losses = []
    with tqdm(batches.epoch(number), total=len(batches), desc=f"epoch {number + 1}", disable=None) as bar:
        for batch in bar:
            rows = torch.from_numpy(activations[batch.photos]).float()
            losses.append(trainer.step(rows, batch))
            bar.set_postfix(loss=f"{losses[-1]:.4f}")
    return sum(losses) / len(losses)


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


def provenance(photos: Photos, folder: Path, split: str, note: str) -> dict[str, Any]:
    """What the model card has to say about the data."""
    captions = {language: len(captions) for language, captions in photos.captions.items()}
    return {
        "folder": folder.name,
        "split": split,
        "photos": len(photos.paths),
        "captions": captions,
        "note": note,
    }


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.training.train",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with images/ and captions/<lang>.tsv"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the state and the checkpoint")
    parser.add_argument("--split", default="train", help="a split of splits.tsv, or all (default: train)")
    parser.add_argument(
        "--note", default="", help="where the data comes from and under which terms; kept in the card"
    )
    defaults = Hyperparameters()
    parser.add_argument("--languages", default=",".join(defaults.languages), help="default: %(default)s")
    for field in fields(Hyperparameters):
        default = getattr(defaults, field.name)
        if isinstance(default, (int, float)):
            kind = type(default)
            parser.add_argument(
                f"--{field.name.replace('_', '-')}", type=kind, default=default, help="default: %(default)s"
            )
    parser.add_argument(
        "--scoring", choices=get_args(Scoring), default=defaults.scoring, help="default: %(default)s"
    )
    parser.add_argument(
        "--sum", action="store_true", help="the sum of hinges over all negatives, without temperature"
    )
    return parser


def settings_of(options: argparse.Namespace) -> Hyperparameters:
    """The hyper-parameters that the command line asks for."""
    given = {field.name: getattr(options, field.name) for field in fields(Hyperparameters)}
    given["languages"] = tuple(options.languages.split(","))
    return Hyperparameters(**given) if not options.sum else Hyperparameters(**{**given, "temperature": None})


def main() -> int:
    options = parser().parse_args()
    settings = settings_of(options)
    try:
        photos = read_photos(options.data, options.split, settings.languages)
        data = provenance(photos, options.data, options.split, options.note)
        begin(options.out, settings, data)
        card = train(photos, options.out, Architecture(), settings, data)
    except (DataError, StartMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{card.version} is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
