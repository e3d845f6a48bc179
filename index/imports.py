"""Import: the images of a bundle into a collection."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np

from index.bundle import (
    Line,
    Manifest,
    ModelRows,
    check_bundle,
    read_lines,
    read_manifest,
    read_vectors,
    vectors_file,
)
from index.captions import insert_caption
from index.connections import Connections
from index.errors import BundleDamaged, ExternalIdTaken, translated
from index.files import FileStore, Thumbnailer
from index.lock import FolderLock
from index.names import check_collection_name
from index.records import NewImage
from index.reserve import Reserve
from index.sql import collection_key, now, touch
from index.store import CATALOG
from index.vectors import to_blob

BATCH_IMAGES = 64
BATCH_BYTES = 32 * 2**20  # of originals: what is held in memory, unless one alone is larger


@dataclass(frozen=True)
class Imported:
    collection: str
    added: int
    existing: int  # contents that the collection had; they keep their records


def import_bundle(
    bundle: Path,
    store: Path,
    collection: str | None,
    thumbnail: Thumbnailer,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Imported:
    """Adds the images to the collection, by default one of the name that was exported. Makes what is missing.

    The bundle is looked through before anything is stored; the bytes of an original are compared with its
    content hash when its turn comes. Images get in batch by batch: what was added stays, whatever happens
    next, and another call goes on from there. `progress` is told how many images are done, of how many.

    Raises BundleDamaged, BadCollectionName, ExternalIdTaken, StoreInUse, StoreTooNew, StorageFull,
    StorageUnwritable.
    """
    manifest = read_manifest(bundle)
    name = manifest.name if collection is None else collection
    check_collection_name(name)
    vectors = read_vectors(bundle, manifest)
    check_bundle(bundle, manifest, vectors)
    with translated(store):
        store.mkdir(parents=True, exist_ok=True)
    with closing(FolderLock(store)), closing(Connections(store / CATALOG)) as connections:
        Reserve(store).hold()
        importing = _Importing(bundle, manifest, vectors, connections, FileStore(store), thumbnail)
        key = importing.prepare(name)
        added = done = 0
        for batch in _batches(bundle):
            added += importing.add(key, batch)
            done += len(batch)
            progress(done, manifest.images)
    return Imported(name, added, done - added)


class _Placed(NamedTuple):
    """A line, its place, which is that of its vectors, and the place of its first caption's vectors."""

    line: Line
    place: int
    first_caption: int


@dataclass(frozen=True)
class _Importing:
    bundle: Path
    manifest: Manifest
    vectors: list[ModelRows]
    connections: Connections
    files: FileStore
    thumbnail: Thumbnailer

    def prepare(self, name: str) -> int:
        """Has the collection exist, unless the store has vectors of one of the models in another size, or
        the collection an external id of the bundle's for another image. Gives its id."""
        with self.connections.writing() as connection:
            for number, model in enumerate(self.manifest.models):
                row = connection.execute(
                    """SELECT length(vector) FROM vectors WHERE model_version = :model
                    UNION ALL SELECT length(vector) FROM caption_vectors WHERE model_version = :model
                    LIMIT 1""",
                    {"model": model.model_version},
                ).fetchone()
                if row is not None and row[0] != 4 * model.dim:
                    reason = (
                        f"rows of {model.dim} numbers, where the store has {row[0] // 4} of the same model"
                    )
                    raise BundleDamaged(vectors_file(self.bundle, number), reason)
            connection.execute(
                "INSERT INTO collections (name, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, self.manifest.created_at),
            )
            key = collection_key(connection, name)
            for line in read_lines(self.bundle):
                if line.external_id is not None and _is_taken(connection, key, line):
                    raise ExternalIdTaken(name, line.external_id)
            return key

    def add(self, key: int, batch: Sequence[_Placed]) -> int:
        """Adds those that the collection lacks, and files that it lost; gives the number of the former.

        Those that it has get the captions and vectors that they lack.
        """
        lines = [placed.line for placed in batch]
        with self.connections.reading() as connection:
            known = {line.sha256 for line in lines if _id(connection, key, line.sha256)}
        due = [line for line in lines if line.sha256 not in known or not self.files.has(line.sha256)]
        self.files.write([self._image(line) for line in due])
        with self.connections.writing() as connection:
            for placed in batch:
                _insert(connection, key, placed.line)
                id = _id(connection, key, placed.line.sha256)
                assert id is not None
                self._insert_vectors(connection, id, placed.place)
                grown = self._insert_captions(connection, id, placed)
                if grown and placed.line.sha256 in known:
                    touch(connection, [id], now())
        return len({line.sha256 for line in lines} - known)

    def _image(self, line: Line) -> NewImage:
        path = line.original(self.bundle)
        with translated(self.bundle):
            original = path.read_bytes()
        if hashlib.sha256(original).hexdigest() != line.sha256:
            raise BundleDamaged(path, "its content is not the one that its name tells")
        there = line.thumbnail(self.bundle)
        thumbnail = there.read_bytes() if there.is_file() else self.thumbnail(original)
        if thumbnail is None:
            raise BundleDamaged(path, "it is no image that can be decoded")
        none = np.zeros(0, np.float32)
        kind = (line.format, line.width, line.height)
        return NewImage(original, thumbnail, *kind, line.filename, line.metadata, none, line.sha256)

    def _insert_vectors(self, connection: sqlite3.Connection, id: int, place: int) -> None:
        for model, rows in zip(self.manifest.models, self.vectors, strict=True):
            if rows.images[place].any():
                connection.execute(
                    """INSERT INTO vectors (image_id, model_version, vector) VALUES (?, ?, ?)
                    ON CONFLICT DO NOTHING""",
                    (id, model.model_version, to_blob(rows.images[place])),
                )

    def _insert_captions(self, connection: sqlite3.Connection, image_id: int, placed: _Placed) -> bool:
        """Whether the image lacked one of them."""
        grown = False
        for place, caption in enumerate(placed.line.captions, placed.first_caption):
            same = (caption.language, caption.text)
            id, new = insert_caption(connection, image_id, *same, caption.created_at)
            grown |= new
            for model, rows in zip(self.manifest.models, self.vectors, strict=True):
                if rows.captions[place].any():
                    connection.execute(
                        """INSERT INTO caption_vectors (caption_id, model_version, vector) VALUES (?, ?, ?)
                        ON CONFLICT DO NOTHING""",
                        (id, model.model_version, to_blob(rows.captions[place])),
                    )
        return grown


def _batches(bundle: Path) -> Iterator[list[_Placed]]:
    batch: list[_Placed] = []
    bytes = 0
    for placed in _placed(bundle):
        if batch and (len(batch) == BATCH_IMAGES or bytes + placed.line.bytes > BATCH_BYTES):
            yield batch
            batch, bytes = [], 0
        batch.append(placed)
        bytes += placed.line.bytes
    if batch:
        yield batch


def _placed(bundle: Path) -> Iterator[_Placed]:
    captions = 0
    for place, line in enumerate(read_lines(bundle)):
        yield _Placed(line, place, captions)
        captions += len(line.captions)


def _id(connection: sqlite3.Connection, key: int, sha256: str) -> int | None:
    row = connection.execute(
        "SELECT id FROM images WHERE sha256 = ? AND collection_id = ?", (sha256, key)
    ).fetchone()
    return row and int(row[0])


def _insert(connection: sqlite3.Connection, key: int, line: Line) -> None:
    connection.execute(
        """INSERT INTO images
        (collection_id, sha256, filename, format, width, height, bytes, metadata, created_at, updated_at,
            external_id)
        VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT (sha256, collection_id) DO UPDATE
            SET external_id = excluded.external_id, updated_at = ?
            WHERE external_id IS NULL AND excluded.external_id IS NOT NULL""",
        (
            key,
            line.sha256,
            line.filename,
            line.format,
            line.width,
            line.height,
            line.bytes,
            json.dumps(line.metadata, allow_nan=False),
            line.created_at,
            line.updated_at,
            line.external_id,
            now(),
        ),
    )


def _is_taken(connection: sqlite3.Connection, key: int, line: Line) -> bool:
    """Whether another image has the line's external id, and the line's own does not keep another one."""
    taken = connection.execute(
        """SELECT 1 FROM images WHERE collection_id = :key AND external_id = :external_id
        AND sha256 != :sha256 AND NOT EXISTS
            (SELECT 1 FROM images WHERE collection_id = :key AND sha256 = :sha256
            AND external_id IS NOT NULL)""",
        {"key": key, "external_id": line.external_id, "sha256": line.sha256},
    ).fetchone()
    return taken is not None
