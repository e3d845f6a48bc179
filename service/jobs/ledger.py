"""The ledger: jobs and what became of each item, in a database of their own.

It lies beside the catalog and not in it: jobs are worth no backup, they come and go, and a job that writes
down its items does not keep uploads waiting for the catalog. What was written down survives `kill -9` and a
power cut; what was added and not yet written down is met again as existing content, see `Runner`.
"""

import json
import sqlite3
from collections.abc import Collection, Iterable, Iterator, Sequence
from datetime import UTC, datetime, timedelta
from itertools import islice
from pathlib import Path
from typing import Any, Final, get_args

from index.records import CollectionKey
from index.sql import instant, now
from service.batcher import Overloaded
from service.jobs.database import opened
from service.jobs.errors import UnknownJob
from service.jobs.records import FINISHED, Entry, ItemRecord, JobRecord, Kind, Result, State, Status

KEPT: Final = 1000  # finished jobs
KEPT_FOR: Final = timedelta(days=30)
RETRY_SECONDS: Final = 60  # after which a place may be free again
PLAN_BATCH: Final = 1000

_JOBS: Final = f"SELECT {', '.join(JobRecord.__dataclass_fields__)} FROM jobs"
_ITEMS: Final = f"SELECT {', '.join(ItemRecord.__dataclass_fields__)} FROM items"


class Ledger:
    """Thread-safe."""

    def __init__(self, store: Path) -> None:
        """Jobs that ran when the service ended wait again, in front. Raises as `opened` does."""
        self._connections = opened(store)

    def close(self) -> None:
        self._connections.close()

    def create(
        self,
        kind: Kind,
        collection: CollectionKey,
        source: str,
        *,
        most_waiting: int,
        entries: Sequence[Entry] = (),
    ) -> JobRecord:
        """A job that waits; with `entries` for one that need not look for them. Raises Overloaded."""
        with self._connections.writing() as connection:
            self._check_room(connection, most_waiting)
            (id,) = connection.execute(
                """INSERT INTO jobs
                (kind, collection, collection_id, state, source, total, created_at, updated_at)
                VALUES (?, ?, ?, 'queued', ?, ?, ?, ?) RETURNING id""",
                (kind, collection.name, collection.id, source, len(entries) or None, *(now(),) * 2),
            ).fetchone()
            _insert(connection, id, 0, entries)
            return _job(connection, id)

    def rename(self, collection: CollectionKey) -> None:
        """Has the collection's jobs tell the name that it has now."""
        with self._connections.writing() as connection:
            connection.execute(
                "UPDATE jobs SET collection = ? WHERE collection_id = ? AND collection != ?",
                (collection.name, collection.id, collection.name),
            )

    def check_room(self, most_waiting: int) -> None:
        """Raises Overloaded."""
        with self._connections.reading() as connection:
            self._check_room(connection, most_waiting)

    def job(self, id: int) -> JobRecord:
        """Raises UnknownJob."""
        with self._connections.reading() as connection:
            return _job(connection, id)

    def jobs(
        self, *, state: str | None, collections: Collection[str] | None, before: int | None, limit: int
    ) -> list[JobRecord]:
        """The newest first; with `collections`, those of collections with these names."""
        names = None if collections is None else json.dumps(list(collections))
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"""{_JOBS} WHERE state = ifnull(?, state)
                AND (? IS NULL OR collection IN (SELECT value FROM json_each(?)))
                AND id < ifnull(?, id + 1) ORDER BY id DESC LIMIT ?""",
                (state, names, names, before, limit),
            )
            return [JobRecord(*row) for row in rows]

    def counts(self) -> dict[str, int]:
        """How many jobs are in each state that any is in."""
        with self._connections.reading() as connection:
            return dict(connection.execute("SELECT state, count(*) FROM jobs GROUP BY state").fetchall())

    def items(self, id: int, *, after: int, limit: int, status: str | None = None) -> list[ItemRecord]:
        """Those that are done, numbers above `after`, in their order."""
        statuses = get_args(Status) if status is None else (status,)
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"""{_ITEMS} WHERE job_id = ? AND number > ? AND status IN ({", ".join("?" * len(statuses))})
                ORDER BY number LIMIT ?""",
                (id, after, *statuses, limit),
            )
            return [ItemRecord(*row) for row in rows]

    def waiting_items(self, id: int, limit: int = 256) -> Iterator[ItemRecord]:
        """Those that are not done, in their order."""
        after = -1
        while True:
            with self._connections.reading() as connection:
                rows = connection.execute(
                    f"{_ITEMS} WHERE job_id = ? AND number > ? AND status IS NULL ORDER BY number LIMIT ?",
                    (id, after, limit),
                ).fetchall()
            if not rows:
                return
            yield from (ItemRecord(*row) for row in rows)
            after = rows[-1][0]

    def take(self) -> JobRecord | None:
        """The job that waits longest, which runs from now on."""
        with self._connections.writing() as connection:
            row = connection.execute("SELECT min(id) FROM jobs WHERE state = 'queued'").fetchone()
            if row[0] is None:
                return None
            _set(connection, row[0], state="running")
            return _job(connection, row[0])

    def begin(self, id: int, mark: int) -> None:
        with self._connections.writing() as connection:
            _set(connection, id, mark=mark)

    def plan(self, id: int, entries: Iterable[Entry | None]) -> None:
        """Writes down what is to be done; None is what was passed over. What an earlier try left is gone."""
        with self._connections.writing() as connection:
            connection.execute("DELETE FROM items WHERE job_id = ?", (id,))
        total = skipped = 0
        found = iter(entries)
        while batch := list(islice(found, PLAN_BATCH)):
            kept = [entry for entry in batch if entry is not None]
            with self._connections.writing() as connection:
                _insert(connection, id, total, kept)
            total += len(kept)
            skipped += len(batch) - len(kept)
        with self._connections.writing() as connection:
            _set(connection, id, total=total, skipped=skipped)

    def record(self, id: int, results: Sequence[Result]) -> None:
        """Writes down what became of items, all or none."""
        statuses = [result.status for result in results]
        with self._connections.writing() as connection:
            connection.executemany(
                "UPDATE items SET status = ?, image_id = ?, error = ? WHERE job_id = ? AND number = ?",
                ((one.status, one.image_id, one.error, id, one.number) for one in results),
            )
            connection.execute(
                """UPDATE jobs SET done = done + ?, created = created + ?, existing = existing + ?,
                failed = failed + ?, updated_at = ? WHERE id = ?""",
                (len(results), *(statuses.count(one) for one in get_args(Status)), now(), id),
            )

    def has_image(self, id: int, image_id: int) -> bool:
        """Whether an item of the job is that image."""
        with self._connections.reading() as connection:
            found = connection.execute(
                "SELECT 1 FROM items WHERE job_id = ? AND image_id = ?", (id, image_id)
            )
            return found.fetchone() is not None

    def finish(self, id: int, state: State, error: str | None = None) -> None:
        """Ends a job, and forgets those that ended long ago."""
        with self._connections.writing() as connection:
            if not _job(connection, id).finished:  # or somebody cancelled it just now
                _set(connection, id, state=state, error=error)
            connection.execute(
                f"""DELETE FROM jobs WHERE state IN {FINISHED} AND (updated_at < ? OR id IN
                (SELECT id FROM jobs WHERE state IN {FINISHED} ORDER BY id DESC LIMIT -1 OFFSET ?))""",
                (instant(datetime.now(UTC) - KEPT_FOR), KEPT),
            )

    def cancel(self, id: int) -> JobRecord:
        """The job is cancelled unless it has ended, and what it added stays. Raises UnknownJob."""
        with self._connections.writing() as connection:
            if not _job(connection, id).finished:
                _set(connection, id, state="cancelled")
            return _job(connection, id)

    def archives(self) -> set[str]:
        """The files that jobs need yet."""
        with self._connections.reading() as connection:
            rows = connection.execute(
                f"SELECT source FROM jobs WHERE kind = 'archive' AND state NOT IN {FINISHED}"
            )
            return {source for (source,) in rows}

    @staticmethod
    def _check_room(connection: sqlite3.Connection, most: int) -> None:
        (waiting,) = connection.execute("SELECT count(*) FROM jobs WHERE state = 'queued'").fetchone()
        if waiting >= most:
            raise Overloaded(most, RETRY_SECONDS)


def _insert(connection: sqlite3.Connection, id: int, first: int, entries: Sequence[Entry]) -> None:
    connection.executemany(
        "INSERT INTO items (job_id, number, name, place, refusal) VALUES (?, ?, ?, ?, ?)",
        ((id, number, *entry) for number, entry in enumerate(entries, first)),
    )


def _set(connection: sqlite3.Connection, id: int, **columns: Any) -> None:
    changes = ", ".join(f"{name} = ?" for name in columns)
    connection.execute(
        f"UPDATE jobs SET {changes}, updated_at = ? WHERE id = ?", (*columns.values(), now(), id)
    )


def _job(connection: sqlite3.Connection, id: int) -> JobRecord:
    row = connection.execute(f"{_JOBS} WHERE id = ?", (id,)).fetchone() if 0 < id < 2**63 else None
    if row is None:
        raise UnknownJob(id)
    return JobRecord(*row)
