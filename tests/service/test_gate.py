import threading

import anyio
import pytest

from service.batcher import Overloaded, WaitedTooLong
from service.gate import Gate


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"


@pytest.mark.anyio
async def test_results_and_errors_come_through() -> None:
    gate = Gate(threads=1, limit=1)
    assert await gate.run(divmod, 7, 2) == (3, 1)
    with pytest.raises(ZeroDivisionError):
        await gate.run(divmod, 7, 0)
    assert await gate.run(divmod, 8, 2) == (4, 0)


@pytest.mark.anyio
async def test_who_prepares_work_takes_a_place_already() -> None:
    gate = Gate(threads=1, limit=1)
    with gate.place():
        assert await gate.work(divmod, 7, 2) == (3, 1)
        with pytest.raises(Overloaded):
            await gate.run(divmod, 7, 2)
    assert await gate.run(divmod, 7, 2) == (3, 1)


@pytest.mark.anyio
async def test_functions_run_outside_the_event_loop() -> None:
    assert await Gate(threads=1, limit=1).run(threading.get_ident) != threading.get_ident()


@pytest.mark.anyio
async def test_who_comes_when_all_places_are_taken_is_turned_away_until_one_leaves() -> None:
    gate, leave = Gate(threads=1, limit=2), threading.Event()
    async with anyio.create_task_group() as visitors:
        visitors.start_soon(gate.run, leave.wait)
        visitors.start_soon(gate.run, leave.wait)  # waits for the only thread
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(Overloaded, match="2 are waiting"):
            await gate.run(leave.wait)
        leave.set()
    assert await gate.run(leave.wait)


@pytest.mark.anyio
async def test_who_gets_no_thread_in_time_is_sent_away_and_what_has_begun_goes_on() -> None:
    gate, leave, done = Gate(threads=1, limit=5, seconds=0.05), threading.Event(), list[str]()
    async with anyio.create_task_group() as visitors:
        visitors.start_soon(gate.run, leave.wait)
        await anyio.wait_all_tasks_blocked()
        with pytest.raises(WaitedTooLong, match=r"0\.05 s"):
            await gate.run(done.append, "late")
        leave.set()
    await gate.run(done.append, "in time")
    assert done == ["in time"]


@pytest.mark.anyio
async def test_items_give_their_results_in_order_a_few_at_once() -> None:
    gate, at_work, most = Gate(threads=9, limit=1), list[int](), list[int]()

    def halved(item: int) -> int:
        at_work.append(item)
        most.append(len(at_work))
        threading.Event().wait(0.01 if item == 0 else 0)
        at_work.remove(item)
        return item // 2

    assert await gate.each(halved, range(0, 40, 2), at_once=3) == list(range(20))
    assert 1 < max(most) <= 3
    assert gate.inside == 0


@pytest.mark.anyio
async def test_an_item_that_fails_ends_the_others_within_the_gate() -> None:
    gate, begun, leave = Gate(threads=9, limit=1), list[int](), threading.Event()

    def fail(item: int) -> None:
        begun.append(item)
        if item == 0:
            raise ZeroDivisionError
        leave.wait()

    async def ask() -> None:
        with pytest.raises(ZeroDivisionError):
            await gate.each(fail, range(9), at_once=2)
        assert leave.is_set(), "what has begun counts until its end"

    async with anyio.create_task_group() as visitors:
        visitors.start_soon(ask)
        while len(begun) < 2:
            await anyio.sleep(0.001)
        await anyio.wait_all_tasks_blocked()
        assert gate.inside == 1
        leave.set()
    assert gate.inside == 0
    assert begun in ([0, 1], [1, 0])
