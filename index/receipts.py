"""Receipts: what was answered to a request that its sender gave a key, for when the same comes again."""

import json
import zlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Final

from index.connections import Connections
from index.records import CollectionRef, Json
from index.sql import collection_key, instant, now

KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True)
class Receipt:
    """`digest` is of the request: under the same key, another one is another request."""

    digest: str
    answer: Mapping[str, Json]


class Receipts:
    """A part of the catalog. Each belongs to a collection and goes with it, or once it is KEPT no longer."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    def get(self, collection: CollectionRef, key: str) -> Receipt | None:
        """Raises UnknownCollection."""
        with self._connections.reading() as connection:
            row = connection.execute(
                """SELECT digest, answer FROM receipts
                WHERE collection_id = ? AND key = ? AND created_at > ?""",
                (collection_key(connection, collection), key, _oldest()),
            ).fetchone()
        return row and Receipt(row[0], json.loads(zlib.decompress(row[1])))

    def put(self, collection: CollectionRef, key: str, receipt: Receipt) -> None:
        """Keeps it, durably, in place of any other; those whose time is over go. Raises UnknownCollection."""
        answer = zlib.compress(json.dumps(receipt.answer).encode())
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM receipts WHERE created_at <= ?", (_oldest(),))
            connection.execute(
                """INSERT OR REPLACE INTO receipts (collection_id, key, digest, answer, created_at)
                VALUES (?, ?, ?, ?, ?)""",
                (collection_key(connection, collection), key, receipt.digest, answer, now()),
            )


def _oldest() -> str:
    """The instant after which one must have been made to count."""
    return instant(datetime.now(UTC) - KEPT)
