"""Images that are copies of each other, or nearly."""

from typing import Literal

from service.client.documents import Document
from service.client.documents.images import Image


class NearImage(Document):
    image: Image
    distance: int


class SimilarImage(Document):
    image: Image
    score: float


class ImageDuplicates(Document):
    """`pending` is how many images of the collection could not be compared yet."""

    exact: list[Image]
    near: list[NearImage]
    similar: list[SimilarImage]
    pending: int


class DuplicateGroup(Document):
    kind: Literal["near", "similar", "exact"]
    images: list[Image]


class DuplicatePage(Document):
    groups: list[DuplicateGroup]
    next_cursor: str | None
    pending: int
