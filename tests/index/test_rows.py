import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from index import rows as rows_module
from index.rows import RowStore
from tests.index.samples import random_rows

VECTORS = random_rows(40, 3)

changes = st.lists(
    st.tuples(st.booleans(), st.lists(st.integers(0, 39), unique=True, max_size=12)), max_size=30
)


def held(store: RowStore) -> dict[int, list[float]]:
    ids, blocks = store.ids.tolist(), list(store.blocks())
    return dict(zip(ids, np.concatenate(blocks).tolist() if blocks else [], strict=True))


@pytest.mark.parametrize("block", [4, 1000])
def test_any_changes_leave_what_a_dictionary_would_hold(block: int) -> None:
    @given(changes)
    def check(changes: list[tuple[bool, list[int]]]) -> None:
        store, expected = RowStore(3), dict[int, list[float]]()
        for adding, numbers in changes:
            if adding:
                new = np.array([number for number in numbers if number not in expected], np.int64)
                store.add(new, VECTORS[new])
                expected |= {int(number): VECTORS[number].tolist() for number in new}
            else:
                store.remove(np.array(numbers, np.int64))
                for number in numbers:
                    expected.pop(number, None)
            assert len(store) == len(expected)
            assert held(store) == expected
            slots = store.find(np.arange(40, -1, -1))
            assert store.ids[slots].tolist() == sorted(expected, reverse=True)
            ascending = np.sort(slots)
            assert store.take(ascending).tolist() == [expected[id] for id in store.ids[ascending].tolist()]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(rows_module, "BLOCK_ROWS", block)
        patch.setattr(rows_module, "FIRST_ROWS", 2)
        check()


def test_what_was_taken_is_a_copy() -> None:
    store = RowStore(3)
    store.add(np.array([7]), VECTORS[:1])
    taken = store.take(store.find(np.array([7])))
    store.remove(np.array([7]))
    store.add(np.array([8]), VECTORS[1:2])
    assert (taken == VECTORS[:1]).all()


def test_blocks_that_were_filled_stay_where_they_are(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 4)
    store = RowStore(3)
    store.add(np.arange(4), VECTORS[:4])
    (first,) = store.blocks()
    store.add(np.arange(4, 40), VECTORS[4:])
    assert np.shares_memory(first, next(store.blocks()))


def test_memory_of_removed_rows_is_given_back(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_module, "BLOCK_ROWS", 4)
    store = RowStore(3)
    store.add(np.arange(40), VECTORS)
    store.remove(np.arange(3, 40))
    assert len(store._blocks) == 1
