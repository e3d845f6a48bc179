"""Images of a collection: in, out, and their files."""

from collections.abc import Sequence
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool

from index.errors import UnknownImage
from index.records import CollectionKey
from service import schemas
from service.bad_requests import NoImageAccepted
from service.deletion import delete
from service.files import OpenFile, headers_of, is_fresh
from service.handed_in import HandedIn, handed_in
from service.images import MEDIA_TYPES
from service.json_uploads import JSON, MERGE_PATCH, ImagePatch, check_json, read_as
from service.library import Library
from service.problems import documented, problem_for, problem_of_ours
from service.repeats import key_of, once
from service.routes.context import CollectionName, ImageId, InContext
from service.routes.forms import IDEMPOTENCY_KEY, PATCH, UPLOAD_FORM
from service.thumbnails import STORED, Size, opened

router = APIRouter(prefix="/v1/collections/{collection}/images", tags=["images"])


@router.post(
    "",
    summary="Add images",
    status_code=201,
    response_model=schemas.UploadAnswer,
    responses={
        200: {"model": schemas.UploadAnswer, "description": "The collection had all of these images already"},
        **documented(413, 415, 422, model="UploadProblem"),
        **documented(403, 404, 409, 503, 507),
    },
    openapi_extra={**UPLOAD_FORM, "parameters": [IDEMPOTENCY_KEY]},
)
async def add_images(collection: CollectionName, request: Request, context: InContext) -> Response:
    """Add many in one request. Each file has its item in the answer, in the order of the request.

    What the answer calls `created` is stored for good. A file whose content the collection has already is
    one and the same image: its item says `exists`, with the record as it was but for captions and an external
    id that it lacked. Where no file is any good, the
    answer is a problem document, with `items`.

    As JSON, files are base64 or data URIs. With an `Idempotency-Key`, the same request sent again within a
    day gets the same answer, and `Idempotent-Replayed: true`.
    """
    found = await run_in_threadpool(context.library.check_collection, collection)  # before the files are read
    key = key_of(request)
    # The place, too: a form that is read takes memory and temporary files.
    with context.repeats.alone(found, key), context.uploads.place():
        async with handed_in(request, context.settings, context.fetcher) as handed:
            work = partial(_added, context.library, found, handed)
            receipts = context.library.gallery.receipts
            return await context.uploads.work(once, receipts, found, key, handed.digest, work)


@router.get("", summary="List images", responses=documented(404, 410, 422))
def list_images(
    collection: CollectionName, asked: Annotated[schemas.Listed, Query()], context: InContext
) -> schemas.ImagePage:
    """In the order asked for. Images added or deleted meanwhile do not shift the pages."""
    return schemas.ImagePage.of(context.library.gallery.page(collection, asked.listing()))


@router.post("/delete", summary="Delete many images", responses=documented(404, 422, 503))
async def delete_images(
    collection: CollectionName, body: schemas.Deletion, context: InContext
) -> schemas.Deleted:
    """Those named, or those that a filter lets pass as the request arrives, with their files."""
    return await context.uploads.run(delete, context.library.gallery, collection, body)


@router.get("/{image_id}", summary="Describe an image", responses=documented(404, 422))
def get_image(collection: CollectionName, image_id: ImageId, context: InContext) -> schemas.Image:
    """Its record, with addresses of its file and its thumbnail."""
    return schemas.Image.of(context.library.gallery.image(collection, image_id))


@router.patch(
    "/{image_id}",
    summary="Change an image",
    responses=documented(404, 409, 415, 422, 503, 507),
    openapi_extra=PATCH,
)
async def change_image(
    collection: CollectionName, image_id: ImageId, request: Request, context: InContext
) -> schemas.Image:
    """Its metadata, captions, external id or filename: all that is given, or nothing where that cannot be."""
    check_json(request, JSON, MERGE_PATCH)
    patch = read_as(ImagePatch, await request.body())
    change = {name: getattr(patch, name) for name in patch.model_fields_set}
    return schemas.Image.of(await context.searches.run(context.library.change, collection, image_id, change))


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
    headers = headers_of(record.sha256, MEDIA_TYPES[record.format], record.filename)
    if is_fresh(request, headers):
        return Response(status_code=304, headers=headers)
    return OpenFile(opened(gallery, record, gallery.original(record)), headers)


@router.get(
    "/{image_id}/thumbnail",
    summary="Get the thumbnail of an image",
    response_class=Response,
    responses={200: {"content": {"image/webp": {}}}, **documented(404, 422, 503)},
)
async def get_thumbnail(
    collection: CollectionName,
    image_id: ImageId,
    request: Request,
    context: InContext,
    size: Annotated[Size, Query(description="pixels of the longer side")] = STORED,
) -> Response:
    """WebP, upright and without EXIF; an image with fewer pixels than `size` is not enlarged.

    That of 384 is stored. The others are made when they are asked for, which takes as long as decoding does:
    keep them, as `Cache-Control` and `ETag` allow.
    """
    thumbnails = context.library.thumbnails
    record = await run_in_threadpool(context.library.gallery.image, collection, image_id)
    headers = headers_of(f"{record.sha256}-{size}", "image/webp")
    if is_fresh(request, headers):
        return Response(status_code=304, headers=headers)
    if thumbnails.has(record, size):
        return OpenFile(await run_in_threadpool(thumbnails.stored, record), headers)
    return Response(await context.thumbnails.run(thumbnails.made, record, size), headers=headers)


def _added(library: Library, collection: CollectionKey, handed: HandedIn) -> Response:
    items = []
    for index, outcome in enumerate(library.add(collection, handed.uploads())):
        problem = problem_for(outcome.error) if outcome.error else None
        if problem:
            problem = problem.model_copy(update={"field": handed.field(problem.field, index)})
        items.append(schemas.UploadItem.of(index, outcome, problem))
    answer = schemas.UploadAnswer.of(items)
    if answer.failed == len(items):
        return _failure(items).response()
    headers = {"Location": _location(items)} if answer.created else None
    status = 201 if answer.created else 200
    return Response(answer.model_dump_json(), status, headers, media_type="application/json")


def _location(items: Sequence[schemas.UploadItem]) -> str:
    """Of the image that was created, or where several are listed."""
    created = [item.image for item in items if item.status == "created" and item.image is not None]
    return created[0].links.self if len(created) == 1 else f"/v1/collections/{created[0].collection}/images"


def _failure(items: list[schemas.UploadItem]) -> schemas.UploadProblem:
    """The problem of the only file, or one that stands for those of all files."""
    first = items[0].error
    assert first is not None
    if len(items) > 1:
        first = problem_of_ours(NoImageAccepted(len(items)))
    return schemas.UploadProblem(**first.model_dump(), items=items)
