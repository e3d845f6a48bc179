import json
from typing import Any

import pytest

from service.decode_answer import NotOurs, packed, unpacked
from service.images import Decoded, ImageTooLarge

RED_DOT = Decoded("png", 10, 20, (1, 2), b"\xff\0\0" * 2, b"a thumbnail")


def framed(header: Any, rest: bytes = b"") -> bytes:
    text = json.dumps(header).encode()
    return len(text).to_bytes(4, "big") + text + rest


def test_an_image_comes_back_as_it_was() -> None:
    assert unpacked(b"".join(packed(RED_DOT))) == RED_DOT


def test_an_error_comes_back_with_what_it_carries() -> None:
    error = unpacked(b"".join(packed(ImageTooLarge(10, 9))))
    assert isinstance(error, ImageTooLarge)
    assert (error.pixels, error.limit) == (10, 9)


def test_a_bug_of_the_process_comes_back_as_a_bug() -> None:
    error = unpacked(b"".join(packed(KeyError("a"))))
    assert isinstance(error, RuntimeError)
    assert "KeyError" in str(error)


@pytest.mark.parametrize(
    "message",
    [
        b"",
        b"\xff" * 100,
        b"\0\0\x90\0" + b"[" * 0x9000,
        framed(None),
        framed({"error": "SystemExit", "arguments": []}),
        framed({"error": "ImageTooLarge", "arguments": []}),
        framed({"error": "ImageTooLarge", "arguments": ["a", {}]}),
        framed({"format": "html", "width": 1, "height": 1, "size": [1, 1]}, bytes(9)),
        framed({"format": "png", "width": 0, "height": 1, "size": [1, 1]}, bytes(9)),
        framed({"format": "png", "width": 1, "height": 1, "size": [1, 1]}, bytes(2)),
        framed({"format": "png", "width": 1, "height": 1, "size": [-1, -1]}, bytes(9)),
        framed({"format": "png", "width": 1, "height": 1, "size": [10**9, 1]}, bytes(9)),
        framed({"format": "png", "width": 1, "height": 1, "size": [1]}, bytes(9)),
        framed({"format": "png", "width": 10**50, "height": 1, "size": [1, 1]}, bytes(9)),
    ],
)
def test_what_no_honest_process_sends_is_refused(message: bytes) -> None:
    with pytest.raises(NotOurs):
        unpacked(message)
