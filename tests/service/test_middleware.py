import re
import socket
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from service.settings import MIB
from tests.service.pictures import RED, plain
from tests.service.serving import Service, serving

FORM = {"Content-Type": "multipart/form-data; boundary=x"}
IMAGES = "/v1/collections/default/images"


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Service]:
    """A service that takes 2 MiB a request, 1 MiB a file and 3 files."""
    with serving(tmp_path_factory.mktemp("small"), max_upload_mb=2, max_image_mb=1, max_files=3) as service:
        yield service


def streamed(mebibytes: int) -> Iterator[bytes]:
    """A form with one file, which httpx sends in chunks, since it cannot know the length."""
    yield b'--x\r\nContent-Disposition: form-data; name="files"; filename="a.png"\r\n\r\n'
    for _ in range(mebibytes):
        yield bytes(MIB)
    yield b"\r\n--x--\r\n"


def test_a_form_larger_than_the_limit_is_refused_at_its_announcement(small: Service) -> None:
    answer = raw(small, IMAGES, f"Content-Length: {3 * MIB}\r\nContent-Type: multipart/form-data; boundary=x")
    assert b" 413 " in answer
    assert b"urn:pivot:body-too-large" in answer


def raw(service: Service, path: str, headers: str) -> bytes:
    """The answer to a request whose body never comes."""
    address = urlsplit(str(service.client.base_url))
    with socket.create_connection((address.hostname or "", address.port or 0), timeout=30) as connection:
        connection.sendall(f"POST {path} HTTP/1.1\r\nHost: localhost\r\n{headers}\r\n\r\n".encode())
        received = b""
        while not received.endswith(b"}"):
            received += connection.recv(65536)
        return received


def test_a_form_without_a_length_is_refused_once_it_passes_the_limit(small: Service) -> None:
    answer = small.client.post(IMAGES, content=streamed(3), headers=FORM)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:body-too-large")
    assert answer.json()["limit"] == 2 * MIB


def test_a_body_that_is_read_into_memory_has_a_smaller_limit(small: Service) -> None:
    for content in (bytes(2 * MIB), streamed(2)):
        answer = small.client.post(
            "/v1/collections", content=content, headers={"Content-Type": "application/json"}
        )
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:body-too-large")
        assert answer.json()["limit"] == MIB


def test_a_search_may_hold_an_image_as_text(tmp_path: Path) -> None:
    with serving(tmp_path, max_image_mb=1) as service:
        large = {"image": "A" * (4 * MIB)}
        answer = service.client.post("/v1/collections/default/search", json=large)
        assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:file-too-large")
        answer = service.client.post("/v1/collections/default/search", json={"image": "A" * (17 * MIB)})
        assert (answer.status_code, answer.json()["limit"]) == (413, 16 * MIB)


def test_large_bodies_do_not_fill_the_memory(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("service.middleware.MAX_HELD_BYTES", 3 * MIB)
    with serving(tmp_path, max_image_mb=1) as service:
        for _ in range(2):  # what was held is let go
            answer = service.client.post("/v1/collections/default/search", json={"image": "A" * (2 * MIB)})
            assert answer.json()["type"] == "urn:pivot:file-too-large"
        answer = service.client.post("/v1/collections/default/search", json={"image": "A" * (4 * MIB)})
        assert (answer.status_code, answer.json()["type"]) == (503, "urn:pivot:overloaded")
        assert int(answer.headers["retry-after"]) >= 1
        assert service.client.post("/v1/collections/default/search", json={"q": "red"}).status_code == 200


def test_the_service_goes_on_after_bodies_that_were_too_large(small: Service) -> None:
    answer = small.client.post(IMAGES, files={"files": ("a.png", plain(RED))})
    assert answer.status_code in (200, 201)


def test_a_file_larger_than_the_limit_is_refused(small: Service) -> None:
    answer = small.client.post(IMAGES, files={"files": ("a.png", bytes(MIB + 1))})
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:file-too-large")
    assert answer.json()["limit"] == MIB


def test_a_search_by_an_image_takes_little_more_than_an_image(tmp_path: Path) -> None:
    with serving(tmp_path, max_upload_mb=8, max_image_mb=1) as service:
        answer = service.client.post(
            "/v1/collections/default/search/image", content=streamed(3), headers=FORM
        )
        assert (answer.status_code, answer.json()["limit"]) == (413, 2 * MIB)


def test_more_files_than_the_limit_are_refused(small: Service) -> None:
    answer = small.client.post(IMAGES, files=[("files", ("a.png", b"a"))] * 4)
    assert (answer.status_code, answer.json()["type"]) == (413, "urn:pivot:too-many-files")
    assert answer.json()["limit"] == 3


@pytest.mark.parametrize("path", ["/", "/web/app.js", "/livez", "/nowhere"])
def test_browsers_are_kept_strict(service: Service, path: str) -> None:
    headers = service.client.get(path).headers
    policy = headers["content-security-policy"]
    assert "default-src 'self'; img-src 'self' blob: data:" in policy
    assert "unsafe" not in policy
    assert headers["x-content-type-options"] == "nosniff"
    assert headers["referrer-policy"] == "no-referrer"
    assert headers["cross-origin-resource-policy"] == "same-origin"


def test_the_documentation_needs_no_other_host(service: Service) -> None:
    page = service.client.get("/docs")
    assert page.status_code == 200
    assert "//" not in page.text.replace("<!-- ", "")
    for asset in re.findall(r'(?:src|href)="([^"]+)"', page.text):
        assert service.client.get(asset).status_code == 200
    assert "script-src 'self' 'unsafe-inline'" in page.headers["content-security-policy"]
