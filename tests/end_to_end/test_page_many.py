"""The page with ten thousand photos."""

import json
from typing import Any
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.browser import Visits
from tests.end_to_end.page import tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts

PHOTOS = 10_000
PAGE = 400  # more than is asked for, so that all are there soon
FLICK = "() => { window.flick = setInterval(() => scrollTo(0, document.body.scrollHeight), 20); }"


def test_a_flick_to_the_end_of_ten_thousand_photos_brings_all_and_few_are_in_the_document(
    visits: Visits, server: Server, filled: str
) -> None:
    """Their records are made up from seven."""
    seven = httpx.get(f"{server.address}/v1/collections/{filled}/images").json()["images"]
    pages = {start: listed(seven, start) for start in range(0, PHOTOS, PAGE)}

    def answer(route: Route) -> None:
        asked = parse_qs(urlsplit(route.request.url).query)
        route.fulfill(body=pages[int(asked.get("cursor", ["0"])[0])], content_type="application/json")

    page = visits.open()
    page.route("**/images?*", answer)
    page.goto(f"{visits.address}/?collection={filled}")
    expect(tiles(page).first).to_be_visible()

    page.evaluate(FLICK)

    expect(tiles(page).last).to_have_attribute("aria-posinset", str(PHOTOS))
    assert tiles(page).count() < 150
    page.evaluate("clearInterval(flick)")


def listed(seven: list[dict[str, Any]], start: int) -> str:
    """A page of the list, as the server would answer it."""
    end = start + PAGE
    images = [{**seven[number % len(seven)], "id": number + 1} for number in range(start, end)]
    return json.dumps({"images": images, "next_cursor": str(end) if end < PHOTOS else None})
