"""Candidates: the vectors of one collection in memory, and which of them to rank for a query."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import faiss
import numpy as np

from index.builder import Builder
from index.lists import Lists
from index.readers_writer import ReadersWriterLock
from index.rerank import BLOCK, best
from index.rows import RowStore, Slots
from index.snapshots import Prints, Saved, Snapshot, prints_of
from index.vectors import Ids, Matches, Row, Rows, Scores

EXACT_ROWS = 50_000  # up to here a search scores every row: 4 ms at 512 dimensions, as long as a text takes
CHURN = 0.5  # of the rows that lists were built for: when more than this came or went, new ones are due
SPARE = 50  # rows more than asked for: as 8-bit codes order them, the last ones may be the wrong ones
QUERIES = 64  # rows that are matched with all others at a time: 16 MB of scores
FEW_OUTDATED = 4096  # rows that `loaded` itself brings into the lists: 0.1 s

Score = Callable[[Rows], Scores]


@dataclass(frozen=True)
class Picked:
    """Images picked for a query, in no order that counts."""

    ids: Ids  # (n,) int64
    rows: Rows  # (n, dim) float32, a copy
    scored: int  # how many images were looked at with the score that counts


class Candidates:
    """A cache of the catalog's vectors. Searches run side by side, changes alone.

    A search of a small collection scores every row. Beyond EXACT_ROWS, lists are built in the background,
    and once they are there, `nearest` scores the rows that they bring forward; `scan` scores every row
    always. What was added is in the lists when `add` returns, what was removed is gone when `remove` does.
    """

    def __init__(self, dim: int, snapshot: Snapshot | None = None) -> None:
        """With a snapshot, lists are kept there."""
        self._dim = dim
        self._rows = RowStore(dim)
        self._lists: Lists | None = None
        self._changes = 0  # rows that came or went since the lists were built
        self._lock = ReadersWriterLock()
        self._snapshot = snapshot
        self._builder = Builder(self._rows, self._lock, snapshot, self._use)

    @classmethod
    def loaded(
        cls, dim: int, blocks: Iterable[tuple[Ids, Rows]], snapshot: Snapshot | None = None
    ) -> "Candidates":
        """Filled with blocks of new ids, (n,) int64, and rows, (n, dim) float32.

        Ready at once: lists that the snapshot lacks are built in the background.
        """
        candidates = cls(dim, snapshot)
        saved = None if snapshot is None else snapshot.load(dim)
        prints = [np.empty(0, np.uint32)]
        for ids, rows in blocks:
            candidates._rows.add(ids, rows)
            if saved is not None:
                prints.append(prints_of(rows))
        with candidates._lock.writing():
            candidates._resume(saved, np.concatenate(prints))
        return candidates

    def __len__(self) -> int:
        return len(self._rows)

    @property
    def in_lists(self) -> bool:
        """Whether lists bring forward what `nearest` scores."""
        return self._lists is not None

    def close(self) -> None:
        """Gives up what is being built in the background."""
        self._builder.stop()

    def add(self, ids: Sequence[int] | Ids, rows: Rows) -> None:
        """Adds `rows`, (n, dim) float32, under n new ids."""
        keys = np.asarray(ids, np.int64)
        with self._lock.writing():
            self._rows.add(keys, rows)
            if self._lists is not None:
                self._lists.add(keys, rows)
            self._changed(keys)

    def replace(self, ids: Sequence[int], rows: Rows) -> None:
        """Adds `rows`, (n, dim) float32, in place of what the n ids had, if they had anything."""
        keys = np.asarray(ids, np.int64)
        with self._lock.writing():
            self._forget(keys)
            self._rows.add(keys, rows)
            if self._lists is not None:
                self._lists.add(keys, rows)
            self._changed(keys)

    def remove(self, ids: Sequence[int]) -> None:
        """Forgets the ids; ignores unknown ones."""
        keys = np.asarray(ids, np.int64)
        with self._lock.writing():
            self._forget(keys)
            self._changed(keys)

    def nearest(self, query: Row, n: int, exclude: frozenset[int], only: Ids | None = None) -> Picked:
        """The `n` images of highest inner product with `query`, (dim,) float32; of those in `only`, if given.

        `only` is (m,) int64, ascending. Without lists the `n` are exactly those, among equals the low ids.

        With lists they are nearly those (see `lists.PROBES`), and where equal ones lie on both sides of the
        cut, any may make it; there are `n` all the same, if as many pass. Where a filter leaves little, or
        `n` is large beside the collection, every row that passes is scored.
        """
        with self._lock.reading():
            ids = self._brought_forward(query, n, exclude, only)
            if ids is None:
                picked = self._scanned(lambda rows: _inner_products(rows, query), n, exclude, only)
                return replace(picked, scored=len(picked.ids))
            slots = np.sort(self._rows.find(np.sort(ids)))  # all of them: the lists hold what the rows do
            scores = np.empty(len(slots), np.float32)
            for here, block, places in self._rows.parts(slots):
                scores[here] = _inner_products(block, query, places)
            picked = self._picked(slots, scores, n)
            return replace(picked, scored=len(picked.ids))

    def scan(self, score: Score, n: int, exclude: frozenset[int], only: Ids | None = None) -> Picked:
        """The `n` images that `score` puts highest, of all or of those in `only`; equal ones by ascending id.

        `score` takes (m, dim) float32, a view that it must not keep, and gives (m,) float32.
        """
        with self._lock.reading():
            return self._scanned(score, n, exclude, only)

    def ids(self) -> Ids:
        """All of them, ascending; a copy."""
        with self._lock.reading():
            return np.sort(self._rows.ids)

    def matches(self, ids: Ids, least: float, most: int) -> list[Matches]:
        """For each of the ids, the others whose inner product with it is at least this, the `most` lowest
        ids at most; none for ids that are not there."""
        return [
            one
            for start in range(0, len(ids), QUERIES)
            for one in self._matches(ids[start : start + QUERIES], least, most)
        ]

    def _matches(self, ids: Ids, least: float, most: int) -> Iterator[Matches]:
        with self._lock.reading():
            here = np.isin(ids, self._rows.ids)
            slots = self._rows.find(ids[here])
            queries = self._rows.take(np.sort(slots))[np.argsort(np.argsort(slots))]
            found: list[list[Matches]] = [[] for _ in ids]
            first = 0
            for block in self._rows.blocks():
                others = self._rows.ids[first : first + len(block)]
                first += len(block)
                scores = queries @ block.T
                for place, row in zip(np.flatnonzero(here).tolist(), scores, strict=True):
                    good = np.flatnonzero(row >= least)
                    good = good[others[good] != ids[place]]
                    found[place].append(Matches(others[good], np.minimum(row[good], 1)))
        for parts in found:
            yield _lowest(parts, most)

    def _scanned(self, score: Score, n: int, exclude: frozenset[int], only: Ids | None) -> Picked:
        if only is None:
            slots = np.arange(len(self))
            scores = _joined(score(rows) for rows in self._rows.blocks())
            if exclude:
                slots = np.delete(slots, self._rows.find(_array(exclude)))
                scores = scores[slots]
        else:
            slots = np.sort(self._rows.find(np.setdiff1d(only, _array(exclude), assume_unique=True)))
            steps = (slots[start : start + BLOCK] for start in range(0, len(slots), BLOCK))
            scores = _joined(score(self._rows.take(step)) for step in steps)
        return self._picked(slots, scores, n)

    def _picked(self, slots: Slots, scores: Scores, n: int) -> Picked:
        """The `n` best of the rows in ascending slots, which the scores are of."""
        chosen = np.sort(best(self._rows.ids[slots], scores, n))
        return Picked(self._rows.ids[slots[chosen]], self._rows.take(slots[chosen]), len(slots))

    def _brought_forward(self, query: Row, n: int, exclude: frozenset[int], only: Ids | None) -> Ids | None:
        """Whose full rows to score, at least `n`; None where it had better be all of them."""
        if self._lists is None:
            return None
        fetched = n + SPARE
        probes = self._lists.probes(fetched, len(self) if only is None else len(only))
        if probes is None:
            return None
        ids = self._lists.nearest(query, fetched, probes, _selector(exclude, only))
        return None if len(ids) < n else ids

    def _forget(self, keys: Ids) -> None:
        self._rows.remove(keys)
        if self._lists is not None:
            self._lists.remove(keys)

    def _changed(self, keys: Ids) -> None:
        """Lists go where few rows are left, and are built where many came or went."""
        self._builder.note(keys.tolist())
        self._changes += len(keys)
        if len(self) <= EXACT_ROWS // 2:
            self._lists = None
        elif len(self) > EXACT_ROWS and (self._lists is None or self._changes > CHURN * self._lists.fit):
            self._builder.start()

    def _use(self, lists: Lists) -> None:
        """Of lists that have caught up with much, it counts as changes."""
        self._lists, self._changes = lists, abs(len(lists) - lists.fit)

    def _resume(self, saved: Saved | None, prints: Prints) -> None:
        """Begins with the lists that were saved, as far as they are of use."""
        if len(self) <= EXACT_ROWS:
            return
        outdated = None if saved is None else saved.outdated(self._rows.ids, prints)
        if saved is None or outdated is None or len(outdated) > CHURN * len(saved.lists):
            self._builder.start()
        elif len(outdated) > FEW_OUTDATED:
            self._builder.start(saved.lists, outdated.tolist())
        else:
            saved.lists.remove(outdated)
            slots = np.sort(self._rows.find(outdated))
            saved.lists.add(self._rows.ids[slots], self._rows.take(slots))
            self._use(saved.lists)


def _inner_products(rows: Rows, query: Row, places: Slots | None = None) -> Scores:
    """(n, dim) float32, (dim,) float32 -> (n,) float32; of the rows at some places only, if these are given.

    A row's score depends on that row and the query alone, to the last bit, so that equal rows tie. FAISS's
    function that takes no places is no faster, and at some dimensions treats the last rows differently.
    """
    places = np.arange(len(rows)) if places is None else places
    query, scores = np.ascontiguousarray(query), np.empty(len(places), np.float32)
    arrays = [faiss.swig_ptr(array) for array in (scores, query, rows, places)]
    faiss.omp_set_num_threads(1)  # of the calling thread; one query gains nothing from a second
    faiss.fvec_inner_products_by_idx(*arrays, len(query), 1, len(places))  # type: ignore[attr-defined]
    return scores


def _array(ids: frozenset[int]) -> Ids:
    return np.array(sorted(ids), np.int64)


def _joined(scores: Iterable[Scores]) -> Scores:
    return np.concatenate([np.empty(0, np.float32), *scores])


def _lowest(parts: Sequence[Matches], most: int) -> Matches:
    """All of these as one, the `most` lowest ids at most."""
    ids = np.concatenate([np.empty(0, np.int64), *(part.ids for part in parts)])
    order = np.argsort(ids)[:most]
    return Matches(ids[order], _joined(part.values for part in parts)[order])


def _selector(exclude: frozenset[int], only: Ids | None) -> faiss.IDSelector | None:
    """What passes in one call. It keeps alive what it points to."""
    shown = None if only is None else faiss.IDSelectorBatch(only)
    if not exclude:
        return shown
    kept = faiss.IDSelectorNot(faiss.IDSelectorBatch(_array(exclude)))
    return kept if shown is None else faiss.IDSelectorAnd(shown, kept)
