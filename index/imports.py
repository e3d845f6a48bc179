"""Import: the images of a bundle into a collection."""

import hashlib
import json
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from index.bundle import Line, Manifest, check_bundle, read_lines, read_manifest, read_vectors, vectors_file
from index.connections import Connections
from index.doctor import Thumbnailer
from index.errors import BundleDamaged, translated
from index.files import FileStore
from index.lock import FolderLock
from index.names import check_collection_name
from index.records import NewImage
from index.reserve import Reserve
from index.store import CATALOG
from index.vectors import Rows, to_blob

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

    Raises BundleDamaged, BadCollectionName, StoreInUse, StoreTooNew, StorageFull, StorageUnwritable.
    """
    manifest = read_manifest(bundle)
    name = manifest.name if collection is None else collection
    check_collection_name(name)
    arrays = read_vectors(bundle, manifest)
    check_bundle(bundle, manifest, arrays)
    with translated(store):
        store.mkdir(parents=True, exist_ok=True)
    with closing(FolderLock(store)), closing(Connections(store / CATALOG)) as connections:
        Reserve(store).hold()
        importing = _Importing(bundle, manifest, arrays, connections, FileStore(store), thumbnail)
        importing.prepare(name)
        added = done = 0
        for batch in _batches(bundle):
            added += importing.add(name, batch, done)
            done += len(batch)
            progress(done, manifest.images)
    return Imported(name, added, done - added)


@dataclass(frozen=True)
class _Importing:
    bundle: Path
    manifest: Manifest
    arrays: list[Rows]
    connections: Connections
    files: FileStore
    thumbnail: Thumbnailer

    def prepare(self, name: str) -> None:
        """Has the collection exist, unless the store has vectors of one of the models in another size."""
        with self.connections.writing() as connection:
            for number, model in enumerate(self.manifest.models):
                row = connection.execute(
                    "SELECT length(vector) FROM vectors WHERE model_version = ? LIMIT 1",
                    (model.model_version,),
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

    def add(self, name: str, lines: Sequence[Line], start: int) -> int:
        """Adds those that the collection lacks, and files that it lost; gives the number of the former.

        `start` is the place of the first of the lines, and of its vectors.
        """
        with self.connections.reading() as connection:
            known = {line.sha256 for line in lines if _id(connection, name, line.sha256)}
        due = [line for line in lines if line.sha256 not in known or not self.files.has(line.sha256)]
        self.files.write([self._image(line) for line in due])
        with self.connections.writing() as connection:
            for place, line in enumerate(lines, start):
                _insert(connection, name, line)
                self._insert_vectors(connection, _id(connection, name, line.sha256), place)
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

    def _insert_vectors(self, connection: sqlite3.Connection, id: int | None, place: int) -> None:
        for model, rows in zip(self.manifest.models, self.arrays, strict=True):
            if rows[place].any():
                connection.execute(
                    """INSERT INTO vectors (image_id, model_version, vector) VALUES (?, ?, ?)
                    ON CONFLICT DO NOTHING""",
                    (id, model.model_version, to_blob(rows[place])),
                )


def _batches(bundle: Path) -> Iterator[list[Line]]:
    batch: list[Line] = []
    for line in read_lines(bundle):
        if batch and (len(batch) == BATCH_IMAGES or sum(one.bytes for one in [*batch, line]) > BATCH_BYTES):
            yield batch
            batch = []
        batch.append(line)
    if batch:
        yield batch


def _id(connection: sqlite3.Connection, name: str, sha256: str) -> int | None:
    row = connection.execute(
        """SELECT images.id FROM images JOIN collections ON collections.id = collection_id
        WHERE name = ? AND sha256 = ?""",
        (name, sha256),
    ).fetchone()
    return row and int(row[0])


def _insert(connection: sqlite3.Connection, name: str, line: Line) -> None:
    connection.execute(
        """INSERT INTO images
        (collection_id, sha256, filename, format, width, height, bytes, metadata, created_at)
        VALUES ((SELECT id FROM collections WHERE name = ?), ?, ?, ?, ?, ?, ?, ?, ?)
        ON CONFLICT DO NOTHING""",
        (
            name,
            line.sha256,
            line.filename,
            line.format,
            line.width,
            line.height,
            line.bytes,
            json.dumps(line.metadata, allow_nan=False),
            line.created_at,
        ),
    )
