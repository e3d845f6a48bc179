"""External ids: one image each in a collection, and the image is found by it."""

from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace

import pytest

from index.changes import ImageChange
from index.errors import BadValue, ExternalIdTaken, UnknownCollection
from index.gallery import Gallery
from index.records import Addition, ImageRecord, NewCaption, NewImage
from tests.index.samples import sample, unit


def named(content: str, external_id: str | None) -> NewImage:
    return replace(sample(content), external_id=external_id)


def added(gallery: Gallery, *images: NewImage) -> list[ImageRecord]:
    return [one.record for one in gallery.add("default", images)]


def test_image_is_found_by_its_external_id(gallery: Gallery) -> None:
    dog, cat = added(gallery, named("dog", "Hündin/1"), named("cat", None))
    assert (dog.external_id, cat.external_id) == ("Hündin/1", None)
    assert gallery.by_external_id("default", ["Hündin/1", "none", "\ud800"]) == {"Hündin/1": dog}
    assert gallery.image("default", dog.id) == dog
    with pytest.raises(UnknownCollection):
        gallery.by_external_id("nowhere", ["Hündin/1"])


def test_another_collection_may_use_the_same(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    (here,) = added(gallery, named("dog", "1"))
    ((there),) = gallery.add("trips", [named("cat", "1")])
    assert gallery.by_external_id("trips", ["1"]) == {"1": there.record}
    assert gallery.by_external_id("default", ["1"]) == {"1": here}


def test_known_content_takes_the_id_that_it_lacked_and_keeps_the_one_it_has(gallery: Gallery) -> None:
    (dog,) = added(gallery, named("dog", None))
    aged(gallery)
    (again,) = added(gallery, named("dog", "1"))
    assert (again.id, again.external_id) == (dog.id, "1")
    assert again.updated_at > again.created_at
    assert added(gallery, named("dog", "1"), named("dog", None)) == [again, again]


def test_known_contents_are_completed_without_their_files(gallery: Gallery) -> None:
    dog, cat = added(gallery, named("dog", None), named("cat", "2"))
    aged(gallery)
    caption = NewCaption("de", "Ein Hund", unit(1, 0, 0, 0))
    additions = [Addition(dog.sha256, [caption], "1"), Addition(cat.sha256), Addition("0" * 64, [caption])]
    completed, same, gone = gallery.complete("default", additions)
    assert completed is not None
    assert same is not None
    assert completed == gallery.image("default", dog.id)
    assert (completed.external_id, [one.text for one in completed.captions]) == ("1", ["Ein Hund"])
    assert completed.updated_at > LAST_YEAR
    assert (same, gone) == (gallery.image("default", cat.id), None)
    assert same.updated_at == LAST_YEAR
    (hit,) = gallery.best_captions("default", unit(1, 0, 0, 0))
    assert hit.record.image_id == dog.id
    with pytest.raises(ExternalIdTaken) as caught:
        gallery.complete("default", [Addition(dog.sha256, [caption], "1"), Addition(cat.sha256, [], "3")])
    assert caught.value.place == 1


@pytest.mark.parametrize(
    ("images", "place"),
    [
        ([named("cat", "1")], 0),  # the dog's
        ([named("bee", "2"), named("dog", "2")], 1),  # the dog has another one
        ([named("bee", "2"), named("cat", "2")], 1),
        ([named("bee", "2"), named("bee", "3")], 1),
        ([named("bee", None), named("bee", "2"), named("cat", "2")], 2),
    ],
)
def test_id_that_is_not_free_is_refused_by_place_and_nothing_is_stored(
    gallery: Gallery, images: list[NewImage], place: int
) -> None:
    (dog,) = added(gallery, named("dog", "1"))
    with pytest.raises(ExternalIdTaken, match="is not free") as caught:
        gallery.add("default", images)
    assert (caught.value.place, caught.value.external_id) == (place, images[place].external_id)
    assert gallery.images("default") == [dog]
    assert not gallery._files.original(sample("bee").sha256).exists()


def test_id_of_a_deleted_image_is_free_again(gallery: Gallery) -> None:
    (dog,) = added(gallery, named("dog", "1"))
    gallery.remove("default", [dog.id])
    (cat,) = added(gallery, named("cat", "1"))
    assert gallery.by_external_id("default", ["1"]) == {"1": cat}


@pytest.mark.parametrize("external_id", ["", "x" * 201, "\ud800", "a\0b"])
def test_id_that_could_not_be_stored_is_refused(external_id: str) -> None:
    for make in (lambda: named("dog", external_id), lambda: ImageChange(external_id=external_id)):
        with pytest.raises(BadValue) as caught:
            make()
        assert caught.value.field == "external_id"
    assert named("dog", "x" * 200).external_id == "x" * 200


def test_of_many_who_want_one_id_at_once_one_gets_it(gallery: Gallery) -> None:
    def race(n: int) -> bool:
        try:
            added(gallery, named(str(n), "same"))
        except ExternalIdTaken:
            return False
        return True

    with ThreadPoolExecutor(8) as threads:
        assert sorted(threads.map(race, range(16))) == [False] * 15 + [True]
    assert len(gallery.images("default")) == 1


def aged(gallery: Gallery) -> None:
    """Has all images be of last year, so that a change shows in `updated_at`."""
    with gallery._catalog._connections.writing() as connection:
        connection.execute("UPDATE images SET created_at = :at, updated_at = :at", {"at": LAST_YEAR})


LAST_YEAR = "2025-01-31T12:00:00.123Z"
