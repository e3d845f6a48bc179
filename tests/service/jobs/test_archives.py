import gzip
import io
import stat
import struct
import tarfile
import zipfile
from contextlib import closing
from pathlib import Path

import pytest

from service.images import FileTooLarge, ImageError
from service.jobs import archives
from service.jobs.archives import archive
from service.jobs.errors import ArchiveUnusable
from service.jobs.records import Entry, ItemRecord
from tests.service.jobs.packing import tarred, zipped

LIMIT = 1000
PHOTOS = {"a/red.png": b"red", "b/blue.jpg": b"blue"}


def plan(tmp_path: Path, data: bytes) -> list[Entry | None]:
    path = tmp_path / "archive"
    path.write_bytes(data)
    with closing(archive(path, LIMIT)) as source:
        return list(source.plan())


def contents(tmp_path: Path, data: bytes) -> dict[str, bytes | str]:
    """What is read by name; the reason where it is not."""
    entries = [entry for entry in plan(tmp_path, data) if entry is not None]
    source = archive(tmp_path / "archive", LIMIT)
    items = [ItemRecord(number, *entry, None, None, None) for number, entry in enumerate(entries)]
    found: dict[str, bytes | str] = {}
    for upload in source.uploads(items):
        try:
            found[upload.filename] = upload.read(LIMIT).data
        except ImageError as error:
            found[upload.filename] = str(error)
    source.close()
    return found


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_photos_are_read_from_every_kind_of_tar(tmp_path: Path, mode: str) -> None:
    assert contents(tmp_path, tarred(PHOTOS, mode)) == PHOTOS


@pytest.mark.parametrize("compression", [zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED])
def test_photos_are_read_from_zips(tmp_path: Path, compression: int) -> None:
    assert contents(tmp_path, zipped(PHOTOS, compression)) == PHOTOS


def test_compressed_streams_in_a_row_are_one_archive(tmp_path: Path) -> None:
    plain = tarred(PHOTOS)
    assert contents(tmp_path, gzip.compress(plain[:700]) + gzip.compress(plain[700:])) == PHOTOS


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_hidden_files_and_others_than_photos_are_passed_over(tmp_path: Path, pack: object) -> None:
    names = ("__MACOSX/._a.png", ".hidden.png", ".thumbs/a.png", "notes.txt", "a.json")
    assert plan(tmp_path, pack(dict.fromkeys(names, b"x"))) == [None] * 5  # type: ignore[operator]


@pytest.mark.parametrize("pack", [zipped, tarred])
@pytest.mark.parametrize(
    ("name", "reason"),
    [
        *(("../a.png", "leads out"), ("/etc/a.png", "leads out"), ("a/../../b.png", "leads out")),
        *(("C:\\a.png", "leads out"), ("more.zip", "archive within"), ("more.tar.gz", "archive within")),
    ],
)
def test_entries_that_may_harm_are_told_and_not_read(
    tmp_path: Path, pack: object, name: str, reason: str
) -> None:
    found = contents(tmp_path, pack({name: b"x", **PHOTOS}))  # type: ignore[operator]
    assert [reason in str(text) for text in found.values()] == [True, False, False]


@pytest.mark.parametrize("kind", [tarfile.SYMTYPE, tarfile.LNKTYPE, tarfile.CHRTYPE, tarfile.FIFOTYPE])
def test_links_and_devices_of_tars_are_not_read(tmp_path: Path, kind: bytes) -> None:
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:") as packed:
        member = tarfile.TarInfo("a.png")
        member.type, member.linkname = kind, "/etc/passwd"
        packed.addfile(member)
    assert "link or a device" in str(contents(tmp_path, out.getvalue())["a.png"])


def test_links_of_zips_are_not_read(tmp_path: Path) -> None:
    info = zipfile.ZipInfo("a.png")
    info.external_attr = (stat.S_IFLNK | 0o777) << 16
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as packed:
        packed.writestr(info, "/etc/passwd")
    assert "link or a device" in str(contents(tmp_path, out.getvalue())["a.png"])


def test_encrypted_entries_are_told(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.png": b"secret"}))
    for magic, offset in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        data[data.index(magic) + offset] |= 1
    assert "encrypted" in str(contents(tmp_path, bytes(data))["a.png"])


@pytest.mark.parametrize("compression", [zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA])
def test_entries_whose_unpacking_has_no_limit_are_not_read(tmp_path: Path, compression: int) -> None:
    found = contents(tmp_path, zipped({"a.png": b"x"}, compression))
    assert "another way than Deflate" in str(found["a.png"])


def test_a_tar_that_lost_a_member_since_it_was_looked_through_is_told(tmp_path: Path) -> None:
    path = tmp_path / "archive"
    path.write_bytes(tarred({"a.png": b"a"}))
    source = archive(path, LIMIT)
    gone = ItemRecord(0, "b.png", b"1", None, None, None, None)
    with pytest.raises(ArchiveUnusable, match="truncated"):
        list(source.uploads([gone]))


def test_a_damaged_entry_of_a_zip_costs_only_itself(tmp_path: Path) -> None:
    data = zipped({"a.png": b"abcdef", "b.png": b"b"}, zipfile.ZIP_STORED).replace(b"abcdef", b"abcdeX", 1)
    found = contents(tmp_path, data)
    assert "damaged" in str(found["a.png"])
    assert found["b.png"] == b"b"


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_a_file_that_is_too_large_is_not_unpacked(tmp_path: Path, pack: object) -> None:
    found = contents(tmp_path, pack({"a.png": bytes(LIMIT + 1), "b.png": b"b"}))  # type: ignore[operator]
    assert found == {"a.png": str(FileTooLarge(LIMIT + 1, LIMIT)), "b.png": b"b"}


@pytest.mark.parametrize("mode", ["w:", "w:gz", "w:bz2", "w:xz"])
def test_nothing_is_added_from_a_truncated_tar(tmp_path: Path, mode: str) -> None:
    data = tarred({"a.png": bytes(range(256)) * 3, "b.png": b"b"}, mode)
    for length in (700, 1536, 1600) if mode == "w:" else (len(data) // 2, len(data) // 3):
        with pytest.raises(ArchiveUnusable, match="truncated"):
            plan(tmp_path, data[:length])


@pytest.mark.parametrize("data", [zipped(PHOTOS)[:-30], b"PK\x03\x04", b"Rar!\x1a", b"", b"\x1f\x8bnonsense"])
def test_what_is_no_archive_is_told(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(ArchiveUnusable):
        plan(tmp_path, data)


@pytest.mark.parametrize("mode", ["w:gz", "w:bz2", "w:xz"])
def test_a_tar_that_unpacks_to_far_more_than_it_is_ends_early(
    tmp_path: Path, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS", 1000)
    monkeypatch.setattr(archives, "MAX_RATIO", 2)
    with pytest.raises(ArchiveUnusable, match="far more"):
        plan(tmp_path, tarred({"a.txt": bytes(100_000)}, mode))


def test_a_zip_whose_entries_unpack_to_far_more_in_all_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(archives, "ALWAYS", 1000)
    monkeypatch.setattr(archives, "MAX_RATIO", 2)
    with pytest.raises(ArchiveUnusable, match="far more"):
        plan(tmp_path, zipped({f"{number}.png": bytes(LIMIT) for number in range(10)}))


@pytest.mark.parametrize("pack", [zipped, tarred])
def test_too_many_entries_are_refused(tmp_path: Path, pack: object, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(archives, "MAX_ENTRIES", 3)
    with pytest.raises(ArchiveUnusable):
        plan(tmp_path, pack({f"{number}.png": b"x" for number in range(9)}))  # type: ignore[operator]


def test_a_header_that_announces_gigabytes_is_not_read_into_memory(tmp_path: Path) -> None:
    header = tarfile.TarInfo("pax")
    header.type, header.size = tarfile.XHDTYPE, 4 * 2**30
    with pytest.raises(ArchiveUnusable):
        plan(tmp_path, header.tobuf() + b"x" * 10_000)


def test_a_zip_that_lies_about_a_size_gives_no_more_than_it_said(tmp_path: Path) -> None:
    data = bytearray(zipped({"a.png": b"x" * 500}))
    place = data.index(b"PK\x01\x02") + 24
    data[place : place + 4] = struct.pack("<I", 5)
    assert "damaged" in str(contents(tmp_path, bytes(data))["a.png"])
