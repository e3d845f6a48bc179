"""Fine-tune the model on photos and captions of your own.

    python -m model.training.train --data MY_FOLDER

    MY_FOLDER/images/                    the photos, at least 50 of them with a caption
    MY_FOLDER/captions/<language>.tsv    tab-separated, UTF-8; first line: image<TAB>caption

About one photo in five is held back; the end prints what is found among those before and after.

The state is saved in OUT from time to time; the same command goes on from there, to the same weights as
without the stop. The finished checkpoint lies in OUT, too.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import fields, replace
from pathlib import Path
from typing import Any, get_args

import pillow_heif
import torch

from model import checkpoint
from model.checkpoint import COMMITTED, Card, CheckpointError
from model.encoder import Encoder
from model.networks import Architecture, Pivot
from model.sentence_encoder import SentenceEncoder
from model.similarity import Scoring
from model.training.banks import BANK
from model.training.data import DataError, Photos
from model.training.evaluate import evaluate
from model.training.finetuning import gentle
from model.training.gains import comparison, verdict
from model.training.holdout import divide
from model.training.hyperparameters import Hyperparameters
from model.training.likeness import WIDTH
from model.training.run import begin, train
from model.training.sources import languages_in, strays
from model.training.start import BUCKETS, StartMissingError, published, with_ngrams

PUBLISHED = "published"


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="python -m model.training.train",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument(
        "--data", type=Path, required=True, nargs="+", help="folders with images/ and captions/<lang>.tsv"
    )
    parser.add_argument(
        "--out", type=Path, default=Path("trained"), help="for state and checkpoint (default: %(default)s)"
    )
    parser.add_argument(
        "--start",
        help="folder of a checkpoint to go on from (default: the one that ships), or\n"
        f"'{PUBLISHED}': from scratch, the networks as their authors trained them (needs the train extra)",
    )
    parser.add_argument(
        "--published-encoder",
        action="store_true",
        help="take the sentence encoder as its authors published it, and not the start's",
    )
    parser.add_argument(
        "--split",
        default="train",
        help="where a folder has splits.tsv: a split of it, or all (default: train)",
    )
    parser.add_argument(
        "--note", default="", help="where the data comes from and under which terms; kept in the card"
    )
    parser.add_argument("--languages", help="comma-separated (default: those that there are captions in)")
    defaults = Hyperparameters()
    for field in fields(Hyperparameters):
        default = getattr(defaults, field.name)
        if isinstance(default, (int, float)):
            parser.add_argument(
                f"--{field.name.replace('_', '-')}",
                type=type(default),
                help=f"default: {default} from scratch; from a checkpoint, what suits the number of photos",
            )
    parser.add_argument("--scoring", choices=get_args(Scoring), help="default: what the start was made for")
    parser.add_argument(
        "--sum", action="store_true", help="the sum of hinges over all negatives, without temperature"
    )
    return parser


def settings_of(options: argparse.Namespace, defaults: Hyperparameters) -> Hyperparameters:
    """The hyper-parameters that the command line asks for, `defaults` where it does not."""
    names = {field.name for field in fields(Hyperparameters)} - {"languages"}
    given = {name: getattr(options, name) for name in names if getattr(options, name) is not None}
    return replace(defaults, **({**given, "temperature": None} if options.sum else given))


def provenance(options: argparse.Namespace, sources: Sequence[Photos], start: Card | None) -> dict[str, Any]:
    """What the model card has to say about the data."""
    return {
        "start": "published networks" if start is None else start.version,
        "sentence encoder": "published" if start is None or options.published_encoder else "of the start",
        "split": options.split,
        "sources": [
            {
                "folder": folder.resolve().name,
                "photos": len(photos.paths),
                "captions": {language: len(captions) for language, captions in photos.captions.items()},
            }
            for folder, photos in zip(options.data, sources, strict=True)
        ],
        "note": options.note,
        "before": None if start is None else {"training": start.training, "data": start.data},
    }


def beginning(start: Path | None, published_encoder: bool, seed: int) -> Pivot:
    """The model that training starts from: a checkpoint, or the published networks with new heads."""
    if start is not None:
        model = with_ngrams(checkpoint.load(start)[0], seed)
        if published_encoder:
            model.text.encoder.load_state_dict(SentenceEncoder.from_package().state_dict())
        return model
    torch.manual_seed(seed)
    return published(Architecture(buckets=BUCKETS, bank=BANK, likeness=WIDTH))


def run(options: argparse.Namespace) -> None:
    """Train as asked and print what it gained.

    Raises:
        CheckpointError, DataError, StartMissingError: something that was named cannot be used.
    """
    pillow_heif.register_heif_opener()  # the format iPhones write
    languages = tuple(options.languages.split(",")) if options.languages else languages_in(options.data)
    sources, held = divide(options.data, options.split, languages)
    for sentence in (line for folder in options.data for line in strays(folder, languages)):
        print(sentence, file=sys.stderr)
    photos = sum(len(source.paths) for source in sources)
    print(f"{photos} photos to train on, {len(held.paths)} held back; languages: {', '.join(languages)}")
    start = None if options.start == PUBLISHED else Path(options.start or COMMITTED)
    card = None if start is None else checkpoint.read_card(start)
    defaults = Hyperparameters(languages=languages) if card is None else gentle(photos, languages, card)
    settings = settings_of(options, defaults)
    data = provenance(options, sources, card)
    begin(options.out, settings, data)
    before = None if start is None else measured(start, held)
    model = beginning(start, options.published_encoder, settings.seed)
    version = train(model, sources, options.out, settings, data).version
    after = measured(options.out, held)
    report = {"before": before, "after": after}
    (options.out / "report.json").write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    print(comparison(before, after))
    for line in [] if before is None else verdict(before, after):
        print(line)
    print(f"{version} is in {options.out}. To search with it: PIVOT_CHECKPOINT={options.out} make serve")
    print("The photos that it holds already get their new vectors in the background.")


def measured(folder: Path, held: Photos) -> dict[str, Any]:
    """The report of the checkpoint in `folder` on these photos, by the score that it ranks by."""
    encoder = Encoder.load(folder)
    return evaluate(encoder, held, encoder.scoring)


def main() -> int:
    try:
        run(parser().parse_args())
    except (CheckpointError, DataError, StartMissingError) as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
