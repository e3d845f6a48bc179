"""What commands do through a running service, one after the other."""

import json
import shutil
import subprocess
import tarfile
from pathlib import Path

import pytest

from index import doctor
from service.__main__ import main
from service.client import NewImage, Pivot
from tests.service.commands.conftest import Run
from tests.service.jobs.packing import tarred, zipped
from tests.service.pictures import BLUE, GREEN, RED, plain
from tests.service.serving import Service


@pytest.fixture
def album(run: Run, collection: str, tmp_path: Path) -> str:
    """A collection with a red, a green and a blue photo."""
    for name, colour in (("rose", RED), ("leaf", GREEN), ("sea", BLUE)):
        (tmp_path / f"{name}.png").write_bytes(plain(colour))
    files = [tmp_path / f"{name}.png" for name in ("rose", "leaf", "sea")]
    assert run("upload", *files, "--collection", collection).out.startswith(
        "3 added, 0 already there, 0 failed"
    )
    return collection


def names(run: Run, *asked: str | Path) -> list[str]:
    answer = json.loads(run("search", *asked, "--json").out)
    return [result["image"]["filename"] for result in answer["results"]]


def test_a_named_file_is_taken_for_a_photo_whatever_it_is_called(
    run: Run, collection: str, tmp_path: Path
) -> None:
    (tmp_path / "photo").write_bytes(plain(RED))
    (tmp_path / "notes.txt").write_text("no photo")
    ran = run("upload", tmp_path / "photo", tmp_path / "notes.txt", "--collection", collection)
    assert (ran.code, ran.out) == (1, "1 added, 0 already there, 1 failed, 0 of other kinds skipped\n")
    assert ran.err.startswith("notes.txt: ")


def test_an_archive_is_uploaded_as_a_job_that_can_be_looked_at(
    run: Run, collection: str, tmp_path: Path
) -> None:
    files = {"in/rose.png": plain(RED), "no\x1b.png": b"no photo", "readme.txt": b"of no matter"}
    (tmp_path / "photos.ZIP").write_bytes(zipped(files))
    (tmp_path / "rose.png").write_bytes(plain(RED))
    added = run("upload", tmp_path / "rose.png", tmp_path / "photos.ZIP", "--collection", collection)
    first, outcome = added.out.splitlines()
    assert (added.code, first[:8]) == (1, "1 added,")
    counts = "0 added, 1 already there, 1 failed, 1 of other kinds skipped."
    assert outcome.endswith(f" of {collection} succeeded: {counts}")
    assert "no\N{REPLACEMENT CHARACTER}.png: " in added.err
    id = outcome.split()[1]
    row = run("jobs", "list", "--collection", collection, "--state", "succeeded").out.splitlines()[1]
    assert row.split()[:5] == [id, "succeeded", "archive", collection, "2/2"]
    page = json.loads(run("jobs", "list", "--collection", collection, "--json").out)
    assert [str(job["id"]) for job in page["jobs"]] == [id]
    assert json.loads(run("jobs", "show", id, "--json").out) == page["jobs"][0]
    failed, again = run("jobs", "show", id).out.splitlines()
    assert failed.startswith("no\N{REPLACEMENT CHARACTER}.png: ")
    assert again == outcome
    assert run("jobs", "cancel", id).out == f"{outcome}\n"
    followed = run("jobs", "follow", id)
    assert (followed.code, followed.out) == (1, f"{outcome}\n")
    assert run("jobs", "show", "0").err.startswith("There is no job 0")


def test_an_archive_that_is_none_is_told_and_the_next_is_added(
    run: Run, collection: str, tmp_path: Path
) -> None:
    (tmp_path / "photo.zip").write_bytes(plain(RED))
    (tmp_path / "photos.zip").write_bytes(zipped({"rose.png": plain(RED)}))
    ran = run("upload", tmp_path / "photo.zip", tmp_path / "photos.zip", "--collection", collection)
    assert ran.code == 1
    assert ran.err.startswith("photo.zip: ")
    assert "succeeded: 1 added," in ran.out


def test_a_search_takes_images_and_what_not_to_show(run: Run, album: str, tmp_path: Path) -> None:
    (tmp_path / "query.png").write_bytes(plain(BLUE, (8, 8)))
    assert names(run, "--like", tmp_path / "query.png", "--collection", album)[0] == "sea.png"
    (first,) = json.loads(run("search", "rot", "-k", "1", "--json", "--collection", album).out)["results"]
    like = ("--like", str(first["image"]["id"]), "--not", "blau", "--collection", album)
    assert names(run, *like)[-1] == "sea.png"
    lines = run("search", "--like", tmp_path / "query.png", "--collection", album).out.splitlines()
    assert lines[-1].startswith("symmetric score of 3 images, ")


def test_a_search_says_how_it_is_to_be_done(run: Run, album: str) -> None:
    how = ("--exact", "--language", "de", "--scoring", "asymmetric", "-k", "2")
    answer = json.loads(run("search", "rot", *how, "--json", "--collection", album).out)
    assert (answer["exact"], answer["scoring"], len(answer["results"])) == (True, "asymmetric", 2)
    assert answer["query"]["language"] == {"code": "de", "confidence": None, "source": "given"}


def test_a_search_is_narrowed(run: Run, album: str) -> None:
    leaf = '{"field": "filename", "eq": "leaf.png"}'
    assert names(run, "rot", "--filter", leaf, "--collection", album) == ["leaf.png"]
    nothing = run("search", "rot", "--min-score", "2", "--scoring", "symmetric", "--collection", album)
    assert nothing.out.startswith("Nothing found: no image passes the filter")


def test_what_is_no_filter_is_wrong_usage(run: Run, capsys: pytest.CaptureFixture[str]) -> None:
    for filter, told in (("{", "is no JSON"), ("[]", "is no JSON object")):
        with pytest.raises(SystemExit) as exit:
            run("search", "rot", "--filter", filter)
        assert exit.value.code == 2
        assert told in capsys.readouterr().err


def test_neither_an_id_nor_a_file_is_told(run: Run) -> None:
    ran = run("search", "--like", "nowhere.png")
    assert ran.err == (
        "'nowhere.png' is neither an id nor a file (No such file or directory)."
        " Give one of them with --like.\n"
    )


def test_collections_are_made_listed_and_deleted(run: Run, album: str) -> None:
    assert run("collections", "create", "fresh").out == "fresh is there.\n"
    assert run("collections", "rename", "fresh", "fresher").out == "fresh is fresher now.\n"
    assert run("collections", "rename", "fresher", "fresh").code == 0
    lines = run("collections", "list").out.splitlines()
    assert lines[0].split() == ["name", "images", "searchable", "created"]
    assert [album, "3", "3"] in [line.split()[:3] for line in lines]
    listed = json.loads(run("collections", "list", "--json").out)["collections"]
    assert (album, 3) in [(one["name"], one["images"]) for one in listed]
    refused = run("collections", "delete", album)
    assert (refused.code, refused.err) == (
        1,
        f"{album} has 3 images, which would be gone with it. Say so with --with-images.\n",
    )
    assert run("collections", "delete", album, "--with-images").out == f"{album} is gone, with 3 images.\n"
    assert run("collections", "delete", "fresh").code == 0
    again = run("collections", "delete", "fresh")
    assert again.err.startswith("There is no collection 'fresh'.")


def test_a_collection_is_exported_to_a_folder_and_to_a_tar(run: Run, album: str, tmp_path: Path) -> None:
    assert (
        run("export", tmp_path / "out", "--collection", album).out == f"{album} is in {tmp_path / 'out'}.\n"
    )
    assert json.loads((tmp_path / "out" / "collection.json").read_text())["images"] == 3
    assert not (tmp_path / "out.tar").exists()
    assert run("export", tmp_path / "all.tar", "--collection", album).code == 0
    with tarfile.open(tmp_path / "all.tar") as archive:
        assert len([name for name in archive.getnames() if name.startswith("originals/")]) == 3
    taken = run("export", tmp_path / "all.tar", "--collection", album)
    assert taken.code == 1
    assert str(tmp_path / "all.tar") in taken.err


def test_a_tar_is_written_and_brought_back_without_a_service(
    run: Run, album: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    run("export", tmp_path / "all.tar", "--collection", album)
    new = ("--store", str(tmp_path / "new"))
    assert main(["import", str(tmp_path / "all.tar"), "--collection", "back", *new]) == 0
    assert capsys.readouterr().out == "3 images added to back, 0 already there.\n"
    again = ["export", str(tmp_path / "again.tar"), "--collection", "back", *new]
    assert [main(again), main(again)] == [0, 1]  # what is there is not written over
    with tarfile.open(tmp_path / "again.tar") as archive:
        assert archive.getnames()[-1] == "collection.json"


@pytest.mark.parametrize("place", ["service", "folder"])
def test_what_was_not_exported_is_told_by_its_own_name(
    run: Run, place: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(name: str, content: bytes) -> str:
        path = tmp_path / name
        path.write_bytes(content)
        if place == "service":
            return run("import", path).err
        assert main(["import", str(path), "--store", str(tmp_path / "store")]) == 1
        return capsys.readouterr().err

    (tmp_path / "photos").mkdir()
    assert run("import", tmp_path / "photos").err.startswith(f"{tmp_path / 'photos'} is nothing that")
    for name, content in (("a.zip", zipped({})), ("a.tar", tarred({"a.png": b"a"})), ("a.png", b"x")):
        assert told(name, content).startswith(f"{tmp_path / name} is nothing that `export` wrote.")
    broken = told("b.tar", tarred({"collection.json": b"{"}))
    assert broken.startswith(f"{tmp_path / 'b.tar' / 'collection.json'}: is not JSON")
    packed = tarred({"b.png": bytes(range(256)) * 40, "collection.json": b"{}"}, "w:gz")
    assert told("c.tar.gz", packed[:-60]).startswith(f"{tmp_path / 'c.tar.gz'}: is no tar that can be read")


def test_what_was_exported_is_imported_whole_by_a_service(
    run: Run, collection: str, service: Service, tmp_path: Path
) -> None:
    with Pivot(str(service.client.base_url)) as pivot:
        photo = NewImage(plain(RED), "rose.png", {"trip": 1}, ["eine rote Rose"], external_id="17")
        pivot.upload([photo, NewImage(plain(BLUE), "sea.png")], collection=collection)
        run("export", tmp_path / "all.tar", "--collection", collection)
        run("export", tmp_path / "all", "--collection", collection)
        told = "2 added, 0 already there, 0 failed, 0 of other kinds skipped."
        for bundle in ("all.tar", "all"):
            copy = f"{collection}-{len(bundle)}"
            ran = run("import", tmp_path / bundle, "--collection", copy)
            assert (ran.code, ran.err) == (0, "")
            assert ran.out.endswith(f" of {copy} succeeded: {told}\n")
            rose = next(one for one in pivot.each_image(collection=copy) if one.filename == "rose.png")
            assert (rose.external_id, rose.metadata) == ("17", {"trip": 1})
            assert [caption.text for caption in rose.captions] == ["eine rote Rose"]
        again = run("import", tmp_path / "all.tar", "--collection", copy)
        assert (again.code, "0 added, 2 already there, 0 failed" in again.out) == (0, True)
        run("import", tmp_path / "all.tar")
        assert pivot.collection(collection).images == 2


def test_a_service_is_examined(
    run: Run, album: str, service: Service, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor.examine_beside_a_service, "__kwdefaults__", {"pause": 0.01})
    before = run("doctor")
    assert (before.code, before.out) == (0, "Nothing is wrong.\n")
    gallery = service.library.gallery
    (record, *_) = gallery.images(album)
    original = gallery.original(record)
    content = original.read_bytes()
    original.unlink()
    found = run("doctor")
    original.write_bytes(content)
    assert found.code == 1
    assert f"original-missing: originals/{record.sha256[:2]}/{record.sha256[2:]} of " in found.out
    assert "original-missing: Add the photo again" in found.out
    assert run("doctor", "--repair").err.startswith("A running service repairs nothing.")


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_a_shell_takes_its_completions(shell: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["completion", shell]) == 0
    script = capsys.readouterr().out
    assert "collections" in script
    if interpreter := shutil.which(shell):
        subprocess.run([interpreter, "-n"], input=script, text=True, check=True)
