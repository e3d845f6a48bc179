"""Numbers after real requests, read as Prometheus reads them."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from prometheus_client.parser import text_string_to_metric_families

from service.keys import KeyFile, NewKey
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, serving

IMAGES = "/v1/collections/default/images"
SEARCH = "/v1/collections/default/search"


@pytest.fixture
def service(tmp_path: Path) -> Iterator[Service]:
    with serving(tmp_path) as service:
        yield service


def numbers(service: Service) -> dict[tuple[str, ...], float]:
    """Values by the sample's name and its labels' values, in the order of the labels' names."""
    answer = service.client.get("/metrics")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain; version=")
    return {
        (sample.name, *(value for _, value in sorted(sample.labels.items()))): sample.value
        for family in text_string_to_metric_families(answer.text)
        for sample in family.samples
    }


def test_requests_are_counted_by_the_template_of_their_route(service: Service) -> None:
    for name in ("a", "b"):
        service.client.get(f"/v1/collections/{name}")
    service.client.head("/v1/collections/default")
    service.client.get("/no/such/place")
    service.client.get("/web/app.js")
    service.client.request("PROPFIND", "/livez")
    found = numbers(service)
    name = "pivot_http_requests_total"
    assert found[name, "GET", "/v1/collections/{collection}", "404"] == 2
    assert found[name, "HEAD", "/v1/collections/{collection}", "200"] == 1
    assert found[name, "GET", "other", "404"] == 1
    assert found[name, "GET", "/web", "200"] == 1
    assert found[name, "other", "/livez", "405"] == 1
    assert found["pivot_http_request_seconds_count", "/v1/collections/{collection}"] == 3


def test_the_stages_of_searches_are_those_of_their_answers(service: Service) -> None:
    before = numbers(service)
    assert before["pivot_search_stage_seconds_count", "total"] == 0
    service.client.post(IMAGES, files={"files": ("red.png", plain(RED))})
    told = [
        service.client.post(SEARCH, json={"q": "red"}).json()["timings_ms"],
        service.client.get(SEARCH, params={"q": "blue"}).json()["timings_ms"],
        service.client.post(f"{SEARCH}/image", files={"file": plain(BLUE)}).json()["timings_ms"],
    ]
    found = numbers(service)
    for stage in ("decode", "language", "embed", "candidates", "rerank", "records", "total"):
        answers = [timings[stage] for timings in told if stage in timings]
        assert found["pivot_search_stage_seconds_count", stage] == len(answers) > 0
        assert found["pivot_search_stage_seconds_sum", stage] == pytest.approx(sum(answers) / 1000)


def test_indexes_jobs_and_the_model_are_told(service: Service) -> None:
    service.client.post("/v1/collections", json={"name": "other"})
    files = [("files", (f"{n}.png", plain(colour))) for n, colour in enumerate((RED, GREEN, BLUE))]
    service.client.post(IMAGES, files=files, data={"captions": '[{"language": "en", "text": "red"}]'})
    found = numbers(service)
    assert found["pivot_index_rows", "default", "images"] == 3
    assert found["pivot_index_rows", "default", "captions"] == 3
    assert found["pivot_index_rows", "other", "images"] == 0
    assert found["pivot_index_lists", "default", "images"] == 0
    assert found[("pivot_collections",)] == 2
    assert found["pivot_pending", "colours-1"] == 0
    assert found["pivot_model_info", "colours-1"] == 1
    assert found["pivot_jobs", "running"] == 0
    assert any(name == "pivot_build_info" for name, *_ in found)
    assert found[("process_resident_memory_bytes",)] > 0


def test_queues_and_batches_are_told_while_the_model_is_busy(service: Service) -> None:
    with ThreadPoolExecutor() as clients:
        service.encoder.open.clear()
        asked = [clients.submit(service.client.post, SEARCH, json={"q": "red"})]
        assert service.encoder.started.wait(timeout=30)
        asked += [clients.submit(service.client.post, SEARCH, json={"q": q}) for q in ("green", "blue")]
        for _ in range(1000):
            busy = numbers(service)
            if busy["pivot_queue_length", "texts"] == 2:
                break
        assert busy["pivot_queue_length", "texts"] == 2
        assert busy["pivot_gate_inside", "searches"] == 3
        assert busy["pivot_batch_under_way_seconds", "texts"] > 0
        service.encoder.open.set()
        assert all(answer.result().is_success for answer in asked)
    found = numbers(service)
    assert found["pivot_queue_length", "texts"] == 0
    assert found["pivot_batch_size_bucket", "1", "texts"] == 1
    assert found["pivot_batch_size_bucket", "2", "texts"] == 2
    assert found["pivot_batch_size_sum", "texts"] == 3


def test_what_is_refused_counts_and_numbers_need_the_key_of_an_admin(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        file = KeyFile(tmp_path)
        _, slow = file.create(NewKey(name="slow", scope="write", rate=1))
        _, admin = file.create(NewKey(name="admin", scope="admin"))
        service.keyring.refresh()
        assert service.client.get("/metrics").status_code == 401
        client = service.client
        client.headers["X-API-Key"] = slow
        assert client.get("/v1/collections").status_code == 200
        assert client.get("/v1/collections").status_code == 429
        client.headers["X-API-Key"] = admin
        found = numbers(service)
        assert found["pivot_http_refused_total", "429"] == 1
        assert found["pivot_http_refused_total", "503"] == 0
        assert found["pivot_http_requests_total", "GET", "/metrics", "401"] == 1
