"""Files of images as answers: opened before the answer begins, never changed, kept by caches."""

import os
from collections.abc import Iterator
from typing import BinaryIO, Final
from urllib.parse import quote

from fastapi import Request
from starlette.responses import StreamingResponse
from starlette.types import Receive, Scope, Send

PIECE: Final = 256 * 1024  # bytes in memory at a time


class OpenFile(StreamingResponse):
    """An open file, which it closes. Unlike a path, it cannot vanish once the answer has begun.

    Passes over `Range`, as HTTP allows.
    """

    def __init__(self, file: BinaryIO, headers: dict[str, str]) -> None:
        size = os.fstat(file.fileno()).st_size
        super().__init__(_pieces(file), headers={**headers, "Content-Length": str(size)})
        self._file = file

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        with self._file:
            await super().__call__(scope, receive, send)


def _pieces(file: BinaryIO) -> Iterator[bytes]:
    while piece := file.read(PIECE):
        yield piece


def headers_of(content: str, media_type: str, filename: str | None = None) -> dict[str, str]:
    """Of a file that never changes: ids are not given twice. `content` names what is in it."""
    headers = {
        "ETag": f'"{content}"',
        "Content-Type": media_type,
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "none",
    }
    if filename is not None:
        headers["Content-Disposition"] = f"inline; {_named(filename)}"
    return headers


def _named(filename: str) -> str:
    quoted = quote(filename)
    return f'filename="{filename}"' if quoted == filename else f"filename*=utf-8''{quoted}"


def is_fresh(request: Request, headers: dict[str, str]) -> bool:
    """Whether the client has this very file already."""
    return headers["ETag"] in request.headers.get("if-none-match", "")
