"""Rows: the full vectors of one collection in memory, by id."""

from collections.abc import Iterable, Iterator

import numpy as np
from numpy.typing import NDArray

from index.vectors import Ids, Row, Rows

BLOCK_ROWS = 65_536  # 128 MB at 512 dimensions
FIRST_ROWS = 64

Slots = NDArray[np.intp]
"""(n,) positions in a RowStore, until its next change"""


class RowStore:
    """Rows of `dim` float32 in blocks: one array that grows would for a moment be there twice.

    A removal moves the last row to the place that comes free, so there are no gaps, and no order. Not
    thread-safe: changes need to be alone.
    """

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._blocks: list[Rows] = []  # the first may be short, and then is the only one
        self._ids = np.empty(0, np.int64)  # by slot, with room to grow
        self._slots: dict[int, int] = {}  # by id

    def __len__(self) -> int:
        return len(self._slots)

    @property
    def ids(self) -> Ids:
        """By slot; a view."""
        return self._ids[: len(self)]

    def blocks(self) -> Iterator[Rows]:
        """All rows in the order of their slots; views."""
        for start in range(0, len(self), BLOCK_ROWS):
            yield self._blocks[start // BLOCK_ROWS][: len(self) - start]

    def find(self, ids: Iterable[int]) -> Slots:
        """The slots of those of the ids that are there, in the order given."""
        slots = self._slots
        return np.array([slots[id] for id in ids if id in slots], np.intp)

    def take(self, slots: Slots) -> Rows:
        """A copy of the rows: (n, dim) float32."""
        rows = np.empty((len(slots), self._dim), np.float32)
        blocks, places = np.divmod(slots, BLOCK_ROWS)
        for block in np.unique(blocks):
            here = blocks == block
            rows[here] = self._blocks[block][places[here]]
        return rows

    def add(self, ids: Ids, rows: Rows) -> None:
        """Appends rows under ids that are not there."""
        start, end = len(self), len(self) + len(ids)
        self._make_room(end)
        self._ids[start:end] = ids
        self._slots.update(zip(ids.tolist(), range(start, end), strict=True))
        for block in range(start // BLOCK_ROWS, -(-end // BLOCK_ROWS)):
            first = block * BLOCK_ROWS
            low, high = max(start, first), min(end, first + BLOCK_ROWS)
            self._blocks[block][low - first : high - first] = rows[low - start : high - start]

    def remove(self, ids: Iterable[int]) -> None:
        """Forgets the ids; ignores unknown ones."""
        for id in ids:
            slot = self._slots.pop(id, None)
            if slot is None:
                continue
            last = len(self)  # the slot that the last row has had
            if slot != last:
                moved = int(self._ids[last])
                self._ids[slot], self._slots[moved] = moved, slot
                self._row(slot)[:] = self._row(last)
        del self._blocks[-(-len(self) // BLOCK_ROWS) :]

    def _row(self, slot: int) -> Row:
        block, place = divmod(slot, BLOCK_ROWS)
        row: Row = self._blocks[block][place]
        return row

    def _make_room(self, n: int) -> None:
        if n > len(self._ids):
            self._ids = np.concatenate([self.ids, np.empty(max(n, 2 * len(self)) - len(self), np.int64)])
        if self._blocks and len(self._blocks[0]) < min(n, BLOCK_ROWS):
            self._blocks[0] = _longer(self._blocks[0], n)
        while len(self._blocks) * BLOCK_ROWS < n:
            room = BLOCK_ROWS if self._blocks or n > BLOCK_ROWS else max(n, FIRST_ROWS)
            self._blocks.append(np.empty((room, self._dim), np.float32))


def _longer(block: Rows, n: int) -> Rows:
    """The block with room for at least `n` rows, or as many as a block holds."""
    longer = np.empty((min(BLOCK_ROWS, max(n, 2 * len(block))), block.shape[1]), np.float32)
    longer[: len(block)] = block
    return longer
