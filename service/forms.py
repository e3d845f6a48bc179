"""Uploads out of a multipart form."""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from pydantic import JsonValue, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.exceptions import HTTPException
from starlette.requests import Request

from index.errors import translated
from index.records import Json
from service.bad_requests import (
    BadForm,
    BadMetadata,
    BodyTooLarge,
    NoFiles,
    NotMultipart,
    TooManyFiles,
    UnknownField,
)
from service.uploads import Upload

MAX_FIELDS: Final = 16  # of text; there is one that we know
MAX_FIELD_BYTES: Final = 4 * 1024 * 1024
MAX_METADATA_BYTES: Final = 64 * 1024  # of one image, as JSON

Metadata = dict[str, Json]

_METADATA: Final[TypeAdapter[dict[str, JsonValue] | list[dict[str, JsonValue]]]] = TypeAdapter(
    dict[str, JsonValue] | list[dict[str, JsonValue]]
)


@asynccontextmanager
async def uploads_of(request: Request, max_files: int) -> AsyncIterator[list[Upload]]:
    """The files of a form, and their metadata; they lie in temporary files, which are gone afterwards.

    `files`, `files[]` and `files[3]` all name files, so that every client's habit works. Raises a BadRequest,
    BodyTooLarge, and StorageFull where the temporary files find no room.
    """
    content_type = request.headers.get("content-type", "without a content type")
    if not content_type.lower().startswith("multipart/form-data"):
        raise NotMultipart(content_type)
    try:
        with translated(Path(gettempdir())):
            form = await request.form(
                max_files=max_files, max_fields=MAX_FIELDS, max_part_size=MAX_FIELD_BYTES
            )
    except BodyTooLarge:
        raise
    except HTTPException as error:  # Starlette tells the reason in words only
        too_many = error.detail.startswith("Too many files")
        raise TooManyFiles(max_files) if too_many else BadForm(error.detail) from error
    try:
        yield _uploads(form)
    finally:
        await form.close()


def _uploads(form: FormData) -> list[Upload]:
    files: list[UploadFile] = []
    metadata = "{}"
    for name, value in form.multi_items():
        match value:
            case UploadFile() if name.startswith("files"):
                files.append(value)
            case str() if name == "metadata":
                metadata = value
            case _ if name == "metadata" or name.startswith("files"):
                raise BadForm("`files` are file parts and `metadata` is text, not the other way round")
            case _:
                raise UnknownField(name[:100], ("files", "metadata"))
    if not files:
        raise NoFiles
    described = zip(files, metadata_of(metadata, len(files)), strict=True)
    return [_upload(file, metadata) for file, metadata in described]


def _upload(file: UploadFile, metadata: Metadata) -> Upload:
    return Upload(file.filename or "", lambda: file.file, metadata)


def metadata_of(text: str, files: int) -> list[Metadata]:
    """JSON -> one object for each of the files. Raises BadMetadata."""
    try:
        parsed = _METADATA.validate_json(text)
    except ValidationError as error:
        raise BadMetadata(error.errors()[0]["msg"]) from error
    given: list[Metadata] = [parsed] if isinstance(parsed, dict) else list(parsed)
    for one in given:
        _check_metadata(one)
    if isinstance(parsed, dict):
        return given * files
    if len(given) != files:
        raise BadMetadata(f"it has {len(given)} objects for {files} files")
    return given


def _check_metadata(metadata: Metadata) -> None:
    try:
        size = len(json.dumps(metadata, allow_nan=False))  # pydantic lets NaN and Infinity pass
    except ValueError as error:
        raise BadMetadata("it holds a number that is NaN or infinite") from error
    if size > MAX_METADATA_BYTES:
        raise BadMetadata(f"an object has {size:,} bytes, and the limit is {MAX_METADATA_BYTES:,}")
