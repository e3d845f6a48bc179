"""What happens to a job, told as it happens: Server-Sent Events, made from the ledger.

An item's event has the item's number plus one as its id, which is how many items are done by then. So
`Last-Event-ID` says exactly what a listener has: the ledger tells the rest. `progress` goes by the id before
it, and `done`, the last event, by `done`.
"""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager, suppress
from typing import Final

from pydantic import BaseModel
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

from service.gate import Gate
from service.job_schemas import Job, JobItem
from service.jobs.ledger import Ledger
from service.jobs.records import ItemRecord, JobRecord

DONE: Final = "done"
HEARTBEAT_SECONDS: Final = 15.0  # proxies hang up on connections that stay silent
PAGE: Final = 200  # items of a listener that are in memory


class Bell:
    """Wakes the listeners, who wait in an event loop, from any thread."""

    def __init__(self) -> None:
        self.closed = False
        self._loop: asyncio.AbstractEventLoop | None = None
        self._waiting: set[asyncio.Event] = set()

    def ring(self) -> None:
        loop = self._loop
        if loop is not None:
            with suppress(RuntimeError):  # the loop has ended, and with it all who listened
                loop.call_soon_threadsafe(self._wake)

    def close(self) -> None:
        """Ends what listens, now and from now on."""
        self.closed = True
        self.ring()

    @contextmanager
    def heard(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever the bell rings."""
        self._loop = asyncio.get_running_loop()
        event = asyncio.Event()
        self._waiting.add(event)
        try:
            yield event
        finally:
            self._waiting.discard(event)

    def _wake(self) -> None:
        for event in self._waiting:
            event.set()


class Following(StreamingResponse):
    """The events as an answer. Raises Overloaded, as long as there can be another one."""

    def __init__(self, gate: Gate, events: AsyncIterator[str]) -> None:
        headers = {"Cache-Control": "no-store", "X-Accel-Buffering": "no"}
        super().__init__(events, headers=headers, media_type="text/event-stream")
        self._gate = gate

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._gate.place():
            await super().__call__(scope, receive, send)


async def told(ledger: Ledger, bell: Bell, gate: Gate, id: int, after: int) -> AsyncIterator[str]:
    """The events of the job that follow the first `after` items, until it is done or the service stops.

    For those who are inside the gate.
    """
    before: Job | None = None
    with bell.heard() as rung:
        while not bell.closed:
            rung.clear()
            record, items = await gate.work(_look, ledger, id, after)
            for item in items:
                after = item.number + 1
                yield event("item", str(after), JobItem.of(item))
            job = Job.of(record)
            if len(items) == PAGE:
                continue
            if record.finished:
                yield event(DONE, DONE, job)
                return
            if job != before:
                yield event("progress", str(after), job)
                before = job
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), HEARTBEAT_SECONDS)
                continue
            yield ": still here\n\n"


def event(name: str, id: str, data: BaseModel) -> str:
    return f"event: {name}\nid: {id}\ndata: {data.model_dump_json()}\n\n"


def _look(ledger: Ledger, id: int, after: int) -> tuple[JobRecord, list[ItemRecord]]:
    job = ledger.job(id)  # before its items: of a finished one, none is missing then
    return job, ledger.items(id, after=after - 1, limit=PAGE)
