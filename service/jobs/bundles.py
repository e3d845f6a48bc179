"""Tars of exported collections as sources: what is known of the images comes in with them.

The originals are read from the tar in its order, like those of any tar, and are decoded anew: a bundle is as
little to be trusted as a photo. Only lists and vectors are unpacked, under names that are known here.
"""

import hashlib
import re
import shutil
import tarfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path, PurePosixPath
from typing import Final, NamedTuple

import numpy as np

from index.bundle import LINES, MANIFEST, Line, checked_lines, read_lines, read_manifest, read_vectors
from index.errors import BundleDamaged, translated
from index.vectors import Row, Rows
from service.descriptions import GivenCaption
from service.jobs.archives import Tar, readable
from service.jobs.errors import ArchiveUnusable, EntryRefused
from service.jobs.records import Entry, ItemRecord
from service.settings import MIB
from service.uploads import Made, Upload

UNPACKED: Final = ".unpacked"  # the end of the folder's name
MAX_IMAGES: Final = 1_000_000  # an original's place takes some 300 bytes of memory
MAX_MEMBERS: Final = 4 * MAX_IMAGES

_VECTORS: Final = re.compile(r"(caption-)?vectors-[1-9][0-9]{0,3}\.npy")


class _Place(NamedTuple):
    """Where an item's parts are."""

    member: int  # the number of the original's
    offset: int  # of the line
    row: int  # among the vectors of images
    caption_row: int  # of its first caption

    def stored(self) -> bytes:
        return " ".join(map(str, self)).encode()


def is_bundle(tar: Tar) -> bool:
    """By the names of its members. Raises ArchiveUnusable."""
    missing = {MANIFEST, LINES}
    for number, (_, member) in enumerate(tar.members()):
        _check_count(number, MAX_MEMBERS)
        missing.discard(_name(member))
    return not missing


class Bundle:
    def __init__(self, tar: Tar, folder: Path, max_bytes: int) -> None:
        """Unpacks up to `max_bytes` into `folder`, which is made, and is gone after `close`.

        Raises ArchiveUnusable, StorageFull, StorageUnwritable.
        """
        self._tar = tar
        self._folder = folder
        try:
            self._unpack(max_bytes)
            with _damage_told():
                self._manifest = read_manifest(folder)
                self._vectors = read_vectors(folder, self._manifest)
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._tar.close()
        shutil.rmtree(self._folder, ignore_errors=True)

    def plan(self) -> Iterator[Entry | None]:
        with _damage_told():
            waiting = self._places()
            for number, (_, member) in enumerate(self._tar.members()):
                place = waiting.pop(_name(member), None) if member.isreg() else None
                if place is not None:
                    name = self._line(place.offset).filename
                    yield Entry(name, place._replace(member=number).stored())
        if waiting:
            raise ArchiveUnusable(f"it misses {next(iter(waiting))}, though {LINES} tells of it")

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        for item, read in self._tar.read(items):
            place = _Place(*map(int, item.place.split()))
            line = self._line(place.offset)
            yield Upload(
                line.filename,
                _opener(read, line.sha256),
                line.metadata,
                [GivenCaption.model_construct(text=one.text, language=one.language) for one in line.captions],
                line.external_id,
                self._made(place, len(line.captions)),
                line.created_at,
            )

    def _unpack(self, left: int) -> None:
        with translated(self._folder):
            shutil.rmtree(self._folder, ignore_errors=True)
            self._folder.mkdir()
        for tar, member in self._tar.members():
            name = _name(member)
            if not member.isreg() or not (name in (MANIFEST, LINES) or _VECTORS.fullmatch(name)):
                continue
            left -= member.size
            if left < 0 or (name == MANIFEST and member.size > MIB):
                raise ArchiveUnusable(f"its {name} is too large")
            with translated(self._folder), (self._folder / name).open("wb") as file:
                for piece in _pieces(tar, member):
                    file.write(piece)

    def _places(self) -> dict[str, _Place]:
        """By the name of the original, whose number is not known yet. Raises BundleDamaged."""
        places: dict[str, _Place] = {}
        captions = 0
        for row, (offset, line) in enumerate(checked_lines(self._folder, self._manifest, self._vectors)):
            _check_count(row, MAX_IMAGES)
            places[line.original(Path()).as_posix()] = _Place(-1, offset, row, captions)
            captions += len(line.captions)
        return places

    def _line(self, offset: int) -> Line:
        return next(read_lines(self._folder, offset))

    def _made(self, place: _Place, captions: int) -> dict[str, Made]:
        texts = range(place.caption_row, place.caption_row + captions)
        return {
            model.model_version: Made(
                _row(rows.images, place.row), tuple(_row(rows.captions, number) for number in texts)
            )
            for model, rows in zip(self._manifest.models, self._vectors, strict=True)
        }


def _name(member: tarfile.TarInfo) -> str:
    """As it would be below the folder: `tar -C folder .` has `./` in front of each."""
    return str(PurePosixPath(member.name))


def _check_count(count: int, limit: int) -> None:
    if count >= limit:
        raise ArchiveUnusable(f"it has more than {limit:,} entries", limit)


def _pieces(tar: tarfile.TarFile, member: tarfile.TarInfo) -> Iterator[bytes]:
    with readable():
        entry = tar.extractfile(member)
        assert entry is not None  # of an ordinary file
        while piece := entry.read(MIB):
            yield piece


def _row(rows: Rows, number: int) -> Row | None:
    """(dim,) float32, unit; None where the bundle has zeros."""
    row: Row = np.array(rows[number])
    return row if row.any() else None


def _opener(read: Callable[[], bytes], sha256: str) -> Callable[[], BytesIO]:
    def opened() -> BytesIO:
        data = read()
        if hashlib.sha256(data).hexdigest() != sha256:
            raise EntryRefused("its content is not the one that its name tells")
        return BytesIO(data)

    return opened


@contextmanager
def _damage_told() -> Iterator[None]:
    try:
        yield
    except BundleDamaged as error:
        raise ArchiveUnusable(f"its {error.path.name}: {error.reason}") from error
