"""Searches beside additions, removals and builds find nothing wrong, missing, deleted or twice.

PIVOT_STRESS_SECONDS=60 makes each of the two tests last a minute.
"""

import os
import random
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from index.candidates import Candidates
from index.gallery import Gallery
from index.lists import Lists
from index.records import SearchOptions
from index.vectors import Row
from tests.index.samples import random_rows, sample

DIM = 32
SECONDS = float(os.environ.get("PIVOT_STRESS_SECONDS", "6"))
K = 20


class Show:
    """A gallery with images that stay and images that come and go, each with a vector of its own."""

    def __init__(self, gallery: Gallery) -> None:
        self.gallery = gallery
        self.vectors = random_rows(int(20_000 * max(1, SECONDS / 6)), DIM)
        self.until = time.monotonic() + SECONDS
        self.numbers = iter(range(len(self.vectors)))  # thread-safe: the next number is taken in C
        self.lock = threading.Lock()
        self.passing: dict[int, Row] = {}  # added, and nobody has begun to remove it
        self.removed: set[int] = set()
        self.staying = self.add(100)

    def add(self, n: int) -> dict[int, Row]:
        numbers = [next(self.numbers) for _ in range(n)]
        images = [sample(str(number), self.vectors[number]) for number in numbers]
        added = self.gallery.add("default", images)
        return {one.record.id: self.vectors[number] for one, number in zip(added, numbers, strict=True)}

    def come_and_go(self, seed: int) -> int:
        source, rounds = random.Random(seed), 0
        while time.monotonic() < self.until:
            new = self.add(source.randint(1, 5))
            for id, vector in new.items():
                self.search(vector, expected=id, source=source)
            with self.lock:
                self.passing |= new
                leaving = source.sample(sorted(self.passing), min(len(self.passing), source.randint(0, 6)))
                for id in leaving:
                    del self.passing[id]
            assert self.gallery.remove("default", leaving) == sorted(leaving)
            with self.lock:
                self.removed.update(leaving)
            rounds += 1
        return rounds

    def look(self, seed: int) -> int:
        source, searches = random.Random(seed), 0
        while time.monotonic() < self.until:
            id, vector = source.choice(list(self.staying.items()))
            self.search(vector, expected=id, source=source)
            searches += 1
        return searches

    def search(self, vector: Row, expected: int, source: random.Random) -> None:
        with self.lock:
            gone = set(self.removed)
        options = SearchOptions(
            k=K,
            scoring=source.choice(["symmetric", "asymmetric"]),
            candidates=source.choice([K, 50, 10_000]),
            exact=source.random() < 0.3,
        )
        found = [hit.record.id for hit in self.gallery.search("default", vector, options).hits]
        assert found[0] == expected
        assert len(found) == len(set(found)) == K
        assert not gone.intersection(found)


@pytest.fixture
def builds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """Makes collections of hundreds have lists, and new ones all the time; gives how large each was."""
    monkeypatch.setattr("index.candidates.EXACT_ROWS", 80)
    monkeypatch.setattr("index.candidates.CHURN", 0.05)
    monkeypatch.setattr("index.candidates.SPARE", 5)
    monkeypatch.setattr("index.builder.STEP_ROWS", 16)
    monkeypatch.setattr("index.builder.FEW_ROWS", 1)
    monkeypatch.setattr("index.lists.PROBES", 4)
    monkeypatch.setattr("index.lists.DEPTH", 1)
    sizes: list[int] = []
    use = Candidates._use

    def counted(self: Candidates, lists: Lists) -> None:
        sizes.append(len(lists))
        use(self, lists)

    monkeypatch.setattr(Candidates, "_use", counted)
    return sizes


def test_searches_beside_builds_find_nothing_wrong_missing_deleted_or_twice(
    tmp_path: Path, builds: list[int]
) -> None:
    searches_beside_changes(tmp_path)
    assert len(builds) > 1  # how many, depends on the machine
    before = len(builds)
    with Gallery.open(tmp_path, dim=DIM, model_version="model-1") as gallery:  # with the lists that were kept
        gallery._space.shelf("default").images._builder.wait()
        assert len(builds) > before
        there = {record.id for record in gallery.images("default", limit=100_000)}
        lists = gallery._space.shelf("default").images._lists
        assert lists is not None
        assert set(lists.ids()) == there


def test_searches_beside_changes_find_nothing_wrong_missing_deleted_or_twice(tmp_path: Path) -> None:
    searches_beside_changes(tmp_path)


def searches_beside_changes(folder: Path) -> None:
    with Gallery.open(folder, dim=DIM, model_version="model-1") as gallery:
        show = Show(gallery)
        with ThreadPoolExecutor(6) as pool:
            changes = [pool.submit(show.come_and_go, seed) for seed in range(3)]
            searches = [pool.submit(show.look, seed) for seed in range(3)]
        assert all(future.result() for future in changes + searches)
        there = {record.id for record in gallery.images("default", limit=100_000)}
        assert there == show.staying.keys() | show.passing.keys()
        everything = gallery.search("default", show.vectors[0], SearchOptions(k=100_000))
        assert {hit.record.id for hit in everything.hits} == there
