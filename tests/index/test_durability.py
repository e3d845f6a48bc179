"""What was acknowledged survives the death of the process at any moment."""

import hashlib
import random
import subprocess
import sys
import time
from pathlib import Path

from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.writer import DIM, MODEL, vector_of

ROOT = Path(__file__).parents[2]
ROUNDS = 15


class Acknowledged:
    """What the writers said they had done, over all their lives."""

    def __init__(self) -> None:
        self.images: dict[int, str] = {}  # id -> content
        self.removing: set[int] = set()  # asked for: may be gone, may be there
        self.removed: dict[int, str] = {}

    def hear(self, line: str) -> None:
        match line.split():
            case ["added", id, sha256]:
                self.images[int(id)] = sha256
            case ["removing", id]:
                self.removing.add(int(id))
            case ["removed", id]:
                self.removed[int(id)] = self.images.pop(int(id))


def write_until_killed(folder: Path, seed: int, acknowledged: Acknowledged) -> None:
    command = [sys.executable, "-m", "tests.index.writer", str(folder), str(seed)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as writer:
        assert writer.stdout is not None
        if seed % 5 < 4:
            assert writer.stdout.readline() == "ready\n"
            time.sleep(random.uniform(0, 0.3))
        else:  # while it starts and opens the gallery
            time.sleep(random.uniform(0.1, 0.6))
        writer.kill()
        for line in writer.stdout:
            acknowledged.hear(line)


def check(folder: Path, acknowledged: Acknowledged) -> None:
    with Gallery.open(folder, dim=DIM, model_version=MODEL) as gallery:
        records = {record.id: record for record in gallery.images("default", limit=10_000)}
        for id, sha256 in acknowledged.images.items():
            assert id in acknowledged.removing or records[id].sha256 == sha256
        for id, sha256 in acknowledged.removed.items():
            assert id not in records
            assert not gallery._files.original(sha256).exists()
            assert not gallery._files.thumbnail(sha256).exists()
        for record in records.values():  # acknowledged or not: what is there is whole
            original = gallery.original(record).read_bytes()
            assert hashlib.sha256(original).hexdigest() == record.sha256
            assert gallery.thumbnail(record).read_bytes() == original[:1000]
            assert (gallery.vector("default", record.id) == vector_of(record.sha256)).all()
            assert [caption.text for caption in gallery.captions("default", record.id)] == [record.sha256]
        for id in list(records)[-3:]:
            best = gallery.search("default", vector_of(records[id].sha256), SearchOptions()).hits[0]
            assert best.record == records[id]
        everything = SearchOptions(k=10_000, exact=True)
        hits = gallery.search("default", vector_of("ff" * 32), everything).hits
        assert sorted(hit.record.id for hit in hits) == list(records)
        captions = gallery.best_captions("default", vector_of("ff" * 32), k=10_000)
        assert sorted(hit.record.image_id for hit in captions) == list(records)


def test_everything_acknowledged_survives_kill_9_at_random_moments(tmp_path: Path) -> None:
    acknowledged = Acknowledged()
    for seed in range(ROUNDS):
        write_until_killed(tmp_path, seed, acknowledged)
        check(tmp_path, acknowledged)
        # What hung in the balance is settled now: the next opening must not change it.
        with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
            there = {record.id: record.sha256 for record in gallery.images("default", limit=10_000)}
        acknowledged.images = there
        acknowledged.removing.clear()
    assert acknowledged.images
    assert acknowledged.removed
