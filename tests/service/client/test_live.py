"""The client and the service agree on what goes between them."""

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import PIL.Image
import pytest

from service.client import Conflict, Invalid, NewImage, NotFound, Part
from service.client.documents.images import Image
from tests.service.client.driving import Driver
from tests.service.jobs.packing import tarred, zipped
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service

Act = Callable[[Callable[[Any], Any]], Any]


@pytest.fixture
def act(drive: Driver, service: Service) -> Act:
    return lambda does: drive(does, str(service.client.base_url))


@pytest.fixture
def images(act: Act, collection: str) -> list[Image]:
    """A rose, a leaf and the sea, called 0, 1 and 2 outside; each caption names the colour."""
    colours = (("rose", RED, "rot"), ("leaf", GREEN, "grün"), ("sea", BLUE, "blau"))
    new = [
        NewImage(plain(colour), f"{name}.png", {"place": number}, [caption], external_id=str(number))
        for number, (name, colour, caption) in enumerate(colours)
    ]
    added = act(lambda pivot: pivot.upload(new, collection=collection))
    return [item.image for item in added.items]


def test_images_go_in_are_found_and_go(act: Act, collection: str, tmp_path: Path) -> None:
    (tmp_path / "rose.png").write_bytes(plain(RED))
    water = plain(BLUE, (900, 600))
    new = [tmp_path / "rose.png", NewImage(water, "sea.png", {"trip": 1}), NewImage(b"no", "no.png")]
    added = act(lambda pivot: pivot.upload(new, collection=collection))
    assert [item.status for item in added.items] == ["created", "created", "failed"]
    rose, sea = (item.image for item in added.items[:2])
    answer = act(lambda pivot: pivot.search("ein rot", collection=collection, k=1))
    assert [(result.rank, result.image.filename) for result in answer.results] == [(1, "rose.png")]
    assert (answer.query.language.code, answer.model) == ("de", "colours-1")
    like = act(lambda pivot: pivot.search(image_id=rose.id, collection=collection))
    assert [result.image for result in like.results] == [sea]
    assert act(lambda pivot: pivot.file(sea.id, collection=collection)) == water
    small = act(lambda pivot: pivot.thumbnail(sea.id, collection=collection, size=192))
    with PIL.Image.open(io.BytesIO(small)) as thumbnail:
        assert (thumbnail.format, thumbnail.size) == ("WEBP", (192, 128))
    assert act(lambda pivot: pivot.image(sea.id, collection=collection)).metadata == {"trip": 1}
    assert act(lambda pivot: pivot.delete_image(rose.id, collection=collection)) is None
    with pytest.raises(NotFound):
        act(lambda pivot: pivot.image(rose.id, collection=collection))


def test_all_pages_of_images(act: Act, collection: str) -> None:
    act(lambda pivot: pivot.upload([plain(RED), plain(GREEN), plain(BLUE)], collection=collection))
    assert len(act(lambda pivot: pivot.each_image(collection=collection, limit=2))) == 3


def test_collections_come_and_go(act: Act, collection: str) -> None:
    names = [one.name for one in act(lambda pivot: pivot.collections()).collections]
    assert {"default", collection} <= set(names)
    assert act(lambda pivot: pivot.collection(collection)).images == 0
    act(lambda pivot: pivot.delete_collection(collection))
    with pytest.raises(NotFound, match=collection):
        act(lambda pivot: pivot.collection(collection))
    with pytest.raises(Invalid, match="cannot name a collection"):
        act(lambda pivot: pivot.create_collection("No Name"))


def test_the_model_tells_of_itself(act: Act) -> None:
    assert act(lambda pivot: pivot.model()).dim == 3


def test_images_are_known_by_what_they_are_called_outside(
    act: Act, collection: str, images: list[Image]
) -> None:
    with pytest.raises(Conflict, match="external"):
        act(lambda pivot: pivot.update_image(images[0].id, collection=collection, external_id="1"))
    changed = act(
        lambda pivot: pivot.update_image(
            images[0].id,
            collection=collection,
            external_id=None,
            captions=["grau"],
            metadata={"place": None, "year": 2026},
        )
    )
    assert (changed.external_id, changed.metadata) == (None, {"year": 2026})
    assert [(caption.language, caption.text) for caption in changed.captions] == [("de", "grau")]


@pytest.mark.parametrize(
    ("chosen", "gone"),
    [
        (lambda images: {"ids": [images[2].id, images[0].id]}, [0, 2]),
        (lambda _: {"external_ids": ["1", "nobody"]}, [1]),
        (lambda _: {"filter": {"metadata": "place", "gte": 1}}, [1, 2]),
    ],
    ids=["ids", "external ids", "filter"],
)
def test_many_images_are_deleted_at_once(
    act: Act, collection: str, images: list[Image], chosen: Callable[[list[Image]], Any], gone: list[int]
) -> None:
    asked = chosen(images)
    ids = [images[place].id for place in gone]
    would = act(lambda pivot: pivot.delete_images(collection=collection, dry_run=True, **asked))
    assert act(lambda pivot: pivot.collection(collection)).images == 3
    deleted = act(lambda pivot: pivot.delete_images(collection=collection, **asked))
    assert (deleted.deleted, deleted.ids) == (would.deleted, would.ids) == (len(ids), ids)
    left = act(lambda pivot: pivot.each_image(collection=collection))
    assert [image.id for image in left] == [image.id for image in images if image.id not in ids]


@pytest.mark.usefixtures("images")
def test_a_search_of_parts_goes_on_page_by_page(act: Act, collection: str) -> None:
    parts = [Part("blau", language="de"), Part(image=plain(GREEN), weight=0.5), Part("rot", weight=-1)]
    answer = act(lambda pivot: pivot.search(parts=parts, collection=collection, k=2))
    assert [(part.q, part.weight) for part in answer.query.parts] == [
        ("blau", 1),
        (None, 0.5),
        ("rot", -1),
    ]
    assert (answer.results[0].image.filename, answer.results[0].ranks.symmetric) == ("sea.png", 1)
    every = act(lambda pivot: pivot.each_result(parts=parts, collection=collection, k=2))
    assert [result.image.filename for result in every] == ["sea.png", "leaf.png", "rose.png"]


def test_many_searches_are_answered_each_for_itself(act: Act, collection: str, images: list[Image]) -> None:
    searches = [{"q": "rot", "k": 1}, {"image_id": 2**40}, {"image_id": images[2].id, "k": 2}]
    found, failed, like = act(lambda pivot: pivot.search_many(searches, collection=collection)).answers
    assert [result.image for result in found.answer.results] == [images[0]]
    assert (failed.answer, failed.error.type) == (None, "urn:pivot:unknown-image")
    assert len(like.answer.results) == 2


def test_captions_are_found_by_an_image(act: Act, collection: str, images: list[Image]) -> None:
    for asked in ({"image_id": images[1].id}, {"image": plain(GREEN, (8, 8))}):
        (best,) = act(lambda pivot: pivot.search_captions(collection=collection, k=1, **asked)).results  # noqa: B023
        assert (best.caption.text, best.caption.image_id) == ("grün", images[1].id)


def test_texts_and_images_have_vectors_in_one_space(act: Act) -> None:
    answer = act(lambda pivot: pivot.embed(["rot", NewImage(plain(RED)), "blau"]))
    red, rose, blue = (one.embedding for one in answer.data)
    assert (answer.model, red) == ("colours-1", pytest.approx(rose, abs=0.01))
    assert red != pytest.approx(blue, abs=0.1)
    with pytest.raises(NotFound, match="yesterday"):
        act(lambda pivot: pivot.embed("rot", model="yesterday"))


def test_an_archive_is_imported_and_followed(act: Act, collection: str, tmp_path: Path) -> None:
    archive = tmp_path / "photos.zip"
    archive.write_bytes(zipped({"a/rose.png": plain(RED), "no.png": b"no", "readme.txt": b"skipped"}))
    begun = act(lambda pivot: pivot.import_archive(archive, collection=collection))
    events = act(lambda pivot: pivot.follow_job(begun.id))
    items = {event.data["name"]: event.data["status"] for event in events if event.kind == "item"}
    assert items == {"a/rose.png": "created", "no.png": "failed"}
    assert events[-1].kind == "done"
    job = act(lambda pivot: pivot.wait_for_job(begun.id, timeout=30))
    assert (job.kind, job.state, job.total, job.created, job.failed) == ("archive", "succeeded", 2, 1, 1)
    assert job.skipped == 1
    (failed,) = act(lambda pivot: pivot.each_job_item(begun.id, status="failed", limit=1))
    assert (failed.name, failed.error.status) == ("no.png", 415)
    (listed,) = act(lambda pivot: pivot.each_job(collection=collection, state="succeeded"))
    assert listed == job
    assert act(lambda pivot: pivot.cancel_job(begun.id)).state == "succeeded"
    (tmp_path / "again.tar").write_bytes(tarred({"rose.png": plain(RED)}))
    again = act(lambda pivot: pivot.import_archive(tmp_path / "again.tar", collection=collection))
    assert act(lambda pivot: pivot.wait_for_job(again.id, timeout=30)).existing == 1


def test_what_is_no_archive_and_no_job_is_told(act: Act, collection: str, tmp_path: Path) -> None:
    (tmp_path / "photo.zip").write_bytes(plain(RED))
    with pytest.raises(Invalid, match="archive"):
        act(lambda pivot: pivot.import_archive(tmp_path / "photo.zip", collection=collection))
    for asked in (lambda pivot: pivot.job(2**40), lambda pivot: pivot.follow_job(2**40)):
        with pytest.raises(NotFound):
            act(asked)


def test_copies_of_images_are_told(act: Act, collection: str, images: list[Image]) -> None:
    act(lambda pivot: pivot.upload(NewImage(plain(RED, (64, 48)), "larger.png"), collection=collection))
    copies = act(lambda pivot: pivot.image_duplicates(images[0].id, collection=collection, limit=10))
    alike = [twin.image.filename for twin in (*copies.near, *copies.similar)]
    assert (alike[0], copies.pending) == ("larger.png", 0)
    groups = act(
        lambda pivot: pivot.each_duplicates("similar", collection=collection, threshold=0.99, limit=1)
    )
    assert [[image.filename for image in group.images] for group in groups] == [["rose.png", "larger.png"]]
    with pytest.raises(Invalid, match="threshold"):
        act(lambda pivot: pivot.duplicates("similar", collection=collection, threshold=7))
