import json
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service


@pytest.fixture
def ids(service: Service, collection: str) -> dict[str, int]:
    """Of a red, a green and a blue image in the collection."""
    colours = {"red": RED, "green": GREEN, "blue": BLUE}
    answer = service.client.post(
        f"/v1/collections/{collection}/images",
        files=[("files", (name, plain(colour))) for name, colour in colours.items()],
    )
    return {item["filename"]: item["image"]["id"] for item in answer.json()["items"]}


def search(service: Service, collection: str, **body: Any) -> httpx.Response:
    return service.client.post(f"/v1/collections/{collection}/search", json=body)


def found(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200
    return [result["image"]["id"] for result in answer.json()["results"]]


@pytest.mark.parametrize(("q", "colour"), [("rot", "red"), ("grün", "green"), ("blue", "blue")])
def test_words_in_either_language_find_the_image(
    service: Service, collection: str, ids: dict[str, int], q: str, colour: str
) -> None:
    assert found(search(service, collection, q=q))[0] == ids[colour]


def test_an_answer_tells_what_was_done(service: Service, collection: str, ids: dict[str, int]) -> None:
    body = search(service, collection, q="rot", k=2).json()
    assert body["query"]["q"] == "rot"
    assert body["query"]["language"] == {"code": "de", "confidence": 0.9, "source": "detected"}
    assert (body["model"], body["scoring"], body["exact"], body["candidates"]) == (
        "colours-1",
        "asymmetric",
        False,
        3,
    )
    assert set(body["timings_ms"]) == {"language", "embed", "candidates", "rerank", "records", "total"}
    first, second = body["results"]
    assert (first["rank"], second["rank"]) == (1, 2)
    assert (
        first["image"]["links"]["thumbnail"] == f"/v1/collections/{collection}/images/{ids['red']}/thumbnail"
    )
    assert 0 <= first["scores"]["symmetric"] <= 1
    assert -1 <= second["scores"]["asymmetric"] <= first["scores"]["asymmetric"] <= 0


def test_the_address_form_gives_the_same_answer(
    service: Service, collection: str, ids: dict[str, int]
) -> None:
    params: dict[str, Any] = {"q": "blau", "k": 2, "language": "de-AT", "scoring": "symmetric", "exact": True}
    posted = search(service, collection, **params).json()
    got = service.client.get(f"/v1/collections/{collection}/search", params=params).json()
    assert {**got, "timings_ms": None} == {**posted, "timings_ms": None}
    assert got["query"]["language"] == {"code": "de", "confidence": None, "source": "given"}
    assert got["results"][0]["image"]["id"] == ids["blue"]


def test_an_uploaded_image_finds_its_like(service: Service, collection: str, ids: dict[str, int]) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search/image",
        files={"file": ("folder/rose.webp", plain((240, 10, 10), format="WEBP"))},
        data={"k": "1"},
    )
    assert found(answer) == [ids["red"]]
    told = {name: value for name, value in answer.json()["query"].items() if value is not None}
    assert told == {"filename": "rose.webp"}
    assert answer.json()["scoring"] == "symmetric"


def test_an_image_of_the_collection_finds_others(
    service: Service, collection: str, ids: dict[str, int]
) -> None:
    answer = search(service, collection, image_id=ids["red"])
    assert set(found(answer)) == {ids["green"], ids["blue"]}
    assert answer.json()["query"]["image_id"] == ids["red"]


def test_a_deleted_image_is_found_no_more(service: Service, collection: str, ids: dict[str, int]) -> None:
    service.client.delete(f"/v1/collections/{collection}/images/{ids['red']}")
    assert ids["red"] not in found(search(service, collection, q="red"))


def test_the_query_is_told_as_the_model_read_it(service: Service, collection: str) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search",
        content=b'{"q": " gru\\u0308n \\ud800\\u0000 "}',
        headers={"Content-Type": "application/json"},
    )
    assert answer.json()["query"]["q"] == "grün"


def test_an_empty_collection_has_no_results(service: Service, collection: str) -> None:
    assert found(search(service, collection, q="red")) == []


@pytest.mark.parametrize("q", ["ro\0t", "  rot \x07 ", "rot\n"])
def test_control_characters_do_no_harm(service: Service, collection: str, q: str) -> None:
    assert search(service, collection, q=q).status_code == 200


@given(q=st.text(st.characters(), max_size=20), language=st.none() | st.text(st.characters(), max_size=5))
@hypothesis(max_examples=50, deadline=None)
def test_no_text_is_too_strange(service: Service, q: str, language: str | None) -> None:
    answer = service.client.post(
        "/v1/collections/default/search",
        content=json.dumps({"q": q, "language": language}),
        headers={"Content-Type": "application/json"},
    )
    assert answer.status_code in (200, 422)


@pytest.mark.parametrize(
    ("body", "kind", "field", "limit"),
    [
        ({"q": ""}, "query-empty", "q", None),
        ({"q": " \t\0"}, "query-empty", "q", None),
        ({"q": "a" * 10_000}, "query-too-long", "q", 1000),
        ({"q": "ᚠᚢᚦᚨᚱᚲ"}, "query-unreadable", "q", None),
        ({"q": "red", "language": "german"}, "bad-language", "language", None),
        ({"q": "red", "k": 0}, "out-of-range", "k", 1),
        ({"q": "red", "k": -1}, "out-of-range", "k", 1),
        ({"q": "red", "k": 10**9}, "out-of-range", "k", 1000),
        ({"q": "red", "k": 10**30}, "out-of-range", "k", 1000),
        ({"q": "red", "candidates": 10**9}, "out-of-range", "candidates", 10_000),
        ({"q": "red", "k": "many"}, "invalid-request", "k", None),
        ({"q": "red", "scoring": "best"}, "invalid-request", "scoring", None),
        ({"q": "red", "K": 3}, "invalid-request", "K", None),
    ],
)
def test_questions_that_cannot_be_asked_name_field_and_limit(
    service: Service, collection: str, body: dict[str, Any], kind: str, field: str, limit: int | None
) -> None:
    address = f"/v1/collections/{collection}/search"
    for answer in (service.client.post(address, json=body), service.client.get(address, params=body)):
        assert answer.status_code == 422
        problem = answer.json()
        assert (problem["type"], problem["field"], problem.get("limit")) == (
            f"urn:pivot:{kind}",
            field,
            limit,
        )
        assert problem["remedy"]


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"image_id": True}, "image_id"),
        ({"image_id": "1"}, "image_id"),
        ({"image_id": 1.0}, "image_id"),
        ({"q": "red", "k": True}, "k"),
        ({"q": "red", "exact": 1}, "exact"),
    ],
)
def test_json_says_numbers_in_numbers(
    service: Service, collection: str, body: dict[str, Any], field: str
) -> None:
    answer = search(service, collection, **body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_an_address_says_numbers_in_digits(service: Service, collection: str) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/search?q=red&k=1_0")
    assert (answer.status_code, answer.json()["field"]) == (422, "k")


@pytest.mark.parametrize("body", [{}, {"k": 3}, {"q": "red", "image_id": 1}, {"q": None, "image_id": None}])
def test_a_query_is_a_text_or_an_image(service: Service, collection: str, body: dict[str, Any]) -> None:
    answer = search(service, collection, **body)
    assert answer.status_code == 422
    assert "exactly one of `q`, `image_id`, `image` and `parts`" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"q": "\\ud800"}', b'{"q": "\xff"}', b"[]", b"null", b"", b"[" * 100_000])
def test_bodies_that_are_no_search_are_refused(service: Service, collection: str, body: bytes) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code in (400, 422)
    assert answer.headers["content-type"] == "application/problem+json"


def test_bytes_in_an_address_that_are_no_text_do_no_harm(service: Service, collection: str) -> None:
    answer = service.client.get(f"/v1/collections/{collection}/search?q=red%ff%00%ED%A0%80")
    assert answer.status_code == 200


@pytest.mark.parametrize("id", [0, 10**9, 2**63, 10**30])
def test_an_unknown_image_is_404(service: Service, collection: str, id: int) -> None:
    answer = search(service, collection, image_id=id)
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:pivot:unknown-image")


def test_an_unknown_collection_is_404(service: Service) -> None:
    answer = search(service, "nowhere", q="red")
    assert (answer.status_code, answer.json()["field"]) == (404, "collection")


@pytest.mark.parametrize(
    ("files", "form", "status", "field"),
    [
        ({"file": ("a", b"no image")}, {}, 415, "file"),
        ({"file": ("a", b"")}, {}, 422, "file"),
        ({"file": ("a", plain(RED))}, {"k": "0"}, 422, "k"),
        ({"file": ("a", plain(RED))}, {"k": "many"}, 422, "k"),
        ({"file": ("a", plain(RED))}, {"scoring": "best"}, 422, "scoring"),
        ({"files": ("a", plain(RED))}, {}, 422, "files"),
        ({"file": ("a", plain(RED))}, {"K": "3"}, 422, "K"),
    ],
)
def test_images_that_cannot_be_asked_name_the_field(
    service: Service, collection: str, files: dict[str, Any], form: dict[str, str], status: int, field: str
) -> None:
    answer = service.client.post(f"/v1/collections/{collection}/search/image", files=files, data=form)
    assert (answer.status_code, answer.json()["field"]) == (status, field)


@pytest.mark.parametrize(
    ("content_type", "body", "status", "kind"),
    [
        ("application/json", b"{}", 415, "not-multipart"),
        ("multipart/form-data", b"", 422, "bad-form"),
        ("multipart/form-data; boundary=x", b"nonsense", 422, "bad-form"),
        ("multipart/form-data; boundary=x", b"--x--\r\n", 422, "no-files"),
    ],
)
def test_bodies_that_are_no_form_are_refused_as_those_of_uploads_are(
    service: Service, collection: str, content_type: str, body: bytes, status: int, kind: str
) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search/image", content=body, headers={"Content-Type": content_type}
    )
    assert (answer.status_code, answer.json()["type"]) == (status, f"urn:pivot:{kind}")
    assert answer.json().get("field") == (None if kind == "bad-form" else "file")


def test_text_where_the_image_belongs_is_told_in_our_words(service: Service, collection: str) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search/image", files={"file": (None, "a dog")}
    )
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:bad-form")
    assert "`file` is text where a file belongs" in answer.json()["detail"]


def test_a_search_takes_one_image(service: Service, collection: str) -> None:
    files = [("file", ("a", plain(RED))), ("file", ("b", plain(BLUE)))]
    answer = service.client.post(f"/v1/collections/{collection}/search/image", files=files)
    assert (answer.status_code, answer.json()["field"], answer.json()["limit"]) == (413, "file", 1)


def test_empty_fields_of_a_form_are_as_if_left_out(
    service: Service, collection: str, ids: dict[str, int]
) -> None:
    answer = service.client.post(
        f"/v1/collections/{collection}/search/image",
        files={"file": ("a.png", plain(RED))},
        data={"k": "", "scoring": "", "exact": "true"},
    )
    assert found(answer)[0] == ids["red"]
    assert answer.json()["exact"]
