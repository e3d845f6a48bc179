"""What `jobs` tells, and how an import is followed to its end."""

import sys
from collections.abc import Sequence
from typing import Any, NoReturn

from tqdm import tqdm

from service.client import Pivot
from service.client.documents.jobs import Job, JobPage
from service.commands.columns import columns
from service.commands.printable import printable


def list_jobs(pivot: Pivot, state: Any, collection: str | None, *, json: bool = False) -> str:
    """A line for each, the newest first as the service tells them; or all of them as one page."""
    found = list(pivot.each_job(state=state, collection=collection))
    if json:
        return JobPage(jobs=found, next_cursor=None).model_dump_json(indent=2)
    rows = [_row(job) for job in found]
    return columns([("id", "state", "kind", "collection", "done", "updated"), *rows]) if rows else "No jobs."


def show(pivot: Pivot, id: int, *, json: bool = False) -> str:
    """The job, and what became of the files that failed; or the job as the service tells it."""
    job = pivot.job(id)
    if json:
        return job.model_dump_json(indent=2)
    failed = [f"{printable(item.name)}: {item.error}" for item in pivot.each_job_item(id, status="failed")]
    return "\n".join([*failed, outcome(job)])


def follow(pivot: Pivot, id: int) -> Job:
    """The job at its end, with progress until then; what fails is named on standard error as it happens."""
    bar: tqdm[NoReturn]
    with tqdm(desc=f"job {id}", unit=" files", disable=None) as bar:
        for event in pivot.follow_job(id):
            if event.kind == "item":
                _tell_failure(event.data)
            else:
                bar.total = event.data.get("total")
                bar.update(event.data.get("done", 0) - bar.n)
    return pivot.job(id)


def outcome(job: Job) -> str:
    error = "" if job.error is None else f" {job.error}"
    return (
        f"Job {job.id} of {job.collection} {job.state}: {job.created:,} added,"
        f" {job.existing:,} already there, {job.failed:,} failed,"
        f" {job.skipped:,} of other kinds skipped.{error}"
    )


def _row(job: Job) -> Sequence[str]:
    done = f"{job.done:,}" if job.total is None else f"{job.done:,}/{job.total:,}"
    return (str(job.id), job.state, job.kind, job.collection, done, job.updated_at)


def _tell_failure(item: dict[str, Any]) -> None:
    if error := item.get("error"):
        told = f"{error.get('detail')} {error.get('remedy') or ''}".rstrip()
        tqdm.write(f"{printable(str(item.get('name')))}: {told}", file=sys.stderr)
