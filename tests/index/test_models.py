"""One gallery, and models that come one after the other."""

from pathlib import Path

import pytest

from index.errors import BadVector, NotEmbedded
from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.samples import BEYOND_INT64, DIM, counts, found, sample, unit


def test_vectors_of_another_model_are_never_searched(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        dog, cat = (one.record for one in gallery.add("default", [sample("dog"), sample("cat")]))
    with Gallery.open(tmp_path, dim=2, model_version="new") as gallery:
        assert found(gallery, unit(1, 2)) == []
        assert counts(gallery.collection("default")) == ("default", 2, 0)
        with pytest.raises(NotEmbedded, match="current model"):
            gallery.vector("default", dog.id)
        assert gallery.without_vector() == [dog, cat]
        assert gallery.without_vector(after=dog.id) == [cat]
        assert gallery.without_vector(limit=1) == [dog]

        gallery.remove("default", [cat.id])
        gallery.put_vectors({dog.id: unit(2, 1), cat.id: unit(1, 2), BEYOND_INT64: unit(1, 1)})
        assert gallery.without_vector() == []
        assert found(gallery, unit(1, 2)) == [dog.id]
    with Gallery.open(tmp_path, dim=2, model_version="new") as gallery:
        assert found(gallery, unit(1, 2)) == [dog.id]
        assert (gallery.vector("default", dog.id) == unit(2, 1)).all()
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        assert found(gallery, unit(1, 2, 3, 4)) == [dog.id]


def test_vector_put_again_replaces_the_one_before(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    dog = gallery.add("default", [sample("dog")])[0].record
    cat = gallery.add("trips", [sample("cat")])[0].record
    gallery.put_vectors({dog.id: unit(1, 0, 0, 0), cat.id: unit(0, 1, 0, 0)})
    for name, query, id in (("default", unit(1, 0, 0, 0), dog.id), ("trips", unit(0, 1, 0, 0), cat.id)):
        (hit,) = gallery.search(name, query, SearchOptions()).hits
        assert (hit.record.id, hit.symmetric) == (id, 1)
        assert (gallery.vector(name, id) == query).all()


def test_content_that_lacked_a_vector_gets_the_one_it_is_added_with(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version="old") as gallery:
        (dog,) = gallery.add("default", [sample("dog")])
    with Gallery.open(tmp_path, dim=DIM, model_version="new") as gallery:
        (again,) = gallery.add("default", [sample("dog")])
        assert not again.created
        assert found(gallery, unit(1, 2, 3, 4)) == [dog.record.id]


def test_bad_vector_is_not_put(gallery: Gallery) -> None:
    (dog,) = gallery.add("default", [sample("dog")])
    with pytest.raises(BadVector, match="shape"):
        gallery.put_vectors({dog.record.id: unit(1, 2)})
    assert (gallery.vector("default", dog.record.id) == unit(1, 2, 3, 4)).all()
