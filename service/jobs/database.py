"""The file of the ledger: its schema, and what is done with one that is damaged."""

import logging
from pathlib import Path
from typing import Final

from index.connections import Connections
from index.errors import StoreDamaged, translated

logger = logging.getLogger(__name__)

FILE: Final = "jobs.sqlite3"

STEPS: Final = (
    """
    CREATE TABLE jobs (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        kind TEXT NOT NULL,
        collection TEXT NOT NULL,
        state TEXT NOT NULL,
        source TEXT NOT NULL, -- the archive's file, the folder; empty for URLs
        total INTEGER, -- null until the source was looked through
        done INTEGER NOT NULL DEFAULT 0,
        created INTEGER NOT NULL DEFAULT 0,
        existing INTEGER NOT NULL DEFAULT 0,
        failed INTEGER NOT NULL DEFAULT 0,
        skipped INTEGER NOT NULL DEFAULT 0,
        mark INTEGER, -- the newest image when the job began
        error TEXT, -- a problem document by each language
        created_at TEXT NOT NULL,
        updated_at TEXT NOT NULL
    ) STRICT;
    CREATE INDEX jobs_by_state ON jobs (state, id);

    CREATE TABLE items (
        job_id INTEGER NOT NULL REFERENCES jobs (id) ON DELETE CASCADE,
        number INTEGER NOT NULL, -- from 0, the order in which they are worked on
        name TEXT NOT NULL,
        place BLOB NOT NULL, -- where it is in the source
        refusal TEXT, -- why it is not even read
        status TEXT, -- null until it was its turn
        image_id INTEGER,
        error TEXT, -- a problem document by each language
        PRIMARY KEY (job_id, number)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX items_by_status ON items (job_id, status, number);
    """,
    """
    ALTER TABLE jobs ADD COLUMN collection_id INTEGER; -- which stays when the name changes
    CREATE INDEX jobs_by_collection ON jobs (collection_id);
    """,
)


def opened(store: Path) -> Connections:
    """The database of the store, in which no job runs yet.

    A file that is damaged is set aside: jobs are not worth a service that does not start. Raises
    StoreTooNew, StorageFull, StorageUnwritable.
    """
    try:
        return _opened(store / FILE)
    except StoreDamaged as error:
        aside = _set_aside(store / FILE)
        logger.error(
            "the list of jobs was damaged (%s) and lies in %s now; imports that had not ended are lost:"
            " send them again",
            *(error.reason, aside),
        )
        return _opened(store / FILE)


def _opened(path: Path) -> Connections:
    """Raises StoreDamaged, StoreTooNew."""
    connections = Connections(path, STEPS)
    try:
        with connections.writing() as connection:
            connection.execute("UPDATE jobs SET state = 'queued' WHERE state = 'running'")
    except BaseException:
        connections.close()
        raise
    return connections


def _set_aside(path: Path) -> Path:
    """Gives the file another name, with what belongs to it; one that was set aside earlier makes room."""
    aside = path.with_name(f"{path.name}.damaged")
    with translated(path.parent):
        for end in ("-wal", "-shm", ""):
            if (there := path.with_name(path.name + end)).exists():
                there.replace(aside.with_name(aside.name + end))
    return aside
