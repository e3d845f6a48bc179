"""A collection on its way out: the files of a bundle one after the other, as it is at one moment."""

import io
import json
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from index.bundle import (
    LINES,
    MANIFEST,
    Caption,
    Line,
    Manifest,
    Model,
    caption_vectors_file,
    manifest_document,
    vectors_file,
)
from index.errors import StoreDamaged
from index.files import original_in, thumbnail_in
from index.sql import collection_key
from index.store import catalog_in, vector_sizes

PIECE = 1 << 20  # bytes in memory at a time
ROWS = 512  # vectors
HERE = Path()


@dataclass(frozen=True)
class Member:
    """A file of the bundle; `pieces` are `size` bytes in all, to be read before the next member is made."""

    name: str
    size: int
    pieces: Iterator[bytes]


class Leaving:
    """Gives the members of one collection's bundle. Beside a service an image may be deleted meanwhile.

    Such an image is left out, which is why the lines, the vectors and the manifest come last. In memory
    it keeps the ids of what is left out.
    """

    def __init__(self, catalog: sqlite3.Connection, live: sqlite3.Connection, store: Path, name: str) -> None:
        """`catalog` reads what is there at one moment, `live` what is there now. Raises UnknownCollection."""
        self._catalog = catalog
        self._key = collection_key(catalog, name)
        self._live = live
        self._store = store
        self._left_out: set[int] = set()
        created_at, images = catalog.execute(
            "SELECT created_at, (SELECT count(*) FROM images WHERE collection_id = :key) FROM collections"
            " WHERE id = :key",
            {"key": self._key},
        ).fetchone()
        self.manifest = Manifest(name, created_at, images, captions=0, models=[])  # the rest follows
        self.lost: list[int] = []  # ids of images whose originals are missing from the store

    def members(self, progress: Callable[[int, int], object] = lambda _done, _of: None) -> Iterator[Member]:
        """All files. `progress` is told how many images are done, of how many. Raises StoreDamaged."""
        total = self.manifest.images
        for done, row in enumerate(self._rows(), 1):
            yield from self._files(row[0], row[1], row[3])
            progress(done, total)
        images = captions = size = 0
        for line in self._lines():
            images, captions, size = images + 1, captions + len(line.captions), size + len(_text(line))
        yield Member(LINES, size, map(_text, self._lines()))
        self.manifest = replace(self.manifest, images=images, captions=captions, models=[])
        yield from self._vectors()
        document = manifest_document(self.manifest).encode()
        yield Member(MANIFEST, len(document), iter([document]))

    def _rows(self) -> Iterator[tuple[Any, ...]]:
        rows = self._catalog.execute(
            """SELECT id, sha256, filename, format, width, height, bytes, metadata, created_at, updated_at,
                external_id
            FROM images WHERE collection_id = ? ORDER BY id""",
            (self._key,),
        )
        return (row for row in rows if row[0] not in self._left_out)

    def _files(self, id: int, sha256: str, format: str) -> Iterator[Member]:
        try:
            with original_in(self._store, sha256).open("rb") as original:
                yield _member(f"originals/{sha256}.{format}", original)
        except FileNotFoundError:
            self._left_out.add(id)
            if self._live.execute("SELECT 1 FROM images WHERE id = ?", (id,)).fetchone():
                self.lost.append(id)
            return
        try:
            with thumbnail_in(self._store, sha256).open("rb") as thumbnail:
                yield _member(f"thumbnails/{sha256}.webp", thumbnail)
        except FileNotFoundError:
            pass  # it is made again

    def _lines(self) -> Iterator[Line]:
        for id, *columns, metadata, created_at, updated_at, external_id in self._rows():
            rows = self._catalog.execute(
                "SELECT language, text, created_at FROM captions WHERE image_id = ? ORDER BY id", (id,)
            )
            captions = [Caption(*caption) for caption in rows]
            yield Line(*(*columns, json.loads(metadata), created_at, updated_at, external_id, captions))

    def _vectors(self) -> Iterator[Member]:
        """Files for each model that the collection has vectors of; one of the wrong size counts as none."""
        counts = (self.manifest.images, self.manifest.captions)
        for model, size in sorted(vector_sizes(self._catalog).items()):
            asked: dict[str, int | str] = {"key": self._key, "model": model, "size": size}
            if size <= 0 or not any(any(self._blobs(select, asked)) for select in (_IMAGES, _CAPTIONS)):
                continue
            number = len(self.manifest.models)
            for name, count, select in (
                (vectors_file(HERE, number), counts[0], _IMAGES),
                (caption_vectors_file(HERE, number), counts[1], _CAPTIONS),
            ):
                if count:
                    header = _header(count, size // 4)
                    none = bytes(size)
                    rows = (blob or none for blob in self._blobs(select, asked))
                    yield Member(str(name), len(header) + count * size, _joined(header, rows))
            models = [*self.manifest.models, Model(model, size // 4)]
            self.manifest = replace(self.manifest, models=models)

    def _blobs(self, select: str, asked: Mapping[str, int | str]) -> Iterator[bytes | None]:
        rows = self._catalog.execute(select, asked)
        return (blob for id, blob in rows if id not in self._left_out)


# The vector of each image, and of each caption, in the order of the lines; NULL where there is none.
_IMAGES = """
    SELECT images.id, vector FROM images
    LEFT JOIN vectors ON image_id = images.id AND model_version = :model AND length(vector) = :size
    WHERE collection_id = :key ORDER BY images.id
"""
_CAPTIONS = """
    SELECT images.id, vector FROM images
    JOIN captions ON captions.image_id = images.id
    LEFT JOIN caption_vectors ON caption_id = captions.id AND model_version = :model
        AND length(vector) = :size
    WHERE collection_id = :key ORDER BY images.id, captions.id
"""


@contextmanager
def leaving(store: Path, collection: str) -> Iterator[Leaving]:
    """Of one moment. Raises NoStore, UnknownCollection; belongs to the thread that it was made in."""
    with catalog_in(store) as catalog, catalog_in(store) as live:
        catalog.execute("BEGIN")  # all that is read from here on is of one moment
        yield Leaving(catalog, live, store, collection)


def _member(name: str, file: BinaryIO) -> Member:
    size = file.seek(0, io.SEEK_END)
    file.seek(0)
    return Member(name, size, iter(lambda: file.read(PIECE), b""))


def _text(line: Line) -> bytes:
    return line.json().encode()


def _header(rows: int, dim: int) -> bytes:
    """The start of an .npy file of float32."""
    out = io.BytesIO()
    np.lib.format.write_array_header_1_0(out, {"descr": "<f4", "fortran_order": False, "shape": (rows, dim)})
    return out.getvalue()


def _joined(header: bytes, rows: Iterator[bytes]) -> Iterator[bytes]:
    yield header
    block: list[bytes] = []
    for row in rows:
        block.append(row)
        if len(block) == ROWS:
            yield b"".join(block)
            block = []
    yield b"".join(block)


def checked(member: Member, store: Path) -> Iterator[bytes]:
    """The pieces of a member. Raises StoreDamaged where they are not as many bytes as it said."""
    left = member.size
    for piece in member.pieces:
        left -= len(piece)
        yield piece
    if left:
        raise StoreDamaged(store, f"{member.name} changed while it was read")
