"""Receipts: what was answered is given again, for a day and to the same collection only."""

from datetime import timedelta
from pathlib import Path

import pytest

from index import receipts
from index.errors import UnknownCollection
from index.gallery import Gallery
from index.receipts import Receipt
from tests.index.samples import DIM, MODEL

RECEIPT = Receipt("digest", {"status": 201, "body": "ü" * 1000})


def test_a_receipt_survives_a_restart_and_another_takes_its_place(tmp_path: Path) -> None:
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        gallery.receipts.put("default", "key", Receipt("other", {}))
        gallery.receipts.put("default", "key", RECEIPT)
    with Gallery.open(tmp_path, dim=DIM, model_version=MODEL) as gallery:
        assert gallery.receipts.get("default", "key") == RECEIPT
        assert gallery.receipts.get("default", "other") is None


def test_a_receipt_belongs_to_its_collection_and_goes_with_it(gallery: Gallery) -> None:
    gallery.create_collection("trips")
    for name in ("default", "trips"):
        gallery.receipts.put(name, "key", RECEIPT)
    gallery.delete_collection("trips")
    with pytest.raises(UnknownCollection):
        gallery.receipts.get("trips", "key")
    gallery.create_collection("trips")
    assert gallery.receipts.get("trips", "key") is None
    gallery.empty_collection("default")
    assert gallery.receipts.get("default", "key") is None


def test_an_old_receipt_counts_no_more_and_is_thrown_away(
    gallery: Gallery, monkeypatch: pytest.MonkeyPatch
) -> None:
    gallery.receipts.put("default", "key", RECEIPT)
    monkeypatch.setattr(receipts, "KEPT", timedelta(seconds=-1))
    assert gallery.receipts.get("default", "key") is None
    gallery.receipts.put("default", "another", RECEIPT)
    monkeypatch.undo()
    assert gallery.receipts.get("default", "key") is None
    assert gallery.receipts.get("default", "another") == RECEIPT
