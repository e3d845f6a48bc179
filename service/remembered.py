"""The vectors of texts that were asked for lately: paging, typing and links ask for the same ones again."""

import threading
from collections import OrderedDict
from concurrent.futures import Future
from typing import Generic, TypeVar

from service.batcher import Batcher

Item = TypeVar("Item")
Result = TypeVar("Result")


class Remembered(Generic[Item, Result]):
    """A batcher that is asked once for each of the last `size` items. Thread-safe.

    What fails or is cancelled is not remembered; what is under way counts as known.
    """

    def __init__(self, batcher: Batcher[Item, Result], size: int) -> None:
        self._batcher = batcher
        self._size = size
        self._futures: OrderedDict[Item, Future[Result]] = OrderedDict()
        self._lock = threading.Lock()

    def submit(self, item: Item, *, patient: bool = False) -> Future[Result]:
        """As the batcher's, which is asked only where the item is not known."""
        with self._lock:
            known = self._futures.get(item)
            if known is not None and not _failed(known):
                self._futures.move_to_end(item)
                return known
        future = self._batcher.submit(item, patient=patient)  # outside the lock: the patient may wait long
        with self._lock:
            self._futures[item] = future
            self._futures.move_to_end(item)
            while len(self._futures) > self._size:
                self._futures.popitem(last=False)
        return future


def _failed(future: Future[Result]) -> bool:
    return future.cancelled() or (future.done() and future.exception() is not None)
