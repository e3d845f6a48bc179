"""What a decoding process answers, as bytes of a fixed layout.

Not pickled: a file that took the process over could then have the service run what it likes. The layout is
the size of the header in 4 bytes, the header as JSON, the pixels, the thumbnail.
"""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import json
from typing import Any, Final

from service.images import (
    IMAGE_SIDE,
    MEDIA_TYPES,
    Decoded,
    DecodeOutOfMemory,
    ImageDamaged,
    ImageEmpty,
    ImageTooLarge,
    NotAnImage,
    UnsupportedFormat,
)

_SIZE_BYTES: Final = 4
MAX_HEADER: Final = 64 * 1024  # bytes
MAX_ANSWER: Final = 2 * 3 * IMAGE_SIDE**2  # bytes; the pixels, and as much again for the thumbnail and all

MAX_SIDE: Final = 2**31  # pixels of the original

_ERRORS: Final[dict[str, type[Exception]]] = {
    kind.__name__: kind
    for kind in (
        DecodeOutOfMemory,
        ImageDamaged,
        ImageEmpty,
        ImageTooLarge,
        NotAnImage,
        UnsupportedFormat,
        MemoryError,
        RuntimeError,
    )
}


class NotOurs(ValueError):
    """An answer that no honest process gives."""


def packed(answer: Decoded | Exception) -> list[bytes]:
    """The parts of the message. An error that is none of those we know is a bug, told as a RuntimeError."""
    if isinstance(answer, Decoded):
        header: dict[str, Any] = {
            "format": answer.format,
            "width": answer.width,
            "height": answer.height,
            "size": answer.size,
        }
        return [*_framed(header), answer.pixels, answer.thumbnail]
    if type(answer).__name__ in _ERRORS:
        return _framed({"error": type(answer).__name__, "arguments": answer.args})
    return _framed({"error": "RuntimeError", "arguments": [repr(answer)[:1000]]})


def _framed(header: dict[str, Any]) -> list[bytes]:
    text = json.dumps(header).encode()
    return [len(text).to_bytes(_SIZE_BYTES, "big"), text]


def unpacked(message: bytes) -> Decoded | Exception:
    """What was packed. Raises NotOurs for anything that `packed` does not make."""
    try:
        return _unpacked(message)
    except (ValueError, TypeError, AttributeError, RecursionError) as error:  # of JSON, or of an error's text
        raise NotOurs(repr(error)[:200]) from error


def _unpacked(message: bytes) -> Decoded | Exception:
    end = _SIZE_BYTES + int.from_bytes(message[:_SIZE_BYTES], "big")
    if end > MAX_HEADER:
        raise ValueError("too large a header")
    match json.loads(message[_SIZE_BYTES:end]):
        case {"error": str(name), "arguments": list(arguments)} if name in _ERRORS:
            error = _ERRORS[name](*arguments)
            str(error)  # fails where the arguments are of the wrong types
            return error
        case {
            "format": str(format),
            "width": int(width),
            "height": int(height),
            "size": [int(columns), int(rows)],
        } if format in MEDIA_TYPES and min(width, height) > 0 and max(width, height) < MAX_SIDE:
            return _decoded(format, width, height, (columns, rows), message[end:])
    raise ValueError("an unknown header")


def _decoded(format: str, width: int, height: int, size: tuple[int, int], rest: bytes) -> Decoded:
    columns, rows = size
    area = 3 * columns * rows
    if not (0 < columns <= IMAGE_SIDE and 0 < rows <= IMAGE_SIDE and area < len(rest)):
        raise ValueError("not as many pixels as announced")
    return Decoded(format, width, height, size, rest[:area], rest[area:])
