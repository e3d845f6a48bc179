"""Uploads as JSON: files as base64, and what is said of each beside it."""

import base64
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.middleware import MAX_PLAIN_BYTES
from tests.service.pictures import BLUE, RED, encoded, noisy, plain
from tests.service.serving import Service, serving


def text_of(data: bytes) -> str:
    return base64.b64encode(data).decode()


def sent(service: Service, collection: str, *images: Any, **options: Any) -> httpx.Response:
    body = {"images": list(images)}
    return service.client.post(f"/v1/collections/{collection}/images", json=body, **options)


def test_files_as_base64_and_data_uris_come_with_what_is_said_of_them(
    service: Service, collection: str
) -> None:
    red = {
        "data": text_of(plain(RED)),
        "filename": "trip/Röte.png",
        "metadata": {"a": [1, None]},
        "captions": [{"text": "rot"}],
        "external_id": "r",
    }
    answer = sent(service, collection, red, {"data": f"data:image/png;base64,{text_of(plain(BLUE))}"})
    assert (answer.status_code, answer.headers["location"]) == (201, f"/v1/collections/{collection}/images")
    first, second = answer.json()["items"]
    assert (first["filename"], second["filename"]) == ("Röte.png", "unnamed")
    image = first["image"]
    assert (image["metadata"], image["external_id"]) == ({"a": [1, None]}, "r")
    assert [(one["language"], one["text"]) for one in image["captions"]] == [("de", "rot")]
    assert service.client.get(image["links"]["file"]).content == plain(RED)
    alone = sent(service, collection, {"data": text_of(plain((1, 2, 3)))})
    assert alone.headers["location"] == alone.json()["items"][0]["image"]["links"]["self"]


def test_each_fails_for_itself_and_what_is_acknowledged_is_stored(service: Service, collection: str) -> None:
    good = {"data": text_of(plain(RED)), "external_id": "x"}
    bad: list[dict[str, Any]] = [
        {"data": "no base64!"},
        {"data": ""},
        {"data": text_of(b"no image")},
        {"data": "data:text/plain,hello"},
        {"data": text_of(plain(BLUE)), "external_id": "x"},
        {"data": "ü" * 10},
    ]
    answer = sent(service, collection, good, *bad)
    assert (answer.status_code, answer.json()["created"], answer.json()["failed"]) == (201, 1, 6)
    errors = [item["error"] for item in answer.json()["items"][1:]]
    assert [one["type"].removeprefix("urn:pivot:") for one in errors] == [
        "bad-image-text",
        "image-empty",
        "not-an-image",
        "bad-image-text",
        "external-id-taken",
        "bad-image-text",
    ]
    assert [one["field"] for one in errors] == [
        "images[1].data",
        "images[2].data",
        "images[3].data",
        "images[4].data",
        "images[5].external_id",
        "images[6].data",
    ]
    (image,) = service.client.get(f"/v1/collections/{collection}/images").json()["images"]
    assert image == answer.json()["items"][0]["image"]


@pytest.mark.parametrize(
    ("body", "field", "limit"),
    [
        (b"", "body", None),
        (b"[]", "body", None),
        (b"{}", "images", None),
        (b'{"images": []}', "images", 1),
        (b'{"images": [5]}', "images[0]", None),
        (b'{"images": [{}]}', "images[0]", None),
        (b'{"images": [{"data": "", "url": "https://x.example/a"}]}', "images[0]", None),
        (b'{"images": [{"data": 5}]}', "images[0].data", None),
        (b'{"images": [{"data": "", "name": "x"}]}', "images[0].name", None),
        (b'{"images": [{"data": "", "metadata": []}]}', "images[0].metadata", None),
        (b'{"images": [{"data": "", "metadata": {"a": NaN}}]}', "images[0].metadata", None),
        (b'{"images": [{"data": "", "metadata": {"a": "\\ud800"}}]}', "body", None),
        (b'{"images": [{"data": "", "filename": null}]}', "images[0].filename", None),
        (b'{"images": [{"data": "", "external_id": ""}]}', "images[0].external_id", 1),
        (b'{"images": [{"data": "", "captions": [{"text": ""}]}]}', "images[0].captions[0].text", None),
        (b'{"images": [{"data": "", "captions": {"text": ""}}]}', "images[0].captions", None),
        (b'{"images": [{"data": "\xff"}]}', "body", None),
        (b"[" * 100_000, "body", None),
    ],
)
def test_bodies_of_another_shape_are_refused_by_field_and_nothing_is_stored(
    service: Service, collection: str, body: bytes, field: str, limit: int | None
) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/images", content=body, headers={"Content-Type": "application/json"}
    )
    problem = answer.json()
    assert (answer.status_code, problem["type"]) == (422, "urn:pivot:invalid-request")
    assert (problem["field"], problem.get("limit")) == (field, limit)


def test_a_caption_or_metadata_beyond_its_limit_is_refused(service: Service, collection: str) -> None:
    data = text_of(plain(RED))
    for said in ({"captions": [{"text": "x" * 10_001}]}, {"metadata": {"a": "x" * 70_000}}):
        answer = sent(service, collection, {"data": data}, {"data": data, **said})
        assert (answer.status_code, answer.json()["field"].split("]")[0]) == (422, "images[1")
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 0


def test_a_body_may_be_larger_than_a_plain_one_but_not_than_an_image(tmp_path: Path) -> None:
    with serving(tmp_path, max_image_mb=3, max_files=2) as service:
        large = encoded(noisy((1000, 600)), "PNG")
        assert len(large) > MAX_PLAIN_BYTES
        assert sent(service, "default", {"data": text_of(large)}).status_code == 201
        answer = sent(service, "default", {"data": "A" * 6_000_000})
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:body-too-large")
        answer = sent(service, "default", *({"data": ""} for _ in range(3)))
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:too-many-files")
        assert (answer.json()["field"], answer.json()["limit"]) == ("images", 2)
        answer = sent(service, "default", {"data": text_of(b"\0" * (3 * 1024 * 1024 + 1))})
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:file-too-large")


def test_urls_are_refused_where_the_operator_has_not_switched_them_on(
    service: Service, collection: str
) -> None:
    images = [{"data": text_of(plain(RED))}, {"url": "https://photos.example/dog.jpg"}]
    answer = sent(service, collection, *images)
    assert (answer.status_code, answer.json()["type"]) == (403, "urn:pivot:fetching-off")
    assert "PIVOT_FETCH_URLS" in answer.json()["remedy"]
    assert service.client.get(f"/v1/collections/{collection}").json()["images"] == 0


def test_a_url_is_fetched_when_its_turn_comes(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with serving(tmp_path, fetch_urls=True) as service:
        with monkeypatch.context() as patch:
            patch.setattr("service.fetch.Fetcher.fetch", lambda _, url: plain(RED) if "dog" in url else b"")
            urls = ["https://photos.example/a/dog.png", "https://photos.example/b"]
            dog, other = sent(service, "default", *({"url": url} for url in urls)).json()["items"]
        assert (dog["status"], dog["filename"], other["status"]) == ("created", "dog.png", "failed")
        private = sent(service, "default", {"url": "http://127.0.0.1/dog.png"})
        assert (private.status_code, private.json()["type"]) == (422, "urn:pivot:url-refused")
        assert private.json()["field"] == "images[0].url"
