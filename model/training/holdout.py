"""Which photos are held back from training, so that what it gains is measured on photos that it never saw."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path

from model.training.data import DataError, Photos, read_photos, read_table
from model.training.sources import chosen, described, read_sources, together

SHARE, FEWEST, MOST = 0.2, 10, 1_000  # of the photos; the last two in photos
DEV = "dev"  # what splits.tsv calls the photos to measure on
NEEDED = 50  # to train on 40 and measure on 10


def divide(folders: Sequence[Path], split: str, languages: Sequence[str]) -> tuple[list[Photos], Photos]:
    """What each folder has to train on, and what is held back of all of them, as one collection.

    Only photos with a caption count. A folder's splits.tsv decides where it calls some of them DEV.

    Raises:
        DataError: a folder cannot be used, or all of them together have too few photos.
    """
    pairs = [
        _parts(folder, described(photos), split)
        for folder, photos in zip(folders, read_sources(folders, split, languages), strict=True)
    ]
    _require_enough(sum(len(part.paths) for pair in pairs for part in pair), folders)
    held = together([part for _, part in pairs])
    known = {_digest(path) for path in held.paths}
    return [
        chosen(photos, [n for n, path in enumerate(photos.paths) if _digest(path) not in known])
        for photos, _ in pairs
    ], held


def _parts(folder: Path, photos: Photos, split: str) -> tuple[Photos, Photos]:
    table = folder / "splits.tsv"
    if split not in ("all", DEV) and table.is_file():
        names = {row["image"] for row in read_table(table, "image", "split") if row["split"] == DEV}
        every = read_photos(folder, "all", list(photos.captions))
        held = described(chosen(every, [n for n, path in enumerate(every.paths) if path.name in names]))
        if held.paths:
            return photos, held
    return hold_back(photos)


def hold_back(photos: Photos) -> tuple[Photos, Photos]:
    """The photos to train on, and those to measure on: about one in five, by what the files contain.

    Copies of a photo lie on the same side, whatever they are called. No photo that was trained on is held
    back once others are added: only some of those held back come over, where FEWEST or MOST of them count.
    """
    digests = [_digest(path) for path in photos.paths]
    limit = _limit(digests)
    held = {position for position, digest in enumerate(digests) if digest <= limit}
    return chosen(photos, set(range(len(digests))) - held), chosen(photos, held)


def _require_enough(count: int, folders: Sequence[Path]) -> None:
    if count < NEEDED:
        raise DataError(
            f"{', '.join(str(folder) for folder in folders)}: {count} photos with a caption."
            f" Training needs {NEEDED}, {FEWEST} of which it only measures on. Add photos or captions."
        )


def _limit(digests: list[float]) -> float:
    """The largest digest that is held back. By hand: of 100 digests 0.00, 0.01, .. 0.99 it is 0.19."""
    ordered = sorted(digests)
    below = sum(digest < SHARE for digest in ordered)
    return ordered[min(max(below, FEWEST), MOST, len(ordered)) - 1]


def _digest(path: Path) -> float:
    """A number from 0 to 1, all equally likely, from the file's bytes."""
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").digest()
    return int.from_bytes(digest[:6], "big") / 2**48
