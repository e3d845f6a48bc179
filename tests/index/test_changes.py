"""Changes of an image: all of one or none of it, and the record tells when."""

from pathlib import Path
from typing import Any

import pytest

from index.changes import ImageChange, merged
from index.errors import BadValue, BadVector, ExternalIdTaken, TooManyCaptions, UnknownImage
from index.gallery import Gallery
from index.records import MOST_CAPTIONS, MOST_METADATA, Addition, ImageRecord, NewCaption
from tests.index.samples import BEYOND_INT64, DIM, MODEL, sample, unit
from tests.index.test_external_ids import LAST_YEAR, aged, named


def captions(*texts: str) -> list[NewCaption]:
    return [NewCaption("en", text, unit(1, 0, 0, 0)) for text in texts]


def told(record: ImageRecord) -> list[str]:
    return [one.text for one in record.captions]


@pytest.fixture
def dog(gallery: Gallery) -> ImageRecord:
    image = sample("dog", filename="dog.jpg", metadata={"a": 1, "b": {"c": 2}}, captions=captions("A dog"))
    gallery.add("default", [image, named("cat", "cat")])
    aged(gallery)
    return gallery.image("default", 1)


@pytest.mark.parametrize(
    ("target", "patch", "expected"),
    [  # RFC 7396, appendix A
        ({"a": "b"}, {"a": "c"}, {"a": "c"}),
        ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
        ({"a": "b"}, {"a": None}, {}),
        ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
        ({"a": ["b"]}, {"a": "c"}, {"a": "c"}),
        ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
        ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
        ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}),
        (["a", "b"], ["c", "d"], ["c", "d"]),
        ({"a": "b"}, ["c"], ["c"]),
        ({"a": "foo"}, None, None),
        ({"a": "foo"}, "bar", "bar"),
        ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
        ([1, 2], {"a": "b", "c": None}, {"a": "b"}),
        ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
    ],
)
def test_patches_merge_as_the_standard_says(target: Any, patch: Any, expected: Any) -> None:
    assert merged(target, patch) == expected


def test_all_that_may_change_changes_at_once_and_survives(
    gallery: Gallery, dog: ImageRecord, tmp_path: Path
) -> None:
    change = ImageChange({"a": None, "b": {"d": 3}}, "Hund.jpg", "dog", captions("A pet", "A dog"))
    after = gallery.update("default", 1, change)
    assert (after.metadata, after.filename) == ({"b": {"c": 2, "d": 3}}, "Hund.jpg")
    assert (after.external_id, told(after)) == ("dog", ["A dog", "A pet"])
    assert after.captions[0] == dog.captions[0]
    assert after.updated_at > after.created_at == LAST_YEAR
    assert len(gallery.best_captions("default", unit(1, 0, 0, 0))) == 2
    gallery.close()
    with Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL) as again:
        assert again.image("default", 1) == after


def test_what_is_left_out_stays_and_null_takes_the_external_id_away(
    gallery: Gallery, dog: ImageRecord
) -> None:
    assert gallery.update("default", 1, ImageChange()) == dog
    assert gallery.update("default", 1, ImageChange(filename="dog.jpg", metadata={"a": 1})) == dog
    assert gallery.update("default", 1, ImageChange(captions=captions("A dog"))) == dog
    assert gallery.update("default", 1, ImageChange(captions=())).captions == ()
    assert gallery.update("default", 2, ImageChange(external_id=None)).external_id is None
    assert gallery.update("default", 1, ImageChange(external_id="cat")).external_id == "cat"


def test_values_that_python_takes_for_equal_are_changes(gallery: Gallery, dog: ImageRecord) -> None:
    after = gallery.update("default", 1, ImageChange({"a": True}))
    assert after.metadata["a"] is True
    assert after.updated_at > dog.updated_at


@pytest.mark.parametrize(
    "change",
    [
        ImageChange(captions=captions("new"), external_id="cat"),
        ImageChange(captions=captions("new"), metadata={"x": "x" * MOST_METADATA}),
        ImageChange(captions=captions("new"), metadata={"x": float("nan")}),
        ImageChange(captions=captions(*map(str, range(MOST_CAPTIONS + 1))), filename="x"),
        ImageChange(captions=[NewCaption("en", "new", unit(1, 0))], filename="x"),
    ],
)
def test_a_change_that_cannot_be_made_leaves_all_as_it_was(
    gallery: Gallery, dog: ImageRecord, change: ImageChange
) -> None:
    with pytest.raises((ExternalIdTaken, BadValue, TooManyCaptions, BadVector)):
        gallery.update("default", 1, change)
    assert gallery.image("default", 1) == dog
    assert [hit.record.text for hit in gallery.best_captions("default", unit(1, 0, 0, 0))] == ["A dog"]


def test_metadata_may_not_grow_beyond_the_limit_step_by_step(gallery: Gallery, dog: ImageRecord) -> None:
    half = "x" * (MOST_METADATA // 2)
    gallery.update("default", dog.id, ImageChange({"one": half}))
    with pytest.raises(BadValue, match="Remove some") as caught:
        gallery.update("default", dog.id, ImageChange({"two": half}))
    assert caught.value.limit == MOST_METADATA
    gallery.update("default", dog.id, ImageChange({"one": None, "two": half}))


@pytest.mark.parametrize("id", [3, BEYOND_INT64, -1])
def test_an_unknown_image_is_named(gallery: Gallery, dog: ImageRecord, id: int) -> None:
    with pytest.raises(UnknownImage):
        gallery.update("default", id, ImageChange(filename="x"))
    gallery.create_collection("trips")
    with pytest.raises(UnknownImage):
        gallery.update("trips", dog.id, ImageChange(filename="x"))


def test_every_way_to_change_captions_tells_when(gallery: Gallery, dog: ImageRecord) -> None:
    def changed() -> bool:
        now = gallery.image("default", dog.id).updated_at
        aged(gallery)
        return now != LAST_YEAR

    gallery.complete("default", [Addition(dog.sha256, captions("A dog"))])
    assert not changed()
    gallery.complete("default", [Addition(dog.sha256, captions("A pet"))])
    assert changed()
    gallery.update("default", dog.id, ImageChange(captions=captions("A dog")))
    assert changed()
    gallery.add("default", [sample("dog", captions=captions("A puppy"))])
    assert changed()
    gallery.update("default", dog.id, ImageChange(captions=captions("A puppy")))
    assert changed()
    gallery.add("default", [sample("dog", captions=captions("A puppy"))])
    assert not changed()
