"""Candidates of a collection that has outgrown a scan."""

import logging
import threading
from pathlib import Path

import faiss
import numpy as np
import pytest

from index.candidates import Candidates, Picked, Score
from index.lists import Lists
from index.snapshots import Saved, Snapshot, prints_of
from index.vectors import Ids, Row, Rows
from tests.index.samples import random_rows

DIM, N = 24, 600
NOBODY: frozenset[int] = frozenset()
EVERY = np.arange(1, N + 1, dtype=np.int64)
WAIT = 30


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Numbers that make lists of hundreds of rows behave as those of a million do."""
    monkeypatch.setattr("index.candidates.EXACT_ROWS", 400)
    monkeypatch.setattr("index.candidates.FEW_OUTDATED", 20)
    monkeypatch.setattr("index.builder.STEP_ROWS", 64)
    monkeypatch.setattr("index.builder.FEW_ROWS", 4)
    monkeypatch.setattr("index.lists.PROBES", 8)
    monkeypatch.setattr("index.lists.DEPTH", 1)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return random_rows(2 * N, DIM)


@pytest.fixture
def grown(rows: Rows) -> Candidates:
    candidates = Candidates(DIM)
    candidates.add(EVERY, rows[:N])
    candidates._builder.wait()
    return candidates


class Hook(Snapshot):
    """Lets a test do something in the middle of a build."""

    def __init__(self) -> None:
        self.reached, self.go = threading.Event(), threading.Event()

    def load(self, dim: int) -> Saved | None:  # noqa: ARG002
        return None

    def save(self, saved: Saved) -> None:  # noqa: ARG002
        self.reached.set()
        assert self.go.wait(WAIT)


def ids_of(picked: Picked) -> list[int]:
    return sorted(picked.ids.tolist())


def best_of(ids: Ids, rows: Rows, query: Row, n: int) -> list[int]:
    return sorted(ids[np.argsort(-(rows @ query), kind="stable")[:n]].tolist())


def check(candidates: Candidates, expected: dict[int, Row]) -> None:
    """The lists hold what the rows do, each finds itself, and a scan finds all."""
    assert candidates._lists is not None
    assert sorted(candidates._lists.ids()) == sorted(expected)
    for id, row in expected.items():
        picked = candidates.nearest(row, 5, NOBODY)
        assert id in picked.ids.tolist()
        assert len(set(picked.ids.tolist())) == 5
        for found, vector in zip(picked.ids.tolist(), picked.rows, strict=True):
            assert (vector == expected[found]).all()
    anything = next(iter(expected.values()))
    assert ids_of(candidates.nearest(anything, 10**6, NOBODY)) == sorted(expected)


def scored_by(query: Row) -> Score:
    return lambda block: block @ query


def test_lists_come_when_a_scan_takes_too_long_and_go_when_few_rows_are_left(rows: Rows) -> None:
    candidates = Candidates(DIM)
    candidates.add(EVERY[:400], rows[:400])
    candidates._builder.wait()
    assert candidates._lists is None
    candidates.add(EVERY[400:], rows[400:N])
    candidates._builder.wait()
    check(candidates, dict(zip(EVERY.tolist(), rows, strict=False)))
    candidates.remove(EVERY[200:].tolist())
    assert candidates._lists is None
    assert ids_of(candidates.nearest(rows[0], 1000, NOBODY)) == EVERY[:200].tolist()


def test_lists_find_nearly_what_a_scan_finds(
    grown: Candidates, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("index.lists.PROBES", 23)  # of 48
    found = 0
    for query in random_rows(100, DIM, seed=1):
        picked = grown.nearest(query, 10, NOBODY)
        assert len(picked.ids) == picked.scored == 10
        found += len(set(best_of(EVERY, rows[:N], query, 10)).intersection(picked.ids.tolist()))
    assert found >= 0.96 * 1000  # of random rows in 24 dimensions, which have no neighbourhoods


def test_lists_are_asked_only_where_they_are_of_use(
    grown: Candidates, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[int] = []
    nearest = Lists.nearest

    def spied(self: Lists, query: Row, n: int, probes: int, selector: faiss.IDSelector | None) -> Ids:
        asked.append(probes)
        return nearest(self, query, n, probes, selector)

    monkeypatch.setattr(Lists, "nearest", spied)
    grown.nearest(rows[0], 10, NOBODY)
    grown.nearest(rows[0], 10, NOBODY, EVERY[:400])
    assert asked == [8, 12]  # two rows of three: half as many lists again
    for picked in (
        grown.nearest(rows[0], 300, NOBODY),
        grown.nearest(rows[0], 10, NOBODY, EVERY[:50]),
        grown.scan(lambda block: block[:, 0], 10, NOBODY),
    ):
        assert len(picked.ids) >= 10
    assert len(asked) == 2


def test_filter_that_leaves_five_gives_these_five(grown: Candidates, rows: Rows) -> None:
    five = np.array([3, 99, 200, 201, 590], np.int64)
    only = np.sort(np.append(five, [10**6, 10**7]))  # two that are not there
    for query in rows[:20]:
        assert ids_of(grown.nearest(query, 10, NOBODY, only)) == five.tolist()
        assert ids_of(grown.nearest(query, 10, frozenset({99}), only)) == [3, 200, 201, 590]
        assert ids_of(grown.scan(scored_by(query), 10, NOBODY, only)) == five.tolist()
    assert ids_of(grown.nearest(rows[0], 10, NOBODY, np.empty(0, np.int64))) == []


def test_filter_that_leaves_much_lets_nothing_else_through_and_gives_enough(
    grown: Candidates, rows: Rows
) -> None:
    for first in (1, 100, 200):
        only = EVERY[first : first + 400]
        for query in rows[:50]:
            found = ids_of(grown.nearest(query, 40, frozenset(range(150, 160)), only))
            assert len(found) == len(set(found)) == 40
            assert set(found) <= set(only.tolist()) - set(range(150, 160))


def test_where_the_lists_fall_short_a_scan_makes_up_for_it(grown: Candidates, rows: Rows) -> None:
    hidden = frozenset(range(1, 501))
    assert grown._lists is not None
    assert grown._lists.probes(80 + 50, N) is not None
    for query in rows[:20]:
        expected = best_of(EVERY[500:], rows[500:N], query, 80)
        assert ids_of(grown.nearest(query, 80, hidden)) == expected


def test_filter_is_kept_without_lists_too(rows: Rows) -> None:
    candidates = Candidates(DIM)
    candidates.add(EVERY[:300], rows[:300])
    only = EVERY[::2][:100]
    for query in rows[:20]:
        kept = only[only != 5]
        expected = best_of(kept, rows[kept - 1], query, 10)
        assert ids_of(candidates.nearest(query, 10, frozenset({5}), only)) == expected
        assert ids_of(candidates.scan(scored_by(query), 10, frozenset({5}), only)) == expected


def test_changes_of_a_collection_with_lists_count_at_once(grown: Candidates, rows: Rows) -> None:
    expected = dict(zip(EVERY.tolist(), rows, strict=False))
    grown.remove([1, 2, 3, 10**6])
    grown.add([1000, 1001], rows[N : N + 2])
    grown.replace([10, 2000], rows[N + 10 : N + 12])
    for id in (1, 2, 3):
        del expected[id]
    expected |= {1000: rows[N], 1001: rows[N + 1], 10: rows[N + 10], 2000: rows[N + 11]}
    check(grown, expected)


def test_lists_are_built_anew_when_half_of_the_rows_came_or_went(grown: Candidates, rows: Rows) -> None:
    first = grown._lists
    grown.remove(EVERY[:100].tolist())
    grown.add(EVERY[:100], rows[:100])
    grown._builder.wait()
    assert grown._lists is first
    grown.remove(EVERY[:100].tolist())
    grown._builder.wait()
    assert grown._lists is not first
    check(grown, dict(zip(EVERY[100:].tolist(), rows[100:], strict=False)))


def test_searches_and_changes_go_on_beside_a_build_which_catches_up(rows: Rows) -> None:
    hook = Hook()
    candidates = Candidates(DIM, hook)
    candidates.add(EVERY, rows[:N])
    assert hook.reached.wait(WAIT)
    assert candidates._lists is None
    assert ids_of(candidates.nearest(rows[0], 10, NOBODY)) == best_of(EVERY, rows[:N], rows[0], 10)
    candidates.remove(list(range(1, 51)))
    candidates.replace(list(range(51, 101)), rows[N : N + 50])
    candidates.add(list(range(1001, 1051)), rows[N + 50 : N + 100])
    candidates.add([1], rows[N + 100 : N + 101])  # removed and back with another row
    hook.go.set()
    candidates._builder.wait()
    expected = dict(zip(range(101, N + 1), rows[100:N], strict=True))
    expected |= dict(zip(range(51, 101), rows[N:], strict=False))
    expected |= dict(zip(range(1001, 1051), rows[N + 50 :], strict=False)) | {1: rows[N + 100]}
    check(candidates, expected)


def test_old_lists_serve_while_new_ones_are_built(grown: Candidates, rows: Rows) -> None:
    hook = Hook()
    grown._builder._snapshot = hook
    old = grown._lists
    grown.add(list(range(1001, 1401)), rows[N : N + 400])
    assert hook.reached.wait(WAIT)
    assert grown._lists is old
    both = dict(zip(EVERY.tolist(), rows, strict=False)) | dict(
        zip(range(1001, 1401), rows[N:], strict=False)
    )
    check(grown, both)
    grown.remove([1, 1001])
    hook.go.set()
    grown._builder.wait()
    assert grown._lists is not old
    del both[1], both[1001]
    check(grown, both)


def test_build_that_fails_is_logged_and_searches_stay_exact(
    rows: Rows, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise MemoryError

    candidates = Candidates(DIM)
    with monkeypatch.context() as patch:
        patch.setattr(Lists, "trained", fail)
        candidates.add(EVERY, rows[:N])
        candidates._builder.wait()
    assert [record.levelno for record in caplog.records] == [logging.ERROR]
    assert ids_of(candidates.nearest(rows[0], 10, NOBODY)) == best_of(EVERY, rows[:N], rows[0], 10)
    candidates.remove([1])  # tries again
    candidates._builder.wait()
    check(candidates, dict(zip(EVERY[1:].tolist(), rows[1:], strict=False)))


def test_closing_stops_a_build_and_starts_no_other(rows: Rows) -> None:
    hook = Hook()
    candidates = Candidates(DIM, hook)
    candidates.add(EVERY, rows[:N])
    assert hook.reached.wait(WAIT)
    closing = threading.Thread(target=candidates.close)
    closing.start()
    hook.go.set()
    closing.join(WAIT)
    assert not closing.is_alive()
    lists = candidates._lists
    candidates.replace(EVERY.tolist(), rows[:N])
    candidates._builder.wait()
    assert candidates._lists is lists


def test_lists_are_kept_for_the_next_start(
    tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch
) -> None:
    snapshot = Snapshot(tmp_path / "lists" / "default.lists")
    candidates = Candidates(DIM, snapshot)
    candidates.add(EVERY, rows[:N])
    candidates._builder.wait()
    monkeypatch.setattr(Lists, "trained", lambda *_: pytest.fail("trained anew"))
    expected = dict(zip(EVERY.tolist(), rows, strict=False))
    check(Candidates.loaded(DIM, [(EVERY, rows[:N])], snapshot), expected)


@pytest.mark.parametrize("many", [3, 60])  # taken in at once, and in the background
def test_lists_that_were_kept_catch_up_with_the_catalog(
    tmp_path: Path, rows: Rows, monkeypatch: pytest.MonkeyPatch, many: int
) -> None:
    snapshot = Snapshot(tmp_path / "lists" / "default.lists")
    candidates = Candidates(DIM, snapshot)
    candidates.add(EVERY, rows[:N])
    candidates._builder.wait()
    monkeypatch.setattr(Lists, "trained", lambda *_: pytest.fail("trained anew"))
    now = dict(zip(EVERY[many:].tolist(), rows[many:], strict=False))  # some removed,
    now |= dict(zip(EVERY[-many:].tolist(), rows[N:], strict=False))  # some replaced,
    now |= dict(zip(range(1001, 1001 + many), rows[N + many :], strict=False))  # some new
    again = Candidates.loaded(DIM, [(np.array(list(now)), np.stack(list(now.values())))], snapshot)
    assert (again._lists is None) == (many == 60)
    again._builder.wait()
    check(again, now)


def test_lists_of_other_vectors_are_not_used(tmp_path: Path, rows: Rows) -> None:
    snapshot = Snapshot(tmp_path / "lists" / "default.lists")
    candidates = Candidates(DIM, snapshot)
    candidates.add(EVERY, rows[:N])
    candidates._builder.wait()
    again = Candidates.loaded(DIM, [(EVERY, rows[N:])], snapshot)
    assert again._lists is None
    again._builder.wait()
    check(again, dict(zip(EVERY.tolist(), rows[N:], strict=True)))


def test_what_changes_while_lists_are_saved_is_outdated_when_they_are_loaded(
    grown: Candidates, rows: Rows
) -> None:
    assert grown._lists is not None
    grown._builder._changed = {5, 7}
    saved = grown._builder._saved(grown._lists)
    assert saved.outdated(EVERY, prints_of(rows[:N])).tolist() == [5, 7]
