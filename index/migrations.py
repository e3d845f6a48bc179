"""Migrations: the numbered steps that bring a catalog of any age to the schema of today."""

import sqlite3

from index.errors import StoreTooNew

# Never change a step that was released: add another. PRAGMA user_version counts those that were made.
MIGRATIONS = (
    """
    CREATE TABLE collections (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        name TEXT NOT NULL UNIQUE,
        created_at TEXT NOT NULL
    ) STRICT;

    CREATE TABLE images (
        id INTEGER PRIMARY KEY AUTOINCREMENT, -- which never gives an id twice
        collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        sha256 TEXT NOT NULL,
        filename TEXT NOT NULL,
        format TEXT NOT NULL,
        width INTEGER NOT NULL,
        height INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        metadata TEXT NOT NULL, -- a JSON object
        created_at TEXT NOT NULL,
        UNIQUE (sha256, collection_id) -- in this order it also finds the other users of a content
    ) STRICT;
    CREATE INDEX images_of_collection ON images (collection_id);

    CREATE TABLE vectors (
        image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        vector BLOB NOT NULL, -- float32, little endian
        PRIMARY KEY (image_id, model_version)
    ) STRICT;
    """,
    """
    CREATE TABLE captions (
        id INTEGER PRIMARY KEY AUTOINCREMENT,
        image_id INTEGER NOT NULL REFERENCES images (id) ON DELETE CASCADE,
        language TEXT NOT NULL,
        text TEXT NOT NULL,
        folded TEXT NOT NULL, -- the text as filters compare it
        created_at TEXT NOT NULL,
        UNIQUE (image_id, language, text) -- in this order it also finds the captions of an image
    ) STRICT;

    CREATE TABLE caption_vectors (
        caption_id INTEGER NOT NULL REFERENCES captions (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        vector BLOB NOT NULL, -- float32, little endian
        PRIMARY KEY (caption_id, model_version)
    ) STRICT;
    """,
    """
    CREATE TABLE serving ( -- the model whose vectors are searched: one row, or none yet
        one INTEGER PRIMARY KEY CHECK (one = 1),
        model_version TEXT NOT NULL,
        checkpoint TEXT -- where the model was loaded from, in the words of whoever loads it
    ) STRICT;
    """,
    """
    ALTER TABLE images ADD COLUMN external_id TEXT; -- what whoever handed the image in calls it
    ALTER TABLE images ADD COLUMN updated_at TEXT NOT NULL DEFAULT ''; -- SQLite wants a default
    UPDATE images SET updated_at = created_at;
    CREATE UNIQUE INDEX images_by_external_id ON images (collection_id, external_id)
        WHERE external_id IS NOT NULL;

    CREATE TABLE unreadable_captions ( -- those that the model has no vector for, nor ever will
        caption_id INTEGER NOT NULL REFERENCES captions (id) ON DELETE CASCADE,
        model_version TEXT NOT NULL,
        PRIMARY KEY (caption_id, model_version)
    ) STRICT;

    CREATE TABLE receipts ( -- what was answered to a request that had a key, should it come again
        collection_id INTEGER NOT NULL REFERENCES collections (id) ON DELETE CASCADE,
        key TEXT NOT NULL,
        digest TEXT NOT NULL, -- of the request
        answer BLOB NOT NULL, -- compressed
        created_at TEXT NOT NULL,
        PRIMARY KEY (collection_id, key)
    ) STRICT;
    CREATE INDEX receipts_by_age ON receipts (created_at);
    """,
    """
    CREATE TABLE hashes ( -- of how an image looks; a migration empties it if they are made otherwise
        sha256 TEXT PRIMARY KEY,
        hash BLOB NOT NULL -- 8 bytes, or none where it tells nothing
    ) STRICT, WITHOUT ROWID;
    CREATE TRIGGER hashes_go_with_the_last_image AFTER DELETE ON images BEGIN
        DELETE FROM hashes WHERE sha256 = old.sha256
            AND NOT EXISTS (SELECT 1 FROM images WHERE sha256 = old.sha256);
    END;
    """,
)


def migrate(connection: sqlite3.Connection, steps: tuple[str, ...] = MIGRATIONS) -> None:
    """Takes the missing steps, each in a transaction of its own. Raises StoreTooNew for a newer schema."""
    (version,) = connection.execute("PRAGMA user_version").fetchone()
    if version > len(steps):
        raise StoreTooNew(version, len(steps))
    for number, step in enumerate(steps[version:], version + 1):
        try:
            connection.executescript(f"BEGIN IMMEDIATE; {step}; PRAGMA user_version = {number}; COMMIT;")
        except BaseException:
            if connection.in_transaction:
                connection.execute("ROLLBACK")
            raise
