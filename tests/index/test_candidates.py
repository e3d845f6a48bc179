import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.candidates import Candidates, Picked
from index.rerank import BLOCK, asymmetric, symmetric
from index.vectors import Row
from tests.index.samples import random_rows, unit

NOBODY: frozenset[int] = frozenset()

# Of few different numbers, so that equal rows and equal scores are common.
rows = st.lists(st.integers(0, 2), min_size=3, max_size=3).filter(any).map(lambda numbers: unit(*numbers))
galleries = st.dictionaries(st.integers(1, 10**12), rows, max_size=25)


def filled(vectors: dict[int, Row]) -> Candidates:
    candidates = Candidates(3)
    if vectors:
        candidates.add(list(vectors), np.stack(list(vectors.values())))
    return candidates


def ids_of(picked: Picked) -> set[int]:
    return set(picked.ids.tolist())


@settings(deadline=None)
@given(galleries, rows, st.integers(1, 30), st.sets(st.integers(0, 24)))
def test_nearest_have_the_highest_inner_products_and_among_equal_rows_the_lowest_ids(
    vectors: dict[int, Row], query: Row, n: int, hidden: set[int]
) -> None:
    exclude = frozenset(id for i, id in enumerate(vectors) if i in hidden)
    picked = filled(vectors).nearest(query, n, exclude)
    chosen, kept = ids_of(picked), vectors.keys() - exclude
    assert len(picked.ids) == len(chosen) == picked.scored == min(n, len(kept))
    for id, row in zip(picked.ids.tolist(), picked.rows, strict=True):
        assert (row == vectors[id]).all()
        for other in kept - chosen:
            assert vectors[other] @ query <= row @ query + 1e-6
            assert id < other or (row != vectors[other]).any()


@settings(deadline=None)
@given(galleries, rows, st.integers(1, 30), st.sets(st.integers(0, 24)))
def test_scan_gives_the_first_of_all_sorted_by_any_score_and_id(
    vectors: dict[int, Row], query: Row, n: int, hidden: set[int]
) -> None:
    exclude = frozenset(id for i, id in enumerate(vectors) if i in hidden)
    picked = filled(vectors).scan(lambda block: asymmetric(block, query), n, exclude)
    kept = sorted(vectors.keys() - exclude)
    expected = sorted(kept, key=lambda id: (-asymmetric(vectors[id][None], query)[0], id))[:n]
    assert sorted(picked.ids.tolist()) == sorted(expected)
    assert picked.scored == len(kept)
    for id, row in zip(picked.ids.tolist(), picked.rows, strict=True):
        assert (row == vectors[id]).all()


@settings(deadline=None)
@given(galleries, rows, st.integers(1, 30), st.sets(st.integers(0, 24)), st.sets(st.integers(0, 24)))
def test_only_the_given_ids_are_picked_and_none_that_is_excluded(
    vectors: dict[int, Row], query: Row, n: int, hidden: set[int], shown: set[int]
) -> None:
    exclude = frozenset(id for i, id in enumerate(vectors) if i in hidden)
    only = np.array(sorted({10**12 + 1, *(id for i, id in enumerate(vectors) if i in shown)}), np.int64)
    kept = sorted(set(only.tolist()).intersection(vectors) - exclude)
    candidates = filled(vectors)
    scanned = candidates.scan(lambda block: symmetric(block, query), n, exclude, only)
    expected = sorted(kept, key=lambda id: (-symmetric(vectors[id][None], query)[0], id))[:n]
    assert sorted(scanned.ids.tolist()) == sorted(expected)
    assert scanned.scored == len(kept)
    nearest = candidates.nearest(query, n, exclude, only)
    assert len(nearest.ids) == min(n, len(kept))
    assert ids_of(nearest) <= set(kept)
    worst = min((float(row @ query) for row in nearest.rows), default=0)
    assert all(vectors[id] @ query <= worst + 1e-6 for id in set(kept) - ids_of(nearest))


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.tuples(st.sampled_from(["add", "remove", "replace"]), st.integers(1, 8), rows), max_size=30)
)
def test_any_sequence_of_changes_leaves_what_a_dictionary_would_hold(
    changes: list[tuple[str, int, Row]],
) -> None:
    candidates, expected = Candidates(3), dict[int, Row]()
    for change, id, row in changes:
        if change == "add" and id not in expected:
            candidates.add([id], row[None])
            expected[id] = row
        elif change == "remove":
            candidates.remove([id])
            expected.pop(id, None)
        elif change == "replace":
            candidates.replace([id], row[None])
            expected[id] = row
    for picked in (
        candidates.nearest(unit(1, 1, 1), 100, NOBODY),
        candidates.scan(lambda block: symmetric(block, unit(1, 1, 1)), 100, NOBODY),
    ):
        found = dict(zip(picked.ids.tolist(), picked.rows.tolist(), strict=True))
        assert found == {id: row.tolist() for id, row in expected.items()}
    assert len(candidates) == len(expected)


def test_scan_over_many_blocks_equals_the_formula_over_all_rows() -> None:
    vectors, query = random_rows(3 * BLOCK + 7, 20), random_rows(1, 20, seed=1)[0]
    candidates = Candidates(20)
    candidates.add(np.arange(len(vectors)), vectors)
    picked = candidates.scan(lambda block: asymmetric(block, query), 10, NOBODY)
    penalties = (np.maximum(0, query - vectors.astype(float)) ** 2).sum(axis=1)
    assert np.sort(penalties[picked.ids]) == pytest.approx(np.sort(penalties)[:10])


def test_among_many_equal_rows_the_lowest_ids_make_the_cut() -> None:
    candidates = Candidates(3)
    ids = np.random.default_rng(0).permutation(np.arange(1, 1001))
    candidates.add(ids, np.stack([unit(1, 2, 3)] * 1000))
    assert ids_of(candidates.nearest(unit(1, 0, 0), 150, NOBODY)) == set(range(1, 151))
    assert ids_of(candidates.nearest(unit(1, 0, 0), 150, frozenset({1, 2}))) == set(range(3, 153))


@pytest.mark.parametrize("exclude", [NOBODY, frozenset({1})])
def test_nothing_is_found_where_nothing_is(exclude: frozenset[int]) -> None:
    candidates = filled({2: unit(1, 2, 3)})
    nobody = np.empty(0, np.int64)
    assert not ids_of(candidates.nearest(unit(1, 2, 3), 5, exclude, nobody))
    assert not ids_of(candidates.scan(lambda block: symmetric(block, unit(1, 2, 3)), 5, exclude, nobody))
    candidates = Candidates(3)
    assert not ids_of(candidates.nearest(unit(1, 2, 3), 5, exclude))
    assert not ids_of(candidates.scan(lambda block: symmetric(block, unit(1, 2, 3)), 5, exclude))


def test_everything_excluded_leaves_nothing() -> None:
    candidates = filled({1: unit(1, 2, 3)})
    assert not ids_of(candidates.nearest(unit(1, 2, 3), 5, frozenset({1})))
    assert not ids_of(candidates.scan(lambda block: symmetric(block, unit(1, 2, 3)), 5, frozenset({1})))


def test_what_was_picked_outlives_a_change() -> None:
    candidates = filled({1: unit(1, 2, 3), 2: unit(3, 2, 1)})
    picked = candidates.scan(lambda block: symmetric(block, unit(1, 2, 3)), 5, NOBODY)
    candidates.remove([1, 2])
    candidates.add(list(range(100, 400)), np.stack([unit(0, 1, 0)] * 300))
    assert picked.ids.tolist() == [1, 2]
    assert (picked.rows == [unit(1, 2, 3), unit(3, 2, 1)]).all()


def test_matches_equal_a_comparison_of_all_pairs_one_by_one(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.rows.BLOCK_ROWS", 64)
    rows = random_rows(200, 8)
    candidates = Candidates(8)
    candidates.add(np.arange(200) * 3, rows)
    candidates.remove([30, 300])
    ids = np.array([597, 0, 30, 12, 299], np.int64)  # the last one took the place of one that went
    products = rows @ rows.T
    for id, found in zip(ids.tolist(), candidates.matches(ids, 0.8, 1000), strict=True):
        expected = [] if id in (30, 299) else (3 * np.flatnonzero(products[id // 3] >= 0.8)).tolist()
        assert found.ids.tolist() == [other for other in expected if other not in (id, 30, 300)]
        assert np.allclose(found.values, [products[id // 3, other // 3] for other in found.ids.tolist()])
    (few,) = candidates.matches(np.array([0]), 0.5, 3)
    assert few.ids.tolist() == (3 * np.flatnonzero(products[0] >= 0.5))[1:4].tolist()


def test_no_match_is_better_than_1() -> None:
    rows = random_rows(200, 8)
    candidates = Candidates(8)
    candidates.add(np.arange(400), np.concatenate([rows, rows]))
    assert np.diag(rows @ rows.T).max() > 1
    found = candidates.matches(np.arange(200), 0.999999, 1000)
    assert all(200 + id in one.ids for id, one in enumerate(found))
    assert max(one.values.max() for one in found) == 1
