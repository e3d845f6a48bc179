"""Train the two towers on photos with captions.

    python -m model.training.train --data DIR --out DIR

After every epoch the state is saved in OUT; the same command goes on from there, to the same weights as
without the stop. The finished checkpoint lies in OUT, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, fields, replace
from pathlib import Path
from typing import Any, get_args

import numpy as np
import torch
from numpy.typing import NDArray
from tqdm import tqdm

from model import checkpoint
from model.checkpoint import Card, CheckpointError
from model.networks import Architecture, Pivot
from model.similarity import Scoring
from model.training.activations import lower_activations
from model.training.batches import Batches
from model.training.data import DataError, Photos, has_captions, read_photos
from model.training.hyperparameters import Hyperparameters
from model.training.keywords import keywords
from model.training.start import StartMissingError, published
from model.training.trainer import Trainer


def train(
    model: Pivot, sources: Sequence[Photos], out: Path, settings: Hyperparameters, data: dict[str, Any]
) -> Card:
    """Train, or go on with the training that `out` holds; the card of the checkpoint written to `out`."""
    activations = [
        lower_activations(model, photos.paths, settings.frozen_blocks, out / "activations")
        for photos in sources
    ]
    if settings.keywords:
        sources = [
            _with_keywords(photos, rows, settings) for photos, rows in zip(sources, activations, strict=True)
        ]
    batches = Batches(sources, settings)
    trainer = Trainer(model, settings, settings.epochs * len(batches))
    state = out / "state.pt"
    done = trainer.resume(state) if state.is_file() else 0
    for epoch in range(done, settings.epochs):
        torch.manual_seed(settings.seed + epoch)  # dropout and crops, so that a resumed run draws the same
        loss = _epoch(trainer, batches, activations, epoch)
        trainer.save(state, epoch + 1)
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {loss:.4f}", flush=True)
    return checkpoint.save(trainer.averaged(), out, settings.scoring, asdict(settings), data)


def _with_keywords(photos: Photos, activations: NDArray[np.float16], settings: Hyperparameters) -> Photos:
    """The photos with what the ImageNet classifier calls them, as captions in a language of their own."""
    named = keywords(activations, settings.frozen_blocks, settings.keywords)
    return replace(photos, captions={**photos.captions, "keywords": named})


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


def read_sources(folders: Sequence[Path], split: str, languages: Sequence[str]) -> list[Photos]:
    """The photos of every folder, with the captions that it has in these languages.

    Raises:
        DataError: a folder has captions in none of them, or one of them has captions nowhere.
    """
    present = [[language for language in languages if has_captions(folder, language)] for folder in folders]
    nowhere = set(languages).difference(*present)
    if nowhere:
        raise DataError(
            f"no folder has captions in: {', '.join(sorted(nowhere))}. Leave it out of --languages."
        )
    for folder, known in zip(folders, present, strict=True):
        if not known:
            raise DataError(
                f"{folder} has captions in none of: {', '.join(languages)}. Leave it out of --data."
            )
    return [read_photos(folder, split, known) for folder, known in zip(folders, present, strict=True)]


def provenance(
    folders: Sequence[Path], sources: Sequence[Photos], options: argparse.Namespace, start: Card | None
) -> dict[str, Any]:
    """What the model card has to say about the data."""
    return {
        "start": "published networks" if start is None else start.version,
        "split": options.split,
        "sources": [
            {
                "folder": folder.name,
                "photos": len(photos.paths),
                "captions": {language: len(captions) for language, captions in photos.captions.items()},
            }
            for folder, photos in zip(folders, sources, strict=True)
        ],
        "note": options.note,
        "before": None if start is None else {"training": start.training, "data": start.data},
    }


def beginning(folder: Path | None, settings: Hyperparameters) -> tuple[Pivot, Card | None]:
    """The model that training starts from: a checkpoint, or the published networks with new heads."""
    if folder is not None:
        return checkpoint.load(folder)
    torch.manual_seed(settings.seed)
    return published(Architecture()), None


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.training.train",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, required=True, nargs="+", help="folders with images/ and captions/<lang>.tsv"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the state and the checkpoint")
    parser.add_argument(
        "--start", type=Path, help="checkpoint to go on from (default: the published networks)"
    )
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
        sources = read_sources(options.data, options.split, settings.languages)
        model, start = beginning(options.start, settings)
        data = provenance(options.data, sources, options, start)
        begin(options.out, settings, data)
        card = train(model, sources, options.out, settings, data)
    except (CheckpointError, DataError, StartMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"{card.version} is in {options.out}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
