"""Which of a photo's sizes the page asks for."""

import re
from collections.abc import Callable

import pillow_heif
import pytest
from PIL import Image
from playwright.sync_api import Locator, Page, expect

from tests.end_to_end.browser import PHONE, Visits
from tests.end_to_end.page import first, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts

SHARP = re.compile(r"/thumbnail\?size=768$")
RESTED_MS = 1000


@pytest.fixture(scope="module")
def large(new_collection: Callable[[], str], server: Server, tmp_path_factory: pytest.TempPathFactory) -> str:
    """A collection of nine photos of 1200 x 800 pixels; one that browsers can't show is the newest."""
    folder, name = tmp_path_factory.mktemp("large"), new_collection()
    pillow_heif.register_heif_opener()
    for number in range(9):
        last = number == 8
        path = folder / f"large-{number}.{'heic' if last else 'jpg'}"
        Image.effect_noise((1200, 800), 40 + number).convert("RGB").save(path)
        server.add(name, [path])
    return name


def asking(page: Page) -> list[str]:
    """What the page asks for from now on."""
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def in_sight(tile: Locator) -> bool:
    box = tile.bounding_box()
    assert box is not None
    return box["y"] < 500 and box["y"] + box["height"] > 0


def test_a_fine_screen_gets_sharper_photos_where_it_rests(visits: Visits, large: str) -> None:
    page = visits.open(size=(800, 500), scale=3)
    asked = asking(page)
    page.goto(f"{visits.address}/?collection={large}")
    expect(tiles(page)).to_have_count(9)
    seen = [tile for tile in tiles(page).all() if in_sight(tile)]
    assert 0 < len(seen) < 9
    for tile in seen:
        expect(tile.locator("img")).to_have_attribute("src", SHARP)
    page.wait_for_timeout(RESTED_MS)
    assert sum(bool(SHARP.search(url)) for url in asked) == len(seen)
    visits.shoot(page, "sharp")


def test_an_ordinary_screen_gets_the_thumbnails_that_are_stored(visits: Visits, large: str) -> None:
    page = visits.open(size=(800, 500))
    asked = asking(page)
    page.goto(f"{visits.address}/?collection={large}")
    expect(tiles(page)).to_have_count(9)
    page.wait_for_timeout(RESTED_MS)
    assert not [url for url in asked if "size=" in url]


def test_a_photo_that_cannot_be_made_sharper_stays_as_it_is(visits: Visits, large: str) -> None:
    page = visits.open(size=(800, 500), scale=3)
    page.route(SHARP, lambda route: route.fulfill(status=503))
    asked = asking(page)
    page.goto(f"{visits.address}/?collection={large}")
    expect(tiles(page).first.locator("img.loaded")).to_have_count(1)
    page.wait_for_timeout(RESTED_MS)
    assert any(SHARP.search(url) for url in asked)
    expect(tiles(page).first.locator("img")).to_have_attribute("src", re.compile("/thumbnail$"))


def test_the_large_view_takes_the_original_where_the_window_has_room_for_it(
    visits: Visits, large: str
) -> None:
    page = visits.open(f"/?collection={large}")
    tiles(page).nth(1).get_by_role("link").click()
    expect(page.locator("#large-picture")).to_have_attribute("src", re.compile("/file$"))


def test_the_large_view_of_a_small_window_takes_the_largest_thumbnail(visits: Visits, large: str) -> None:
    page = visits.open(f"/?collection={large}", size=PHONE)
    asked = asking(page)
    tiles(page).nth(1).get_by_role("link").click()
    expect(page.locator("#large-picture")).to_have_attribute("src", SHARP)
    assert not [url for url in asked if url.endswith("/file")]


def test_an_original_that_the_browser_cannot_show_is_stood_in_for(visits: Visits, large: str) -> None:
    page = visits.open(f"/?collection={large}")
    first(page).click()
    expect(page.get_by_role("heading", name="large-8.heic")).to_be_visible()
    expect(page.locator("#large-picture")).to_have_attribute("src", SHARP)
    visits.shoot(page, "heic")
