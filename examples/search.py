"""Upload, search, page through, delete: python examples/search.py URL PHOTO [PHOTO ...]

PIVOT_KEY holds the key, where the service asks for one.
"""

import os
import sys
from contextlib import suppress
from pathlib import Path

from service.client import Conflict, NewImage, Pivot, PivotError


def main(url: str, photos: list[str]) -> None:
    with Pivot(url, key=os.environ.get("PIVOT_KEY")) as pivot:
        with suppress(Conflict):  # it may be there from the last time
            pivot.create_collection("python-example")

        # What is sent twice is added once, so that a lost answer does no harm.
        images = [
            NewImage(
                photo,
                metadata={"album": "example"},
                captions=[{"text": Path(photo).stem, "language": "en"}],
                external_id=f"photo-{number}",
            )
            for number, photo in enumerate(photos)
        ]
        added = pivot.upload(images, collection="python-example")
        for item in added.items:
            print(item.filename, item.status, item.error or "")

        album = {"metadata": "album", "eq": "example"}
        for result in pivot.search("rot", language="de", filter=album, collection="python-example").results:
            print(result.rank, result.image.external_id, f"{result.scores.symmetric:.3f}")

        # All images, in pages of two.
        print(sum(1 for _ in pivot.each_image(collection="python-example", limit=2)), "images")

        deleted = pivot.delete_images(external_ids=["photo-0"], collection="python-example")
        print(deleted.deleted, "deleted")


if __name__ == "__main__":
    try:
        main(sys.argv[1], sys.argv[2:])
    except PivotError as error:  # it says what happened and what to do
        sys.exit(str(error))
