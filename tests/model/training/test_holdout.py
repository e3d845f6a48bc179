from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from model.training.data import DataError, Photos
from model.training.holdout import divide, hold_back
from tests.model.training.own_photos import own_photos, write_captions


def names(photos: Photos) -> set[str]:
    return {path.name for path in photos.paths}


def bytes_of(folder: Path, count: int) -> Photos:
    """Files that differ, and need not be photos here."""
    folder.mkdir(exist_ok=True)
    paths = tuple(folder / f"{number:04}" for number in range(count))
    for number, path in enumerate(paths):
        path.write_text(str(number))
    return Photos(paths, {})


def test_a_fifth_is_held_back_but_at_least_ten(tmp_path: Path) -> None:
    assert len(hold_back(bytes_of(tmp_path, 50))[1].paths) >= 10
    training, held = hold_back(bytes_of(tmp_path, 1000))
    assert 150 < len(held.paths) < 250
    assert len(training.paths) + len(held.paths) == 1000


def test_at_most_so_many_are_held_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("model.training.holdout.MOST", 20)

    assert len(hold_back(bytes_of(tmp_path, 300))[1].paths) == 20


@pytest.mark.parametrize("count", [40, 51, 90, 400])
def test_more_photos_never_hold_back_one_that_was_trained_on(tmp_path: Path, count: int) -> None:
    before, _ = hold_back(bytes_of(tmp_path, 39))
    _, held = hold_back(bytes_of(tmp_path, count))

    assert not names(before) & names(held)


def test_a_photo_may_change_its_name(tmp_path: Path) -> None:
    _, held = hold_back(bytes_of(tmp_path, 60))
    renamed = [path.rename(path.with_name(f"z{path.name}")) for path in sorted(tmp_path.iterdir())]

    assert names(hold_back(Photos(tuple(renamed), {}))[1]) == {f"z{name}" for name in names(held)}


def test_copies_lie_on_one_side(tmp_path: Path) -> None:
    photos = bytes_of(tmp_path, 60)
    copies = tuple(Path(shutil.copy(path, path.with_name(f"copy-{path.name}"))) for path in photos.paths)

    _, held = hold_back(Photos(photos.paths + copies, {}))

    assert held.paths
    assert all((f"copy-{name}" in names(held)) for name in names(held) if not name.startswith("copy-"))


def test_captions_follow_their_photos(tmp_path: Path) -> None:
    (training,), held = divide([own_photos(tmp_path / "mine")], "train", ["en", "tr"])

    for photos in (training, held):
        for captions in photos.captions.values():
            assert all(caption.text.endswith(photos.paths[caption.image].stem) for caption in captions)
    assert sum(len(captions) for captions in held.captions.values()) == len(held.paths)


def test_copies_in_another_folder_are_not_trained_on(tmp_path: Path) -> None:
    first, second = own_photos(tmp_path / "a"), own_photos(tmp_path / "b", 60)

    training, held = divide([first, second], "train", ["en", "tr"])

    assert not {path.read_bytes() for path in held.paths} & {
        path.read_bytes() for photos in training for path in photos.paths
    }


def test_a_table_of_splits_decides(tmp_path: Path) -> None:
    folder = own_photos(tmp_path / "mine")
    rows = [f"{number:03}.png\t{'dev' if number < 12 else 'train'}" for number in range(50)]
    (folder / "splits.tsv").write_text("\n".join(["image\tsplit", *rows]))

    (training,), held = divide([folder], "train", ["en", "tr"])

    assert names(held) == {f"{number:03}.png" for number in range(12)}
    assert len(training.paths) == 38


def test_photos_without_a_caption_do_not_count(tmp_path: Path) -> None:
    folder = own_photos(tmp_path / "mine", 60)
    write_captions(folder, "tr", [("001.png", "resim")])

    with pytest.raises(DataError, match=r"mine: 31 photos with a caption. Training needs 50"):
        divide([folder], "train", ["en", "tr"])
