"""What the service holds while it is measured: many images whose vectors are mixes of real photos' ones."""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image

from benchmarks.index.vectors import augmented
from index.gallery import DEFAULT_COLLECTION, Gallery
from index.records import NewImage
from index.vectors import Row, Rows

BATCH = 1024
MEGAPIXELS_2 = (1632, 1224)


def fill(gallery: Gallery, images: Rows, n: int) -> None:
    """Bring the gallery to `n` images with vectors of `benchmarks.index.vectors`; goes on where it was."""
    there = gallery.collection(DEFAULT_COLLECTION).images
    start = 0
    for block in augmented(images, n):
        for offset in range(0, len(block), BATCH):
            first = start + offset
            rows = block[offset : offset + BATCH]
            if first + len(rows) > there:
                gallery.add(DEFAULT_COLLECTION, [_image(first + i, row) for i, row in enumerate(rows)])
        start += len(block)


def _image(number: int, vector: Row) -> NewImage:
    content = f"photo {number}".encode()  # nobody looks at it
    return NewImage(
        original=content,
        thumbnail=content,
        format="jpeg",
        width=MEGAPIXELS_2[0],
        height=MEGAPIXELS_2[1],
        filename=f"{number:07}.jpg",
        metadata={},
        vector=vector,
        sha256=hashlib.sha256(content).hexdigest(),
    )


def photos(paths: Sequence[Path]) -> list[bytes]:
    """The photos as JPEGs of two megapixels."""
    return [_photo(path) for path in paths]


def _photo(path: Path) -> bytes:
    out = io.BytesIO()
    with Image.open(path) as image:
        image.convert("RGB").resize(MEGAPIXELS_2).save(out, "JPEG", quality=90)
    return out.getvalue()


def distinct(files: Sequence[bytes]) -> Iterator[bytes]:
    """The same pictures over and over, no two with the same bytes: what follows a JPEG's end is not read."""
    number = 0
    while True:
        yield files[number % len(files)] + number.to_bytes(8, "big")
        number += 1
