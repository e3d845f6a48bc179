"""Image vectors: those of the catalog's images, of one model."""

import json
import sqlite3
from collections.abc import Iterator, Mapping

from index.connections import Connections
from index.errors import NotEmbedded
from index.records import CollectionRef
from index.sql import Vectors, collection_key, image_key
from index.vectors import Ids, Row, Rows, to_blob


class ImageVectors:
    """A part of the catalog."""

    def __init__(self, connections: Connections, vectors: Vectors) -> None:
        self._connections = connections
        self._vectors = vectors

    def of_image(self, name: str, id: int) -> Row:
        """(dim,) float32. Raises UnknownCollection, UnknownImage, NotEmbedded."""
        with self._connections.reading() as connection:
            image_key(connection, name, id)
            row = connection.execute(
                "SELECT vector FROM vectors WHERE image_id = ? AND model_version = ?",
                (id, self._vectors.model),
            ).fetchone()
        if row is None:
            raise NotEmbedded(name, id)
        vector: Row = self._vectors.rows(row)[0]
        return vector

    def of_images(self, ids: Ids) -> tuple[Ids, Rows]:
        """Those of the images that have one: (n,) int64 and (n, dim) float32. Raises StoreDamaged."""
        with self._connections.reading() as connection:
            found = connection.execute(
                """SELECT image_id, vector FROM vectors
                WHERE model_version = ? AND image_id IN (SELECT value FROM json_each(?))""",
                (self._vectors.model, json.dumps(ids.tolist())),
            )
            return self._vectors.all(found)

    def of_collection(self, collection: CollectionRef) -> Iterator[tuple[Ids, Rows]]:
        """All of them in blocks: (n,) int64 and (n, dim) float32. Raises UnknownCollection, StoreDamaged."""
        with self._connections.reading() as connection:
            found = connection.execute(
                """SELECT images.id, vector
                FROM images JOIN vectors ON image_id = images.id AND model_version = ?
                WHERE collection_id = ? ORDER BY images.id""",
                (self._vectors.model, collection_key(connection, collection)),
            )
            yield from self._vectors.blocks(found)

    def put(self, vectors: Mapping[int, Row]) -> dict[int, str]:
        """Sets vectors, (dim,) float32 each, durably; gives the ids that exist with their collections."""
        with self._connections.writing() as connection:
            present = dict(
                connection.execute(
                    """SELECT images.id, name FROM images JOIN collections ON collections.id = collection_id
                    WHERE images.id IN (SELECT value FROM json_each(?))""",
                    (json.dumps(list(vectors)),),
                ).fetchall()
            )
            connection.executemany(
                """INSERT INTO vectors (image_id, model_version, vector) VALUES (?, ?, ?)
                ON CONFLICT DO UPDATE SET vector = excluded.vector""",
                ((id, self._vectors.model, to_blob(vectors[id])) for id in present),
            )
            return present

    def insert(self, connection: sqlite3.Connection, id: int, vector: Row) -> bool:
        """Within a transaction under way, gives the image its vector; whether it had none before."""
        done = connection.execute(
            "INSERT INTO vectors (image_id, model_version, vector) VALUES (?, ?, ?) ON CONFLICT DO NOTHING",
            (id, self._vectors.model, to_blob(vector)),
        )
        return done.rowcount == 1
