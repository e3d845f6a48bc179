"""The bodies of requests and answers about imports and their jobs."""

import json
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from service.jobs.records import ItemRecord, JobRecord, Kind, State, Status
from service.problems import Problem
from service.spoken import spoken

MAX_URLS = 10_000


class NewImport(BaseModel):
    """A folder of the service's machine, or URLs; an archive is sent as a form instead."""

    model_config = ConfigDict(extra="forbid", strict=True)

    folder: str | None = Field(default=None, description="an absolute path below PIVOT_FOLDER_ROOTS")
    urls: list[str] | None = Field(
        default=None, min_length=1, max_length=MAX_URLS, description="http or https, of public servers"
    )

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.folder is None) == (self.urls is None):
            raise ValueError("Give either `folder` or `urls`, or send an archive as multipart/form-data")
        return self


class JobLinks(BaseModel):
    """Addresses on this service."""

    self: str
    items: str
    events: str


class Job(BaseModel):
    id: int
    kind: Kind
    collection: str
    state: State
    total: int | None = Field(description="items; null until the source was looked through")
    done: int
    created: int
    existing: int
    failed: int
    skipped: int = Field(description="hidden files, and those that are called like no photo")
    error: Problem | None = Field(description="why the job failed as a whole")
    created_at: str
    updated_at: str
    links: JobLinks

    @classmethod
    def of(cls, record: JobRecord) -> Self:
        address = f"/v1/jobs/{record.id}"
        links = JobLinks(self=address, items=f"{address}/items", events=f"{address}/events")
        told = {name: value for name, value in vars(record).items() if name in cls.model_fields}
        return cls.model_validate({**told, "error": _problem(record.error), "links": links})


class JobPage(BaseModel):
    jobs: list[Job]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")


class JobItem(BaseModel):
    """What became of one entry of an archive or a folder, or of one URL."""

    index: int = Field(description="from 0, in the order of the work")
    name: str
    status: Status
    image_id: int | None
    error: Problem | None

    @classmethod
    def of(cls, record: ItemRecord) -> Self:
        assert record.status is not None
        return cls(
            index=record.number,
            name=record.name,
            status=record.status,
            image_id=record.image_id,
            error=_problem(record.error),
        )


class JobItemPage(BaseModel):
    items: list[JobItem]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")


def _problem(text: str | None) -> Problem | None:
    """In the language of the request at work."""
    if text is None:
        return None
    by_tongue = json.loads(text)
    return Problem.model_validate(by_tongue.get(spoken(), by_tongue))  # those of long ago are in English only
