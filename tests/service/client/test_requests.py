"""What goes over the wire, and that nothing of the service comes along."""

import json
import subprocess
import sys
from email.parser import BytesParser
from email.policy import HTTP
from pathlib import Path
from typing import Any

import httpx
import pytest

from service.client import NewImage, Part, Unreachable
from service.client.requests import collections, jobs, keys
from service.client.requests.images import file, thumbnail
from tests.service.client.driving import URL, Breaking, Driver, Scripted, image


def form(request: httpx.Request) -> dict[str, list[Any]]:
    """The parts of a form by name: the text of fields, the names and contents of files."""
    head = f"Content-Type: {request.headers['Content-Type']}\r\n\r\n".encode()
    parts: dict[str, list[Any]] = {}
    for part in BytesParser(policy=HTTP).parsebytes(head + request.content).iter_parts():
        name = part.get_param("name", header="Content-Disposition")
        content = part.get_payload(decode=True)
        assert isinstance(content, bytes)
        filename = part.get_filename()
        parts.setdefault(str(name), []).append((filename, content) if filename else json.loads(content))
    return parts


def test_an_upload_says_of_each_image_what_is_known_of_it(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "b.png").write_bytes(b"B")
    service = Scripted([httpx.Response(201, json={"items": [], "created": 0, "existing": 0, "failed": 0})])
    drive(
        lambda pivot: pivot.upload(
            [
                NewImage(
                    b"A",
                    "a.png",
                    {"year": 2024},
                    ["ein Hund", {"text": "a dog", "language": "en"}],
                    external_id="17",
                ),
                str(tmp_path / "b.png"),
            ],
            collection="my trip",
        ),
        transport=service.transport,
        key="pvt_secret",
    )
    (request,) = service.requests
    assert request.url.raw_path == b"/v1/collections/my%20trip/images"
    assert request.headers["Authorization"] == "Bearer pvt_secret"
    assert form(request) == {
        "files": [("a.png", b"A"), ("b.png", b"B")],
        "metadata": [[{"year": 2024}, {}]],
        "captions": [[[{"text": "ein Hund"}, {"text": "a dog", "language": "en"}], []]],
        "external_ids": [["17", None]],
    }


def test_a_plain_upload_has_files_only(drive: Driver) -> None:
    service = Scripted([httpx.Response(201, json={"items": [], "created": 0, "existing": 0, "failed": 0})])
    drive(lambda pivot: pivot.upload(b"A"), transport=service.transport)
    assert form(service.requests[0]) == {"files": [("unnamed", b"A")]}


def test_a_search_sends_what_was_asked_for_and_nothing_else(drive: Driver, tmp_path: Path) -> None:
    (tmp_path / "cat.png").write_bytes(b"CAT")
    answer = {
        "query": {},
        "model": "m",
        "scoring": "symmetric",
        "exact": False,
        "candidates": 0,
        "partial": False,
        "results": [],
        "next_cursor": None,
        "timings_ms": {},
    }
    service = Scripted([httpx.Response(200, json=answer)] * 2)
    drive(lambda pivot: pivot.search("Hund", filter={"format": "png"}, k=3), transport=service.transport)
    drive(
        lambda pivot: pivot.search(
            parts=[Part("Hund"), Part(image=tmp_path / "cat.png", weight=-0.5)], scoring=None
        ),
        transport=service.transport,
    )
    assert [json.loads(request.content) for request in service.requests] == [
        {"q": "Hund", "filter": {"format": "png"}, "k": 3},
        {"parts": [{"q": "Hund", "weight": 1.0}, {"image": "data:image/png;base64,Q0FU", "weight": -0.5}]},
    ]


def test_pages_are_fetched_until_the_last(drive: Driver) -> None:
    service = Scripted(
        [
            httpx.Response(200, json={"images": [image(1), image(2)], "next_cursor": "more"}),
            httpx.Response(200, json={"images": [image(3)], "next_cursor": None}),
        ]
    )
    found = drive(
        lambda pivot: pivot.each_image(limit=2, sort="-bytes", filter={"year": 1}),
        transport=service.transport,
    )
    assert [one.id for one in found] == [1, 2, 3]
    first, second = (dict(request.url.params) for request in service.requests)
    assert first == {"limit": "2", "sort": "-bytes", "filter": '{"year": 1}'}
    assert second == first | {"cursor": "more"}


def test_a_change_may_take_an_external_id_away(drive: Driver) -> None:
    service = Scripted([httpx.Response(200, json=image(1))])
    drive(
        lambda pivot: pivot.update_image(1, external_id=None, metadata={"a": None}),
        transport=service.transport,
    )
    assert json.loads(service.requests[0].content) == {"external_id": None, "metadata": {"a": None}}


def test_a_download_is_there_whole_or_not_at_all(drive: Driver, tmp_path: Path) -> None:
    target = tmp_path / "a.png"
    service = Scripted([httpx.Response(200, stream=Breaking(b"half"))])
    with pytest.raises(Unreachable, match="lost"):
        drive(lambda pivot: pivot.download(file(1), target), transport=service.transport)
    assert list(tmp_path.iterdir()) == []
    service = Scripted([httpx.Response(200, content=b"all")])
    told: list[int] = []
    drive(lambda pivot: pivot.download(file(1), target, told.append), transport=service.transport)
    assert (target.read_bytes(), sum(told)) == (b"all", 3)


def test_what_is_asked_for_is_in_the_request() -> None:
    assert collections.collection("a/b").path == "/v1/collections/a%2Fb"
    assert thumbnail(1, size=192).params == {"size": 192}
    assert jobs.doctor(thorough=True).json == {"thorough": True}
    key = keys.create_key("a", scope="read", collections=("b",))
    assert key.json == {"name": "a", "scope": "read", "collections": ["b"]}


def test_an_address_may_end_with_a_slash(drive: Driver) -> None:
    service = Scripted([httpx.Response(200, json=image(1))])
    drive(lambda pivot: pivot.image(1), f"{URL}/", transport=service.transport)
    assert service.requests[0].url.path == "/v1/collections/default/images/1"


def test_a_proxy_is_not_asked_for_this_machines_own_addresses(
    drive: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: dict[str, Any] = {}
    client = httpx.AsyncClient if drive.asynchronous else httpx.Client

    def remembered(self: Any, **options: Any) -> None:
        asked.update(options)
        real(self, **options)

    real = client.__init__
    monkeypatch.setattr(client, "__init__", remembered)
    here = ("http://127.0.0.1:8000", "http://localhost", "http://[::1]:8000")
    for url, trusted in (*((url, False) for url in here), (URL, True)):
        service = Scripted([httpx.Response(200, json=image(1))])
        drive(lambda pivot: pivot.image(1), url, transport=service.transport)
        assert asked["trust_env"] is trusted


def test_the_client_stands_without_the_service() -> None:
    listed = subprocess.run(
        [sys.executable, "-c", "import sys, service.client; print(*sys.modules, sep='\\n')"],
        text=True,
        stdout=subprocess.PIPE,
        check=True,
    ).stdout.split()
    foreign = ("torch", "faiss", "numpy", "fastapi", "model", "index")
    ours = [name for name in listed if name.startswith("service.") and not name.startswith("service.client")]
    assert [name for name in listed if name.partition(".")[0] in foreign] + ours == []
