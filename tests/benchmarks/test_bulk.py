"""The benchmark of many images at once, at sizes that take no time."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.bulk import DIM, WIDTHS, delete_wide, fill, page_milliseconds
from index.gallery import Gallery

IMAGES = 30


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    with Gallery.open(tmp_path, dim=DIM, model_version="random") as opened:
        fill(opened, IMAGES)
        yield opened


def test_the_wide_half_is_deleted_and_filled_up_again(gallery: Gallery) -> None:
    taken = delete_wide(gallery)
    assert 5 < taken.images < IMAGES - 5
    assert taken.seconds > 0
    assert {image.width for image in gallery.images("default")} == {WIDTHS[0]}
    fill(gallery, IMAGES)
    there = gallery.collection("default")
    assert (there.images, there.searchable, there.captions) == (IMAGES, IMAGES, IMAGES)


def test_pages_are_timed_in_any_order(gallery: Gallery) -> None:
    assert page_milliseconds(gallery, "-filename") > 0
