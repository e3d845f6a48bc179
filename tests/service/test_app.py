import logging
import socket
import threading
import time
from collections.abc import Sequence
from concurrent.futures import FIRST_COMPLETED, ThreadPoolExecutor, wait
from pathlib import Path
from urllib.parse import urlsplit

import httpx
import pytest

from index.errors import StoreClosed
from index.gallery import Gallery
from index.vectors import Rows
from service.batcher import Stopping
from service.settings import Settings
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service, library_in, serving, upload_in

IMAGES = "/v1/collections/default/images"
SEARCH = "/v1/collections/default/search"


def test_the_page_is_served_and_asked_for_anew_after_an_upgrade(service: Service) -> None:
    answer = service.client.get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    assert answer.headers["cache-control"] == "no-cache"
    assert service.client.get("/web/index.html").content == answer.content


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/web/nowhere.js", 404, "not-found"),
        ("GET", "/web/../app.py", 404, "not-found"),
        ("GET", "/web/%2e%2e/app.py", 404, "not-found"),
        ("PUT", "/livez", 405, "method-not-allowed"),
        ("POST", "/", 405, "method-not-allowed"),
    ],
)
def test_unknown_addresses_and_methods_are_problems_too(
    service: Service, method: str, path: str, status: int, kind: str
) -> None:
    answer = service.client.request(method, path)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.json()["type"] == f"urn:pivot:{kind}"
    assert answer.json()["remedy"]


@pytest.mark.parametrize(
    ("method", "path", "allowed"),
    [
        ("PUT", "/livez", "GET, HEAD"),
        ("PUT", IMAGES, "GET, HEAD, POST"),
        ("POST", f"{IMAGES}/1", "DELETE, GET, HEAD, PATCH"),
        ("GET", f"{SEARCH}/image", "POST"),
        ("PUT", f"{IMAGES}/delete", "POST"),
        ("POST", "/docs", "GET, HEAD"),
        ("POST", "/web/app.js", "GET, HEAD"),
    ],
)
def test_a_refused_method_comes_with_all_that_are_allowed(
    service: Service, method: str, path: str, allowed: str
) -> None:
    answer = service.client.request(method, path)
    assert (answer.status_code, answer.headers["allow"]) == (405, allowed)


@pytest.mark.parametrize(
    "path", ["/", "/livez", "/readyz", "/docs", "/openapi.json", "/web/app.js", IMAGES, f"{SEARCH}?q=red"]
)
def test_head_tells_what_get_would(service: Service, path: str) -> None:
    head, got = service.client.head(path), service.client.get(path)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-type"] == got.headers["content-type"]


def test_a_bug_is_logged_and_tells_clients_nothing(
    service: Service, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("the secret of line 42")

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "collections", broken)
        answer = service.client.get("/v1/collections")
    assert (answer.status_code, answer.json()["type"]) == (500, "urn:pivot:internal-error")
    assert "secret" not in answer.text
    (logged,) = caplog.records
    assert logged.getMessage() == "GET /v1/collections failed"
    assert "the secret of line 42" in caplog.text
    assert "Traceback" in caplog.text
    assert answer.headers["x-content-type-options"] == "nosniff"


def test_the_service_answers_while_the_model_is_busy(tmp_path: Path) -> None:
    with serving(tmp_path) as service, ThreadPoolExecutor() as clients:
        service.encoder.open.clear()
        search = clients.submit(service.client.post, SEARCH, json={"q": "red"})
        upload = clients.submit(service.client.post, IMAGES, files={"files": ("a.png", plain(RED))})
        assert service.encoder.started.wait(timeout=30)
        assert service.client.get("/livez").status_code == 200
        assert service.client.get("/readyz").status_code == 200
        assert not search.done()
        assert not upload.done()
        service.encoder.open.set()
        assert search.result().status_code == 200
        assert upload.result().status_code == 201


@pytest.mark.parametrize("kind", ["search", "upload"])
def test_overload_is_told_with_a_time_to_come_back_and_passes(tmp_path: Path, kind: str) -> None:
    with serving(tmp_path, queue=2) as service, ThreadPoolExecutor() as clients:

        def ask() -> httpx.Response:
            if kind == "search":
                return service.client.post(SEARCH, json={"q": "red"})
            return service.client.post(IMAGES, files={"files": ("a.png", plain(RED))})

        service.encoder.open.clear()
        asked = [clients.submit(ask) for _ in range(3)]
        done, waiting = wait(asked, timeout=30, return_when=FIRST_COMPLETED)
        refused = done.pop().result()
        assert (refused.status_code, refused.json()["type"]) == (503, "urn:pivot:overloaded")
        assert refused.json()["limit"] == 2
        assert int(refused.headers["retry-after"]) >= 1
        service.encoder.open.set()
        assert all(answer.result().is_success for answer in waiting)
        assert ask().is_success


def test_a_search_whose_turn_does_not_come_in_time_is_told_so_and_never_embedded(tmp_path: Path) -> None:
    with serving(tmp_path, wait_seconds=0.2) as service, ThreadPoolExecutor() as clients:
        service.encoder.open.clear()
        begun = clients.submit(service.client.post, SEARCH, json={"q": "red"})
        assert service.encoder.started.wait(timeout=30)
        late = [service.client.post(SEARCH, json={"q": q}) for q in ("blue", "green")]
        service.encoder.open.set()
        assert begun.result().status_code == 200
        for answer in late:
            assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:overloaded")
            assert answer.json()["limit"] == 0.2
            assert int(answer.headers["retry-after"]) >= 1
        assert service.client.post(SEARCH, json={"q": "yellow"}).status_code == 200
        assert service.encoder.text_batches == [1, 1]


def test_a_storm_of_searches_is_answered_or_refused_and_leaves_nothing_behind(tmp_path: Path) -> None:
    with serving(tmp_path, queue=4, wait_seconds=0.05) as service, ThreadPoolExecutor(32) as clients:
        embed = service.encoder.embed_texts

        def slowly(texts: Sequence[str], languages: Sequence[str]) -> Rows:
            time.sleep(0.02)
            return embed(texts, languages)

        service.encoder.embed_texts = slowly  # type: ignore[method-assign]
        bodies = [{"q": f"red {number}"} for number in range(200)]
        answers = list(clients.map(lambda body: service.client.post(SEARCH, json=body), bodies))
        refused = [answer for answer in answers if answer.status_code != 200]
        assert 0 < len(refused) < len(answers)
        assert {answer.status_code for answer in refused} == {503}
        assert all("retry-after" in answer.headers for answer in refused)
        for number in range(8):  # more than have a place at a time
            assert service.client.post(SEARCH, json={"q": f"blue {number}"}).status_code == 200


@pytest.mark.parametrize("path", [IMAGES, f"{SEARCH}/image"])
def test_forms_that_are_still_being_sent_count_as_inside(tmp_path: Path, path: str) -> None:
    with serving(tmp_path, queue=1) as service:
        address = urlsplit(str(service.client.base_url))
        with socket.create_connection((address.hostname or "", address.port or 0)) as slow:
            slow.sendall(
                f"POST {path} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode()
            )
            for _ in range(1000):  # until the service has begun with it
                refused = service.client.post(path, files={"nothing": ("a", b"")})
                if refused.status_code == 503:
                    break
            assert refused.json()["type"] == "urn:pivot:overloaded"
            assert int(refused.headers["retry-after"]) >= 1
            assert service.client.post(SEARCH, json={"q": "red"}).status_code == 200


@pytest.mark.parametrize("stopping", [Stopping(), StoreClosed(Path("store"))])
def test_a_service_that_stops_says_when_to_come_back(
    service: Service, monkeypatch: pytest.MonkeyPatch, stopping: Exception
) -> None:
    def refuse(*_: object) -> None:
        raise stopping

    with monkeypatch.context() as patch:
        patch.setattr(Gallery, "collections", refuse)
        answer = service.client.get("/v1/collections")
    assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:stopping")
    assert int(answer.headers["retry-after"]) >= 1


def test_a_client_that_hangs_up_costs_nothing_that_was_accepted(tmp_path: Path) -> None:
    with serving(tmp_path) as service:
        service.encoder.open.clear()
        address = urlsplit(str(service.client.base_url))
        request = service.client.build_request("POST", IMAGES, files={"files": ("a.png", plain(RED))})
        head = f"POST {IMAGES} HTTP/1.1\r\n" + "".join(f"{k}: {v}\r\n" for k, v in request.headers.items())
        with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
            connection.sendall(head.encode() + b"\r\n" + request.read())
            assert service.encoder.started.wait(timeout=30)
        service.encoder.open.set()
    with Gallery.open(tmp_path, dim=3, model_version="colours-1") as gallery:
        assert gallery.collection("default").searchable == 1


def test_a_client_that_hangs_up_in_mid_upload_leaves_no_trace(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with serving(tmp_path) as service:
        address = urlsplit(str(service.client.base_url))
        with socket.create_connection((address.hostname or "", address.port or 0)) as connection:
            connection.sendall(
                f"POST {IMAGES} HTTP/1.1\r\nHost: localhost\r\nContent-Length: 1000\r\n"
                "Content-Type: multipart/form-data; boundary=x\r\n\r\n--x\r\n".encode()
            )
        assert service.client.get("/livez").status_code == 200
    assert not [record for record in caplog.records if record.levelno >= logging.WARNING]


def test_images_of_an_older_model_become_searchable_in_the_background(tmp_path: Path) -> None:
    with library_in(tmp_path / "store", ColourEncoder("colours-0"), Settings(decode_workers=1)) as library:
        library.add(
            "default", [upload_in(tmp_path, f"{n}.png", plain(c)) for n, c in enumerate((RED, GREEN, BLUE))]
        )
    with serving(tmp_path / "store") as service:
        for _ in range(1000):
            ready = service.client.get("/readyz").json()
            if not ready["reembedding"]["running"]:
                break
            threading.Event().wait(0.01)
        assert ready["reembedding"] == {"running": False, "model": "colours-1", "pending": 0}
        assert service.client.get("/v1/collections/default").json()["searchable"] == 3
        assert len(service.client.post(SEARCH, json={"q": "rot"}).json()["results"]) == 3
