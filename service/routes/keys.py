"""Keys, managed over HTTP by whoever holds one with the scope admin."""

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response
from pydantic import BaseModel, Field

from service.cursors import cursor_after, id_before
from service.integers import Integer
from service.keys import Key, NewKey, NoSuchKey
from service.problems import documented
from service.routes.context import InContext

router = APIRouter(prefix="/v1/keys", tags=["keys"])

KeyId = Annotated[Integer, Path(ge=1, lt=2**63, description="id of the key", examples=[2])]


class MadeKey(Key):
    secret: str = Field(description="what to send as the key; told this once and never again")


class KeyPage(BaseModel):
    keys: list[Key]
    next_cursor: str | None = Field(description="hand it in as `cursor` for the next page; null on the last")


@router.get("", summary="List the keys", responses=documented(401, 403, 422))
def list_keys(
    context: InContext,
    limit: Annotated[Integer, Query(ge=1, le=1000, description="keys of a page")] = 100,
    cursor: Annotated[str | None, Query(description="`next_cursor` of the page before")] = None,
) -> KeyPage:
    """From the oldest on, with those that were revoked or have run out."""
    context.keyring.refresh()
    after = 0 if cursor is None else id_before(cursor)
    keys = [key for key in context.keyring.all() if key.id > after]
    return KeyPage(keys=keys[:limit], next_cursor=cursor_after(keys[limit - 1].id) if keys[limit:] else None)


@router.post("", summary="Make a key", status_code=201, responses=documented(401, 403, 422))
def create_key(body: NewKey, context: InContext, response: Response) -> MadeKey:
    """As soon as there is one, the service asks for one: make the first with the scope admin."""
    key, secret = context.keyring.file.create(body)
    context.keyring.refresh()
    response.headers["Location"] = f"{router.prefix}/{key.id}"
    response.headers["Cache-Control"] = "no-store"
    return MadeKey(**key.model_dump(), secret=secret)


@router.get("/{key_id}", summary="Describe a key", responses=documented(401, 403, 404, 422))
def get_key(key_id: KeyId, context: InContext) -> Key:
    """All but its secret."""
    context.keyring.refresh()
    found = next((key for key in context.keyring.all() if key.id == key_id), None)
    if found is None:
        raise NoSuchKey(key_id)
    return found


@router.delete("/{key_id}", summary="Revoke a key", status_code=204, responses=documented(401, 403, 404, 422))
def revoke_key(key_id: KeyId, context: InContext) -> None:
    """For good. Revoking the last one leaves the service closed; the command line makes new ones."""
    context.keyring.file.revoke(key_id)
    context.keyring.refresh()
