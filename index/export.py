"""Export: a collection as a bundle, written while a service may go on with it."""

import os
import shutil
import tarfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

from index.errors import TargetTaken, translated
from index.files import sync_folder
from index.leaving import PIECE, checked, leaving

BLOCK = tarfile.BLOCKSIZE


@dataclass(frozen=True)
class Exported:
    images: int
    lost: list[int]  # ids of images that are left out, since their originals are missing from the store


def export(
    store: Path,
    collection: str,
    target: Path,
    progress: Callable[[int, int], object] = lambda _done, _of: None,
) -> Exported:
    """Writes the collection, as it is at one moment, to `target`: a folder that is new or empty.

    The folder is there whole or not at all. An image that is deleted meanwhile is left out. `progress` is
    told how many images are done, and of how many.

    Raises NoStore, UnknownCollection, TargetTaken, StorageFull, StorageUnwritable, StoreDamaged.
    """
    with leaving(store, collection) as images, translated(target):
        if target.exists() and (not target.is_dir() or any(target.iterdir())):
            raise TargetTaken(target)
        aside = target.with_name(f"{target.name}.unfinished")
        target.parent.mkdir(parents=True, exist_ok=True)
        try:
            aside.mkdir()
        except FileExistsError:
            raise TargetTaken(aside) from None
        try:
            for folder in ("originals", "thumbnails"):
                (aside / folder).mkdir()
            for member in images.members(progress):
                with (aside / member.name).open("wb") as file:
                    file.writelines(checked(member, store))
            os.sync()
            aside.replace(target)
            sync_folder(target.parent)
        except BaseException:
            shutil.rmtree(aside, ignore_errors=True)
            raise
        return Exported(images.manifest.images, images.lost)


def tar_of(store: Path, collection: str) -> Iterator[bytes]:
    """The same files as an uncompressed tar, in pieces of about a megabyte; `collection.json` comes last.

    Nothing is written to the disk. To be read in one thread. Raises NoStore, UnknownCollection, StoreDamaged.
    """
    return _gathered(_archived(store, collection))


def _archived(store: Path, collection: str) -> Iterator[bytes]:
    written = 0
    now = int(time.time())
    with leaving(store, collection) as images:
        for member in images.members():
            header = tarfile.TarInfo(member.name)
            header.size, header.mtime = member.size, now
            start = header.tobuf(tarfile.PAX_FORMAT)
            yield start
            yield from checked(member, store)
            padding = -member.size % BLOCK
            yield bytes(padding)
            written += len(start) + member.size + padding
        end = 2 * BLOCK
        yield bytes(end + -(written + end) % tarfile.RECORDSIZE)


def _gathered(pieces: Iterator[bytes]) -> Iterator[bytes]:
    """The same bytes with the small pieces joined: whoever sends them, does it less often."""
    joined = bytearray()
    for piece in pieces:
        joined += piece
        if len(joined) >= PIECE:
            yield bytes(joined)
            joined.clear()
    yield bytes(joined)
