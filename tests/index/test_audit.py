from index.audit import AuditQuery, Recall, audit, image_queries
from index.candidates import Picked
from index.gallery import Gallery
from index.records import SearchOptions
from index.vectors import Ids, Row
from tests.index.samples import random_rows, sample, unit

QUERY = unit(1, 1, 0, 0)
EVEN, ODD = unit(1, 1, 2, 0), unit(1, 0.1, 0, 0)


def test_by_hand_what_the_symmetric_score_puts_last_is_missed(gallery: Gallery) -> None:
    """S(EVEN, QUERY) = 0.577 and -0.179, S(ODD, QUERY) = 0.774 and -0.369: the orders differ."""
    even, odd = (one.record.id for one in gallery.add("default", [sample("even", EVEN), sample("odd", ODD)]))
    symmetric = gallery.search("default", QUERY, SearchOptions(scoring="symmetric", exact=True)).hits
    asymmetric = gallery.search("default", QUERY, SearchOptions(scoring="asymmetric", exact=True)).hits
    assert (symmetric[0].record.id, asymmetric[0].record.id) == (odd, even)
    assert audit(gallery, "default", [AuditQuery(QUERY)], k=1, depths=(1, 2)) == [
        Recall(candidates=1, symmetric=1, asymmetric=0, complete=0),
        Recall(candidates=2, symmetric=1, asymmetric=1, complete=1),
    ]
    assert audit(gallery, "default", [AuditQuery(QUERY), AuditQuery(unit(1, 0, 0, 0))], k=1, depths=(1,)) == [
        Recall(candidates=1, symmetric=1, asymmetric=0.5, complete=0.5)
    ]


def test_more_candidates_never_hold_less_and_all_hold_everything(gallery: Gallery) -> None:
    rows = random_rows(300, 4)
    gallery.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
    steps: list[None] = []
    queries = [AuditQuery(row) for row in random_rows(20, 4, seed=1)]
    recalls = audit(gallery, "default", queries, depths=(10, 20, 50, 300), step=lambda: steps.append(None))
    assert len(steps) == 20
    found = [recall.asymmetric for recall in recalls]
    assert found == sorted(found)
    assert found[0] < 1
    assert recalls[-1] == Recall(300, 1, 1, 1)
    assert all(recall.symmetric == 1 for recall in recalls)  # the structure is flat
    assert all(recall.complete <= recall.asymmetric for recall in recalls)


def test_images_ask_evenly_and_are_not_their_own_answer(gallery: Gallery) -> None:
    gallery.add("default", [sample(str(i), row) for i, row in enumerate(random_rows(9, 4))])
    queries = image_queries(gallery, "default", 3)
    assert [query.exclude for query in queries] == [{1}, {5}, {9}]
    assert (queries[1].row == gallery.vector("default", 5)).all()
    assert len(image_queries(gallery, "default", 100)) == 9


def test_collection_without_images_has_nothing_to_tell(gallery: Gallery) -> None:
    assert image_queries(gallery, "default", 10) == []
    assert audit(gallery, "default", [AuditQuery(QUERY)]) == []


def test_structure_that_misses_the_best_shows(gallery: Gallery) -> None:
    """An approximate structure, in the place of FAISS: it never finds image 1."""
    gallery.add("default", [sample(str(i), row) for i, row in enumerate(random_rows(20, 4))])
    candidates = gallery._space.shelf("default").images
    nearest = candidates.nearest

    def missing_the_first(query: Row, n: int, exclude: frozenset[int], only: Ids | None = None) -> Picked:
        return nearest(query, n, exclude | {1}, only)

    candidates.nearest = missing_the_first  # type: ignore[method-assign]
    best = gallery.vector("default", 1)
    (recall,) = audit(gallery, "default", [AuditQuery(best)], depths=(20,))
    assert recall.symmetric == 0.9
