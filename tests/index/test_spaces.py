"""A model that comes while another serves: filled beside it, and then searched from one moment on."""

import sqlite3
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.changes import ImageChange
from index.errors import BadVector, ModelChanged, NotEmbedded, StorageFull
from index.gallery import Gallery
from index.migrations import MIGRATIONS
from index.records import CAPTION_RULES, Addition, NewCaption, SearchOptions
from index.spaces import Served, served_before
from index.vectors import Row
from tests.index.samples import DIM, counts, found, random_rows, sample, unit

DOG, CAT = (sample(name, row) for name, row in (("dog", unit(1, 0, 0, 0)), ("cat", unit(0, 1, 0, 0))))


@pytest.fixture
def gallery(tmp_path: Path) -> Iterator[Gallery]:
    """Image 1, a dog, and image 2, a cat, in the space of `old`."""
    with Gallery.open(tmp_path / "store", dim=DIM, model_version="old", checkpoint="trained") as opened:
        opened.add("default", [DOG, CAT])
        yield opened


def first(gallery: Gallery, query: Row, model: str) -> int:
    return gallery.search("default", query, SearchOptions(k=1), model_version=model).hits[0].record.id


def test_coming_space_is_not_searched_until_it_takes_over(gallery: Gallery, tmp_path: Path) -> None:
    coming = gallery.coming("new", 2)
    assert [one.id for one in coming.without_vector()] == [1, 2]
    coming.put_vectors({1: unit(0, 1), 2: unit(1, 0)})
    assert (coming.pending(), coming.without_vector()) == (0, [])
    assert found(gallery, unit(1, 0.5, 0, 0)) == [1, 2]
    assert (gallery.vector("default", 1) == DOG.vector).all()
    assert served_before(tmp_path / "store", "new") == Served("old", "trained", 0, 0)

    gallery.switch(coming, "checkpoints/new")
    assert found(gallery, unit(1, 0.5)) == [2, 1]
    assert (gallery.vector("default", 1) == unit(0, 1)).all()
    assert served_before(tmp_path / "store", "next") == Served("new", "checkpoints/new", 0, 2)
    gallery.close()
    with Gallery.open(tmp_path / "store", dim=2, model_version="new") as again:
        assert found(again, unit(1, 0.5)) == [2, 1]


def test_vectors_of_the_model_that_served_before_are_refused_after_the_switch(gallery: Gallery) -> None:
    gallery.switch(gallery.coming("new", DIM))
    query = unit(1, 0, 0, 0)
    caption = [NewCaption("en", "A dog", query)]
    for use in (
        lambda: gallery.search("default", query, SearchOptions(), model_version="old"),
        lambda: gallery.add("default", [sample("bee", query)], model_version="old"),
        lambda: gallery.put_vectors({1: query}, model_version="old"),
        lambda: gallery.put_caption_vectors({1: query}, model_version="old"),
        lambda: gallery.best_captions("default", query, model_version="old"),
        lambda: gallery.complete("default", [Addition(DOG.sha256, caption)], model_version="old"),
        lambda: gallery.update("default", 1, ImageChange(captions=caption), model_version="old"),
    ):
        with pytest.raises(ModelChanged, match="Model new serves now") as caught:
            use()
        assert (caught.value.model_version, caught.value.serving) == ("old", "new")
    assert counts(gallery.collection("default")) == ("default", 2, 0)
    assert found(gallery, query) == []


def test_what_is_done_meanwhile_holds_after_the_switch(gallery: Gallery) -> None:
    coming = gallery.coming("new", 2)
    coming.put_vectors({1: unit(0, 1), 2: unit(1, 0)})
    gallery.remove("default", [1])
    (bee,) = gallery.add("default", [sample("bee")])
    gallery.create_collection("trips")
    coming.put_vectors({1: unit(0, 1)})  # which was deleted
    assert (coming.pending(), gallery.pending()) == (1, 0)
    gallery.switch(coming)
    assert found(gallery, unit(1, 1)) == [2]
    assert found(gallery, unit(1, 1), "trips") == []
    assert [one.id for one in gallery.without_vector()] == [bee.record.id]
    with pytest.raises(NotEmbedded):
        gallery.vector("default", bee.record.id)
    gallery.put_vectors({bee.record.id: unit(0, 1)}, model_version="new")
    assert found(gallery, unit(1, 0.5)) == [2, bee.record.id]
    gallery.add("trips", [sample("dog", unit(1, 0))], model_version="new")
    assert len(found(gallery, unit(1, 1), "trips")) == 1


def test_captions_serve_in_the_new_space_as_well(gallery: Gallery) -> None:
    captions = [NewCaption("en", text, unit(1, 0, 0, 0)) for text in ("dog", "pet")]
    gallery.update("default", 1, ImageChange(captions=captions))
    coming = gallery.coming("new", 2)
    coming.put_vectors({1: unit(0, 1), 2: unit(1, 0)})
    assert [caption.text for caption in coming.captions_without_vector()] == ["dog", "pet"]
    assert (coming.pending(), gallery.pending()) == (2, 0)
    with pytest.raises(BadVector):
        coming.put_caption_vectors({1: unit(1, 2, 3, 4)})
    coming.put_caption_vectors({1: unit(0, 1)})
    assert coming.pending() == 1
    gallery.switch(coming)
    assert [hit.record.text for hit in gallery.best_captions("default", unit(0, 1))] == ["dog"]
    assert [caption.text for caption in gallery.captions_without_vector()] == ["pet"]
    gallery.put_caption_vectors({2: unit(1, 1)}, model_version="new")
    assert [hit.record.text for hit in gallery.best_captions("default", 1)] == ["dog", "pet"]
    rules = SearchOptions(captions=CAPTION_RULES)
    assert [hit.record.id for hit in gallery.search("default", unit(0, 1), rules).hits] == [1, 2]


def test_each_space_has_lists_of_its_own_on_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.candidates.EXACT_ROWS", 60)
    rows = random_rows(100, 4)
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        captions = [NewCaption("en", "one", rows[0])]
        gallery.add("default", [sample(str(i), row, captions=captions) for i, row in enumerate(rows)])

        def kept() -> list[str]:
            shelf = gallery._space.shelf("default")
            for candidates in (shelf.images, shelf.captions):
                candidates._builder.wait()
                assert candidates._lists is not None
            return sorted(path.name for path in (tmp_path / "lists").iterdir())

        before = kept()
        assert [name.split(".")[:2] for name in before] == [["1", "captions"], ["1", "images"]]
        coming = gallery.coming("hub:new/model", 2)
        coming.put_vectors({i: unit(1, i) for i in range(1, 101)})
        coming.put_caption_vectors({i: unit(i, 1) for i in range(1, 101)})
        gallery.switch(coming)
        after = kept()
        assert len(after) == 2
        assert not set(after) & set(before)
        gallery.empty_collection("default")
        assert list((tmp_path / "lists").iterdir()) == []


def test_half_filled_space_is_filled_further_after_opening_again(gallery: Gallery, tmp_path: Path) -> None:
    gallery.coming("new", 2).put_vectors({1: unit(0, 1)})
    gallery.close()
    with Gallery.open(tmp_path / "store", dim=DIM, model_version="old") as again:
        assert [one.id for one in again.coming("new", 2).without_vector()] == [2]
        assert found(again, unit(1, 0.5, 0, 0)) == [1, 2]


def test_bad_vector_does_not_get_into_the_coming_space(gallery: Gallery) -> None:
    coming = gallery.coming("new", 2)
    with pytest.raises(BadVector):
        coming.put_vectors({1: unit(1, 2, 3, 4)})
    assert coming.pending() == 2


def test_switch_that_cannot_be_written_down_leaves_the_old_space(
    gallery: Gallery, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    coming = gallery.coming("new", 2)

    def full(_: str | None) -> None:
        raise StorageFull(tmp_path)

    monkeypatch.setattr(coming.catalog, "serve", full)
    with pytest.raises(StorageFull):
        gallery.switch(coming)
    assert found(gallery, unit(1, 0.5, 0, 0)) == [1, 2]


def test_searches_beside_switches_never_compare_vectors_of_two_models(gallery: Gallery) -> None:
    """In the space of `new` the dog lies where the cat lies in that of `old`, and the other way round."""
    spaces = {name: gallery.coming(name, DIM) for name in ("old", "new")}
    spaces["new"].put_vectors({1: CAT.vector, 2: DOG.vector})
    dog = {"old": DOG.vector, "new": CAT.vector}
    stop = threading.Event()

    def search() -> dict[str, int]:
        answers = dict.fromkeys(dog, 0)
        while not stop.is_set():
            for model, query in dog.items():
                try:
                    assert first(gallery, query, model) == 1
                    answers[model] += 1
                except ModelChanged:
                    pass
        return answers

    with ThreadPoolExecutor(3) as threads:
        searching = [threads.submit(search) for _ in range(3)]
        try:
            for number in range(40):
                gallery.switch(spaces["new" if number % 2 == 0 else "old"])
        finally:
            stop.set()
    answers = [one.result() for one in searching]
    assert all(sum(one[model] for one in answers) for model in dog)


def test_folder_that_does_not_tell_who_served_it(tmp_path: Path) -> None:
    assert served_before(tmp_path / "nowhere", "new") is None
    (tmp_path / "before").mkdir()
    with closing(sqlite3.connect(tmp_path / "before" / "catalog.sqlite3")) as connection:
        connection.executescript(f"{MIGRATIONS[0]}; PRAGMA user_version = 1")
    assert served_before(tmp_path / "before", "new") is None


def test_spaces_hold_rows_of_their_own(gallery: Gallery) -> None:
    coming = gallery.coming("new", DIM)
    coming.put_vectors({1: CAT.vector, 2: DOG.vector})
    assert np.array_equal(gallery.vector("default", 1), DOG.vector)
    assert np.array_equal(coming.catalog.vectors.of_image("default", 1), CAT.vector)
