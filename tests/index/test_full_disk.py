"""A disk without space, a real one: a small file system in memory."""

import os
import subprocess
from collections.abc import Iterator
from itertools import count
from pathlib import Path

import pytest

from index.changes import ImageChange
from index.errors import StorageFull
from index.gallery import Gallery
from index.records import NewCaption, SearchOptions
from tests.index.samples import counts, found, random_rows, sample

MODEL = "model-1"
DIM = 512
IMAGES = 3000
MEGABYTES = 56


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a few megabytes."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder)]
    try:
        subprocess.run(mount, check=True, capture_output=True)
    except (OSError, subprocess.CalledProcessError):
        pytest.skip("only root may mount a file system")
    yield folder
    subprocess.run(["umount", str(folder)], check=True)


@pytest.fixture
def gallery(disk: Path) -> Iterator[Gallery]:
    """Filled with images, on a disk that is full to the last byte."""
    with Gallery.open(disk / "store", dim=DIM, model_version=MODEL) as opened:
        rows = random_rows(IMAGES, DIM)
        opened.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
        for i in range(31):
            caption = NewCaption("en", "x" * 10_000, rows[i])
            opened.update("default", i + 1, ImageChange(captions=[caption]))
    with Gallery.open(disk / "store", dim=DIM, model_version=MODEL) as opened:  # its log is empty
        fill(disk)
        yield opened


def fill(disk: Path) -> None:
    for number in count():
        try:
            with (disk / f"filler-{number}").open("wb", buffering=0) as file:
                while file.write(b"x" * 4096) == 4096:
                    pass
        except OSError:
            assert os.statvfs(disk).f_bavail == 0
            return


def test_writes_are_refused_and_reading_goes_on(gallery: Gallery) -> None:
    new = sample("new", random_rows(1, DIM, seed=1)[0])
    for _ in range(3):
        with pytest.raises(StorageFull, match="Free some"):
            gallery.add("default", [new])
    assert counts(gallery.collection("default")) == ("default", IMAGES, IMAGES)
    assert len(found(gallery, new.vector)) == 10
    assert gallery.known("default", [new.sha256]) == {}


def test_one_image_after_the_other_can_be_deleted(gallery: Gallery) -> None:
    ids = [record.id for record in gallery.images("default", limit=300)]
    for id in ids:
        assert gallery.remove("default", [id]) == [id]
    assert counts(gallery.collection("default")) == ("default", IMAGES - 300, IMAGES - 300)
    assert min(found(gallery, random_rows(1, DIM)[0])) > ids[-1]


def test_many_can_be_deleted_at_once_and_new_ones_have_room_then(gallery: Gallery, disk: Path) -> None:
    records = sorted(gallery.images("default", limit=IMAGES), key=lambda record: record.sha256)
    leaving = records[: IMAGES // 3]  # from every page of the catalog: more than the reserve can take at once
    ids = sorted(record.id for record in leaving)
    assert gallery.remove("default", [record.id for record in leaving]) == ids
    assert gallery.collection("default").images == IMAGES - len(ids)
    assert not any(gallery.original(record).exists() for record in leaving)
    assert (disk / "store" / "reserve").stat().st_size >= 2**20
    gallery.add("default", [sample("new", random_rows(1, DIM, seed=1)[0])])


def test_change_that_is_refused_changes_nothing_and_captions_leave_with_their_images(
    gallery: Gallery,
) -> None:
    before = gallery.image("default", 1)
    with pytest.raises(StorageFull):
        gallery.update("default", 1, ImageChange(captions=()))
    assert gallery.image("default", 1) == before
    gallery.remove("default", range(1, 31))
    assert [one.record.image_id for one in gallery.best_captions("default", random_rows(31, DIM)[30])] == [31]


def test_collection_can_be_emptied(gallery: Gallery) -> None:
    gallery.empty_collection("default")
    assert counts(gallery.collection("default")) == ("default", 0, 0)
    assert found(gallery, random_rows(1, DIM)[0]) == []


def test_folder_can_be_opened_searched_and_thinned_out(gallery: Gallery, disk: Path) -> None:
    gallery.close()
    fill(disk)
    with Gallery.open(disk / "store", dim=DIM, model_version=MODEL) as again:
        best = again.search("default", random_rows(IMAGES, DIM)[7], SearchOptions()).hits[0]
        assert best.symmetric > 0.999
        assert again.remove("default", [best.record.id]) == [best.record.id]
