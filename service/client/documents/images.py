"""Images, and what became of them."""

from typing import Literal

from pydantic import JsonValue

from service.client.documents import Document, Problem

UploadStatus = Literal["created", "exists", "failed"]


class Links(Document):
    """Paths on the service."""

    file: str
    thumbnail: str


class Caption(Document):
    id: int
    language: str
    text: str


class Image(Document):
    id: int
    collection: str
    external_id: str | None
    filename: str
    format: str
    width: int
    height: int
    bytes: int
    sha256: str
    metadata: dict[str, JsonValue]
    captions: list[Caption]
    created_at: str
    updated_at: str
    links: Links


class ImagePage(Document):
    images: list[Image]
    next_cursor: str | None


class UploadItem(Document):
    """What became of one file; `error` says why it failed."""

    index: int
    filename: str
    status: UploadStatus
    image: Image | None
    error: Problem | None


class UploadItems(Document):
    items: list[UploadItem]


class UploadAnswer(UploadItems):
    created: int
    existing: int
    failed: int


class Deleted(Document):
    """How many, and the first 1000 of their ids."""

    deleted: int
    ids: list[int]
