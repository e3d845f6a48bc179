"""Hashes: what the catalog knows of how images look, 64 bits for each content, and which are nearly the same.

Who makes them, and of what, is not for us to know: the fewer bits differ, the more two images look alike.
"""

import json
from collections.abc import Mapping

import faiss
import numpy as np
from numpy.typing import NDArray

from index.connections import Connections
from index.records import CollectionRef
from index.sql import collection_key
from index.vectors import Ids, Matches

HASH_BYTES = 8
QUERIES = 64  # at a time: were all images alike, their matches would still fit into memory


class Hashes:
    """A part of the catalog. A hash belongs to a content, and goes with its last image."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def missing(self, collection: CollectionRef, limit: int) -> list[str]:
        """Up to `limit` contents of the collection that have none. Raises UnknownCollection."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                """SELECT sha256 FROM images
                WHERE collection_id = ? AND sha256 NOT IN (SELECT sha256 FROM hashes)
                ORDER BY id LIMIT ?""",
                (collection_key(connection, collection), limit),
            )
            return [sha256 for (sha256,) in rows]

    def pending(self, collection: CollectionRef) -> int:
        """How many there are of them. Raises UnknownCollection."""
        with self._connections.reading() as connection:
            (number,) = connection.execute(
                """SELECT count(*) FROM images
                WHERE collection_id = ? AND sha256 NOT IN (SELECT sha256 FROM hashes)""",
                (collection_key(connection, collection),),
            ).fetchone()
            return int(number)

    def put(self, hashes: Mapping[str, bytes]) -> None:
        """Keeps them, durably, by content: 8 bytes, or none for what resembles nothing. One of a content
        that no image has is not kept. Raises StorageFull, StorageUnwritable."""
        with self._connections.writing() as connection:
            connection.executemany(
                """INSERT OR REPLACE INTO hashes (sha256, hash)
                SELECT :sha256, :hash WHERE EXISTS (SELECT 1 FROM images WHERE sha256 = :sha256)""",
                ({"sha256": sha256, "hash": hash} for sha256, hash in hashes.items()),
            )

    def of(self, collection: CollectionRef) -> tuple[Ids, NDArray[np.uint8]]:
        """All images that resemble anything, by ascending id: (n,) int64 and (n, 8) uint8.

        Raises UnknownCollection.
        """
        with self._connections.reading() as connection:
            rows = connection.execute(
                """SELECT images.id, hash FROM images JOIN hashes USING (sha256)
                WHERE collection_id = ? AND hash != x'' ORDER BY images.id""",
                (collection_key(connection, collection),),
            ).fetchall()
        ids = np.array([id for id, _ in rows], np.int64)
        return ids, np.frombuffer(b"".join(hash for _, hash in rows), np.uint8).reshape(-1, HASH_BYTES)

    def copies(self, id: int) -> list[int]:
        """The images with the content of this one, itself included, by ascending id."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                """SELECT id FROM images WHERE sha256 IN
                    (SELECT sha256 FROM images WHERE id IN (SELECT value FROM json_each(?)))
                ORDER BY id""",
                (json.dumps([id]),),
            )
            return [found for (found,) in rows]

    def copied(self, collection: CollectionRef, after: int, limit: int, within: list[int]) -> list[int]:
        """Up to `limit` images of the collection after this id, ascending, whose content another one of the
        collections `within`, given by their ids, has as well. Raises UnknownCollection."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                """SELECT id FROM images WHERE collection_id = :key AND id > :after AND EXISTS
                    (SELECT 1 FROM images AS other
                    WHERE other.sha256 = images.sha256 AND other.collection_id != :key
                        AND other.collection_id IN (SELECT value FROM json_each(:within)))
                ORDER BY id LIMIT :limit""",
                {
                    "key": collection_key(connection, collection),
                    "after": after,
                    "within": json.dumps(within),
                    "limit": limit,
                },
            )
            return [id for (id,) in rows]


class Near:
    """Images by their hashes: which of them differ in few bits."""

    def __init__(self, ids: Ids, hashes: NDArray[np.uint8], distance: int) -> None:
        """Ascending ids, (n,) int64; hashes, (n, 8) uint8; the most bits in which two may differ."""
        self.ids = ids
        self._hashes = hashes
        self._distance = distance
        self._index = faiss.IndexBinaryFlat(8 * HASH_BYTES)
        self._index.add(hashes)

    def matches(self, ids: Ids, most: int) -> list[Matches]:
        """For each of the ids, the others within the distance, the `most` lowest ids at most."""
        faiss.omp_set_num_threads(1)  # of the calling thread; searches need the other cores
        found = []
        for start in range(0, len(ids), QUERIES):
            places = np.searchsorted(self.ids, ids[start : start + QUERIES])
            limits, distances, others = self._index.range_search(self._hashes[places], self._distance + 1)
            for i, place in enumerate(places.tolist()):
                here = slice(int(limits[i]), int(limits[i + 1]))
                near, bits = others[here], distances[here]
                order = np.argsort(near)[: most + 1]
                order = order[near[order] != place][:most]
                found.append(Matches(self.ids[near[order]], bits[order].astype(np.float32)))
        return found
