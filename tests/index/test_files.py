import errno
import logging
import os
from pathlib import Path

import pytest

from index.errors import StorageFull
from index.files import FileStore
from tests.index.samples import sample


def everything_under(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_files_lie_by_the_hash_of_the_original(tmp_path: Path) -> None:
    store, image = FileStore(tmp_path), sample("dog")
    store.write([image])
    head, tail = image.sha256[:2], image.sha256[2:]
    assert (tmp_path / "originals" / head / tail).read_bytes() == b"dog"
    assert (tmp_path / "thumbnails" / head / f"{tail}.webp").read_bytes() == b"thumbnail of dog"
    assert len(everything_under(tmp_path)) == 2


def test_removed_content_has_no_files_and_removing_it_twice_is_fine(tmp_path: Path) -> None:
    store, dog, cat = FileStore(tmp_path), sample("dog"), sample("cat")
    store.write([dog, cat])
    for _ in range(2):
        store.remove([dog.sha256])
    assert set(everything_under(tmp_path)) == {store.original(cat.sha256), store.thumbnail(cat.sha256)}


def test_every_file_is_synced_and_then_the_folders_that_name_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[int] = []
    sync = os.fsync

    def recording_sync(descriptor: int) -> None:
        synced.append(os.fstat(descriptor).st_ino)
        sync(descriptor)

    store, image = FileStore(tmp_path), sample("dog")
    monkeypatch.setattr(os, "fsync", recording_sync)
    store.write([image])
    for path in (store.original(image.sha256), store.thumbnail(image.sha256)):
        file, folder, base = (
            synced.index(one.stat().st_ino) for one in (path, path.parent, path.parent.parent)
        )
        assert file < folder
        assert file < base


def test_full_disk_is_named_and_leaves_no_part_of_a_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full_disk(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    store = FileStore(tmp_path)
    monkeypatch.setattr(os, "fsync", full_disk)
    with pytest.raises(StorageFull, match="No space is left"):
        store.write([sample("dog"), sample("cat")])
    assert everything_under(tmp_path) == []


def test_what_a_killed_process_left_half_written_is_cleared_on_opening(tmp_path: Path) -> None:
    FileStore(tmp_path)
    (tmp_path / "incoming" / "unfinished").write_bytes(b"hal")
    FileStore(tmp_path)
    assert everything_under(tmp_path) == []


def test_file_that_cannot_be_deleted_is_logged_and_the_others_go(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    store, dog, cat = FileStore(tmp_path), sample("dog"), sample("cat")
    store.write([cat])
    store.original(dog.sha256).mkdir(parents=True)  # unlink refuses folders
    with caplog.at_level(logging.WARNING):
        store.remove([dog.sha256, cat.sha256])
    assert str(store.original(dog.sha256)) in caplog.text
    assert everything_under(tmp_path) == []
