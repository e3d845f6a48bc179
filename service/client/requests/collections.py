"""Collections, and what can be asked of a whole one."""

from typing import Literal

from service.client.documents.collections import Collection, Collections
from service.client.documents.duplicates import DuplicatePage
from service.client.request import Request, content, document, nothing
from service.client.requests import DEFAULT, below


def collections() -> Request[Collections]:
    """All collections, in the order of their creation."""
    return Request("GET", "/v1/collections", document(Collections))


def collection(name: str) -> Request[Collection]:
    """One collection, with its counts. Raises NotFound."""
    return Request("GET", below(name), document(Collection))


def create_collection(name: str) -> Request[Collection]:
    """A new, empty collection. Raises Conflict where there is one of this name."""
    return Request("POST", "/v1/collections", document(Collection), json={"name": name}, repeatable=False)


def rename_collection(name: str, new: str) -> Request[Collection]:
    """Give a collection another name. Raises NotFound, Conflict."""
    return Request("PATCH", below(name), document(Collection), json={"name": new}, repeatable=False)


def delete_collection(name: str) -> Request[None]:
    """With all its images; `default` stays, empty. Raises NotFound."""
    return Request("DELETE", below(name), nothing, repeatable=False)


def duplicates(
    kind: Literal["near", "similar", "exact"] = "near",
    *,
    collection: str = DEFAULT,
    threshold: float | None = None,
    limit: int | None = None,
    cursor: str | None = None,
) -> Request[DuplicatePage]:
    """A page of groups of images that are copies of each other, or nearly."""
    asked = {"kind": kind, "threshold": threshold, "limit": limit, "cursor": cursor}
    return Request("GET", below(collection, "/duplicates"), document(DuplicatePage), params=asked)


def export(name: str) -> Request[bytes]:
    """A whole collection as a tar. Large: hand it to `download`. Raises NotFound."""
    return Request("GET", below(name, "/export"), content)
