"""Many searches in one request, and captions that fit an image."""

import base64
from collections.abc import Iterator
from typing import Any

import numpy as np
import pytest

from index.changes import ImageChange
from index.records import NewCaption
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving

ADDRESS = "/v1/collections/default/search"


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A red, a green and a blue image, ids 1 to 3; the captions of the blue one say red and blue."""
    with serving(tmp_path_factory.mktemp("batches")) as service:
        files = [("files", ("a.png", plain(colour))) for colour in (RED, GREEN, BLUE)]
        service.client.post("/v1/collections/default/images", files=files)
        captions: list[NewCaption] = []
        for code, text in (("de", "rot"), ("en", "blue")):
            (row,) = service.encoder.embed_texts([text], [code])
            captions.append(NewCaption(code, text, np.array(row)))
        service.library.gallery.update("default", 3, ImageChange(captions=captions))
        yield service


def test_each_search_of_a_batch_is_answered_as_if_it_came_alone(filled: Service) -> None:
    searches: list[dict[str, Any]] = [
        {"q": "rot", "k": 1, "fields": ["filename"]},
        {"image_id": 2},
        {"parts": [{"q": "blue"}, {"q": "green", "weight": -0.5}]},
    ]
    answer = filled.client.post(f"{ADDRESS}/batch", json={"searches": searches})
    assert answer.status_code == 200
    for item, body in zip(answer.json()["answers"], searches, strict=True):
        alone = filled.client.post(ADDRESS, json=body).json()
        assert item["error"] is None
        assert item["answer"]["results"] == alone["results"]
        assert item["answer"]["query"] == alone["query"]


def test_a_search_that_fails_costs_no_other(filled: Service) -> None:
    searches = [{"q": "red"}, {"q": " "}, {"image_id": 99}, {"q": "red", "cursor": "?"}, {"q": "blue"}]
    answers = filled.client.post(f"{ADDRESS}/batch", json={"searches": searches}).json()["answers"]
    assert [item["answer"] is not None for item in answers] == [True, False, False, False, True]
    kinds = [item["error"] and item["error"]["type"] for item in answers]
    assert kinds[1:4] == ["urn:pivot:query-empty", "urn:pivot:unknown-image", "urn:pivot:bad-cursor"]


def test_a_problem_of_a_batch_may_tell_half_a_surrogate_pair(filled: Service) -> None:
    headers = {"Content-Type": "application/json", "Accept-Language": "de"}
    body = b'{"searches": [{"q": "red", "language": "\\ud800"}]}'
    (item,) = filled.client.post(f"{ADDRESS}/batch", content=body, headers=headers).json()["answers"]
    assert item["error"]["type"] == "urn:pivot:bad-language"


def test_the_texts_of_a_batch_go_through_the_model_together(filled: Service) -> None:
    before = len(filled.encoder.text_batches)
    searches = [{"q": f"red number {n}"} for n in range(60)]
    answer = filled.client.post(f"{ADDRESS}/batch", json={"searches": searches})
    assert all(item["answer"] for item in answer.json()["answers"])
    assert sum(filled.encoder.text_batches[before:]) == 60


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"searches": []}, "searches"),
        ({"searches": [{"q": "red"}] * 101}, "searches"),
        ({"searches": [{"q": "red"}, {"q": "red", "k": "many"}]}, "searches[1].k"),
        ({"searches": [{"q": "red", "k": 1000}] * 11}, "body"),
        ({}, "searches"),
    ],
)
def test_a_batch_has_its_limits(filled: Service, body: dict[str, Any], field: str) -> None:
    answer = filled.client.post(f"{ADDRESS}/batch", json=body)
    assert (answer.status_code, answer.json()["field"]) == (422, field)


def test_a_batch_in_an_unknown_collection_is_404(filled: Service) -> None:
    answer = filled.client.post("/v1/collections/nowhere/search/batch", json={"searches": [{"q": "red"}]})
    assert answer.status_code == 404


def test_captions_are_found_by_an_image(filled: Service) -> None:
    image = base64.b64encode(plain((250, 5, 5))).decode()
    for body in ({"image_id": 1}, {"image": image}):
        answer = filled.client.post(f"{ADDRESS}/captions", json={**body, "k": 2}).json()
        first, second = answer["results"]
        assert {name: first["caption"][name] for name in ("language", "text", "image_id")} == {
            "language": "de",
            "text": "rot",
            "image_id": 3,
        }
        assert second["caption"]["text"] == "blue"
        assert (first["rank"], second["rank"]) == (1, 2)
        scoring = answer["scoring"]
        assert first["scores"][scoring] > second["scores"][scoring]
        assert "captions" in answer["timings_ms"]
    own: dict[str, Any] = {"image_id": 3, "scoring": "symmetric", "k": 1}
    best = filled.client.post(f"{ADDRESS}/captions", json=own).json()["results"]
    assert [one["caption"]["text"] for one in best] == ["blue"]


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({}, 422, "body"),
        ({"image_id": 1, "image": "aaaa"}, 422, "body"),
        ({"image_id": 99}, 404, "image_id"),
        ({"image": "aaaa"}, 415, "image"),
        ({"image": "?"}, 422, "image"),
        ({"image_id": 1, "k": 0}, 422, "k"),
        ({"image_id": 1, "candidates": 10**9}, 422, "candidates"),
        ({"image_id": 1, "q": "red"}, 422, "q"),
    ],
)
def test_captions_that_cannot_be_asked_for_name_the_field(
    filled: Service, body: dict[str, Any], status: int, field: str
) -> None:
    answer = filled.client.post(f"{ADDRESS}/captions", json=body)
    assert (answer.status_code, answer.json()["field"]) == (status, field)
