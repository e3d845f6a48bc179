"""Files and what is said of them, out of multipart forms."""

# ruff: noqa: N818 -- the names say what happened, and read so where they are caught

import re
from collections.abc import AsyncIterator, Iterable, Iterator, Sequence
from contextlib import aclosing, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import gettempdir
from typing import Final

from fastapi.concurrency import run_in_threadpool
from pydantic import JsonValue, TypeAdapter, ValidationError
from starlette.datastructures import FormData, UploadFile
from starlette.formparsers import MultiPartException, MultiPartParser
from starlette.requests import Request

from index.errors import StorageFull, translated
from index.records import Json
from service.bad_requests import (
    BadForm,
    BadMetadata,
    NoFiles,
    NotMultipart,
    TooManyFiles,
    UnknownField,
)
from service.descriptions import GivenCaption, captions_of, external_ids_of, metadata_fault
from service.uploads import Upload

SPOOL_BYTES: Final = 16 * 1024  # of each file that stay in memory
MAX_FIELDS: Final = 16  # of text; there are fewer that we know
MAX_FIELD_BYTES: Final = 4 * 1024 * 1024  # of what is said of all images together
MAX_OPTION_BYTES: Final = 64 * 1024  # cursors have some thousand, filters may have more

FILE: Final = re.compile("file")
DESCRIPTIONS: Final = ("metadata", "captions", "external_ids")
FILES: Final = re.compile(r"files?(\[\d*\])?")  # as clients name them: files, file, files[], files[3]

Metadata = dict[str, Json]

_METADATA: Final[TypeAdapter[dict[str, JsonValue] | list[dict[str, JsonValue]]]] = TypeAdapter(
    dict[str, JsonValue] | list[dict[str, JsonValue]]
)


class ScratchFull(Exception):
    """The folder of temporary files, which need not be on the disk of the store, is full."""

    def __str__(self) -> str:
        return (
            "No space is left to read the request into; nothing of it was stored."
            " Have the operator free some in the folder of temporary files, then send the same request again."
        )


@dataclass(frozen=True)
class Shape:
    """What a form may hold."""

    file: str  # how we name its file parts
    names: re.Pattern[str]  # how clients may name them
    fields: tuple[str, ...]  # of text
    max_files: int
    max_field_bytes: int


@asynccontextmanager
async def uploads_of(request: Request, max_files: int) -> AsyncIterator[list[Upload]]:
    """The files of a form, and what is said of them; the larger ones lie in temporary files, gone afterwards.

    `files`, `file`, `files[]` and `files[3]` all name files, so that every client's habit works. Raises a
    BadRequest, RequestValidationError, BodyTooLarge, ScratchFull, and StorageUnwritable where there can be no
    temporary files.
    """
    shape = Shape("files", FILES, DESCRIPTIONS, max_files, MAX_FIELD_BYTES)
    async with _form(request, shape) as form:
        yield await run_in_threadpool(_described, *_parts(form, shape))


@asynccontextmanager
async def question_of(
    request: Request, fields: Iterable[str]
) -> AsyncIterator[tuple[Upload, dict[str, str]]]:
    """The `file` of a form, and those of the text fields that are not empty. Raises as `uploads_of` does."""
    shape = Shape("file", FILE, tuple(fields), 1, MAX_OPTION_BYTES)
    async with _form(request, shape) as form:
        files, given = _parts(form, shape)
        yield _upload(files[0]), {name: value for name, value in given.items() if value}


@asynccontextmanager
async def _form(request: Request, shape: Shape) -> AsyncIterator[FormData]:
    content_type = request.headers.get("content-type", "without a content type")
    if not content_type.lower().startswith("multipart/form-data"):
        raise NotMultipart(content_type, shape.file)
    try:
        with scratch():
            form = await _parsed(request, shape)
    except MultiPartException as error:  # Starlette tells the reason in words only
        too_many = error.message.startswith("Too many files")
        raise TooManyFiles(shape.max_files, shape.file) if too_many else BadForm(error.message) from error
    try:
        yield form
    finally:
        await form.close()


@contextmanager
def scratch() -> Iterator[None]:
    """While temporary files are written. Raises ScratchFull, StorageUnwritable."""
    try:
        with translated(Path(gettempdir())):
            yield
    except StorageFull as error:
        raise ScratchFull from error


class _Parser(MultiPartParser):
    spool_max_size = SPOOL_BYTES  # instead of 1 MiB: a request may have a thousand files


async def _parsed(request: Request, shape: Shape) -> FormData:
    async with aclosing(request.stream()) as stream:
        return await _Parser(
            request.headers,
            stream,
            max_files=shape.max_files,
            max_fields=MAX_FIELDS,
            max_part_size=shape.max_field_bytes,
        ).parse()


def _parts(form: FormData, shape: Shape) -> tuple[list[UploadFile], dict[str, str]]:
    """The files, at least one, and the text by its name."""
    files: list[UploadFile] = []
    fields: dict[str, str] = {}
    for name, value in form.multi_items():
        is_file = shape.names.fullmatch(name) is not None
        if not is_file and name not in shape.fields:
            raise UnknownField(name[:100], (shape.file, *shape.fields))
        match value:
            case UploadFile() if is_file:
                files.append(value)
            case str() if not is_file:
                fields[name] = value
            case _:
                found, wanted = ("text", "a file") if is_file else ("a file", "text")
                raise BadForm(f"`{name}` is {found} where {wanted} belongs")
    if not files:
        raise NoFiles(shape.file)
    return files, fields


def _described(files: list[UploadFile], fields: dict[str, str]) -> list[Upload]:
    """Reading megabytes of JSON takes its time: not for the event loop."""
    number = len(files)
    metadata = metadata_of(fields.get("metadata", "{}"), number)
    captions = captions_of(fields.get("captions", "[]"), number)
    external_ids = external_ids_of(fields["external_ids"], number) if "external_ids" in fields else None
    given = zip(files, metadata, captions, external_ids or [None] * number, strict=True)
    return [_upload(*one) for one in given]


def _upload(
    file: UploadFile,
    metadata: Metadata | None = None,
    captions: Sequence[GivenCaption] = (),
    external_id: str | None = None,
) -> Upload:
    return Upload(file.filename or "", lambda: file.file, metadata or {}, captions, external_id)


def metadata_of(text: str, files: int) -> list[Metadata]:
    """JSON -> one object for each of the files. Raises BadMetadata."""
    try:
        parsed = _METADATA.validate_json(text)
    except ValidationError as error:
        raise BadMetadata(error.errors()[0]["msg"]) from error
    given: list[Metadata] = [parsed] if isinstance(parsed, dict) else list(parsed)
    for one in given:
        if fault := metadata_fault(one):
            raise BadMetadata(fault)
    if isinstance(parsed, dict):
        return given * files
    if len(given) != files:
        raise BadMetadata(f"it has {len(given)} objects for {files} files")
    return given
