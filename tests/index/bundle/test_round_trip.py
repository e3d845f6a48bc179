"""A collection goes out whole and comes back as it was."""

import json
from pathlib import Path

import numpy as np
import pytest

from index import imports
from index.bundle import MANIFEST
from index.changes import ImageChange
from index.doctor import Doctor
from index.export import Exported, export
from index.gallery import Gallery
from index.imports import Imported
from index.records import NewCaption
from tests.index.bundle.conftest import CAT, DOG, imported, lines_of, told, write_lines
from tests.index.samples import DIM, MODEL, found, sample, unit
from tests.index.test_external_ids import LAST_YEAR, aged


def test_export_is_read_without_us(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    assert (manifest["name"], manifest["images"], manifest["captions"]) == ("trips", 2, 3)
    assert manifest["models"] == [
        {"model_version": "hub:old/model", "dim": 2},
        {"model_version": MODEL, "dim": DIM},
    ]
    dog, cat = lines_of(bundle)
    assert (dog["filename"], dog["metadata"]) == (DOG.filename, DOG.metadata)
    assert (dog["external_id"], cat["external_id"], cat["updated_at"]) == ("dog-1", None, cat["created_at"])
    assert [(one["language"], one["text"]) for one in dog["captions"]] == [
        ("de", "Eine Hündin"),
        ("en", "A dog"),
    ]
    assert (bundle / "originals" / f"{cat['sha256']}.jpeg").read_bytes() == b"cat"
    assert np.load(bundle / "vectors-1.npy").tolist() == [unit(3, 4).tolist(), [0, 0]]
    assert np.load(bundle / "caption-vectors-1.npy").tolist() == [[0, 0], unit(4, 3).tolist(), [0, 0]]
    assert (np.load(bundle / "vectors-2.npy") == [DOG.vector, CAT.vector]).all()
    captions = [one.vector for one in (*DOG.captions, *CAT.captions)]
    assert (np.load(bundle / "caption-vectors-2.npy") == captions).all()


def test_import_into_a_new_store_gives_all_back(bundle: Path, store: Path, tmp_path: Path) -> None:
    progress: list[tuple[int, int]] = []
    done = imported(bundle, tmp_path / "new" / "store", progress=lambda *done: progress.append(done))
    assert (done, progress) == (Imported("trips", added=2, existing=0), [(2, 2)])
    doctor = Doctor(tmp_path / "new" / "store", thorough=True, repair=False, thumbnail=lambda _: None)
    assert list(doctor.examine()) == []
    for dim, model in ((DIM, MODEL), (2, "hub:old/model")):
        with (
            Gallery.open(store, dim=dim, model_version=model) as before,
            Gallery.open(tmp_path / "new" / "store", dim=dim, model_version=model) as after,
        ):
            was, now = before.images("trips"), after.images("trips")
            assert list(map(told, now)) == list(map(told, was))
            assert after.collection("trips") == before.collection("trips")
            for old, new in zip(was, now, strict=True):
                assert after.original(new).read_bytes() == before.original(old).read_bytes()
                assert after.thumbnail(new).read_bytes() == before.thumbnail(old).read_bytes()
            if model == MODEL:
                assert found(after, CAT.vector, "trips") == [now[1].id, now[0].id]
                assert (after.vector("trips", now[0].id) == DOG.vector).all()
                (best,) = after.best_captions("trips", unit(1, 0, 0, 2), k=1)
                assert (best.record.text, after.captions_without_vector()) == ("Eine Hündin", [])
            else:
                assert [one.text for one in after.captions_without_vector()] == ["Eine Hündin", "A cat"]
                assert found(after, unit(3, 4), "trips") == [now[0].id]


def test_export_of_an_import_is_the_same(bundle: Path, tmp_path: Path) -> None:
    imported(bundle, tmp_path / "new")
    assert export(tmp_path / "new", "trips", tmp_path / "again") == Exported(2, [])
    files = {path.relative_to(bundle): path for path in bundle.rglob("*") if path.is_file()}
    assert files.keys() == {
        path.relative_to(tmp_path / "again") for path in (tmp_path / "again").rglob("*") if path.is_file()
    }
    for name, path in files.items():
        assert (tmp_path / "again" / name).read_bytes() == path.read_bytes()


def test_import_into_a_collection_adds_what_it_lacks_and_mends_it(bundle: Path, store: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.remove("trips", [2])
        gallery.original(gallery.image("trips", 1)).unlink()
    assert imported(bundle, store) == Imported("trips", added=1, existing=1)
    assert imported(bundle, store) == Imported("trips", added=0, existing=2)
    assert imported(bundle, store, "default") == Imported("default", added=2, existing=0)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert gallery.original(gallery.image("trips", 1)).read_bytes() == b"dog"
        assert [record.filename for record in gallery.images("trips")] == [DOG.filename, CAT.filename]
        assert gallery.collection("default").searchable == 3


def test_import_brings_captions_that_a_known_image_lacks(bundle: Path, store: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.update("trips", 1, ImageChange(captions=[NewCaption("en", "A dog", unit(0, 0, 1, 0))]))
        aged(gallery)
    assert imported(bundle, store) == Imported("trips", added=0, existing=2)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert [one.text for one in gallery.image("trips", 1).captions] == ["A dog", "Eine Hündin"]
        assert gallery.image("trips", 1).updated_at > LAST_YEAR == gallery.image("trips", 2).updated_at
        assert gallery.captions_without_vector() == []


def test_import_gives_a_known_image_the_external_id_that_it_lacks_and_no_other(
    bundle: Path, store: Path
) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.update("trips", 1, ImageChange(external_id=None))
        aged(gallery)
        was = gallery.image("trips", 2)
    imported(bundle, store)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        dog, cat = gallery.images("trips")
        assert (dog.external_id, cat) == ("dog-1", was)
        assert dog.updated_at > LAST_YEAR
        gallery.update("trips", 1, ImageChange(external_id="another"))
        gallery.update("trips", 2, ImageChange(external_id="dog-1"))
    imported(bundle, store)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert [one.external_id for one in gallery.images("trips")] == ["another", "dog-1"]


def test_lines_of_earlier_exports_are_read(bundle: Path, tmp_path: Path) -> None:
    write_lines(
        bundle,
        [
            {key: value for key, value in line.items() if key not in ("external_id", "updated_at")}
            for line in lines_of(bundle)
        ],
    )
    imported(bundle, tmp_path / "new")
    with Gallery.open(tmp_path / "new", dim=DIM, model_version=MODEL) as gallery:
        assert all(one.updated_at == one.created_at for one in gallery.images("trips"))
        assert gallery.by_external_id("trips", ["dog-1"]) == {}


def test_thumbnails_that_are_missing_are_made_again(bundle: Path, tmp_path: Path) -> None:
    (bundle / "thumbnails" / f"{DOG.sha256}.webp").unlink()
    imported(bundle, tmp_path / "new")
    with Gallery.open(tmp_path / "new", dim=DIM, model_version=MODEL) as gallery:
        assert gallery.thumbnail(gallery.images("trips")[0]).read_bytes() == b"thumbnail of dog"


def test_image_without_any_vector_comes_back_to_be_embedded(bundle: Path, tmp_path: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps({**manifest, "models": []}))
    imported(bundle, tmp_path / "new")
    with Gallery.open(tmp_path / "new", dim=DIM, model_version=MODEL) as gallery:
        assert [one.filename for one in gallery.without_vector()] == [DOG.filename, CAT.filename]


def test_many_images_get_in_batch_by_batch_and_a_stopped_import_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(imports, "BATCH_IMAGES", 4)
    rows = [unit(i, 1, 1, 1) for i in range(10)]
    with Gallery.open(tmp_path / "store", dim=DIM, model_version=MODEL) as gallery:
        gallery.add("default", [sample(str(i), row) for i, row in enumerate(rows)])
    export(tmp_path / "store", "default", tmp_path / "bundle")

    def stop(done: int, _: int) -> None:
        if done == 8:
            raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        imported(tmp_path / "bundle", tmp_path / "new", progress=stop)
    assert imported(tmp_path / "bundle", tmp_path / "new") == Imported("default", added=2, existing=8)
    with Gallery.open(tmp_path / "new", dim=DIM, model_version=MODEL) as gallery:
        records = gallery.images("default")
        assert [gallery.original(one).read_bytes() for one in records] == [b"%d" % i for i in range(10)]
        for record, row in zip(records, rows, strict=True):
            assert (gallery.vector("default", record.id) == row).all()


def test_batches_are_bounded_in_bytes(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(imports, "BATCH_BYTES", 4)
    progress: list[int] = []
    imported(bundle, tmp_path / "new", progress=lambda done, _: progress.append(done))
    assert progress == [1, 2]


def test_empty_collection_goes_out_and_comes_back(gallery: Gallery, tmp_path: Path) -> None:
    gallery.create_collection("empty")
    assert export(tmp_path / "store", "empty", tmp_path / "out") == Exported(0, [])
    assert imported(tmp_path / "out", tmp_path / "new") == Imported("empty", 0, 0)
