"""Jobs: how far they are, what became of each item, and how to stop them."""

import re
from typing import Annotated, Final

from fastapi import APIRouter, Depends, Header, Path, Query, Response

from service import job_schemas as schemas
from service.cursors import cursor_after, id_before
from service.integers import Integer
from service.jobs.errors import UnknownJob
from service.jobs.events import DONE, Following, told
from service.jobs.records import JobRecord, State, Status
from service.problems import documented
from service.routes.context import InAccess, InContext

router = APIRouter(prefix="/v1/jobs", tags=["jobs"])

MAX_PAGE: Final = 1000
_NUMBER: Final = re.compile("[0-9]{1,15}")  # of items; what else a client sends counts as none

JobId = Annotated[Integer, Path(description="id of the job", examples=[1])]
Limit = Annotated[Integer, Query(ge=1, le=MAX_PAGE, description="entries of a page")]
Cursor = Annotated[str | None, Query(description="`next_cursor` of the page before")]


def _seen(job_id: JobId, context: InContext, access: InAccess) -> JobRecord:
    """Of a collection that the key is for; others are as if they were not. Raises UnknownJob."""
    job = context.ledger.job(job_id)
    if not access.sees(job.collection):
        raise UnknownJob(job_id)
    return job


SeenJob = Annotated[JobRecord, Depends(_seen)]


@router.get("", summary="List jobs", responses=documented(403, 422))
def list_jobs(
    context: InContext,
    access: InAccess,
    state: State | None = None,
    collection: str | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> schemas.JobPage:
    """The newest first, of the collections that the key is for.

    Jobs that ended are kept for a month, and a thousand of them at most.
    """
    if collection is not None:
        access.check_collection(collection)
    collections = access.collections if collection is None else [collection]
    before = None if cursor is None else id_before(cursor)
    records = context.ledger.jobs(state=state, collections=collections, before=before, limit=limit + 1)
    page = records[:limit]
    return schemas.JobPage(
        jobs=[schemas.Job.of(record) for record in page],
        next_cursor=cursor_after(page[-1].id) if len(records) > limit else None,
    )


@router.get("/{job_id}", summary="Describe a job", responses=documented(404, 422))
def get_job(job: SeenJob) -> schemas.Job:
    """Its state, and how many of its items are done."""
    return schemas.Job.of(job)


@router.post("/{job_id}/cancel", summary="Cancel a job", status_code=202, responses=documented(404, 422))
def cancel_job(job: SeenJob, context: InContext) -> schemas.Job:
    """No further items are taken up. What the job added stays; one that has ended stays as it is."""
    return schemas.Job.of(context.runner.cancel(job.id))


@router.get("/{job_id}/items", summary="List the items of a job", responses=documented(404, 422))
def list_items(
    job: SeenJob,
    context: InContext,
    status: Status | None = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> schemas.JobItemPage:
    """Those that are done, in their order, each with its image or with what went wrong."""
    after = -1 if cursor is None else id_before(cursor)
    records = context.ledger.items(job.id, after=after, limit=limit + 1, status=status)
    page = records[:limit]
    return schemas.JobItemPage(
        items=[schemas.JobItem.of(record) for record in page],
        next_cursor=cursor_after(page[-1].number) if len(records) > limit else None,
    )


@router.get(
    "/{job_id}/events",
    summary="Follow a job",
    response_class=Response,
    responses={
        200: {"content": {"text/event-stream": {}}, "description": "Server-Sent Events"},
        204: {"description": "The listener has heard everything"},
        **documented(404, 422, 503),
    },
)
async def follow_job(
    job: SeenJob,
    context: InContext,
    last_event_id: Annotated[str | None, Header(description="id of the last event that was heard")] = None,
) -> Response:
    """`item` for each item, `progress` with the job when it changed, `done` with it at its end.

    Whoever connects anew with `Last-Event-ID` is told what was missed, and nothing twice.
    """
    if last_event_id == DONE:
        return Response(status_code=204)  # a browser would connect anew for ever
    after = int(last_event_id) if last_event_id and _NUMBER.fullmatch(last_event_id) else 0
    events = told(context.ledger, context.bell, context.streams, job.id, after)
    return Following(context.streams, events)
