"""Pictures to upload, made in memory."""

import io
import struct
import zlib
from functools import cache
from typing import Any

import pillow_heif
from PIL import Image

RED, GREEN, BLUE, WHITE = (255, 0, 0), (0, 255, 0), (0, 0, 255), (255, 255, 255)

Colour = tuple[int, int, int]


def encoded(image: Image.Image, format: str, **options: Any) -> bytes:
    """The image as a file of the format."""
    if format == "HEIF":
        _register_heif()
    out = io.BytesIO()
    image.save(out, format, **options)
    return out.getvalue()


def plain(colour: Colour, size: tuple[int, int] = (32, 24), format: str = "PNG") -> bytes:
    """A file of one colour."""
    return encoded(Image.new("RGB", size, colour), format)


def noisy(size: tuple[int, int] = (256, 192)) -> Image.Image:
    """A picture that compresses badly, so that half of its file is half of its pixels."""
    return Image.effect_noise(size, 80).convert("RGB")


def red_left_of_blue(size: tuple[int, int] = (64, 32)) -> Image.Image:
    """Of which one can tell how it is turned."""
    image = Image.new("RGB", size, BLUE)
    image.paste(RED, (0, 0, size[0] // 2, size[1]))
    return image


def png_header(width: int, height: int) -> bytes:
    """A whole PNG of a hundred bytes that declares any size; its pixels are missing."""
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + b"".join(
        chunk(name, data) for name, data in ((b"IHDR", header), (b"IDAT", zlib.compress(b"")), (b"IEND", b""))
    )


def webp_header(width: int, height: int) -> bytes:
    """A WebP of a few bytes that declares any size."""
    extended = struct.pack("<I", 0) + (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    body = b"WEBPVP8X" + struct.pack("<I", len(extended)) + extended
    return b"RIFF" + struct.pack("<I", len(body)) + body


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


@cache
def _register_heif() -> None:
    pillow_heif.register_heif_opener()
