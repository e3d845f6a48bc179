"""Images of a collection: in, out, and their files."""

from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any, Final, Literal

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse
from starlette.types import Receive, Scope, Send

from index.errors import StoreDamaged, UnknownImage
from index.gallery import Gallery
from index.records import ImageRecord
from service import schemas
from service.cursors import cursor_after, id_before
from service.forms import uploads_of
from service.images import ACCEPTED, MEDIA_TYPES
from service.problems import Problem, documented, problem_for
from service.routes.context import CollectionName, ImageId, InContext
from service.uploads import Outcome

router = APIRouter(prefix="/v1/collections/{collection}/images", tags=["images"])

MAX_PAGE: Final = 1000

Order = Literal["oldest", "newest"]

# Starlette reads the form, since FastAPI knows neither `files[]` nor our limits; so it is described by hand.
UPLOAD_FORM: Final[dict[str, Any]] = {
    "requestBody": {
        "required": True,
        "content": {
            "multipart/form-data": {
                "schema": {
                    "type": "object",
                    "required": ["files"],
                    "properties": {
                        "files": {
                            "type": "array",
                            "items": {"type": "string", "format": "binary"},
                            "description": f"{ACCEPTED}; `files[]` and `files[0]` are accepted names too",
                        },
                        "metadata": {
                            "type": "string",
                            "description": "JSON: one object for all files, or an array with one for each",
                            "examples": ['{"album": "summer"}'],
                        },
                    },
                }
            }
        },
    }
}


@router.post(
    "",
    summary="Add images",
    status_code=201,
    response_model=schemas.UploadAnswer,
    responses={
        200: {"model": schemas.UploadAnswer, "description": "The collection had all of these images already"},
        **documented(404, 413, 415, 422, 503, 507),
    },
    openapi_extra=UPLOAD_FORM,
)
async def add_images(collection: CollectionName, request: Request, context: InContext) -> Response:
    """Add many in one request. Each file has its item in the answer, in the order of the request.

    What the answer calls `created` is stored for good. A file whose content the collection has already is
    one and the same image: its item says `exists`, with the record as it was. Where no file is any good, the
    answer is a problem document, with `items`.
    """
    await run_in_threadpool(context.library.check_collection, collection)  # before the files are read
    async with uploads_of(request, context.settings.max_files) as uploads:
        outcomes = await context.uploads.run(context.library.add, collection, uploads)
    return _answer(outcomes)


@router.get("", summary="List images", responses=documented(404, 422))
def list_images(
    collection: CollectionName,
    context: InContext,
    limit: Annotated[int, Query(ge=1, le=MAX_PAGE, description="images of a page")] = 100,
    cursor: Annotated[
        str | None, Query(description="`next_cursor` of the page before, asked for in the same order")
    ] = None,
    order: Annotated[Order, Query(description="of the dates at which the images were added")] = "oldest",
) -> schemas.ImagePage:
    """From the oldest or the newest on. Images added or deleted meanwhile do not shift the pages."""
    after = None if cursor is None else id_before(cursor)
    records = context.library.gallery.images(
        collection, after=after, limit=limit + 1, newest_first=order == "newest"
    )
    page = records[:limit]
    return schemas.ImagePage(
        images=[schemas.Image.of(record) for record in page],
        next_cursor=cursor_after(page[-1].id) if len(records) > limit else None,
    )


@router.get("/{image_id}", summary="Describe an image", responses=documented(404, 422))
def get_image(collection: CollectionName, image_id: ImageId, context: InContext) -> schemas.Image:
    """Its record, with addresses of its file and its thumbnail."""
    return schemas.Image.of(context.library.gallery.image(collection, image_id))


@router.delete("/{image_id}", summary="Delete an image", status_code=204, responses=documented(404, 422))
def delete_image(collection: CollectionName, image_id: ImageId, context: InContext) -> None:
    """With its files, unless another collection has the same content. Its id is never given again."""
    if not context.library.gallery.remove(collection, [image_id]):
        raise UnknownImage(collection, image_id)


@router.get(
    "/{image_id}/file",
    summary="Get the file of an image",
    response_class=Response,
    responses={200: {"content": {"image/*": {}}}, **documented(404, 422)},
)
def get_file(collection: CollectionName, image_id: ImageId, request: Request, context: InContext) -> Response:
    """The very bytes that were uploaded."""
    gallery = context.library.gallery
    record = gallery.image(collection, image_id)
    path = _present(gallery, record, gallery.original(record))
    return _file(request, path, MEDIA_TYPES[record.format], record.sha256, record.filename)


@router.get(
    "/{image_id}/thumbnail",
    summary="Get the thumbnail of an image",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **documented(404, 422)},
)
def get_thumbnail(
    collection: CollectionName, image_id: ImageId, request: Request, context: InContext
) -> Response:
    """WebP of at most 384 pixels a side, upright and without EXIF."""
    gallery = context.library.gallery
    record = gallery.image(collection, image_id)
    path = _present(gallery, record, gallery.thumbnail(record))
    return _file(request, path, "image/webp", f"{record.sha256}-thumbnail")


def _answer(outcomes: Sequence[Outcome]) -> Response:
    items = []
    for index, outcome in enumerate(outcomes):
        problem = problem_for(outcome.error) if outcome.error else None
        if problem:
            problem = problem.model_copy(update={"field": f"files[{index}]"})
        items.append(schemas.UploadItem.of(index, outcome, problem))
    answer = schemas.UploadAnswer.of(items)
    if answer.failed == len(items):
        return _failure(items).response()
    status = 201 if answer.created else 200
    return Response(answer.model_dump_json(), status, media_type="application/json")


def _failure(items: list[schemas.UploadItem]) -> schemas.UploadProblem:
    """The problem of the only file, or one that stands for those of all files."""
    first = items[0].error
    assert first is not None
    if len(items) > 1:
        first = Problem(
            type="urn:pivot:no-image-accepted",
            title="No image accepted",
            status=422,
            detail=f"None of the {len(items)} files could be added.",
            field="files",
            remedy="See `items` for the reason and the remedy of each.",
        )
    return schemas.UploadProblem(**first.model_dump(), items=items)


def _present(gallery: Gallery, record: ImageRecord, path: Path) -> Path:
    if not path.is_file():
        gallery.image(record.collection, record.id)  # raises UnknownImage where it was deleted just now
        raise StoreDamaged(path.parent, f"{path.name} is missing")
    return path


def _file(
    request: Request, path: Path, media_type: str, content: str, filename: str | None = None
) -> Response:
    """A file that never changes: ids are not given twice. `content` names what is in it."""
    headers = {
        "ETag": f'"{content}"',
        "Cache-Control": "private, max-age=31536000, immutable",
        "Content-Security-Policy": "default-src 'none'; sandbox",
        "Accept-Ranges": "none",
    }
    if headers["ETag"] in request.headers.get("if-none-match", ""):
        return Response(status_code=304, headers=headers)
    return _WholeFile(
        path, headers=headers, media_type=media_type, filename=filename, content_disposition_type="inline"
    )


class _WholeFile(FileResponse):
    """Passes over `Range`, as HTTP allows: Starlette's answer to a malformed one is no problem document."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(name, value) for name, value in scope["headers"] if name != b"range"]
        await super().__call__({**scope, "headers": headers}, receive, send)
