"""Export and import: a collection goes out whole and comes back as it was."""

import json
import shutil
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index import imports
from index.bundle import LINES, MANIFEST
from index.doctor import Doctor
from index.errors import (
    BadCollectionName,
    BundleDamaged,
    NoStore,
    StorageFull,
    StoreInUse,
    TargetTaken,
    UnknownCollection,
)
from index.export import Exported, export
from index.gallery import Gallery
from index.imports import Imported, import_bundle
from index.records import CaptionRecord, ImageRecord, NewCaption
from tests.index.samples import DIM, MODEL, found, sample, unit

DOG = sample(
    "dog",
    unit(1, 0, 0, 1),
    filename="Hündin.jpg",
    metadata={"path": "trip/Hündin.jpg", "n": [1.5]},
    captions=[NewCaption("de", "Eine Hündin", unit(1, 0, 0, 2)), NewCaption("en", "A dog", unit(2, 0, 0, 1))],
)
CAT = sample(
    "cat", unit(0, 1, 0, 1), filename="cat.jpg", captions=[NewCaption("en", "A cat", unit(0, 2, 0, 1))]
)


CAPTION = {"language": "en", "text": "a cat", "created_at": "2026-01-31T12:00:00.123Z"}


@pytest.fixture
def store(gallery: Gallery, tmp_path: Path) -> Path:
    """A dog and a cat in `trips`, a bee elsewhere; an older model embedded the dog alone, and a caption."""
    gallery.create_collection("trips")
    gallery.add("trips", [DOG, CAT])
    gallery.add("default", [sample("bee")])
    gallery.close()
    with Gallery.open(tmp_path / "store", dim=2, model_version="hub:old/model") as older:
        older.put_vectors({1: unit(3, 4)})
        older.put_caption_vectors({2: unit(4, 3)})
    return tmp_path / "store"


@pytest.fixture
def bundle(store: Path, tmp_path: Path) -> Path:
    export(store, "trips", tmp_path / "out" / "bundle")
    return tmp_path / "out" / "bundle"


def imported(
    bundle: Path, store: Path, collection: str | None = None, progress: Any = lambda *_: None
) -> Imported:
    def thumbnail(original: bytes) -> bytes | None:
        return None if original == b"cat" else b"thumbnail of " + original

    return import_bundle(bundle, store, collection, thumbnail, progress)


def lines_of(bundle: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (bundle / LINES).read_text(encoding="utf-8").splitlines()]


def write_lines(bundle: Path, lines: list[Any]) -> None:
    (bundle / LINES).write_text("".join(f"{json.dumps(line)}\n" for line in lines), encoding="utf-8")


def captions_of(gallery: Gallery, record: ImageRecord) -> list[CaptionRecord]:
    """What an import keeps."""
    return [replace(one, id=0, image_id=0) for one in gallery.captions(record.collection, record.id)]


def told(record: ImageRecord) -> ImageRecord:
    """What an import keeps."""
    return replace(record, id=0)


def test_export_is_read_without_us(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    assert (manifest["name"], manifest["images"], manifest["captions"]) == ("trips", 2, 3)
    assert manifest["models"] == [
        {"model_version": "hub:old/model", "dim": 2},
        {"model_version": MODEL, "dim": DIM},
    ]
    dog, cat = lines_of(bundle)
    assert (dog["filename"], dog["metadata"]) == (DOG.filename, DOG.metadata)
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
                assert captions_of(after, new) == captions_of(before, old)
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
        gallery.replace_captions("trips", 1, [NewCaption("en", "A dog", unit(0, 0, 1, 0))])
    assert imported(bundle, store) == Imported("trips", added=0, existing=2)
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert [one.text for one in gallery.captions("trips", 1)] == ["A dog", "Eine Hündin"]
        assert gallery.captions_without_vector() == []


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


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": None}, "line 2: `width` is None, which is not a whole number"),
        ({"bytes": True}, "line 2: `bytes` is True"),
        ({"height": -1}, "line 2: `height` is -1"),
        ({"sha256": "../../etc/passwd"}, "line 2: `sha256` is '../../etc/passwd', which is none"),
        ({"format": "../x"}, "line 2: `format` is"),
        ({"created_at": "yesterday"}, "line 2: `created_at` is"),
        ({"metadata": []}, "line 2: `metadata` is [], which is not an object"),
        ({"filename": "\ud800"}, "line 2: "),
        ({"metadata": {"x": float("nan")}}, "line 2: NaN is no JSON"),
        ({"title": "more"}, "line 2: `title` is not known"),
        ({"captions": [{"text": "a cat"}]}, "line 2: `language` is missing"),
        ({"captions": ["a cat"]}, "line 2: is not a JSON object"),
        ({"captions": [{**CAPTION, "text": ""}]}, "line 2: `caption` has 0 characters"),
        ({"captions": [{**CAPTION, "language": "English"}]}, "line 2: `language` is no ISO 639 code"),
        ({"captions": [{**CAPTION, "created_at": "now"}]}, "line 2: `created_at` is"),
        ({"captions": [CAPTION, CAPTION]}, "images.jsonl: has 4 captions instead of 3"),
        ({"bytes": 4}, "is not of 4 bytes, as line 2"),
        ({"format": "png"}, "is missing, though line 2"),
    ],
)
def test_bad_line_is_named_before_anything_is_stored(
    bundle: Path, tmp_path: Path, change: dict[str, Any], reason: str
) -> None:
    dog, cat = lines_of(bundle)
    write_lines(bundle, [dog, {**cat, **change}])
    with pytest.raises(BundleDamaged) as caught:
        imported(bundle, tmp_path / "new")
    assert reason in str(caught.value)
    assert not (tmp_path / "new").exists()


def no_manifest(bundle: Path) -> None:
    (bundle / MANIFEST).unlink()


def other_format(bundle: Path) -> None:
    (bundle / MANIFEST).write_text('{"format": "other"}')


def odd_models(bundle: Path) -> None:
    manifest = json.loads((bundle / MANIFEST).read_text())
    (bundle / MANIFEST).write_text(json.dumps({**manifest, "models": [1]}))


def deep_manifest(bundle: Path) -> None:
    (bundle / MANIFEST).write_text("[" * 100_000)


def line_gone(bundle: Path) -> None:
    write_lines(bundle, lines_of(bundle)[:1])


def key_gone(bundle: Path) -> None:
    write_lines(bundle, [{}, *lines_of(bundle)[1:]])


def no_json(bundle: Path) -> None:
    (bundle / LINES).write_text("{")


def no_utf8(bundle: Path) -> None:
    (bundle / LINES).write_bytes(b"\xff")


def vectors_gone(bundle: Path) -> None:
    (bundle / "vectors-2.npy").unlink()


def caption_vectors_gone(bundle: Path) -> None:
    (bundle / "caption-vectors-2.npy").unlink()


def caption_vector_not_unit(bundle: Path) -> None:
    np.save(bundle / "caption-vectors-2.npy", np.ones((3, DIM), np.float32))


def vectors_cut(bundle: Path) -> None:
    data = (bundle / "vectors-2.npy").read_bytes()
    (bundle / "vectors-2.npy").write_bytes(data[:-4])


def vectors_of_another_shape(bundle: Path) -> None:
    np.save(bundle / "vectors-2.npy", np.zeros((2, 3), np.float32))


def vectors_pickled(bundle: Path) -> None:
    np.save(bundle / "vectors-2.npy", np.array([[object()]]), allow_pickle=True)


def vector_not_unit(bundle: Path) -> None:
    np.save(bundle / "vectors-2.npy", np.ones((2, DIM), np.float32))


@pytest.mark.parametrize(
    ("spoil", "reason"),
    [
        (no_manifest, "collection.json: cannot be read"),
        (other_format, "collection.json: is not of the format 'pivot-collection' 1"),
        (odd_models, "collection.json: is not a JSON object"),
        (deep_manifest, "collection.json: "),
        (line_gone, "images.jsonl: has 1 lines instead of 2"),
        (key_gone, "images.jsonl: line 1: `sha256` is missing"),
        (no_json, "images.jsonl: line 1: "),
        (no_utf8, "images.jsonl: "),
        (vectors_gone, "vectors-2.npy: cannot be read"),
        (vectors_cut, "vectors-2.npy: cannot be read"),
        (vectors_of_another_shape, "vectors-2.npy: holds (2, 3) float32 instead of (2, 4) float32"),
        (vectors_pickled, "vectors-2.npy: cannot be read"),
        (vector_not_unit, "/vectors-2.npy: row 0 has the length 2"),
        (caption_vectors_gone, "caption-vectors-2.npy: cannot be read"),
        (caption_vector_not_unit, "caption-vectors-2.npy: row 0 has the length 2"),
    ],
)
def test_damaged_bundle_is_refused_before_anything_is_stored(
    bundle: Path, tmp_path: Path, spoil: Callable[[Path], None], reason: str
) -> None:
    spoil(bundle)
    with pytest.raises(BundleDamaged) as caught:
        imported(bundle, tmp_path / "new")
    assert reason in str(caught.value)
    assert str(caught.value).endswith("goes on where it stopped.")
    assert not (tmp_path / "new").exists()


def test_original_of_another_content_is_refused(bundle: Path, tmp_path: Path) -> None:
    (bundle / "originals" / f"{CAT.sha256}.jpeg").write_bytes(b"cot")
    with pytest.raises(BundleDamaged, match="its content is not"):
        imported(bundle, tmp_path / "new")


def test_original_that_is_no_image_needs_its_thumbnail(bundle: Path, tmp_path: Path) -> None:
    shutil.rmtree(bundle / "thumbnails")
    with pytest.raises(BundleDamaged, match="no image"):
        imported(bundle, tmp_path / "new")


def test_vectors_of_a_known_model_in_another_size_are_refused(bundle: Path, tmp_path: Path) -> None:
    with Gallery.open(tmp_path / "new", dim=3, model_version=MODEL) as gallery:
        gallery.add("default", [sample("bee", unit(1, 1, 1))])
    with pytest.raises(BundleDamaged, match="rows of 4 numbers, where the store has 3"):
        imported(bundle, tmp_path / "new")
    with Gallery.open(tmp_path / "new", dim=3, model_version=MODEL) as gallery:
        assert [one.name for one in gallery.collections()] == ["default"]


def test_import_is_refused_where_it_cannot_go(bundle: Path, store: Path) -> None:
    with pytest.raises(BadCollectionName):
        imported(bundle, store, "No Name")
    with Gallery.open(store, dim=DIM, model_version=MODEL), pytest.raises(StoreInUse):
        imported(bundle, store)


def test_export_is_refused_where_something_is(store: Path, bundle: Path, tmp_path: Path) -> None:
    before = sorted(bundle.rglob("*"))
    with pytest.raises(TargetTaken):
        export(store, "trips", bundle)
    assert sorted(bundle.rglob("*")) == before
    with pytest.raises(UnknownCollection):
        export(store, "nowhere", tmp_path / "other")
    with pytest.raises(NoStore):
        export(tmp_path / "nowhere", "trips", tmp_path / "other")
    assert not (tmp_path / "other").exists()


def test_export_that_fails_leaves_nothing(
    store: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patch:
        patch.setattr(shutil, "copyfile", full)
        with pytest.raises(StorageFull):
            export(store, "trips", tmp_path / "out")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["store"]
    assert export(store, "trips", tmp_path / "out").images == 2


def test_export_beside_a_service_leaves_out_what_is_deleted_meanwhile_and_tells_what_was_lost(
    store: Path, tmp_path: Path
) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("trips", [sample(name) for name in ("owl", "fox")])
        gallery.original(gallery.image("trips", 5)).unlink()

        def delete(done: int, _: int) -> None:
            if done == 1:
                gallery.remove("trips", [2, 4])

        assert export(store, "trips", tmp_path / "out", delete) == Exported(1, lost=[5])
    assert [line["filename"] for line in lines_of(tmp_path / "out")] == [DOG.filename]
    assert (np.load(tmp_path / "out" / "vectors-2.npy") == [DOG.vector]).all()
    assert (np.load(tmp_path / "out" / "caption-vectors-2.npy") == [one.vector for one in DOG.captions]).all()
    assert imported(tmp_path / "out", tmp_path / "new").added == 1


def test_empty_collection_goes_out_and_comes_back(gallery: Gallery, tmp_path: Path) -> None:
    gallery.create_collection("empty")
    assert export(tmp_path / "store", "empty", tmp_path / "out") == Exported(0, [])
    assert imported(tmp_path / "out", tmp_path / "new") == Imported("empty", 0, 0)
