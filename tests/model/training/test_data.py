from __future__ import annotations

from pathlib import Path

import pytest
from PIL import Image

from model.training.data import Caption, DataError, open_photo, read_photos


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "images").mkdir()
    (tmp_path / "captions").mkdir()
    for name in ("b.png", "a.png", "c.png"):
        Image.new("RGB", (4, 4)).save(tmp_path / "images" / name)
    (tmp_path / "splits.tsv").write_text("image\tsplit\na.png\ttrain\nb.png\tdev\nc.png\ttrain\n")
    (tmp_path / "captions" / "en.tsv").write_text(
        'image\tcaption\tkind\nc.png\ta "quoted" dog\thuman\na.png\ta cat\thuman\nb.png\ta cow\thuman\n'
    )
    return tmp_path


def test_a_split_has_its_photos_by_name_and_their_captions(folder: Path) -> None:
    photos = read_photos(folder, "train", ["en"])

    assert [path.name for path in photos.paths] == ["a.png", "c.png"]
    assert photos.captions == {"en": [Caption(1, 'a "quoted" dog'), Caption(0, "a cat")]}


def test_all_takes_every_photo(folder: Path) -> None:
    assert len(read_photos(folder, "all", ["en"]).paths) == 3


def test_without_splits_every_photo_counts(folder: Path) -> None:
    (folder / "splits.tsv").unlink()

    assert len(read_photos(folder, "dev", ["en"]).paths) == 3


def test_captions_of_photos_that_are_not_there_are_left_out(folder: Path) -> None:
    (folder / "images" / "a.png").unlink()

    assert [caption.text for caption in read_photos(folder, "train", ["en"]).captions["en"]] == [
        'a "quoted" dog'
    ]


@pytest.mark.parametrize(
    ("split", "languages", "message"),
    [
        ("test", ["en"], "has no split 'test'. It has: dev, train"),
        ("dev", ["fr"], "fr.tsv is missing. There are captions in: en"),
    ],
)
def test_errors_name_the_place_and_what_there_is(
    folder: Path, split: str, languages: list[str], message: str
) -> None:
    with pytest.raises(DataError, match=message):
        read_photos(folder, split, languages)


def test_a_missing_column_is_named(folder: Path) -> None:
    (folder / "captions" / "en.tsv").write_text("photo\ttext\na.png\ta cat\n")

    with pytest.raises(DataError, match="no column 'image'"):
        read_photos(folder, "train", ["en"])


def test_a_line_without_a_tab_is_named(folder: Path) -> None:
    (folder / "captions" / "en.tsv").write_text("image\tcaption\na.png a cat\n")

    with pytest.raises(DataError, match="line 2"):
        read_photos(folder, "train", ["en"])


def test_a_byte_order_mark_is_no_part_of_the_first_column(folder: Path) -> None:
    (folder / "captions" / "en.tsv").write_text("image\tcaption\na.png\ta cat\n", encoding="utf-8-sig")

    assert read_photos(folder, "train", ["en"]).captions["en"] == [Caption(0, "a cat")]


def test_a_table_in_another_encoding_is_named(folder: Path) -> None:
    (folder / "captions" / "en.tsv").write_bytes("image\tcaption\na.png\tgrün\n".encode("latin-1"))

    with pytest.raises(DataError, match=r"en\.tsv cannot be read.*UTF-8"):
        read_photos(folder, "train", ["en"])


def test_a_folder_without_photos_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="images/"):
        read_photos(tmp_path, "train", ["en"])


def test_a_broken_photo_is_named(tmp_path: Path) -> None:
    (tmp_path / "broken.jpg").write_bytes(b"not a photo")

    with pytest.raises(DataError, match=r"broken\.jpg cannot be read"):
        open_photo(tmp_path / "broken.jpg")
