"""From a stranger's bytes to one kind of image: upright, RGB, sRGB colours, transparency laid on white.

`decode` is meant for a process of its own (see `decoder.py`), so this module imports Pillow and little else.
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import io
import math
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from typing import Final

import pillow_heif
from PIL import Image, ImageFile, UnidentifiedImageError

from service.pixels import SIDEWAYS, on_white, resizable, srgb, turn_of
from service.signatures import kind_of

# Pillow's name of every format that we accept -> ours.
FORMATS: Final = {
    "JPEG": "jpeg",
    "PNG": "png",
    "WEBP": "webp",
    "GIF": "gif",
    "BMP": "bmp",
    "TIFF": "tiff",
    "AVIF": "avif",
    "HEIF": "heif",
}
MEDIA_TYPES: Final = {name: f"image/{name}" for name in FORMATS.values()}
ACCEPTED: Final = "JPEG, PNG, WebP, GIF, BMP, TIFF, AVIF, HEIC"

IMAGE_SIDE: Final = 1024  # pixels; larger than any tower's input, so that a later model can look closer
THUMBNAIL_SIDE: Final = 384  # pixels, of the one that is stored

# A JPEG is decoded at the smallest half, quarter or eighth of its size that has this long a side, which costs
# much less than to decode all of it and shrink that to IMAGE_SIDE. No thumbnail that is made is larger.
JPEG_SIDE: Final = 768  # pixels
# What is larger than IMAGE_SIDE is averaged over whole pixels first, as long as it stays this much larger.
_REDUCING_GAP: Final = 1.4


class ImageError(Exception):
    """A file that did not become an image. The text says why, and ends with the remedy."""


class ImageEmpty(ImageError):
    """The file has no bytes."""

    def __str__(self) -> str:
        return "The file is empty (0 bytes). Choose another, or copy it again from its source."


class NotAnImage(ImageError):
    """The bytes are no image that anyone here knows."""

    def __str__(self) -> str:
        return f"The file is not an image. Send one of {ACCEPTED}."


class UnsupportedFormat(ImageError):
    """A known kind of file, but none that we accept."""

    def __init__(self, format: str) -> None:
        super().__init__(format)
        self.format = format

    def __str__(self) -> str:
        return f"{self.format} is not an accepted format. Convert the file to one of {ACCEPTED}."


class ImageDamaged(ImageError):
    """The header names an accepted format, the rest does not keep the promise."""

    def __init__(self, format: str) -> None:
        super().__init__(format)
        self.format = format

    def __str__(self) -> str:
        return f"The {self.format} file is truncated or damaged. Copy it again from its source."


class ImageTooLarge(ImageError):
    """More pixels than the limit; known from the header, so nothing was decoded."""

    def __init__(self, pixels: int, limit: int) -> None:
        super().__init__(pixels, limit)
        self.pixels = pixels
        self.limit = limit

    def __str__(self) -> str:
        return f"The image has {self.pixels:,} pixels; the limit is {self.limit:,}. Send a smaller copy."


class FileTooLarge(ImageError):
    """More bytes than the limit for one file."""

    def __init__(self, bytes: int, limit: int) -> None:
        super().__init__(bytes, limit)
        self.bytes = bytes
        self.limit = limit

    def __str__(self) -> str:
        return f"The file has {self.bytes:,} bytes; the limit is {self.limit:,}. Send a smaller copy."


class DecodeOutOfMemory(ImageError):
    """Decoding wanted more memory than a worker may have."""

    def __str__(self) -> str:
        return "Decoding the image takes more memory than one image may use. Send a smaller copy, or a JPEG."


@dataclass(frozen=True)
class Decoded:
    """What is kept of a decoded file. `width` and `height` are those of the upright original.

    `pixels` are `size[1]` rows of `size[0]` RGB triples, the long side at most `IMAGE_SIDE`: plain bytes,
    because they cross from the worker to the service. `thumbnail` is WebP without EXIF, the long side at most
    as many pixels as were asked for.
    """

    format: str
    width: int
    height: int
    size: tuple[int, int]
    pixels: bytes
    thumbnail: bytes

    def image(self) -> Image.Image:
        """The pixels as an RGB image."""
        return Image.frombytes("RGB", self.size, self.pixels)


def decode(data: bytes, max_pixels: int, side: int = THUMBNAIL_SIDE) -> Decoded:
    """Decode the first frame of `data`, with a thumbnail of at most `side` pixels a side, up to `JPEG_SIDE`.

    Raises a subclass of `ImageError` and nothing else.

    One at a time in a process: it changes settings of the process while it runs.
    """
    if not data:
        raise ImageEmpty
    prepare()
    with _our_rules(max_pixels), _open(data, max_pixels) as image:
        return _decode(image, side)


@cache
def prepare() -> None:
    """Load the decoders, which takes longer than decoding a small image; `decode` does it when nobody has."""
    Image.init()
    pillow_heif.options.DECODE_THREADS = 1  # the workers are the parallelism, and threads reserve memory
    pillow_heif.register_heif_opener()


@contextmanager
def _our_rules(max_pixels: int) -> Iterator[None]:
    """Our limit of pixels instead of Pillow's; and what is odd about a stranger's file is not for our log."""
    theirs = Image.MAX_IMAGE_PIXELS
    # Pillow refuses at twice this value, for WebP before it allocates the canvas.
    Image.MAX_IMAGE_PIXELS = math.ceil(max_pixels / 2)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            yield
    finally:
        Image.MAX_IMAGE_PIXELS = theirs


def _open(data: bytes, max_pixels: int) -> ImageFile.ImageFile:
    """Read the header: format and size are known and within limits, no pixel is decoded."""
    try:
        image = Image.open(io.BytesIO(data), formats=list(FORMATS))
    except UnidentifiedImageError:
        raise _unidentified(data) from None
    except Image.DecompressionBombError as error:
        raise ImageTooLarge(_pixels(error), max_pixels) from None
    except MemoryError:
        raise DecodeOutOfMemory from None
    except Exception as error:  # whatever a parser does with hostile bytes, the bytes are to blame
        raise ImageDamaged(kind_of(data) or "image") from error
    if image.width * image.height > max_pixels:
        raise ImageTooLarge(image.width * image.height, max_pixels)
    return image


def _decode(image: ImageFile.ImageFile, side: int) -> Decoded:
    format = FORMATS.get(image.format or "", "jpeg")  # Pillow opens the JPEGs of many phones as "MPO"
    try:
        width, height = image.size
        profile = image.info.get("icc_profile")
        small = resizable(image)
        _draft(small)
        small.thumbnail((IMAGE_SIDE, IMAGE_SIDE), reducing_gap=_REDUCING_GAP)
        small.load()  # `thumbnail` leaves small images alone
        turn = turn_of(image)
        if turn in SIDEWAYS:
            width, height = height, width
        upright = small if turn is None else small.transpose(turn)
        rgb = srgb(on_white(upright), profile)
        pixels = rgb.tobytes()
        return Decoded(format, width, height, rgb.size, pixels, _thumbnail(rgb.size, pixels, side))
    except MemoryError:
        raise DecodeOutOfMemory from None
    except Exception as error:
        raise ImageDamaged(format) from error


def _draft(image: Image.Image) -> None:
    """Have a JPEG decoded at a fraction of its size; other formats know of none, and stay as they are."""
    share = JPEG_SIDE / max(image.size)
    if share < 1:
        image.draft(None, (max(1, int(image.width * share)), max(1, int(image.height * share))))


def _thumbnail(size: tuple[int, int], pixels: bytes, side: int) -> bytes:
    small = Image.frombytes("RGB", size, pixels)  # from bare pixels: no EXIF, profile or comment comes along
    small.thumbnail((side, side))
    out = io.BytesIO()
    small.save(out, "WEBP", quality=80, method=2)  # twice as fast as the usual 4, and 4 % larger
    return out.getvalue()


def _pixels(error: Image.DecompressionBombError) -> int:
    """The pixel count, which Pillow tells in words only."""
    found = re.search(r"(\d+) pixels", str(error))
    assert found is not None
    return int(found.group(1))


def _unidentified(data: bytes) -> ImageError:
    name = kind_of(data)
    if name is None:
        return NotAnImage()
    return ImageDamaged(name) if name in MEDIA_TYPES else UnsupportedFormat(name)
