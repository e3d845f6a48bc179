"""Files as base64 and as data URIs."""

from base64 import b64encode, encodebytes, urlsafe_b64encode

import pytest

from service.images_in_text import NotBase64, upload_of


def held(text: str) -> bytes:
    with upload_of(text).open() as file:
        return file.read()


@pytest.mark.parametrize("length", [0, 1, 2, 3, 4, 100])
def test_every_way_to_write_base64_gives_the_same_bytes(length: int) -> None:
    data = bytes(255 - n for n in range(length))
    plain = b64encode(data).decode()
    assert held(plain) == held(plain.rstrip("=")) == data
    assert held(urlsafe_b64encode(data).decode()) == held(encodebytes(data).decode()) == data
    assert held(f"data:image/png;base64,{plain}") == held(f"DATA:;charset=x;BASE64,{plain}") == data


def test_a_file_can_be_opened_again() -> None:
    upload = upload_of("AAAA")
    assert [upload.open().read() for _ in range(2)] == [bytes(3)] * 2


@pytest.mark.parametrize("text", ["A", "AAAAA", "AA=A", "AA.A", "ä", "data:image/png,AAAA", "\0"])
def test_other_text_is_refused(text: str) -> None:
    with pytest.raises(NotBase64):
        upload_of(text)
