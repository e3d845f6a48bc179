"""What a person reads below a search."""

from typing import Any

from service.client import Pivot
from service.client.documents.search import SearchAnswer
from service.commands.place import Place
from service.commands.printable import printable
from service.commands.table import table

PLACE = Place(Pivot("http://pivot.test"))
IMAGE = {
    "id": 7,
    "collection": "default",
    "external_id": None,
    "filename": "holi\u202egpj.day",
    "format": "jpeg",
    "width": 1,
    "height": 1,
    "bytes": 1,
    "sha256": "0" * 64,
    "metadata": {},
    "captions": [],
    "created_at": "2026-01-31T12:00:00.123Z",
    "updated_at": "2026-01-31T12:00:00.123Z",
    "links": {"self": "/i/7", "file": "/i/7/file", "thumbnail": "/i/7/thumbnail"},
}


def answer(language: dict[str, Any]) -> SearchAnswer:
    return SearchAnswer.model_validate(
        {
            "query": {"q": "dog", "language": language},
            "model": "colours-1",
            "scoring": "symmetric",
            "exact": False,
            "candidates": 1,
            "partial": False,
            "results": [
                {
                    "rank": 1,
                    "image": IMAGE,
                    "scores": {"symmetric": 0.5, "asymmetric": -0.5},
                    "ranks": {"symmetric": 1, "asymmetric": 1},
                }
            ],
            "next_cursor": None,
            "timings_ms": {"total": 1.0},
        }
    )


def last_line(confidence: float | None, source: str = "detected") -> str:
    language = {"code": "cs", "confidence": confidence, "source": source}
    return table(answer(language), PLACE).splitlines()[-1]


def test_a_language_is_named_only_where_it_is_likely() -> None:
    assert last_line(0.9).startswith("language cs (detected, 90% sure), ")
    assert last_line(0.14).startswith("language unclear, ")
    assert last_line(None, "given").startswith("language cs (as given), ")


def test_images_that_could_not_be_found_are_told_of() -> None:
    whole = answer({"code": "de", "confidence": 1.0, "source": "detected"})
    partial = table(whole.model_copy(update={"partial": True}), PLACE)
    assert partial.splitlines()[-1].startswith("Some images await a vector of this model")
    assert "await" not in table(whole, PLACE)


def test_a_name_does_nothing_to_a_terminal() -> None:
    shown = table(answer({"code": "de", "confidence": 1.0, "source": "detected"}), PLACE)
    assert "holi\ufffdgpj.day" in shown
    assert printable("a\x1b[31mb\u202ec") == "a\ufffd[31mb\ufffdc"
