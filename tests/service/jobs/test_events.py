from collections.abc import AsyncIterator, Iterator
from contextlib import aclosing, closing
from pathlib import Path

import anyio
import pytest

from index.records import CollectionKey
from service.gate import Gate
from service.jobs.events import Bell, told
from service.jobs.ledger import Ledger
from service.jobs.records import Entry, Result
from tests.service.jobs.packing import events


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    with closing(Ledger(tmp_path)) as ledger:
        yield ledger


def job_of(ledger: Ledger, items: int) -> int:
    """All of whose items exist already, though it has not ended."""
    entries = [Entry(str(number), b"") for number in range(items)]
    id = ledger.create("urls", CollectionKey(1, "default"), "", most_waiting=9, entries=entries).id
    ledger.record(id, [Result(number, "exists", 1, None) for number in range(items)])
    return id


def heard(ledger: Ledger, bell: Bell, id: int, after: int = 0) -> AsyncIterator[str]:
    return told(ledger, bell, Gate(threads=1, limit=1), id, after)


@pytest.mark.anyio
async def test_the_end_is_told_after_all_items_of_all_pages(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.jobs.events.PAGE", 2)
    id = job_of(ledger, 5)
    ledger.finish(id, "succeeded")
    found = events("".join([event async for event in heard(ledger, Bell(), id, after=1)]))
    assert [id for _, id, _ in found] == ["2", "3", "4", "5", "done"]


@pytest.mark.anyio
async def test_a_listener_hears_that_the_service_is_there_and_then_what_is_new(
    ledger: Ledger, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("service.jobs.events.HEARTBEAT_SECONDS", 0.01)
    bell, id = Bell(), job_of(ledger, 1)
    with anyio.fail_after(30):
        async with aclosing(heard(ledger, bell, id, after=1)) as stream:  # type: ignore[type-var]
            assert (await anext(stream)).startswith("event: progress\nid: 1\n")
            assert await anext(stream) == ": still here\n\n"
            ledger.finish(id, "succeeded")
            bell.ring()
            rest = "".join([event async for event in stream])
    assert [(kind, id) for kind, id, _ in events(rest)] == [("done", "done")]


@pytest.mark.anyio
async def test_a_bell_that_is_closed_ends_what_listens(ledger: Ledger) -> None:
    bell, id = Bell(), job_of(ledger, 1)
    with anyio.fail_after(10):
        async with aclosing(heard(ledger, bell, id, after=1)) as stream:  # type: ignore[type-var]
            assert (await anext(stream)).startswith("event: progress")
            bell.close()
            assert [event async for event in stream] == []
