"""What we rely on, and what we guard against, in the FAISS that is installed."""

import threading

import faiss
import numpy as np

from tests.index.samples import unit


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
