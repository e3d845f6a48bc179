"""Work that goes on after its request."""

from typing import Any, Literal

from service.client.documents import Document, Problem
from service.client.documents.images import UploadStatus

JobState = Literal["queued", "running", "succeeded", "failed", "cancelled"]


class Job(Document):
    """Work that goes on after its request: an import. `total` is None while nobody knows it.

    `skipped` are hidden files, and those that are called like no photo.
    """

    id: int
    kind: str
    collection: str
    state: JobState
    total: int | None
    done: int
    created: int
    existing: int
    failed: int
    skipped: int
    error: Problem | None
    created_at: str
    updated_at: str

    @property
    def finished(self) -> bool:
        return self.state in ("succeeded", "failed", "cancelled")


class JobPage(Document):
    jobs: list[Job]
    next_cursor: str | None


class JobItem(Document):
    index: int
    name: str
    status: UploadStatus
    image_id: int | None
    error: Problem | None


class JobItemPage(Document):
    items: list[JobItem]
    next_cursor: str | None


class JobEvent(Document):
    """`data` is the job for `progress` and `done`, and one of its items for `item`."""

    id: str
    kind: str
    data: dict[str, Any]
