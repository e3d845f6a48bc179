"""Thumbnails of a few sizes: one is stored, the others are made by a decoding process when asked for.

Those are kept nowhere here: they never change, so that each browser asks once.
"""

from pathlib import Path
from typing import Annotated, BinaryIO, Final, Literal, get_args

from pydantic import BeforeValidator

from index.errors import StoreDamaged
from index.gallery import Gallery
from index.records import ImageRecord
from service.decoder import Decoder
from service.images import THUMBNAIL_SIDE, ImageError

STORED: Final = THUMBNAIL_SIDE

Sizes = Literal[192, 384, 768]


def _as_number(value: str) -> object:
    """A query's values are texts, which pydantic takes for no literal number."""
    return next((size for size in get_args(Sizes) if str(size) == value), value)


Size = Annotated[Sizes, BeforeValidator(_as_number)]
"""Pixels of the longer side; an image that has fewer is not enlarged"""


class ThumbnailNotMade(Exception):  # noqa: N818 -- the name says what happened
    """What the store holds of an image decodes no longer, or not within today's limits."""

    def __init__(self, size: int, path: Path, cause: ImageError) -> None:
        super().__init__(size, path, cause)
        self.size = size
        self.stored = STORED
        self.path = path
        self.cause = cause

    def __str__(self) -> str:
        return f"{self.path} gives no thumbnail of {self.size} pixels: {self.cause}"


class Thumbnails:
    """Of the images in `gallery`. Thread-safe."""

    def __init__(self, gallery: Gallery, decoder: Decoder) -> None:
        self._gallery = gallery
        self._decoder = decoder

    def has(self, record: ImageRecord, size: int) -> bool:
        """Whether the one that is stored is of this size."""
        return size == STORED or max(record.width, record.height) <= min(size, STORED)

    def stored(self, record: ImageRecord) -> BinaryIO:
        """The one of `STORED`, open. Raises UnknownImage, StoreDamaged."""
        return opened(self._gallery, record, self._gallery.thumbnail(record))

    def made(self, record: ImageRecord, size: int) -> bytes:
        """WebP, upright and without EXIF.

        Raises ThumbnailNotMade, UnknownImage, StoreDamaged, Overloaded, Stopping.
        """
        smaller = size < STORED
        path = self._gallery.thumbnail(record) if smaller else self._gallery.original(record)
        with opened(self._gallery, record, path) as file:
            data = file.read()
        try:
            return self._decoder.decode(data, size).result().thumbnail
        except ImageError as error:
            raise ThumbnailNotMade(size, path, error) from error


def opened(gallery: Gallery, record: ImageRecord, path: Path) -> BinaryIO:
    """A file of an image, which can be read to its end even if the image is deleted meanwhile.

    Raises UnknownImage where it was deleted just now, StoreDamaged where the file is missing all the same.
    """
    try:
        return path.open("rb")
    except FileNotFoundError:
        gallery.image(record.collection, record.id)
        raise StoreDamaged(path.parent, f"{path.name} is missing") from None
