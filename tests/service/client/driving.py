"""Both clients behind one way to use them, and services that answer as they were told to."""

import inspect
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import anyio
import httpx

from service.client import AsyncPivot, Pivot

URL = "http://pivot.test"


@dataclass(frozen=True)
class Driver:
    """Runs what a test does with a client, and waits for what it gives; iterators become lists."""

    asynchronous: bool

    def __call__(self, act: Callable[[Any], Any], url: str = URL, **options: Any) -> Any:
        if self.asynchronous:
            return anyio.run(_acted, act, url, options)
        with Pivot(url, **options) as pivot:
            done = act(pivot)
            return list(done) if inspect.isgenerator(done) else done


async def _acted(act: Callable[[Any], Any], url: str, options: dict[str, Any]) -> Any:
    async with AsyncPivot(url, **options) as pivot:
        done = act(pivot)
        if inspect.isasyncgen(done):
            return [item async for item in done]
        return await done


@dataclass
class Scripted:
    """Gives these answers in turn; an exception is a connection that fails. Keeps what it was asked."""

    answers: list[httpx.Response | Exception]
    requests: list[httpx.Request] = field(default_factory=list)

    @property
    def transport(self) -> httpx.MockTransport:
        return httpx.MockTransport(self._answer)

    def _answer(self, request: httpx.Request) -> httpx.Response:
        self.requests.append(request)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return answer


class Breaking(httpx.SyncByteStream, httpx.AsyncByteStream):
    """Gives these bytes, then the connection is lost."""

    def __init__(self, *pieces: bytes) -> None:
        self._pieces = pieces

    def __iter__(self) -> Iterator[bytes]:
        yield from self._pieces
        raise httpx.ReadError("lost")

    async def __aiter__(self) -> AsyncIterator[bytes]:
        for piece in self:
            yield piece


def problem(status: int, **members: Any) -> httpx.Response:
    told = {
        "type": "urn:pivot:x",
        "title": "X",
        "status": status,
        "detail": "It failed.",
        "remedy": "Mend it.",
    }
    headers = {"Retry-After": "0"} if status in (429, 503) else {}
    return httpx.Response(status, json=told | members, headers=headers)


def image(id: int, **members: Any) -> dict[str, Any]:
    record = {
        "id": id,
        "collection": "default",
        "external_id": None,
        "filename": f"{id}.png",
        "format": "png",
        "width": 1,
        "height": 1,
        "bytes": 1,
        "sha256": "0" * 64,
        "metadata": {},
        "captions": [],
        "created_at": "2026-01-31T12:00:00.123Z",
        "updated_at": "2026-01-31T12:00:00.123Z",
        "links": {"self": f"/i/{id}", "file": f"/i/{id}/file", "thumbnail": f"/i/{id}/thumbnail"},
    }
    return record | members


def job(state: str, **members: Any) -> dict[str, Any]:
    record = {
        "id": 7,
        "kind": "archive",
        "collection": "default",
        "state": state,
        "total": 3,
        "done": 1,
        "created": 1,
        "existing": 0,
        "failed": 0,
        "skipped": 0,
        "error": None,
        "created_at": "2026-01-31T12:00:00.123Z",
        "updated_at": "2026-01-31T12:00:00.123Z",
    }
    return record | members
