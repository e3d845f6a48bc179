"""The audit: how much of what an exhaustive search finds, the usual one finds from N candidates."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from index.errors import NotEmbedded
from index.gallery import Gallery
from index.records import Scoring, SearchOptions
from index.vectors import Row

DEPTHS = (10, 20, 50, 100, 200, 500, 1000, 2000)  # numbers of candidates
PAGE = 1000


class AuditQuery(NamedTuple):
    """`exclude` are the images that ask: each would be its own first hit in any search."""

    row: Row  # (dim,) float32, unit
    exclude: frozenset[int] = frozenset()


@dataclass(frozen=True)
class Recall:
    """Means over the queries, in [0, 1]: of the k that are best of all by a score, how many were found.

    Under the symmetric score, which picks the candidates, something is missing only where the structure in
    front of the vectors is approximate.
    """

    candidates: int
    symmetric: float
    asymmetric: float
    complete: float  # queries for which all k by the asymmetric score were found


def audit(
    gallery: Gallery,
    collection: str,
    queries: Sequence[AuditQuery],
    *,
    k: int = 10,
    depths: Sequence[int] = DEPTHS,
    step: Callable[[], object] = lambda: None,
) -> list[Recall]:
    """A row for each number of candidates; calls `step` after each query. Raises UnknownCollection.

    Both searches rank by the same score and break ties alike, so that an image of the exhaustive top k is
    missing from the other exactly where it was not among the candidates.
    """
    shares: list[list[tuple[float, float]]] = []
    for query in queries:
        best = {
            scoring: _top(gallery, collection, query, _exhaustive(k, scoring, query)) for scoring in _SCORINGS
        }
        if best["symmetric"]:
            shares.append(list(_shares(gallery, collection, query, k, depths, best)))
        step()
    if not shares:
        return []
    table = np.array(shares)  # (queries, depths, 2)
    return [
        Recall(
            depth,
            symmetric=float(table[:, place, 0].mean()),
            asymmetric=float(table[:, place, 1].mean()),
            complete=float((table[:, place, 1] == 1).mean()),
        )
        for place, depth in enumerate(depths)
    ]


def image_queries(gallery: Gallery, collection: str, most: int) -> list[AuditQuery]:
    """Images of the collection that ask for the like of them, up to `most`, evenly from oldest to newest."""
    ids: list[int] = []
    while page := gallery.images(collection, after=ids[-1] if ids else None, limit=PAGE):
        ids += [record.id for record in page]
    if len(ids) > most:
        ids = [ids[place] for place in np.linspace(0, len(ids) - 1, most).astype(int)]
    queries = []
    for id in ids:
        try:
            queries.append(AuditQuery(gallery.vector(collection, id), frozenset((id,))))
        except NotEmbedded:
            continue
    return queries


_SCORINGS: tuple[Scoring, ...] = ("symmetric", "asymmetric")


def _exhaustive(k: int, scoring: Scoring, query: AuditQuery) -> SearchOptions:
    return SearchOptions(k=k, scoring=scoring, exact=True, exclude=query.exclude)


def _shares(
    gallery: Gallery,
    collection: str,
    query: AuditQuery,
    k: int,
    depths: Sequence[int],
    best: dict[Scoring, set[int]],
) -> Iterator[tuple[float, float]]:
    """For each depth, the share of the best that is found under each score."""
    for depth in depths:
        found = []
        for scoring in _SCORINGS:
            options = SearchOptions(k=k, scoring=scoring, candidates=depth, exclude=query.exclude)
            top = _top(gallery, collection, query, options)
            found.append(len(top & best[scoring]) / len(best[scoring]))
        yield found[0], found[1]


def _top(gallery: Gallery, collection: str, query: AuditQuery, options: SearchOptions) -> set[int]:
    return {hit.record.id for hit in gallery.search(collection, query.row, options).hits}
