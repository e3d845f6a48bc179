"""What was acknowledged survives the death of the process at any moment."""

import hashlib
import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

from index.gallery import Gallery
from index.records import SearchOptions
from tests.index.writer import DIM, MODEL, vector_of

ROOT = Path(__file__).parents[2]
KILLS = 200


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


def write_until_killed(writers: "subprocess.Popen[str]", seed: int, acknowledged: Acknowledged) -> None:
    """Kills a writer at a random moment, every fifth while it opens the gallery."""
    assert writers.stdin is not None
    assert writers.stdout is not None
    patience = random.Random(seed)
    print(seed, file=writers.stdin, flush=True)
    writing, pid = writers.stdout.readline().split()
    assert writing == "writing"
    if seed % 5:
        assert writers.stdout.readline() == "ready\n"
        time.sleep(patience.uniform(0, 0.1))
    else:
        time.sleep(patience.uniform(0, 0.02))
    os.kill(int(pid), signal.SIGKILL)
    for line in iter(writers.stdout.readline, "ended\n"):
        assert line, "the writers' parent died"
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
            assert [caption.text for caption in record.captions] == [record.sha256]
        for id in list(records)[-3:]:
            best = gallery.search("default", vector_of(records[id].sha256), SearchOptions()).hits[0]
            assert best.record == records[id]
        everything = SearchOptions(k=10_000, exact=True)
        hits = gallery.search("default", vector_of("ff" * 32), everything).hits
        assert sorted(hit.record.id for hit in hits) == list(records)
        captions = gallery.best_captions("default", vector_of("ff" * 32), k=10_000)
        assert sorted(hit.record.image_id for hit in captions) == list(records)
        # What hung in the balance is settled now: the next opening must not change it.
        acknowledged.images = {id: record.sha256 for id, record in records.items()}
        acknowledged.removing.clear()


def test_everything_acknowledged_survives_kill_9_at_200_random_moments(tmp_path: Path) -> None:
    first = random.randrange(10**6)
    sys.stdout.write(f"seeds from {first}\n")  # pytest shows it when the test fails
    acknowledged = Acknowledged()
    command = [sys.executable, "-m", "tests.index.writer", str(tmp_path)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writers:
        for seed in range(first, first + KILLS):
            write_until_killed(writers, seed, acknowledged)
            check(tmp_path, acknowledged)
    assert acknowledged.removed  # how many, depends on the machine
