import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from index.records import Scoring
from index.rerank import BLOCK, SCORES, asymmetric, best, symmetric
from index.vectors import Row
from tests.index.samples import random_rows, unit


def literal_symmetric(image: Row, query: Row) -> float:
    return sum(float(v) * float(s) for v, s in zip(image, query, strict=True))


def literal_asymmetric(image: Row, query: Row) -> float:
    return -sum(max(0.0, float(s) - float(v)) ** 2 for v, s in zip(image, query, strict=True))


def test_scores_equal_those_worked_out_by_hand() -> None:
    wide, narrow = unit(3, 4), unit(1, 0)
    assert symmetric(wide[None], narrow) == pytest.approx([0.6])
    assert asymmetric(wide[None], narrow) == pytest.approx([-0.16])
    assert asymmetric(narrow[None], wide) == pytest.approx([-0.64])


def test_the_two_order_penalties_of_a_pair_sum_to_its_distance() -> None:
    v, s = random_rows(2, 16)
    both = asymmetric(v[None], s) + asymmetric(s[None], v)
    assert -both == pytest.approx(2 - 2 * symmetric(v[None], s), abs=1e-6)


@settings(deadline=None)
@given(n=st.integers(1, 40), dim=st.integers(1, 40), seed=st.integers(0, 2**32 - 1))
def test_scores_equal_the_formula_taken_literally(n: int, dim: int, seed: int) -> None:
    *rows, query = random_rows(n + 1, dim, seed)
    assert symmetric(np.array(rows), query) == pytest.approx(
        [literal_symmetric(row, query) for row in rows], abs=1e-6
    )
    assert asymmetric(np.array(rows), query) == pytest.approx(
        [literal_asymmetric(row, query) for row in rows], abs=1e-6
    )


@pytest.mark.parametrize("zeros", [0, 12])
def test_signed_vectors_score_by_the_formula_too(zeros: int) -> None:
    rows = np.random.default_rng(0).standard_normal((30, 16), np.float32)
    rows[:, :zeros] = 0
    rows[0, zeros:], rows[1] = -1, -rows[0]
    rows[1:20, :zeros] = -1  # where the query has zeros, too
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    query = rows[0]
    assert symmetric(rows, query) == pytest.approx([literal_symmetric(row, query) for row in rows], abs=1e-6)
    assert asymmetric(rows, query) == pytest.approx(
        [literal_asymmetric(row, query) for row in rows], abs=1e-6
    )


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
@pytest.mark.parametrize("positive", [10, 100])
def test_score_of_a_row_does_not_depend_on_the_rows_around_it(scoring: Scoring, positive: int) -> None:
    rows = random_rows(2 * BLOCK + 7, 100)
    query = unit(*(1 + i % 3 if i < positive else 0 for i in range(100)))
    together = SCORES[scoring](rows, query)
    for i in (0, 1, BLOCK - 1, BLOCK, 2 * BLOCK + 6):
        assert SCORES[scoring](rows[i : i + 1].copy(), query)[0] == together[i]
    for part in (slice(3, 203), slice(1, None, 9)):
        assert (SCORES[scoring](rows[part], query) == together[part]).all()


@pytest.mark.parametrize("scoring", ["symmetric", "asymmetric"])
def test_scores_stay_within_their_range_in_spite_of_rounding(scoring: Scoring) -> None:
    rows = random_rows(500, 300)
    low, high = (0, 1) if scoring == "symmetric" else (-1, 0)
    for query in rows[:50]:
        scores = SCORES[scoring](rows, query)
        assert low <= scores.min() <= scores.max() <= high


def test_perfect_order_scores_zero_and_not_minus_zero() -> None:
    assert not np.signbit(asymmetric(unit(1, 2)[None], unit(1, 2)))


def test_no_rows_have_no_scores() -> None:
    for score in SCORES.values():
        assert score(np.empty((0, 3), np.float32), unit(1, 2, 3)).shape == (0,)


@settings(deadline=None)
@given(
    scores=st.lists(st.sampled_from([0.0, 0.25, 0.5, 1.0]), max_size=30),
    n=st.integers(1, 35),
    order=st.randoms(use_true_random=False),
)
def test_best_equals_sorting_by_score_and_then_by_id(scores: list[float], n: int, order: object) -> None:
    ids = list(range(len(scores)))
    order.shuffle(ids)  # type: ignore[attr-defined]
    positions = best(np.array(ids, np.int64), np.array(scores, np.float32), n)
    expected = sorted(range(len(scores)), key=lambda i: (-scores[i], ids[i]))[:n]
    assert positions.tolist() == expected
