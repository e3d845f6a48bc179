import sqlite3
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from index.connections import Connections
from index.errors import StorageUnwritable, StoreClosed, StoreDamaged

INSERT = "INSERT INTO collections (name, created_at) VALUES (?, '')"


@pytest.fixture
def connections(tmp_path: Path) -> Iterator[Connections]:
    with closing(Connections(tmp_path / "catalog.sqlite3")) as opened:
        yield opened


def names(connections: Connections) -> list[str]:
    with connections.reading() as connection:
        return [name for (name,) in connection.execute("SELECT name FROM collections ORDER BY id")]


def test_commits_are_synced_to_disk_and_references_are_kept(connections: Connections) -> None:
    with connections.writing() as connection:
        (journal,) = connection.execute("PRAGMA journal_mode").fetchone()
        (synchronous,) = connection.execute("PRAGMA synchronous").fetchone()
        (references,) = connection.execute("PRAGMA foreign_keys").fetchone()
    assert (journal, synchronous, references) == ("wal", 2, 1)  # 2 is FULL


def test_readers_see_what_was_committed_and_nothing_earlier(connections: Connections) -> None:
    with connections.writing() as connection:
        connection.execute(INSERT, ("trips",))
        assert names(connections) == []
    assert names(connections) == ["trips"]


def test_error_rolls_everything_back(connections: Connections) -> None:
    def insert_twice() -> None:
        with connections.writing() as connection:
            connection.execute(INSERT, ("trips",))
            connection.execute(INSERT, ("trips",))

    with pytest.raises(sqlite3.IntegrityError):
        insert_twice()
    assert names(connections) == []
    with connections.writing() as connection:
        connection.execute(INSERT, ("after",))
    assert names(connections) == ["after"]


def test_transactions_of_many_threads_run_one_after_the_other(connections: Connections) -> None:
    def count(_: int) -> None:
        with connections.writing() as connection:
            (n,) = connection.execute("SELECT count(*) FROM collections").fetchone()
            connection.execute(INSERT, (str(n),))

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(100)))
    assert names(connections) == [str(n) for n in range(100)]


def test_reader_cannot_write(connections: Connections) -> None:
    with pytest.raises(StorageUnwritable, match="readonly"), connections.reading() as connection:
        connection.execute(INSERT, ("trips",))


def test_reader_at_work_may_finish_after_closing(connections: Connections) -> None:
    with connections.reading() as connection:
        connections.close()
        assert connection.execute("SELECT 1").fetchone() == (1,)


def test_closed_connections_give_none(connections: Connections) -> None:
    connections.close()
    with pytest.raises(StoreClosed), connections.reading():
        pass
    with pytest.raises(StoreClosed), connections.writing():
        pass


def test_file_that_is_no_database_is_damaged(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").write_bytes(b"not a database" * 1000)
    with pytest.raises(StoreDamaged, match="backup"):
        Connections(tmp_path / "catalog.sqlite3")


def test_path_that_cannot_be_a_file_is_unwritable(tmp_path: Path) -> None:
    (tmp_path / "catalog.sqlite3").mkdir()
    with pytest.raises(StorageUnwritable, match="unable to open"):
        Connections(tmp_path / "catalog.sqlite3")
