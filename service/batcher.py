"""Many callers, one network: items that wait at the same moment go through it in one call."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

from collections import Counter, deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import CancelledError, Future
from threading import Condition, Thread
from time import monotonic
from typing import Generic, NamedTuple, TypeVar

Item = TypeVar("Item")
Result = TypeVar("Result")


class Overloaded(Exception):
    """As many wait as may wait; the caller should come back after `retry_after` seconds."""

    def __init__(self, limit: float, retry_after: int = 1) -> None:
        super().__init__(limit, retry_after)
        self.limit = limit
        self.retry_after = retry_after

    def __str__(self) -> str:
        return f"{self.limit} are waiting already, which is the limit. Try again in {self.retry_after} s."


class WaitedTooLong(Overloaded):
    """It was not yet its turn after `limit` seconds; nothing was done for it."""

    def __str__(self) -> str:
        return (
            f"The request waited for the limit of {self.limit:g} s without its turn coming."
            f" Try again in {self.retry_after} s."
        )


class Stopping(Exception):
    """The service finishes what it accepted and accepts nothing new."""

    def __str__(self) -> str:
        return "The service is stopping. Try again when it is back."


def in_time(future: Future[Result], seconds: float) -> Result:
    """The result of what begins within so many seconds; else nobody need begin with it.

    Raises WaitedTooLong, also where another who waited for the same has given it up.
    """
    try:
        return future.result(seconds)
    except CancelledError:
        raise WaitedTooLong(seconds) from None
    except TimeoutError:
        if future.cancel():  # fails where it has begun
            raise WaitedTooLong(seconds) from None
        return future.result()


class Load(NamedTuple):
    waiting: int  # items
    busy_seconds: float  # for which the batch at work has been under way; 0 where there is none
    sizes: Mapping[int, int]  # how many batches there were, by their items


class Batcher(Generic[Item, Result]):
    """Runs `function` over waiting items, at most `batch` at a time, in one thread of its own.

    `function` gives one result per item, in their order. What it raises, every item of that batch gets.
    At most `queue` items wait. What is cancelled while it waits is left out.
    """

    def __init__(
        self, function: Callable[[Sequence[Item]], Iterable[Result]], *, name: str, batch: int, queue: int
    ) -> None:
        self._function = function
        self._batch = batch
        self._queue = queue
        self._waiting: deque[tuple[Item, Future[Result]]] = deque()
        self._changed = Condition()
        self._busy_since: float | None = None  # by the monotonic clock
        self._sizes: Counter[int] = Counter()
        self._closed = False
        self._thread = Thread(target=self._work, name=name, daemon=True)
        self._thread.start()

    def submit(self, item: Item, *, patient: bool = False) -> Future[Result]:
        """Queue one item. A full queue raises `Overloaded`; a `patient` caller waits for room instead.

        Raises `Stopping` once closed.
        """
        with self._changed:
            while patient and self._full() and not self._closed:
                self._changed.wait()
            if self._closed:
                raise Stopping
            if self._full():
                raise Overloaded(self._queue)
            future: Future[Result] = Future()
            self._waiting.append((item, future))
            self._changed.notify_all()
            return future

    def load(self) -> Load:
        with self._changed:
            since = self._busy_since
            busy = 0.0 if since is None else monotonic() - since
            return Load(len(self._waiting), busy, dict(self._sizes))

    def close(self) -> None:
        """Refuse new items, finish those that wait."""
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()

    def _full(self) -> bool:
        if len(self._waiting) >= self._queue:
            self._waiting = deque(waiting for waiting in self._waiting if not waiting[1].cancelled())
        return len(self._waiting) >= self._queue

    def _work(self) -> None:
        while batch := self._take():
            items, futures = zip(*batch, strict=True)
            try:
                results = self._function(items)
                for future, result in zip(futures, results, strict=True):
                    future.set_result(result)
            except Exception as error:
                for future in futures:
                    if not future.done():
                        future.set_exception(error)

    def _take(self) -> list[tuple[Item, Future[Result]]]:
        """The next batch, as soon as there is one; empty when closed and done."""
        batch: list[tuple[Item, Future[Result]]] = []
        with self._changed:
            self._busy_since = None
            while not batch and (self._waiting or not self._closed):
                while not (self._waiting or self._closed):
                    self._changed.wait()
                while self._waiting and len(batch) < self._batch:
                    item, future = self._waiting.popleft()
                    if future.set_running_or_notify_cancel():
                        batch.append((item, future))
                self._changed.notify_all()
            if batch:
                self._busy_since = monotonic()
                self._sizes[len(batch)] += 1
            return batch
