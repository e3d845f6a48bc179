"""A data folder that is there already, for work in which no model takes part."""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager, nullcontext
from pathlib import Path

from index.errors import NoStore, translated
from index.lock import FolderLock
from index.migrations import MIGRATIONS, migrate

CATALOG = "catalog.sqlite3"


@contextmanager
def catalog_in(folder: Path, *, writing: bool = False) -> Iterator[sqlite3.Connection]:
    """A connection to the catalog of `folder`. Reading is safe beside a service; who writes holds the lock.

    A catalog of an older release is brought up to date first, as a service would do it: nobody else may use
    the folder then. Raises NoStore, StoreTooNew, StoreDamaged; for such a catalog also StoreInUse,
    StorageFull, StorageUnwritable.
    """
    path = folder / CATALOG
    if not path.is_file():
        raise NoStore(folder)
    with translated(folder), closing(sqlite3.connect(path, isolation_level=None)) as connection:
        (version,) = connection.execute("PRAGMA user_version").fetchone()
        connection.execute("PRAGMA synchronous = FULL")
        connection.execute("PRAGMA foreign_keys = ON")
        with closing(FolderLock(folder)) if version < len(MIGRATIONS) and not writing else nullcontext():
            migrate(connection)
        if not writing:
            connection.execute("PRAGMA query_only = ON")
        yield connection


def vector_sizes(connection: sqlite3.Connection) -> dict[str, int]:
    """Bytes of a vector by model: what most of them have. -1 where none is made of whole numbers."""
    rows = connection.execute(
        """SELECT model_version, iif(length(vector) % 4, -1, length(vector)) AS size FROM
            (SELECT model_version, vector FROM vectors
            UNION ALL SELECT model_version, vector FROM caption_vectors)
        GROUP BY model_version, size ORDER BY size > 0, count(*), size"""
    )
    return dict(rows.fetchall())  # the last of a model counts
