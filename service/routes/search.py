"""Searches: by words, by an image from outside, by an image of the collection."""

from typing import Annotated

from fastapi import APIRouter, Query, Request
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service import schemas
from service.forms import question_of
from service.problems import documented
from service.routes.context import CollectionName, Context, InContext
from service.routes.forms import QUESTION_FORM
from service.uploads import Upload, clean_filename

router = APIRouter(prefix="/v1/collections/{collection}/search", tags=["search"])

PROBLEMS = documented(404, 409, 422, 503)


@router.post("", summary="Search by words or by an image of the collection", responses=PROBLEMS)
async def search(
    collection: CollectionName, body: schemas.Search, context: InContext
) -> schemas.SearchAnswer:
    """Ask in any language, or for the like of an image. The best come first, each with both its scores."""
    return await context.searches.run(_search, context, collection, body)


@router.get("", summary="Search by words, as an address", responses=PROBLEMS)
async def search_by_address(
    collection: CollectionName, asked: Annotated[schemas.TextSearch, Query()], context: InContext
) -> schemas.SearchAnswer:
    """The same search with everything in the address, for links and quick looks."""
    body = schemas.Search.model_validate(asked.model_dump())
    return await context.searches.run(_search, context, collection, body)


@router.post(
    "/image",
    summary="Search by an image from outside",
    responses=documented(404, 413, 415, 422, 503, 507),
    openapi_extra=QUESTION_FORM,
)
async def search_by_image(
    collection: CollectionName, request: Request, context: InContext
) -> schemas.SearchAnswer:
    """The image is decoded and embedded like an upload, and not kept."""
    await run_in_threadpool(context.library.collection, collection)  # before the file is read
    with context.uploads.place():  # a slow sender keeps no searcher waiting
        async with question_of(request, schemas.SearchOptions.model_fields) as (image, fields):
            options = _options(fields)
            return await context.searches.run(_search_by_image, context, collection, image, options)


def _search(context: Context, collection: str, body: schemas.Search) -> schemas.SearchAnswer:
    library = context.library
    if body.image_id is not None:
        answer = library.search_like(collection, body.image_id, ranking=body.ranking())
    else:
        assert body.q is not None
        answer = library.search_text(collection, body.q, language=body.language, ranking=body.ranking())
    language = None if answer.language is None else schemas.Language.of(answer.language)
    query = schemas.Query(q=answer.text, image_id=body.image_id, language=language)
    return schemas.SearchAnswer.of(query, answer)


def _options(fields: dict[str, str]) -> schemas.SearchOptions:
    try:
        return schemas.SearchOptions.model_validate(fields)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error


def _search_by_image(
    context: Context, collection: str, image: Upload, options: schemas.SearchOptions
) -> schemas.SearchAnswer:
    answer = context.library.search_image(collection, image, ranking=options.ranking())
    return schemas.SearchAnswer.of(schemas.Query(filename=clean_filename(image.filename)), answer)
