"""Collections of a gallery."""

from pathlib import Path

import pytest

from index.errors import BadCollectionName, CollectionExists, CollectionFixed, UnknownCollection
from index.gallery import Gallery
from index.records import NewCaption, SearchOptions
from index.search import Search
from tests.index.samples import DIM, MODEL, counts, found, sample, unit

QUERY = unit(1, 2, 3, 4)


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
        lambda: gallery.rename_collection(name, "trips"),
        lambda: gallery.key(name),
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


def test_collection_tells_what_it_holds_and_what_awaits_its_vector(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert not gallery.collection("default").embedding
        captions = [NewCaption("en", text, QUERY) for text in ("A dog", "A lake")]
        gallery.add("default", [sample("dog", captions=captions), sample("lobster")])
        record = gallery.collection("default")
        assert (record.captions, record.bytes, record.model, record.embedding) == (2, 10, MODEL, False)
    with Gallery.open(tmp_path, dim=DIM, model_version="next") as gallery:
        assert gallery.collection("default").embedding
        gallery.put_vectors({1: QUERY, 2: QUERY})
        record = gallery.collection("default")
        assert (record.searchable, record.searchable_captions, record.embedding) == (2, 0, True)
        assert record.model == "next"


def test_renamed_collection_keeps_all_but_its_name(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        before = gallery.create_collection("trips")
        gallery.add("trips", [sample("dog"), sample("cat")])
        first = gallery.search("trips", QUERY, SearchOptions(k=1))
        renamed = gallery.rename_collection("trips", "travels")
        assert (renamed.name, renamed.images, renamed.created_at) == ("travels", 2, before.created_at)
        with pytest.raises(UnknownCollection):
            gallery.search("trips", QUERY, SearchOptions())
        assert gallery.image("travels", 1).collection == "travels"
        rest = gallery.search("travels", QUERY, SearchOptions(k=1, cursor=first.cursor))
        assert [hit.record.id for hit in first.hits + rest.hits] == [1, 2]
        gallery.create_collection("trips")
        assert found(gallery, QUERY, of="trips") == []
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert found(gallery, QUERY, of="travels") == [1, 2]
        assert found(gallery, QUERY, of="trips") == []


def test_collection_is_renamed_to_no_name_that_is_taken_or_bad(gallery: Gallery) -> None:
    gallery.create_collection("a")
    gallery.create_collection("b")
    with pytest.raises(CollectionExists, match="'b'"):
        gallery.rename_collection("a", "b")
    with pytest.raises(BadCollectionName):
        gallery.rename_collection("a", "A")
    with pytest.raises(CollectionFixed, match="default"):
        gallery.rename_collection("default", "c")
    assert gallery.rename_collection("a", "a").name == "a"
    assert [record.name for record in gallery.collections()] == ["default", "a", "b"]


def test_work_on_a_collection_goes_on_when_it_is_renamed(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    key = gallery.key("trips")
    gallery.add(key, [sample("dog")])
    gallery.rename_collection("trips", "travels")
    gallery.create_collection("trips")
    assert gallery.known(key, [sample("dog").sha256]).keys() == {sample("dog").sha256}
    gallery.add(key, [sample("cat")])
    assert found(gallery, QUERY, of="travels") == [1, 2]
    gallery.delete_collection("travels")
    with pytest.raises(UnknownCollection, match="trips"):
        gallery.add(key, [sample("bee")])


def test_search_goes_on_when_its_collection_is_renamed(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.create_collection("trips")
    gallery.add("trips", [sample("dog"), sample("cat", captions=[NewCaption("en", "A cat", QUERY)])])
    begin = Search.__init__

    def renamed_first(search: Search, *arguments: object) -> None:
        gallery.rename_collection("trips", "travels")
        gallery.create_collection("trips")
        begin(search, *arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(Search, "__init__", renamed_first)
    answer = gallery.search("trips", QUERY, SearchOptions(filter={"caption": {"contains": "cat"}}))
    assert [(hit.record.id, hit.record.collection) for hit in answer.hits] == [(2, "travels")]
