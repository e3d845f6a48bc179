"""Train a pivot head for a public model, which itself stays as it is.

    python -m model.training.hub_head --model NAME --data DIR --out DIR

NAME is the model's name on the hub, or its folder. Photos and captions are embedded once; what is trained
then are two small layers, with the loss of image pivoting. PIVOT_CHECKPOINT=OUT makes the service use both.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import get_args

import numpy as np
import torch
from torch import Tensor
from torch.optim import AdamW
from tqdm import tqdm

from model import hub_head
from model.checkpoint import CheckpointError
from model.hub import HubEncoder
from model.hub_head import HeadCard, HubHead
from model.similarity import Scoring
from model.training.data import Caption, DataError, Photos, open_photo, read_photos
from model.training.loss import Described, pivot_loss

PHOTOS_AT_ONCE = 16
CAPTIONS_AT_ONCE = 256


@dataclass(frozen=True)
class HeadSettings:
    """The loss's are those of `model.training.train`."""

    languages: tuple[str, ...] = ("en", "de")
    dim: int = 512
    epochs: int = 20
    batch: int = 192  # photos a step
    rate: float = 1e-3
    weight_decay: float = 0.01
    scoring: Scoring = "symmetric"
    margin: float = 0.0
    temperature: float | None = 0.03
    seed: int = 0


@dataclass(frozen=True)
class Embedded:
    """The photos of a folder, and their captions of each language, as the public model sees them."""

    images: Tensor  # (n, width), unit rows
    texts: list[Described]  # a row a caption, in the order of their images


def embedded(encoder: HubEncoder, photos: Photos) -> Embedded:
    """The photos and captions by an encoder without a head."""
    paths = photos.paths
    rows = [
        encoder.embed_images([open_photo(path) for path in paths[start : start + PHOTOS_AT_ONCE]])
        for start in tqdm(range(0, len(paths), PHOTOS_AT_ONCE), desc="photos", disable=None)
    ]
    texts = [_described(encoder, captions) for captions in photos.captions.values()]
    return Embedded(torch.from_numpy(np.concatenate(rows)), texts)


def _described(encoder: HubEncoder, captions: Sequence[Caption]) -> Described:
    captions = sorted(captions, key=lambda caption: caption.image)
    numbers: dict[str, int] = {}
    wordings = [numbers.setdefault(caption.text, len(numbers)) for caption in captions]
    rows = [
        encoder.embed_texts([caption.text for caption in captions[start : start + CAPTIONS_AT_ONCE]])
        for start in tqdm(range(0, len(captions), CAPTIONS_AT_ONCE), desc="captions", disable=None)
    ]
    owners = torch.tensor([caption.image for caption in captions])
    return Described(torch.from_numpy(np.concatenate(rows)), owners, torch.tensor(wordings))


def train(sources: Sequence[Embedded], settings: HeadSettings) -> HubHead:
    """A head for the model that the sources were embedded with; the seed decides it."""
    torch.manual_seed(settings.seed)
    head = HubHead(sources[0].images.shape[1], settings.dim)
    optimizer = AdamW(head.parameters(), lr=settings.rate, weight_decay=settings.weight_decay)
    for epoch in range(settings.epochs):
        losses = []
        for images, texts in _batches(sources, settings.batch):
            loss = pivot_loss(
                head.images(images),
                [Described(head.texts(text.rows), text.owners, text.wordings) for text in texts],
                scoring=settings.scoring,
                margin=settings.margin,
                temperature=settings.temperature,
            )
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            optimizer.step()
            losses.append(loss.item())
        print(f"epoch {epoch + 1} of {settings.epochs}: loss {sum(losses) / len(losses):.4f}", flush=True)
    return head.eval()


def _batches(sources: Sequence[Embedded], size: int) -> Iterator[tuple[Tensor, list[Described]]]:
    """Every photo once, those of one source together, with one caption of each language that it has."""
    for source in sources:
        for photos in torch.split(torch.randperm(len(source.images)), size):
            texts = [_of_photos(text, photos) for text in source.texts]
            texts = [text for text in texts if len(text.owners)]
            if texts:
                yield source.images[photos], texts


def _of_photos(text: Described, photos: Tensor) -> Described:
    """One caption of each photo that has any, drawn by chance; `photos` `(n,) int64`."""
    first = torch.searchsorted(text.owners, photos)
    count = torch.searchsorted(text.owners, photos, right=True) - first
    rows = torch.arange(len(photos))[count > 0]
    drawn = (first + (torch.rand(len(photos)) * count).long())[count > 0]
    return Described(text.rows[drawn], rows, text.wordings[drawn])


def parser() -> argparse.ArgumentParser:
    defaults = HeadSettings()
    parser = argparse.ArgumentParser(
        prog="python -m model.training.hub_head",
        description=__doc__,
        formatter_class=argparse.RawTextHelpFormatter,
    )
    parser.add_argument("--model", required=True, help="the public model's name on the hub, or its folder")
    parser.add_argument(
        "--data", type=Path, required=True, nargs="+", help="folders with images/ and captions/<lang>.tsv"
    )
    parser.add_argument("--out", type=Path, required=True, help="folder for the head")
    parser.add_argument("--split", default="train", help="a split of splits.tsv, or all (default: train)")
    parser.add_argument("--languages", default=",".join(defaults.languages), help="default: %(default)s")
    parser.add_argument("--epochs", type=int, default=defaults.epochs, help="default: %(default)s")
    parser.add_argument("--dim", type=int, default=defaults.dim, help="default: %(default)s")
    parser.add_argument(
        "--scoring", choices=get_args(Scoring), default=defaults.scoring, help="default: %(default)s"
    )
    parser.add_argument(
        "--trust-remote-code",
        action="store_true",
        help="let the model bring Python code of its own, which may do whatever you may",
    )
    return parser


def run(options: argparse.Namespace) -> HeadCard:
    """Train and save as asked. Raises CheckpointError, DataError."""
    settings = HeadSettings(
        languages=tuple(options.languages.split(",")),
        dim=options.dim,
        epochs=options.epochs,
        scoring=options.scoring,
    )
    photos = [read_photos(folder, options.split, settings.languages) for folder in options.data]
    encoder = HubEncoder.load(options.model, trust_code=options.trust_remote_code)
    head = train([embedded(encoder, one) for one in photos], settings)
    data = {"split": options.split, "folders": [folder.name for folder in options.data]}
    card = HeadCard(
        version="",  # `save` gives it
        model=options.model,
        model_version=encoder.version,
        width=encoder.width,
        dim=settings.dim,
        scoring=settings.scoring,
        training=asdict(settings),
        data=data,
    )
    return hub_head.save(head, options.out, card)


def main() -> int:
    options = parser().parse_args()
    try:
        card = run(options)
    except (CheckpointError, DataError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"the head {card.version} is in {options.out}: PIVOT_CHECKPOINT={options.out} uses it")
    return 0


if __name__ == "__main__":
    sys.exit(main())
