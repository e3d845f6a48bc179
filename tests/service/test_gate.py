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
