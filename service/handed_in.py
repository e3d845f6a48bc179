"""What a request hands in: files in a form, or in JSON. Kept on disk until it is their turn."""

import hashlib
import json
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from tempfile import SpooledTemporaryFile
from typing import BinaryIO, Final, cast

from fastapi import Request
from fastapi.concurrency import run_in_threadpool

from service.fetch import Fetcher
from service.forms import scratch, uploads_of
from service.json_uploads import JSON, media_type, uploads_in
from service.settings import Settings
from service.uploads import Upload

IN_MEMORY: Final = 256 * 1024  # bytes of a JSON body

# What the fields of one image are called in a request of many.
_FORM: Final = {"file": "files[{}]", "external_id": "external_ids[{}]", "captions": "captions[{}]"}
_JSON: Final = {
    "file": "images[{}].data",
    "image": "images[{}].data",
    "url": "images[{}].url",
    "external_id": "images[{}].external_id",
    "captions": "images[{}].captions",
}


@dataclass(frozen=True)
class HandedIn:
    """`uploads` and `digest` read all of it, and raise what is wrong with it: they belong into a thread."""

    uploads: Callable[[], Sequence[Upload]]
    digest: Callable[[], str]  # tells requests apart that ask for different things
    fields: dict[str, str]

    def field(self, name: str | None, index: int) -> str | None:
        """Where in the request the field of this image stands."""
        return None if name is None else self.fields.get(name, name).format(index)


@asynccontextmanager
async def handed_in(request: Request, settings: Settings, fetcher: Fetcher | None) -> AsyncIterator[HandedIn]:
    """Raises as `uploads_of` does."""
    if media_type(request) != JSON:
        async with uploads_of(request, settings.max_files) as uploads:
            yield HandedIn(lambda: uploads, lambda: _digest_of(uploads), _FORM)
        return
    with SpooledTemporaryFile(IN_MEMORY) as spooled:
        body = cast(BinaryIO, spooled)
        with scratch():
            async for piece in request.stream():
                await run_in_threadpool(body.write, piece)
        yield HandedIn(
            lambda: uploads_in(body, settings.max_files, fetcher), lambda: _digest_of_file(body), _JSON
        )


def _digest_of(uploads: Sequence[Upload]) -> str:
    """Not of the form as it came, whose boundary is another one each time that it is sent."""
    total = hashlib.sha256()
    for upload in uploads:
        captions = [[one.text, one.language] for one in upload.captions]
        said = [upload.filename, upload.metadata, captions, upload.external_id]
        total.update(json.dumps(said, sort_keys=True).encode())
        total.update(_digest_of_file(upload.open()).encode())  # which stays open, to be read again
    return total.hexdigest()


def _digest_of_file(file: BinaryIO) -> str:
    file.seek(0)
    digest = hashlib.sha256()
    while piece := file.read(IN_MEMORY):
        digest.update(piece)
    return digest.hexdigest()
