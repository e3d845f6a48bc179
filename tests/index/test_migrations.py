import sqlite3
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from index.changes import ImageChange
from index.errors import StoreInUse, StoreTooNew
from index.gallery import Gallery
from index.listing import Listing
from index.lock import FolderLock
from index.migrations import MIGRATIONS, migrate
from index.records import CaptionRecord, ImageRecord, NewCaption
from index.spaces import served_before
from index.store import catalog_in
from tests.index.samples import DIM, counts, found, sample, unit

STORES = Path(__file__).parent / "stores"  # as the releases wrote them that had these schemas
CREATED_AT = "2026-01-31T12:00:00.123Z"


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
    assert tables(connection) == {
        "collections",
        "images",
        "vectors",
        "captions",
        "caption_vectors",
        "serving",
        "unreadable_captions",
        "receipts",
        "hashes",
    }
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


def stored(folder: Path, schema: int) -> Path:
    """A folder with the catalog of an older release, made from its dump."""
    with closing(sqlite3.connect(folder / "catalog.sqlite3")) as connection:
        connection.executescript((STORES / f"schema-{schema}.sql").read_text(encoding="utf-8"))
        assert version(connection) == schema
    return folder


def test_every_older_schema_has_a_stored_catalog() -> None:
    dumps = {int(path.stem.removeprefix("schema-")) for path in STORES.iterdir()}
    assert dumps == set(range(1, len(MIGRATIONS)))


@pytest.mark.parametrize("schema", range(1, len(MIGRATIONS)))
def test_migrated_catalog_has_the_tables_of_a_new_one(
    connection: sqlite3.Connection, schema: int, tmp_path: Path
) -> None:
    migrate(connection)
    with closing(sqlite3.connect(stored(tmp_path, schema) / "catalog.sqlite3", isolation_level=None)) as old:
        migrate(old)
        schemas = [
            sorted(one.execute("SELECT name, sql FROM sqlite_schema").fetchall()) for one in (old, connection)
        ]
    assert schemas[0] == schemas[1]


def test_catalog_of_schema_1_is_whole_after_it_was_opened(tmp_path: Path) -> None:
    stored(tmp_path, 1)
    for _ in range(2):  # the second time finds nothing left to migrate
        with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
            assert [counts(one) for one in it.collections()] == [("default", 2, 1), ("trips", 2, 2)]
            old, dog = it.images("default")
            assert (old.id, old.filename) == (1, "photo.jpg")
            assert it.without_vector() == [old]
            assert dog == ImageRecord(
                id=3,
                collection="default",
                sha256=sample("dog").sha256,
                filename="Hund.jpg",
                format="jpeg",
                width=640,
                height=480,
                bytes=3,
                metadata={"camera": "X100", "tags": ["a", None], "ü": 1.5},
                created_at=CREATED_AT,
                updated_at=CREATED_AT,
            )
            assert (it.vector("default", 3) == unit(1, 0, 2, 0)).all()
            assert found(it, unit(0, 1, 1, 0), of="trips") == [4, 5]
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
        (added,) = it.add("default", [sample("new")])
        assert added.record.id == 7  # 6 was given before, and removed
        change = ImageChange(captions=[NewCaption("de", "Ein Hund", unit(1, 0, 2, 0))])
        (caption,) = it.update("default", 3, change).captions
        assert caption == CaptionRecord(1, 3, "de", "Ein Hund", caption.created_at)


def test_catalog_of_schema_2_keeps_its_captions(tmp_path: Path) -> None:
    stored(tmp_path, 2)
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
        german, english = it.image("default", 3).captions
        assert german == CaptionRecord(1, 3, "de", "Ein Hund", CREATED_AT)
        assert it.captions_without_vector() == [english]
        assert it.pending() == 2  # this caption and image 1
        (best,) = it.best_captions("trips", unit(0, 1, 0, 0), k=1)
        assert (best.record.text, best.symmetric) == ("Un chat", 1)
        change = ImageChange(captions=[NewCaption("en", "New", unit(1, 1, 1, 1))])
        (caption,) = it.update("default", 1, change).captions
        assert caption.id == 7  # 6 was given before, and removed


def test_catalog_of_schema_3_remembers_its_model_and_its_images_take_external_ids(tmp_path: Path) -> None:
    stored(tmp_path, 3)
    served = served_before(tmp_path, "model-2")
    assert served is not None
    assert (served.model_version, served.checkpoint, served.pending) == ("model-1", "hub:a/model", 2)
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
        before = it.image("default", 3)
        assert (before.updated_at, before.external_id) == (CREATED_AT, None)
        assert [one.text for one in before.captions] == ["Ein Hund", "A dog"]
        after = it.update("default", 3, ImageChange(external_id="dog"))
        assert it.by_external_id("default", ["dog"]) == {"dog": after}
        assert it.pending() == 2


def test_catalog_of_schema_4_keeps_external_ids_and_takes_hashes(tmp_path: Path) -> None:
    stored(tmp_path, 4)
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
        dog = it.by_external_id("default", ["dog"])["dog"]
        assert (dog.id, dog.updated_at) == (3, "2026-02-01T12:00:00.123Z")
        assert it.pending() == 1  # image 1; the model cannot read the caption without a vector
        missing = it.duplicates.unhashed("default", 10)
        assert len(missing) == 2
        it.duplicates.put_hashes(dict.fromkeys(missing, b"12345678"))
        (group,) = it.duplicates.groups("default", "near", 0).groups
        assert [one.id for one in group.images] == [1, 3]


def test_catalog_of_schema_5_lists_its_images(tmp_path: Path) -> None:
    stored(tmp_path, 5)
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as it:
        dog, photo = it.page("default", Listing("-created_at")).images
        assert (dog.id, dog.external_id, dog.updated_at) == (3, "dog", "2026-02-01T12:00:00.123Z")
        assert (photo.id, photo.updated_at) == (1, CREATED_AT)


@pytest.mark.parametrize("schema", range(1, len(MIGRATIONS)))
def test_whoever_reads_an_older_catalog_without_a_model_brings_it_up_to_date(
    schema: int, tmp_path: Path
) -> None:
    with catalog_in(stored(tmp_path, schema)) as connection:
        assert version(connection) == len(MIGRATIONS)
        with pytest.raises(sqlite3.OperationalError, match="readonly"):
            connection.execute("DELETE FROM images")


def test_older_catalog_in_use_is_left_alone(tmp_path: Path) -> None:
    stored(tmp_path, 1)
    with closing(FolderLock(tmp_path)), pytest.raises(StoreInUse), catalog_in(tmp_path):
        pass
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as connection:
        assert version(connection) == 1
