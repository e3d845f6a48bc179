import os
from pathlib import Path

import pillow_heif
import pytest
from PIL import Image

from index.gallery import Gallery
from service.commands.folder import SUFFIXES, Entry, Other, Photo, Unreadable, walk
from service.images import FORMATS


def touch(root: Path, *names: str) -> None:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()


def names(root: Path) -> list[str]:
    return [entry.name for entry in walk(root)]


def test_files_come_before_sub_folders_and_both_by_name(tmp_path: Path) -> None:
    touch(tmp_path, "b/1.png", "z.jpg", "b/a/2.png", "a/3.png", "b/0.png", "a.jpg")
    assert names(tmp_path) == ["a.jpg", "z.jpg", "a/3.png", "b/0.png", "b/1.png", "b/a/2.png"]


def test_a_photo_is_told_by_its_suffix_in_any_case(tmp_path: Path) -> None:
    touch(tmp_path, "DSC1.JPG", "notes.txt", "noSuffix", "film.mp4")
    found = list(walk(tmp_path))
    assert [type(entry) for entry in found] == [Photo, Other, Other, Other]
    assert found[0] == Photo(tmp_path / "DSC1.JPG", "DSC1.JPG")


def test_hidden_files_and_folders_are_left_out(tmp_path: Path) -> None:
    touch(tmp_path, ".cover.jpg", ".thumbnails/1.jpg", "a.jpg")
    assert names(tmp_path) == ["a.jpg"]


def test_the_suffixes_are_those_of_the_formats_that_are_accepted() -> None:
    pillow_heif.register_heif_opener()
    accepted = {*FORMATS, "MPO"}  # the JPEGs of many phones
    registered = Image.registered_extensions()
    assert {suffix for suffix, format in registered.items() if format in accepted} == SUFFIXES


def test_a_store_in_the_folder_is_left_out(tmp_path: Path) -> None:
    Gallery.open(tmp_path / "store", dim=3, model_version="colours-1").close()
    touch(tmp_path, "a.jpg", "store/thumbnails/ab/cd.webp")
    assert names(tmp_path) == ["a.jpg"]


def test_links_in_a_circle_end(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg")
    (tmp_path / "a/back").symlink_to(tmp_path)
    assert names(tmp_path) == ["a/1.jpg"]


def test_a_linked_folder_is_entered_once(tmp_path: Path) -> None:
    photos, elsewhere = tmp_path / "photos", tmp_path / "elsewhere"
    touch(tmp_path, "elsewhere/1.jpg", "photos/0.jpg")
    (photos / "first").symlink_to(elsewhere)
    (photos / "second").symlink_to(elsewhere)
    assert names(photos) == ["0.jpg", "first/1.jpg"]


@pytest.mark.parametrize("target", ["nowhere.jpg", "itself.jpg"])
def test_a_link_that_leads_nowhere_is_named(tmp_path: Path, target: str) -> None:
    (tmp_path / "itself.jpg").symlink_to(tmp_path / target)
    (entry,) = walk(tmp_path)
    assert isinstance(entry, Unreadable)
    assert entry.name == "itself.jpg"


def test_a_pipe_is_named_and_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe.jpg")
    (entry,) = walk(tmp_path)
    assert isinstance(entry, Unreadable)


@pytest.mark.skipif(os.geteuid() == 0, reason="root may read everything")
def test_a_folder_without_rights_is_named_and_the_rest_is_found(tmp_path: Path) -> None:
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    (tmp_path / "a").chmod(0)
    assert list(walk(tmp_path)) == [
        Unreadable("a", "Permission denied"),
        Photo(tmp_path / "b/2.jpg", "b/2.jpg"),
    ]
    (tmp_path / "a").chmod(0o700)


def test_a_folder_that_went_away_is_named(tmp_path: Path) -> None:
    found: list[Entry] = []
    touch(tmp_path, "a/1.jpg", "b/2.jpg")
    for entry in walk(tmp_path):
        found.append(entry)
        (tmp_path / "b/2.jpg").unlink(missing_ok=True)
        if (tmp_path / "b").exists():
            (tmp_path / "b").rmdir()
    assert found == [Photo(tmp_path / "a/1.jpg", "a/1.jpg"), Unreadable("b", "No such file or directory")]


def test_a_name_that_is_no_utf8_becomes_text(tmp_path: Path) -> None:
    path = os.fsdecode(os.fsencode(tmp_path) + b"/caf\xe9.jpg")
    Path(path).touch()
    assert list(walk(tmp_path)) == [Photo(Path(path), "caf\N{REPLACEMENT CHARACTER}.jpg")]
