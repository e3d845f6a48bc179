import os
import shutil
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import IO

import pytest

from index.backup import BackedUp, back_up
from index.doctor import Doctor
from index.errors import NoStore, StorageFull, StoreInUse, TargetTaken, TargetWithin
from index.gallery import Gallery
from index.records import ImageRecord, SearchOptions
from index.store import catalog_in
from tests.index import writer
from tests.index.samples import DIM, MODEL, found, sample

ROOT = Path(__file__).parents[2]
DOG, CAT, OWL = (sample(name, filename=f"{name}.jpg") for name in ("dog", "cat", "owl"))


@pytest.fixture
def target(tmp_path: Path) -> Path:
    return tmp_path / "safe" / "target"


@pytest.fixture
def store(gallery: Gallery, tmp_path: Path) -> Path:
    """A dog and a cat; the gallery is open all the time."""
    gallery.add("default", [DOG, CAT])
    return tmp_path / "store"


def images_in(folder: Path) -> list[ImageRecord]:
    with Gallery.open(folder, dim=DIM, model_version=MODEL) as gallery:
        return gallery.images("default")


def findings(folder: Path) -> list[str]:
    doctor = Doctor(folder, thorough=True, repair=False, thumbnail=lambda _: None)
    return [one.problem for one in doctor.examine()]


def test_backup_of_an_open_gallery_opens_with_everything(gallery: Gallery, store: Path, target: Path) -> None:
    gallery.create_collection("trips")
    told: list[tuple[int, int]] = []
    assert back_up(store, target, lambda *done: told.append(done)) == BackedUp(images=2, copied=2, lost=[])
    assert told == [(1, 2), (2, 2)]
    assert findings(target) == []
    with Gallery.open(target, dim=DIM, model_version=MODEL) as copy:
        assert copy.images("default") == gallery.images("default")
        assert copy.collections() == gallery.collections()
        assert copy.original(copy.images("default")[0]).read_bytes() == b"dog"
        assert (
            copy.search("default", DOG.vector, SearchOptions()).hits
            == gallery.search("default", DOG.vector, SearchOptions()).hits
        )


def test_next_backup_copies_what_is_new_and_forgets_what_was_deleted(
    gallery: Gallery, store: Path, target: Path
) -> None:
    back_up(store, target)
    gallery.remove("default", [1])
    gallery.add("default", [OWL])
    assert back_up(store, target) == BackedUp(images=2, copied=1, lost=[])
    assert findings(target) == []
    assert not list(target.rglob("*.new"))
    assert [one.filename for one in images_in(target)] == ["cat.jpg", "owl.jpg"]


@pytest.mark.parametrize("again", [False, True])
def test_image_that_is_deleted_meanwhile_is_in_the_backup_whole_or_not_at_all(
    gallery: Gallery, store: Path, target: Path, again: bool
) -> None:
    def meddle(done: int, _: int) -> None:
        if done == 1:
            gallery.remove("default", [1, 2])
            if again:
                gallery.add("default", [DOG, CAT])

    done = back_up(store, target, meddle)
    assert (done.images, done.lost) == (1 + again, [])
    assert findings(target) == []
    assert len(images_in(target)) == 1 + again


def test_lost_file_is_told_and_its_image_kept(store: Path, gallery: Gallery, target: Path) -> None:
    gallery.original(gallery.image("default", 2)).unlink()
    done = back_up(store, target)
    assert done.lost == [CAT.sha256]
    assert findings(target) == ["original-missing", "thumbnail-missing"]
    assert len(images_in(target)) == 2


def test_interrupted_backup_leaves_the_earlier_one_and_goes_on_the_next_time(
    gallery: Gallery, store: Path, target: Path
) -> None:
    back_up(store, target)
    gallery.remove("default", [1])
    gallery.add("default", [OWL, sample("fox"), sample("bee")])

    def interrupted(done: int, of: int) -> None:
        if done == of:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        back_up(store, target, interrupted)
    assert set(findings(target)) == {"original-unused", "thumbnail-unused"}  # the new ones
    assert back_up(store, target) == BackedUp(images=4, copied=0, lost=[])
    assert findings(target) == []
    assert len(images_in(target)) == 4


def test_first_backup_can_be_interrupted(store: Path, target: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageFull, match=str(target)):
            back_up(store, target)
    assert not (target / "catalog.sqlite3").exists()
    assert back_up(store, target).copied == 2


def test_backup_that_was_opened_is_a_store_of_its_own(store: Path, target: Path) -> None:
    back_up(store, target)
    with Gallery.open(target, dim=DIM, model_version=MODEL) as copy:
        copy.add("default", [OWL])
    with pytest.raises(TargetTaken, match="Choose a new"):
        back_up(store, target)
    assert len(images_in(target)) == 3


def test_folder_with_other_things_is_left_alone(store: Path, target: Path) -> None:
    target.mkdir(parents=True)
    (target / "diary.txt").touch()
    with pytest.raises(TargetTaken):
        back_up(store, target)
    assert [path.name for path in target.iterdir()] == ["diary.txt"]


@pytest.mark.parametrize(
    "place", [lambda store: store, lambda store: store / "b", lambda store: store.parent]
)
def test_target_within_the_store_or_around_it_is_refused(store: Path, place: Callable[[Path], Path]) -> None:
    with pytest.raises(TargetWithin):
        back_up(store, place(store))
    assert not (store / "b").exists()


def test_target_in_use_is_refused(store: Path, target: Path) -> None:
    back_up(store, target)
    with pytest.raises(StoreInUse):
        back_up(store, target, lambda *_: back_up(store, target) and None)


def test_folder_without_a_store_is_refused(tmp_path: Path, target: Path) -> None:
    with pytest.raises(NoStore):
        back_up(tmp_path / "nowhere", target)
    assert not target.exists()


class Heard:
    """What a writer in another process says, as it says it."""

    def __init__(self, said: IO[str]) -> None:
        self.contents: dict[int, str] = {}
        self.leaving: set[int] = set()
        self.gone: set[int] = set()
        self.lines = threading.Semaphore(0)
        self.thread = threading.Thread(target=self._listen, args=(said,))
        self.thread.start()

    def _listen(self, said: IO[str]) -> None:
        for line in said:
            match line.split():
                case ["added", id, sha256]:
                    self.contents[int(id)] = sha256
                    self.lines.release()
                case ["removing", id]:
                    self.leaving.add(int(id))
                case ["removed", id]:
                    self.gone.add(int(id))


def test_backups_beside_a_writer_hold_what_was_acknowledged_before(tmp_path: Path) -> None:
    """A writer in another process adds and removes without a break."""
    store = tmp_path / "store"
    command = [sys.executable, "-m", "tests.index.writer", str(store)]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as writers:
        assert writers.stdin is not None
        assert writers.stdout is not None
        writers.stdin.write("1\n")
        writers.stdin.flush()
        pid = int(writers.stdout.readline().split()[1])
        heard = Heard(writers.stdout)
        try:
            for number in range(8):
                for _ in range(10):
                    heard.lines.acquire(timeout=30)
                before, gone = dict(heard.contents), set(heard.gone)
                target = tmp_path / f"target-{number % 2}"  # every other time an earlier backup
                done = back_up(store, target)
                leaving = set(heard.leaving)
                # The next backup may be written there, so it must not be opened by a gallery.
                assert (done.lost, findings(target)) == ([], [])
                there = _catalog_of(target)
                kept = {id: sha256 for id, sha256 in before.items() if id not in leaving}
                assert kept.items() <= there.items()
                assert not gone & there.keys()
        finally:
            os.kill(pid, signal.SIGKILL)
            writers.stdin.close()
            heard.thread.join()
    with Gallery.open(target, dim=writer.DIM, model_version=writer.MODEL) as copy:
        assert len(found(copy, writer.vector_of("ff" * 32))) == min(10, len(there))


def _catalog_of(target: Path) -> dict[int, str]:
    with catalog_in(target) as catalog:
        return dict(catalog.execute("SELECT id, sha256 FROM images").fetchall())
