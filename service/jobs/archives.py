"""Archives as sources. They stay packed: entries are read into memory one by one, and none by its name."""

import tarfile
import zipfile
import zlib
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from lzma import LZMAError
from pathlib import Path
from typing import IO, Any, Final, cast

from service.images import FileTooLarge
from service.jobs.errors import ArchiveUnusable, EntryRefused
from service.jobs.reading import COMPRESSIONS, Bounded, Unpacked
from service.jobs.records import Entry, ItemRecord
from service.jobs.sources import Source, passed_over, refusal_of, told, upload_of
from service.settings import MIB
from service.uploads import Upload

MAX_ENTRIES: Final = 100_000
ENTRY_BYTES: Final = 256  # of an archive's list, for each entry that it may have
MAX_RATIO: Final = 100  # bytes that one byte may unpack to, in the archive as a whole
ALWAYS: Final = 64 * MIB  # that any archive may unpack to

# Of the rest, zipfile unpacks whatever a few bytes give at once, into memory.
_BOUNDED: Final = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
_DAMAGE: Final = (
    *(tarfile.TarError, zipfile.BadZipFile, zlib.error, LZMAError, EOFError, OSError, ValueError),
    *(OverflowError, RecursionError, NotImplementedError, RuntimeError),
)


def archive(path: Path, max_image_bytes: int) -> Source:
    """What the file's first bytes say that it is. Raises ArchiveUnusable."""
    with path.open("rb") as file:
        head = file.read(512)
    if head.startswith((b"PK\x03\x04", b"PK\x05\x06")):
        return _Zip(path, max_image_bytes)
    make = next((made for magic, made in COMPRESSIONS.items() if head.startswith(magic)), None)
    if make is None and head[257:262] != b"ustar":
        raise ArchiveUnusable("it is none of a kind that is known here")
    return Tar(path, max_image_bytes, make)


@contextmanager
def readable() -> Iterator[None]:
    try:
        yield
    except _DAMAGE as error:
        raise ArchiveUnusable("it is truncated or damaged") from error


def _most(path: Path) -> int:
    return ALWAYS + MAX_RATIO * path.stat().st_size


class _Zip:
    def __init__(self, path: Path, max_image_bytes: int) -> None:
        self._file = path.open("rb")
        self._most = _most(path)
        self._max_image_bytes = max_image_bytes
        try:
            with readable():
                bounded = Bounded(self._file, MAX_ENTRIES * ENTRY_BYTES, path.stat().st_size)
                self._zip = zipfile.ZipFile(cast(IO[bytes], bounded))
            bounded.at_once = max(max_image_bytes, 1) + MIB  # the list is read; what follows are entries
        except BaseException:
            self._file.close()
            raise

    def close(self) -> None:
        self._zip.close()
        self._file.close()

    def plan(self) -> Iterator[Entry | None]:
        infos = self._zip.infolist()
        _check_count(len(infos))
        read = [info for info in infos if info.file_size <= self._max_image_bytes]
        if sum(info.file_size for info in read) > self._most:
            raise ArchiveUnusable("it unpacks to far more than it is itself", self._most)
        for number, info in enumerate(infos):
            if info.is_dir():
                continue
            name = told(info.filename)
            yield None if passed_over(name) else Entry(name, b"%d" % number, _zip_refusal(info, name))

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        infos = self._zip.infolist()
        for item in items:
            yield upload_of(item, self._reader(infos[int(item.place)]))

    def _reader(self, info: zipfile.ZipInfo) -> Callable[[], bytes]:
        def read() -> bytes:
            if info.file_size > self._max_image_bytes:
                raise FileTooLarge(info.file_size, self._max_image_bytes)
            try:
                with self._zip.open(info) as entry:
                    return entry.read(self._max_image_bytes + 1)
            except (*_DAMAGE, ArchiveUnusable) as error:
                raise EntryRefused("it is damaged, or packed in an unknown way") from error

        return read


def _zip_refusal(info: zipfile.ZipInfo, name: str) -> str | None:
    if info.flag_bits & 1:
        return "it is encrypted"
    if (info.external_attr >> 16) & 0o170000 not in (0, 0o100000):
        return "it is a link or a device"
    if info.compress_type not in _BOUNDED:
        return "it is packed in another way than Deflate"
    return refusal_of(name)


class Tar:
    def __init__(self, path: Path, max_image_bytes: int, make: Callable[[], Any] | None) -> None:
        self._path = path
        self._make = make
        self._max_image_bytes = max_image_bytes

    def close(self) -> None:
        """Nothing stays open."""

    def plan(self) -> Iterator[Entry | None]:
        for number, (_, member) in enumerate(self.members()):
            _check_count(number + 1)
            if member.isdir():
                continue
            name = told(member.name)
            yield None if passed_over(name) else Entry(name, b"%d" % number, _tar_refusal(member, name))

    def uploads(self, items: Iterable[ItemRecord]) -> Iterator[Upload]:
        return (upload_of(item, read) for item, read in self.read(items))

    def read(self, items: Iterable[ItemRecord]) -> Iterator[tuple[ItemRecord, Callable[[], bytes]]]:
        """The items, whose places start with their member's number, and what gives their contents.

        Raises ArchiveUnusable.
        """
        members = enumerate(self.members())
        for item in items:
            wanted = int(item.place.split()[0])
            found = next((found for number, found in members if number == wanted), None)
            if found is None:
                raise ArchiveUnusable("it is truncated or damaged")
            tar, member = found
            data = b""
            if item.refusal is None and member.size <= self._max_image_bytes:
                with readable():
                    entry = tar.extractfile(member)
                    data = entry.read() if entry is not None else b""
            yield item, self._reader(member.size, data)

    def _reader(self, size: int, data: bytes) -> Callable[[], bytes]:
        def read() -> bytes:
            if size > self._max_image_bytes:
                raise FileTooLarge(size, self._max_image_bytes)
            return data

        return read

    def members(self) -> Iterator[tuple[tarfile.TarFile, tarfile.TarInfo]]:
        """Forwards, one at a time. Raises ArchiveUnusable, for one that ends too early as well."""
        with self._path.open("rb") as file, readable():
            plain: Any = file if self._make is None else Unpacked(file, self._make)
            bounded = Bounded(plain, max(self._max_image_bytes, MIB), _most(self._path))
            with tarfile.open(fileobj=cast(IO[bytes], bounded), mode="r:") as tar:
                while (member := tar.next()) is not None:
                    tar.members.clear()  # type: ignore[attr-defined] # it would remember them all
                    yield tar, member
                bounded.seek(tar.offset)
                if len(bounded.read(tarfile.BLOCKSIZE)) < tarfile.BLOCKSIZE:
                    raise EOFError


def _tar_refusal(member: tarfile.TarInfo, name: str) -> str | None:
    if not member.isreg() or member.issparse():
        return "it is a link or a device"
    return refusal_of(name)


def _check_count(entries: int) -> None:
    if entries > MAX_ENTRIES:
        raise ArchiveUnusable(f"it has more than {MAX_ENTRIES:,} entries", MAX_ENTRIES)
