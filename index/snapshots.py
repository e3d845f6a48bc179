"""Snapshots: the lists of a collection on disk, so that opening need not build them anew.

A snapshot is a cache. It has a print of each row that it was built from, so that whatever has happened to the
catalog since is noticed, be it that an older one was put back. Its layout:

    SHA-256 of all that follows (32 bytes), b"pivot lists 1\\n",
    number of rows (8 bytes), a print of each row (4 bytes each), in the order of the lists,
    the lists as FAISS writes them

FAISS believes what it reads and may crash on a damaged file, so the checksum comes first.
"""

import hashlib
import logging
import os
import zlib
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np
from numpy.typing import NDArray

from index.files import sync_folder
from index.lists import Lists
from index.vectors import Ids, Rows

logger = logging.getLogger(__name__)

FORMAT = b"pivot lists 1\n"
DIGEST_BYTES = hashlib.sha256().digest_size
PIECE = 1 << 20  # bytes that are hashed at a time

Prints = NDArray[np.uint32]
"""(n,) uint32"""


@dataclass(frozen=True)
class Saved:
    lists: Lists
    prints: Prints  # of the rows that the lists were built from, in the order of `lists.ids()`

    def outdated(self, ids: Ids, prints: Prints) -> Ids:
        """The ids, ascending, under which the lists hold another row than these, or one too many or few."""
        mine = self.lists.ids()
        same, here, there = np.intersect1d(mine, ids, assume_unique=True, return_indices=True)
        same = same[self.prints[here] == prints[there]]
        return np.setdiff1d(np.union1d(mine, ids), same, assume_unique=True)


class Snapshot:
    """The file of one collection. One caller at a time."""

    def __init__(self, path: Path) -> None:
        self._path = path

    def load(self, dim: int) -> Saved | None:
        """What was saved, if it is whole and of vectors of `dim` numbers; if not, a log line says why."""
        try:
            with self._path.open("rb") as file:
                reason = _damage(file)
                if reason is None:
                    saved = _read(file)
                    if saved.lists.dim == dim:
                        return saved
                    reason = f"it is of vectors of {saved.lists.dim} numbers, not {dim}"
        except FileNotFoundError:
            return None
        except OSError as error:
            reason = str(error)
        logger.warning("%s cannot be used and will be written anew: %s", self._path, reason)
        return None

    def save(self, saved: Saved) -> None:
        """Replaces what was saved before, in one step, or leaves it: a log line says why."""
        aside = self._path.with_suffix(".new")
        try:
            self._path.parent.mkdir(exist_ok=True)
            with aside.open("w+b") as file:
                _write(file, saved)
                file.flush()
                os.fsync(file.fileno())
                reason = _damage(file)
            if reason is None:
                aside.replace(self._path)
                sync_folder(self._path.parent)
                return
        except OSError as error:
            reason = str(error)
        logger.warning("%s could not be written; the next start will take longer: %s", self._path, reason)
        aside.unlink(missing_ok=True)

    def remove(self) -> None:
        """Nothing uses it now. Were it to stay, it would do no harm: a failure is logged, not raised."""
        try:
            self._path.unlink(missing_ok=True)
        except OSError:
            logger.warning("Nothing uses %s, but it could not be deleted", self._path, exc_info=True)


class Snapshots:
    """A folder with a snapshot for each key, which has to be fit for the name of a file."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    def of(self, key: str) -> Snapshot:
        return Snapshot(self._path(key))

    def keep(self, keys: Iterable[str]) -> None:
        """Deletes those of others, and what was left unfinished."""
        kept = {self._path(key) for key in keys}
        if self._folder.is_dir():
            for path in set(self._folder.iterdir()) - kept:
                Snapshot(path).remove()

    def _path(self, key: str) -> Path:
        return self._folder / f"{key}.lists"


def prints_of(rows: Rows) -> Prints:
    """(n, dim) float32 -> (n,): equal for equal rows, and for others once in four billion."""
    return np.array([zlib.crc32(row) for row in rows], np.uint32)


class _Hashing:
    """A stream that hashes what is written through it."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.digest = hashlib.sha256()

    def write(self, data: bytes) -> int:
        self.digest.update(data)
        return self._file.write(data)


def _write(file: BinaryIO, saved: Saved) -> None:
    file.write(bytes(DIGEST_BYTES))
    stream = _Hashing(file)
    stream.write(FORMAT)
    stream.write(len(saved.prints).to_bytes(8, "little"))
    stream.write(saved.prints.astype("<u4").tobytes())
    saved.lists.write_to(stream.write)
    file.seek(0)
    file.write(stream.digest.digest())


def _damage(file: BinaryIO) -> str | None:
    """What is wrong with the file, if something is."""
    file.seek(0)
    expected = file.read(DIGEST_BYTES)
    start = file.read(len(FORMAT))
    if start != FORMAT:
        return "it is no snapshot of this release"
    digest = hashlib.sha256(start)
    while piece := file.read(PIECE):
        digest.update(piece)
    return None if digest.digest() == expected else "its checksum is wrong"


def _read(file: BinaryIO) -> Saved:
    """From a file that `_damage` found nothing wrong with."""
    file.seek(DIGEST_BYTES + len(FORMAT))
    rows = int.from_bytes(file.read(8), "little")
    prints = np.frombuffer(file.read(4 * rows), "<u4").astype(np.uint32)
    return Saved(Lists.read_from(file.read), prints)
