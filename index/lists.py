"""Lists: the approximate structure of a large collection, FAISS's inverted file with 8-bit codes.

Training finds centroids for the rows; each row goes to the list of the nearest one. A search passes over the
lists whose centroids are nearest to the query. It misses what lies in others: how often, `PROBES` decides.
"""

from collections.abc import Callable
from math import isqrt

import faiss
import numpy as np

from index.vectors import Ids, Row, Rows

PROBES = 64  # lists that a search passes over: recall@10 0.998 at 100k rows, in 1 ms; 32 give 0.987 in 0.5 ms
DEPTH = 40  # and they hold this many times the rows wanted, so that a long list of results is as complete
ITERATIONS = 8  # of k-means; more of them find no more
SAMPLE = 40  # rows a list that training looks at


class Lists:
    """Codes of rows by id. Searches may run side by side; changes need to be alone.

    An 8-bit code is a quarter of the row, precise enough to tell whose full rows to score.
    """

    def __init__(self, index: faiss.IndexIVF) -> None:
        """Use `trained` or `read_from`."""
        self._index = index
        self._count = int(index.nlist)

    @classmethod
    def trained(cls, sample: Rows, lists: int, stopped: Callable[[], bool]) -> "Lists | None":
        """Empty lists with centroids for rows like the sample, (n, dim) float32; None if it was stopped."""
        faiss.omp_set_num_threads(1)  # searches need the other cores
        dim = sample.shape[1]
        centroids = faiss.IndexFlatIP(dim)
        parameters = faiss.ClusteringParameters()
        parameters.niter, parameters.spherical = 1, True
        parameters.min_points_per_centroid = 1  # with fewer than 39, FAISS warns
        clustering = faiss.Clustering(dim, lists, parameters)
        for _ in range(ITERATIONS):  # each goes on where the last one ended; between them it can stop
            if stopped():
                return None
            centroids.reset()
            clustering.train(sample, centroids)
        index = faiss.IndexIVFScalarQuantizer(
            centroids, dim, lists, faiss.ScalarQuantizer.QT_8bit, faiss.METRIC_INNER_PRODUCT, False
        )
        index.train(sample)  # of the codes: the centroids are there
        # Which finds what to remove without a pass over all lists.
        index.set_direct_map_type(faiss.DirectMap.Hashtable)  # type: ignore[attr-defined] # not in the stubs
        return cls(index)

    @classmethod
    def read_from(cls, read: Callable[[int], bytes]) -> "Lists":
        """What `write_to` wrote. The bytes have to be those: FAISS may crash on others."""
        index = faiss.read_index(faiss.PyCallbackIOReader(read))  # type: ignore[attr-defined]
        assert isinstance(index, faiss.IndexIVF)
        return cls(index)

    def write_to(self, write: Callable[[bytes], int]) -> None:
        """Raises what `write` raises."""
        faiss.write_index(self._index, faiss.PyCallbackIOWriter(write))  # type: ignore[attr-defined]

    @property
    def fit(self) -> int:
        """For how many rows there is the right number of lists."""
        return (self._count // 2) ** 2

    def __len__(self) -> int:
        return int(self._index.ntotal)

    @property
    def dim(self) -> int:
        return int(self._index.d)

    def ids(self) -> Ids:
        """All of them, in an order that a change may change; a copy."""
        lists = self._index.invlists
        assert lists is not None
        sizes = [lists.list_size(number) for number in range(self._count)]
        views = [faiss.rev_swig_ptr(lists.get_ids(i), size) for i, size in enumerate(sizes) if size]
        return np.concatenate([np.empty(0, np.int64), *views])

    def add(self, ids: Ids, rows: Rows) -> None:
        """Adds rows, (n, dim) float32, under ids that are not there."""
        faiss.omp_set_num_threads(1)
        self._index.add_with_ids(rows, ids)

    def remove(self, ids: Ids) -> None:
        """Forgets the ids; ignores unknown ones."""
        self._index.remove_ids(faiss.IDSelectorArray(ids))

    def probes(self, n: int, allowed: int) -> int | None:
        """How many lists to pass over for `n` rows of the `allowed` ones that are wanted at all.

        The rarer these are, the more lists, so that as many of them are seen as without a filter. None:
        half of the lists or more would be due; a scan of the full rows costs no more, and misses nothing.
        """
        lists, rows = self._count, max(1, len(self))
        probes = max(PROBES, DEPTH * n * lists / rows) * rows / max(1, allowed)
        return int(np.ceil(probes)) if 2 * probes < lists else None

    def nearest(self, query: Row, n: int, probes: int, selector: faiss.IDSelector | None) -> Ids:
        """Up to `n` ids, best codes first, of those that the selector lets pass."""
        faiss.omp_set_num_threads(1)  # of the calling thread; one query gains nothing from a second
        parameters = faiss.SearchParametersIVF(nprobe=probes, sel=selector)  # type: ignore[call-arg]
        _, (ids,) = self._index.search(query[None], n, params=parameters)
        found: Ids = ids[ids >= 0]  # FAISS pads with -1
        return found


def lists_for(n: int) -> int:
    """How many lists to make for `n` rows: with 2 sqrt(n), a search slows down as sqrt(n) grows."""
    return 2 * isqrt(n)
