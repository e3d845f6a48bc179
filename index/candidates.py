"""Candidates: the vectors of one collection in memory, and which of them to rank for a query."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import faiss
import numpy as np

from index.readers_writer import ReadersWriterLock
from index.rerank import best
from index.vectors import Ids, Row, Rows, Scores


@dataclass(frozen=True)
class Picked:
    """Images picked for a query, in no order that counts."""

    ids: Ids  # (n,) int64
    rows: Rows  # (n, dim) float32, a copy
    scored: int  # how many images were looked at with the score that counts


class Candidates:
    """A cache of the catalog's vectors in a flat FAISS index. Searches run side by side, changes alone."""

    def __init__(self, dim: int) -> None:
        self._dim = dim
        self._flat = faiss.IndexFlatIP(dim)
        self._index = faiss.IndexIDMap2(self._flat)
        self._lock = ReadersWriterLock()

    def __len__(self) -> int:
        return int(self._index.ntotal)

    def add(self, ids: Sequence[int] | Ids, rows: Rows) -> None:
        """Adds `rows`, (n, dim) float32, under n new ids: FAISS would keep an id twice and find it twice."""
        with self._lock.writing():
            self._index.add_with_ids(rows, np.asarray(ids, np.int64))

    def replace(self, ids: Sequence[int], rows: Rows) -> None:
        """Adds `rows`, (n, dim) float32, in place of what the n ids had, if they had anything."""
        keys = np.asarray(ids, np.int64)
        with self._lock.writing():
            self._index.remove_ids(faiss.IDSelectorBatch(keys))
            self._index.add_with_ids(rows, keys)

    def remove(self, ids: Sequence[int]) -> None:
        """Forgets the ids; ignores unknown ones. A call passes over all rows, for one id as for many."""
        with self._lock.writing():
            self._index.remove_ids(faiss.IDSelectorBatch(np.asarray(ids, np.int64)))

    def nearest(self, query: Row, n: int, exclude: frozenset[int], only: Ids | None = None) -> Picked:
        """The `n` images of highest inner product with `query`, (dim,) float32; among equals, low ids.

        Of those in `only`, ascending ids, where that is given.
        """
        parameters = _selecting(exclude, only)
        with self._lock.reading():
            if not len(self) or (only is not None and not len(only)):
                return self._nothing()
            faiss.omp_set_num_threads(1)  # of the calling thread; one query gains nothing from a second
            # One more than asked for shows whether images of equal score lie on both sides of the cut.
            (scores,), (ids,) = self._index.search(query[None], min(n + 1, len(self)), params=parameters)
            ids = ids[ids >= 0]  # FAISS pads with -1
            if len(ids) > n:
                clear = scores[n] < scores[n - 1]
                ids = ids[:n] if clear else self._at_least(scores[n - 1], query, n, parameters)
            return Picked(ids, self._index.reconstruct_batch(ids), len(ids))

    def scan(
        self, score: Callable[[Rows], Scores], n: int, exclude: frozenset[int], only: Ids | None = None
    ) -> Picked:
        """The `n` images that `score` puts highest, of all or of those in `only`; equal ones by ascending id.

        `score` takes (m, dim) float32, a view that it must not keep, and gives (m,) float32.
        """
        with self._lock.reading():
            if not len(self):
                return self._nothing()
            ids, rows = self._view()
            passing = ~np.isin(ids, list(exclude))
            if only is not None:
                passing &= np.isin(ids, only)
            kept = np.flatnonzero(passing)
            picked = kept[best(ids[kept], score(rows)[kept], n)]
            return Picked(ids[picked], rows[picked], len(kept))

    def _at_least(
        self, score: np.float32, query: Row, n: int, parameters: faiss.SearchParameters | None
    ) -> Ids:
        """The `n` best of all images that reach `score`. A search keeps arbitrary ones among equals."""
        radius = np.nextafter(score, np.float32(-np.inf))  # what is found lies above it
        _, scores, ids = self._index.range_search(query[None], float(radius), params=parameters)
        chosen: Ids = ids[best(ids, scores, n)]
        return chosen

    def _view(self) -> tuple[Ids, Rows]:
        """FAISS's own memory, not a copy: to be used under the lock only, where nothing moves it."""
        ids = faiss.rev_swig_ptr(self._index.id_map.data(), len(self))
        rows = faiss.rev_swig_ptr(self._flat.get_xb(), len(self) * self._dim)
        return ids, rows.reshape(len(self), self._dim)

    def _nothing(self) -> Picked:
        return Picked(np.empty(0, np.int64), np.empty((0, self._dim), np.float32), 0)


def _selecting(exclude: frozenset[int], only: Ids | None) -> faiss.SearchParameters | None:
    """Search parameters for one call's choice of ids. They keep alive what they point to."""
    hidden = faiss.IDSelectorBatch(np.array(list(exclude), np.int64)) if exclude else None
    shown = None if only is None else faiss.IDSelectorBatch(only)
    if hidden is None:
        return None if shown is None else faiss.SearchParameters(sel=shown)  # type: ignore[call-arg] # not in the stubs
    visible = faiss.IDSelectorNot(hidden)
    both = visible if shown is None else faiss.IDSelectorAnd(shown, visible)
    return faiss.SearchParameters(sel=both)  # type: ignore[call-arg]
