"""Export: a collection as a bundle, written while a service may go on with it."""

import json
import os
import shutil
import sqlite3
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np

from index.bundle import LINES, Line, Manifest, Model, vectors_file, write_manifest
from index.errors import TargetTaken, UnknownCollection, translated
from index.files import original_in, sync_folder, thumbnail_in
from index.records import Json
from index.store import catalog_in, vector_sizes


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
            ids, lost = _write_images(catalog, live, store, manifest, aside, progress)
            models = _write_vectors(catalog, collection, ids, aside)
            write_manifest(aside, Manifest(collection, manifest.created_at, len(ids), models))
            os.sync()
            aside.replace(target)
            sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        return Exported(len(ids), lost)


def _manifest(catalog: sqlite3.Connection, collection: str) -> Manifest:
    """Without the models."""
    row = catalog.execute(
        """SELECT created_at, (SELECT count(*) FROM images WHERE collection_id = collections.id)
        FROM collections WHERE name = ?""",
        (collection.encode(errors="replace").decode(),),
    ).fetchone()
    if row is None:
        raise UnknownCollection(collection)
    created_at, images = row
    return Manifest(collection, created_at, images, [])


def _write_images(
    catalog: sqlite3.Connection,
    live: sqlite3.Connection,
    store: Path,
    manifest: Manifest,
    bundle: Path,
    progress: Callable[[int, int], object],
) -> tuple[list[int], list[int]]:
    """The files and the lines; gives the ids of the lines, and of images whose originals were lost."""
    ids, lost = [], []
    for folder in ("originals", "thumbnails"):
        (bundle / folder).mkdir()
    rows = catalog.execute(
        """SELECT images.id, sha256, filename, format, width, height, bytes, metadata, images.created_at
        FROM images JOIN collections ON collections.id = collection_id WHERE name = ? ORDER BY images.id""",
        (manifest.name,),
    )
    with (bundle / LINES).open("w", encoding="utf-8") as lines:
        for done, row in enumerate(rows, 1):
            line = _line(row, _captions(catalog, row[0]))
            try:
                shutil.copyfile(original_in(store, line.sha256), line.original(bundle))
            except FileNotFoundError:
                if live.execute("SELECT 1 FROM images WHERE id = ?", row[:1]).fetchone():
                    lost.append(row[0])
            else:
                with suppress(FileNotFoundError):
                    shutil.copyfile(thumbnail_in(store, line.sha256), line.thumbnail(bundle))
                lines.write(line.json())
                ids.append(row[0])
            progress(done, manifest.images)
    return ids, lost


def _line(row: tuple[Any, ...], captions: list[Json]) -> Line:
    _, sha256, filename, format, width, height, bytes, metadata, created_at = row
    return Line(sha256, filename, format, width, height, bytes, json.loads(metadata), created_at, captions)


def _captions(_: sqlite3.Connection, __: int) -> list[Json]:
    """What is said about the image. Nothing yet: the catalog has no captions."""
    return []


def _write_vectors(
    catalog: sqlite3.Connection, collection: str, ids: Sequence[int], bundle: Path
) -> list[Model]:
    """A file for each model that the images have vectors of; one of the wrong size counts as none."""
    models: list[Model] = []
    places = {id: place for place, id in enumerate(ids)}
    for model, size in sorted(vector_sizes(catalog).items()):
        found = catalog.execute(
            """SELECT image_id, vector FROM vectors
            JOIN images ON images.id = image_id JOIN collections ON collections.id = collection_id
            WHERE name = ? AND model_version = ? AND length(vector) = ?""",
            (collection, model, size),
        )
        vectors = ((places[id], blob) for id, blob in found if id in places)
        if first := next(vectors, None):
            path = vectors_file(bundle, len(models))
            rows = np.lib.format.open_memmap(path, "w+", "<f4", (len(ids), size // 4))
            for place, blob in chain([first], vectors):
                rows[place] = np.frombuffer(blob, "<f4")
            models.append(Model(model, size // 4))
    return models
