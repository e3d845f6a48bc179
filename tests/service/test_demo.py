import importlib.util
from pathlib import Path

import pytest
from PIL import Image

from service.demo import PHOTOS, main

shipped = pytest.mark.skipif(
    any(importlib.util.find_spec(package) is None for package in ("skimage", "sklearn")),
    reason="the extra `demo` is not installed",
)


@shipped
def test_the_photos_are_copied_with_their_licences(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "deep" / "photos"
    assert main([str(folder)]) == 0
    assert capsys.readouterr().out.startswith(f"{len(PHOTOS)} photos are in {folder}")
    told = (folder / "LICENSES.txt").read_text()
    for photo in PHOTOS:
        with Image.open(folder / photo.name) as image:
            image.load()
            assert min(image.size) >= 300
        assert f"{photo.name}\n  {photo.source}\n  {photo.licence}\n" in told
    assert len(list(folder.iterdir())) == len(PHOTOS) + 1


@shipped
def test_copying_again_is_fine(tmp_path: Path) -> None:
    assert [main([str(tmp_path)]), main([str(tmp_path)])] == [0, 0]


def test_without_the_extra_the_way_to_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda _: None)
    assert main([str(tmp_path / "photos")]) == 1
    assert "Install the extra `demo`:\n  pip install -e '.[demo]'\n" in capsys.readouterr().err
    assert not (tmp_path / "photos").exists()


@shipped
def test_a_folder_that_cannot_be_made_is_told(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "file").touch()
    assert main([str(tmp_path / "file" / "photos")]) == 1
    assert "Not a directory" in capsys.readouterr().err
