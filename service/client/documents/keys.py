"""Keys, which say who may ask for what."""

from typing import Literal

from pydantic import Field

from service.client.documents import Document

Scope = Literal["read", "write", "admin"]


class Key(Document):
    """Everything about a key but its secret. `collections` is None where it may see all."""

    id: int
    name: str
    scope: Scope
    collections: list[str] | None
    rate: int | None
    created_at: str
    expires_at: str | None
    last_used_at: str | None
    revoked_at: str | None


class NewKey(Key):
    secret: str = Field(repr=False)


class KeyPage(Document):
    keys: list[Key]
    next_cursor: str | None
