"""How well a checkpoint finds: recall@k for each language.

python -m model.training.evaluate --data DIR --split dev --languages en,de
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, get_args

import numpy as np
import torch
from torch import Tensor
from tqdm import tqdm

from model.checkpoint import CheckpointError
from model.encoder import Encoder, Rows
from model.load import load
from model.similarity import Scoring
from model.training.data import Caption, DataError, Photos, open_photo, read_photos
from model.training.recall import Recall, image_to_text, text_to_image
from model.training.sts import correlation, read_pairs

if TYPE_CHECKING:
    from model.hub import HubEncoder

AT_ONCE = 64

Item = TypeVar("Item")


def evaluate(encoder: Encoder | HubEncoder, photos: Photos, scoring: Scoring) -> dict[str, Any]:
    """Recall of every language of `photos`; see the command's `--json` for the shape of the answer."""

    def embed(paths: Sequence[Path]) -> Rows:  # one photo at a time: 64 of them may be gigabytes
        return np.concatenate([encoder.embed_images([open_photo(path)]) for path in paths])

    with tempfile.TemporaryDirectory() as scratch:
        images = _embedded(photos.paths, embed, encoder.dim, Path(scratch) / "images.npy", "photos")
        languages = {
            language: _language(encoder, images, captions, scoring, language, Path(scratch) / "captions.npy")
            for language, captions in photos.captions.items()
        }
    return {"scoring": scoring, "checkpoint": encoder.version, "languages": languages}


def _language(
    encoder: Encoder | HubEncoder,
    images: Tensor,
    captions: list[Caption],
    scoring: Scoring,
    language: str,
    file: Path,
) -> dict[str, Any]:
    def embed(batch: Sequence[Caption]) -> Rows:
        return encoder.embed_texts([caption.text for caption in batch], [language] * len(batch))

    texts = _embedded(captions, embed, encoder.dim, file, f"captions ({language})")
    owners = torch.tensor([caption.image for caption in captions])
    return {
        "images": len(images),
        "captions": len(captions),
        "text_to_image": asdict(Recall.of(text_to_image(images, texts, owners, scoring))),
        "image_to_text": asdict(Recall.of(image_to_text(images, texts, owners, scoring))),
    }


def _embedded(
    items: Sequence[Item], embed: Callable[[Sequence[Item]], Rows], dim: int, file: Path, what: str
) -> Tensor:
    """Rows of all items, `(n, dim)`, on disk rather than in memory: there may be more than fit."""
    rows = np.lib.format.open_memmap(file, mode="w+", dtype=np.float32, shape=(len(items), dim))
    for start in tqdm(range(0, len(items), AT_ONCE), desc=what, unit="batch", disable=None):
        batch = items[start : start + AT_ONCE]
        rows[start : start + len(batch)] = embed(batch)
    return torch.from_numpy(rows)


def table(report: dict[str, Any]) -> str:
    """The report for people."""
    columns = f"{'R@1':>9}{'R@5':>7}{'R@10':>7}{'rank':>7}"
    lines = [
        f"checkpoint {report['checkpoint']}, {report['scoring']} score",
        f"{'':28}{'text to image':^30}{'image to text':^30}",
        f"{'':10}{'photos':>8}{'captions':>10}{columns}{columns}",
    ]
    for language, result in report["languages"].items():
        numbers = "".join(
            f"   {way['r1']:6.1f}{way['r5']:7.1f}{way['r10']:7.1f}{way['median_rank']:7g}"
            for way in (result["text_to_image"], result["image_to_text"])
        )
        lines.append(f"{language:10}{result['images']:8}{result['captions']:10}{numbers}")
    lines += [f"{name:28}{r:6.1f}   Pearson's r x 100" for name, r in report.get("sts", {}).items()]
    return "\n".join(lines)


def arguments(parser: argparse.ArgumentParser) -> None:
    """The command's options; the service's command line offers the same."""
    parser.add_argument(
        "--data", type=Path, required=True, help="folder with images/ and captions/<lang>.tsv"
    )
    parser.add_argument("--split", default="dev", help="a split of splits.tsv, or all (default: dev)")
    parser.add_argument("--languages", default="en,de", help="comma-separated (default: en,de)")
    parser.add_argument(
        "--checkpoint", help="a model, named as for PIVOT_CHECKPOINT (default: the one that ships)"
    )
    parser.add_argument(
        "--scoring", choices=get_args(Scoring), help="default: the score that the service ranks by"
    )
    parser.add_argument(
        "--sts", type=Path, help="folder with tables of sentence pairs, see model/training/sts.py"
    )
    parser.add_argument("--json", type=Path, help="also write the report to this file")


def run(options: argparse.Namespace) -> int:
    """Evaluate as asked and print; the exit code."""
    try:
        if options.json is not None and not options.json.parent.is_dir():
            raise DataError(f"{options.json.parent} is no folder. Make it, or choose another --json.")
        encoder = load(options.checkpoint)
        photos = read_photos(options.data, options.split, options.languages.split(","))
        report = evaluate(encoder, photos, options.scoring or encoder.scoring)
        if options.sts is not None:
            tables = sorted(options.sts.glob("*.tsv"))
            report["sts"] = {table.stem: correlation(encoder, read_pairs(table)) for table in tables}
    except (CheckpointError, DataError) as error:
        print(error, file=sys.stderr)
        return 1
    print(table(report))
    if options.json is not None:
        options.json.write_text(json.dumps(report, indent=2) + "\n", encoding="utf-8")
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m model.training.evaluate", description=__doc__)
    arguments(parser)
    return run(parser.parse_args())


if __name__ == "__main__":
    sys.exit(main())
