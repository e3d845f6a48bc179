"""The folder of a gallery: opening again, refusing, and a disk without space."""

import errno
import os
import sqlite3
from contextlib import closing
from pathlib import Path

import pytest

from index.errors import (
    StorageFull,
    StorageUnwritable,
    StoreClosed,
    StoreDamaged,
    StoreInUse,
    StoreTooNew,
)
from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.samples import DIM, MODEL, found, sample, unit


def test_everything_is_there_after_opening_again(tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "deep" / "store", dim=DIM, model_version=MODEL) as gallery:
        gallery.create_collection("trips")
        added = gallery.add("trips", [sample(str(i), unit(i, 1, 1, 1)) for i in range(9)])
        before = gallery.search("trips", unit(3, 1, 1, 1), SearchOptions(scoring="asymmetric"))
    with Gallery.open(tmp_path / "deep" / "store", dim=DIM, model_version=MODEL) as gallery:
        assert gallery.images("trips") == [one.record for one in added]
        assert (
            gallery.search("trips", unit(3, 1, 1, 1), SearchOptions(scoring="asymmetric")).hits == before.hits
        )


@pytest.mark.usefixtures("gallery")
def test_second_opener_is_told_who_uses_the_folder(tmp_path: Path) -> None:
    with pytest.raises(StoreInUse, match="Stop it") as caught:
        Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL)
    assert caught.value.pid == os.getpid()


def test_closed_gallery_lets_the_folder_go_and_answers_nothing(gallery: Gallery, tmp_path: Path) -> None:
    gallery.close()
    gallery.close()
    for ask in (gallery.collections, lambda: gallery.add("default", [sample("dog")])):
        with pytest.raises(StoreClosed):
            ask()
    Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL).close()


def test_store_of_a_newer_release_is_refused_and_left_alone(tmp_path: Path) -> None:
    Gallery.open(tmp_path, dim=DIM, model_version=MODEL).close()
    with closing(sqlite3.connect(tmp_path / "catalog.sqlite3")) as connection:
        connection.execute("PRAGMA user_version = 99")
    for _ in range(2):  # the second time shows that the first let the folder go
        with pytest.raises(StoreTooNew, match="Install that release"):
            Gallery.open(tmp_path, dim=DIM, model_version=MODEL)


def test_model_of_one_version_with_another_dimension_is_refused(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample("dog")])
    with pytest.raises(StoreDamaged, match="not of 3 numbers"):
        Gallery.open(tmp_path, dim=3, model_version=MODEL)


@pytest.mark.parametrize("below", ["", "store"])
def test_file_in_place_of_the_folder_is_unwritable(tmp_path: Path, below: str) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(StorageUnwritable, match="Check its owner"):
        Gallery.open(tmp_path / "file" / below, dim=DIM, model_version=MODEL)


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes where it has no rights")
def test_folder_without_rights_is_unwritable(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(StorageUnwritable, match="Permission denied"):
        Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL)


def test_catalog_on_a_full_disk_refuses_writes_and_goes_on_reading(gallery: Gallery) -> None:
    (dog,) = gallery.add("default", [sample("dog")])
    big = sample("cat", metadata={"text": "x" * 1_000_000})
    writer = gallery._catalog._connections._writer
    (limit,) = writer.execute("PRAGMA max_page_count").fetchone()
    writer.execute("PRAGMA max_page_count = 1")  # raised by SQLite to what there is
    with pytest.raises(StorageFull, match="Free some"):
        gallery.add("default", [big])
    assert gallery.images("default") == [dog.record]
    assert found(gallery, unit(1, 2, 3, 4)) == [dog.record.id]
    assert not gallery._files.original(big.sha256).exists()

    writer.execute(f"PRAGMA max_page_count = {limit}")
    (cat,) = gallery.add("default", [big])
    assert found(gallery, unit(1, 2, 3, 4)) == [dog.record.id, cat.record.id]


def test_files_on_a_full_disk_refuse_writes_and_reading_goes_on(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    (dog,) = gallery.add("default", [sample("dog")])
    sync, synced = os.fsync, []

    def full_after_three(descriptor: int) -> None:
        synced.append(descriptor)
        if len(synced) > 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        sync(descriptor)

    new = [sample(str(i)) for i in range(4)]
    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", full_after_three)
        with pytest.raises(StorageFull):
            gallery.add("default", new)
    assert gallery.images("default") == [dog.record]
    assert found(gallery, unit(1, 2, 3, 4)) == [dog.record.id]
    assert not any(gallery._files.original(image.sha256).exists() for image in new)
    assert len(gallery.add("default", new)) == 4
