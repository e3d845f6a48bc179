"""The client for programs that wait for each answer."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from types import TracebackType
from typing import Any, Self, TypeVar

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


class Pivot(Calls):
    """A service at an address. A context manager; safe to use from several threads.

    Every method raises Unreachable, NotPivot, or the Refused that names what the service found wrong.
    """

    def __init__(
        self,
        url: str,
        *,
        key: str | None = None,
        timeout: httpx.Timeout | float = TIMEOUT,
        retries: int = RETRIES,
        transport: httpx.BaseTransport | None = None,
    ) -> None:
        """`retries`: how often to come back to a service that is busy or away, where that is safe."""
        self.url = url.rstrip("/")
        self._retries = retries
        self._http = httpx.Client(timeout=timeout, transport=transport, **arguments(self.url, key))

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def send(self, request: Request[T]) -> T:
        """The answer to any request, also one of your own making."""
        return answer_of(request, self.url, self._answered(request, stream=False))

    def each(
        self, page: Callable[[str | None], Request[Page]], items: Callable[[Page], list[Item]]
    ) -> Iterator[Item]:
        """What is on the pages, which are fetched as they are needed."""
        answer = self.send(page(None))
        yield from items(answer)
        while answer.next_cursor is not None:
            answer = self.send(page(answer.next_cursor))
            yield from items(answer)

    def download(
        self,
        request: Request[bytes],
        target: Path | str,
        progress: Callable[[int], object] = lambda _: None,
    ) -> None:
        """Write an answer, however large, to `target`, which is there whole or not at all.

        `progress` is told how many bytes came in addition.
        """
        with self._streamed(request) as response, whole(target) as file:
            try:
                for piece in response.iter_bytes(PIECE):
                    file.write(piece)
                    progress(len(piece))
            except httpx.RequestError as error:
                raise unreachable(self.url, error) from error

    def follow_job(self, id: int) -> Iterator[JobEvent]:
        """What happens in a job from its beginning to its end, across lost connections."""
        following = Following(id, self.url, self._retries)
        while not following.done:
            with self._streamed(following.request()) as response:
                try:
                    for line in response.iter_lines():
                        if event := following.hear(line):
                            yield event
                except httpx.RequestError:
                    pass  # it goes on after the last event that was heard
            if not following.done:
                time.sleep(following.broken())

    def wait_for_job(self, id: int, *, timeout: float | None = None) -> Job:
        """The job once it has finished, well or not. Raises TimeoutError after so many seconds."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while not (job := self.send(jobs.job(id))).finished:
            if deadline is not None and time.monotonic() > deadline:
                raise TimeoutError(f"Job {id} is {job.state} after {timeout} seconds.")
            time.sleep(POLL_SECONDS)
        return job

    def export_collection(
        self, name: str, target: Path | str, progress: Callable[[int], object] = lambda _: None
    ) -> None:
        """Write a collection to `target`, a tar that `import_archive` takes. Raises NotFound."""
        self.download(collections.export(name), target, progress)

    @contextmanager
    def _streamed(self, request: Request[bytes]) -> Iterator[httpx.Response]:
        """An answer that was not read yet."""
        response = self._answered(request, stream=True)
        try:
            if not response.is_success:
                response.read()
                answer_of(request, self.url, response)
            yield response
        finally:
            response.close()

    def _answered(self, request: Request[Any], *, stream: bool) -> httpx.Response:
        """The answer, once it counts."""
        attempts = Attempts(request, self.url, self._retries)
        while True:
            try:
                with ExitStack() as opened:
                    sent = request.arguments(opened)
                    built = self._http.build_request(request.method, self.url + request.path, **sent)
                    response = self._http.send(built, stream=stream)
            except httpx.RequestError as error:
                pause: float | None = attempts.after_error(error)
            else:
                pause = attempts.after_answer(response.status_code, response.headers)
                if pause is None:
                    return response
                response.close()
            time.sleep(pause or 0)
