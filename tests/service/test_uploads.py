import io
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import BinaryIO

import pytest

from service.images import FileTooLarge, ImageEmpty
from service.uploads import (
    CHUNK_BYTES,
    CHUNK_FILES,
    Content,
    FileUnreadable,
    Outcome,
    Upload,
    chunks,
    clean_filename,
)


def upload_of(data: bytes, filename: str = "a.png") -> Upload:
    return Upload(filename, lambda: io.BytesIO(data))


def test_an_upload_is_read_whole_and_hashed() -> None:
    content = upload_of(b"abc").read(limit=3)
    assert content == Content("a.png", {}, b"abc", sha256(b"abc").hexdigest())


def test_bytes_beyond_the_limit_are_not_read() -> None:
    with pytest.raises(FileTooLarge, match="4 bytes; the limit is 3"):
        upload_of(b"abcd").read(limit=3)


def test_an_empty_file_is_refused() -> None:
    with pytest.raises(ImageEmpty):
        upload_of(b"").read(limit=3)


def test_a_path_is_opened_in_its_turn_only(tmp_path: Path) -> None:
    upload = Upload.from_path(tmp_path / "a.png")
    (tmp_path / "a.png").write_bytes(b"abc")
    assert upload.read(limit=3).data == b"abc"


def test_a_path_that_cannot_be_read_says_why(tmp_path: Path) -> None:
    with pytest.raises(FileUnreadable, match="No such file"):
        Upload.from_path(tmp_path / "a.png").read(limit=3)
    with pytest.raises(FileUnreadable, match="Is a directory"):
        Upload.from_path(tmp_path).read(limit=3)


@pytest.mark.parametrize(
    ("name", "cleaned"),
    [
        ("photo.jpg", "photo.jpg"),
        ("../../etc/passwd", "passwd"),
        ("C:\\Users\\Ada\\photo.jpg", "photo.jpg"),
        ("folder/", "folder"),
        ("a\0b\nc.jpg", "a\ufffdb\ufffdc.jpg"),
        ("\ud800.jpg", "\ufffd.jpg"),
        ("Gru\u0308n.jpg", "Grün.jpg"),
        ("", "unnamed"),
        ("..", "unnamed"),
        (" / ", "unnamed"),
        ("a" * 300 + ".jpeg", "a" * 250 + ".jpeg"),
        ("a." + "b" * 300, "a." + "b" * 237 + "." + "b" * 15),
    ],
)
def test_filenames_are_last_components_that_can_be_stored_and_sent(name: str, cleaned: str) -> None:
    assert clean_filename(name) == cleaned
    assert len(cleaned) <= 255


def test_chunks_end_at_a_number_of_files() -> None:
    sizes = [len(chunk) for chunk in chunks([upload_of(b"a")] * (2 * CHUNK_FILES + 1), limit=9)]
    assert sizes == [CHUNK_FILES, CHUNK_FILES, 1]


def test_chunks_end_at_a_number_of_bytes() -> None:
    half = upload_of(bytes(CHUNK_BYTES // 2))
    assert [len(chunk) for chunk in chunks([half] * 5, limit=CHUNK_BYTES)] == [2, 2, 1]


def test_chunks_are_read_one_at_a_time() -> None:
    opened: list[str] = []

    def opening(name: str) -> Callable[[], BinaryIO]:
        def open() -> BinaryIO:
            opened.append(name)
            return io.BytesIO(b"a")

        return open

    uploads = [Upload(str(number), opening(str(number))) for number in range(3 * CHUNK_FILES)]
    next(chunks(uploads, limit=9))
    assert len(opened) == CHUNK_FILES


def test_what_cannot_be_read_has_its_place_in_the_chunk(tmp_path: Path) -> None:
    first, second, third = next(
        chunks([upload_of(b"a"), Upload.from_path(tmp_path / "gone.png"), upload_of(b"b")], limit=9)
    )
    assert isinstance(first, Content)
    assert isinstance(second, Outcome)
    assert second.filename == "gone.png"
    assert second.status == "failed"
    assert isinstance(third, Content)
