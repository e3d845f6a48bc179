"""Collections, with their counts."""

from typing import Literal

from service.client.documents import Document


class Collection(Document):
    name: str
    created_at: str
    images: int
    searchable: int
    captions: int
    bytes: int
    model: str
    state: Literal["ready", "embedding"]


class Collections(Document):
    collections: list[Collection]
