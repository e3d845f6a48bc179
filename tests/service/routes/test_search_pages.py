"""Searches in pages, with filters, least scores and a choice of members."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.service.pictures import plain
from tests.service.serving import Service, serving

ADDRESS = "/v1/collections/default/search"
PHOTOS = 9


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service with nine images from blue to red, ids 1 to 9; every other has `even` in its metadata."""
    with serving(tmp_path_factory.mktemp("pages")) as service:
        upload(service)
        yield service


def upload(service: Service) -> None:
    files = [("files", (f"{n}.png", plain((25 * n, 0, 255 - 25 * n)))) for n in range(PHOTOS)]
    metadata = json.dumps([{"even": n % 2 == 0} for n in range(PHOTOS)])
    answer = service.client.post("/v1/collections/default/images", files=files, data={"metadata": metadata})
    assert answer.status_code == 201


def ask(service: Service, way: str, **options: Any) -> httpx.Response:
    """By POST, by GET, or by the form with an image."""
    if way == "POST":
        return service.client.post(ADDRESS, json=options)
    if "filter" in options:
        options["filter"] = json.dumps(options["filter"])
    if "fields" in options:
        options["fields"] = ",".join(options["fields"])
    if way == "GET":
        return service.client.get(ADDRESS, params=options)
    del options["q"]
    return service.client.post(f"{ADDRESS}/image", files={"file": ("a", plain((250, 0, 0)))}, data=options)


def ids(answer: dict[str, Any]) -> list[int]:
    return [result["image"]["id"] for result in answer["results"]]


def pages(service: Service, way: str, **options: Any) -> Iterator[dict[str, Any]]:
    while True:
        answer = ask(service, way, **options)
        assert answer.status_code == 200
        yield answer.json()
        if answer.json()["next_cursor"] is None:
            return
        options["cursor"] = answer.json()["next_cursor"]


@pytest.mark.parametrize("way", ["POST", "GET", "form"])
def test_pages_hold_everything_once_from_the_best_on(filled: Service, way: str) -> None:
    paged = list(pages(filled, way, q="red", k=3))
    assert [id for page in paged for id in ids(page)] == list(range(PHOTOS, 0, -1))
    assert [len(page["results"]) for page in paged] == [3, 3, 3]
    ranks = [result["ranks"]["symmetric"] for page in paged for result in page["results"]]
    assert ranks == list(range(1, PHOTOS + 1))


def test_a_text_that_is_asked_for_again_is_not_embedded_again(filled: Service) -> None:
    list(pages(filled, "POST", q="some red", k=3))
    before = sum(filled.encoder.text_batches)
    list(pages(filled, "POST", q="some red", k=2))
    ask(filled, "GET", q=" some  red ")
    assert sum(filled.encoder.text_batches) == before


def test_a_cursor_holds_after_a_restart_whatever_the_last_bits_would_be(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        upload(service)
        first = ask(service, "POST", q="rot", k=4).json()
    with serving(tmp_path) as service:
        rest = list(pages(service, "POST", q="rot", k=4, cursor=first["next_cursor"]))
        assert ids(first) + [id for page in rest for id in ids(page)] == list(range(PHOTOS, 0, -1))
        assert service.encoder.text_batches == []


@pytest.mark.parametrize(
    "change",
    [
        {"q": "blue"},
        {"scoring": "symmetric"},
        {"exact": True},
        {"candidates": 7},
        {"filter": {"metadata": "even", "eq": True}},
    ],
)
@pytest.mark.parametrize("way", ["POST", "GET"])
def test_a_cursor_of_another_question_has_expired(filled: Service, way: str, change: dict[str, Any]) -> None:
    cursor = ask(filled, way, q="red", k=3).json()["next_cursor"]
    answer = ask(filled, way, **{"q": "red", "cursor": cursor, **change})
    assert (answer.status_code, answer.json()["type"]) == (410, "urn:pivot:cursor-expired")
    assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize("damage", ["nothing", "", "cut"])
def test_a_cursor_that_was_not_made_here_is_refused(filled: Service, damage: str) -> None:
    cursor = ask(filled, "POST", q="red", k=3).json()["next_cursor"]
    answer = ask(filled, "POST", q="red", cursor=cursor[:-1] if damage == "cut" else damage)
    assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:bad-cursor")
    assert answer.json()["field"] == "cursor"


@pytest.mark.parametrize("way", ["POST", "GET", "form"])
def test_a_filter_lets_only_some_pass(filled: Service, way: str) -> None:
    answer = ask(filled, way, q="red", filter={"metadata": "even", "eq": True})
    assert sorted(ids(answer.json())) == [1, 3, 5, 7, 9]


def test_a_bad_filter_names_the_place(filled: Service) -> None:
    bad = {"and": [{"field": "width", "gte": 1}, {"field": "nothing"}]}
    for way in ("POST", "GET", "form"):
        answer = ask(filled, way, q="red", filter=bad)
        assert (answer.status_code, answer.json()["type"]) == (422, "urn:pivot:bad-filter")
        assert answer.json()["field"] == "filter.and[1].field"
    answer = filled.client.get(ADDRESS, params={"q": "red", "filter": "{"})
    assert (answer.status_code, answer.json()["field"]) == (422, "filter")


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("exact", [False, True])
def test_what_scores_less_than_asked_for_is_left_out(filled: Service, scoring: str, exact: bool) -> None:
    whole = ask(filled, "POST", q="red", scoring=scoring, exact=exact).json()["results"]
    least = whole[4]["scores"][scoring]
    options = {"q": "red", "scoring": scoring, "exact": exact, "min_score": least}
    assert ids(ask(filled, "POST", **options).json()) == [9, 8, 7, 6, 5]
    paged = list(pages(filled, "GET", **options, k=2))
    assert [len(page["results"]) for page in paged] == [2, 2, 1]
    assert ask(filled, "POST", **{**options, "min_score": 1.5}).json()["results"] == []


@pytest.mark.parametrize("way", ["POST", "GET", "form"])
def test_fields_are_the_members_of_images_that_are_told(filled: Service, way: str) -> None:
    answer = ask(filled, way, q="red", k=2, fields=["filename", "links"]).json()
    assert [set(result["image"]) for result in answer["results"]] == [{"id", "filename", "links"}] * 2
    assert set(ask(filled, way, q="red", k=1, fields=["id"]).json()["results"][0]["image"]) == {"id"}


def test_an_unknown_field_is_refused_with_those_there_are(filled: Service) -> None:
    for way in ("POST", "GET", "form"):
        answer = ask(filled, way, q="red", fields=["filename", "colour"])
        assert (answer.status_code, answer.json()["field"]) == (422, "fields")
        assert "sha256" in answer.json()["detail"]


@pytest.mark.parametrize("body", [b'{"q": "red", "min_score": NaN}', b'{"q": "red", "min_score": 1e999}'])
def test_a_least_score_is_a_number(filled: Service, body: bytes) -> None:
    answer = filled.client.post(ADDRESS, content=body, headers={"Content-Type": "application/json"})
    assert (answer.status_code, answer.json()["field"]) == (422, "min_score")
