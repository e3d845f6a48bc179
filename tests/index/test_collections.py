"""Collections of a gallery."""

from pathlib import Path

import pytest

from index.errors import BadCollectionName, CollectionExists, UnknownCollection
from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.samples import DIM, MODEL, counts, found, sample, unit


def test_default_collection_exists_from_the_start(gallery: Gallery) -> None:
    assert [counts(record) for record in gallery.collections()] == [("default", 0, 0)]


def test_collections_are_listed_in_the_order_of_their_creation_with_counts(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    assert counts(gallery.create_collection("a")) == ("a", 0, 0)
    gallery.add("trips", [sample("dog"), sample("cat")])
    listed = [("default", 0, 0), ("trips", 2, 2), ("a", 0, 0)]
    assert [counts(record) for record in gallery.collections()] == listed
    assert counts(gallery.collection("trips")) == ("trips", 2, 2)


def test_collection_cannot_be_created_twice(gallery: Gallery) -> None:
    with pytest.raises(CollectionExists, match="default"):
        gallery.create_collection("default")


@pytest.mark.parametrize("name", ["", "Trips", "-a", "_a", "a b", "a/b", "ü", "a" * 65, "a\n", "\ud800"])
def test_bad_collection_names_are_refused(gallery: Gallery, name: str) -> None:
    with pytest.raises(BadCollectionName, match="a-z"):
        gallery.create_collection(name)


@pytest.mark.parametrize("name", ["0", "a-b_c", "a" * 64])
def test_good_collection_names_are_accepted(gallery: Gallery, name: str) -> None:
    assert gallery.create_collection(name).name == name


@pytest.mark.parametrize("name", ["nowhere", "", "Ärger", "\ud800", "a\0b", "'; DROP TABLE images; --"])
def test_unknown_collection_is_named_by_everything_that_takes_one(gallery: Gallery, name: str) -> None:
    for ask in (
        lambda: gallery.collection(name),
        lambda: gallery.delete_collection(name),
        lambda: gallery.empty_collection(name),
        lambda: gallery.known(name, []),
        lambda: gallery.add(name, [sample("dog")]),
        lambda: gallery.image(name, 1),
        lambda: gallery.images(name),
        lambda: gallery.remove(name, [1]),
        lambda: gallery.vector(name, 1),
        lambda: gallery.search(name, unit(1, 2, 3, 4), SearchOptions()),
    ):
        with pytest.raises(UnknownCollection) as caught:
            ask()
        assert caught.value.name == name
    assert not gallery._files.original(sample("dog").sha256).exists()


def test_deleted_collection_takes_its_images_and_files_along(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.create_collection("trips")
        (shared,) = gallery.add("default", [sample("shared")])
        own, _ = gallery.add("trips", [sample("own"), sample("shared")])
        gallery.delete_collection("trips")
        with pytest.raises(UnknownCollection):
            gallery.images("trips")
        assert not gallery.original(own.record).exists()
        assert gallery.original(shared.record).exists()
        gallery.create_collection("trips")
        assert found(gallery, unit(1, 2, 3, 4), of="trips") == []
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert gallery.images("trips") == []
        assert [record.id for record in gallery.images("default")] == [shared.record.id]


def test_emptied_collection_keeps_its_place_and_nothing_else(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.create_collection("trips")
        (shared,) = gallery.add("trips", [sample("shared")])
        own, _ = gallery.add("default", [sample("own"), sample("shared")])
        gallery.empty_collection("default")
        assert [counts(record) for record in gallery.collections()] == [("default", 0, 0), ("trips", 1, 1)]
        assert not gallery.original(own.record).exists()
        assert gallery.original(shared.record).exists()
        assert found(gallery, unit(1, 2, 3, 4)) == []
        assert found(gallery, unit(1, 2, 3, 4), of="trips") == [shared.record.id]
        (again,) = gallery.add("default", [sample("own")])
        assert again.created
        assert again.record.id > own.record.id
        assert found(gallery, unit(1, 2, 3, 4)) == [again.record.id]


def test_deleted_default_collection_is_back_and_empty_after_opening_again(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample("dog")])
        gallery.delete_collection("default")
        assert gallery.collections() == []
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert [counts(record) for record in gallery.collections()] == [("default", 0, 0)]
