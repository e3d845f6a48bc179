from collections.abc import Iterator
from dataclasses import replace
from typing import get_args

import pytest

from index.changes import ImageChange
from index.errors import BadCursor, BadFilter, CursorExpired
from index.gallery import Gallery
from index.listing import Listing, Order
from index.records import ImageRecord, Json
from tests.index.samples import sample

NAMES = ["b.jpg", "A.jpg", "a.jpg", "C.jpg", "b.jpg", "é.jpg"]


def fill(gallery: Gallery) -> list[ImageRecord]:
    images = [
        replace(sample(f"{'x' * (n % 3)}{n}", filename=name), width=(n * 7) % 4 + 1, height=9 - n // 2)
        for n, name in enumerate(NAMES)
    ]
    return [gallery.add("default", [image])[0].record for image in images]


def pages(gallery: Gallery, listing: Listing) -> Iterator[list[int]]:
    while True:
        page = gallery.page("default", listing)
        yield [record.id for record in page.images]
        if page.cursor is None:
            return
        listing = replace(listing, cursor=page.cursor)


def sort_key(record: ImageRecord, name: str) -> tuple[object, int]:
    value = getattr(record, name)
    return (value.lower() if name == "filename" else value, record.id)


@pytest.mark.parametrize("order", get_args(Order))
def test_pages_in_an_order_are_the_sorted_list_with_equals_by_id(gallery: Gallery, order: Order) -> None:
    records = fill(gallery)
    name = order.removeprefix("-")
    expected = sorted(records, key=lambda one: sort_key(one, name), reverse=order.startswith("-"))
    for limit in (1, 2, 6):
        seen = [id for page in pages(gallery, Listing(order, limit=limit)) for id in page]
        assert seen == [record.id for record in expected]


@pytest.mark.parametrize("order", ["bytes", "-bytes", "filename", "-created_at"])
def test_images_that_come_and_go_shift_no_page(gallery: Gallery, order: Order) -> None:
    fill(gallery)
    whole = [id for page in pages(gallery, Listing(order, limit=10)) for id in page]
    going = pages(gallery, Listing(order, limit=2))
    seen = next(going)
    gallery.remove("default", seen)  # the image that the cursor names, too
    gallery.add("default", [sample("y", filename="aa.jpg"), sample("y" * 20, filename="z.jpg")])
    seen += [id for page in going for id in page]
    assert len(set(seen)) == len(seen)
    assert [id for id in seen if id in whole] == whole


def test_a_filter_and_an_external_id_choose_what_is_listed(gallery: Gallery) -> None:
    records = fill(gallery)
    gallery.update("default", records[2].id, ImageChange(external_id="two"))
    tall: Json = {"field": "height", "gte": 8}
    assert [*pages(gallery, Listing("-created_at", tall, limit=3))] == [
        [record.id for record in reversed(records[1:4])],
        [records[0].id],
    ]
    assert [*pages(gallery, Listing(external_id="two"))] == [[records[2].id]]
    assert [*pages(gallery, Listing(filter={"not": tall}, external_id="two"))] == [[]]
    with pytest.raises(BadFilter):
        gallery.page("default", Listing(filter={"field": "depth", "gte": 8}))


@pytest.mark.parametrize(
    "change",
    [
        {"order": "-width"},
        {"order": "height"},
        {"filter": {"field": "width", "gte": 1}},
        {"external_id": "a"},
    ],
)
def test_cursor_of_another_list_has_expired(gallery: Gallery, change: dict[str, object]) -> None:
    fill(gallery)
    listing = Listing("width", limit=2)
    listing = replace(listing, cursor=gallery.page("default", listing).cursor)
    assert gallery.page("default", replace(listing, limit=3)).images
    with pytest.raises(CursorExpired, match="first page"):
        gallery.page("default", replace(listing, **change))  # type: ignore[arg-type]
    gallery.create_collection("trips")
    with pytest.raises(CursorExpired):
        gallery.page("trips", listing)


@pytest.mark.parametrize("cursor", ["", "1", "é", "====", "W10=", "WzEsMiwzXQ==", "WyIiLFtdLDFd", "A" * 9000])
def test_text_that_is_no_cursor_is_refused(gallery: Gallery, cursor: str) -> None:
    with pytest.raises((BadCursor, CursorExpired)):
        gallery.page("default", Listing(cursor=cursor))


def test_a_cursor_that_was_touched_is_refused_even_if_it_reads_the_same(gallery: Gallery) -> None:
    fill(gallery)
    listing = Listing(limit=2)
    cursor = gallery.page("default", listing).cursor
    with pytest.raises(BadCursor):
        gallery.page("default", replace(listing, cursor=f"{cursor}\n"))


@pytest.mark.parametrize(
    ("order", "value", "id"),
    [
        ("width", "wide", 1),
        ("width", True, 1),
        ("width", 2**63, 1),
        ("filename", 1, 1),
        ("filename", "\ud800", 1),
        ("width", 1, "1"),
        ("width", 1, 2**63),
        ("width", None, 1),
    ],
)
def test_forged_places_are_refused_before_sqlite_sees_them(
    gallery: Gallery, order: Order, value: object, id: object
) -> None:
    listing = Listing(order)
    key = gallery.key("default").id
    forged = listing._cursor_after((value, id), key)  # type: ignore[arg-type]
    with pytest.raises(BadCursor, match="unchanged"):
        gallery.page("default", replace(listing, cursor=forged))
