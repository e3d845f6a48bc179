"""The commands that look after a store: doctor, backup, export, import and audit."""

from pathlib import Path

import pytest
from PIL import Image

from index.gallery import Gallery
from service.__main__ import main
from service.settings import Settings
from tests.fakes import ColourEncoder
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import library_in, upload_in


@pytest.fixture
def store(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A red, a green and a blue photo; the store that commands use unless they are told of another."""
    monkeypatch.setenv("PIVOT_STORE", str(tmp_path / "store"))
    monkeypatch.setenv("PIVOT_DECODE_WORKERS", "1")
    with library_in(tmp_path / "store", ColourEncoder(), Settings(decode_workers=1)) as library:
        for name, colour in (("red", RED), ("green", GREEN), ("blue", BLUE)):
            library.add("default", [upload_in(tmp_path, f"{name}.png", plain(colour))])
    return tmp_path / "store"


def files(store: Path, kind: str) -> list[Path]:
    return sorted((store / kind).glob("*/*"))


def test_doctor_says_that_nothing_is_wrong(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["doctor", "--thorough", "--store", str(store)]) == 0
    assert capsys.readouterr() == ("Nothing is wrong.\n", "")


def test_doctor_reports_with_remedies_then_mends(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    thumbnail = files(store, "thumbnails")[0]
    thumbnail.unlink()
    stray = store / "originals" / "00" / "stray"
    stray.parent.mkdir(exist_ok=True)
    stray.touch()

    assert main(["doctor"]) == 1
    report = capsys.readouterr().out
    assert report.startswith("original-unused: originals/00/stray\nthumbnail-missing: thumbnails/")
    assert "2 found, 0 mended." in report
    assert "--repair" in report

    assert main(["doctor", "--repair"]) == 0
    report = capsys.readouterr().out
    assert report.startswith("original-unused: originals/00/stray, set aside\n")
    assert ".png), made again\n2 found, 2 mended.\n" in report
    assert f"Look through {store / 'set-aside'}" in report
    with Image.open(thumbnail) as remade:
        assert remade.format == "WEBP"
    assert main(["doctor"]) == 0


def test_doctor_ends_with_1_while_something_is_left(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files(store, "originals")[0].write_bytes(b"damaged")
    assert main(["doctor", "--repair"]) == 0
    capsys.readouterr()
    assert main(["doctor", "--repair"]) == 1
    assert "Add the photo again" in capsys.readouterr().out


def test_doctor_is_refused_beside_a_service(store: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Gallery.open(store, dim=3, model_version="colours-1"):
        assert main(["doctor"]) == 1
        error = capsys.readouterr().err
        assert "is in use by process" in error
        assert error.endswith("python -m service doctor --server http://127.0.0.1:8000\n")
        assert main(["doctor", "--repair"]) == 1
    assert "--server" not in capsys.readouterr().err


def test_doctor_of_a_folder_without_a_store_names_it(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["doctor", "--store", str(tmp_path / "nowhere")]) == 1
    assert capsys.readouterr().err.startswith(f"There is no store in {tmp_path / 'nowhere'}.")


def found(store: Path) -> list[str]:
    with library_in(store, ColourEncoder(), Settings(decode_workers=1)) as library:
        return [hit.record.filename for hit in library.search_text("default", "blue").hits]


def test_backup_beside_a_service_is_a_store(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Gallery.open(store, dim=3, model_version="colours-1"):
        assert main(["backup", str(tmp_path / "backup")]) == 0
    assert capsys.readouterr().out == f"3 images are safe in {tmp_path / 'backup'}, 3 of them copied now.\n"
    assert main(["doctor", "--thorough", "--store", str(tmp_path / "backup")]) == 0
    assert found(tmp_path / "backup")[0] == "blue.png"


@pytest.mark.parametrize("command", ["backup", "export"])
def test_copy_of_a_store_that_lost_files_is_made_and_ends_with_1(
    store: Path, tmp_path: Path, command: str, capsys: pytest.CaptureFixture[str]
) -> None:
    files(store, "originals")[0].unlink()
    assert main([command, str(tmp_path / "copy")]) == 1
    assert "1 of the photos have lost their files" in capsys.readouterr().err
    assert (tmp_path / "copy" / "originals").is_dir()


def test_what_was_exported_is_imported_with_its_thumbnails_made_again(
    store: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    out, new = tmp_path / "out", tmp_path / "new"
    assert main(["export", str(out)]) == 0
    assert capsys.readouterr().out == f"3 images of default are in {out}.\n"
    for path in (out / "thumbnails").iterdir():
        path.unlink()
    assert main(["import", str(out), "--store", str(new)]) == 0
    assert main(["import", str(out), "--store", str(new)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "3 images added to default, 0 already there.",
        "0 images added to default, 3 already there.",
    ]
    assert main(["doctor", "--thorough", "--store", str(new)]) == 0
    assert found(new) == found(store)
    assert [path.read_bytes() for path in files(new, "thumbnails")] == [
        path.read_bytes() for path in files(store, "thumbnails")
    ]


def test_folder_that_is_no_export_is_named(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["import", str(tmp_path), "--store", str(tmp_path / "new")]) == 1
    assert capsys.readouterr().err.startswith(
        f"{tmp_path} is nothing that `export` wrote. Name what it wrote"
    )


@pytest.mark.usefixtures("store")
def test_audit_prints_a_table_for_texts_and_one_for_images(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "queries.txt").write_text("red\n\nein blau\n", encoding="utf-8")
    assert main(["audit", "--queries", str(tmp_path / "queries.txt")], lambda _: ColourEncoder()) == 0
    texts, images, explanation = capsys.readouterr().out.split("\n\n")
    assert texts.splitlines()[0] == "2 texts ask, 3 images answer"
    assert texts.splitlines()[2].split() == ["10", "100.0", "100.0", "100.0"]
    assert images.splitlines()[0] == "3 images ask, 3 images answer"
    assert explanation.startswith("Percent of the ten best")
    assert main(["audit"], lambda _: ColourEncoder()) == 0
    assert capsys.readouterr().out.startswith("11 texts ask")


@pytest.mark.parametrize(
    ("content", "told"), [(None, "cannot be read"), (b"\xff", "is not UTF-8"), (b"\n", "has no queries")]
)
def test_queries_that_cannot_be_read_are_named(
    tmp_path: Path, content: bytes | None, told: str, capsys: pytest.CaptureFixture[str]
) -> None:
    if content is not None:
        (tmp_path / "queries.txt").write_bytes(content)
    assert main(["audit", "--queries", str(tmp_path / "queries.txt")], lambda _: ColourEncoder()) == 1
    assert told in capsys.readouterr().err
