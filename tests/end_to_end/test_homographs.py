"""Words that mean something else in another language, asked of the real model: whoever says or guesses which
language it is, right or wrong, the photos and their scores are the same."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, Final

import httpx
import pytest

from service.finder import SURE
from tests.end_to_end.server import Server

HOMOGRAPHS: Final = ("Angeln", "angel", "Gift", "Rad", "Kind", "Handy", "bald", "Hut", "Boot", "See")


@pytest.fixture(scope="module")
def filled(server: Server, new_collection: Callable[[], str], photos: list[Path]) -> str:
    collection = new_collection()
    server.add(collection, photos)
    return f"{server.address}/v1/collections/{collection}/search"


def asked(address: str, q: str, accepted: str = "*", language: str | None = None) -> dict[str, Any]:
    answer = httpx.post(address, json={"q": q, "language": language}, headers={"Accept-Language": accepted})
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def found(answer: dict[str, Any]) -> list[tuple[int, Any]]:
    return [(result["image"]["id"], result["scores"]) for result in answer["results"]]


@pytest.mark.parametrize("word", HOMOGRAPHS)
def test_a_wrong_guess_changes_no_result(filled: str, photos: list[Path], word: str) -> None:
    detected = asked(filled, word)
    assert len(found(detected)) == len(photos)
    guess = detected["query"]["language"]
    assert guess["source"] == "detected"
    for code in ("de", "en"):
        given = asked(filled, word, language=code)
        assert given["query"]["language"] == {"code": code, "confidence": None, "source": "given"}
        accepted = asked(filled, word, code)
        told = accepted["query"]["language"]
        assert told["source"] == ("accepted" if guess["confidence"] < SURE else "detected")
        assert told["code"] == (code if told["source"] == "accepted" else guess["code"])
        assert found(given) == found(accepted) == found(detected)


def test_some_of_the_guesses_are_wrong(filled: str) -> None:
    guesses = {word: asked(filled, word)["query"]["language"]["code"] for word in HOMOGRAPHS}
    assert {word for word, code in guesses.items() if code not in ("de", "en")}
