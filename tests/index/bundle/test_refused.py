"""What is no bundle, or damaged, is named, and nothing is stored of it."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from index.bundle import LINES, MANIFEST
from index.changes import ImageChange
from index.errors import BadCollectionName, BundleDamaged, ExternalIdTaken, StoreInUse
from index.gallery import Gallery
from tests.index.bundle.conftest import CAT, imported, lines_of, write_lines
from tests.index.samples import DIM, MODEL, sample, unit

CAPTION = {"language": "en", "text": "a cat", "created_at": "2026-01-31T12:00:00.123Z"}


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"width": None}, "line 2: `width` is None, which is not a whole number"),
        ({"bytes": True}, "line 2: `bytes` is True"),
        ({"height": -1}, "line 2: `height` is -1"),
        ({"sha256": "../../etc/passwd"}, "line 2: `sha256` is '../../etc/passwd', which is none"),
        ({"format": "../x"}, "line 2: `format` is"),
        ({"created_at": "yesterday"}, "line 2: `created_at` is"),
        ({"updated_at": None}, "line 2: `updated_at` is None"),
        ({"external_id": 5}, "line 2: `external_id` is 5, which is not a text"),
        ({"external_id": ""}, "line 2: `external_id` has 0 characters"),
        ({"external_id": "dog-1"}, "line 2 has the external id of another"),
        ({"metadata": []}, "line 2: `metadata` is [], which is not an object"),
        ({"filename": "\ud800"}, "line 2: "),
        ({"metadata": {"x": float("nan")}}, "line 2: is not JSON: NaN is no number"),
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
        (vectors_cut, "vectors-2.npy: is no array of numbers"),
        (vectors_of_another_shape, "vectors-2.npy: holds (2, 3) float32 instead of (2, 4) float32"),
        (vectors_pickled, "vectors-2.npy: is no array of numbers"),
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


def test_external_id_of_another_image_is_refused_before_anything_is_stored(bundle: Path, store: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.update("default", 3, ImageChange(external_id="dog-1"))
    with pytest.raises(ExternalIdTaken, match="dog-1"):
        imported(bundle, store, "default")
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        assert len(gallery.images("default")) == 1
        gallery.update("trips", 1, ImageChange(external_id="cat-1"))
    imported(bundle, store)  # the dog keeps what it has


def test_import_is_refused_where_it_cannot_go(bundle: Path, store: Path) -> None:
    with pytest.raises(BadCollectionName):
        imported(bundle, store, "No Name")
    with Gallery.open(store, dim=DIM, model_version=MODEL), pytest.raises(StoreInUse):
        imported(bundle, store)
