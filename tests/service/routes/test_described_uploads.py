"""Uploads that come with captions, metadata and external ids of their own."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from index.records import MOST_CAPTIONS
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service
from tests.service.uploading import Files, post

TWO: Files = [("files", ("red.png", plain(RED))), ("files", ("blue.png", plain(BLUE)))]
ONE: Files = TWO[:1]


def sent(service: Service, collection: str, files: Files, **form: Any) -> list[dict[str, Any]]:
    answer = post(service, collection, files, {name: json.dumps(value) for name, value in form.items()})
    assert answer.status_code in (200, 201), answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items


def told(item: dict[str, Any]) -> list[tuple[str, str]]:
    return [(one["language"], one["text"]) for one in item["image"]["captions"]]


def test_captions_for_all_files_or_for_each_come_back_in_their_order(
    service: Service, collection: str
) -> None:
    for_all = [{"text": " ein  Foto\n", "language": "de-AT"}, {"text": "rot"}, {"text": "red"}]
    red, blue = sent(service, collection, TWO, captions=for_all)
    assert told(red) == told(blue) == [("de", "ein  Foto"), ("de", "rot"), ("en", "red")]
    for_each: list[Any] = [[], [{"text": "Blau"}, {"text": "ein  Foto", "language": "de"}]]
    red, blue = sent(service, collection, TWO, captions=for_each)
    assert (red["status"], len(told(red))) == ("exists", 3)
    assert told(blue)[3:] == [("de", "Blau")]
    assert service.client.get(red["image"]["links"]["self"]).json() == red["image"]


def test_a_new_caption_finds_its_image_among_captions(service: Service, collection: str) -> None:
    (item, _) = sent(service, collection, TWO, captions=[[{"text": "green"}], []])
    (row,) = service.encoder.embed_texts(["green"], ["en"])
    (hit,) = service.library.gallery.best_captions(collection, row)
    assert (hit.record.image_id, round(hit.symmetric, 4)) == (item["image"]["id"], 1)


def test_a_caption_that_the_model_cannot_read_is_kept_and_leaves_no_search_partial(
    service: Service, collection: str
) -> None:
    (item,) = sent(service, collection, ONE, captions=[{"text": "赤", "language": "ja"}])
    assert told(item) == [("ja", "赤")]
    assert service.library.gallery.pending() == 0
    service.library.reembed(threading.Event())
    answer = service.client.get(f"/v1/collections/{collection}/search", params={"q": "red"}).json()
    assert (answer["partial"], len(answer["results"])) == (False, 1)


def test_external_ids_name_the_files_and_null_names_none(service: Service, collection: str) -> None:
    red, blue = sent(service, collection, TWO, external_ids=["a/1", None])
    assert (red["image"]["external_id"], blue["image"]["external_id"]) == ("a/1", None)
    red, blue = sent(service, collection, TWO, external_ids=["a/1", "b"])
    assert (red["status"], blue["image"]["external_id"]) == ("exists", "b")
    assert service.library.gallery.by_external_id(collection, ["b"])["b"].id == blue["image"]["id"]


def test_an_external_id_that_is_not_free_fails_its_file_alone(service: Service, collection: str) -> None:
    sent(service, collection, ONE, external_ids=["red"])
    files = [*TWO, ("files", ("green.png", plain(GREEN))), ("files", ("white.png", plain((250, 250, 250))))]
    red, blue, green, white = sent(service, collection, files, external_ids=["other", "x", "x", "red"])
    assert [one["status"] for one in (red, blue, green, white)] == ["failed", "created", "failed", "failed"]
    assert [one["error"]["field"] for one in (red, green)] == ["external_ids[0]", "external_ids[2]"]
    assert red["error"]["type"] == "urn:pivot:external-id-taken"
    page = service.client.get(f"/v1/collections/{collection}/images").json()
    assert [one["external_id"] for one in page["images"]] == ["red", "x"]


def test_a_single_file_whose_external_id_is_taken_is_a_conflict(service: Service, collection: str) -> None:
    sent(service, collection, ONE, external_ids=["red"])
    answer = post(service, collection, TWO[1:], {"external_ids": '["red"]'})
    assert (answer.status_code, answer.json()["type"]) == (409, "urn:pivot:external-id-taken")
    assert answer.json()["remedy"]


def test_of_two_uploads_that_race_for_an_external_id_one_gets_it(service: Service, collection: str) -> None:
    def race(shade: int) -> int:
        files: Files = [("files", ("a.png", plain((shade, 9, 9))))]
        return post(service, collection, files, {"external_ids": '["same"]'}).status_code

    with ThreadPoolExecutor(4) as threads:
        assert sorted(threads.map(race, range(4))) == [201, 409, 409, 409]
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 1


def test_captions_beyond_the_limit_fail_their_file_alone(service: Service, collection: str) -> None:
    many = [{"text": str(n)} for n in range(MOST_CAPTIONS)]
    sent(service, collection, ONE, captions=many)
    red, blue = sent(service, collection, TWO, captions=[{"text": "more"}])
    assert (red["error"]["type"], red["error"]["limit"]) == ("urn:pivot:too-many-captions", MOST_CAPTIONS)
    assert (red["error"]["field"], blue["status"]) == ("captions[0]", "created")


@pytest.mark.parametrize(
    ("form", "kind", "field", "limit"),
    [
        ({"captions": "{"}, "invalid-request", "captions", None),
        ({"captions": '"red"'}, "invalid-request", "captions", None),
        ({"captions": '["red"]'}, "invalid-request", "captions[0]", None),
        ({"captions": '[{"text": "red"}, []]'}, "invalid-request", "captions[1]", None),
        ({"captions": '[[{"text": 5}]]'}, "invalid-request", "captions[0][0].text", None),
        ({"captions": '[[{"text": " "}]]'}, "invalid-request", "captions[0][0].text", None),
        ({"captions": '[[{"text": "a"}], []]'}, "wrong-number", "captions", None),
        ({"captions": r'[{"text": "\ud800"}]'}, "invalid-request", "captions", None),
        ({"captions": json.dumps([{"text": "x" * 10_001}])}, "invalid-request", "captions[0].text", 10_000),
        ({"captions": json.dumps([{"text": "x"}] * 257)}, "invalid-request", "captions", 256),
        (
            {"captions": '[{"text": "a", "language": "German"}]'},
            "invalid-request",
            "captions[0].language",
            None,
        ),
        ({"captions": '[{"text": "a", "lang": "de"}]'}, "invalid-request", "captions[0].lang", None),
        ({"captions": '[{"language": "de"}]'}, "invalid-request", "captions[0].text", None),
        ({"captions": "[" * 100_000}, "invalid-request", "captions", None),
        ({"external_ids": "[]"}, "wrong-number", "external_ids", None),
        ({"external_ids": "null"}, "invalid-request", "external_ids", None),
        ({"external_ids": "[5]"}, "invalid-request", "external_ids[0]", None),
        ({"external_ids": '[""]'}, "invalid-request", "external_ids[0]", 1),
        ({"external_ids": json.dumps(["x" * 201])}, "invalid-request", "external_ids[0]", 200),
        ({"external_ids": r'["\u0000"]'}, "invalid-request", "external_ids[0]", None),
        ({"external_ids": r'["\udfff"]'}, "invalid-request", "external_ids", None),
    ],
)
def test_what_is_said_wrongly_is_told_by_field_and_nothing_is_stored(
    service: Service, collection: str, form: dict[str, str], kind: str, field: str, limit: int | None
) -> None:
    answer = post(service, collection, ONE, form)
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, f"urn:pivot:{kind}")
    assert (problem["field"], problem.get("limit")) == (field, limit)
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 0
