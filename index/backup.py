"""Backup: a copy of a data folder that is one itself, made while a service goes on writing to the original.

The catalog is copied first, as it is at one moment, then the files that it knows. Files are named by their
content and never change, so that they can be copied at any time. One that is no longer there belonged to an
image that was deleted meanwhile: the copy of the catalog forgets that image, too.
"""

import os
import shutil
import sqlite3
from collections.abc import Callable, Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

from index.errors import TargetTaken, TargetWithin, translated
from index.files import BACKUP_MARK, original_in, sync_folder, thumbnail_in
from index.lock import FolderLock
from index.sql import transaction
from index.store import CATALOG, catalog_in

TRIES = 3  # to find a file that is known but not there: it may just have been deleted and added again


@dataclass(frozen=True)
class BackedUp:
    images: int
    copied: int  # contents that the target did not have yet
    lost: list[str]  # contents that the catalog knows, but whose files are not all there


def back_up(
    store: Path, target: Path, progress: Callable[[int, int], object] = lambda _done, _of: None
) -> BackedUp:
    """Makes `target`, which is new, empty or an earlier backup, a copy of `store`.

    When it returns, the copy survives a power cut. When it is interrupted, an earlier backup is still whole,
    and the next call copies only what is missing. `progress` is told how many contents are done, of how many.

    Raises NoStore, TargetTaken, TargetWithin, StoreInUse for the target, StorageFull, StorageUnwritable.
    """
    with catalog_in(store) as source, translated(target):
        _claim(target, store)
        with closing(FolderLock(target)):
            fresh = target / "catalog.new"
            _remove_database(fresh)
            with closing(sqlite3.connect(fresh, isolation_level=None)) as copy:
                copy.execute("PRAGMA foreign_keys = ON")
                source.backup(copy)
                done = _copy_files(store, target, source, copy, progress)
            os.sync()  # once for all files, instead of once for each
            _remove_database(target / CATALOG, but_for_itself=True)
            fresh.replace(target / CATALOG)
            sync_folder(target)
            _remove_unused(target)
            return done


def _claim(target: Path, store: Path) -> None:
    inner, outer = target.resolve(), store.resolve()
    if inner.is_relative_to(outer) or outer.is_relative_to(inner):
        raise TargetWithin(target, store)
    target.mkdir(parents=True, exist_ok=True)
    if any(target.iterdir()) and not (target / BACKUP_MARK).exists():
        raise TargetTaken(target)
    (target / BACKUP_MARK).touch()


def _copy_files(
    store: Path,
    target: Path,
    source: sqlite3.Connection,
    copy: sqlite3.Connection,
    progress: Callable[[int, int], object],
) -> BackedUp:
    """Copies the files of all contents that `copy` knows, and takes those out that were deleted meanwhile."""
    contents = [sha256 for (sha256,) in copy.execute("SELECT DISTINCT sha256 FROM images ORDER BY sha256")]
    copied, lost, deleted = 0, [], []
    for done, sha256 in enumerate(contents, 1):
        try:
            copied += _copy_content(store, target, source, sha256)
        except _Deleted:
            deleted.append(sha256)
        except FileNotFoundError:
            lost.append(sha256)
        progress(done, len(contents))
    with transaction(copy):
        copy.executemany("DELETE FROM images WHERE sha256 = ?", ((sha256,) for sha256 in deleted))
    (images,) = copy.execute("SELECT count(*) FROM images").fetchone()
    return BackedUp(images, copied, lost)


class _Deleted(Exception):  # noqa: N818 -- it says what happened
    """No image has the content any more."""


def _copy_content(store: Path, target: Path, source: sqlite3.Connection, sha256: str) -> bool:
    """Whether anything was to be copied. Raises _Deleted, or FileNotFoundError for a file that was lost."""
    for tries_left in reversed(range(TRIES)):
        try:
            original = _copy_file(original_in(store, sha256), original_in(target, sha256))
            thumbnail = _copy_file(thumbnail_in(store, sha256), thumbnail_in(target, sha256))
            return original or thumbnail
        except FileNotFoundError:
            # The catalog forgets an image before its files go.
            if not source.execute("SELECT 1 FROM images WHERE sha256 = ?", (sha256,)).fetchone():
                raise _Deleted from None
            if not tries_left:
                raise
    raise AssertionError


def _copy_file(source: Path, target: Path) -> bool:
    if target.is_file() and target.stat().st_size == source.stat().st_size:
        return False
    target.parent.mkdir(parents=True, exist_ok=True)
    aside = target.with_name(f"{target.name}.new")
    shutil.copyfile(source, aside)
    aside.replace(target)
    return True


def _remove_database(path: Path, *, but_for_itself: bool = False) -> None:
    """The file and the logs beside it; what is written in a log must not get into another file."""
    for end in ("-wal", "-shm", *([] if but_for_itself else [""])):
        path.with_name(f"{path.name}{end}").unlink(missing_ok=True)


def _remove_unused(target: Path) -> None:
    """What earlier backups had and this one has not, so that what was deleted is gone here as well."""
    with catalog_in(target) as catalog:
        for path, sha256 in _files(target):
            if not catalog.execute("SELECT 1 FROM images WHERE sha256 = ?", (sha256,)).fetchone():
                path.unlink()


def _files(target: Path) -> Iterator[tuple[Path, str]]:
    for kind, suffix in (("originals", ""), ("thumbnails", ".webp")):
        for path in (target / kind).glob("*/*"):
            yield path, path.parent.name + path.name.removesuffix(suffix)
