"""Photos that go to the service as a browser would send them."""

from typing import Any

import httpx

from tests.service.serving import Service

Files = list[tuple[str, tuple[str, bytes]]]


def post(
    service: Service, collection: str, files: Files, form: dict[str, str] | None = None
) -> httpx.Response:
    return service.client.post(f"/v1/collections/{collection}/images", files=files, data=form)


def added(service: Service, collection: str, data: bytes, filename: str = "a.png") -> dict[str, Any]:
    answer = post(service, collection, [("files", (filename, data))])
    assert answer.status_code == 201
    image: dict[str, Any] = answer.json()["items"][0]["image"]
    return image
