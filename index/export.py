"""Export: a collection as a bundle, written while a service may go on with it."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np

from index.bundle import (
    LINES,
    Caption,
    Line,
    Manifest,
    Model,
    caption_vectors_file,
    vectors_file,
    write_manifest,
)
from index.errors import TargetTaken, UnknownCollection, translated
from index.files import original_in, sync_folder, thumbnail_in
from index.store import catalog_in, vector_sizes
from index.vectors import Rows


@dataclass(frozen=True)
class Exported:
    images: int
    lost: list[int]  # ids of images that are left out, since their originals are missing from the store


def export(
    store: Path,
    collection: str,
    target: Path,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Exported:
    """Writes the collection, as it is at one moment, to `target`: a folder that is new or empty.

    The folder is there whole or not at all. An image that is deleted meanwhile is left out. `progress` is
    told how many images are done, and of how many.

    Raises NoStore, UnknownCollection, TargetTaken, StorageFull, StorageUnwritable.
    """
    with catalog_in(store) as catalog, catalog_in(store) as live, translated(target):
        catalog.execute("BEGIN")  # all that is read from here on is of one moment
        manifest = _manifest(catalog, collection)
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise TargetTaken(target)
        aside = target.with_name(f"{target.name}.unfinished")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.mkdir()
        except FileExistsError:
            raise TargetTaken(aside) from None
        try:
            written = _write_images(catalog, live, store, manifest, aside, progress)
            models = _write_vectors(catalog, collection, written, aside)
            images, captions = len(written.images), len(written.captions)
            write_manifest(aside, replace(manifest, images=images, captions=captions, models=models))
            os.sync()
            aside.replace(target)
            sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        return Exported(images, written.lost)


@dataclass
class _Written:
    """Ids in the order of the lines, and those of images whose originals were lost."""

    images: list[int] = field(default_factory=list)
    captions: list[int] = field(default_factory=list)
    lost: list[int] = field(default_factory=list)


def _manifest(catalog: sqlite3.Connection, collection: str) -> Manifest:
    """Without captions and models."""
    row = catalog.execute(
        """SELECT created_at, (SELECT count(*) FROM images WHERE collection_id = collections.id)
        FROM collections WHERE name = ?""",
        (collection.encode(errors="replace").decode(),),
    ).fetchone()
    if row is None:
        raise UnknownCollection(collection)
    created_at, images = row
    return Manifest(collection, created_at, images, 0, [])


def _write_images(
    catalog: sqlite3.Connection,
    live: sqlite3.Connection,
    store: Path,
    manifest: Manifest,
    bundle: Path,
    progress: Callable[[int, int], object],
) -> _Written:
    """The files and the lines."""
    written = _Written()
    for folder in ("originals", "thumbnails"):
        (bundle / folder).mkdir()
    rows = catalog.execute(
        """SELECT images.id, sha256, filename, format, width, height, bytes, metadata, images.created_at,
            updated_at, external_id
        FROM images JOIN collections ON collections.id = collection_id WHERE name = ? ORDER BY images.id""",
        (manifest.name,),
    )
    with (bundle / LINES).open("w", encoding="utf-8") as lines:
        for done, row in enumerate(rows, 1):
            captions = _captions(catalog, row[0])
            line = _line(row, list(captions.values()))
            try:
                shutil.copyfile(original_in(store, line.sha256), line.original(bundle))
            except FileNotFoundError:
                if live.execute("SELECT 1 FROM images WHERE id = ?", row[:1]).fetchone():
                    written.lost.append(row[0])
            else:
                with suppress(FileNotFoundError):
                    shutil.copyfile(thumbnail_in(store, line.sha256), line.thumbnail(bundle))
                lines.write(line.json())
                written.images.append(row[0])
                written.captions += captions
            progress(done, manifest.images)
    return written


def _line(row: tuple[Any, ...], captions: list[Caption]) -> Line:
    _, *columns, metadata, created_at, updated_at, external_id = row
    return Line(*(*columns, json.loads(metadata), created_at, updated_at, external_id, captions))


def _captions(catalog: sqlite3.Connection, image_id: int) -> dict[int, Caption]:
    """By id, in the order of their addition."""
    rows = catalog.execute(
        "SELECT id, language, text, created_at FROM captions WHERE image_id = ? ORDER BY id", (image_id,)
    )
    return {id: Caption(*columns) for id, *columns in rows}


_IMAGES = """
    SELECT image_id, vector FROM vectors
    JOIN images ON images.id = image_id JOIN collections ON collections.id = collection_id
    WHERE name = ? AND model_version = ? AND length(vector) = ?
"""
_CAPTIONS = """
    SELECT caption_id, vector FROM caption_vectors
    JOIN captions ON captions.id = caption_id
    JOIN images ON images.id = image_id JOIN collections ON collections.id = collection_id
    WHERE name = ? AND model_version = ? AND length(vector) = ?
"""


def _write_vectors(
    catalog: sqlite3.Connection, collection: str, written: _Written, bundle: Path
) -> list[Model]:
    """Files for each model that the collection has vectors of; one of the wrong size counts as none."""
    models: list[Model] = []
    for model, size in sorted(vector_sizes(catalog).items()):
        filled = False
        for path, ids, select in (
            (vectors_file(bundle, len(models)), written.images, _IMAGES),
            (caption_vectors_file(bundle, len(models)), written.captions, _CAPTIONS),
        ):
            if ids and size > 0:
                rows = np.lib.format.open_memmap(path, "w+", "<f4", (len(ids), size // 4))
                filled |= _fill(rows, ids, catalog.execute(select, (collection, model, size)))
        if filled:
            models.append(Model(model, size // 4))
        else:
            vectors_file(bundle, len(models)).unlink(missing_ok=True)
            caption_vectors_file(bundle, len(models)).unlink(missing_ok=True)
    return models


def _fill(rows: Rows, ids: Sequence[int], found: sqlite3.Cursor) -> bool:
    """Sets the vectors found, by id, in the rows of their ids; whether there are any."""
    places = {id: place for place, id in enumerate(ids)}
    filled = False
    for id, blob in found:
        if id in places:
            rows[places[id]] = np.frombuffer(blob, "<f4")
            filled = True
    return filled
