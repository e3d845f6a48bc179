import random
import threading
from pathlib import Path

import pytest

from index.audit import audit, image_queries
from service import auditor
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
