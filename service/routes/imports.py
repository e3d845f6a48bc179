"""Imports, which become jobs."""

from pathlib import Path
from typing import Final, Literal

from fastapi import APIRouter, Request, Response
from fastapi.concurrency import run_in_threadpool

from index.records import CollectionKey
from service import job_schemas as schemas
from service.fetch import allowed
from service.jobs.archives import archive
from service.jobs.folders import FolderSource
from service.jobs.received import archive_of
from service.jobs.records import JobRecord
from service.jobs.runner import archives_folder
from service.jobs.urls import entries_of
from service.json_uploads import read_as
from service.problems import documented
from service.routes.context import CollectionName, Context, InContext
from service.routes.forms import IMPORT_FORM

router = APIRouter(prefix="/v1/collections/{collection}/imports", tags=["jobs"])

FORM: Final = "multipart/form-data"


@router.post(
    "",
    summary="Import an archive, a folder or a list of URLs",
    status_code=202,
    responses=documented(403, 404, 413, 422, 503, 507),
    openapi_extra=IMPORT_FORM,
)
async def add_import(
    collection: CollectionName, request: Request, response: Response, context: InContext
) -> schemas.Job:
    """Begin a job that adds photos in the background, and tell where to follow it.

    An archive stays packed, and is deleted when its job ends. Hidden files and those that are called like no
    photo are passed over and counted as `skipped`; links, entries that are encrypted or, in a zip, packed in
    another way than Deflate, archives within the archive and names that lead out of it are items that fail.
    A tar of an exported collection comes in with all that is known of its images: captions, metadata,
    external ids, and vectors where the model is the same. A folder has to lie below those that the operator
    named.
    """
    key = await run_in_threadpool(_checked, context, collection)  # before anything is received
    with context.uploads.place():
        if request.headers.get("content-type", "").lower().startswith(FORM):
            folder = archives_folder(context.settings.store)
            async with archive_of(request, folder) as path:
                await run_in_threadpool(_look_at, context, path)
                record = await run_in_threadpool(_create, context, "archive", key, path.name)
        else:
            body = read_as(schemas.NewImport, await request.body())
            record = await run_in_threadpool(_begin, context, key, body)
    context.runner.wake()
    response.headers["Location"] = f"/v1/jobs/{record.id}"
    return schemas.Job.of(record)


def _checked(context: Context, collection: str) -> CollectionKey:
    key = context.library.check_collection(collection)
    context.ledger.check_room(context.settings.max_jobs)
    return key


def _look_at(context: Context, path: Path) -> None:
    """Raises ArchiveUnusable for what is none, while the sender still listens."""
    archive(path, context.settings.max_image_bytes).close()


def _begin(context: Context, collection: CollectionKey, body: schemas.NewImport) -> JobRecord:
    if body.folder is not None:
        found = FolderSource(body.folder, context.settings.folders, context.settings.max_image_bytes)
        return _create(context, "folder", collection, str(found.path))
    allowed(context.fetcher)
    assert body.urls is not None
    return context.ledger.create(
        "urls", collection, "", most_waiting=context.settings.max_jobs, entries=entries_of(body.urls)
    )


def _create(
    context: Context, kind: Literal["archive", "folder"], collection: CollectionKey, source: str
) -> JobRecord:
    return context.ledger.create(kind, collection, source, most_waiting=context.settings.max_jobs)
