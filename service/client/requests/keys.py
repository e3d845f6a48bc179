"""Keys, which say who may ask the service for what. All of these take a key for admins, once there is any."""

from collections.abc import Sequence
from datetime import datetime

from service.client.documents.keys import Key, KeyPage, NewKey, Scope
from service.client.request import Request, document, nothing, present


def keys(*, limit: int | None = None, cursor: str | None = None) -> Request[KeyPage]:
    """A page of keys, from the oldest on, with those that were revoked or have run out."""
    return Request("GET", "/v1/keys", document(KeyPage), params={"limit": limit, "cursor": cursor})


def key(id: int) -> Request[Key]:
    """One key, without its secret. Raises NotFound."""
    return Request("GET", f"/v1/keys/{id}", document(Key))


def create_key(
    name: str,
    *,
    scope: Scope,
    collections: Sequence[str] | None = None,
    rate: int | None = None,
    expires_at: datetime | None = None,
) -> Request[NewKey]:
    """A new key, whose `secret` is told this once; from the first one on, the service asks for one.

    `collections` are the only ones that it may see; `rate` is how many requests a minute it may send, and
    `expires_at` needs a time zone.
    """
    limits = {"collections": collections and list(collections), "rate": rate}
    ends = None if expires_at is None else expires_at.isoformat()
    body = present({"name": name, "scope": scope, **limits, "expires_at": ends})
    return Request("POST", "/v1/keys", document(NewKey), json=body, repeatable=False)


def revoke_key(id: int) -> Request[None]:
    """End a key for good. Raises NotFound."""
    return Request("DELETE", f"/v1/keys/{id}", nothing, repeatable=False)
