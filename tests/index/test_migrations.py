import sqlite3
from collections.abc import Iterator
from contextlib import closing

import pytest

from index.errors import StoreTooNew
from index.migrations import MIGRATIONS, migrate


@pytest.fixture
def connection() -> Iterator[sqlite3.Connection]:
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as opened:
        yield opened


def version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def tables(connection: sqlite3.Connection) -> set[str]:
    rows = connection.execute(
        "SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'"
    )
    return {name for (name,) in rows}


def test_new_catalog_gets_all_tables(connection: sqlite3.Connection) -> None:
    migrate(connection)
    assert tables(connection) == {"collections", "images", "vectors", "serving"}
    assert version(connection) == len(MIGRATIONS)


def test_only_missing_steps_are_taken(connection: sqlite3.Connection) -> None:
    migrate(connection, ("CREATE TABLE first (a)",))
    for _ in range(2):
        migrate(connection, ("CREATE TABLE first (a)", "CREATE TABLE second (a)"))
    assert tables(connection) == {"first", "second"}
    assert version(connection) == 2


def test_step_that_fails_leaves_nothing_and_keeps_those_before(connection: sqlite3.Connection) -> None:
    with pytest.raises(sqlite3.OperationalError, match="nowhere"):
        migrate(connection, ("CREATE TABLE first (a)", "CREATE TABLE second (a); DELETE FROM nowhere"))
    assert tables(connection) == {"first"}
    assert version(connection) == 1
    assert not connection.in_transaction


def test_newer_schema_is_refused_with_both_versions(connection: sqlite3.Connection) -> None:
    connection.execute("PRAGMA user_version = 99")
    with pytest.raises(StoreTooNew, match="newer release") as caught:
        migrate(connection)
    assert (caught.value.found, caught.value.known) == (99, len(MIGRATIONS))
