"""Where an export may go, and what it tells of a store in use."""

import shutil
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    NoStore,
    StorageFull,
    TargetTaken,
    UnknownCollection,
)
from index.export import Exported, export
from index.gallery import Gallery
from tests.index.bundle.conftest import DOG, imported, lines_of
from tests.index.samples import DIM, MODEL, sample


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
