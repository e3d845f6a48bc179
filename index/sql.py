"""What the catalog and its captions say to SQLite alike."""

import json
import sqlite3
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from index.errors import StoreDamaged, UnknownCollection, UnknownImage
from index.records import CollectionKey, CollectionRef
from index.vectors import Ids, Rows, from_blobs

LOAD_ROWS = 4096  # 8 MB a step at 512 dimensions


@dataclass(frozen=True)
class Vectors:
    """Reads stored vectors of one model. Its methods raise StoreDamaged for any of another length."""

    folder: Path
    model: str
    dim: int

    def rows(self, blobs: Sequence[bytes]) -> Rows:
        try:
            return from_blobs(blobs, self.dim)
        except ValueError as error:
            reason = f"vectors of model {self.model!r} are not of {self.dim} numbers"
            raise StoreDamaged(self.folder, reason) from error

    def blocks(self, found: sqlite3.Cursor) -> Iterator[tuple[Ids, Rows]]:
        """Rows of (id, vector) as (n,) int64 and (n, dim) float32, LOAD_ROWS at a time."""
        while rows := found.fetchmany(LOAD_ROWS):
            ids, blobs = zip(*rows, strict=True)
            yield np.array(ids, np.int64), self.rows(blobs)

    def all(self, found: sqlite3.Cursor) -> tuple[Ids, Rows]:
        """Rows of (id, vector) as (n,) int64 and (n, dim) float32."""
        rows = found.fetchall()
        return np.array([id for id, _ in rows], np.int64), self.rows([blob for _, blob in rows])


def collection_key(connection: sqlite3.Connection, collection: CollectionRef) -> int:
    """The id of a collection that is there. Raises UnknownCollection."""
    if isinstance(collection, CollectionKey):
        name = collection.name
        found = connection.execute("SELECT id FROM collections WHERE id = ?", (collection.id,))
    else:
        name = collection
        check_name(name)
        found = connection.execute("SELECT id FROM collections WHERE name = ?", (name,))
    row = found.fetchone()
    if row is None:
        raise UnknownCollection(name)
    return int(row[0])


def image_key(connection: sqlite3.Connection, name: str, id: int) -> None:
    """Raises UnknownCollection, UnknownImage unless the collection has the image."""
    key = collection_key(connection, name)
    # An integer too large for SQLite equals no id in a JSON array, where as a parameter it would raise.
    found = connection.execute(
        "SELECT 1 FROM images WHERE collection_id = ? AND id IN (SELECT value FROM json_each(?))",
        (key, json.dumps([id])),
    )
    if found.fetchone() is None:
        raise UnknownImage(name, id)


def touch(connection: sqlite3.Connection, image_ids: Sequence[int], at: str) -> None:
    """Within a transaction under way, has the images say that they changed."""
    connection.execute(
        "UPDATE images SET updated_at = ? WHERE id IN (SELECT value FROM json_each(?))",
        (at, json.dumps(list(image_ids))),
    )


@contextmanager
def transaction(connection: sqlite3.Connection) -> Iterator[None]:
    """Committed when the block ends, rolled back when it raises."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
        connection.execute("COMMIT")
    except BaseException:
        if connection.in_transaction:  # SQLite rolls back by itself when the disk is full
            connection.execute("ROLLBACK")
        raise


def pending(connection: sqlite3.Connection, model: str) -> int:
    """How many images, and captions that the model can read, of all collections have no vector of it."""
    (number,) = connection.execute(
        """SELECT (SELECT count(*) FROM images WHERE NOT EXISTS
                (SELECT 1 FROM vectors WHERE image_id = images.id AND model_version = :model))
            + (SELECT count(*) FROM captions WHERE NOT EXISTS
                (SELECT 1 FROM caption_vectors WHERE caption_id = captions.id AND model_version = :model)
            AND NOT EXISTS
                (SELECT 1 FROM unreadable_captions
                WHERE caption_id = captions.id AND model_version = :model))""",
        {"model": model},
    ).fetchone()
    return int(number)


def check_name(name: str) -> None:
    """Raises UnknownCollection for a name that no collection has and that SQLite may not take as text."""
    if not name.isascii():
        raise UnknownCollection(name)


def now() -> str:
    return instant(datetime.now(UTC))


def instant(moment: datetime) -> str:
    """As the catalog writes instants, so that their order is that of their texts; `moment` is in UTC."""
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")
