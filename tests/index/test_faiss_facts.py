"""What we rely on, and what we guard against, in the FAISS that is installed."""

import threading

import faiss
import numpy as np
import pytest

from tests.index.samples import random_rows, unit


def flat(dim: int) -> faiss.IndexIDMap2:
    return faiss.IndexIDMap2(faiss.IndexFlatIP(dim))


def keys(*ids: int) -> np.ndarray:
    return np.array(ids, np.int64)


def test_faiss_accepts_an_id_twice_and_finds_it_twice() -> None:
    index = flat(2)
    index.add_with_ids(np.stack([unit(1, 0), unit(0, 1)]), keys(7, 7))
    assert index.search(unit(1, 1)[None], 2)[1].tolist() == [[7, 7]]


def test_faiss_keeps_arbitrary_ones_of_equal_rows_when_it_cuts() -> None:
    index = flat(2)
    index.add_with_ids(np.stack([unit(1, 0)] * 3), keys(9, 3, 1))
    assert index.search(unit(1, 0)[None], 2)[1].tolist() != [[1, 3]]


def test_faiss_fills_up_with_minus_one() -> None:
    index = flat(2)
    index.add_with_ids(unit(1, 0)[None], keys(5))
    assert index.search(unit(1, 0)[None], 3)[1].tolist() == [[5, -1, -1]]


def test_range_search_leaves_out_what_equals_its_radius() -> None:
    index = flat(2)
    index.add_with_ids(unit(1, 0)[None], keys(5))
    below = float(np.nextafter(np.float32(1), np.float32(0)))
    assert index.range_search(unit(1, 0)[None], 1.0)[2].tolist() == []
    assert index.range_search(unit(1, 0)[None], below)[2].tolist() == [5]


def test_search_range_search_and_selection_score_alike_to_the_last_bit() -> None:
    rows = random_rows(3000, 100)
    rows[17] = rows[2500]
    index = flat(100)
    index.add_with_ids(rows, np.arange(3000))
    scores, ids = index.search(rows[:1], 3000)
    expected = dict(zip(ids[0].tolist(), scores[0].tolist(), strict=True))
    assert expected[17] == expected[2500]

    _, ranged, found = index.range_search(rows[:1], -1.0)
    selector = faiss.IDSelectorNot(faiss.IDSelectorBatch(keys(1, 2, 3)))
    parameters = faiss.SearchParameters(sel=selector)  # type: ignore[call-arg] # not in the stubs
    selected, kept = index.search(rows[:1], 2997, params=parameters)
    assert dict(zip(found.tolist(), ranged.tolist(), strict=True)) == expected
    assert dict(zip(kept[0].tolist(), selected[0].tolist(), strict=True)) == {
        id: score for id, score in expected.items() if id not in (1, 2, 3)
    }


def test_one_removal_takes_many_ids_and_ignores_unknown_ones() -> None:
    index = flat(4)
    index.add_with_ids(np.eye(4, dtype=np.float32), keys(10, 11, 12, 13))
    assert index.remove_ids(faiss.IDSelectorBatch(keys(11, 13, 99))) == 2
    assert index.reconstruct_batch(keys(12, 10)).tolist() == [[0, 0, 1, 0], [1, 0, 0, 0]]
    with pytest.raises(RuntimeError, match="not found"):
        index.reconstruct_batch(keys(11))


def test_threads_are_set_for_the_calling_thread_only() -> None:
    seen: list[int] = []

    def set_three() -> None:
        faiss.omp_set_num_threads(3)
        seen.append(faiss.omp_get_max_threads())

    before = faiss.omp_get_max_threads()
    thread = threading.Thread(target=set_three)
    thread.start()
    thread.join()
    assert seen == [3]
    assert faiss.omp_get_max_threads() == before
