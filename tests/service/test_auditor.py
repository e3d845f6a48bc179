import random
import threading
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import cast

import pytest

from index.audit import Recall, audit, image_queries
from index.errors import UnknownCollection
from service import auditor
from service.library import Library
from service.metrics import Metrics
from tests.service.pictures import plain
from tests.service.routes.test_metrics import numbers
from tests.service.serving import serving

IMAGES = "/v1/collections/default/images"


def test_the_audit_in_the_background_finds_what_the_command_finds(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(auditor, "LEAST_IMAGES", 40)
    monkeypatch.setattr(auditor, "SAMPLE", 20)
    monkeypatch.setattr(auditor, "SHARE", 1)
    dice = random.Random(1)
    colours = [(dice.randrange(256), dice.randrange(256), dice.randrange(256)) for _ in range(40)]
    with serving(tmp_path, audit_hours=0.2 / 3600) as service:
        files = [("files", (f"{n}.png", plain(colour))) for n, colour in enumerate(colours)]
        assert service.client.post(IMAGES, files=files).status_code == 201
        service.client.post("/v1/collections", json={"name": "small"})
        service.client.post("/v1/collections/small/images", files=files[:2])
        gallery = service.library.gallery
        expected = audit(gallery, "default", image_queries(gallery, "default", auditor.SAMPLE))
        for _ in range(500):
            found = {key: value for key, value in numbers(service).items() if key[0] == "pivot_recall"}
            if found:
                break
            threading.Event().wait(0.02)
    assert found == {
        ("pivot_recall", str(recall.candidates), "default", score): pytest.approx(getattr(recall, score))
        for recall in expected
        for score in ("symmetric", "asymmetric", "complete")
    }
    assert found["pivot_recall", "10", "default", "asymmetric"] < 1


def audits() -> int:
    """How many threads wait for their next audit, or are at it."""
    return [thread.name for thread in threading.enumerate()].count("audit")


def test_without_hours_there_is_no_audit_and_stopping_waits_for_none(tmp_path: Path) -> None:
    before = audits()
    with serving(tmp_path, audit_hours=0):
        assert audits() == before
    with serving(tmp_path, audit_hours=24):
        assert audits() == before + 1
    assert audits() == before


class Found:
    """Stands in for a library with collections of these names, and for the metrics."""

    def __init__(self, *collections: str) -> None:
        self.collections = collections
        self.asked = threading.Semaphore(0)
        self.told: list[dict[str, list[Recall]]] = []

    @property
    def gallery(self) -> "Found":
        return self

    def held(self) -> list[SimpleNamespace]:
        self.asked.release()
        if not self.collections:
            raise RuntimeError
        return [SimpleNamespace(collection=name, images=1000) for name in self.collections]

    def audited(self, recalls: dict[str, list[Recall]]) -> None:
        self.told.append(recalls)

    def watched(self, hours: float) -> auditor.Auditor:
        return auditor.Auditor(cast(Library, self), cast(Metrics, self), hours)


def test_an_audit_that_fails_does_not_end_those_to_come() -> None:
    found = Found()
    watched = found.watched(1e-6)
    watched.start()
    assert all(found.asked.acquire(timeout=30) for _ in range(3))
    watched.stop()
    assert found.told == []


def test_a_collection_that_is_deleted_meanwhile_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    def queries(_: object, collection: str, __: int) -> None:
        if collection == "gone":
            raise UnknownCollection(collection)

    monkeypatch.setattr(auditor, "image_queries", queries)
    monkeypatch.setattr(auditor, "audit", lambda *_, **__: [])
    found = Found("gone", "there")
    watched = found.watched(1e-6)
    watched.start()
    assert all(found.asked.acquire(timeout=30) for _ in range(2))
    watched.stop()
    assert found.told[0] == {"there": []}


def test_a_stop_ends_the_audit_under_way(monkeypatch: pytest.MonkeyPatch) -> None:
    asking = threading.Event()

    def long(*_: object, step: Callable[[], None]) -> list[Recall]:
        for _query in range(3):
            asking.set()
            step()
        return []

    monkeypatch.setattr(auditor, "image_queries", lambda *_: [])
    monkeypatch.setattr(auditor, "audit", long)
    monkeypatch.setattr(auditor, "SHARE", 1e-9)
    found = Found("large")
    watched = found.watched(1e-6)
    watched.start()
    assert asking.wait(timeout=30)
    watched.stop()
    assert found.told == []
