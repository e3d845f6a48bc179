"""Collections: what the catalog knows of them, from their creation to their end."""

import sqlite3

from index.connections import Connections
from index.errors import CollectionExists, UnknownCollection
from index.records import CollectionKey, CollectionRecord
from index.sql import check_name, collection_key, now

_COLLECTIONS = """
    SELECT name, created_at,
        (SELECT count(*) FROM images WHERE collection_id = collections.id),
        (SELECT count(*) FROM images JOIN vectors ON image_id = images.id AND model_version = :model
            WHERE collection_id = collections.id),
        (SELECT count(*) FROM images JOIN captions ON image_id = images.id
            WHERE collection_id = collections.id),
        (SELECT count(*) FROM images JOIN captions ON image_id = images.id
            JOIN caption_vectors ON caption_id = captions.id AND model_version = :model
            WHERE collection_id = collections.id),
        (SELECT coalesce(sum(bytes), 0) FROM images WHERE collection_id = collections.id),
        :model
    FROM collections
"""


class Collections:
    """A part of the catalog. Like the rest of it, it sees the vectors of one model."""

    def __init__(self, connections: Connections, model: str) -> None:
        self._connections = connections
        self._model = model

    def create(self, name: str) -> None:
        """Raises CollectionExists."""
        with self._connections.writing() as connection:
            done = connection.execute(
                "INSERT INTO collections (name, created_at) VALUES (?, ?) ON CONFLICT DO NOTHING",
                (name, now()),
            )
            if not done.rowcount:
                raise CollectionExists(name)

    def all(self) -> list[CollectionKey]:
        """In the order of their creation."""
        with self._connections.reading() as connection:
            rows = connection.execute("SELECT id, name FROM collections ORDER BY id")
            return [CollectionKey(*row) for row in rows]

    def key(self, name: str) -> CollectionKey:
        """Raises UnknownCollection."""
        with self._connections.reading() as connection:
            return CollectionKey(collection_key(connection, name), name)

    def records(self) -> list[CollectionRecord]:
        """Of all collections, in the order of their creation."""
        with self._connections.reading() as connection:
            rows = connection.execute(f"{_COLLECTIONS} ORDER BY id", {"model": self._model})
            return [CollectionRecord(*row) for row in rows]

    def record(self, name: str) -> CollectionRecord:
        """Raises UnknownCollection."""
        check_name(name)
        with self._connections.reading() as connection:
            row = connection.execute(
                f"{_COLLECTIONS} WHERE name = :name", {"model": self._model, "name": name}
            ).fetchone()
        if row is None:
            raise UnknownCollection(name)
        return CollectionRecord(*row)

    def rename(self, name: str, to: str) -> None:
        """Raises UnknownCollection, CollectionExists."""
        with self._connections.writing() as connection:
            key = collection_key(connection, name)
            done = connection.execute("UPDATE OR IGNORE collections SET name = ? WHERE id = ?", (to, key))
            if not done.rowcount:
                raise CollectionExists(to)

    def delete(self, name: str) -> set[str]:
        """Deletes it, its images and their vectors; gives the images' contents. Raises UnknownCollection."""
        with self._connections.writing() as connection:
            key = collection_key(connection, name)
            contents = _contents(connection, key)
            connection.execute("DELETE FROM collections WHERE id = ?", (key,))
            return contents

    def empty(self, name: str) -> set[str]:
        """Deletes its images and their vectors; gives the images' contents. Raises UnknownCollection."""
        with self._connections.writing() as connection:
            key = collection_key(connection, name)
            contents = _contents(connection, key)
            connection.execute("DELETE FROM images WHERE collection_id = ?", (key,))
            connection.execute("DELETE FROM receipts WHERE collection_id = ?", (key,))
            return contents


def _contents(connection: sqlite3.Connection, key: int) -> set[str]:
    rows = connection.execute("SELECT sha256 FROM images WHERE collection_id = ?", (key,))
    return {sha256 for (sha256,) in rows}
