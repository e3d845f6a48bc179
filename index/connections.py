"""Connections to the catalog's file: one that writes, and as many that read as there are readers at once."""

import sqlite3
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from index.errors import StorageFull, StoreClosed, translated
from index.migrations import MIGRATIONS, migrate
from index.sql import transaction

# A vector of 512 dimensions takes a little over 2 kB: the usual pages of 4 kB would hold one each.
PAGE_BYTES = 16384
# Of pages that changed, until they are committed. A change of many images touches pages all over the indexes
# of digests: with the usual 2 MB it would write the same ones again and again.
CACHE_BYTES = 32 * 2**20
LOG_PAGES = 4000  # 64 MB, at which the log is brought into the file: each page once, however often it changed


class Connections:
    """SQLite in WAL mode: readers never wait for the writer, nor the writer for them.

    `synchronous=FULL` syncs the log at every commit: what was committed survives a power cut. With NORMAL it
    would survive the end of the process only; EXTRA adds nothing in WAL mode, which deletes no journal. The
    price is one sync a commit, and `Gallery.add` commits a batch at once.
    """

    def __init__(self, path: Path, steps: tuple[str, ...] = MIGRATIONS) -> None:
        """Opens or creates the file, with the schema that `steps` lead to.

        Raises StoreTooNew, StoreDamaged."""
        self._path = path
        self._changing = threading.Lock()
        self._pool = threading.Lock()  # guards the two below
        self._idle: list[sqlite3.Connection] = []
        self._closed = False
        with translated(path.parent):
            self._writer = self._connect()
            try:
                self._writer.execute(f"PRAGMA page_size = {PAGE_BYTES}")  # counts in a new file only
                self._writer.execute(f"PRAGMA cache_size = -{CACHE_BYTES // 1024}")
                self._writer.execute("PRAGMA journal_mode = WAL")
                self._writer.execute(f"PRAGMA wal_autocheckpoint = {LOG_PAGES}")
                self._writer.execute("PRAGMA synchronous = FULL")
                self._writer.execute("PRAGMA foreign_keys = ON")
                migrate(self._writer, steps)
            except BaseException:
                self._writer.close()
                raise

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """A transaction, one at a time: committed when the block ends, rolled back when it raises."""
        with self._changing, translated(self._path.parent):
            if self._closed:
                raise StoreClosed(self._path.parent)
            with transaction(self._writer):
                yield self._writer

    @contextmanager
    def reading(self) -> Iterator[sqlite3.Connection]:
        """A connection that nobody else uses meanwhile; it sees every transaction committed before."""
        with translated(self._path.parent):
            connection = self._take()
            try:
                yield connection
            finally:
                self._give_back(connection)

    def checkpoint(self) -> None:
        """Brings the log into the file, as far as readers and the space on the disk let it."""
        with self._changing, suppress(StorageFull), translated(self._path.parent):
            if self._closed:
                raise StoreClosed(self._path.parent)
            self._writer.execute("PRAGMA wal_checkpoint(PASSIVE)")

    def close(self) -> None:
        """Waits for a transaction under way. Reads under way end in peace and close behind themselves."""
        with self._changing, self._pool:
            self._closed = True
            for connection in (self._writer, *self._idle):
                connection.close()
            self._idle.clear()

    def _connect(self) -> sqlite3.Connection:
        return sqlite3.connect(self._path, isolation_level=None, check_same_thread=False)

    def _take(self) -> sqlite3.Connection:
        with self._pool:
            if self._closed:
                raise StoreClosed(self._path.parent)
            if self._idle:
                return self._idle.pop()
        connection = self._connect()
        connection.execute("PRAGMA query_only = ON")
        return connection

    def _give_back(self, connection: sqlite3.Connection) -> None:
        with self._pool:
            if self._closed:
                connection.close()
            else:
                self._idle.append(connection)
