"""Rows: the full vectors of one collection in memory, by id."""

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from index.vectors import Ids, Rows

BLOCK_ROWS = 65_536  # 128 MB at 512 dimensions
FIRST_ROWS = 64

Slots = NDArray[np.int64]
"""(n,) places in a RowStore, until its next change"""


class RowStore:
    """Rows of `dim` float32 in blocks: one array that grows would for a moment be there twice.

    A removal moves the last rows to the places that come free, so there are no gaps, and no order. Not
    thread-safe: changes need to be alone.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._blocks: list[Rows] = []  # the first may be short, and then is the only one
        self._size = 0
        # With room to grow; a dictionary would take eight times the memory, and as long for a look-up.
        self._ids = np.empty(0, np.int64)  # by slot
        self._sorted = np.empty(0, np.int64)  # the same, ascending,
        self._slots = np.empty(0, np.int64)  # and where they are

    def __len__(self) -> int:
        return self._size

    @property
    def ids(self) -> Ids:
        """By slot; a view."""
        return self._ids[: self._size]

    def blocks(self) -> Iterator[Rows]:
        """All rows in the order of their slots; views."""
        for start in range(0, self._size, BLOCK_ROWS):
            yield self._blocks[start // BLOCK_ROWS][: self._size - start]

    def find(self, ids: Ids) -> Slots:
        """The slots of those of the ids that are there, in the order given."""
        here = self._sorted[: self._size]
        if not len(here):
            return np.empty(0, np.int64)
        places = np.searchsorted(here, ids)
        slots: Slots = self._slots[places[here.take(places, mode="clip") == ids]]
        return slots

    def parts(self, slots: Slots) -> Iterator[tuple[slice, Rows, Slots]]:
        """Of ascending slots, for each block that has some: which of them, the block, their places in it."""
        firsts = np.arange(0, self._size, BLOCK_ROWS)
        bounds = [*np.searchsorted(slots, firsts).tolist(), len(slots)]
        for first, block, (start, end) in zip(firsts.tolist(), self._blocks, pairwise(bounds), strict=True):
            if start < end:
                yield slice(start, end), block, slots[start:end] - first

    def take(self, slots: Slots) -> Rows:
        """A copy of the rows of ascending slots: (n, dim) float32."""
        rows = np.empty((len(slots), self._dim), np.float32)
        for here, block, places in self.parts(slots):
            # "clip" clips nothing here, but writes straight into `rows`, and "raise" would not.
            block.take(places, axis=0, out=rows[here], mode="clip")
        return rows

    def add(self, ids: Ids, rows: Rows) -> None:
        """Appends rows under ids that are not there."""
        start, end = self._size, self._size + len(ids)
        self._make_room(end)
        slots = np.arange(start, end)
        self._ids[start:end] = ids
        order = np.argsort(ids)
        at = np.searchsorted(self._sorted[:start], ids[order])
        if len(ids) and at[0] == start:  # the newest image has the highest id
            self._sorted[start:end], self._slots[start:end] = ids[order], slots[order]
        else:
            self._sorted[:end] = np.insert(self._sorted[:start], at, ids[order])
            self._slots[:end] = np.insert(self._slots[:start], at, slots[order])
        self._size = end
        self._put(slots, rows)

    def remove(self, ids: Ids) -> None:
        """Forgets the ids; ignores unknown ones."""
        gone = np.sort(self.find(np.unique(ids)))
        left = self._size - len(gone)
        free = gone[gone < left]
        moving = np.setdiff1d(np.arange(left, self._size), gone, assume_unique=True)
        self._put(free, self.take(moving))
        kept = ~np.isin(self._slots[: self._size], gone)
        self._sorted[:left] = self._sorted[: self._size][kept]
        self._slots[:left] = self._slots[: self._size][kept]
        self._ids[free] = self._ids[moving]
        self._slots[np.searchsorted(self._sorted[:left], self._ids[moving])] = free
        self._size = left
        del self._blocks[-(-left // BLOCK_ROWS) :]

    def _put(self, slots: Slots, rows: Rows) -> None:
        for here, block, places in self.parts(slots):
            block[places] = rows[here]

    def _make_room(self, n: int) -> None:
        if n > len(self._ids):
            room = max(n, 2 * self._size)
            self._ids, self._sorted, self._slots = (
                _longer(numbers, room) for numbers in (self._ids, self._sorted, self._slots)
            )
        if self._blocks and len(self._blocks[0]) < min(n, BLOCK_ROWS):
            self._blocks[0] = _longer(self._blocks[0], min(BLOCK_ROWS, max(n, 2 * self._size)))
        while sum(map(len, self._blocks)) < n:
            room = BLOCK_ROWS if self._blocks else min(BLOCK_ROWS, max(n, FIRST_ROWS))
            self._blocks.append(np.empty((room, self._dim), np.float32))


def _longer(array: NDArray[Any], n: int) -> NDArray[Any]:
    """The same with room for `n`."""
    longer = np.empty((n, *array.shape[1:]), array.dtype)
    longer[: len(array)] = array
    return longer
