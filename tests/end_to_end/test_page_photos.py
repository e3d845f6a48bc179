"""The page in a real Chromium: photos in large, selected, deleted and brought back."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import pytest
from playwright.sync_api import Route, expect

from tests.end_to_end.browser import PHONE, Visits
from tests.end_to_end.page import first, search, small_pages, tile, tiles
from tests.end_to_end.server import Server

pytestmark = pytest.mark.usefixtures("chromium")  # asked first: without it, no server starts


def test_the_large_view_tells_all_and_keys_lead_on(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat")
    first(page).click()
    large = page.get_by_role("dialog")
    expect(large.get_by_role("heading", name="chelsea.png")).to_be_visible()
    expect(large).to_contain_text("1 of 7")
    expect(large).to_contain_text("451 × 300 pixels")
    expect(large.get_by_role("row", name=re.compile("^Symmetric"))).to_contain_text("1")
    expect(large.get_by_role("row", name=re.compile("^Asymmetric"))).to_be_visible()
    expect(page).to_have_url(re.compile("image=[0-9]+$"))
    visits.shoot(page, "large")

    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("2 of 7")
    page.reload()
    expect(large).to_contain_text("2 of 7")
    page.keyboard.press("ArrowLeft")
    expect(large.get_by_role("heading", name="chelsea.png")).to_be_visible()
    page.keyboard.press("Escape")
    expect(large).to_be_hidden()
    expect(first(page)).to_be_focused()
    expect(page).not_to_have_url(re.compile("image="))


def test_each_thumbnail_is_asked_for_at_one_address(visits: Visits, filled: str) -> None:
    page = visits.open()
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(f"{visits.address}/?collection={filled}")
    expect(page.locator("#photos img.loaded")).to_have_count(7)
    page.set_viewport_size({"width": 700, "height": 800})
    first(page).click()
    expect(page.locator("#large-picture")).to_have_attribute("src", re.compile("/file$"))
    assert len({url for url in asked if "/thumbnail" in url}) == 7


def test_the_place_of_a_photo_is_right_when_more_have_come(
    visits: Visits, server: Server, empty: str, dots: Callable[[int], list[Path]]
) -> None:
    server.add(empty, dots(63))
    page = visits.open()
    small_pages(page)
    held: list[Route] = []
    page.route("**/images?*cursor=*", lambda route: held.append(route))
    page.goto(f"{visits.address}/?collection={empty}")
    tiles(page).first.get_by_role("link").focus()
    page.keyboard.press("End")
    page.keyboard.press("ArrowLeft")
    page.keyboard.press("Enter")
    large = page.get_by_role("dialog")
    expect(large).to_contain_text("59 of 60")
    page.keyboard.press("ArrowRight")
    expect(large).to_contain_text("60 of 60")

    held[0].continue_()

    expect(large).to_contain_text("60 of 63")


def test_captions_are_shown_changed_and_kept(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[1:2])
    page = visits.open(f"/?collection={empty}")
    first(page).click()
    captions = page.get_by_role("dialog").get_by_role("region", name="Captions")
    captions.get_by_role("button", name="Edit").click()
    captions.get_by_label("Caption", exact=True).fill("Eine Katze schaut in die Kamera.")
    captions.get_by_label("Language, such as en").fill("de")
    captions.get_by_role("button", name="Add").click()
    captions.get_by_label("Caption", exact=True).nth(1).fill("A cat looks into the camera.")
    visits.shoot(page, "editing")
    captions.get_by_role("button", name="Save").click()
    expect(captions.get_by_role("listitem")).to_have_count(2)
    page.reload()
    expect(captions).to_contain_text("Eine Katze schaut in die Kamera.")
    expect(captions).to_contain_text("German")
    visits.shoot(page, "captions")

    captions.get_by_role("button", name="Edit").click()
    captions.get_by_role("button", name="Remove this caption").first.click()
    captions.get_by_role("button", name="Save").click()
    expect(captions.get_by_role("listitem")).to_have_count(1)


def test_back_closes_the_large_view_and_keeps_the_search(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    search(page, "a cat")
    expect(first(page)).to_have_accessible_name(re.compile("chelsea"))
    first(page).click()
    expect(page.get_by_role("dialog")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("dialog")).to_be_hidden()
    expect(page.get_by_role("searchbox")).to_have_value("a cat")


def test_the_original_opens_from_the_large_view(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat")
    first(page).click()
    with page.context.expect_page() as opened:
        page.get_by_role("link", name="Open the original").click()
    opened.value.wait_for_load_state()
    assert opened.value.evaluate("document.images[0].naturalWidth") == 451
    opened.value.close()


def test_a_deletion_is_undone_without_the_server_hearing_of_it(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open(f"/?collection={empty}")
    tile(page, "chelsea.png").get_by_role("link").focus()
    page.keyboard.press("Delete")
    expect(tiles(page)).to_have_count(2)
    expect(page.locator("#summary")).to_have_text("2 photos")
    expect(page.get_by_role("status").filter(has_text="Deleted chelsea.png")).to_be_visible()
    visits.shoot(page, "undo")
    assert len(server.filenames(empty)) == 3

    page.get_by_role("button", name="Undo").click()

    expect(tiles(page)).to_have_count(3)
    expect(page.locator("#summary")).to_have_text("3 photos")
    assert len(server.filenames(empty)) == 3


def test_a_deletion_that_nobody_undoes_is_sent_and_stays(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open()
    page.clock.install()
    page.goto(f"{visits.address}/?collection={empty}")
    tile(page, "chelsea.png").get_by_role("link").focus()
    page.keyboard.press("Delete")
    expect(tiles(page)).to_have_count(2)

    with page.expect_response(lambda response: response.ok and response.request.method in ("DELETE", "POST")):
        page.clock.fast_forward(11_000)

    expect(page.get_by_role("button", name="Undo")).to_be_hidden()
    assert server.filenames(empty) == ["astronaut.png", "coffee.png"]
    search(page, "a cat")
    page.clock.fast_forward(1_000)
    expect(tiles(page)).to_have_count(2)


def test_leaving_the_page_sends_what_was_held_back(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open(f"/?collection={empty}")
    expect(tiles(page)).to_have_count(3)
    page.get_by_role("button", name="Select", exact=True).click()
    tiles(page).nth(0).click()
    tiles(page).nth(1).click(modifiers=["Shift"])
    page.get_by_role("region", name="Selected photos").get_by_role("button", name="Delete").click()
    expect(tiles(page)).to_have_count(1)

    page.goto("about:blank")

    for _ in range(40):  # what is sent at leave arrives when it does
        if server.filenames(empty) == ["astronaut.png"]:
            break
        page.wait_for_timeout(100)
    assert server.filenames(empty) == ["astronaut.png"]


def test_photos_that_could_not_be_deleted_are_back_until_they_can(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:2])
    page = visits.open()
    page.clock.install()
    page.goto(f"{visits.address}/?collection={empty}")
    expect(tiles(page)).to_have_count(2)
    kinds = re.compile(r"/images/(\d+|delete)$")
    page.route(kinds, lambda route: route.abort())
    tile(page, "chelsea.png").get_by_role("link").focus()
    page.keyboard.press("Delete")
    page.clock.fast_forward(11_000)
    expect(page.get_by_role("alert")).to_contain_text("The server does not answer")
    expect(tiles(page)).to_have_count(2)

    page.unroute(kinds)
    page.get_by_role("alert").get_by_role("button", name="Try again").click()
    expect(tiles(page)).to_have_count(1)
    with page.expect_response(lambda response: response.ok and response.request.method in ("DELETE", "POST")):
        page.clock.fast_forward(11_000)
    assert server.filenames(empty) == ["astronaut.png"]


def test_photos_are_selected_by_mouse_and_keyboard(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}")
    selected = page.get_by_role("region", name="Selected photos")
    first(page).focus()
    page.keyboard.press("Space")
    expect(selected).to_contain_text("1 selected")
    page.keyboard.press("Shift+ArrowRight")
    page.keyboard.press("Shift+ArrowRight")
    expect(selected).to_contain_text("3 selected")
    expect(tiles(page).nth(2).get_by_role("link")).to_be_focused()
    visits.shoot(page, "selected")
    page.keyboard.press("Control+a")
    expect(selected).to_contain_text("7 selected")
    page.keyboard.press("Escape")
    expect(selected).to_be_hidden()

    tiles(page).nth(1).get_by_role("link").click(modifiers=["Control"])
    tiles(page).nth(4).click(modifiers=["Shift"])
    expect(selected).to_contain_text("4 selected")
    selected.get_by_role("button", name="More like these").click()
    expect(page.locator("#parts > li")).to_have_count(4)
    expect(tiles(page)).to_have_count(3)


def test_a_phone_shows_photos_in_large_and_steps_by_finger(visits: Visits, filled: str) -> None:
    page = visits.open(f"/?collection={filled}&q=a+cat", size=PHONE, dark=True)
    first(page).tap()
    large = page.get_by_role("dialog")
    expect(large).to_contain_text("1 of 7")
    visits.shoot(page, "large")
    large.get_by_role("button", name="Next photo").tap()
    expect(large).to_contain_text("2 of 7")
    assert page.evaluate("document.querySelector('#large').scrollWidth") == PHONE[0]


def test_what_was_deleted_before_a_failure_stays_away(
    visits: Visits, server: Server, empty: str, photos: list[Path]
) -> None:
    server.add(empty, photos[:3])
    page = visits.open()
    page.clock.install()
    page.goto(f"{visits.address}/?collection={empty}")
    expect(tiles(page)).to_have_count(3)

    def fail_half_way(route: Route) -> None:
        asked = json.loads(route.request.post_data or "")
        if asked.get("dry_run"):
            route.continue_()
            return
        route.fetch(post_data={"ids": asked["ids"][:1]})
        route.fulfill(
            status=507, json={"title": "Storage full", "detail": "The disk is full.", "status": 507}
        )

    page.route("**/images/delete", fail_half_way)
    first(page).focus()
    page.keyboard.press("Control+a")
    page.keyboard.press("Delete")
    page.clock.fast_forward(11_000)

    expect(page.get_by_role("alert")).to_contain_text("The disk is full.")
    left = server.filenames(empty)
    assert len(left) == 2
    expect(tiles(page)).to_have_count(2)
    expect(page.locator("#summary")).to_have_text("")
    for name in left:
        expect(tile(page, name)).to_have_count(1)
