"""Listing: the images of a collection in an order, page by page.

A page goes on behind the last image of the page before, by the value that it is sorted by and its id.
Whatever is added or removed between two pages, an image that is there throughout, with its value unchanged,
is on one page and no other.
"""

import hashlib
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from typing import Final, Literal, NamedTuple, TypeAlias

from index.errors import BadCursor, CursorExpired
from index.filters import Condition, compiled
from index.records import ImageRecord, Json

Order = Literal[
    "created_at",
    "-created_at",
    "filename",
    "-filename",
    "bytes",
    "-bytes",
    "width",
    "-width",
    "height",
    "-height",
]
Value: TypeAlias = int | str

# Names that differ in the case of Latin letters only stand together.
_SORTED_BY: Final = {"filename": "images.filename COLLATE NOCASE"}
_TEXTS: Final = ("created_at", "filename")


class Place(NamedTuple):
    """The last image of a page."""

    value: Value  # by which it was sorted
    id: int


@dataclass(frozen=True)
class Page:
    images: list[ImageRecord]
    cursor: str | None  # of the next page; None: this is the last one


@dataclass(frozen=True)
class Listing:
    """Up to `limit` images after `cursor`, of those that the filter lets pass and that have the external id.

    Equal values are sorted by id. With "-" in front, an order is the reverse.
    """

    order: Order = "created_at"
    filter: Json = None
    external_id: str | None = None
    cursor: str | None = None
    limit: int = 100

    def condition(self, collection: int) -> Condition:
        """Of the images that come next. Raises BadFilter, BadCursor, CursorExpired."""
        conditions = [Condition("images.collection_id = ?", (collection,))]
        if self.external_id is not None:
            conditions.append(Condition("images.external_id = ?", (self.external_id,)))
        if self.filter is not None:
            conditions.append(compiled(self.filter))
        if self.cursor is not None:
            beyond = "<" if self._descends else ">"
            place = self._place(self.cursor, collection)
            conditions.append(Condition(f"({self._column}, images.id) {beyond} (?, ?)", place))
        parameters = tuple(one for condition in conditions for one in condition.parameters)
        return Condition(" AND ".join(condition.sql for condition in conditions), parameters)

    @property
    def order_by(self) -> str:
        """As SQL."""
        direction = "DESC" if self._descends else "ASC"
        return f"{self._column} {direction}, images.id {direction}"

    def page(self, collection: int, found: list[ImageRecord]) -> Page:
        """Of up to `limit` + 1 images; the last one only tells that there are more."""
        images = found[: self.limit]
        if len(found) == len(images):
            return Page(images, None)
        place = Place(getattr(images[-1], self._name), images[-1].id)
        return Page(images, self._cursor_after(place, collection))

    @property
    def _descends(self) -> bool:
        return self.order.startswith("-")

    @property
    def _name(self) -> str:
        return self.order.removeprefix("-")

    @property
    def _column(self) -> str:
        return _SORTED_BY.get(self._name, f"images.{self._name}")

    def _cursor_after(self, place: Place, collection: int) -> str:
        told = json.dumps([self._fingerprint(collection), *place])
        return urlsafe_b64encode(told.encode()).decode()

    def _place(self, cursor: str, collection: int) -> Place:
        try:
            fingerprint, value, id = json.loads(urlsafe_b64decode(cursor.encode("ascii")))
            again = urlsafe_b64encode(json.dumps([fingerprint, value, id]).encode()).decode()
        except (ValueError, TypeError, RecursionError):
            raise BadCursor from None
        if again != cursor or not isinstance(fingerprint, str):  # base64 and JSON read much else as the same
            raise BadCursor
        if fingerprint != self._fingerprint(collection):
            raise CursorExpired
        fits = _is_text if self._name in _TEXTS else _is_integer
        if not fits(value) or not _is_integer(id):
            raise BadCursor
        return Place(value, id)

    def _fingerprint(self, collection: int) -> str:
        """Tells this list of a collection, given by its id, from others; pages may differ in length."""
        told = json.dumps([collection, self.order, self.filter, self.external_id], sort_keys=True)
        return hashlib.sha256(told.encode()).hexdigest()[:16]


def _is_integer(value: object) -> bool:
    """One that SQLite takes."""
    return type(value) is int and -(2**63) <= value < 2**63


def _is_text(value: object) -> bool:
    """One that SQLite takes: with no lone surrogates."""
    return isinstance(value, str) and value.encode(errors="replace").decode() == value
