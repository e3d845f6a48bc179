"""What many images at once cost: pages of their lists in each order, and deleting half of them by a filter.

    python -m benchmarks.bulk --images 100000 --out bench-bulk

The images are tiny and made at random, each with a caption, a hash and an external id. What an earlier call
left in the output folder is filled up again. Seconds are those of the clock; the processor's are of the
thread that deletes, and hold on a machine that does something else, too.
"""

from __future__ import annotations

import argparse
import hashlib
import sys
from collections.abc import Sequence
from pathlib import Path
from time import perf_counter, thread_time
from typing import NamedTuple, get_args

import numpy as np

from index.gallery import DEFAULT_COLLECTION, Gallery
from index.listing import Listing, Order
from index.records import Json, NewCaption, NewImage
from index.vectors import Rows
from service.deletion import delete
from service.schemas import Deletion
from tests.index.samples import random_rows

DIM = 512
BATCH = 1024
PAGE = 200  # images
ROUNDS = 5
WIDTHS = (100, 200)  # pixels; the wide ones are deleted


class Taken(NamedTuple):
    images: int
    seconds: float
    processor: float  # seconds


def main() -> int:
    arguments = _arguments()
    with Gallery.open(arguments.out / "store", dim=DIM, model_version="random") as gallery:
        fill(gallery, arguments.images)
        for order in get_args(Order):
            print(f"a page of {PAGE} images by {order}: {page_milliseconds(gallery, order):.1f} ms")
        taken = delete_wide(gallery)
    print(f"{taken.images:,} images deleted: {taken.seconds:.1f} s, {taken.processor:.1f} s of the processor")
    return 0


def fill(gallery: Gallery, images: int) -> None:
    """Brings the gallery to so many images."""
    left = images - gallery.collection(DEFAULT_COLLECTION).images
    newest = gallery.images(DEFAULT_COLLECTION, limit=1, newest_first=True)
    first = newest[0].id + 1 if newest else 1  # contents that were deleted come as others
    for start in range(first, first + left, BATCH):
        gallery.add(DEFAULT_COLLECTION, _images(range(start, min(start + BATCH, first + left))))


def page_milliseconds(gallery: Gallery, order: Order) -> float:
    """The median of the first page's."""
    each = []
    for _ in range(ROUNDS):
        started = perf_counter()
        gallery.page(DEFAULT_COLLECTION, Listing(order, limit=PAGE))
        each.append(1000 * (perf_counter() - started))
    return float(np.median(each))


def delete_wide(gallery: Gallery) -> Taken:
    """Half of the images, all over the collection."""
    wide: dict[str, Json] = {"field": "width", "eq": WIDTHS[1]}
    started, worked = perf_counter(), thread_time()
    told = delete(gallery, DEFAULT_COLLECTION, Deletion(filter=wide))
    return Taken(told.deleted, perf_counter() - started, thread_time() - worked)


def _images(numbers: Sequence[int]) -> list[NewImage]:
    rows = random_rows(2 * len(numbers), DIM, seed=numbers[0])
    return [
        _image(number, hashlib.sha256(b"%d" % number).digest(), rows[2 * i : 2 * i + 2])
        for i, number in enumerate(numbers)
    ]


def _image(number: int, digest: bytes, rows: Rows) -> NewImage:
    return NewImage(
        original=b"%d" % number,
        thumbnail=b"thumbnail",
        format="jpeg",
        width=WIDTHS[digest[0] % 2],
        height=1 + digest[1],
        filename=f"{digest[2:6].hex()}.jpg",
        metadata={},
        vector=rows[0],
        sha256=digest.hex(),
        captions=(NewCaption("en", f"a photo with the number {number}", rows[1]),),
        external_id=f"number {number}",
        hash=digest[8:16],
    )


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--out", type=Path, default=Path("bench-bulk"), help="default: ./bench-bulk")
    parser.add_argument("--images", type=int, default=100_000, help="in the collection")
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
