import io

import faiss
import numpy as np
import pytest

from index.lists import PROBES, Lists
from index.vectors import Rows
from tests.index.samples import random_rows

N, DIM = 4000, 16
LISTS = 40
EVERY = np.arange(N) * 3 + 10**12


@pytest.fixture(scope="module")
def rows() -> Rows:
    return random_rows(N, DIM)


def built(rows: Rows) -> Lists:
    lists = Lists.trained(rows, LISTS, lambda: False)
    assert lists is not None
    lists.add(EVERY, rows)
    return lists


def test_search_of_all_lists_brings_the_best_inner_products_forward(rows: Rows) -> None:
    lists = built(rows)
    for query in random_rows(20, DIM, seed=1):
        best = EVERY[np.argsort(-(rows @ query))[:10]]
        assert set(best) <= set(lists.nearest(query, 60, LISTS, None))


def test_row_is_found_in_the_first_list(rows: Rows) -> None:
    lists = built(rows)
    for number in range(0, N, 100):
        assert lists.nearest(rows[number], 3, 1, None)[0] == EVERY[number]


def test_what_was_removed_is_gone_and_may_come_again(rows: Rows) -> None:
    lists = built(rows)
    lists.remove(np.append(EVERY[:3000], 7))
    assert len(lists) == N - 3000
    assert sorted(lists.ids()) == EVERY[3000:].tolist()
    assert sorted(lists.nearest(rows[0], N, LISTS, None)) == EVERY[3000:].tolist()
    lists.add(EVERY[:1], rows[:1])
    assert lists.nearest(rows[0], 1, 1, None) == EVERY[:1]


def test_selector_of_a_call_hides_from_that_call_only(rows: Rows) -> None:
    lists = built(rows)
    hidden = faiss.IDSelectorNot(faiss.IDSelectorBatch(EVERY[:1]))
    assert lists.nearest(rows[0], 1, LISTS, hidden) != EVERY[:1]
    assert lists.nearest(rows[0], 1, LISTS, None) == EVERY[:1]


def test_lists_that_were_written_and_read_find_the_same_and_can_be_changed(rows: Rows) -> None:
    lists = built(rows)
    file = io.BytesIO()
    lists.write_to(file.write)
    file.seek(0)
    again = Lists.read_from(file.read)
    assert (again.ids() == lists.ids()).all()
    assert again.dim == DIM
    for query in random_rows(10, DIM, seed=1):
        assert (again.nearest(query, 20, 5, None) == lists.nearest(query, 20, 5, None)).all()
    again.remove(EVERY[:1])
    again.add(EVERY[:1] + 1, rows[:1])
    assert again.nearest(rows[0], 1, 1, None) == EVERY[:1] + 1


def test_training_stops_when_nobody_waits_for_it(rows: Rows) -> None:
    asked: list[None] = []

    def stopped() -> bool:
        asked.append(None)
        return len(asked) == 3

    assert Lists.trained(rows, LISTS, stopped) is None
    assert len(asked) == 3


def test_training_takes_equal_rows_and_fewer_than_lists(rows: Rows) -> None:
    for sample in (rows[:1].repeat(500, axis=0), np.concatenate([rows[:5]] * 10)):
        lists = Lists.trained(sample, LISTS, lambda: False)
        assert lists is not None
        lists.add(EVERY[: len(sample)], sample)
        assert len(lists.nearest(rows[0], 10, LISTS, None)) == 10


def test_probes_grow_with_what_is_wanted_and_with_what_a_filter_takes_away(
    rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    lists = built(rows)  # 100 rows a list
    monkeypatch.setattr("index.lists.PROBES", 4)
    monkeypatch.setattr("index.lists.DEPTH", 40)
    assert lists.probes(10, N) == 4
    assert lists.probes(20, N) == 8  # 40 * 20 rows
    assert lists.probes(20, N // 2) == 16
    assert lists.probes(20, N // 3) is None  # 24 of 40 lists
    assert lists.probes(1, 0) is None


def test_a_few_probes_find_nearly_all_of_rows_that_lie_in_groups() -> None:
    chance = np.random.default_rng(0)
    rows = random_rows(300, 32).repeat(100, axis=0)
    rows = np.maximum(rows + np.float32(0.05) * chance.standard_normal(rows.shape, np.float32), 0)
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    lists = Lists.trained(rows[::3], 340, lambda: False)
    assert lists is not None
    lists.add(np.arange(len(rows)), rows)
    found = 0
    for query in rows[::500]:
        best = np.argsort(-(rows @ query))[:10]
        found += len(set(best).intersection(lists.nearest(query, 60, PROBES // 4, None)))
    assert found / (10 * len(rows[::500])) >= 0.98
