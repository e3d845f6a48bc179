"""The doctor: finds what does not fit together in a data folder, and mends what can be mended safely.

It deletes nothing that cannot be made again, as thumbnails and vectors can: originals that were damaged, and
those that no image has, move to `set-aside/`.
"""

import hashlib
import os
import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import closing, nullcontext
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, NamedTuple

import numpy as np

from index.errors import translated
from index.files import Thumbnailer, original_in, thumbnail_in, write_whole
from index.lock import FolderLock
from index.store import CATALOG, catalog_in, vector_sizes
from index.vectors import LENGTH_TOLERANCE

Problem = Literal[
    "database-damaged",
    "original-missing",
    "original-damaged",
    "original-unused",
    "thumbnail-missing",
    "thumbnail-unused",
    "vector-unreadable",
]

STEPS = 256  # folders of originals, by the first two digits of their contents
BLOCK = 4096  # vectors
SETTLED = 2.0  # seconds after which the files and the rows of an upload or a deletion agree


@dataclass(frozen=True)
class Finding:
    problem: Problem
    subject: str  # the file, by its path below the folder; what SQLite says; or which vector
    image: str | None  # whose it is, for people: its collection, id and filename
    mended: bool


class _Row(NamedTuple):
    """A content that the catalog knows, and one of the images that have it."""

    sha256: str
    bytes: int
    image: str


class _Kept(NamedTuple):
    """Where vectors are kept, whose they are, and how to find the image."""

    table: str
    key: str
    subject: str
    image: str


_KEPT = (
    _Kept("vectors", "image_id", "vector of model {model}", "?"),
    _Kept(
        "caption_vectors",
        "caption_id",
        "vector of model {model} of caption {id}",
        "(SELECT image_id FROM captions WHERE id = ?)",
    ),
)


class Doctor:
    """One examination. With `thorough` it reads every original and every vector, which takes its time."""

    def __init__(
        self,
        folder: Path,
        *,
        thorough: bool,
        repair: bool = False,
        thumbnail: Thumbnailer = lambda _: None,
        beside: bool = False,
    ) -> None:
        """`beside`: a service may be at work, so that nothing is locked, and nothing can be repaired."""
        assert not (beside and repair)
        self._beside = beside
        self._folder = folder
        self._thorough = thorough
        self._repair = repair
        self._thumbnail = thumbnail

    def examine(self, step: Callable[[], object] = lambda: None) -> Iterator[Finding]:
        """What is wrong, as it is found; calls `step` STEPS times on the way.

        In a damaged database nothing is mended, nor anything else looked for: it may say anything.
        Raises NoStore, StoreInUse, StoreTooNew, StoreDamaged, StorageFull, StorageUnwritable.
        """
        with catalog_in(self._folder):  # or the lock would be made in any folder
            pass
        with (
            nullcontext() if self._beside else closing(FolderLock(self._folder)),
            catalog_in(self._folder, writing=self._repair) as connection,
            translated(self._folder),
        ):
            damages = list(_damages(connection))
            yield from damages
            if damages:
                return
            yield from self._vectors(connection)
            for number in range(STEPS):
                yield from self._files(connection, f"{number:02x}")
                step()

    def _vectors(self, connection: sqlite3.Connection) -> Iterator[Finding]:
        for model, size in vector_sizes(connection).items():
            for kept in _KEPT:
                unreadable = _of_other_size(connection, kept, model, size)
                if self._thorough:
                    unreadable += _of_no_use(connection, kept, model, size)
                for id in unreadable:
                    if self._repair:
                        connection.execute(
                            f"DELETE FROM {kept.table} WHERE {kept.key} = ? AND model_version = ?",
                            (id, model),
                        )
                    subject = kept.subject.format(id=id, model=model)
                    yield Finding("vector-unreadable", subject, _image(connection, kept, id), self._repair)

    def _files(self, connection: sqlite3.Connection, start: str) -> Iterator[Finding]:
        rows = {row.sha256: row for row in _rows(connection, start)}
        originals = _listed(self._folder / "originals" / start)
        thumbnails = _listed(self._folder / "thumbnails" / start)
        for sha256, row in rows.items():
            original, thumbnail = original_in(self._folder, sha256), thumbnail_in(self._folder, sha256)
            size = originals.pop(original, None)
            if size is None:
                yield self._finding("original-missing", original, row)
            elif size != row.bytes or (self._thorough and _sha256(original) != sha256):
                yield self._finding("original-damaged", original, row, self._set_aside)
            if thumbnails.pop(thumbnail, None) is None:
                yield self._finding("thumbnail-missing", thumbnail, row, self._remade_from(original))
        for path in originals:
            yield self._finding("original-unused", path, None, self._set_aside)
        for path in thumbnails:
            yield self._finding("thumbnail-unused", path, None, _delete)

    def _finding(
        self, problem: Problem, path: Path, row: _Row | None, mend: Callable[[Path], bool] | None = None
    ) -> Finding:
        mended = self._repair and mend is not None and mend(path)
        return Finding(problem, str(path.relative_to(self._folder)), row and row.image, mended)

    def _set_aside(self, path: Path) -> bool:
        aside = self._folder / "set-aside" / path.relative_to(self._folder)
        aside.parent.mkdir(parents=True, exist_ok=True)
        path.replace(aside)
        return True

    def _remade_from(self, original: Path) -> Callable[[Path], bool]:
        def mend(thumbnail: Path) -> bool:
            made = self._thumbnail(original.read_bytes()) if original.is_file() else None
            if made is not None:
                thumbnail.parent.mkdir(parents=True, exist_ok=True)
                write_whole(thumbnail, made, thumbnail.with_suffix(".new"))
            return made is not None

        return mend


def examine_beside_a_service(folder: Path, *, thorough: bool, pause: float = SETTLED) -> list[Finding]:
    """What is wrong in a folder that a service goes on with.

    Files of images that come or go just then look unused or missing. They no longer do after `pause`
    seconds, so that only what two examinations find is told. Raises NoStore, StoreDamaged.
    """
    doctor = Doctor(folder, thorough=thorough, beside=True)
    first = list(doctor.examine())
    if not first:
        return []
    time.sleep(pause)
    again = set(doctor.examine())
    return [finding for finding in first if finding in again]


def _damages(connection: sqlite3.Connection) -> Iterator[Finding]:
    for (message,) in connection.execute("PRAGMA integrity_check"):
        if message != "ok":
            yield Finding("database-damaged", f"{CATALOG}: {message}", None, False)
    for table, row, parent, _ in connection.execute("PRAGMA foreign_key_check"):
        message = f"row {row} of {table} belongs to a row of {parent} that is not there"
        yield Finding("database-damaged", f"{CATALOG}: {message}", None, False)


def _of_other_size(connection: sqlite3.Connection, kept: _Kept, model: str, size: int) -> list[int]:
    rows = connection.execute(
        f"SELECT {kept.key} FROM {kept.table} WHERE model_version = ? AND length(vector) != ?", (model, size)
    )
    return [id for (id,) in rows]


def _of_no_use(connection: sqlite3.Connection, kept: _Kept, model: str, size: int) -> list[int]:
    """Ids of vectors of the right size that are not finite and of length 1."""
    found = connection.execute(
        f"SELECT {kept.key}, vector FROM {kept.table} WHERE model_version = ? AND length(vector) = ?",
        (model, size),
    )
    bad: list[int] = []
    while block := found.fetchmany(BLOCK):
        ids, blobs = zip(*block, strict=True)
        rows = np.frombuffer(b"".join(blobs), "<f4").reshape(len(ids), -1)
        with np.errstate(all="ignore"):
            lengths = np.linalg.norm(rows, axis=1)
            fine = np.abs(lengths - 1) <= LENGTH_TOLERANCE  # NaN and infinity are not
        bad += [id for id, good in zip(ids, fine, strict=True) if not good]
    return bad


def _rows(connection: sqlite3.Connection, start: str) -> list[_Row]:
    rows = connection.execute(
        """SELECT sha256, bytes, collections.name || '/' || min(images.id) || ' (' || filename || ')'
        FROM images JOIN collections ON collections.id = collection_id
        WHERE sha256 >= ? AND sha256 < ? GROUP BY sha256 ORDER BY sha256""",
        (start, f"{start}g"),  # "g" comes after the hexadecimal digits
    )
    return [_Row(*row) for row in rows]


def _image(connection: sqlite3.Connection, kept: _Kept, id: int) -> str:
    row = connection.execute(
        f"""SELECT collections.name || '/' || images.id || ' (' || filename || ')'
        FROM images JOIN collections ON collections.id = collection_id WHERE images.id = {kept.image}""",
        (id,),
    ).fetchone()
    return str(row[0])


def _listed(folder: Path) -> dict[Path, int]:
    """The files in `folder`, which may be missing, with their sizes."""
    try:
        with os.scandir(folder) as entries:
            return {Path(one.path): one.stat().st_size for one in entries if one.is_file()}
    except FileNotFoundError:
        return {}


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _delete(path: Path) -> bool:
    path.unlink()
    return True
