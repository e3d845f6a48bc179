"""A store with a few images, and what its export wrote."""

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from index.bundle import LINES
from index.export import export
from index.gallery import Gallery
from index.imports import Imported, import_bundle
from index.records import ImageRecord, NewCaption
from tests.index.samples import sample, unit

DOG = replace(
    sample(
        "dog",
        unit(1, 0, 0, 1),
        filename="Hündin.jpg",
        metadata={"path": "trip/Hündin.jpg", "n": [1.5]},
        captions=[
            NewCaption("de", "Eine Hündin", unit(1, 0, 0, 2)),
            NewCaption("en", "A dog", unit(2, 0, 0, 1)),
        ],
    ),
    external_id="dog-1",
)
CAT = sample(
    "cat", unit(0, 1, 0, 1), filename="cat.jpg", captions=[NewCaption("en", "A cat", unit(0, 2, 0, 1))]
)


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


def told(record: ImageRecord) -> ImageRecord:
    """What an import keeps."""
    captions = tuple(replace(one, id=0, image_id=0) for one in record.captions)
    return replace(record, id=0, captions=captions)
