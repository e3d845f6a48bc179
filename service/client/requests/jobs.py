"""Imports, which go on as jobs; and the examination of a store."""

from collections.abc import Sequence
from pathlib import Path

from service.client.documents.images import UploadStatus
from service.client.documents.jobs import Job, JobItemPage, JobPage, JobState
from service.client.documents.report import Report
from service.client.request import FilePart, Request, document
from service.client.requests import DEFAULT, below


def import_archive(archive: Path | str, *, collection: str = DEFAULT) -> Request[Job]:
    """Add what is in a .zip or .tar, also one that `export` made. Returns at once, with the job."""
    path = Path(archive)
    part = FilePart("archive", path.name, path)
    return Request("POST", _imports(collection), document(Job), files=[part], repeatable=False)


def import_folder(folder: str, *, collection: str = DEFAULT) -> Request[Job]:
    """Add what is in a folder of the service's machine, which has to allow it."""
    return Request("POST", _imports(collection), document(Job), json={"folder": folder}, repeatable=False)


def import_urls(urls: Sequence[str], *, collection: str = DEFAULT) -> Request[Job]:
    """Have the service fetch images, which it has to be allowed to."""
    return Request("POST", _imports(collection), document(Job), json={"urls": list(urls)}, repeatable=False)


def jobs(
    *,
    state: JobState | None = None,
    collection: str | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[JobPage]:
    """A page of jobs."""
    asked = {"state": state, "collection": collection, "limit": limit, "cursor": cursor}
    return Request("GET", "/v1/jobs", document(JobPage), params=asked)


def job(id: int) -> Request[Job]:
    """One job as it is now. Raises NotFound."""
    return Request("GET", f"/v1/jobs/{id}", document(Job))


def cancel_job(id: int) -> Request[Job]:
    """End a job; what it added stays. Raises NotFound."""
    return Request("POST", f"/v1/jobs/{id}/cancel", document(Job))


def job_items(
    id: int,
    *,
    status: UploadStatus | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[JobItemPage]:
    """A page of what became of each file of a job. Raises NotFound."""
    asked = {"status": status, "limit": limit, "cursor": cursor}
    return Request("GET", f"/v1/jobs/{id}/items", document(JobItemPage), params=asked)


def doctor(*, thorough: bool = False) -> Request[Report]:
    """Have the service look through its store; thorough, it reads every file. Takes a key for admins."""
    return Request("POST", "/v1/doctor", document(Report), json={"thorough": thorough})


def _imports(collection: str) -> str:
    return below(collection, "/imports")
