"""Archives, made in memory, and jobs that import them."""

import io
import json
import tarfile
import time
import zipfile
from pathlib import Path
from typing import Any

import httpx

from service.jobs.records import FINISHED
from tests.service.pictures import BLUE, RED, plain
from tests.service.serving import Service

PHOTOS = {"a/red.png": plain(RED), "b/blue.png": plain(BLUE)}
MANY = {f"{number:03}.png": plain((number, 255 - number, 77)) for number in range(60)}


def begun(service: Service, collection: str, body: dict[str, Any]) -> httpx.Response:
    return service.client.post(f"/v1/collections/{collection}/imports", json=body)


def archives_left(service: Service) -> list[Path]:
    return list(service.folder.glob("imports/*"))


def zipped(files: dict[str, bytes], compression: int = zipfile.ZIP_DEFLATED) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", compression) as archive:
        for name, data in files.items():
            archive.writestr(name, data)
    return out.getvalue()


def tarred(files: dict[str, bytes], mode: str = "w:") -> bytes:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode=mode) as archive:  # type: ignore[call-overload]
        for name, data in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(data)
            archive.addfile(member, io.BytesIO(data))
    return out.getvalue()


def sent(service: Service, collection: str, data: bytes, name: str = "photos.zip") -> httpx.Response:
    return service.client.post(f"/v1/collections/{collection}/imports", files={"archive": (name, data)})


def finished(client: httpx.Client, id: int, seconds: float = 60) -> dict[str, Any]:
    by = time.monotonic() + seconds
    while True:
        job: dict[str, Any] = client.get(f"/v1/jobs/{id}").json()
        if job["state"] in FINISHED:
            return job
        assert time.monotonic() < by, job
        time.sleep(0.01)


def imported(service: Service, collection: str, data: bytes) -> dict[str, Any]:
    answer = sent(service, collection, data)
    assert answer.status_code == 202, answer.text
    return finished(service.client, answer.json()["id"])


def items(service: Service, id: int, **parameters: Any) -> list[dict[str, Any]]:
    answer = service.client.get(f"/v1/jobs/{id}/items", params=parameters)
    found: list[dict[str, Any]] = answer.json()["items"]
    return found


def counts(job: dict[str, Any]) -> tuple[int, ...]:
    return tuple(job[name] for name in ("total", "done", "created", "existing", "failed", "skipped"))


def events(text: str) -> list[tuple[str, str, Any]]:
    """(event, id, data) of each event; heartbeats are left out."""
    found = []
    for block in text.split("\n\n"):
        fields = dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":"))
        if fields:
            found.append((fields["event"], fields["id"], json.loads(fields["data"])))
    return found
