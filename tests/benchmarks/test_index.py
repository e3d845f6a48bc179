"""The benchmark of the index, at sizes that take no time."""

from pathlib import Path

import numpy as np
import pytest

from benchmarks.index.report import table, targets
from benchmarks.index.vectors import BLOCK, augmented
from tests.index.samples import random_rows

pytest.importorskip("hnswlib", reason="the extra `bench` is not installed")

REACHED = {
    "p50": 4.0,
    "p99": 9.0,
    "processor_p50": 4.0,
    "searches_per_second": 300.0,
    "adds_per_second": 2000.0,
    "memory": 5e8,
    "build_seconds": 9.0,
    "load_seconds": 1.5,
    "recall": 0.99,
    "overhead": 0.2,
}


def test_augmented_rows_are_unit_and_non_negative_and_the_same_at_every_size() -> None:
    images = random_rows(20, 512)
    few, many = (np.concatenate(list(augmented(images, n))) for n in (100, BLOCK + 100))
    assert few.shape == (100, 512)
    assert many.shape == (BLOCK + 100, 512)
    assert many.dtype == np.float32
    assert (many >= 0).all()
    assert np.linalg.norm(many, axis=1) == pytest.approx(np.ones(len(many)), abs=1e-5)
    assert (few == many[:100]).all()
    assert (many[:100] != many[BLOCK:]).any()


def test_augmented_rows_resemble_real_ones_without_being_copies() -> None:
    images = random_rows(20, 512)
    rows = next(augmented(images, 1000))
    nearest = (rows @ images.T).max(axis=1)
    assert 0.9 < np.median(nearest) < 0.999
    assert nearest.max() < 1 - 1e-4


@pytest.mark.parametrize("name", ["IndexFlatIP", "Pivot", "hnswlib"])
def test_every_contender_can_be_built_opened_asked_and_removed(tmp_path: Path, name: str) -> None:
    from benchmarks.index.contenders import CONTENDERS, DIM, K

    images = random_rows(30, DIM)
    contender = CONTENDERS[name](tmp_path)
    built = contender.build(augmented(images, 500), 500)
    assert built["adds_per_second"] > 0
    ask = contender.open()
    rows = np.concatenate(list(augmented(images, 500)))
    assert ask(rows[7])[0] == 7
    assert set(ask(images[0]).tolist()) == set(np.argsort(-(rows @ images[0]))[:K].tolist())
    contender.remove()
    assert list(tmp_path.iterdir()) == []


def test_table_has_a_line_for_each_size_and_contender() -> None:
    results = {(100_000, "Pivot"): REACHED, (1_000, "IndexFlatIP"): REACHED}
    lines = table(results).splitlines()
    assert [line.split()[:3] for line in lines[2:]] == [
        ["1,000", "IndexFlatIP", "4.00"],
        ["100,000", "Pivot", "4.00"],
    ]
    assert len({len(line) for line in lines}) == 1


@pytest.mark.parametrize(
    ("size", "name", "value"),
    [
        (100_000, "p50", 5.1),
        (1_000_000, "p50", 15.1),
        (100_000, "recall", 0.979),
        (1_000_000, "recall", 0.979),
        (100_000, "load_seconds", 2.1),
        (1_000_000, "load_seconds", 15.1),
        (100_000, "adds_per_second", 999),
        (100_000, "overhead", 0.26),
        (1_000_000, "memory", 3.1e9),
        (1_000_000, "processor_p50", 41.0),
    ],
)
def test_each_target_can_be_missed(size: int, name: str, value: float) -> None:
    results = {(n, "Pivot"): dict(REACHED) for n in (100_000, 1_000_000)}
    assert all(target.reached for target in targets(results))
    results[size, "Pivot"][name] = value
    assert [target.reached for target in targets(results)].count(False) == 1
