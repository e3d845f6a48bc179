"""Images in a gallery: adding, listing, removing."""

import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from index.errors import BadVector, UnknownImage
from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.samples import BEYOND_INT64, DIM, MODEL, found, sample, unit


def test_added_image_is_found_with_its_record_files_and_vector(gallery: Gallery) -> None:
    image = sample("dog", unit(1, 0, 2, 0), filename="Hund\0.jpg", metadata={"tags": ["a", None], "ü": 1.5})
    (added,) = gallery.add("default", [image])
    record = added.record
    assert added.created
    assert (record.collection, record.sha256, record.bytes) == ("default", image.sha256, 3)
    assert (record.filename, record.format, record.width, record.height) == ("Hund\0.jpg", "jpeg", 640, 480)
    assert record.metadata == {"tags": ["a", None], "ü": 1.5}
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", record.created_at)
    assert gallery.image("default", record.id) == record
    assert gallery.original(record).read_bytes() == b"dog"
    assert gallery.thumbnail(record).read_bytes() == b"thumbnail of dog"
    assert (gallery.vector("default", record.id) == unit(1, 0, 2, 0)).all()
    assert gallery.search("default", unit(1, 0, 2, 0), SearchOptions()).hits[0].record == record


def test_same_content_is_one_record_in_a_collection_and_in_a_batch(gallery: Gallery) -> None:
    first, again = gallery.add("default", [sample("dog"), sample("dog", filename="copy.jpg")])
    (later,) = gallery.add("default", [sample("dog", unit(4, 3, 2, 1))])
    assert [first.created, again.created, later.created] == [True, False, False]
    assert first.record == again.record == later.record
    assert found(gallery, unit(1, 2, 3, 4)) == [first.record.id]
    assert (gallery.vector("default", first.record.id) == unit(1, 2, 3, 4)).all()


def test_same_content_in_two_collections_is_two_records(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    (here,), (there,) = gallery.add("default", [sample("dog")]), gallery.add("trips", [sample("dog")])
    assert there.created
    assert here.record.id != there.record.id
    assert gallery.known("trips", [here.record.sha256]) == {there.record.sha256: there.record}
    assert found(gallery, unit(1, 2, 3, 4), of="trips") == [there.record.id]


def test_known_contents_are_told_from_unknown_ones(gallery: Gallery) -> None:
    (dog,) = gallery.add("default", [sample("dog")])
    asked = [sample("dog").sha256, sample("cat").sha256, "no hash \ud800"]
    assert gallery.known("default", asked) == {dog.record.sha256: dog.record}


@pytest.mark.parametrize("collection", ["default", "trips"])
@pytest.mark.parametrize("lost", ["original", "thumbnail"])
def test_adding_content_whose_files_were_lost_brings_them_back(
    gallery: Gallery, collection: str, lost: str
) -> None:
    gallery.create_collection("trips")
    (dog,) = gallery.add("default", [sample("dog")])
    path = gallery.original(dog.record) if lost == "original" else gallery.thumbnail(dog.record)
    path.unlink()
    assert gallery.known("default", [dog.record.sha256]) == {}
    (again,) = gallery.add(collection, [sample("dog")])
    assert again.created == (collection == "trips")
    assert gallery.original(again.record).read_bytes() == b"dog"
    assert gallery.thumbnail(again.record).read_bytes() == b"thumbnail of dog"
    assert gallery.known("default", [dog.record.sha256]) == {dog.record.sha256: dog.record}


def test_one_bad_vector_refuses_the_whole_batch_before_anything_is_written(gallery: Gallery) -> None:
    bad = sample("cat", np.array([np.nan, 0, 0, 1], np.float32))
    with pytest.raises(BadVector, match="NaN"):
        gallery.add("default", [sample("dog"), bad])
    assert gallery.images("default") == []
    assert not gallery._files.original(sample("dog").sha256).exists()


def test_images_are_listed_by_id_in_pages(gallery: Gallery) -> None:
    added = gallery.add("default", [sample(str(i)) for i in range(5)])
    first = gallery.images("default", limit=3)
    rest = gallery.images("default", after=first[-1].id, limit=3)
    assert first + rest == [one.record for one in added]
    assert gallery.images("default", after=BEYOND_INT64) == []


def test_images_can_be_listed_from_the_newest_on(gallery: Gallery) -> None:
    added = gallery.add("default", [sample(str(i)) for i in range(5)])
    newest = [one.record for one in reversed(added)]

    first = gallery.images("default", limit=3, newest_first=True)
    rest = gallery.images("default", after=first[-1].id, limit=3, newest_first=True)

    assert first + rest == newest
    assert gallery.images("default", after=BEYOND_INT64, newest_first=True) == newest
    assert gallery.images("default", after=-BEYOND_INT64, newest_first=True) == []


@pytest.mark.parametrize("id", [-1, 0, 999, BEYOND_INT64, -BEYOND_INT64 - 1])
def test_unknown_image_is_named_whatever_its_id(gallery: Gallery, id: int) -> None:
    for ask in (gallery.image, gallery.vector):
        with pytest.raises(UnknownImage, match="list the images") as caught:
            ask("default", id)
        assert (caught.value.collection, caught.value.id) == ("default", id)
    assert gallery.remove("default", [id]) == []


def test_image_of_another_collection_is_unknown(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    (added,) = gallery.add("trips", [sample("dog")])
    with pytest.raises(UnknownImage):
        gallery.image("default", added.record.id)
    assert gallery.remove("default", [added.record.id]) == []
    assert found(gallery, unit(1, 2, 3, 4), of="trips") == [added.record.id]


def test_removed_image_never_comes_back(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        dog, cat = (one.record for one in gallery.add("default", [sample("dog"), sample("cat")]))
        assert gallery.remove("default", [dog.id, 999, dog.id]) == [dog.id]
        assert gallery.remove("default", [dog.id]) == []
        (again,) = gallery.add("default", [sample("dog")])
        assert again.record.id not in (dog.id, cat.id)
        gallery.remove("default", [again.record.id])
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert found(gallery, unit(1, 2, 3, 4)) == [cat.id]
        (last,) = gallery.add("default", [sample("dog")])
        assert last.record.id > again.record.id


def test_removed_image_is_not_even_scored_any_more(gallery: Gallery) -> None:
    images = [sample("near", unit(1, 0, 0, 0)), sample("far", unit(1, 2, 3, 4))]
    _, far = (one.record for one in gallery.add("default", images))
    gallery.remove("default", [far.id])
    assert gallery.search("default", unit(1, 0, 0, 0), SearchOptions(k=1, exact=True)).candidates == 1


def test_files_go_with_the_last_record_that_uses_them(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    (here,), (there,) = gallery.add("default", [sample("dog")]), gallery.add("trips", [sample("dog")])
    files = (gallery.original(here.record), gallery.thumbnail(here.record))
    gallery.remove("default", [here.record.id])
    assert all(path.exists() for path in files)
    gallery.remove("trips", [there.record.id])
    assert not any(path.exists() for path in files)


def test_same_content_added_and_removed_at_once_keeps_its_files_while_it_has_a_record(
    gallery: Gallery,
) -> None:
    def churn(_: int) -> None:
        for _ in range(10):
            (added,) = gallery.add("default", [sample("dog")])
            gallery.remove("default", [added.record.id])

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(churn, range(4)))
        (added,) = gallery.add("default", [sample("dog")])
    assert gallery.original(added.record).read_bytes() == b"dog"
    assert found(gallery, unit(1, 2, 3, 4)) == [added.record.id]
