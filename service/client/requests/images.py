"""Images: in, out, and what is told of them."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, TypedDict, Unpack
from uuid import uuid4

from service.client.documents.duplicates import ImageDuplicates
from service.client.documents.images import Deleted, Image, ImagePage, UploadAnswer, UploadItems
from service.client.request import FilePart, Request, content, document, nothing, present
from service.client.requests import DEFAULT, below

Content = Path | str | bytes
"""A file: its path, or what is in it."""

Filter = Mapping[str, Any]
"""A filter as the HTTP API takes it, such as `{"field": "width", "gte": 800}`."""


@dataclass(frozen=True)
class NewImage:
    """An image to upload. A caption is a text, or an object with `text` and `language`."""

    content: Content
    filename: str | None = None
    metadata: Mapping[str, Any] = field(default_factory=dict)
    captions: Sequence[str | Mapping[str, str]] = ()
    external_id: str | None = None

    @property
    def name(self) -> str:
        if self.filename is not None:
            return self.filename
        return "unnamed" if isinstance(self.content, bytes) else Path(self.content).name

    def part(self) -> FilePart:
        return FilePart("files", self.name, as_file(self.content))


class ImageChanges(TypedDict, total=False):
    """What to change: `metadata` is merged (RFC 7396: null takes a member out), `captions` replace all."""

    metadata: Mapping[str, Any]
    captions: Sequence[str | Mapping[str, str]]
    external_id: str | None
    filename: str


def upload(
    images: Sequence[NewImage | Content] | NewImage | Content,
    *,
    collection: str = DEFAULT,
    idempotency_key: str | None = None,
) -> Request[UploadAnswer]:
    """Add images, and tell of each what became of it: what is no good is an item that failed, no exception.

    The key, made anew unless one is given, has the service take the request once however often it is sent.
    Raises NotFound for the collection, TooLarge, Busy.
    """
    given = [images] if isinstance(images, NewImage | Path | str | bytes) else images
    new = [one if isinstance(one, NewImage) else NewImage(one) for one in given]
    return Request(
        "POST",
        below(collection, "/images"),
        document(UploadAnswer),
        files=[one.part() for one in new],
        form=_described(new),
        headers={"Idempotency-Key": idempotency_key or str(uuid4())},
        told=_items,
    )


def images(
    *,
    collection: str = DEFAULT,
    limit: int | None = None,
    cursor: str | None = None,
    sort: str | None = None,
    filter: Filter | None = None,
    external_id: str | None = None,
) -> Request[ImagePage]:
    """A page of images. `sort` is such as `created_at` or `-bytes`, with the largest first."""
    asked = {
        "limit": limit,
        "cursor": cursor,
        "sort": sort,
        "filter": None if filter is None else json.dumps(filter),
        "external_id": external_id,
    }
    return Request("GET", below(collection, "/images"), document(ImagePage), params=asked)


def image(id: int, *, collection: str = DEFAULT) -> Request[Image]:
    """The record of an image. Raises NotFound."""
    return Request("GET", below(collection, f"/images/{id}"), document(Image))


def update_image(id: int, *, collection: str = DEFAULT, **changes: Unpack[ImageChanges]) -> Request[Image]:
    """Change what is told of an image. Raises NotFound, Conflict where the external id is taken."""
    body: dict[str, Any] = {**changes}
    if "captions" in changes:
        body["captions"] = [_caption(caption) for caption in changes["captions"]]
    return Request("PATCH", below(collection, f"/images/{id}"), document(Image), json=body)


def delete_image(id: int, *, collection: str = DEFAULT) -> Request[None]:
    """Delete an image with its file. Raises NotFound."""
    return Request("DELETE", below(collection, f"/images/{id}"), nothing, repeatable=False)


def delete_images(
    *,
    collection: str = DEFAULT,
    ids: Sequence[int] | None = None,
    external_ids: Sequence[str] | None = None,
    filter: Filter | None = None,
    dry_run: bool = False,
) -> Request[Deleted]:
    """Delete those of one of `ids`, `external_ids` and `filter`; with `dry_run` only tell which they are."""
    chosen = present({"ids": ids, "external_ids": external_ids, "filter": filter})
    body = {**chosen, **({"dry_run": True} if dry_run else {})}
    return Request(
        "POST",
        below(collection, "/images/delete"),
        document(Deleted),
        json=body,
        repeatable=dry_run,
    )


def file(id: int, *, collection: str = DEFAULT) -> Request[bytes]:
    """The very bytes that were uploaded. Raises NotFound."""
    return Request("GET", below(collection, f"/images/{id}/file"), content)


def thumbnail(
    id: int, *, collection: str = DEFAULT, size: Literal[192, 384, 768] | None = None
) -> Request[bytes]:
    """WebP of at most `size` pixels a side, by default 384. Raises NotFound."""
    return Request("GET", below(collection, f"/images/{id}/thumbnail"), content, params={"size": size})


def image_duplicates(
    id: int, *, collection: str = DEFAULT, limit: int | None = None
) -> Request[ImageDuplicates]:
    """Copies of an image, and what looks much like it, at most `limit` of each kind. Raises NotFound."""
    address = below(collection, f"/images/{id}/duplicates")
    return Request("GET", address, document(ImageDuplicates), params={"limit": limit})


def as_file(content: Content) -> Path | bytes:
    return Path(content) if isinstance(content, str) else content


def _described(new: Sequence[NewImage]) -> dict[str, str]:
    """The form's fields, without those that would say nothing."""
    fields: dict[str, list[Any]] = {
        "metadata": [dict(one.metadata) for one in new],
        "captions": [[_caption(caption) for caption in one.captions] for one in new],
        "external_ids": [one.external_id for one in new],
    }
    return {name: json.dumps(values) for name, values in fields.items() if any(values)}


def _caption(caption: str | Mapping[str, str]) -> dict[str, str]:
    return {"text": caption} if isinstance(caption, str) else dict(caption)


def _items(problem: bytes) -> UploadAnswer | None:
    """Where no file was any good, the answer is a problem that tells of each."""
    try:
        items = UploadItems.model_validate_json(problem).items
    except ValueError:
        return None
    return UploadAnswer(items=items, created=0, existing=0, failed=len(items))
