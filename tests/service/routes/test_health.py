import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.gallery import Gallery
from tests.service.pictures import RED, plain
from tests.service.serving import Service, serving

IMAGES = "/v1/collections/default/images"


def test_the_service_lives(service: Service) -> None:
    assert service.client.get("/livez").json() == {"status": "ok"}


def test_readiness_tells_the_model_and_what_awaits_it(service: Service, collection: str) -> None:
    service.client.post(f"/v1/collections/{collection}/images", files={"files": ("a.png", plain(RED))})
    answer = service.client.get("/readyz")
    assert answer.status_code == 200
    body = answer.json()
    assert collection not in answer.text  # it needs no key
    assert (body["status"], body["model"]) == ("ok", "colours-1")
    assert body["reembedding"] == {"running": False, "model": "colours-1", "pending": 0}


def test_the_model_is_described(service: Service) -> None:
    assert service.client.get("/v1/model").json() == {
        "version": "colours-1",
        "dim": 3,
        "scoring": "asymmetric",
        "languages": ["de", "en"],
    }


def test_a_batch_that_never_ends_is_no_life(tmp_path: Path) -> None:
    with serving(tmp_path, hang_seconds=0.05) as service, ThreadPoolExecutor() as clients:
        assert service.client.get("/livez").status_code == 200
        service.encoder.open.clear()
        search = clients.submit(service.client.post, "/v1/collections/default/search", json={"q": "red"})
        assert service.encoder.started.wait(timeout=30)
        for _ in range(1000):
            answer = service.client.get("/livez")
            if answer.status_code == 503:
                break
        assert answer.json()["type"] == "urn:pivot:hanging"
        assert answer.json()["limit"] == 0.05
        service.encoder.open.set()
        assert search.result().status_code == 200
        assert service.client.get("/livez").status_code == 200


def test_a_batch_that_takes_its_time_is_life(tmp_path: Path) -> None:
    with serving(tmp_path) as service, ThreadPoolExecutor() as clients:
        service.encoder.open.clear()
        search = clients.submit(service.client.post, "/v1/collections/default/search", json={"q": "red"})
        assert service.encoder.started.wait(timeout=30)
        assert service.client.get("/livez").status_code == 200
        service.encoder.open.set()
        assert search.result().status_code == 200


def test_a_decoder_that_never_starts_is_no_life(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def add() -> str:
        answer = service.client.post(IMAGES, files={"files": ("a.png", plain(RED))})
        return answer.json()["type"] if answer.is_error else "created"

    with serving(tmp_path) as service:
        with monkeypatch.context() as patch:
            patch.setattr(sys, "executable", "/no/such/python")
            for _ in range(3):
                assert service.client.get("/livez").status_code == 200
                assert add() == "urn:pivot:overloaded"
            answer = service.client.get("/livez")
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:decoder-dead")
        assert add() == "created"
        assert service.client.get("/livez").status_code == 200


def test_probes_do_not_count_all_images_each_time(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    counted = []
    pending = Gallery.pending

    def counting(gallery: Gallery) -> int:
        counted.append(gallery)
        return pending(gallery)

    with serving(tmp_path) as service, monkeypatch.context() as patch:
        patch.setattr(Gallery, "pending", counting)
        assert all(service.client.get("/readyz").status_code == 200 for _ in range(5))
        assert len(counted) <= 2  # one more where the start had not yet ended


def test_a_service_that_stops_is_not_ready_and_lives(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.app.state.context.stopping()
        answer = service.client.get("/readyz")
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:stopping")
        assert answer.headers["retry-after"]
        assert service.client.get("/livez").status_code == 200
