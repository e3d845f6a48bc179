"""Small files that claim, or unfold to, far too much."""

import struct
import zlib
from typing import Final

from PIL import Image

from tests.service.pictures import RED, WHITE, chunk, encoded, plain

SIDE: Final = 60_000  # pixels; squared, 3.6 billion
_DEFLATE: Final = 8  # TIFF's name of it
_FIRST: Final = 8  # where TIFF's first directory is


def png_of(width: int, height: int) -> bytes:
    """All its pixels are there, black, each thousand of them in a byte."""
    deflate = zlib.compressobj(9)
    rows = b"".join(deflate.compress(bytes(1 + width)) for _ in range(height)) + deflate.flush()
    header = struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b"")


def png_with(name: bytes, data: bytes) -> bytes:
    """A red PNG with one chunk more, behind its header."""
    whole = plain(RED)
    return whole[:33] + chunk(name, data) + whole[33:]


def gif_header(width: int, height: int) -> bytes:
    """A canvas of any size, and a frame as large, whose pixels are missing."""
    canvas = b"GIF89a" + struct.pack("<HHBBB", width, height, 0x80, 0, 0) + bytes(6)
    return canvas + b"," + struct.pack("<HHHHB", 0, 0, width, height, 0) + b"\x02\x02\x4c\x01\x00;"


def gif_of_frames(count: int) -> bytes:
    """Frames of one pixel, repeated for ever."""
    canvas = b"GIF89a" + struct.pack("<HHBBB", 1, 1, 0x80, 0, 0) + bytes((*RED, *WHITE))
    loop = b"!\xff\x0bNETSCAPE2.0\x03\x01\x00\x00\x00"
    frame = b"," + struct.pack("<HHHHB", 0, 0, 1, 1, 0) + b"\x02\x02\x44\x01\x00"
    return canvas + loop + frame * count + b";"


def bmp_header(width: int, height: int) -> bytes:
    info = struct.pack("<IiiHHIIiiII", 40, width, height, 1, 24, 0, 0, 0, 0, 0, 0)
    return b"BM" + struct.pack("<IHHI", 54, 0, 0, 54) + info


def jpeg_header(width: int, height: int) -> bytes:
    """A whole JPEG but for its size, which is what the header says."""
    whole = bytearray(plain(RED, (16, 16), "JPEG"))
    start = whole.index(b"\xff\xc0") + 5
    whole[start : start + 4] = struct.pack(">HH", height, width)
    return bytes(whole)


def jpeg_of_scans(count: int, size: tuple[int, int]) -> bytes:
    """Progressive: the last scan is told over and over, and each costs a walk over all pixels."""
    whole = encoded(Image.new("L", size, 128), "JPEG", progressive=True)
    last = whole.rindex(b"\xff\xda")
    return whole[:last] + whole[last:-2] * count + whole[-2:]


def tiff_header(width: int, height: int, samples: int = 1) -> bytes:
    """Deflated, in one strip without pixels."""
    return _tiff(width, height, zlib.compress(b""), samples=samples)


def tiff_looped(width: int, height: int) -> bytes:
    """A whole picture, behind whose directory comes the same directory."""
    return _tiff(width, height, zlib.compress(bytes(width * height)), after=_FIRST)


def _tiff(width: int, height: int, strip: bytes, *, samples: int = 1, after: int = 0) -> bytes:
    """One directory of numbers by their tags, grey; `after` is where the next one is said to be."""
    tags = {256: width, 257: height, 258: 8, 259: _DEFLATE, 262: 1, 277: samples, 278: height}
    place = _FIRST + 2 + 12 * (len(tags) + 2) + 4
    tags |= {273: place, 279: len(strip)}
    table = b"".join(struct.pack("<HHII", tag, 4, 1, value) for tag, value in sorted(tags.items()))
    return b"II*\0" + struct.pack("<IH", _FIRST, len(tags)) + table + struct.pack("<I", after) + strip


def resized(format: str, width: int, height: int) -> bytes:
    """An AVIF or HEIF that declares any size."""
    whole = bytearray(plain(RED, (64, 64), format))
    start = whole.index(b"ispe") + 8
    whole[start : start + 8] = struct.pack(">II", width, height)
    return bytes(whole)


def exif_of(count: int, times: int) -> bytes:
    """Orientations of so many fractions each, time and again, and then the same directory once more."""
    entries = struct.pack("<HHII", 0x0112, 5, count, _FIRST) * times
    return b"Exif\0\0II*\0" + struct.pack("<IH", _FIRST, times) + entries + struct.pack("<I", _FIRST)
