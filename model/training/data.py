"""Photos with captions in a folder.

    images/             the photos
    captions/<lang>.tsv `image`, `caption`, further columns ignored; tab-separated, UTF-8, no quoting
    splits.tsv          `image`, `split`; where there is none, every photo counts

The captions of two languages need not be translations of each other, nor describe the same photos.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from PIL import Image, ImageOps


class DataError(Exception):
    """A data folder that cannot be used; the message names the place and the remedy."""


@dataclass(frozen=True)
class Caption:
    image: int  # position in Photos.paths
    text: str


@dataclass(frozen=True)
class Photos:
    """The photos of one split and their captions by language."""

    paths: tuple[Path, ...]
    captions: dict[str, list[Caption]]


def read_photos(folder: Path, split: str, languages: Sequence[str]) -> Photos:
    """The photos of `split` ("all": every one) in the order of their names, with their captions.

    Raises:
        DataError: something named is missing, or nothing is left.
    """
    if not (folder / "images").is_dir():
        raise DataError(f"{folder} has no folder images/. Put the photos there.")
    names = _names(folder, split)
    position = {name: number for number, name in enumerate(names)}
    captions = {language: _captions(folder, language, position) for language in languages}
    return Photos(tuple(folder / "images" / name for name in names), captions)


def has_captions(folder: Path, language: str) -> bool:
    """Whether the folder holds captions in the language."""
    return (folder / "captions" / f"{language}.tsv").is_file()


def open_photo(path: Path) -> Image.Image:
    """The photo, upright, in RGB.

    Raises:
        DataError: it cannot be read.
    """
    try:
        with Image.open(path) as image:
            return ImageOps.exif_transpose(image).convert("RGB")
    except OSError as error:
        raise DataError(f"{path} cannot be read: {error}. Replace or remove it.") from error


def _names(folder: Path, split: str) -> list[str]:
    present = sorted(path.name for path in (folder / "images").iterdir() if path.is_file())
    table = folder / "splits.tsv"
    if split != "all" and table.is_file():
        splits = {row["image"]: row["split"] for row in read_table(table, "image", "split")}
        known = sorted(set(splits.values()))
        if split not in known:
            raise DataError(f"{table} has no split {split!r}. It has: {', '.join(known)}; or use all.")
        present = [name for name in present if splits.get(name) == split]
    if not present:
        raise DataError(f"{folder} has no photo of the split {split!r} in images/.")
    return present


def _captions(folder: Path, language: str, position: dict[str, int]) -> list[Caption]:
    table = folder / "captions" / f"{language}.tsv"
    if not table.is_file():
        known = sorted(path.stem for path in (folder / "captions").glob("*.tsv"))
        raise DataError(f"{table} is missing. There are captions in: {', '.join(known) or 'no language'}.")
    captions = [
        Caption(position[row["image"]], row["caption"])
        for row in read_table(table, "image", "caption")
        if row["image"] in position and row["caption"].strip()
    ]
    if not captions:
        raise DataError(f"{table} has no caption for a photo of this split.")
    return captions


def read_table(table: Path, *columns: str) -> Iterator[dict[str, str]]:
    """The rows of a tab-separated table, which must have these columns.

    Raises:
        DataError: it is no such table, or a column is missing, at all or in a line.
    """
    try:
        yield from _checked(table, columns)
    except (UnicodeDecodeError, csv.Error) as error:
        raise DataError(f"{table} cannot be read: {error}. Save it as tab-separated UTF-8.") from error


def _checked(table: Path, columns: Sequence[str]) -> Iterator[dict[str, str]]:
    with table.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file, delimiter="\t", quoting=csv.QUOTE_NONE)
        missing = [column for column in columns if column not in (reader.fieldnames or [])]
        if missing:
            raise DataError(
                f"{table} has no column {missing[0]!r}. Its first line must name: {', '.join(columns)}."
            )
        for row in reader:
            if any(row[column] is None for column in columns):
                raise DataError(f"{table}, line {reader.line_num}: a column is missing. Tabs separate them.")
            yield row
