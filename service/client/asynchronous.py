"""The client for programs with an event loop, asyncio's or trio's."""

from collections.abc import AsyncIterator, Callable
from contextlib import ExitStack, asynccontextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

import anyio
import httpx

from service.client.attempts import Attempts, unreachable
from service.client.calls import Calls, Paged
from service.client.connection import PIECE, POLL_SECONDS, RETRIES, TIMEOUT, answer_of, arguments, whole
from service.client.documents.jobs import Job, JobEvent
from service.client.following import Following
from service.client.request import Request
from service.client.requests import collections, jobs

T = TypeVar("T")
Page = TypeVar("Page", bound=Paged)
Item = TypeVar("Item")


class AsyncPivot(Calls):
    """As `Pivot`, whose methods are awaited here. An asynchronous context manager."""

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: int = RETRIES,
        transport: httpx.AsyncBaseTransport | None = None,
    ) -> None:
        """`retries`: how often to come back to a service that is busy or away, where that is safe."""
        self.url = url.rstrip("/")
        self._retries = retries
        self._http = httpx.AsyncClient(timeout=timeout, transport=transport, **arguments(self.url, key))

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        await self._http.aclose()

    async def send(self, request: Request[T]) -> T:
        """The answer to any request, also one of your own making."""
        return answer_of(request, self.url, await self._answered(request, stream=False))

    async def each(
        self, page: Callable[[str | None], Request[Page]], items: Callable[[Page], list[Item]]
    ) -> AsyncIterator[Item]:
        """What is on the pages, which are fetched as they are needed."""
        answer = await self.send(page(None))
        for item in items(answer):
            yield item
        while answer.next_cursor is not None:
            answer = await self.send(page(answer.next_cursor))
            for item in items(answer):
                yield item

    async def download(
        self,
        request: Request[bytes],
        target: Path | str,
        progress: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Write an answer, however large, to `target`, which is there whole or not at all.

        `progress` is told how many bytes came in addition.
        """
        async with self._streamed(request) as response:
            with whole(target) as file:
                try:
                    async for piece in response.aiter_bytes(PIECE):
                        await anyio.to_thread.run_sync(file.write, piece)
                        progress(len(piece))
                except httpx.RequestError as error:
                    raise unreachable(self.url, error) from error

    async def follow_job(self, id: int) -> AsyncIterator[JobEvent]:
        """What happens in a job from its beginning to its end, across lost connections."""
        following = Following(id, self.url, self._retries)
        while not following.done:
            async with self._streamed(following.request()) as response:
                try:
                    async for line in response.aiter_lines():
                        if event := following.hear(line):
                            yield event
                except httpx.RequestError:
                    pass  # it goes on after the last event that was heard
            if not following.done:
                await anyio.sleep(following.broken())

    async def wait_for_job(self, id: int, *, timeout: float | None = None) -> Job:
        """The job once it has finished, well or not. Raises TimeoutError after so many seconds."""
        with anyio.fail_after(timeout):
            while not (job := await self.send(jobs.job(id))).finished:
                await anyio.sleep(POLL_SECONDS)
            return job

    async def export_collection(
        self, name: str, target: Path | str, progress: Callable[[int], object] = lambda _: None
    ) -> None:
        """Write a collection to `target`, a tar that `import_archive` takes. Raises NotFound."""
        await self.download(collections.export(name), target, progress)

    @asynccontextmanager
    async def _streamed(self, request: Request[bytes]) -> AsyncIterator[httpx.Response]:
        """An answer that was not read yet."""
        response = await self._answered(request, stream=True)
        try:
            if not response.is_success:
                await response.aread()
                answer_of(request, self.url, response)
            yield response
        finally:
            await response.aclose()

    async def _answered(self, request: Request[Any], *, stream: bool) -> httpx.Response:
        """The answer, once it counts."""
        attempts = Attempts(request, self.url, self._retries)
        while True:
            try:
                with ExitStack() as opened:
                    sent = request.arguments(opened)
                    built = self._http.build_request(request.method, self.url + request.path, **sent)
                    response = await self._http.send(built, stream=stream)
            except httpx.RequestError as error:
                pause: float | None = attempts.after_error(error)
            else:
                pause = attempts.after_answer(response.status_code, response.headers)
                if pause is None:
                    return response
                await response.aclose()
            await anyio.sleep(pause or 0)
