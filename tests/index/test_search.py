"""The fast way to search equals the slow one."""

from collections.abc import Iterator
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.errors import BadVector
from index.gallery import Gallery
from index.records import Hit, Scoring, SearchOptions
from index.rerank import SCORES
from index.vectors import Row
from tests.index.samples import DIM, MODEL, random_rows, sample, unit

# Of few different numbers, so that equal rows and equal scores are common.
rows = st.lists(st.integers(0, 2), min_size=DIM, max_size=DIM).filter(any).map(lambda numbers: unit(*numbers))
scorings = st.sampled_from(["symmetric", "asymmetric"])


@pytest.fixture(scope="module")
def gallery(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Gallery]:
    with Gallery.open(tmp_path_factory.mktemp("store"), dim=DIM, model_version=MODEL) as opened:
        yield opened


def filled(gallery: Gallery, vectors: list[Row]) -> tuple[str, dict[int, Row]]:
    """A new collection with an image for each of the vectors, and its vectors by id."""
    name = f"collection-{len(gallery.collections())}"
    gallery.create_collection(name)
    added = gallery.add(name, [sample(str(i), vector) for i, vector in enumerate(vectors)])
    return name, {one.record.id: vector for one, vector in zip(added, vectors, strict=True)}


def literal_scan(vectors: dict[int, Row], query: Row, scoring: Scoring) -> dict[int, float]:
    if scoring == "symmetric":
        return {id: float(np.sum(v.astype(float) * query)) for id, v in vectors.items()}
    return {id: -float(np.sum(np.maximum(0, query - v.astype(float)) ** 2)) for id, v in vectors.items()}


def score(hit: Hit, scoring: Scoring) -> float:
    return hit.symmetric if scoring == "symmetric" else hit.asymmetric


@settings(deadline=None, max_examples=50)
@given(
    vectors=st.lists(rows, min_size=1, max_size=30),
    query=rows,
    k=st.integers(1, 40),
    scoring=scorings,
    hidden=st.sets(st.integers(0, 29)),
)
def test_ranking_all_images_as_candidates_equals_a_literal_scan(
    gallery: Gallery, vectors: list[Row], query: Row, k: int, scoring: Scoring, hidden: set[int]
) -> None:
    name, by_id = filled(gallery, vectors)
    exclude = frozenset(id for i, id in enumerate(by_id) if i in hidden)
    fast = SearchOptions(k, scoring, candidates=len(vectors), exclude=exclude)
    slow = SearchOptions(k, scoring, exact=True, exclude=exclude)
    hits = gallery.search(name, query, fast).hits
    assert gallery.search(name, query, slow).hits == hits

    expected = literal_scan({id: v for id, v in by_id.items() if id not in exclude}, query, scoring)
    assert [score(hit, scoring) for hit in hits] == pytest.approx(
        sorted(expected.values(), reverse=True)[:k], abs=1e-6
    )
    for hit in hits:
        assert score(hit, scoring) == pytest.approx(expected[hit.record.id], abs=1e-6)
    ranking = [(-score(hit, scoring), hit.record.id) for hit in hits]
    assert ranking == sorted(set(ranking))


def test_every_hit_carries_both_scores_whatever_ranks(gallery: Gallery) -> None:
    name, _ = filled(gallery, [unit(3, 4, 0, 0)])
    for scoring in SCORES:
        for exact in (False, True):
            options = SearchOptions(scoring=scoring, exact=exact)
            (hit,) = gallery.search(name, unit(1, 0, 0, 0), options).hits
            assert (hit.symmetric, hit.asymmetric) == pytest.approx((0.6, -0.16))


def test_asymmetric_score_ranks_among_the_candidates_and_exactly_among_all(gallery: Gallery) -> None:
    # <v, s> is 0.919 and 0.707; -||max(0, s - v)||^2 is -0.113 and -0.086.
    name, by_id = filled(gallery, [unit(5, 2, 0, 0), unit(1, 1, 1, 1)])
    similar, covering = by_id
    few = SearchOptions(k=1, scoring="asymmetric", candidates=1)
    for options, expected in ((few, similar), (replace(few, exact=True), covering)):
        (hit,) = gallery.search(name, unit(1, 1, 0, 0), options).hits
        assert hit.record.id == expected


def test_k_above_the_candidates_raises_them(gallery: Gallery) -> None:
    name, by_id = filled(gallery, [unit(1, 2, 3, 4)] * 8)
    found = gallery.search(name, unit(1, 2, 3, 4), SearchOptions(k=10**9, candidates=1))
    assert [hit.record.id for hit in found.hits] == list(by_id)


def test_number_of_images_that_were_scored_is_told(gallery: Gallery) -> None:
    name, by_id = filled(gallery, [unit(1, 2, 3, 4)] * 8)
    few = SearchOptions(k=1, candidates=3)
    assert gallery.search(name, unit(1, 2, 3, 4), few).candidates == 3
    assert gallery.search(name, unit(1, 2, 3, 4), replace(few, exact=True)).candidates == 8
    one = frozenset([min(by_id)])
    assert gallery.search(name, unit(1, 2, 3, 4), replace(few, exact=True, exclude=one)).candidates == 7


def test_image_deleted_in_mid_search_is_dropped_and_the_next_moves_up(gallery: Gallery) -> None:
    name, by_id = filled(gallery, [unit(1, 2, 3, 4)] * 5)
    first, second, third, *_ = by_id
    gallery._catalog.remove(name, [first, second])  # committed; FAISS does not know yet
    (hit,) = gallery.search(name, unit(1, 2, 3, 4), SearchOptions(k=1)).hits
    assert hit.record.id == third


def test_timings_name_the_stages(gallery: Gallery) -> None:
    timings = gallery.search("default", unit(1, 2, 3, 4), SearchOptions()).timings
    assert timings.keys() == {"candidates", "rerank", "records"}
    assert min(timings.values()) >= 0


def test_query_that_is_no_unit_row_is_refused(gallery: Gallery) -> None:
    with pytest.raises(BadVector, match="shape"):
        gallery.search("default", unit(1, 2), SearchOptions())
    with pytest.raises(BadVector, match="length 2"):
        gallery.search("default", 2 * unit(1, 2, 0, 0), SearchOptions())


def test_images_below_the_least_score_are_left_out_and_no_block_after_them_is_looked_at(
    gallery: Gallery,
) -> None:
    name, _ = filled(gallery, list(random_rows(60, DIM)))
    query = unit(1, 2, 3, 4)
    best = gallery.search(name, query, SearchOptions(k=60)).hits[:8]
    options = SearchOptions(k=3, candidates=10, min_score=best[-1].symmetric)
    pages = [gallery.search(name, query, options)]
    while (cursor := pages[-1].cursor) is not None:
        pages.append(gallery.search(name, query, replace(options, cursor=cursor)))
    assert [hit.record.id for page in pages for hit in page.hits] == [hit.record.id for hit in best]
    assert [page.candidates for page in pages] == [10, 10, 10]
