"""Archives on their way in: from the request straight into the store's folder, never as a whole in memory."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import BinaryIO, Final
from uuid import uuid4

from fastapi.concurrency import run_in_threadpool
from starlette.datastructures import Headers, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from index.errors import translated
from service.bad_requests import BadForm, NoFiles, UnknownField

FIELD: Final = "archive"


class _Parser(MultiPartParser):
    """Writes the file to a place of our choice, where Starlette's has it in the folder of temporary files."""

    path: Path

    def on_headers_finished(self) -> None:
        super().on_headers_finished()
        part = self._current_part
        if part.field_name != FIELD:
            raise UnknownField(part.field_name[:100], (FIELD,))
        if part.file is not None:
            part.file.file.close()
            file = self.path.open("wb+")
            self._files_to_close_on_error.append(file)  # type: ignore[arg-type]
            part.file = UploadFile(file, size=0, filename=part.file.filename, headers=Headers())


@asynccontextmanager
async def archive_of(request: Request, folder: Path) -> AsyncIterator[Path]:
    """The archive of a form, as a new file of the folder, which is gone unless the block ends well.

    Raises BadForm, NoFiles, UnknownField, BodyTooLarge, StorageFull, StorageUnwritable.
    """
    path = folder / uuid4().hex
    try:
        with translated(folder):
            await _receive(request, path)
        yield path
    except BaseException:
        path.unlink(missing_ok=True)
        raise


async def _receive(request: Request, path: Path) -> None:
    parser = _Parser(request.headers, request.stream(), max_files=1, max_fields=0)
    parser.path = path
    try:
        form = await parser.parse()
    except MultiPartException as error:
        raise BadForm(error.message) from error
    try:
        match form.get(FIELD):
            case UploadFile(file=file):
                await run_in_threadpool(_sync, file)  # gigabytes take their time
            case _:
                raise NoFiles(FIELD)
    finally:
        await form.close()


def _sync(file: BinaryIO) -> None:
    file.flush()
    os.fsync(file.fileno())
