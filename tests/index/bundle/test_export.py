"""Where an export may go, and what it tells of a store in use."""

import io
import os
import tarfile
from pathlib import Path

import numpy as np
import pytest

from index.errors import (
    NoStore,
    StorageFull,
    StoreDamaged,
    TargetTaken,
    UnknownCollection,
)
from index.export import Exported, export, tar_of
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
        patch.setattr(os, "sync", full)
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


def test_a_tar_holds_the_same_files_as_a_folder(store: Path, bundle: Path, tmp_path: Path) -> None:
    tar = b"".join(tar_of(store, "trips"))
    assert len(tar) % tarfile.RECORDSIZE == 0
    with tarfile.open(fileobj=io.BytesIO(tar), mode="r|") as archive:
        archive.extractall(tmp_path / "tar", filter="data")
    files = sorted(path.relative_to(bundle) for path in bundle.rglob("*") if path.is_file())
    assert [(tmp_path / "tar" / path).read_bytes() for path in files] == [
        (bundle / path).read_bytes() for path in files
    ]
    assert len(files) == len([path for path in (tmp_path / "tar").rglob("*") if path.is_file()])
    assert imported(tmp_path / "tar", tmp_path / "new").added == 2


def test_a_tar_is_of_the_moment_at_which_it_began(store: Path, tmp_path: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        gallery.add("trips", [sample("owl " * 2**18)])
        pieces = tar_of(store, "trips")
        start = next(pieces)
        gallery.add("trips", [sample("fox")])
        gallery.remove("trips", [1, 4])
        (tmp_path / "trips.tar").write_bytes(start + b"".join(pieces))
    with tarfile.open(tmp_path / "trips.tar") as archive:
        archive.extractall(tmp_path / "tar", filter="data")
    assert imported(tmp_path / "tar", tmp_path / "new").added == 3


def test_a_tar_of_an_original_that_shrinks_meanwhile_is_cut_off(store: Path) -> None:
    with Gallery.open(store, dim=DIM, model_version=MODEL) as gallery:
        (large,) = gallery.add("trips", [sample("owl " * 2**20)])
        pieces = tar_of(store, "trips")
        next(pieces)
        os.truncate(gallery.original(large.record), 2**20)
        with pytest.raises(StoreDamaged, match="changed while it was read"):
            list(pieces)
