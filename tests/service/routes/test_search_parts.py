"""Searches by several texts and images at once, by images as text, and with captions."""

import base64
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, Final

import httpx
import numpy as np
import pytest

from index.changes import ImageChange
from index.records import CaptionRule, NewCaption, Scoring
from service.finder import RULES
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving

ADDRESS: Final = "/v1/collections/default/search"
RULE: Final[Mapping[Scoring, CaptionRule]] = {
    "symmetric": CaptionRule(1.0, 0.0),
    "asymmetric": CaptionRule(1.0, 0.0),
}
ROSE: Final = plain((240, 10, 10), format="WEBP")


@pytest.fixture(scope="module")
def filled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A red, a green and a blue image, ids 1 to 3; the blue one's caption says red."""
    with serving(tmp_path_factory.mktemp("parts")) as service:
        files = [("files", ("a.png", plain(colour))) for colour in (RED, GREEN, BLUE)]
        service.client.post("/v1/collections/default/images", files=files)
        (red,) = service.encoder.embed_texts(["red"], ["en"])
        change = ImageChange(captions=[NewCaption("en", "red", np.array(red))])
        service.library.gallery.update("default", 3, change)
        yield service


def ask(service: Service, **body: Any) -> httpx.Response:
    return service.client.post(ADDRESS, json=body)


def ids(answer: httpx.Response) -> list[int]:
    assert answer.status_code == 200, answer.text
    return [result["image"]["id"] for result in answer.json()["results"]]


@pytest.mark.parametrize(
    "text",
    [
        base64.b64encode(ROSE).decode(),
        base64.urlsafe_b64encode(ROSE).decode().rstrip("="),
        base64.encodebytes(ROSE).decode(),
        f"data:image/webp;base64,{base64.b64encode(ROSE).decode()}",
    ],
    ids=["base64", "of addresses", "wrapped", "data URI"],
)
def test_an_image_may_come_as_text(filled: Service, text: str) -> None:
    answer = ask(filled, image=text)
    assert ids(answer)[0] == 1
    assert {name for name, value in answer.json()["query"].items() if value} == set()


@pytest.mark.parametrize(
    ("image", "status", "kind"),
    [
        ("no base64!", 422, "bad-image-text"),
        ("data:image/png,abc", 422, "bad-image-text"),
        ("", 422, "image-empty"),
        ("aaaa", 415, "not-an-image"),
        ("ä" * 10, 422, "bad-image-text"),
    ],
)
def test_text_that_is_no_image_names_the_field(filled: Service, image: str, status: int, kind: str) -> None:
    alone: dict[str, Any] = {"image": image}
    for body, field in ((alone, "image"), ({"parts": [{"q": "red"}, alone]}, "parts[1].image")):
        problem = ask(filled, **body)
        assert (problem.status_code, problem.json()["type"]) == (status, f"urn:pivot:{kind}")
        assert problem.json()["field"] == field


def test_parts_mix_texts_images_and_ids(filled: Service) -> None:
    parts = [
        {"q": "blau", "weight": 0.5},
        {"image": base64.b64encode(plain(GREEN)).decode(), "weight": 2},
        {"image_id": 1, "weight": -1},
    ]
    answer = ask(filled, parts=parts)
    assert ids(answer) == [2, 3]  # not the image that was asked by
    assert answer.json()["scoring"] == "symmetric"
    told = answer.json()["query"]["parts"]
    assert [(part["q"], part["image_id"], part["weight"]) for part in told] == [
        ("blau", None, 0.5),
        (None, None, 2),
        (None, 1, -1),
    ]
    assert told[0]["language"]["code"] == "de"
    assert set(answer.json()["timings_ms"]) >= {"language", "decode", "embed", "total"}


def test_a_negative_weight_puts_what_is_unlike_it_first(filled: Service) -> None:
    assert ids(ask(filled, parts=[{"q": "red", "weight": -1}]))[-1] == 1
    assert ids(ask(filled, parts=[{"q": "red"}]))[0] == 1


def test_pages_of_parts_go_on_where_they_ended(filled: Service) -> None:
    parts = [{"q": "red"}, {"image": base64.b64encode(ROSE).decode()}]
    first = ask(filled, parts=parts, k=2)
    before = sum(filled.encoder.image_batches)
    second = ask(filled, parts=parts, k=2, cursor=first.json()["next_cursor"])
    assert sorted(ids(first) + ids(second)) == [1, 2, 3]
    assert sum(filled.encoder.image_batches) == before  # the cursor carries its vector
    for others in (parts[:1], [parts[0], {**parts[1], "weight": 2}]):
        expired = ask(filled, parts=others, cursor=first.json()["next_cursor"])
        assert expired.json()["type"] == "urn:pivot:cursor-expired"


@pytest.mark.parametrize(
    ("part", "field", "kind"),
    [
        ({"q": " "}, "parts[1].q", "query-empty"),
        ({"q": "ᚠᚢᚦ"}, "parts[1].q", "query-unreadable"),
        ({"q": "a" * 1001}, "parts[1].q", "query-too-long"),
        ({"q": "rot", "language": "german"}, "parts[1].language", "bad-language"),
        ({"image_id": 99}, "parts[1].image_id", "unknown-image"),
        ({"q": "rot", "weight": 0}, "parts[1]", "invalid-request"),
        ({"q": "rot", "weight": 1001}, "parts[1].weight", "invalid-request"),
        ({"q": "rot", "image_id": 1}, "parts[1]", "invalid-request"),
        ({}, "parts[1]", "invalid-request"),
    ],
)
def test_a_bad_part_is_named(filled: Service, part: dict[str, Any], field: str, kind: str) -> None:
    problem = ask(filled, parts=[{"q": "red"}, part]).json()
    assert (problem["field"], problem["type"]) == (field, f"urn:pivot:{kind}")


@pytest.mark.parametrize("parts", [[], [{"q": "red"}] * 33])
def test_there_are_one_to_thirty_two_parts(filled: Service, parts: list[Any]) -> None:
    problem = ask(filled, parts=parts).json()
    assert (problem["field"], problem["type"]) == ("parts", "urn:pivot:invalid-request")


def test_captions_take_part_where_the_model_has_rules_and_the_query_is_text(
    filled: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    def blue(**body: Any) -> float:
        results = ask(filled, scoring="symmetric", **body).json()["results"]
        return float(next(one["scores"]["symmetric"] for one in results if one["image"]["id"] == 3))

    own = blue(q="red")
    assert own < 0.5
    monkeypatch.setattr(filled.library._finder, "_rules", {"colours-1": RULE})
    assert blue(q="red") == blue(q="red", captions=True) == pytest.approx(1)
    assert blue(parts=[{"q": "red"}, {"q": "rot"}]) == pytest.approx(1)
    assert blue(q="red", captions=False) == own
    assert blue(image_id=1) < 0.5


@pytest.mark.parametrize(
    "body", [{"q": "red"}, {"image_id": 1}, {"parts": [{"q": "red"}, {"q": "blue", "weight": -1}]}]
)
def test_captions_without_rules_are_refused_rather_than_left_out(
    filled: Service, body: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    if "q" not in body:
        monkeypatch.setattr(filled.library._finder, "_rules", {"colours-1": RULE})
    problem = ask(filled, **body, captions=True).json()
    assert (problem["type"], problem["field"]) == ("urn:pivot:captions-without-rules", "captions")


def test_the_rules_belong_to_the_model_that_ships() -> None:
    card = Path(__file__).parents[3] / "model" / "weights" / "pivot.json"
    assert all(f'"version": "{version}"' in card.read_text() for version in RULES)


def test_accept_language_helps_where_the_detection_is_unsure(filled: Service) -> None:
    def language(q: str, header: str | None, **more: Any) -> dict[str, Any]:
        headers = {} if header is None else {"Accept-Language": header}
        answer = filled.client.post(ADDRESS, json={"q": q, **more}, headers=headers)
        told: dict[str, Any] = answer.json()["query"]["language"]
        return told

    sure = {"code": "de", "confidence": 0.9, "source": "detected"}
    assert language("rot", "fr") == sure
    assert language("unsure", None) == {"code": "en", "confidence": 0.2, "source": "detected"}
    assert language("unsure", "de-AT, en;q=0.5") == {"code": "en", "confidence": 0.2, "source": "accepted"}
    assert language("unsure", "de-AT, fr;q=0.5") == {"code": "de", "confidence": None, "source": "accepted"}
    given = {"code": "cs", "confidence": None, "source": "given"}
    assert language("unsure", "de", language="cs") == given
