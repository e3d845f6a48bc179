"""Files of archives, read with limits to what a hostile one can make us hold or unpack."""

import bz2
import io
import lzma
import zlib
from collections.abc import Callable
from typing import Any, BinaryIO, Final

from service.jobs.errors import ArchiveUnusable

PIECE: Final = 256 * 1024
AGAIN: Final = 1024  # two blocks of a tar
XZ_MEMORY: Final = 128 * 1024 * 1024  # `xz -9` takes 65 MiB

_GZIP: Final = 31  # zlib's word for: with gzip's header


def _gzip() -> Any:
    return zlib.decompressobj(_GZIP)


def _xz() -> Any:
    return lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=XZ_MEMORY)


COMPRESSIONS: Final[dict[bytes, Callable[[], Any]]] = {
    b"\x1f\x8b": _gzip,
    b"BZh": bz2.BZ2Decompressor,
    b"\xfd7zXZ\x00": _xz,
}


class Unpacked(io.RawIOBase):
    """What a compressed file holds, several streams in a row included. It is read forwards, but for a few
    bytes: tarfile looks again at the end of what it has read."""

    def __init__(self, file: BinaryIO, make: Callable[[], Any]) -> None:
        self._file = file
        self._make = make
        self._decompressor = make()
        self._started = False
        self._packed = b""
        self._position = 0
        self._behind = b""  # the last bytes that were read
        self._ahead = b""  # bytes to read once more

    def read(self, size: int = -1) -> bytes:
        """Raises EOFError where the file ends too early."""
        pieces = bytearray(self._ahead[:size])
        self._ahead = self._ahead[size:]
        while len(pieces) < size and (piece := self._piece(size - len(pieces))):
            pieces += piece
        self._position += len(pieces)
        self._behind = (self._behind + bytes(pieces[-AGAIN:]))[-AGAIN:]
        return bytes(pieces)

    def tell(self) -> int:
        return self._position

    def seek(self, position: int, _: int = io.SEEK_SET) -> int:
        back = self._position - position
        if back > len(self._behind):
            raise ArchiveUnusable("its entries lie over one another")
        if back > 0:
            self._ahead = self._behind[-back:] + self._ahead
            self._behind = self._behind[:-back]
            self._position = position
        while self._position < position:
            if not self.read(min(PIECE, position - self._position)):
                break
        return self._position

    def _piece(self, size: int) -> bytes:
        while True:
            if self._decompressor.eof:
                self._packed = self._decompressor.unused_data or self._file.read(PIECE)
                if not self._packed.strip(b"\0"):  # padding
                    return b""
                self._decompressor, self._started = self._make(), False
            if not self._packed and not self._holds_more():
                self._packed = self._file.read(PIECE)
                if not self._packed:
                    raise EOFError
            self._started = True
            if piece := self._decompress(size):
                return piece

    def _holds_more(self) -> bool:
        """Whether bytes that were handed in can still give more; zlib hands back what it did not use."""
        return self._started and not getattr(self._decompressor, "needs_input", True)

    def _decompress(self, size: int) -> bytes:
        piece: bytes = self._decompressor.decompress(self._packed, size)
        self._packed = getattr(self._decompressor, "unconsumed_tail", b"")
        return piece


class Bounded:
    """A file that gives no more than `at_once` bytes at a time, and none beyond `in_all`."""

    def __init__(self, file: Any, at_once: int, in_all: int) -> None:
        self._file = file
        self.at_once = at_once
        self._in_all = in_all

    def read(self, size: int = -1) -> bytes:
        if size > self.at_once:
            raise ArchiveUnusable("its list of entries is too long", self.at_once)
        self._check(self._file.tell() + max(size, 0))
        data: bytes = self._file.read(self.at_once if size < 0 else size)
        return data

    def seek(self, position: int, whence: int = io.SEEK_SET) -> int:
        if whence == io.SEEK_SET:
            self._check(position)
        return int(self._file.seek(position, whence))

    def tell(self) -> int:
        return int(self._file.tell())

    def seekable(self) -> bool:
        return True

    def _check(self, position: int) -> None:
        if position > self._in_all:
            raise ArchiveUnusable("it unpacks to far more than it is itself", self._in_all)
