"""Batches that are too large for what stands before a service."""

from pathlib import Path

import httpx

from service.client import Pivot
from service.commands.folder import Photo
from service.commands.indexing import Indexed, upload
from tests.service.client.driving import URL, image


def test_a_batch_that_is_too_large_is_divided_until_one_photo_is(tmp_path: Path) -> None:
    photos = [Photo(tmp_path / name, name) for name in ("a", "huge", "b")]
    for photo in photos:
        photo.path.write_bytes(photo.name.encode())

    def answer(request: httpx.Request) -> httpx.Response:
        number = request.content.count(b"filename=")
        if number > 1 or b"huge" in request.content:
            return httpx.Response(413, text="<html>")
        items = [{"index": 0, "filename": "", "status": "created", "image": image(1), "error": None}]
        return httpx.Response(201, json={"items": items, "created": 1, "existing": 0, "failed": 0})

    with Pivot(URL, transport=httpx.MockTransport(answer)) as pivot:
        first, huge, last = upload(pivot, "default", [*photos])
    assert (first, last) == (Indexed("created"), Indexed("created"))
    assert huge.status == "failed"
    assert "Raise that limit" in str(huge.reason)
