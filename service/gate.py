"""How many requests of a kind may be at work, and how many may wait for their turn."""

from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from contextlib import asynccontextmanager, contextmanager
from functools import partial
from typing import ParamSpec, TypeVar

from anyio import CapacityLimiter, Semaphore, create_task_group, fail_after, to_thread
from anyio.abc import TaskGroup

from service.batcher import Overloaded, WaitedTooLong

P = ParamSpec("P")
T = TypeVar("T")
Item = TypeVar("Item")


@asynccontextmanager
async def together() -> AsyncIterator[TaskGroup]:
    """Tasks of which the first that fails ends the others; its exception comes out as it is."""
    try:
        async with create_task_group() as tasks:
            yield tasks
    except ExceptionGroup as group:
        first = group.exceptions[0]
        raise first from first.__cause__


class Gate:
    """Runs blocking functions in at most `threads` threads, off the event loop, with at most `limit` inside.

    Who gets no thread within `seconds` is sent away, where that is given; what has begun goes on.
    Belongs to one event loop, and is used in it only.
    """

    def __init__(self, *, threads: int, limit: int, seconds: float | None = None) -> None:
        self._threads = CapacityLimiter(threads)
        # The limiter has a queue as well, but who is to leave it would have to leave the thread, too.
        # Fast: no round of the event loop where a thread is free.
        self._turns = Semaphore(threads, fast_acquire=True)
        self._limit = limit
        self._seconds = seconds
        self._inside = 0

    @property
    def inside(self) -> int:
        """How many are at work or wait."""
        return self._inside

    @contextmanager
    def place(self) -> Iterator[None]:
        """Be inside, for what comes before and after the work. Raises Overloaded where `limit` are so."""
        if self._inside >= self._limit:
            raise Overloaded(self._limit)
        self._inside += 1
        try:
            yield
        finally:
            self._inside -= 1

    async def work(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """The function's result, or its exception; for those who are inside. Raises WaitedTooLong."""
        await self._turn()
        try:
            return await to_thread.run_sync(partial(function, *args, **kwargs), limiter=self._threads)
        finally:
            self._turns.release()

    async def _turn(self) -> None:
        try:
            with fail_after(self._seconds):
                await self._turns.acquire()
        except TimeoutError:
            assert self._seconds is not None
            raise WaitedTooLong(self._seconds) from None

    async def each(self, function: Callable[[Item], T], items: Iterable[Item], *, at_once: int) -> list[T]:
        """`work` for each of the items, a few at once so that others get their turn, in one place.

        Where one fails, those that have begun end, the others never begin, and its exception is raised.
        Raises Overloaded, WaitedTooLong among them.
        """
        waiting = enumerate(items)
        done: dict[int, T] = {}

        async def one_by_one() -> None:
            for position, item in waiting:
                done[position] = await self.work(function, item)

        with self.place():
            async with together() as tasks:
                for _ in range(at_once):
                    tasks.start_soon(one_by_one)
        return [done[position] for position in sorted(done)]

    async def run(self, function: Callable[P, T], *args: P.args, **kwargs: P.kwargs) -> T:
        """`work` in a place of its own. Raises Overloaded."""
        with self.place():
            return await self.work(function, *args, **kwargs)
