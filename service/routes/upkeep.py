"""Looking after a store over HTTP: a collection as one file, and whether anything is wrong."""

from collections import Counter
from typing import Final

from fastapi import APIRouter, Response
from fastapi.concurrency import run_in_threadpool

from index.doctor import examine_beside_a_service
from index.export import tar_of
from service.examination import Examination, Finding, Report
from service.problems import documented
from service.routes.context import CollectionName, InContext
from service.stream import Stream

router = APIRouter(tags=["upkeep"])

TAR: Final = "application/x-tar"
MOST_FINDINGS: Final = 1000
QUICK: Final = Examination()


@router.get(
    "/v1/collections/{collection}/export",
    summary="Export a collection",
    response_class=Response,
    responses={200: {"content": {TAR: {}}}, **documented(404, 503)},
)
async def export_collection(collection: CollectionName, context: InContext) -> Response:
    """A tar of originals, thumbnails, JSON Lines and `.npy` vectors, as the collection is at one moment.

    It is made as it is sent, so that its length is not known before; `collection.json` comes last. Images
    that are deleted meanwhile may be left out. Bring it back with `POST /v1/collections/NAME/imports`.
    """
    await run_in_threadpool(context.library.check_collection, collection)
    store = context.settings.store
    headers = {"Content-Disposition": f'attachment; filename="{collection}.tar"', "Cache-Control": "no-store"}
    return Stream(context.upkeep, lambda: tar_of(store, collection), TAR, headers)


@router.post("/v1/doctor", summary="Examine the store", responses=documented(422, 503))
async def examine_store(context: InContext, body: Examination = QUICK) -> Report:
    """Looks for files without a row, rows without a file, unusable vectors and a damaged database.

    It mends nothing: for that, stop the service and run `python -m service doctor --repair`. The answer may
    take minutes, for a thorough examination of a large store far longer.
    """
    store, thorough = context.settings.store, body.thorough
    findings = await context.upkeep.run(examine_beside_a_service, store, thorough=thorough)
    return Report(
        healthy=not findings,
        thorough=thorough,
        found=dict(Counter(finding.problem for finding in findings)),
        findings=[Finding.of(finding) for finding in findings[:MOST_FINDINGS]],
    )
