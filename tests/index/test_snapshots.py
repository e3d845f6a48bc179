"""Lists on disk: whatever happens to the file, no search notices but by the clock."""

import errno
import logging
import os
import random
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from index import snapshots
from index.candidates import Candidates
from index.lists import Lists
from index.snapshots import DIGEST_BYTES, Saved, Snapshot, Snapshots, prints_of
from index.vectors import Rows
from tests.index.samples import random_rows

DIM, N = 16, 400
EVERY = np.arange(1, N + 1, dtype=np.int64)
NOBODY: frozenset[int] = frozenset()


@pytest.fixture(autouse=True)
def _small(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("index.candidates.EXACT_ROWS", 300)
    monkeypatch.setattr("index.lists.PROBES", 8)
    monkeypatch.setattr("index.lists.DEPTH", 1)


@pytest.fixture(scope="module")
def rows() -> Rows:
    return random_rows(N, DIM)


@pytest.fixture
def saved(rows: Rows) -> Saved:
    lists = Lists.trained(rows, 40, lambda: False)
    assert lists is not None
    lists.add(EVERY, rows)
    return Saved(lists, prints_of(rows[lists.ids() - 1]))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "lists" / "default.lists"


def truncated(content: bytes) -> bytes:
    return content[: random.Random(0).randrange(len(content))]


def flipped(content: bytes) -> bytes:
    damaged = bytearray(content)
    damaged[len(damaged) // 2] ^= 1
    return bytes(damaged)


DAMAGES: dict[str, Callable[[bytes], bytes]] = {
    "empty": lambda _: b"",
    "truncated": truncated,
    "shorter by a byte": lambda content: content[:-1],
    "longer by a byte": lambda content: content + b"\0",
    "a bit flipped": flipped,
    "zeros in the middle": lambda content: content[:5000] + bytes(4096) + content[9096:],
    "the checksum alone": lambda content: content[:DIGEST_BYTES],
    "of another format": lambda content: content[:DIGEST_BYTES] + b"pivot lists 9\n" + content[46:],
    "anything": lambda content: random.Random(0).randbytes(len(content)),
}


def test_what_was_saved_is_loaded(path: Path, saved: Saved, rows: Rows) -> None:
    Snapshot(path).save(saved)
    loaded = Snapshot(path).load(DIM)
    assert loaded is not None
    assert (loaded.prints == saved.prints).all()
    assert (loaded.lists.ids() == saved.lists.ids()).all()
    assert loaded.outdated(EVERY, prints_of(rows)).tolist() == []
    assert [entry.name for entry in path.parent.iterdir()] == ["default.lists"]


def test_what_does_not_fit_the_catalog_is_named_row_by_row(saved: Saved, rows: Rows) -> None:
    ids, vectors = EVERY[5:].copy(), rows[5:].copy()  # 1 to 5 are gone,
    ids[-1] = 10_000  # 400 too, 10,000 is new,
    vectors[0] = vectors[1]  # and 6 has another vector
    order = np.random.default_rng(0).permutation(len(ids))
    outdated = saved.outdated(ids[order], prints_of(vectors)[order])
    assert outdated.tolist() == [1, 2, 3, 4, 5, 6, 400, 10_000]


@pytest.mark.parametrize("damage", DAMAGES)
def test_damaged_file_is_noticed_and_built_anew(
    path: Path, saved: Saved, rows: Rows, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    Snapshot(path).save(saved)
    path.write_bytes(DAMAGES[damage](path.read_bytes()))
    assert Snapshot(path).load(DIM) is None
    assert [record.levelno for record in caplog.records] == [logging.WARNING]
    assert str(path) in caplog.text

    candidates = Candidates.loaded(DIM, [(EVERY, rows)], Snapshot(path))
    for id, row in zip(EVERY[::40].tolist(), rows[::40], strict=True):  # before, beside or after the build
        picked = candidates.nearest(row, 10, NOBODY)
        assert id in picked.ids
        assert (picked.rows == rows[picked.ids - 1]).all()
    candidates._builder.wait()
    assert Snapshot(path).load(DIM) is not None


def test_no_single_flipped_bit_goes_unnoticed(path: Path, saved: Saved) -> None:
    Snapshot(path).save(saved)
    content, source = path.read_bytes(), random.Random(0)
    for position in [*range(60), *(source.randrange(len(content)) for _ in range(200))]:
        damaged = bytearray(content)
        damaged[position] ^= 1 << source.randrange(8)
        path.write_bytes(damaged)
        assert Snapshot(path).load(DIM) is None


def test_missing_file_is_no_event(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    assert Snapshot(path).load(DIM) is None
    assert not caplog.records


def test_file_that_cannot_be_read_is_done_without(path: Path, caplog: pytest.LogCaptureFixture) -> None:
    path.mkdir(parents=True)
    assert Snapshot(path).load(DIM) is None
    assert "will be written anew" in caplog.text


def test_file_of_another_dimension_is_not_used(
    path: Path, saved: Saved, caplog: pytest.LogCaptureFixture
) -> None:
    Snapshot(path).save(saved)
    assert Snapshot(path).load(DIM + 1) is None
    assert "vectors of 16 numbers, not 17" in caplog.text


def test_older_file_that_was_put_back_brings_nothing_deleted_back(path: Path, rows: Rows) -> None:
    candidates = Candidates.loaded(DIM, [(EVERY, rows)], Snapshot(path))
    candidates._builder.wait()
    old = path.read_bytes()
    candidates.remove(EVERY[:300].tolist())
    path.write_bytes(old)
    for first in (10, 350):  # few are gone, or most
        kept = EVERY[first:]
        again = Candidates.loaded(DIM, [(kept, rows[first:])], Snapshot(path))
        again._builder.wait()
        for query in rows[:50]:
            assert again.nearest(query, 20, NOBODY).ids.min() > first


def test_full_disk_leaves_the_file_before_and_searches_alone(
    path: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    Snapshot(path).save(saved)
    before = path.read_bytes()

    def full(_: int) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    Snapshot(path).save(saved)
    assert "No space left" in caplog.text
    assert path.read_bytes() == before
    assert [entry.name for entry in path.parent.iterdir()] == ["default.lists"]


def test_disk_that_fills_up_inside_faiss_is_noticed(
    path: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    written: list[int] = []
    write = snapshots._Hashing.write

    def full(self: snapshots._Hashing, data: bytes) -> int:
        written.append(len(data))
        if len(written) > 20:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return write(self, data)

    monkeypatch.setattr(snapshots._Hashing, "write", full)
    Snapshot(path).save(saved)
    assert "No space left" in caplog.text
    assert list(path.parent.iterdir()) == []


def test_what_reads_back_otherwise_never_takes_the_place(
    path: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def damage(descriptor: int) -> None:  # as a broken disk may, between writing and reading
        os.pwrite(descriptor, b"\xff", 5000)

    with monkeypatch.context() as patch:
        patch.setattr(os, "fsync", damage)
        Snapshot(path).save(saved)
    assert "its checksum is wrong" in caplog.text
    assert list(path.parent.iterdir()) == []


def test_file_and_name_are_synced_before_and_after_the_name_is_given(
    path: Path, saved: Saved, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[tuple[str, list[str]]] = []
    sync = os.fsync

    def spied(descriptor: int) -> None:
        target = Path(f"/proc/self/fd/{descriptor}").readlink()
        synced.append((target.name, sorted(entry.name for entry in path.parent.iterdir())))
        sync(descriptor)

    monkeypatch.setattr(os, "fsync", spied)
    Snapshot(path).save(saved)
    assert synced == [("default.new", ["default.new"]), ("lists", ["default.lists"])]


def test_files_of_unknown_collections_and_unfinished_ones_are_deleted(tmp_path: Path, saved: Saved) -> None:
    kept = Snapshots(tmp_path / "lists")
    kept.keep(["a"])
    for name in ("a", "b"):
        kept.of(name).save(saved)
    (tmp_path / "lists" / "a.new").write_bytes(b"half")
    kept.keep(["a", "c"])
    assert [entry.name for entry in (tmp_path / "lists").iterdir()] == ["a.lists"]
