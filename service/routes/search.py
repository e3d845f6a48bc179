"""Searches: by words, by images of the collection and from outside, by several of them at once."""

import json
from functools import partial
from typing import Annotated, Final

from fastapi import APIRouter, Query, Request, Response
from fastapi.concurrency import run_in_threadpool
from pydantic import ValidationError

from service.answer_schemas import BatchAnswer, BatchItem, CaptionSearchAnswer, SearchAnswer
from service.descriptions import invalid
from service.forms import question_of
from service.problems import documented, problem_for
from service.questions import Part
from service.routes.context import CollectionName, Context, InContext
from service.routes.forms import QUESTION_FORM
from service.routes.languages import AcceptedLanguages
from service.search_schemas import Batch, CaptionSearch, Search, TextOptions, TextSearch

router = APIRouter(prefix="/v1/collections/{collection}/search", tags=["search"])

BATCH_AT_ONCE: Final = 8  # searches of one request


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


@router.post(
    "/batch",
    summary="Search many times in one request",
    response_model=BatchAnswer,
    responses=documented(404, 413, 422, 503),
)
async def search_batch(
    collection: CollectionName, body: Batch, accepted: AcceptedLanguages, context: InContext
) -> Response:
    """Up to 100 searches, each with its own answer or its own problem. They go through the model together."""
    await run_in_threadpool(context.library.check_collection, collection)
    told = await context.searches.each(
        partial(_batch_item, context, collection, accepted), body.searches, at_once=BATCH_AT_ONCE
    )
    return _json(f'{{"answers": [{",".join(told)}]}}')


@router.post(
    "/captions",
    summary="Find captions that fit an image",
    response_model=CaptionSearchAnswer,
    responses=documented(404, 409, 413, 415, 422, 503),
)
async def search_captions(collection: CollectionName, body: CaptionSearch, context: InContext) -> Response:
    """What people wrote, in any language, of this or any other image of the collection."""
    return await context.searches.run(_captions, context, collection, body)


def _batch_item(context: Context, collection: str, accepted: list[str], body: Search) -> str:
    """A `BatchItem` as JSON."""
    try:
        return f'{{"answer": {_searched(context, collection, body, accepted)}, "error": null}}'
    except Exception as error:
        problem = problem_for(error)
        if problem is None:
            raise
        return json.dumps(BatchItem(answer=None, error=problem).model_dump())  # as `Problem.response`


def _captions(context: Context, collection: str, body: CaptionSearch) -> Response:
    answer = context.library.search_captions(collection, body.part(), ranking=body.ranking())
    context.metrics.search(answer.timings_ms)
    return _json(CaptionSearchAnswer.of(answer).model_dump_json())


def _search(context: Context, collection: str, body: Search, accepted: list[str]) -> Response:
    return _json(_searched(context, collection, body, accepted))


def _searched(context: Context, collection: str, body: Search, accepted: list[str]) -> str:
    """A `SearchAnswer` as JSON."""
    answer = context.library.search(collection, body.asked(), ranking=body.ranking(), accepted=accepted)
    context.metrics.search(answer.timings_ms)
    return SearchAnswer.of(answer, in_parts=body.parts is not None).json_of(body.fields)


def _answer(
    context: Context, collection: str, part: Part, options: TextOptions, accepted: list[str]
) -> Response:
    answer = context.library.search(collection, [part], ranking=options.ranking(), accepted=accepted)
    context.metrics.search(answer.timings_ms)
    return _json(SearchAnswer.of(answer).json_of(options.fields))


def _json(text: str) -> Response:
    """Answers are written as JSON in the thread that found them: a thousand would hold up the event loop."""
    return Response(text, media_type="application/json")


def _options(fields: dict[str, str]) -> TextOptions:
    try:
        return TextOptions.model_validate(fields)
    except ValidationError as error:
        raise invalid(error, "body") from error
