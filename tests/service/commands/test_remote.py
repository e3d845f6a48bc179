"""What answers on the network when it is not the service in good order."""

import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import MappingProxyType
from typing import NamedTuple

import pytest

from service.commands.folder import Photo
from service.commands.remote import NotPivot, RemoteClient, ServerRefused, ServerUnreachable
from service.search_schemas import Search
from tests.service.pictures import RED, plain


class Scripted(NamedTuple):
    """An answer that was thought of beforehand."""

    status: int
    body: str
    headers: Mapping[str, str] = MappingProxyType({})


FOUND = Scripted(
    200,
    json.dumps(
        {
            "query": {"q": "rot", "language": None},
            "model": "colours-1",
            "scoring": "symmetric",
            "exact": False,
            "candidates": 0,
            "results": [],
            "next_cursor": None,
            "timings_ms": {"total": 1.0},
        }
    ),
)
BUSY = Scripted(503, "", {"Retry-After": "0"})


@contextmanager
def answering(*answers: Scripted) -> Iterator[tuple[str, list[str]]]:
    """A server that gives these answers in turn; its address, and the requests that it got."""
    left = list(answers)
    requests: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            requests.append(self.path)
            answer = left.pop(0)
            self.send_response(answer.status)
            for name, value in answer.headers.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(answer.body.encode())

        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}", requests
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def photo(tmp_path: Path) -> Photo:
    (tmp_path / "a.png").write_bytes(plain(RED))
    return Photo(tmp_path / "a.png", "a.png")


def test_a_busy_service_is_asked_again() -> None:
    with answering(BUSY, BUSY, FOUND) as (address, requests), RemoteClient(address) as client:
        assert client.search("default", Search(q="rot")).model == "colours-1"
    assert len(requests) == 3


def test_a_service_that_is_stopping_is_not_asked_again() -> None:
    stopping = Scripted(
        503,
        '{"type": "urn:pivot:stopping", "title": "Stopping", "status": 503,'
        ' "detail": "The service is stopping.", "remedy": "Try again when it is back."}',
    )
    with (
        answering(stopping) as (address, _),
        RemoteClient(address) as client,
        pytest.raises(ServerRefused, match=r"^The service is stopping\. Try again when it is back\.$"),
    ):
        client.search("default", Search(q="rot"))


@pytest.mark.parametrize(
    "answer", [Scripted(200, "<html>"), Scripted(502, "Bad Gateway"), Scripted(200, "{}")]
)
def test_an_answer_of_something_else_is_told(answer: Scripted, photo: Photo) -> None:
    told = f"with status {answer.status} and no document of Pivot"
    with answering(answer, answer) as (address, _), RemoteClient(address) as client:
        with pytest.raises(NotPivot, match=told):
            client.search("default", Search(q="rot"))
        with pytest.raises(NotPivot, match=told):
            client.add("default", [photo])


def test_a_proxy_is_not_asked_for_this_machines_own_addresses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTP_PROXY", "http://127.0.0.1:9")
    with answering(FOUND) as (address, _), RemoteClient(address) as client:
        assert client.search("default", Search(q="rot")).model == "colours-1"


def test_nobody_at_the_address_is_told() -> None:
    with answering() as (address, _):
        pass
    with RemoteClient(address) as client, pytest.raises(ServerUnreachable, match="Connection refused"):
        client.search("default", Search(q="rot"))


def test_a_file_that_only_a_proxy_refuses_fails_alone(photo: Photo) -> None:
    with answering(Scripted(413, "<html>")) as (address, _), RemoteClient(address) as client:
        (indexed,) = client.add("default", [photo])
    assert indexed.status == "failed"
    assert indexed.reason is not None
    assert indexed.reason.endswith("Raise that limit.")


def test_a_file_that_went_away_fails_and_nothing_is_sent(tmp_path: Path) -> None:
    with answering() as (address, requests), RemoteClient(address) as client:
        (indexed,) = client.add("default", [Photo(tmp_path / "gone.png", "gone.png")])
    assert indexed.status == "failed"
    assert indexed.reason == (
        "The file cannot be read: No such file or directory. Check that it is there, and its rights."
    )
    assert requests == []
