"""The catalog: images, and the model whose vectors are searched. The only truth.

Its other parts, such as collections, vectors and captions, have modules of their own.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Sequence
from copy import copy
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from index.captions import Captions
from index.changes import ImageChange
from index.collections import Collections
from index.conflicts import check_conflicts
from index.connections import Connections
from index.errors import ExternalIdTaken, UnknownImage
from index.filters import Condition
from index.hashes import Hashes
from index.image_vectors import ImageVectors
from index.listing import Listing, Page
from index.receipts import Receipts
from index.records import Added, Addition, CaptionRecord, CollectionRef, ImageRecord, NewImage
from index.sql import Vectors, collection_key, image_key, now, pending
from index.vectors import Ids, Row

LARGEST_ID = 2**63 - 1

# Lists of values travel as one JSON array: no limit on their number, and an integer too large for SQLite
# equals no id instead of raising.
_IMAGES = """
    SELECT images.id, name, sha256, filename, format, width, height, bytes, metadata, images.created_at,
        updated_at, external_id,
        (SELECT json_group_array(json_array(captions.id, image_id, language, text, captions.created_at))
            FROM captions WHERE image_id = images.id)
    FROM images JOIN collections ON collections.id = collection_id
"""


@dataclass(frozen=True)
class Removed:
    contents: dict[int, str]  # SHA-256 by id of the images that were there, ascending
    captions: list[int]  # the ids of their captions


@dataclass(frozen=True)
class Changed:
    record: ImageRecord
    removed: list[int]  # ids of captions
    captions: dict[int, Row]  # as in Stored


@dataclass(frozen=True)
class Stored:
    """What became of one NewImage."""

    added: Added
    vector_is_new: bool  # the image had no vector of the current model before
    captions: dict[int, Row]  # vectors by caption id, of the captions that had none of the current model


class Catalog:
    """Records in SQLite, seen through one model: vectors of others are kept, but not counted or given."""

    def __init__(self, path: Path, *, dim: int, model_version: str) -> None:
        self._connections = Connections(path)
        self._see_through(Vectors(path.parent, model_version, dim))
        self.receipts = Receipts(self._connections)
        self.hashes = Hashes(self._connections)

    def _see_through(self, vectors: Vectors) -> None:
        self._vectors = vectors
        self.collections = Collections(self._connections, vectors.model)
        self.vectors = ImageVectors(self._connections, vectors)
        self.captions = Captions(self._connections, vectors)

    def close(self) -> None:
        self._connections.close()

    def of_model(self, model_version: str, dim: int) -> "Catalog":
        """The same records, seen through another model; it shares what this one has open."""
        other = copy(self)
        other._see_through(replace(self._vectors, model=model_version, dim=dim))
        return other

    def serving(self) -> tuple[str, str | None] | None:
        """The model that was written down to serve, and its checkpoint."""
        with self._connections.reading() as connection:
            row = connection.execute("SELECT model_version, checkpoint FROM serving").fetchone()
        return row and (row[0], row[1])

    def serve(self, checkpoint: str | None) -> None:
        """Writes down that this model serves from now on, and where it was loaded from."""
        with self._connections.writing() as connection:
            connection.execute(
                "INSERT OR REPLACE INTO serving (one, model_version, checkpoint) VALUES (1, ?, ?)",
                (self._vectors.model, checkpoint),
            )

    def shorten_log(self) -> None:
        """Has the next changes written over the log of those before, instead of behind it, if that can be."""
        self._connections.checkpoint()

    def add(self, collection: CollectionRef, images: Sequence[NewImage]) -> list[Stored]:
        """Adds all or none, durably when it returns. Raises UnknownCollection.

        The images have to have passed `check`, and no other change to have come since.
        """
        with self._connections.writing() as connection:
            key, at = collection_key(connection, collection), now()
            return [self._add(connection, key, at, image) for image in images]

    def check(self, collection: CollectionRef, images: Sequence[NewImage | Addition]) -> None:
        """Raises UnknownCollection; ExternalIdTaken, TooManyCaptions for the first that cannot be added."""
        known = self.known(collection, [one.sha256 for one in images if one.external_id or one.captions])
        asked = [one.external_id for one in images if one.external_id is not None]
        name = collection if isinstance(collection, str) else collection.name
        check_conflicts(name, images, known, self.by_external_id(collection, asked))

    def complete(self, collection: CollectionRef, additions: Sequence[Addition]) -> list[Stored | None]:
        """Gives known contents what they lack, all or none, durably; None where one is not known any more.

        As for `add`. Raises UnknownCollection.
        """
        with self._connections.writing() as connection:
            key, at = collection_key(connection, collection), now()
            return [self._complete(connection, key, at, addition) for addition in additions]

    def update(self, name: str, id: int, change: ImageChange) -> Changed:
        """Makes all of the change or none of it, durably when it returns.

        Raises UnknownCollection, UnknownImage, ExternalIdTaken, TooManyCaptions, BadValue.
        """
        with self._connections.writing() as connection:
            image_key(connection, name, id)
            before, at = _by_id(connection, [id])[id], now()
            after = change.applied(before)
            removed: list[int] = []
            added: dict[int, Row] = {}
            if change.captions is not None:
                removed, added = self.captions.replace(connection, before, change.captions, at)
            if _columns(after) != _columns(before):
                _check_free(connection, name, after)
                connection.execute(
                    """UPDATE images SET filename = ?, metadata = ?, external_id = ?, updated_at = ?
                    WHERE id = ?""",
                    (*_columns(after), at, id),
                )
            return Changed(_by_id(connection, [id])[id], removed, added)

    def known(self, collection: CollectionRef, sha256s: Sequence[str]) -> dict[str, ImageRecord]:
        """Those of the contents that the collection has. Raises UnknownCollection."""
        return {record.sha256: record for record in self._with(collection, "sha256", sha256s)}

    def by_external_id(
        self, collection: CollectionRef, external_ids: Sequence[str]
    ) -> dict[str, ImageRecord]:
        """Those of the images that the collection has, by external id. Raises UnknownCollection."""
        records = self._with(collection, "external_id", external_ids)
        return {str(record.external_id): record for record in records}

    def unused(self, sha256s: Collection[str]) -> set[str]:
        """Those of the contents that no image of any collection has."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                "SELECT sha256 FROM images WHERE sha256 IN (SELECT value FROM json_each(?))",
                (json.dumps(list(sha256s)),),
            )
            return set(sha256s).difference(sha256 for (sha256,) in rows)

    def image(self, name: str, id: int) -> ImageRecord:
        """Raises UnknownCollection, UnknownImage."""
        with self._connections.reading() as connection:
            collection_key(connection, name)
            record = _by_id(connection, [id]).get(id)
        if record is None or record.collection != name:
            raise UnknownImage(name, id)
        return record

    def records(self, ids: Sequence[int]) -> dict[int, ImageRecord]:
        """Those of the images that exist, of any collection, by id."""
        with self._connections.reading() as connection:
            return _by_id(connection, ids)

    def images(
        self, collection: CollectionRef, *, after: int | None, limit: int, newest_first: bool
    ) -> list[ImageRecord]:
        """Up to `limit` images after this id, by ascending or descending id. Raises UnknownCollection."""
        beyond, order = ("<", "DESC") if newest_first else (">", "ASC")
        if after is None:
            after = LARGEST_ID if newest_first else 0
        with self._connections.reading() as connection:
            key = collection_key(connection, collection)
            rows = connection.execute(
                f"""{_IMAGES} WHERE collection_id = ? AND images.id {beyond} ?
                ORDER BY images.id {order} LIMIT ?""",
                (key, max(0, min(after, LARGEST_ID)), limit),
            )
            return [_record(row) for row in rows]

    def page(self, name: str, listing: Listing) -> Page:
        """Raises UnknownCollection, BadFilter, BadCursor, CursorExpired."""
        with self._connections.reading() as connection:
            key = collection_key(connection, name)
            condition = listing.condition(key)
            # The ids first, of narrow rows: SQLite would sort whole records, captions included.
            rows = connection.execute(
                f"""{_IMAGES} WHERE images.id IN (
                    SELECT images.id FROM images WHERE {condition.sql} ORDER BY {listing.order_by} LIMIT ?
                ) ORDER BY {listing.order_by}""",
                (*condition.parameters, listing.limit + 1),
            )
            return listing.page(key, [_record(row) for row in rows])

    def remove(self, collection: CollectionRef, ids: Sequence[int]) -> Removed:
        """Removes the images that are there, with their captions. Raises UnknownCollection."""
        with self._connections.writing() as connection:
            key = collection_key(connection, collection)
            rows = connection.execute(
                """SELECT id, sha256 FROM images
                WHERE collection_id = ? AND id IN (SELECT value FROM json_each(?)) ORDER BY id""",
                (key, json.dumps(list(ids))),
            )
            contents = dict(rows.fetchall())
            captions = connection.execute(
                "SELECT id FROM captions WHERE image_id IN (SELECT value FROM json_each(?))",
                (json.dumps(list(contents)),),
            )
            removed = Removed(contents, [id for (id,) in captions])
            connection.executemany("DELETE FROM images WHERE id = ?", ((id,) for id in contents))
            return removed

    def passing(self, collection: CollectionRef, condition: Condition) -> Ids:
        """The images that meet the condition, by ascending id: (n,) int64. Raises UnknownCollection."""
        return self._passing(collection, condition, "SELECT images.id FROM images")

    def captions_passing(self, collection: CollectionRef, condition: Condition) -> Ids:
        """The captions of the images that meet it, by ascending id: (n,) int64. Raises UnknownCollection."""
        return self._passing(
            collection, condition, "SELECT captions.id FROM images JOIN captions ON image_id = images.id"
        )

    def without_vector(self, *, after: int, limit: int) -> list[ImageRecord]:
        """Up to `limit` images of any collection without a vector, ids above `after`, by ascending id."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"""{_IMAGES} WHERE images.id > ?
                AND NOT EXISTS (SELECT 1 FROM vectors WHERE image_id = images.id AND model_version = ?)
                ORDER BY images.id LIMIT ?""",
                (min(after, LARGEST_ID), self._vectors.model, limit),
            )
            return [_record(row) for row in rows]

    def pending(self) -> int:
        """How many images, and captions that the model can read, of all collections have no vector."""
        with self._connections.reading() as connection:
            return pending(connection, self._vectors.model)

    def _add(self, connection: sqlite3.Connection, key: int, at: str, image: NewImage) -> Stored:
        image_done = connection.execute(
            """INSERT INTO images
            (collection_id, sha256, filename, format, width, height, bytes, metadata, created_at,
                updated_at, external_id)
            VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT (sha256, collection_id) DO NOTHING""",
            (
                key,
                image.sha256,
                image.filename,
                image.format,
                image.width,
                image.height,
                len(image.original),
                json.dumps(image.metadata, allow_nan=False),
                image.created_at or at,
                at,
                image.external_id,
            ),
        )
        ((id,),) = connection.execute(
            "SELECT id FROM images WHERE sha256 = ? AND collection_id = ?", (image.sha256, key)
        )
        vector_is_new = self.vectors.insert(connection, id, image.vector)
        if image.hash is not None:
            connection.execute("INSERT OR IGNORE INTO hashes VALUES (?, ?)", (image.sha256, image.hash))
        captions = self._supply(connection, id, at, image)
        added = Added(_by_id(connection, [id])[id], created=image_done.rowcount == 1)
        return Stored(added, vector_is_new, captions)

    def _complete(
        self, connection: sqlite3.Connection, key: int, at: str, addition: Addition
    ) -> Stored | None:
        row = connection.execute(
            "SELECT id FROM images WHERE sha256 = ? AND collection_id = ?", (addition.sha256, key)
        ).fetchone()
        if row is None:
            return None
        (id,) = row
        captions = self._supply(connection, id, at, addition)
        return Stored(Added(_by_id(connection, [id])[id], created=False), False, captions)

    def _supply(
        self, connection: sqlite3.Connection, id: int, at: str, given: NewImage | Addition
    ) -> dict[int, Row]:
        """Gives the image the external id and the captions that it lacks; gives these as in Stored."""
        if given.external_id is not None:
            connection.execute(
                "UPDATE images SET external_id = ?, updated_at = ? WHERE id = ? AND external_id IS NULL",
                (given.external_id, at, id),
            )
        return self.captions.insert(connection, id, given.captions, at)

    def _with(self, collection: CollectionRef, column: str, values: Sequence[str]) -> list[ImageRecord]:
        with self._connections.reading() as connection:
            key = collection_key(connection, collection)
            rows = connection.execute(
                f"{_IMAGES} WHERE collection_id = ? AND {column} IN (SELECT value FROM json_each(?))",
                (key, json.dumps(list(values))),
            )
            return [_record(row) for row in rows]

    def _passing(self, collection: CollectionRef, condition: Condition, select: str) -> Ids:
        with self._connections.reading() as connection:
            found = connection.execute(
                f"{select} WHERE collection_id = ? AND {condition.sql} ORDER BY 1",
                (collection_key(connection, collection), *condition.parameters),
            )
            return np.fromiter((id for (id,) in found), np.int64)


def _columns(image: ImageRecord) -> tuple[str, str, str | None]:
    """What of an image's row may change, as it is stored: 1 and true are equal in Python, but not there."""
    return image.filename, json.dumps(image.metadata), image.external_id


def _check_free(connection: sqlite3.Connection, name: str, image: ImageRecord) -> None:
    """Raises ExternalIdTaken."""
    if image.external_id is None:
        return
    other = connection.execute(
        """SELECT 1 FROM images JOIN collections ON collections.id = collection_id
        WHERE name = ? AND external_id = ? AND images.id != ?""",
        (name, image.external_id, image.id),
    ).fetchone()
    if other:
        raise ExternalIdTaken(name, image.external_id)


def _by_id(connection: sqlite3.Connection, ids: Iterable[int]) -> dict[int, ImageRecord]:
    rows = connection.execute(
        f"{_IMAGES} WHERE images.id IN (SELECT value FROM json_each(?))", (json.dumps(list(ids)),)
    )
    return {record.id: record for record in map(_record, rows)}


def _record(row: tuple[Any, ...]) -> ImageRecord:
    """From a row of `_IMAGES`."""
    *columns, metadata, created_at, updated_at, external_id, listed = row
    captions = tuple(CaptionRecord(*caption) for caption in sorted(json.loads(listed)))
    return ImageRecord(*(*columns, json.loads(metadata), created_at, updated_at, external_id, captions))
