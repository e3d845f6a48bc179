import sqlite3
from collections.abc import Callable
from contextlib import closing
from pathlib import Path

import numpy as np
import pytest

from index.changes import ImageChange
from index.doctor import STEPS, Doctor, examine_beside_a_service
from index.errors import NoStore, StoreInUse
from index.gallery import Gallery
from index.records import NewCaption
from tests.index.samples import DIM, MODEL, counts, sample, unit

DOG, CAT, OWL = (sample(name, filename=f"{name}.jpg") for name in ("dog", "cat", "owl"))


@pytest.fixture
def store(tmp_path: Path) -> Path:
    """A dog (image 1) and a cat (image 2) in one collection, the dog in another, too; nobody has it open."""
    with Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [DOG, CAT])
        gallery.create_collection("trips")
        gallery.add("trips", [DOG])
    return tmp_path / "store"


def doctor(store: Path, *, thorough: bool = False, repair: bool = False) -> Doctor:
    def thumbnail(original: bytes) -> bytes | None:
        return None if original == b"owl" else b"thumbnail of " + original

    return Doctor(store, thorough=thorough, repair=repair, thumbnail=thumbnail)


def found(store: Path, *, thorough: bool = False, repair: bool = False) -> list[tuple[str, str | None, bool]]:
    findings = list(doctor(store, thorough=thorough, repair=repair).examine())
    return [(one.problem, one.image, one.mended) for one in findings]


def original(store: Path, sha256: str) -> Path:
    return store / "originals" / sha256[:2] / sha256[2:]


def thumbnail(store: Path, sha256: str) -> Path:
    return store / "thumbnails" / sha256[:2] / f"{sha256[2:]}.webp"


def change(store: Path, statement: str, *values: object) -> None:
    with closing(sqlite3.connect(store / "catalog.sqlite3", isolation_level=None)) as connection:
        connection.execute(statement, values)


def content(store: Path) -> dict[str, bytes]:
    return {str(path): path.read_bytes() for path in sorted(store.rglob("*")) if path.is_file()}


def test_healthy_store_gives_no_finding(store: Path) -> None:
    steps: list[None] = []
    assert list(doctor(store, thorough=True, repair=True).examine(lambda: steps.append(None))) == []
    assert len(steps) == STEPS


def test_missing_original_is_named_with_its_image_and_stays_missing(store: Path) -> None:
    original(store, CAT.sha256).unlink()
    for repair in (False, True):
        assert found(store, repair=repair) == [("original-missing", "default/2 (cat.jpg)", False)]
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [CAT])
    assert found(store, thorough=True) == []


@pytest.mark.parametrize(
    ("bytes", "thorough", "seen"), [(b"dogs", False, True), (b"dig", False, False), (b"dig", True, True)]
)
def test_damaged_original_is_set_aside_so_that_adding_it_again_mends_it(
    store: Path, bytes: bytes, thorough: bool, seen: bool
) -> None:
    original(store, DOG.sha256).write_bytes(bytes)
    damaged = ("original-damaged", "default/1 (dog.jpg)")
    assert found(store, thorough=thorough) == [(*damaged, False)] * seen
    assert found(store, thorough=thorough, repair=True) == [(*damaged, True)] * seen
    if seen:
        assert original(store / "set-aside", DOG.sha256).read_bytes() == bytes
        with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
            gallery.add("default", [DOG])
        assert found(store, thorough=True) == []


def test_original_that_no_image_has_is_set_aside(store: Path) -> None:
    path = original(store, OWL.sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"owl")
    assert found(store) == [("original-unused", None, False)]
    assert path.exists()
    assert found(store, repair=True) == [("original-unused", None, True)]
    assert not path.exists()
    assert original(store / "set-aside", OWL.sha256).read_bytes() == b"owl"
    assert found(store) == []


def test_thumbnail_that_no_image_has_is_deleted(store: Path) -> None:
    path = thumbnail(store, OWL.sha256)
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(b"thumbnail of owl")
    assert found(store, repair=True) == [("thumbnail-unused", None, True)]
    assert found(store) == []


def test_thumbnail_is_remade_from_its_original(store: Path) -> None:
    thumbnail(store, DOG.sha256).unlink()
    missing = ("thumbnail-missing", "default/1 (dog.jpg)")
    assert found(store) == [(*missing, False)]
    assert found(store, repair=True) == [(*missing, True)]
    assert thumbnail(store, DOG.sha256).read_bytes() == b"thumbnail of dog"
    assert found(store) == []


@pytest.mark.parametrize("there", [True, False])
def test_thumbnail_of_an_original_that_is_lost_or_does_not_decode_stays_missing(
    store: Path, there: bool
) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [OWL])
    thumbnail(store, OWL.sha256).unlink()
    if not there:
        original(store, OWL.sha256).unlink()
    missing = ("thumbnail-missing", "default/4 (owl.jpg)", False)
    assert found(store, repair=True)[-1] == missing
    assert found(store, repair=True)[-1] == missing


@pytest.mark.parametrize(
    ("vector", "thorough", "seen"),
    [
        (b"\0" * (4 * DIM - 4), False, True),
        (b"\0" * (4 * DIM + 1), False, True),
        (b"\0" * (4 * DIM), False, False),
        (b"\0" * (4 * DIM), True, True),
        (np.array([np.nan, 0, 0, 1], "<f4").tobytes(), True, True),
        (np.array([0, 0, 0, 1], "<f4").tobytes(), True, False),
    ],
)
def test_vector_that_cannot_be_used_is_dropped_to_be_made_again(
    store: Path, vector: bytes, thorough: bool, seen: bool
) -> None:
    change(store, "UPDATE vectors SET vector = ? WHERE image_id = 2", vector)
    unreadable = ("vector-unreadable", "default/2 (cat.jpg)")
    assert found(store, thorough=thorough) == [(*unreadable, False)] * seen
    assert found(store, thorough=thorough, repair=True) == [(*unreadable, True)] * seen
    if seen:
        with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
            assert [record.filename for record in gallery.without_vector()] == ["cat.jpg"]


def test_vector_of_a_caption_that_cannot_be_used_is_dropped_to_be_made_again(store: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.update("default", 2, ImageChange(captions=[NewCaption("en", "A cat", unit(1, 0, 0, 0))]))
    assert found(store, thorough=True) == []
    for vector, thorough in ((b"\0" * 4, False), (b"\0" * (4 * DIM), True)):
        change(store, "INSERT OR REPLACE INTO caption_vectors VALUES (1, ?, ?)", MODEL, vector)
        (finding,) = doctor(store, thorough=thorough, repair=True).examine()
        assert (finding.problem, finding.image, finding.mended) == (
            "vector-unreadable",
            "default/2 (cat.jpg)",
            True,
        )
        assert finding.subject == f"vector of model {MODEL} of caption 1"
        with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
            assert [caption.text for caption in gallery.captions_without_vector()] == ["A cat"]


def test_lone_vector_that_is_not_made_of_whole_numbers_is_dropped(store: Path) -> None:
    change(store, "INSERT INTO vectors VALUES (1, 'model-2', x'000000')")
    assert found(store, repair=True) == [("vector-unreadable", "default/1 (dog.jpg)", True)]
    assert found(store) == []


def test_row_without_the_row_it_belongs_to_is_told_and_nothing_is_touched(store: Path) -> None:
    change(store, "INSERT INTO vectors VALUES (99, 'model-1', x'00')")
    original(store, CAT.sha256).unlink()
    assert found(store, repair=True) == [("database-damaged", None, False)]


def test_damaged_database_is_told_and_nothing_is_touched(store: Path) -> None:
    with closing(sqlite3.connect(store / "catalog.sqlite3")) as connection:
        (root,) = connection.execute(
            "SELECT rootpage FROM sqlite_schema WHERE name = 'images_of_collection'"
        ).fetchone()
        (size,) = connection.execute("PRAGMA page_size").fetchone()
    with (store / "catalog.sqlite3").open("r+b") as file:
        file.seek((root - 1) * size + 3)
        file.write(b"\0\0")  # cells of the index page: none
    before = content(store / "originals")
    findings = list(doctor(store, repair=True).examine())
    assert findings
    assert {one.problem for one in findings} == {"database-damaged"}
    assert "catalog.sqlite3: " in findings[0].subject
    assert content(store / "originals") == before


def test_report_changes_nothing(store: Path) -> None:
    original(store, CAT.sha256).write_bytes(b"cut")
    thumbnail(store, DOG.sha256).unlink()
    change(store, "UPDATE vectors SET vector = x'00' WHERE image_id = 2")
    before = content(store)
    assert len(found(store, thorough=True)) == 3
    after = content(store)
    assert before.pop(str(store / "lock")) != b""
    after.pop(str(store / "lock"))
    assert after == before


def test_mended_store_is_searched_and_counts_what_it_has(store: Path) -> None:
    thumbnail(store, DOG.sha256).unlink()
    change(store, "UPDATE vectors SET vector = x'00' WHERE image_id = 2")
    found(store, repair=True)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert counts(gallery.collection("default")) == ("default", 2, 1)


def test_store_in_use_is_refused(store: Path) -> None:
    with (
        Gallery.open(store, dim=DIM, model_version=MODEL),
        pytest.raises(StoreInUse, match="in use by process"),
    ):
        list(doctor(store).examine())


@pytest.mark.parametrize("make", [Path.mkdir, lambda _: None])
def test_folder_without_a_store_is_refused_and_left_alone(
    tmp_path: Path, make: Callable[[Path], None]
) -> None:
    make(tmp_path / "other")
    with pytest.raises(NoStore, match="Name the folder"):
        list(doctor(tmp_path / "other").examine())
    assert not list((tmp_path).rglob("lock"))


def test_what_comes_and_goes_beside_a_service_is_no_finding(
    store: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (store / "originals" / "ab").mkdir(parents=True, exist_ok=True)
    coming, stray = store / "originals" / "ab" / "coming", store / "originals" / "ab" / "stray"
    coming.touch()
    stray.touch()
    with Gallery.open(store, dim=DIM, model_version=MODEL):
        monkeypatch.setattr("index.doctor.time.sleep", lambda _: coming.unlink())
        (finding,) = examine_beside_a_service(store, thorough=True)
    assert (finding.problem, finding.subject) == ("original-unused", "originals/ab/stray")
    assert stray.exists()
