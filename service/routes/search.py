"""Searches: by words, by images of the collection and from outside, by several of them at once."""

from typing import Annotated

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.exceptions import RequestValidationError
from pydantic import ValidationError

from service.forms import question_of
from service.problems import documented
from service.questions import Part
from service.routes.context import CollectionName, Context, InContext
from service.routes.forms import QUESTION_FORM
from service.routes.languages import AcceptedLanguages
from service.search_schemas import Search, SearchAnswer, TextOptions, TextSearch

router = APIRouter(prefix="/v1/collections/{collection}/search", tags=["search"])


@router.post(
    "",
    summary="Search by words or images",
    response_model=SearchAnswer,
    responses=documented(404, 409, 410, 413, 415, 422, 503),
)
async def search(
    collection: CollectionName, body: Search, accepted: AcceptedLanguages, context: InContext
) -> Response:
    """Ask in any language, or for the like of images, or both. The best come first, with both scores."""
    return await context.searches.run(_search, context, collection, body, accepted)


@router.get(
    "",
    summary="Search by words, as an address",
    response_model=SearchAnswer,
    responses=documented(404, 410, 422, 503),
)
async def search_by_address(
    collection: CollectionName,
    asked: Annotated[TextSearch, Query()],
    accepted: AcceptedLanguages,
    context: InContext,
) -> Response:
    """The same search with everything in the address, for links and quick looks."""
    part = Part(q=asked.q, language=asked.language)
    return await context.searches.run(_answer, context, collection, part, asked, accepted)


@router.post(
    "/image",
    summary="Search by an image from outside",
    response_model=SearchAnswer,
    responses=documented(404, 410, 413, 415, 422, 503, 507),
    openapi_extra=QUESTION_FORM,
)
async def search_by_image(collection: CollectionName, request: Request, context: InContext) -> Response:
    """The image is decoded and embedded like an upload, and not kept."""
    await run_in_threadpool(context.library.check_collection, collection)  # before the file is read
    with context.uploads.place():  # a slow sender keeps no searcher waiting
        async with question_of(request, TextOptions.model_fields) as (image, fields):
            options = _options(fields)
            part = Part(image=image)
            return await context.searches.run(_answer, context, collection, part, options, [])


def _search(context: Context, collection: str, body: Search, accepted: list[str]) -> Response:
    answer = context.library.search(collection, body.asked(), ranking=body.ranking(), accepted=accepted)
    return _told(SearchAnswer.of(answer, in_parts=body.parts is not None), body.fields)


def _answer(
    context: Context, collection: str, part: Part, options: TextOptions, accepted: list[str]
) -> Response:
    answer = context.library.search(collection, [part], ranking=options.ranking(), accepted=accepted)
    return _told(SearchAnswer.of(answer), options.fields)


def _told(answer: SearchAnswer, fields: list[str] | None) -> Response:
    """Written here, in a thread: a thousand results would hold up the event loop."""
    return Response(answer.json_of(fields), media_type="application/json")


def _options(fields: dict[str, str]) -> TextOptions:
    try:
        return TextOptions.model_validate(fields)
    except ValidationError as error:
        found = [{**one, "loc": ("body", *one["loc"])} for one in error.errors()]
        raise RequestValidationError(found) from error
