"""Files: originals and thumbnails on disk, named by the content of the original."""

import logging
import os
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TypeAlias

from index.errors import translated
from index.records import NewImage

logger = logging.getLogger(__name__)

Thumbnailer: TypeAlias = Callable[[bytes], bytes | None]
"""An original -> its thumbnail as WebP; None where it does not decode."""

BACKUP_MARK = "backup"  # a file in a folder that backups may be written to
PARALLEL_SYNCS = 8  # a disk's journal serves waiting syncs together: ten times as fast as one by one


class FileStore:
    """`originals/ab/cdef...` and `thumbnails/ab/cdef....webp` for content with the SHA-256 `abcdef...`.

    A file is there whole or not at all. One caller writes or removes at a time; Gallery sees to that.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._incoming = folder / "incoming"
        with translated(folder):
            for name in ("originals", "thumbnails", "incoming"):
                (folder / name).mkdir(exist_ok=True)
            for unfinished in self._incoming.iterdir():
                unfinished.unlink()
            # What is put into it from now on is nowhere else: no backup may write over it.
            (folder / BACKUP_MARK).unlink(missing_ok=True)
            sync_folder(folder)

    def original(self, sha256: str) -> Path:
        return original_in(self._folder, sha256)

    def thumbnail(self, sha256: str) -> Path:
        return thumbnail_in(self._folder, sha256)

    def has(self, sha256: str) -> bool:
        """Whether both files are there."""
        return self.original(sha256).is_file() and self.thumbnail(sha256).is_file()

    def write(self, images: Sequence[NewImage]) -> None:
        """Writes both files of every image; when it returns they survive a power cut.

        Raises StorageFull or StorageUnwritable; some of the files may then be there, each of them whole.
        """
        contents = {self.original(image.sha256): image.original for image in images}
        contents |= {self.thumbnail(image.sha256): image.thumbnail for image in images}
        folders = {path.parent for path in contents}
        with translated(self._folder), ThreadPoolExecutor(PARALLEL_SYNCS) as pool:
            for folder in folders:
                folder.mkdir(exist_ok=True)
            list(pool.map(self._write_file, contents, contents.values()))  # raises what a call raised
            list(pool.map(sync_folder, folders | {folder.parent for folder in folders}))

    def remove(self, sha256s: Iterable[str]) -> None:
        """Deletes both files of every content. Nothing uses them now: a failure is logged, not raised."""
        for sha256 in sha256s:
            for path in (self.original(sha256), self.thumbnail(sha256)):
                try:
                    path.unlink(missing_ok=True)
                except OSError:
                    logger.warning("Nothing uses %s, but it could not be deleted", path, exc_info=True)

    def _write_file(self, path: Path, content: bytes) -> None:
        write_whole(path, content, self._incoming / f"{path.parent.name}{path.name}")


def original_in(store: Path, sha256: str) -> Path:
    return store / f"originals/{sha256[:2]}/{sha256[2:]}"  # one join: many are asked for at once


def thumbnail_in(store: Path, sha256: str) -> Path:
    return store / f"thumbnails/{sha256[:2]}/{sha256[2:]}.webp"


def write_whole(path: Path, content: bytes, aside: Path) -> None:
    """Writes `aside` first, on the same disk: `path` is there whole or not at all, even after a power cut."""
    try:
        with aside.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        aside.replace(path)
    finally:
        aside.unlink(missing_ok=True)


def sync_folder(folder: Path) -> None:
    """Makes names that were given in `folder` survive a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
